"""Synthetic signals with known answers, shared by all tests: float32, full scale 1.0, shape (samples,).

Levels are RMS re full scale (a full-scale sine reads -3.01 dBFS) and hold for the whole signal.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from monitor.types import RATE_HZ, FloatArray


def times_s(duration_s: float, rate_hz: int = RATE_HZ) -> npt.NDArray[np.float64]:
    """When each sample is."""
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def at_level(y: npt.ArrayLike, level_dbfs: float) -> FloatArray:
    """The signal scaled to an RMS level."""
    samples = np.asarray(y, dtype=np.float64)
    rms = np.sqrt(np.mean(samples**2))
    return np.asarray(samples * (10 ** (level_dbfs / 20) / rms), dtype=np.float32)


def silence(duration_s: float, rate_hz: int = RATE_HZ) -> FloatArray:
    """Digital zero."""
    return np.zeros(round(duration_s * rate_hz), np.float32)


def tone(frequency_hz: float, duration_s: float, level_dbfs: float = -20.0, rate_hz: int = RATE_HZ) -> FloatArray:
    """A sine that starts at phase 0, its amplitude exactly as the level says whatever its length."""
    amplitude = np.sqrt(2) * 10 ** (level_dbfs / 20)
    return np.asarray(amplitude * np.sin(2 * np.pi * frequency_hz * times_s(duration_s, rate_hz)), dtype=np.float32)


def glide(
    from_hz: float, to_hz: float, duration_s: float, level_dbfs: float = -20.0, rate_hz: int = RATE_HZ
) -> FloatArray:
    """A sine whose frequency moves steadily in semitones: ``from_hz * (to_hz / from_hz) ** (t / duration_s)``."""
    return buzz(from_hz, duration_s, level_dbfs, to_hz=to_hz, harmonics=1, rate_hz=rate_hz)


def buzz(
    f0_hz: float,
    duration_s: float,
    level_dbfs: float = -20.0,
    *,
    to_hz: float | None = None,
    harmonics: int = 30,
    slope_db_per_octave: float = -6.0,
    rate_hz: int = RATE_HZ,
) -> FloatArray:
    """A voice-like harmonic sound, which glides with ``to_hz``; harmonics above 0.45 times the rate are left out."""
    t = times_s(duration_s, rate_hz)
    octaves = np.log2((to_hz or f0_hz) / f0_hz)
    f0 = f0_hz * 2 ** (octaves * t / duration_s)
    phase = 2 * np.pi * (np.cumsum(f0) - f0[0]) / rate_hz
    y = np.zeros_like(t)
    for number in range(1, harmonics + 1):
        if number * f0.max() > 0.45 * rate_hz:
            break
        y += 10 ** (slope_db_per_octave * np.log2(number) / 20) * np.sin(number * phase)
    return at_level(y, level_dbfs)


def noise(
    duration_s: float, level_dbfs: float = -40.0, *, pink: bool = False, seed: int = 0, rate_hz: int = RATE_HZ
) -> FloatArray:
    """Gaussian noise, white, or pink: 3 dB less per octave above 20 Hz."""
    white = np.random.default_rng(seed).standard_normal(round(duration_s * rate_hz))
    if not pink:
        return at_level(white, level_dbfs)
    spectrum = np.fft.rfft(white)
    frequency_hz = np.fft.rfftfreq(len(white), 1 / rate_hz)
    spectrum /= np.sqrt(np.maximum(frequency_hz, 20.0))
    spectrum[0] = 0.0
    return at_level(np.fft.irfft(spectrum, len(white)), level_dbfs)


def click(at_s: float, duration_s: float, amplitude: float = 1.0, rate_hz: int = RATE_HZ) -> FloatArray:
    """Silence with a single sample that is not."""
    y = silence(duration_s, rate_hz)
    y[round(at_s * rate_hz)] = amplitude
    return y


def level_of(y: npt.ArrayLike) -> float:
    """RMS level in dBFS."""
    return float(10 * np.log10(np.mean(np.square(np.asarray(y, dtype=np.float64)))))
