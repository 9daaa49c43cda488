"""The customer's voice against its own first minute: measured, never named, never judged.

The same strain that lights the agent's lamp, with a usual voice that is learnt from the start of this call. From it
come ``voice.mirrored`` (the agent's voice follows the customer's), ``do.steady`` (it does not) and the first sign of
trouble.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from monitor.policy.thresholds import MirroredVoice, Thresholds
from monitor.ports import BaselineKeeper
from monitor.tap import Tap
from monitor.types import TICK, BoolArray, CustomerVoice, Features, Light, Reason, Segment
from monitor.voice import STEADY, TICK_S, Tick, VoiceJudge, VoiceState
from monitor.windows import RollingWindows, rows

_MEASURED_TICKS = 100  # 5 s of ticks with speech, over which a rise must last to be told


class CustomerMeasures:
    """Takes the customer's frames once it is known which of them are the customer's own."""

    def __init__(self) -> None:
        self._waiting: Features | None = None
        self._leaked: BoolArray = np.zeros(0, np.bool_)
        self._windows = RollingWindows()
        self.tap: Tap | None = None

    def hear(self, features: Features) -> None:
        """Keep the next frames until it is known whose they are."""
        self._waiting = features if self._waiting is None else _joined(self._waiting, features)

    def settle(self, leaked: BoolArray, *, last: bool = False) -> list[tuple[int, tuple[float, ...]]]:
        """Learn whose the next frames are; return the frame at which each tick ends, and the tick's measures."""
        self._leaked = np.concatenate([self._leaked, leaked])
        count = len(self._leaked) // TICK * TICK
        if self._waiting is None or not count:
            return []
        own = _part(self._waiting, slice(None, count))
        masked = replace(own, speech=np.where(self._leaked[:count], np.float32(0), own.speech))
        self._waiting = None if len(self._waiting) == count and last else _part(self._waiting, slice(count, None))
        self._leaked = self._leaked[count:]
        ticks = self._windows.push(masked)
        if self.tap is not None:
            self.tap.measured(1, ticks)
        ends = range(own.start_frame + TICK, own.start_frame + count + 1, TICK)
        return list(zip(ends, zip(*rows(ticks).values(), strict=True), strict=True))


def _joined(first: Features, second: Features) -> Features:
    return Features(
        first.start_frame,
        *(np.concatenate([getattr(first, f.name), getattr(second, f.name)]) for f in fields(Features)[1:]),
    )


def _part(features: Features, frames: slice) -> Features:
    start = features.start_frame + (frames.start or 0)
    return Features(start, *(getattr(features, f.name)[frames] for f in fields(Features)[1:]))


@dataclass(slots=True)
class _Most:
    """The most of one measure that lasted: the middle of the last seconds of speech."""

    recent: list[float]
    most: float | None = None

    def add(self, value: float) -> None:
        self.recent.append(value)
        if len(self.recent) == _MEASURED_TICKS:
            middle = sorted(self.recent)[_MEASURED_TICKS // 2]
            self.most = middle if self.most is None else max(self.most, middle)
            self.recent = self.recent[_MEASURED_TICKS // 2 :]


class CustomerJudge:
    """Follows the customer's strain, tick by tick."""

    def __init__(self, limits: Thresholds, keeper: BaselineKeeper) -> None:
        self._keeper = keeper
        self._judge = VoiceJudge(limits, keeper)
        self.raised = False
        self._unheard = False  # the last tick that was looked at had no voice
        self._since_s = 0.0
        self._spans: list[Segment] = []
        self._most = tuple(_Most([]) for _ in range(3))

    @property
    def known(self) -> bool:
        """Whether enough of the customer was heard to tell loud from usual."""
        return self._keeper.known

    @property
    def first_raised_s(self) -> float | None:
        """When the customer's voice first went over its own first minute."""
        if self._spans:
            return self._spans[0].start_s
        return self._since_s if self.raised else None

    def look(self, tick: Tick) -> bool:
        """Take one tick; whether ``raised`` changed."""
        unheard = math.isnan(tick.upper[0])
        if not (tick.fresh or self.raised) and (self._unheard or not unheard):
            return False  # nothing new, which is most of the time
        self._unheard = unheard
        state = self._judge.look(tick)
        raised = any(reason.id == "voice.raised" for reason in state.reasons) and state.light in _LIT
        if self._keeper.known and tick.fresh and not unheard:
            self._add([tick.upper])
        if raised == self.raised:
            return False
        if raised:
            self._since_s = tick.now_s
        else:
            self._spans.append(Segment(self._since_s, tick.now_s))
        self.raised = raised
        return True

    def _add(self, uppers: Iterable[Sequence[float]]) -> None:
        """Measure windows against the usual voice of this moment."""
        for upper in uppers:
            for most, value, usual in zip(self._most, upper, self._keeper.centre, strict=True):
                most.add(value - usual)

    def finish(self, duration_s: float) -> CustomerVoice:
        """What the call came to."""
        spans = (*self._spans, *([Segment(self._since_s, duration_s)] if self.raised else []))
        louder_db, higher_st, more_effort_db = (most.most for most in self._most)
        return CustomerVoice(louder_db, higher_st, more_effort_db, spans)


_LIT = (Light.AMBER, Light.RED)


class Mirror:
    """Whether the agent's voice goes up with the customer's, or stays even."""

    def __init__(self, limits: MirroredVoice) -> None:
        self._limits = limits
        self._open = False  # the customer is raised, or was a moment ago, and the agent has not followed
        self._raised = False
        self._last_raised_s = 0.0
        self._up = False  # the agent's voice at its last speech
        self._held_s = 0.0
        self._until_s = -1.0
        self._state = STEADY
        self.loud_s = 0.0  # time in which the customer was raised
        self.even_s = 0.0  # of it with the agent's voice as usual
        self.followed = 0

    def customer(self, raised: bool, now_s: float) -> None:
        """The customer's voice went up or came back."""
        if raised and not self._open:
            self._open, self._held_s = not self._up, 0.0  # whose voice was up before follows nobody
        self._raised, self._last_raised_s = raised, now_s

    def look(self, now_s: float, strain: float, fresh: bool, lit: bool) -> VoiceState:
        """Take one tick of the agent: strain in spreads, whether there was speech, whether the voice lights."""
        limits = self._limits
        if self._raised:
            self._last_raised_s = now_s
            self.loud_s += TICK_S
            self.even_s += TICK_S * (not lit)
        if now_s - self._last_raised_s > limits.within_s:
            self._open = False
        if fresh:
            self._up = strain >= limits.strain
            self._held_s = self._held_s + TICK_S if self._up else 0.0
        if self._open and self._held_s >= limits.lasts_s:
            self._open = False
            self.followed += 1
            self._until_s = now_s + limits.hold_s
            text = "your voice went up with the customer's"
            reason = Reason("voice.mirrored", text, round(strain, 1), "usual spreads", 0.0, limits.strain)
            self._state = VoiceState(Light.AMBER, (reason,), "breathe")
        if now_s >= self._until_s or not limits.on:
            self._state = STEADY
        return self._state
