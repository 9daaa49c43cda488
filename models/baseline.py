"""A speaker's usual voice on one microphone: robust medians and spreads over calm speech, kept between calls.

While little has been heard the belief leans on a prior: any adult voice, on a microphone of unknown gain. A prior is
wide, so only a clear shout stands out from it. A stored profile is believed from the start and moves slowly.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence

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
_MAD_TO_SD = 1.4826


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
        # The nearest ``half`` + 1 values stand side by side: find where they begin.
        low, high = 0, count - half - 1
        while low < high:
            at = (low + high) // 2
            if middle - values[at] > values[at + half + 1] - middle:
                low = at + 1
            else:
                high = at
        near = max(middle - values[low], values[low + half] - middle)
        if count % 2:
            return near
        before = middle - values[low - 1] if low else math.inf
        after = values[low + half + 1] - middle if low + half + 1 < count else math.inf
        return (near + min(before, after)) / 2
