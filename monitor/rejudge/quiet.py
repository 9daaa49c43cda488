"""Leaving out what changes nothing: ticks without speech, and stretches of speech that are calm beyond doubt.

Speech is cut into *stretches* where the usual voice takes a sample of it; that depends on the speech alone. A stretch
whose highest windows stay under every limit can light nothing: only its sample, its pace and its swing are looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from monitor.policy.thresholds import Thresholds
from monitor.ports import BaselineKeeper
from monitor.types import BoolArray
from monitor.voice import FAR_SPREADS, SAMPLE_FRAMES, Tick, VoiceJudge, VoiceState
from monitor.windows import SWING_AGE_S, VoiceTicks

_NEVER = 1 << 60
_SLACK = 1e-6  # dB or semitones: more than rounding can do
_SAMPLES, _VALUES = 16, 64  # that may wait before they are learnt: the more, the less can be told beyond doubt


class Reach(Protocol):
    """What a usual voice cannot get under or over."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    least_spread: tuple[float, ...]


class PatientKeeper(BaselineKeeper, Protocol):
    """A usual voice that can be taught many samples at once, and says how far those could move it."""

    def learn_all(self, uppers: Sequence[Sequence[float]]) -> None:
        """Take samples in turn."""
        ...

    def learn_swings(self, swings_st: Sequence[float]) -> None:
        """Take spreads of F0 in turn."""
        ...

    def learn_paces(self, paces_syl_s: Sequence[float]) -> None:
        """Take articulation rates in turn."""
        ...

    def reach(self, more: int) -> Reach:
        """How far the belief can move with so many further samples."""
        ...

    def least_swing(self, more: int) -> float:
        """The least that ``swing_st`` can come to with so many further values."""
        ...

    def least_pace(self, more: int) -> float:
        """The least that ``pace_syl_s`` can come to with so many further values."""
        ...


class QuietVoice(VoiceJudge):
    """A judge of the voice that says when it is at rest, and takes a calm stretch in one step.

    Where ``calm`` is given, only speech under that strain counts as calm. What is learnt in calm stretches waits until
    its exact value is asked for: ``settle`` before anything else is asked.
    """

    def __init__(self, limits: Thresholds, keeper: PatientKeeper, *, calm: float | None = None) -> None:
        super().__init__(limits, keeper)
        self._patient = keeper
        # A strain is never more than the largest deviation.
        wanted = (limits.learning.below, limits.raised.amber, limits.raised.red, calm)
        self._calm = min(limit for limit in wanted if limit is not None)
        self._least_scales = self._strain_of.least_scales((0.0, 0.0, 0.0))
        self._rise_rests = 0  # samples that cannot bring the recent medians over the limit, whatever they are
        self._uppers: list[Sequence[float]] = []
        self._swings: list[float] = []
        self._paces: list[float] = []
        self._calm_within: tuple[float, ...] | None = None
        self._calm_long: tuple[float, ...] | None = None
        self._even_within: tuple[float, float] | None = None

    @property
    def rests(self) -> bool:
        """Whether nothing is lit that could go out without speech."""
        return not (self._agitated.lit or self._fast.lit or self._rising.lit or self._flat.lit or self._slow.lit)

    def is_quiet(self, now_s: float) -> bool:
        """Whether calm speech would change nothing but what is learnt."""
        amber, red = self._amber, self._red
        lit = amber.holds_any or red.holds_any or amber.lit(now_s) or red.lit(now_s)
        return self._keeper.known and not lit and self._strain < self._limits.learning.below and self.rests

    def take(self, tick: Tick) -> None:
        """Take one tick; what it says then is asked of ``key`` and ``state``."""
        self._take(tick)

    def key(self, now_s: float) -> tuple[bool, ...]:
        """What is lit; where that is the same, so are the light and the ids of its reasons."""
        return (self.learning, self._red.lit(now_s), self._amber.lit(now_s), self._rising.lit, self._agitated.lit,
                self._flat.lit, self._fast.lit, self._slow.lit)  # fmt: skip

    def state(self, now_s: float) -> VoiceState:
        """What the voice says, without anything new."""
        return self._state(now_s)

    # Calm stretches.

    def stays_calm(self, highest: Sequence[float], level: float) -> bool:
        """Whether a stretch with these highest windows, whose last has this level, is the speaker's and calm."""
        if self._uppers:
            if len(self._uppers) < _SAMPLES and _under(highest, level, self._within_long()):
                return True
            self._learn_uppers()
        if self._calm_within is None:
            centre, spread = self._keeper.centre, self._keeper.spread
            self._calm_within = self._limits_of(centre, centre, self._strain_of.scales(spread))
        return _under(highest, level, self._calm_within)

    def _within_long(self) -> tuple[float, ...]:
        """The limits of calm that hold while further samples wait."""
        if self._calm_long is None:
            reach = self._patient.reach(_SAMPLES)
            scales = self._strain_of.least_scales(reach.least_spread)
            self._calm_long = self._limits_of(reach.low, reach.high, scales)
        return self._calm_long

    def _limits_of(
        self, low: Sequence[float], high: Sequence[float], scales: Sequence[float]
    ) -> tuple[float, float, float, float]:
        """Level, F0 and effort under which a window is calm, and the level over which it is the speaker's."""
        calm = self._calm
        return (
            low[0] + calm * scales[0] - _SLACK,
            low[1] + calm * scales[1] - _SLACK,
            low[2] + calm * scales[2] - _SLACK,
            high[0] + FAR_SPREADS * scales[0] + _SLACK,
        )

    def take_calm(self, upper: Sequence[float], firm: int, now_s: float) -> None:
        """Take the sample at the end of a calm stretch."""
        self._strain = 0.0  # all that is asked of it is whether it is under a limit
        self._sampled, self._far = firm, 0
        self._uppers.append(upper)
        self._recent.append(upper)
        self._samples += 1
        self._look_at_rise(now_s)

    def _look_at_rise(self, now_s: float) -> None:
        """The same answer, looking only where the recent medians may be over the limit."""
        if self._rise_rests:
            self._rise_rests -= 1
            return
        if self._anchor is not None and len(self._recent) == self._recent.maxlen:
            limit, middle = self._limits.rising.strain, len(self._recent) // 2
            under = [
                bisect_left(sorted(column), usual + limit * scale - _SLACK)
                for column, usual, scale in zip(
                    zip(*self._recent, strict=True), self._anchor, self._least_scales, strict=True
                )
            ]
            if min(under) > middle:
                self._rising.look(False, now_s)
                self._rise_rests = min(under) - middle - 1
                return
        self._learn_uppers()
        super()._look_at_rise(now_s)

    def stays_even(self, swing_st: float, pace_syl_s: float, since_s: float, more: int) -> bool:
        """Whether pitch and pace of a stretch, which do not exceed these, light nothing and are learnt.

        It begins at this time, and has up to ``more`` values of each.
        """
        if self._limits.flat.on or self._limits.slow.on or since_s - self._raised_s < SWING_AGE_S or more > _VALUES:
            return False
        if max(len(self._swings), len(self._paces)) + more > _VALUES:
            self._learn_slowly()
        for _ in range(2):
            if self._even_within is None:
                swing = self._patient.least_swing(_VALUES) + self._limits.agitated.above_st
                self._even_within = swing - _SLACK, self._fast_limit(self._patient.least_pace(_VALUES)) - _SLACK
            if swing_st < self._even_within[0] and pace_syl_s < self._even_within[1]:
                return True
            if not (self._swings or self._paces):
                break
            self._learn_slowly()
        return False

    def take_even(self, swings_st: Sequence[float], paces_syl_s: Sequence[float], now_s: float) -> None:
        """Take what ``stays_even``."""
        if swings_st:
            self._swings += swings_st
            self._swing_st = swings_st[-1]
            self._agitated.look(False, now_s)
        if paces_syl_s:
            self._paces += paces_syl_s
            self._pace_syl_s = paces_syl_s[-1]
            self._fast.look(False, now_s)

    def take_slow(self, tick: Tick) -> None:
        """Look at swing and pace alone."""
        self._learn_slowly()
        self._look_slowly(tick)

    def settle(self) -> None:
        """Learn what waits."""
        self._learn_uppers()
        self._learn_slowly()
        self._calm_within = self._calm_long = self._even_within = None  # what comes next may be learnt elsewhere

    def _learn_uppers(self) -> None:
        if self._uppers:
            self._patient.learn_all(self._uppers)
            self._trust(len(self._uppers))
            self._uppers = []
            self._calm_within = self._calm_long = None

    def _learn_slowly(self) -> None:
        if self._swings:
            self._patient.learn_swings(self._swings)
        if self._paces:
            self._patient.learn_paces(self._paces)
        if self._swings or self._paces:
            self._swings, self._paces = [], []
        self._even_within = None


def _under(highest: Sequence[float], level: float, within: Sequence[float]) -> bool:
    return highest[0] < within[0] and highest[1] < within[1] and highest[2] < within[2] and level > within[3]


class Stretches:
    """Where something may change, and where speech is cut."""

    def __init__(self, ticks: VoiceTicks, now_s: npt.NDArray[np.float64], changes: BoolArray, learnt_s: float) -> None:
        unknown = np.isnan(ticks.upper[:, 0])
        weighed = ticks.fresh & ~unknown
        dropped = unknown & ~np.concatenate([[True], unknown[:-1]])
        swung, paced = ~np.isnan(ticks.swing_st), ~np.isnan(ticks.pace_syl_s)
        slow = swung | paced
        must = weighed | dropped | slow | changes
        must[0] = True
        learnt = int(np.searchsorted(ticks.speech_s, np.float32(learnt_s)))
        must[learnt : learnt + 1] = True
        self.must: list[int] = np.flatnonzero(must).tolist()
        self.slow: list[int] = np.flatnonzero(slow).tolist()
        at = np.flatnonzero(weighed)
        cuts = _cuts(ticks.firm[at].tolist())
        ends = at[cuts]
        self.ends: list[int] = ends.tolist()
        self.weighed: list[int] = at.tolist()
        self.last: list[int] = cuts.tolist()  # which of the weighed ticks each end is
        # Of the sample at each end:
        self.uppers: list[list[float]] = ticks.upper[ends].tolist()
        self.firm: list[int] = ticks.firm[ends].tolist()
        # Of each stretch:
        self.highest = _highest(ticks.upper[at], cuts).tolist()
        since = np.concatenate([[0], ends + 1])
        self.since_s: list[float] = now_s[since[:-1]].tolist()
        self.end_s: list[float] = now_s[ends].tolist()
        before = np.concatenate([[0], np.cumsum(changes)])
        self.changes: list[bool] = (before[since[1:]] > before[since[:-1]]).tolist()
        self.swings = _Values(ticks.swing_st, swung, ends)
        self.paces = _Values(ticks.pace_syl_s, paced, ends)

    def next_must(self, tick: int) -> int:
        """The next tick after this one at which something may change."""
        at = bisect_right(self.must, tick)
        return self.must[at] if at < len(self.must) else _NEVER


class _Values:
    """Values that only some ticks have, with how many there are up to each end, and the most in each stretch."""

    def __init__(self, values: npt.NDArray[np.float32], known: BoolArray, ends: npt.NDArray[np.intp]) -> None:
        at = np.flatnonzero(known)
        self.ticks: list[int] = at.tolist()
        self.values: list[float] = values[at].tolist()
        self.until: list[int] = np.searchsorted(at, ends, side="right").tolist()
        starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        most = np.maximum.reduceat(np.where(known, values, -np.inf)[: ends[-1] + 1], starts) if len(ends) else ends
        self.most: list[float] = most.tolist()


def _cuts(firm: list[int]) -> npt.NDArray[np.intp]:
    """Which of the weighed ticks are samples: firm frames have come together since the last."""
    cuts: list[int] = []
    at = sampled = 0
    while True:
        at = bisect_left(firm, sampled + SAMPLE_FRAMES, at)
        if at == len(firm):
            return np.asarray(cuts, np.intp)
        cuts.append(at)
        sampled = firm[at]
        at += 1


def _highest(upper: npt.NDArray[np.float32], cuts: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """The most of each measure in each stretch, shape (stretches, 3)."""
    if not len(cuts):
        return np.zeros((0, 3), np.float32)
    starts = np.concatenate([[0], cuts[:-1] + 1])
    return np.maximum.reduceat(upper[: cuts[-1] + 1], starts, axis=0)
