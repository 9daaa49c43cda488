"""Judges stored calls again under another policy, from what was measured and heard, without audio.

The same parts decide as in ``monitor.pipeline``, in the same order. Ticks at which nothing can change are left out: no
speech, nothing lit, no words. The answers are those of the whole walk to the last bit of what is stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from monitor.conversation.floor import Happening
from monitor.conversation.two_sides import TwoSides
from monitor.events import BaselineLearned, ConversationMeasured, FlagChanged
from monitor.features.extractor import LATENCY_S
from monitor.judgement import LEARNING, Judgement
from monitor.phrases.announcement import HoldListener
from monitor.phrases.flags import FlagTracker, rule_for
from monitor.policy.model import Policy
from monitor.ports import BaselineKeeper
from monitor.rejudge.hearing import Hearings
from monitor.rejudge.quiet import QuietVoice, Stretches
from monitor.result import NO_RECOGNISER, ResultBuilder
from monitor.result_types import CallResult, time_s
from monitor.store.recall import Recalled
from monitor.store.writing import KINDS
from monitor.types import HOP, RATE_HZ, TICK, Baseline, BoolArray, ChecklistItem, Light, Reason, SourceInfo
from monitor.voice import STEADY, Tick, VoiceState
from monitor.windows import VoiceTicks

MakeKeeper = Callable[[Policy, Baseline | None], BaselineKeeper]
_LATENCY = round(LATENCY_S * RATE_HZ)
_KEPT = ("pace.articulation_syl_s", "pace.words_per_min", "source.sha256")


def judge_again(call: Recalled, policy: Policy, keeper: MakeKeeper, *, version: str | None = None) -> CallResult:
    """The result of a stored call under this policy; ``keeper`` makes what learns a usual voice."""
    return _Again(call, policy, keeper).result(version)


@dataclass(slots=True)
class _Words:
    """What becomes of the words under a policy: flags and holds, with the tick that takes them.

    ``tracker`` is None where both policies listen for the same, so that nothing had to be looked for again.
    """

    flags: list[tuple[float, FlagChanged]]
    holds: list[tuple[float, float]]
    tracker: FlagTracker | None


class _Rows:
    """Ticks as plain values, one at a time: most are never looked at."""

    def __init__(self, ticks: VoiceTicks, now_s: npt.NDArray[np.float64]) -> None:
        self._ticks = ticks
        self.now_s: list[float] = now_s.tolist()

    def tick(self, at: int) -> Tick:
        """What the judge of the voice is given at this tick."""
        t = self._ticks
        return Tick(
            self.now_s[at], t.upper[at].tolist(), t.fresh.item(at), t.firm.item(at), t.speech_s.item(at),
            t.swing_st.item(at), t.pace_syl_s.item(at),
        )  # fmt: skip


class _Again:
    """One call, judged once more."""

    def __init__(self, call: Recalled, policy: Policy, keeper: MakeKeeper) -> None:
        self._call, self._policy = call, policy
        self._duration_s = call.samples / RATE_HZ
        self._keeper = keeper(policy, call.usual)
        self._voice = QuietVoice(policy.thresholds, self._keeper)
        self._judgement = Judgement(policy)
        frames = TICK * np.arange(1, len(call.agent) + 1)
        self._now_s = np.minimum(call.samples, frames * HOP + _LATENCY) / RATE_HZ
        self._hearing = Hearings(policy.thresholds.audibility, call.agent, self._now_s)
        self._sides = None if call.customer is None else self._both(call.customer, keeper)
        self._words = self._heard()
        self._news = deque(sorted(self._words.flags, key=lambda each: each[0]))
        self._holds = deque(self._words.holds)
        self._rows = _Rows(call.agent, self._now_s)
        self._learnt: BaselineLearned | None = None
        source, engine = call.result.source, call.result.engine
        self._info = SourceInfo(source.name, source.channels, source.rate_hz, source.duration_s, source.sha256)
        self._builder = ResultBuilder(self._info, engine)

    def result(self, version: str | None) -> CallResult:
        """Walk through the call and put its result together."""
        self._walk()
        builder, stored = self._builder, self._call.result
        for _, flag in self._words.flags:
            builder.take(flag)
        if self._sides is not None:
            for event in self._sides.rest(self._duration_s):
                if isinstance(event, ConversationMeasured):
                    builder.take(event)
        if self._keeper.known:
            builder.take(BaselineLearned(self._duration_s, self._keeper.baseline))
        made = builder.finish(self._duration_s, self._checklist(), stored.warnings)
        engine = replace(stored.engine, policy=self._policy.fingerprint, version=version or stored.engine.version)
        unknown = {path: why for path, why in made.unknown.items() if path not in _KEPT}
        unknown |= {path: why for path, why in stored.unknown.items() if path in _KEPT}
        return replace(
            made, source=stored.source, engine=engine, turns=stored.turns, words=stored.words, pace=stored.pace,
            unknown=unknown,
        )  # fmt: skip

    def _both(self, customer: VoiceTicks, keeper: MakeKeeper) -> TwoSides:
        sides = TwoSides(self._policy.thresholds, keeper(self._policy, None))
        happenings = [
            Happening(KINDS[kind], start, end, told, side) for kind, side, start, end, told in self._call.talk
        ]
        sides.recall(happenings, customer)
        return sides

    def _heard(self) -> _Words:
        """The flags as they were where the policies listen for the same, else from the passes."""
        if _listens_for(self._policy) != _listens_for(self._call.heard_policy):
            return self._found()
        heard = self._call.heard(passes=False)
        return _Words([(event.at_s, event) for event in heard.flags], heard.holds, None)

    def _found(self) -> _Words:
        """Look for the policy's phrases in what was heard then."""
        tracker = FlagTracker(self._policy, rule_for(self._call.result.engine.recogniser))
        listener = HoldListener(self._policy)
        words = _Words([], [], tracker)
        for at_s, hypothesis in self._call.heard(passes=True).passes:
            for event in tracker.take(hypothesis):
                if isinstance(event, FlagChanged):
                    words.flags.append((at_s, event))
            announced_s = listener.heard(hypothesis)
            if announced_s is not None:
                words.holds.append((at_s, announced_s))
        return words

    def _walk(self) -> None:
        """Look at every tick at which something may change, in order."""
        count = len(self._call.agent)
        if self._sides is not None:
            for tick in range(count):
                self._look(tick)
            return
        stretches = Stretches(self._call.agent, self._now_s, self._changes(), self._policy.thresholds.learning.speech_s)
        tick = 0
        while tick < count:
            self._look(tick)
            if self._rests:
                tick = self._skip(tick, stretches)
            tick = stretches.next_must(tick) if self._rests else tick + 1

    @property
    def _rests(self) -> bool:
        """Whether nothing changes by itself."""
        return self._judgement.settled and self._voice.rests

    def _changes(self) -> BoolArray:
        """Ticks at which words are taken, or at which it changes whether the voice can be judged."""
        changes: BoolArray = np.diff(self._hearing.code, prepend=0) != 0
        taken = np.searchsorted(self._now_s, [at_s for at_s, _ in self._news])
        changes[taken[taken < len(changes)]] = True
        return changes

    def _look(self, tick: int) -> None:
        """Decide at one tick, as ``CallPipeline`` does."""
        row = self._rows.tick(tick)
        now_s = row.now_s
        while self._holds and self._holds[0][0] <= now_s and self._sides is not None:
            self._sides.announce_hold(self._holds.popleft()[1])
        while self._news and self._news[0][0] <= now_s:
            event = self._news.popleft()[1]
            self._judgement.hear(event.flag, event.at_s)
        if tick and self._voice.learning:
            self._keeper.hear(self._call.agent.speech_s.item(tick - 1))  # ticks before this one may have been left out
        state = self._voice.look(row)
        unheard = self._hearing.reason(tick)
        if self._voice.learning:
            unheard = unheard or LEARNING
        between = STEADY
        if self._sides is not None:
            lit = state.light is not Light.GREEN
            _, between = self._sides.look((tick + 1) * TICK, now_s, self._voice.strain, row.fresh, lit)
        self._tell(tick, state, unheard, between)

    def _tell(self, tick: int, state: VoiceState, unheard: Reason | None, between: VoiceState) -> None:
        # The first light stands from the first sample on.
        at_s = self._rows.now_s[tick] if tick else 0.0
        for changed in self._judgement.look(at_s, state, unheard, between):
            self._builder.take(changed)

    def _skip(self, tick: int, stretches: Stretches) -> int:
        """Take calm stretches in one step each; the last tick that is settled by that."""
        voice, rows = self._voice, self._rows
        if not voice.is_quiet(rows.now_s[tick]):
            return tick
        at = bisect_right(stretches.ends, tick)
        slow = bisect_right(stretches.slow, tick)
        level, f0, effort, far = voice.calm_within()
        while at < len(stretches.ends) and not stretches.changes[at]:
            high, end = stretches.highest[at], stretches.ends[at]
            sample = rows.tick(end)
            if high[0] >= level or high[1] >= f0 or high[2] >= effort or sample.upper[0] <= far:
                break
            while slow < len(stretches.slow) and stretches.slow[slow] < end:
                voice.take_slow(stretches.slow_ticks[slow])
                if not voice.rests:
                    return self._settle(stretches.slow[slow])
                slow += 1
            voice.take_calm(sample)
            if slow < len(stretches.slow) and stretches.slow[slow] == end:
                voice.take_slow(sample)
                slow += 1
            tick = end
            if not voice.rests:
                return self._settle(tick)
            level, f0, effort, far = voice.calm_within()
            at += 1
        return tick

    def _settle(self, tick: int) -> int:
        """Something was lit by the way: decide at this tick, and go on from there."""
        self._tell(tick, self._voice.state(self._rows.now_s[tick]), self._hearing.reason(tick), STEADY)
        return tick

    def _checklist(self) -> list[ChecklistItem]:
        stored = {item.id: item for item in self._call.result.checklist}
        told = {} if self._sides is None else self._sides.checklist(self._duration_s)
        tracker = self._words.tracker
        if tracker is None:
            if self._first_raised_s == _first_raised_s(self._call.result):
                return [told.get(item.id, item) for item in stored.values()]
            tracker = self._found().tracker  # what is due after the first sign of trouble is due at another time
            assert tracker is not None
        signs = (tracker.trouble_at_s, None if self._sides is None else self._sides.first_raised_s)
        items = tracker.finish(
            self._duration_s,
            self._info.channels,
            trouble_at_s=min((sign for sign in signs if sign is not None), default=None),
            words_heard=self._call.result.engine.recogniser != NO_RECOGNISER,
            measured=1 if self._sides is None else 2,
        )
        found = [told.get(item.id, item) for item in items]
        # The customer's name may have been given for the call; it is not stored.
        return [
            stored[item.id] if item.id == "do.name" and item.met is None and item.id in stored else item
            for item in found
        ]

    @property
    def _first_raised_s(self) -> float | None:
        raised_s = None if self._sides is None else self._sides.first_raised_s
        return None if raised_s is None else time_s(raised_s)


def _listens_for(policy: Policy) -> tuple[object, ...]:
    return policy.behaviours, policy.checklist, policy.language, policy.conversation


def _first_raised_s(result: CallResult) -> float | None:
    raised = () if result.conversation is None else result.conversation.customer.raised
    return raised[0].start_s if raised else None
