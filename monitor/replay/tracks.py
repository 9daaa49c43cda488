"""Measures of one speaker over time, ready for drawing: level, pitch, effort and pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitor.features.pace import SpokenTime
from monitor.replay.pyramid import Pyramid
from monitor.types import TICK, BoolArray, FloatArray, FrameGrid

if TYPE_CHECKING:
    from monitor.store.columns import Trace

_FRAME_S = 1 / FrameGrid().frames_per_s
# As the judgement looks at it: 8 s of call with at least 4 s of speech in them, and so many vowel frames a syllable.
_PACE_FRAMES, _PACE_LEAST, _PACE_VOWEL = 800, 400, 5
_USUAL_SHARES = (0.005, 0.995)  # of values that are drawn inside their lane
_SAMPLED = 20_000  # values by which the lane is chosen


@dataclass(frozen=True, slots=True)
class Look:
    """A track over equal stretches of time: lowest, highest and mean value, NaN where there is none."""

    low: FloatArray
    high: FloatArray
    mean: FloatArray


class Track:
    """One measure at a regular step.

    Attributes
    ----------
    name : ``level_dbfs``, ``f0_hz``, ``effort_db`` or ``pace_syl_s``.
    unit : as people read it.
    speaker : ``agent`` or ``customer``.
    step_s : seconds from value to value.
    values : shape (values,), NaN where nothing was measured.
    """

    def __init__(self, name: str, unit: str, speaker: str, values: FloatArray, step_s: float = _FRAME_S) -> None:
        self.name, self.unit, self.speaker, self.step_s = name, unit, speaker, step_s
        self.values = values
        known = ~np.isnan(values)
        self._pyramid = Pyramid(
            (np.fmin, values),
            (np.fmax, values),
            (np.add, np.where(known, values, np.float32(0))),
            (np.add, known.astype(np.float32)),
        )

    def look(self, start_s: float, end_s: float, count: int) -> Look:
        """The track over ``count`` equal stretches."""
        low, high, total, held = self._pyramid.columns(start_s / self.step_s, end_s / self.step_s, count)
        with np.errstate(invalid="ignore", divide="ignore"):
            return Look(low, high, total / held)

    def columns(self, start_s: float, end_s: float, count: int) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest value of ``count`` equal stretches."""
        look = self.look(start_s, end_s, count)
        return look.low, look.high

    def at(self, time_s: float) -> float | None:
        """The value at a time, None where there is none."""
        place = int(time_s / self.step_s + 1e-9)
        if not 0 <= place < len(self.values) or np.isnan(self.values[place]):
            return None
        return float(self.values[place])

    def limits(self) -> tuple[float, float] | None:
        """Between which values nearly all of it lies; None where nothing was measured."""
        some = self.values[:: max(1, len(self.values) // _SAMPLED)]
        known = some[~np.isnan(some)]
        if not len(known):
            known = self.values[~np.isnan(self.values)]
        if not len(known):
            return None
        known = np.sort(known)  # np.quantile would import numpy.ma, a tenth of what opening a call may take
        low, high = (known[round(share * (len(known) - 1))] for share in _USUAL_SHARES)
        return float(low), float(high)


def tracks_of(trace: Trace, speaker: str) -> tuple[Track, ...]:
    """The tracks of one speaker's measures; none where nothing was measured."""
    if not len(trace):
        return ()
    voiced = trace.speech & ~np.isnan(trace.f0_hz)
    rate = pace(voiced, voiced & ~np.isnan(trace.effort_db), trace.nucleus)
    return (
        Track("level_dbfs", "dBFS", speaker, trace.level_dbfs),
        Track("f0_hz", "Hz", speaker, trace.f0_hz),
        Track("effort_db", "dB", speaker, trace.effort_db),
        Track("pace_syl_s", "syll./s", speaker, rate, TICK * _FRAME_S),
    )


def pace(voiced: BoolArray, firm: BoolArray, nucleus: BoolArray) -> FloatArray:
    """Syllables per second spoken over the last 8 s, a value for each whole tick; NaN where too little was said.

    ``voiced`` and ``firm`` are frames of speech with an F0, and with an effort besides; as in `monitor.windows`.
    """
    ends = np.arange(TICK, len(voiced) + 1, TICK)
    starts = np.maximum(0, ends - _PACE_FRAMES)
    rows = (SpokenTime().push(voiced), np.cumsum(firm), np.cumsum(nucleus))
    so_far = np.concatenate([np.zeros((len(rows), 1), np.intp), np.stack(rows)], axis=1)
    frames, vowels, syllables = so_far[:, ends] - so_far[:, starts]
    enough = (frames >= _PACE_LEAST) & (vowels >= _PACE_VOWEL * syllables)
    rate = syllables / np.where(enough, frames * _FRAME_S, 1.0)
    return np.where(enough, rate, np.nan).astype(np.float32)


def of_speaker(tracks: Sequence[Track], name: str) -> list[Track]:
    """The tracks of one measure, the agent's first."""
    return sorted((track for track in tracks if track.name == name), key=lambda track: track.speaker != "agent")
