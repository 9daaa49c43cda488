"""Blocks of samples to frames and their spectra: the one place where the engine looks at the waveform.

Frame ``i`` is a Hann window of ``WINDOW`` samples centred on the middle of hop ``i``, so it needs ``LOOKAHEAD`` samples
after the end of its hop. The power spectrum serves every measure: level by Parseval, bands for effort and syllables,
K-weighted loudness by weights, and the autocorrelation for F0 (Wiener-Khinchin). Its lower half alone gives the
autocorrelation as if decimated to 8 kHz, at half the cost. It is taken of the magnitude, not the power, spectrum: a
generalised autocorrelation (Tolonen and Karjalainen 2000, eq. 2, with exponent 1) is less led by one strong harmonic.

Frames leave in whole ticks of ``TICK`` frames, the step at which everything downstream decides.

All sums run along the rows of one frame, never over frames and never through BLAS, so that a frame's numbers are the
same to the last bit however the samples were cut into blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ducc0 import fft

from monitor.features.sliding import windows
from monitor.types import HOP, RATE_HZ, TICK, FloatArray

WINDOW = 640  # 40 ms: three periods of 75 Hz, two and a half of our 60 Hz floor
FFT_SIZE = 960  # WINDOW + longest lag, so that the circular autocorrelation does not wrap into the lags used
LAG_RATE_HZ = 8_000  # at which periods are looked for
LOOKAHEAD = WINDOW // 2 - HOP // 2  # samples that a frame needs beyond its hop
BIN_HZ = RATE_HZ / FFT_SIZE
_BATCH = 48 * TICK  # frames at a time: the work arrays stay within a second-level cache
# Transforms work on several frames at once and on what is left over one by one, which rounds otherwise: frames are made
# up to a whole number of groups, so that a block's size changes no bit.
_LANES = 16


@dataclass(frozen=True, slots=True)
class Spectra:
    """Consecutive frames.

    ``power`` has shape (frames, FFT_SIZE // 2 + 1), scaled so that its sum is the mean square of the frame;
    ``autocorrelation`` has shape (frames, FFT_SIZE // 4 + 1), lags at ``LAG_RATE_HZ``, of the part below 4 kHz.
    ``peak`` is the largest absolute sample of the hop.
    """

    start_frame: int
    power: FloatArray
    autocorrelation: FloatArray
    peak: FloatArray

    def __len__(self) -> int:
        return len(self.power)


def window_lag_weights() -> FloatArray:
    """Autocorrelation of the window at the lags of ``Spectra.autocorrelation``, 1 at lag 0; shape (FFT_SIZE // 4 + 1,).

    Dividing by it removes the taper that the window puts on the autocorrelation (Boersma 1993, eq. 9).
    """
    spectrum = np.abs(np.fft.rfft(_window(), FFT_SIZE)) ** 2
    lags = np.fft.irfft(spectrum[: FFT_SIZE // 4 + 1], FFT_SIZE // 2)[: FFT_SIZE // 4 + 1]
    return np.asarray(lags / lags[0], np.float32)


def band(low_hz: float, high_hz: float) -> slice:
    """Bins of ``Spectra.power`` from ``low_hz`` up to, but not including, ``high_hz``."""
    return slice(int(np.ceil(low_hz / BIN_HZ)), int(np.ceil(high_hz / BIN_HZ)))


def _window() -> FloatArray:
    return np.asarray(np.hanning(WINDOW + 1)[:-1], np.float32)


class SpectralFramer:
    """Cuts a stream of one channel into frames and transforms them."""

    def __init__(self) -> None:
        self._window = _window()
        self._pending = np.zeros(LOOKAHEAD, np.float32)  # silence before the first sample, for the first window
        self._next_frame = 0
        self._work = np.zeros((_BATCH, FFT_SIZE), np.float32)
        # Two-sided power of a real signal: inner bins count twice; divided by the window's energy and the transform
        # size.
        scale = np.full(FFT_SIZE // 2 + 1, 2.0)
        scale[0] = scale[-1] = 1.0
        self._scale = np.asarray(scale / (FFT_SIZE * float(np.sum(self._window.astype(float) ** 2))), np.float32)

    def push(self, y: FloatArray) -> Iterator[Spectra]:
        """Take samples, shape (samples,), and yield the frames that are complete, a few hundred at a time at most."""
        self._pending = np.concatenate([self._pending, y])
        frames = max(0, (len(self._pending) - WINDOW) // HOP + 1) // TICK * TICK
        done = 0
        while done < frames:
            count = min(_BATCH, frames - done)
            yield self._transform(self._pending[done * HOP : (done + count - 1) * HOP + WINDOW], count)
            done += count
        if frames:
            self._pending = self._pending[frames * HOP :].copy()

    def finish(self) -> Iterator[Spectra]:
        """The stream ended: the tick that has begun is completed with silence."""
        left = len(self._pending) - LOOKAHEAD  # samples whose tick is not finished or not yet seen to its look-ahead
        ticks = -(-left // (TICK * HOP)) if left > 0 else 0
        missing = ticks * TICK * HOP + 2 * LOOKAHEAD - len(self._pending)
        if ticks:
            yield from self.push(np.zeros(max(0, missing), np.float32))

    def _transform(self, y: FloatArray, count: int) -> Spectra:
        frames = windows(y, WINDOW, HOP)
        work = self._work[: -(-count // _LANES) * _LANES]
        np.multiply(frames, self._window, out=work[:count, :WINDOW])
        bins = fft.r2c(work, axes=(1,), nthreads=1)
        power = bins.real**2
        power += bins.imag**2
        magnitude = np.sqrt(power[:, : FFT_SIZE // 4 + 1]).astype(np.complex64)
        lags = fft.c2r(magnitude, axes=(1,), lastsize=FFT_SIZE // 2, forward=False, inorm=2, nthreads=1)
        lags, power = lags[:count, : FFT_SIZE // 4 + 1], power[:count]
        power *= self._scale
        hops = frames[:, LOOKAHEAD : LOOKAHEAD + HOP]
        peak = np.maximum(hops.max(axis=1), -hops.min(axis=1))
        spectra = Spectra(self._next_frame, power, np.ascontiguousarray(lags), peak)
        self._next_frame += count
        return spectra
