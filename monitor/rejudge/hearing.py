"""Whether the voice could be judged, for all ticks of a stored call at once."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import numpy.typing as npt

from monitor.judgement import NO_SIGNAL
from monitor.policy.thresholds import Audibility
from monitor.types import Reason
from monitor.voice import TICK_S
from monitor.windows import VoiceTicks


class Hearings:
    """Why the voice could not be judged, for all ticks at once; the answers are those of ``judgement.Hearing``."""

    _STEP = TICK_S / 4.0

    def __init__(self, limits: Audibility, ticks: VoiceTicks, now_s: npt.NDArray[np.float64]) -> None:
        self._limits = limits
        self._level = ticks.level_dbfs
        speaking = np.flatnonzero(ticks.speaking)
        last = np.searchsorted(speaking, np.arange(len(ticks)), side="right")  # how many ticks of speech so far
        self._clipped = self._averaged(ticks.clipped[speaking], 0.0)[last]
        self._snr = self._averaged(ticks.snr_db[speaking], None)[last]
        alive = np.where(ticks.level_dbfs.astype(np.float64) > limits.dead_dbfs, now_s, 0.0)
        dead = now_s - np.maximum.accumulate(alive) >= limits.dead_s
        loud = self._clipped > limits.clipped_share
        self.code = np.select([dead, loud, self._snr < limits.snr_db], [1, 2, 3], 0)
        """Per tick: 0 where the voice can be judged."""

    def _averaged(self, values: npt.NDArray[np.float32], start: float | None) -> npt.NDArray[np.float64]:
        """The moving average before the first value and after each; without a start it begins with the first."""
        if start == 0.0 and not values.any():  # as good as always: nothing is clipped
            return np.zeros(len(values) + 1)
        step = self._STEP
        listed = values.tolist()
        first = [] if start is not None or not listed else [listed.pop(0)]
        means = accumulate(listed, lambda mean, value: mean + step * (value - mean), initial=start or sum(first))
        found = np.fromiter(means, np.float64, len(listed) + 1)
        return found if start is not None else np.concatenate([[np.nan], found[: len(values)]])

    def reason(self, tick: int) -> Reason | None:
        """Why not at this tick, None where it could be judged."""
        code, limits = int(self.code[tick]), self._limits
        if code == 1:
            level = round(float(self._level[tick]), 1)
            return Reason(NO_SIGNAL, "no sound from the microphone", level, "dBFS", None, limits.dead_dbfs)
        if code == 2:
            share, most = round(100 * float(self._clipped[tick]), 1), 100 * limits.clipped_share
            return Reason("clipping", "the microphone is set too loud to judge", share, "%", None, most)
        if code == 3:
            snr = round(float(self._snr[tick]), 1)
            return Reason("noisy", "too noisy to judge the voice", snr, "dB over noise", None, limits.snr_db)
        return None
