"""What happens to a voice on its way: noise, telephone lines, and how strong a voice is."""

from __future__ import annotations

import numpy as np

from benchmarks.data import Samples

RATE_HZ = 16_000
PHONE_HZ = 8_000


def rms(y: Samples) -> float:
    """Root of the mean square."""
    return float(np.sqrt((y**2).mean()))


def active_rms(y: Samples) -> float:
    """RMS over the stretches of 25 ms (at ``RATE_HZ``) that lie within 25 dB of the loudest."""
    frames = y[: len(y) // 400 * 400].reshape(-1, 400)
    levels = np.sqrt((frames**2).mean(axis=1)) + 1e-9
    return float(np.sqrt((levels[levels > levels.max() / 18] ** 2).mean()))


def trimmed(y: Samples) -> Samples:
    """The samples at ``RATE_HZ`` without silence before and after, of which 0.15 s stay."""
    level = np.sqrt(np.convolve(y**2, np.ones(400) / 400, "same"))
    active = np.flatnonzero(level > 0.03 * level.max())
    pad = int(0.15 * RATE_HZ)
    return y[max(0, active[0] - pad) : active[-1] + pad]


def pink(count: int, rng: np.random.Generator) -> Samples:
    """Pink noise of RMS 1, shape (count,)."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    y = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), count)
    return np.asarray(y / np.sqrt((y**2).mean()))


def narrow_band(y: Samples) -> Samples:
    """300-3400 Hz at ``PHONE_HZ``; shape (samples / 2,) from ``RATE_HZ``."""
    from scipy.signal import butter, resample_poly, sosfilt

    y = sosfilt(butter(4, [300, 3400], "bandpass", fs=RATE_HZ, output="sos"), y)
    return np.asarray(resample_poly(y, 1, 2))


def telephone(y: Samples) -> Samples:
    """``narrow_band`` with mu-law quantisation as in G.711."""
    y = narrow_band(y)
    mu = np.sign(y) * np.log1p(255 * np.abs(y)) / np.log(256)
    mu = np.round(mu * 127) / 127
    return np.asarray(np.sign(mu) * (np.expm1(np.abs(mu) * np.log(256))) / 255)
