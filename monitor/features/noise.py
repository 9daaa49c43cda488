"""The noise floor: what the microphone hears while nobody speaks, learnt from the quietest moments so far.

Minimum statistics in the spirit of Martin (2001), "Noise power spectral density estimation based on optimal smoothing
and minimum statistics", reduced to a few bands: the mean power of each tick, its minimum over the last ``MEMORY_S``.
People pause at least once in that time, and the pauses show the floor. No bias is corrected: the floor is compared with
itself only.
"""

from __future__ import annotations

import numpy as np

from monitor.types import TICK, FloatArray, FrameGrid

MEMORY_S = 4.0  # people pause at least once in that time
_MEMORY = round(MEMORY_S * FrameGrid().frames_per_s / TICK)
# Mean square of -75 dBFS. No floor is taken to be lower: a line that is gated to digital silence between words is a
# quiet line, not one without any noise.
LOWEST = np.float32(10**-7.5)


class NoiseFloor:
    """Follows the floor of several bands at once."""

    def __init__(self, bands: int) -> None:
        self._past = np.full((_MEMORY, bands), np.inf, np.float32)

    def push(self, power: FloatArray) -> FloatArray:
        """Floor of each frame, known from the ticks before its own; shape and unit as ``power`` (frames, bands).

        ``power`` is the mean square per band and must hold whole ticks. Where nothing was heard yet the floor is the
        quietest frame of the tick itself.
        """
        ticks = power.reshape(-1, TICK, power.shape[1])
        history = np.concatenate([self._past, np.maximum(ticks.mean(axis=1), LOWEST)])
        by_band = np.ascontiguousarray(history.T)  # the minimum runs along memory
        floor = np.lib.stride_tricks.sliding_window_view(by_band, _MEMORY, axis=1)[:, :-1].min(axis=-1).T
        self._past = history[-_MEMORY:].copy()
        floor = np.where(np.isfinite(floor), floor, np.maximum(ticks.min(axis=1), LOWEST))
        return np.asarray(np.repeat(floor, TICK, axis=0), np.float32)
