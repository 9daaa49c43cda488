"""Spectrograms in tiles: how strong which frequencies are, as bytes for a picture."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from monitor.replay.recording import Waveform
from monitor.types import FloatArray

TILE = 256  # columns
ROWS = 160
TOP_HZ = 5000.0
FINEST_S = 0.002  # from column to column
WINDOW_S = 0.032
RANGE_DB = 60.0  # from nothing to full ink
LIFT_DB_PER_OCTAVE = 6.0  # speech falls by about as much; without, nothing would be seen above 2 kHz (as Praat does)
_LIFT_FROM_HZ = 400.0
_LOOKS = 4  # windows per column at most, however long the call: more are not told apart in a picture
_LOOK_S = 0.01
_DENSE_S = 0.04  # up to this step the windows lie so near to each other that one long read is quicker

Bytes = npt.NDArray[np.uint8]


def top_hz(rate_hz: int) -> float:
    """The highest frequency in the picture."""
    return min(TOP_HZ, rate_hz / 2)


def step_s(level: int) -> float:
    """Seconds from column to column at a level: 0 is the finest, each next one twice as coarse."""
    return float(FINEST_S * 2**level)


def level_for(seconds_per_px: float) -> int:
    """The coarsest level that is not coarser than the screen, 0 at least."""
    return max(0, math.floor(math.log2(max(seconds_per_px, FINEST_S) / FINEST_S)))


def tile(waveform: Waveform, channel: int, level: int, number: int, loudest_db: float = -20.0) -> Bytes:
    """One tile of a channel, shape (ROWS, TILE), the highest frequency first.

    ``loudest_db`` is the level that gets full ink, dBFS. Where there is no sound (any more) it is 0.
    """
    step = step_s(level)
    looks = min(_LOOKS, max(1, math.ceil(step / _LOOK_S)))
    centres = (number * TILE + (np.arange(TILE * looks) + 0.5) / looks) * step
    power = _powers(_windows(waveform, channel, centres, dense=step <= _DENSE_S), waveform.rate_hz)
    power = power.reshape(TILE, looks, ROWS).max(axis=1)
    with np.errstate(divide="ignore"):
        level_db = 10 * np.log10(power) + _lift_db(waveform.rate_hz)
    share = (level_db - (loudest_db - RANGE_DB)) / RANGE_DB
    return np.ascontiguousarray((255 * np.clip(share, 0.0, 1.0)).astype(np.uint8).T[::-1])


def _windows(waveform: Waveform, channel: int, centres_s: npt.NDArray[np.float64], *, dense: bool) -> FloatArray:
    """Samples around each moment; shape (moments, samples)."""
    length = round(WINDOW_S * waveform.rate_hz)
    starts = np.rint(centres_s * waveform.rate_hz).astype(np.intp) - length // 2
    found = np.zeros((len(starts), length), np.float32)
    if dense:
        y = _some(waveform, channel, int(starts[0]), int(starts[-1]) + length)
        return np.ascontiguousarray(y[(starts - starts[0])[:, None] + np.arange(length)])
    for row, start in zip(found, starts.tolist(), strict=True):
        row[:] = _some(waveform, channel, start, start + length)
    return found


def _some(waveform: Waveform, channel: int, start: int, end: int) -> FloatArray:
    """Samples from one to another, silence where there are none."""
    y = np.zeros(end - start, np.float32)
    first = max(0, start)
    if end > first:
        found = waveform.channel_between(channel, first, end)
        y[first - start : first - start + len(found)] = found
    return y


def _powers(y: FloatArray, rate_hz: int) -> FloatArray:
    """Power in ROWS equal bands up to the top, the strongest line in each; shape (windows, ROWS)."""
    from ducc0 import fft

    length = y.shape[1]
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    per_row = math.ceil(length / rate_hz * top_hz(rate_hz) / ROWS * 2) or 1  # bins per row, of twice as many
    size = max(length, round(per_row * ROWS * rate_hz / top_hz(rate_hz)))
    padded = np.zeros((len(y), size), np.float32)
    np.multiply(y, window, out=padded[:, :length])
    bins = fft.r2c(padded, axes=(1,), nthreads=1)[:, : per_row * ROWS]
    power = (bins.real**2 + bins.imag**2) * np.float32(4 / float(window.sum()) ** 2 / 2)
    return np.asarray(power.reshape(len(y), ROWS, per_row).max(axis=2), np.float32)


def _lift_db(rate_hz: int) -> FloatArray:
    """What is added to each row, so that the fall of speech towards high frequencies does not hide it."""
    hz = (np.arange(ROWS) + 0.5) * top_hz(rate_hz) / ROWS
    return np.asarray(LIFT_DB_PER_OCTAVE * np.log2(np.maximum(hz, _LIFT_FROM_HZ) / _LIFT_FROM_HZ), np.float32)
