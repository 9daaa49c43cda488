"""Which vowels are heard as a voice, and whether what was heard last sounds like somebody who speaks.

Speech shows three things together that few other sounds do:

- vowels last: a frame counts once its voiced stretch has lasted ``LEAST_RUN`` frames, and one of the latest stretches
  has lasted ``LASTING``. Clicks, laughter and coughs are over sooner.
- pitch and timbre move, and smoothly: many of the latest frames of music, singing and tones keep both as they were in
  the frame before, within ``STILL_ST`` and ``STILL_DB``; of a bark or of breath nearly every other moves by
  ``RESTLESS_ST`` and more.
- it pauses: syllables stand ``DIP_DB`` over the quietest moment of the last ``DIP_MEMORY_S``. Music and babble fill it.

Chosen in the middle between the windows of seventeen sounds and those of RAVDESS (calm and strongly raised; as
recorded, by telephone, in noise) and of read speech, of which one in fifty at most lacks a sign. A window without one
is not judged and not learnt from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from monitor.features.sliding import windows
from monitor.types import TICK, BoolArray, Features, FloatArray, FrameGrid, IntArray

LEAST_RUN = 6  # frames that a voiced stretch must have lasted before any of it counts
LASTING = 12  # frames that one of the latest stretches must have lasted
STILL_ST = np.float32(0.08)  # semitones from one frame to the next; some people's pitch alone is as still
STILL_DB = np.float32(0.5)  # of effort
STILL_SHARE = 0.37  # of the latest frames: more are no voice
RESTLESS_ST = np.float32(0.6)  # semitones from one frame to the next
RESTLESS_SHARE = 0.45  # of the latest frames: more are no voice
LATEST = 30  # firm frames that are looked at: fewer may be chance, and with more a sound could change what is judged
DIP_DB = np.float32(12.0)  # from a syllable down to the quietest moment lately
DIP_MEMORY_S = 1.5  # what lately means, s
REFERENCE_HZ = 55.0  # from which semitones are counted
_DIP_TICKS = round(DIP_MEMORY_S * FrameGrid().frames_per_s / TICK)


class Vowels(NamedTuple):
    """Firm frames that became known, in order; arrays have shape (frames,) unless said otherwise.

    ``frame`` is the frame's number and ``known`` the frame, counted in the block, with which its stretch had lasted.
    ``values`` has shape (frames, 3): level (dBFS), F0 (semitones over 55 Hz) and effort (dB). ``signs`` has shape
    (frames, 3): whether the frame was still, whether restless, and whether its stretch had lasted by then.
    """

    frame: IntArray
    known: IntArray
    values: FloatArray
    signs: BoolArray


class VowelFinder:
    """Lets firm frames through once their voiced stretch has lasted ``LEAST_RUN`` frames."""

    def __init__(self) -> None:
        back = LEAST_RUN - 1
        self._run = np.zeros(back, np.intp)  # of the last frames: how long each one's stretch was by then
        self._firm = np.zeros(back, np.bool_)
        self._values = np.zeros((back, 3), np.float32)
        self._signs = np.zeros((back, 3), np.bool_)

    def push(self, features: Features, firm: BoolArray) -> Vowels:
        """The frames that became known with ``features``, of which ``firm`` says which are firm; shape (frames,)."""
        back = LEAST_RUN - 1
        st = np.float32(12) * np.log2(features.f0_hz / np.float32(REFERENCE_HZ))
        values = np.concatenate([self._values, np.stack([features.level_dbfs, st, features.effort_db], axis=1)])
        runs = self._runs(features.voiced)
        run, firm = np.concatenate([self._run, runs]), np.concatenate([self._firm, firm])
        move_st, move_db = np.abs(values[back:, 1:] - values[back - 1 : -1, 1:]).T  # NaN at the start of a stretch
        new = np.stack([(move_st < STILL_ST) & (move_db < STILL_DB), move_st >= RESTLESS_ST, runs >= LASTING], axis=1)
        signs = np.concatenate([self._signs, new])
        at = np.flatnonzero(firm)
        known = at + np.maximum(LEAST_RUN - run[at], 0)
        in_time = (known >= back) & (known < len(run))
        at, known = at[in_time], known[in_time]
        good = run[known] - run[at] == known - at  # the stretch did not end before
        at, known = at[good], known[good]
        self._run, self._firm, self._values, self._signs = run[-back:], firm[-back:], values[-back:], signs[-back:]
        return Vowels(features.start_frame - back + at, known - back, values[at], signs[at])

    def _runs(self, voiced: BoolArray) -> IntArray:
        """How many voiced frames in a row end with each frame."""
        at = np.arange(len(voiced))
        silent = np.maximum.accumulate(np.where(voiced, -1 - self._run[-1], at))
        return np.asarray(at - silent)


class Likeness:
    """Follows the signs through a stream; tells about windows that end with each tick."""

    def __init__(self, frames: int) -> None:
        self._signs = np.zeros((frames, 3), np.bool_)  # of the firm frames that are remembered
        self._levels = np.full(_DIP_TICKS - 1, np.inf, np.float32)

    def push(self, vowels: Vowels, seen: IntArray, held: IntArray) -> BoolArray:
        """Whether the latest firm frames sound like a voice; true where they are too few to tell. Shape (ticks,).

        Parameters
        ----------
        vowels : the new firm frames.
        seen : firm frames known at each tick, counted from the first that is remembered.
        held : how many of them are not too old.
        """
        known = np.concatenate([self._signs, vowels.signs])
        self._signs = known[-len(self._signs) :]
        counts = np.concatenate([np.zeros((1, 3), np.intp), np.cumsum(known, axis=0)])
        still, restless, lasted = (counts[seen] - counts[seen - LATEST]).T
        smooth = (still <= STILL_SHARE * LATEST) & (restless <= RESTLESS_SHARE * LATEST)
        return np.asarray((held < LATEST) | (smooth & (lasted > 0)))

    def dips(self, level_dbfs: FloatArray) -> FloatArray:
        """The quietest tick of the last moments at each tick; ``level_dbfs`` has shape (frames,)."""
        levels = np.concatenate([self._levels, level_dbfs.reshape(-1, TICK).min(axis=1)])
        self._levels = levels[-(_DIP_TICKS - 1) :]
        return np.asarray(windows(levels, _DIP_TICKS).min(axis=1), np.float32)
