"""Leaving out what changes nothing: ticks without speech, and stretches of speech that are calm beyond doubt.

Speech is cut into *stretches* where the usual voice takes a sample of it; that depends on the speech alone. A stretch
whose highest windows stay under every limit can light nothing: only its sample, its pace and its swing are looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.policy.thresholds import Thresholds
from monitor.ports import BaselineKeeper
from monitor.types import BoolArray
from monitor.voice import FAR_SPREADS, SAMPLE_FRAMES, Tick, VoiceJudge, VoiceState
from monitor.windows import VoiceTicks

_NEVER = 1 << 60
_SLACK = 1e-6  # dB or semitones: more than rounding can do


class QuietVoice(VoiceJudge):
    """A judge of the voice that says when it is at rest, and takes a calm stretch in one step."""

    def __init__(self, limits: Thresholds, keeper: BaselineKeeper) -> None:
        super().__init__(limits, keeper)
        # A strain is never more than the largest deviation.
        self._latest: deque[Sequence[float]] = deque()
        self._ordered: tuple[list[float], ...] = ([], [], [])
        self._calm = min(limits.learning.below, limits.raised.amber, limits.raised.red)

    @property
    def rests(self) -> bool:
        """Whether nothing is lit that could go out without speech."""
        return not (self._agitated.lit or self._fast.lit or self._rising.lit or self._flat.lit or self._slow.lit)

    def is_quiet(self, now_s: float) -> bool:
        """Whether calm speech would change nothing but what is learnt."""
        amber, red = self._amber, self._red
        lit = amber.holds_any or red.holds_any or amber.lit(now_s) or red.lit(now_s)
        return self._keeper.known and not lit and self.rests

    def calm_within(self) -> tuple[float, float, float, float]:
        """Level, F0 and effort under which a window is calm, and the level over which it is the speaker's; no doubt."""
        keeper, calm = self._keeper, self._calm
        level, f0, effort = keeper.centre
        scale, f0_scale, effort_scale = self._strain_of.scales(keeper.spread)
        return (
            level + calm * scale - _SLACK,
            f0 + calm * f0_scale - _SLACK,
            effort + calm * effort_scale - _SLACK,
            level + FAR_SPREADS * scale + _SLACK,
        )

    def take_calm(self, tick: Tick) -> None:
        """Take the sample at the end of a calm stretch."""
        self._strain = 0.0  # all that is asked of it is whether it is under a limit
        self._sample(tick, 0.0)

    def _look_at_rise(self, now_s: float) -> None:
        """The same answer, without sorting where the recent medians are under the limit beyond doubt."""
        newest = self._recent[-1]
        self._latest.append(newest)
        gone = self._latest.popleft() if len(self._latest) > len(self._recent) else None
        for column, ordered in enumerate(self._ordered):
            if gone is not None:
                del ordered[bisect_left(ordered, gone[column])]
            insort(ordered, newest[column])
        if self._anchor is not None and len(self._recent) == self._recent.maxlen:
            limit, middle = self._limits.rising.strain, len(self._recent) // 2
            scales = self._strain_of.scales(self._keeper.spread)
            if all(
                ordered[middle] < usual + limit * scale - _SLACK
                for ordered, usual, scale in zip(self._ordered, self._anchor, scales, strict=True)
            ):
                self._rising.look(False, now_s)
                return
        super()._look_at_rise(now_s)

    def take_slow(self, tick: Tick) -> None:
        """Look at swing and pace alone."""
        self._look_slowly(tick)

    def state(self, now_s: float) -> VoiceState:
        """What the voice says, without anything new."""
        return self._state(now_s)


class Stretches:
    """Where something may change, and where speech is cut."""

    def __init__(self, ticks: VoiceTicks, now_s: npt.NDArray[np.float64], changes: BoolArray, learnt_s: float) -> None:
        unknown = np.isnan(ticks.upper[:, 0])
        weighed = ticks.fresh & ~unknown
        dropped = unknown & ~np.concatenate([[True], unknown[:-1]])
        slow = ~np.isnan(ticks.swing_st) | ~np.isnan(ticks.pace_syl_s)
        must = weighed | dropped | slow | changes
        must[0] = True
        learnt = int(np.searchsorted(ticks.speech_s, np.float32(learnt_s)))
        must[learnt : learnt + 1] = True
        self.must: list[int] = np.flatnonzero(must).tolist()
        self.slow: list[int] = np.flatnonzero(slow).tolist()
        columns = (now_s, ticks.swing_st, ticks.pace_syl_s)
        self.slow_ticks = [
            Tick(at_s, (), False, 0, 0.0, swing, pace)
            for at_s, swing, pace in zip(*(column[slow].tolist() for column in columns), strict=True)
        ]
        """Of ``slow``: the moment, the swing and the pace alone."""
        at = np.flatnonzero(weighed)
        cuts = _cuts(ticks.firm[at].tolist())
        self.ends: list[int] = at[cuts].tolist()
        self.highest = _highest(ticks.upper[at], cuts).tolist()
        before = np.concatenate([[0], np.cumsum(changes)])
        since = np.concatenate([[0], np.asarray(self.ends, np.intp) + 1])
        self.changes: list[bool] = (before[since[1:]] > before[since[:-1]]).tolist()

    def next_must(self, tick: int) -> int:
        """The next tick after this one at which something may change."""
        at = bisect_right(self.must, tick)
        return self.must[at] if at < len(self.must) else _NEVER


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
