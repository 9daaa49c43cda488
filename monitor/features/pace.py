"""Syllable nuclei: the vowel peaks that pace is counted by.

After de Jong and Wempe (2009), "Praat script to detect syllable nuclei and measure speech rate automatically", Behavior
Research Methods 41: a nucleus is a peak of intensity that is voiced and set off by a dip from the one before.
Intensity is taken between 300 and 1700 Hz, where vowels stand out from fricatives and which every telephone carries.
"""

from __future__ import annotations

import numpy as np

from monitor.features.sliding import windows
from monitor.types import BoolArray, FloatArray

BAND_HZ = (300.0, 1700.0)
HALF_WIDTH = 5  # frames on either side that a nucleus must top
DIP_DB = 1.0
SNR_DB = 9.0
_TAPS = np.asarray(np.hanning(11)[1:-1] / np.hanning(11)[1:-1].sum(), np.float32)  # 90 ms
_SMOOTH = len(_TAPS) // 2
DELAY = HALF_WIDTH + _SMOOTH  # frames between a peak and its certainty
_FORGET = 30  # frames: after this long the next nucleus needs no dip to be told from the last one
_QUIET_DB = np.float32(-120.0)


class NucleusFinder:
    """Finds nuclei in a stream of frames; each is told ``DELAY`` frames after its peak."""

    def __init__(self) -> None:
        self._raw_db = np.full(2 * _SMOOTH, _QUIET_DB, np.float32)
        keep = _FORGET + 2 * HALF_WIDTH + 1
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
        first = len(history) - count - HALF_WIDTH  # place in history of the first frame to judge
        around = windows(history[first - HALF_WIDTH :], 2 * HALF_WIDTH + 1)
        middle = history[first : first + count]
        peaks = clear & (middle >= around.max(axis=1)) & (middle > around[:, 0])
        found = np.zeros(count, np.bool_)
        for i in np.flatnonzero(peaks):
            frame = self._frame + int(i)
            since = frame - self._last
            at = first + int(i)
            if since < _FORGET and middle[i] - history[at - since : at].min() < DIP_DB:
                continue
            found[i] = True
            self._last = frame
        return found
