"""A speaker's usual voice on one microphone: robust medians and spreads over calm speech, kept between calls.

While little has been heard the belief leans on a prior: any adult voice, on a microphone of unknown gain. A prior is
wide, so only a clear shout stands out from it. A stored profile is believed from the start and moves slowly.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from monitor.types import Baseline

MEASURES = ("level_dbfs", "f0_st", "effort_db")
# Any adult voice: F0 over 55 Hz and effort of conversational speech, mean and spread over 150 read and spoken voices
# of both sexes. Nothing can be known of the level before the microphone was heard.
PRIOR = Baseline(
    level_dbfs=-30.0,
    level_spread_db=60.0,
    f0_st=21.0,
    f0_spread_st=5.0,
    effort_db=-6.0,
    effort_spread_db=4.0,
    liveliness_st=2.5,
    articulation_syl_s=4.0,
    speech_s=0.0,
)
_MAD_TO_SD = 1.4826  # from a median absolute deviation to the standard deviation of a normal distribution
_FEW = 12  # new values, above which sorting anew is quicker than putting each in its place


class BaselineLearner:
    """Learns from samples of calm speech; forgets the oldest, so that it follows a microphone, not a call.

    Parameters
    ----------
    speech_s : seconds of speech after which the usual voice counts as known.
    memory : samples that are remembered.
    profile : a usual voice learnt earlier, or None.
    profile_weight : samples that the profile counts for.
    """

    def __init__(
        self, *, speech_s: float = 20.0, memory: int = 240, profile: Baseline | None = None, profile_weight: int = 60
    ) -> None:
        self._wanted_s = speech_s
        self._start = profile or PRIOR
        self._start_weight = profile_weight if profile else 0
        # A handful of values is a poor median, whatever the call's first seconds were like.
        self._start_pull = max(self._start_weight, 4)
        self._known = profile is not None
        self._speech_s = 0.0
        self._samples = tuple(_Middle(memory) for _ in MEASURES)
        self._swings, self._paces = _Middle(memory), _Middle(memory)
        self.centre: tuple[float, ...] = (self._start.level_dbfs, self._start.f0_st, self._start.effort_db)
        self.spread: tuple[float, ...] = (
            self._start.level_spread_db,
            self._start.f0_spread_st,
            self._start.effort_spread_db,
        )
        self.swing_st = self._start.liveliness_st
        self.pace_syl_s = self._start.articulation_syl_s

    @property
    def known(self) -> bool:
        """Whether enough was heard to judge by, now or in an earlier call."""
        return self._known

    def hear(self, speech_s: float) -> None:
        """Tell how much speech the call has held so far, in seconds."""
        self._speech_s = speech_s
        if not self._known and speech_s >= self._wanted_s and len(self._samples[0]) >= 4:
            self._known = True
            self._settle()

    def learn(self, upper: Sequence[float]) -> None:
        """Take one sample of calm speech: level (dBFS), F0 (semitones over 55 Hz) and effort (dB)."""
        for known, value in zip(self._samples, upper, strict=True):
            known.add(value)
        self._settle()

    def learn_swing(self, swing_st: float) -> None:
        """Take one spread of F0 of calm speech, semitones."""
        self._swings.add(swing_st)
        self.swing_st = self._mixed(self._swings, self._start.liveliness_st)

    def learn_pace(self, pace_syl_s: float) -> None:
        """Take one articulation rate of calm speech, syllables per second of speech."""
        self._paces.add(pace_syl_s)
        self.pace_syl_s = self._mixed(self._paces, self._start.articulation_syl_s)

    def learn_all(self, uppers: Sequence[Sequence[float]]) -> None:
        """Take samples in turn; what is believed in between is not asked for."""
        for known, values in zip(self._samples, zip(*uppers, strict=True), strict=True):
            known.add_all(values)
        self._settle()

    def learn_swings(self, swings_st: Sequence[float]) -> None:
        """As ``learn_all``, of spreads of F0."""
        self._swings.add_all(swings_st)
        self.swing_st = self._mixed(self._swings, self._start.liveliness_st)

    def learn_paces(self, paces_syl_s: Sequence[float]) -> None:
        """As ``learn_all``, of articulation rates."""
        self._paces.add_all(paces_syl_s)
        self.pace_syl_s = self._mixed(self._paces, self._start.articulation_syl_s)

    def reach(self, more: int) -> Reach:
        """How far the belief can move with so many further samples, whatever they are."""
        weights = self._lean(len(self._samples[0])), self._lean(len(self._samples[0]) + more)
        start = (self._start.level_dbfs, self._start.f0_st, self._start.effort_db)
        low: list[float] = []
        high: list[float] = []
        least: list[float] = []
        for known, usual in zip(self._samples, start, strict=True):
            lowest, highest = known.reach(more)
            ownly = not self._start_weight and not low  # the prior knows no microphone
            low.append(min(lowest if ownly else (1 - w) * lowest + w * usual for w in weights))
            high.append(max(highest if ownly else (1 - w) * highest + w * usual for w in weights))
            own = _MAD_TO_SD * known.least_spread(more)
            least.append(min(math.sqrt(1 - w) * own for w in weights))
        return Reach(tuple(low), tuple(high), tuple(least))

    def least_swing(self, more: int) -> float:
        """The least that ``swing_st`` can come to with so many further values."""
        return self._least(self._swings, self._start.liveliness_st, more)

    def least_pace(self, more: int) -> float:
        """The least that ``pace_syl_s`` can come to with so many further values."""
        return self._least(self._paces, self._start.articulation_syl_s, more)

    def _least(self, values: _Middle, start: float, more: int) -> float:
        lowest, _ = values.reach(more)
        weights = (self._start_pull / (self._start_pull + count) for count in (len(values), len(values) + more))
        return min((1 - weight) * lowest + weight * start for weight in weights)

    @property
    def baseline(self) -> Baseline:
        """What is believed now."""
        return Baseline(
            level_dbfs=self.centre[0],
            level_spread_db=self.spread[0],
            f0_st=self.centre[1],
            f0_spread_st=self.spread[1],
            effort_db=self.centre[2],
            effort_spread_db=self.spread[2],
            liveliness_st=self.swing_st,
            articulation_syl_s=self.pace_syl_s,
            speech_s=self._speech_s + self._start.speech_s,
        )

    def _settle(self) -> None:
        start = (self._start.level_dbfs, self._start.f0_st, self._start.effort_db)
        start_spread = (self._start.level_spread_db, self._start.f0_spread_st, self._start.effort_spread_db)
        weight = self._lean(len(self._samples[0]))
        centre: list[float] = []
        spread: list[float] = []
        for known, usual, usual_spread in zip(self._samples, start, start_spread, strict=True):
            middle = known.middle
            own = _MAD_TO_SD * known.spread
            # the prior knows no microphone: its level says nothing
            towards = usual if self._start_weight or centre else middle
            centre.append((1 - weight) * middle + weight * towards)
            spread.append(math.sqrt((1 - weight) * (own * own) + weight * (usual_spread * usual_spread)))
        self.centre, self.spread = tuple(centre), tuple(spread)

    def _lean(self, samples: int) -> float:
        """How far the belief leans on what it started from, 0 to 1."""
        if self._start_weight:
            return self._start_weight / (self._start_weight + samples)
        return 0.0 if self._known else max(0.0, 1.0 - self._speech_s / self._wanted_s)

    def _mixed(self, values: _Middle, start: float) -> float:
        weight = self._start_pull / (self._start_pull + len(values))
        return (1 - weight) * values.middle + weight * start


class Reach(NamedTuple):
    """What the usual voice cannot get under or over: each of its medians, and each of its spreads."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    least_spread: tuple[float, ...]


class _Middle:
    """The last so many values, kept in order, so that their median and its spread are at hand after each of them."""

    def __init__(self, memory: int) -> None:
        self._values: deque[float] = deque()
        self._sorted: list[float] = []
        self._memory = memory

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, value: float) -> None:
        """Take a value, and let the oldest go."""
        values, ordered = self._values, self._sorted
        if len(values) == self._memory:
            del ordered[bisect_left(ordered, values.popleft())]
        values.append(value)
        insort(ordered, value)

    def add_all(self, new: Sequence[float]) -> None:
        """Take values in turn."""
        if len(new) < _FEW:
            for value in new:
                self.add(value)
            return
        self._values.extend(new)
        while len(self._values) > self._memory:
            self._values.popleft()
        self._sorted = sorted(self._values)

    def reach(self, more: int) -> tuple[float, float]:
        """Between what the median stays with so many further values: each of them moves it by one rank at most."""
        count = len(self._sorted)
        low, high = (count - 1) // 2 - more, count // 2 + more
        if low < 0 or high >= count:
            return -math.inf, math.inf
        return self._sorted[low], self._sorted[high]

    def least_spread(self, more: int) -> float:
        """What the median distance from the median cannot get under with so many further values."""
        rank = (len(self._sorted) - 1) // 2 - more
        low, high = self.reach(more)
        if rank < 0 or low == -math.inf:
            return 0.0
        middle = self.middle
        return max(0.0, self._nearest(rank)[1] - max(middle - low, high - middle))

    @property
    def middle(self) -> float:
        """The median."""
        count = len(self._sorted)
        return (self._sorted[(count - 1) // 2] + self._sorted[count // 2]) / 2

    @property
    def spread(self) -> float:
        """The median distance from the median."""
        values, middle, count = self._sorted, self.middle, len(self._sorted)
        half = (count - 1) // 2
        low, near = self._nearest(half)
        if count % 2:
            return near
        before = middle - values[low - 1] if low else math.inf
        after = values[low + half + 1] - middle if low + half + 1 < count else math.inf
        return (near + min(before, after)) / 2

    def _nearest(self, rank: int) -> tuple[int, float]:
        """Where the ``rank`` + 1 values nearest to the median begin, side by side, and the largest distance."""
        values, middle = self._sorted, self.middle
        low, high = 0, len(values) - rank - 1
        while low < high:
            at = (low + high) // 2
            if middle - values[at] > values[at + rank + 1] - middle:
                low = at + 1
            else:
                high = at
        return low, max(middle - values[low], values[low + rank] - middle)
