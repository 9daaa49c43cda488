"""Judges stored calls again under another policy, from what was measured and heard, without audio.

The same parts decide as in ``monitor.pipeline``, in the same order. Ticks at which nothing can change are left out: no
speech, nothing lit, no words. The answers are those of the whole walk to the last bit of what is stored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt

from monitor.conversation.floor import Happening
from monitor.events import BaselineLearned, ConversationMeasured, FlagChanged
from monitor.features.extractor import LATENCY_S
from monitor.judgement import LEARNING, Judgement
from monitor.phrases.announcement import HoldListener
from monitor.phrases.flags import FlagTracker, rule_for
from monitor.policy.model import Policy
from monitor.ports import BaselineKeeper
from monitor.rejudge.hearing import Hearings
from monitor.rejudge.quiet import PatientKeeper, QuietVoice, Stretches
from monitor.rejudge.sides import RecalledSides
from monitor.result import NO_RECOGNISER, ResultBuilder
from monitor.result_types import CallResult, time_s
from monitor.store.packing import KINDS
from monitor.store.recall import Recalled
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
        self._keeper = cast("PatientKeeper", keeper(policy, call.usual))  # as assemble makes them
        followed = None if call.customer is None else policy.thresholds.mirrored.strain
        self._voice = QuietVoice(policy.thresholds, self._keeper, calm=followed)
        self._judgement = Judgement(policy)
        frames = TICK * np.arange(1, len(call.agent) + 1)
        self._now_s = np.minimum(call.samples, frames * HOP + _LATENCY) / RATE_HZ
        self._hearing = Hearings(policy.thresholds.audibility, call.agent, self._now_s)
        self._words = self._heard()
        self._news = deque(sorted(self._words.flags, key=lambda each: each[0]))
        self._sides = None if call.customer is None else self._both(call.customer, keeper)
        self._rows = _Rows(call.agent, self._now_s)
        self._told: tuple[tuple[bool, ...], VoiceState] | None = None  # what was lit, and the voice's words for it
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

    def _both(self, customer: VoiceTicks, keeper: MakeKeeper) -> RecalledSides:
        happened = [Happening(KINDS[kind], start, end, told, side) for kind, side, start, end, told in self._call.talk]
        limits = self._policy.thresholds
        return RecalledSides(
            limits,
            keeper(self._policy, None),
            self._now_s,
            customer=customer,
            happened=happened,
            holds=self._words.holds,
        )

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
        if self._sides is not None:
            changes |= self._sides.changes()
        return changes

    def _look(self, tick: int) -> None:
        """Decide at one tick, as ``CallPipeline`` does."""
        row = self._rows.tick(tick)
        now_s = row.now_s
        while self._news and self._news[0][0] <= now_s:
            event = self._news.popleft()[1]
            self._judgement.hear(event.flag, event.at_s)
        if tick and self._voice.learning:
            self._keeper.hear(self._call.agent.speech_s.item(tick - 1))  # ticks before this one may have been left out
        self._voice.take(row)
        unheard = self._hearing.reason(tick)
        if self._voice.learning:
            unheard = unheard or LEARNING
        self._tell(tick, unheard, fresh=row.fresh)

    def _tell(self, tick: int, unheard: Reason | None, *, fresh: bool = False) -> None:
        """Tell the judgement what is lit, where that is not what it was told last."""
        now_s = self._rows.now_s[tick]
        key, known = self._voice.key(now_s), self._told
        same = known is not None and known[0] == key
        state = known[1] if known is not None and same else self._voice.state(now_s)
        between = STEADY
        if self._sides is not None:
            lit = state.light is not Light.GREEN
            _, between = self._sides.look((tick + 1) * TICK, now_s, self._voice.strain, fresh, lit)
        if same and self._judgement.holds(state, unheard, between):
            return
        if same:
            state = self._voice.state(now_s)  # the same reasons, with the values of this moment
        self._told = key, state
        # The first light stands from the first sample on.
        for changed in self._judgement.look(now_s if tick else 0.0, state, unheard, between):
            self._builder.take(changed)

    def _skip(self, tick: int, stretches: Stretches) -> int:
        """Take calm stretches in one step each; the last tick that is settled by that."""
        voice, now_s, s = self._voice, self._rows.now_s, stretches
        if not voice.is_quiet(now_s[tick]):
            return tick
        begun = tick
        at = bisect_right(s.ends, tick)
        swing, pace = bisect_right(s.swings.ticks, tick), bisect_right(s.paces.ticks, tick)
        while at < len(s.ends) and not s.changes[at]:
            upper, end = s.uppers[at], s.ends[at]
            if not voice.stays_calm(s.highest[at], upper[0]):
                break
            swings, paces = s.swings.values[swing : s.swings.until[at]], s.paces.values[pace : s.paces.until[at]]
            more = max(len(swings), len(paces))
            even = not more or voice.stays_even(s.swings.most[at], s.paces.most[at], s.since_s[at], more)
            if even:
                voice.take_even(swings, paces, now_s[end])
                voice.take_calm(upper, s.firm[at], now_s[end])
            else:
                lit = self._step(tick, at, s)
                if lit is not None:
                    return self._settle(lit)
            tick, swing, pace = end, s.swings.until[at], s.paces.until[at]
            if not voice.rests:
                return self._settle(tick)
            at += 1
        voice.settle()
        if tick > begun:
            self._rested(tick)
        return tick

    def _step(self, tick: int, at: int, stretches: Stretches) -> int | None:
        """Take a calm stretch from this tick on, one look at a time; the tick before its end at which something lit."""
        voice, end = self._voice, stretches.ends[at]
        slow = bisect_right(stretches.slow, tick)
        while slow < len(stretches.slow) and stretches.slow[slow] < end:
            voice.take_slow(self._rows.tick(stretches.slow[slow]))
            if not voice.rests:
                return stretches.slow[slow]
            slow += 1
        voice.take_calm(stretches.uppers[at], stretches.firm[at], self._rows.now_s[end])
        if slow < len(stretches.slow) and stretches.slow[slow] == end:
            voice.take_slow(self._rows.tick(end))
        return None

    def _settle(self, tick: int) -> int:
        """Something was lit by the way: decide at this tick, and go on from there."""
        self._rested(tick)
        self._tell(tick, self._hearing.reason(tick))
        return tick

    def _rested(self, tick: int) -> None:
        """The speech up to this tick was calm."""
        self._voice.settle()
        if self._sides is not None:
            self._sides.rested(self._rows.now_s[tick])

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
