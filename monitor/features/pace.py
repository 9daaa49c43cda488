"""Pace: syllable nuclei, the vowel peaks that it is counted by, and the time spoken, which it is divided by.

After de Jong and Wempe (2009), "Praat script to detect syllable nuclei and measure speech rate automatically", Behavior
Research Methods 41: a nucleus is a peak of intensity that is voiced and set off by dips from its neighbours.
Intensity is taken between 300 and 1700 Hz, where vowels stand out from fricatives and which every telephone carries.
How the numbers were chosen, and what they are worth on readers they were not chosen on, stands in docs/accuracy.md.
"""

from __future__ import annotations

import numpy as np

from monitor.features.sliding import windows
from monitor.types import BoolArray, FloatArray, IntArray

BAND_HZ = (300.0, 1700.0)  # where intensity is taken, Hz
HALF_WIDTH = 3  # frames on either side that a nucleus must top
FALL = 15  # frames after it in which it must have fallen by a dip before anything tops it, or it is but a shoulder
DIP_DB = 1.5  # by which a nucleus is set off on either side, dB
SNR_DB = 6.0  # by which its frame must stand over the noise floor, dB
_TAPS = np.asarray(np.hanning(11)[1:-1] / np.hanning(11)[1:-1].sum(), np.float32)  # 90 ms
_SMOOTH = len(_TAPS) // 2  # frames on either side
DELAY = FALL + _SMOOTH  # frames between a peak and its certainty
_FORGET = 30  # frames: after this long the next nucleus needs no dip to be told from the last one
_QUIET_DB = np.float32(-120.0)  # before the first frame

PAUSE = 30  # frames without a voiced one from which on it is a pause: 0.3 s, as de Jong and Wempe have it
EDGES = 20  # frames that belong to a stretch of speech before its first and after its last voiced one, together


class NucleusFinder:
    """Finds nuclei in a stream of frames; each is told ``DELAY`` frames after its peak."""

    def __init__(self) -> None:
        self._raw_db = np.full(2 * _SMOOTH, _QUIET_DB, np.float32)
        keep = _FORGET + HALF_WIDTH + FALL + 1
        self._smooth_db = np.full(keep, _QUIET_DB, np.float32)
        self._clear = np.zeros(DELAY, np.bool_)
        self._frame = 0
        self._last = -_FORGET

    def push(self, band_db: FloatArray, voiced: BoolArray, snr_db: FloatArray) -> BoolArray:
        """Which frames end the ``DELAY`` after a nucleus; all arrays have shape (frames,).

        Parameters
        ----------
        band_db : power in ``BAND_HZ`` in dB.
        voiced : frames that have an F0.
        snr_db : level over the noise floor.
        """
        count = len(band_db)
        raw = np.concatenate([self._raw_db, band_db])
        smooth = np.zeros(count, np.float32)
        for tap, weight in enumerate(_TAPS):
            smooth += weight * raw[tap : tap + count]
        self._raw_db = raw[count:]
        history = np.concatenate([self._smooth_db, smooth])
        clear = np.concatenate([self._clear, voiced & (snr_db > SNR_DB)])
        found = self._pick(history, clear[:count], count)
        self._smooth_db = history[count:]
        self._clear = clear[count:]
        self._frame += count
        return found

    def _pick(self, history: FloatArray, clear: BoolArray, count: int) -> BoolArray:
        """Peaks among the frames that became certain; ``history`` ends with ``count`` new smoothed values."""
        first = len(history) - count - FALL  # place in history of the first frame to judge
        around = windows(history[first - HALF_WIDTH : len(history) - FALL + HALF_WIDTH], 2 * HALF_WIDTH + 1)
        middle = history[first : first + count]
        peaks = clear & (middle >= around.max(axis=1)) & (middle > around[:, 0])
        found = np.zeros(count, np.bool_)
        for i in np.flatnonzero(peaks):
            frame = self._frame + int(i)
            since = frame - self._last
            at = first + int(i)
            if since < _FORGET and middle[i] - history[at - since : at].min() < DIP_DB:
                continue
            if _is_shoulder(middle[i], history[at + 1 : at + 1 + FALL]):
                continue
            found[i] = True
            self._last = frame
        return found


def _is_shoulder(peak_db: np.float32, after_db: FloatArray) -> bool:
    """Whether the contour climbs over a peak without having fallen from it by a dip."""
    over = after_db > peak_db
    if not over.any():
        return False
    return bool(after_db[: int(over.argmax())].min(initial=peak_db) > peak_db - DIP_DB)


class SpokenTime:
    """How long somebody spoke, pauses left out, from voicing alone: it survives noise better than the level does."""

    def __init__(self) -> None:
        self.frames = 0  # spoken so far
        self._since = PAUSE + 1  # frames from the last voiced one to the first of the next push

    def push(self, voiced: BoolArray) -> IntArray:
        """Frames spoken so far, at each frame; shape (frames,). A gap counts once it has shown not to be a pause."""
        at = np.flatnonzero(voiced)
        gaps = np.diff(at, prepend=-self._since)
        spoken = np.zeros(len(voiced), np.intp)
        spoken[at] = np.where(gaps <= PAUSE, gaps, 1 + EDGES)
        self._since = min(len(voiced) - int(at[-1]) if len(at) else len(voiced) + self._since, PAUSE + 1)
        counts = self.frames + np.cumsum(spoken)
        self.frames += int(spoken.sum())
        return np.asarray(counts)
