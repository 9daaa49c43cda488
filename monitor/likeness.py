"""Whether the last second of firm vowels sounds like somebody who speaks, and not like a dog, keys, music or babble.

Three signs that speech always shows and that few other sounds show together, each looked for in one window:

- some vowel lasts: a voiced stretch of ``LASTING`` frames. Laughter, coughs and struck keys are over sooner.
- pitch moves smoothly: of the frames of a bark or of breath every third moves by ``RESTLESS_ST`` and more.
- it pauses: syllables stand ``DIP_DB`` over the quietest moment of the last ``DIP_MEMORY_S``. Music and babble fill it.

Measured on windows of RAVDESS (calm and strongly raised; as recorded, by telephone, in noise) and of read speech:
each sign alone is absent in 2 % of them at most. A window without one is not judged and not learnt from.
"""

from __future__ import annotations

import numpy as np

from monitor.features.sliding import windows
from monitor.types import TICK, BoolArray, Features, FloatArray, FrameGrid, IntArray

LASTING = 16  # frames
RESTLESS_ST = np.float32(0.6)  # semitones from one frame to the next
RESTLESS_SHARE = 0.33
DIP_DB = np.float32(12.0)
DIP_MEMORY_S = 1.5
_DIP_TICKS = round(DIP_MEMORY_S * FrameGrid().frames_per_s / TICK)


class Likeness:
    """Follows the signs through a stream; tells about windows that end with each tick."""

    def __init__(self, frames: int) -> None:
        self._restless = np.zeros(frames, np.bool_)  # of the firm frames that are remembered
        self._octave = np.float32(np.nan)
        self._run = 0
        self._lasted = -1_000_000  # the newest frame at which a vowel had lasted
        self._levels = np.full(_DIP_TICKS - 1, np.inf, np.float32)

    def push(self, features: Features, firm: BoolArray, seen: IntArray, held: IntArray, oldest: IntArray) -> BoolArray:
        """Whether the window of each tick has the signs, but for the dips; shape (ticks,).

        Parameters
        ----------
        firm : which frames are firm, shape (frames,).
        seen : firm frames known at each tick, counted from the first that is remembered.
        held : how many of them the window has.
        oldest : the frame from which on a vowel may have lasted.
        """
        octaves = np.where(features.voiced, np.log2(features.f0_hz), np.float32(np.nan))
        before = np.concatenate([[self._octave], octaves[:-1]])
        # at the start of a vowel nothing is known, which counts as calm
        moves = np.abs(octaves - before) * np.float32(12) >= RESTLESS_ST
        self._octave = octaves[-1]
        known = np.concatenate([self._restless, moves[firm]])
        self._restless = known[-len(self._restless) :]
        counts = np.concatenate([[0], np.cumsum(known)])
        restless = counts[seen] - counts[seen - held]
        smooth: BoolArray = restless <= RESTLESS_SHARE * held
        return smooth & (self._lasting(features) >= oldest)

    def _lasting(self, features: Features) -> IntArray:
        """The newest frame at which a vowel had lasted, at the end of each tick."""
        at = np.arange(len(features))
        silent = np.maximum.accumulate(np.where(features.voiced, -1 - self._run, at))
        run = at - silent
        self._run = int(run[-1])
        frames = np.where(run >= LASTING, features.start_frame + at, self._lasted)
        lasted = np.maximum.accumulate(frames)
        self._lasted = int(lasted[-1])
        return lasted[TICK - 1 :: TICK]

    def dips(self, level_dbfs: FloatArray) -> FloatArray:
        """The quietest tick of the last moments at each tick; ``level_dbfs`` has shape (frames,)."""
        levels = np.concatenate([self._levels, level_dbfs.reshape(-1, TICK).min(axis=1)])
        self._levels = levels[-(_DIP_TICKS - 1) :]
        return np.asarray(windows(levels, _DIP_TICKS).min(axis=1), np.float32)
