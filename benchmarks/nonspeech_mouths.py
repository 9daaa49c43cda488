"""Sounds of mouths that are no words: laughter, coughs, breath, a dog's bark, a singer's note; synthesised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.data import Samples
from benchmarks.sound import RATE_HZ, active_rms

# Formants of a and i, after Peterson and Barney (1952), between men's and women's.
OPEN_HZ, CLOSED_HZ = (790.0, 1160.0, 2620.0), (300.0, 2500.0, 3150.0)
_DOG_HZ = (900.0, 1700.0, 3000.0)
_TOP_HZ = 6000.0
_BREATH_WIDTH = 0.3


def amplitude(level_dbfs: npt.ArrayLike) -> Samples:
    """RMS of a level."""
    return np.asarray(10 ** (np.asarray(level_dbfs, float) / 20))


def spoken_rms(y: Samples) -> float:
    """RMS while something sounds, 0 where nothing does."""
    return active_rms(y) if y.any() else 0.0


def at_level(y: Samples, level_dbfs: float) -> Samples:
    """The samples with this level while they sound."""
    return np.asarray(y * (amplitude(level_dbfs) / max(spoken_rms(y), 1e-9)))


def voiced(f0_hz: Samples, formants_hz: Sequence[float]) -> Samples:
    """Harmonics of a moving F0 under formants, shape as ``f0_hz``."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    middle_hz = float(np.median(f0_hz))
    y = np.zeros(len(f0_hz))
    for k in range(1, int(_TOP_HZ / float(f0_hz.max())) + 1):
        y += resonance(k * middle_hz, formants_hz) / k * np.sin(k * phase)
    return y


def resonance(f_hz: npt.ArrayLike, formants_hz: Sequence[float], width: float = 0.1) -> Samples:
    """Gain of a row of resonators, each so wide as a share of its frequency."""
    f = np.asarray(f_hz, float)
    gain = np.ones_like(f)
    for centre_hz in formants_hz:
        gain *= centre_hz**2 / np.hypot(centre_hz**2 - f**2, width * centre_hz * f)
    return gain


def breath(count: int, formants_hz: Sequence[float], rng: np.random.Generator) -> Samples:
    """Noise through the mouth, of RMS 1; shape (count,). The open glottis makes the resonances wide."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    f_hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    y = np.fft.irfft(spectrum * resonance(f_hz, formants_hz, _BREATH_WIDTH) / (1 + f_hz / 1500), count)
    return np.asarray(y / max(float(np.sqrt((y**2).mean())), 1e-9))


def note(f0_hz: float, count: int, rng: np.random.Generator, *, sung: bool) -> Samples:
    """One note with vibrato: plucked, or sung on a vowel with a glide into it."""
    t = np.arange(count) / RATE_HZ
    vibrato = 1 + (0.012 if sung else 0.006) * np.sin(2 * np.pi * 5.5 * t)
    if not sung:
        phase = 2 * np.pi * np.cumsum(f0_hz * vibrato) / RATE_HZ
        plucked = sum((np.sin(n * phase) / n for n in range(1, 7)), np.zeros(count))
        return np.asarray(plucked * np.exp(-2.5 * t))
    glide = 2 ** (-rng.uniform(0, 3) / 12 * np.exp(-t / 0.04))
    y = voiced(f0_hz * vibrato * glide, OPEN_HZ if rng.uniform() < 0.6 else CLOSED_HZ)
    return np.asarray(y / max(float(np.abs(y).max()), 1e-9) * 1.5 * np.minimum(1, np.minimum(t, t[-1] - t) / 0.05))


def laughter(rng: np.random.Generator) -> Iterator[Samples]:
    """Ha ha ha: four to six notes a second that fall in pitch and force, with breath between and a gasp after.

    Rates, lengths and pitch (men 270, women 400 Hz on average) after Bachorowski, Smoski and Owren (2001).
    """
    while True:
        f0_hz = rng.uniform(200, 480)
        level_dbfs = rng.uniform(-30, -18)
        y: list[Samples] = []
        calls = int(rng.integers(3, 10))
        for number in range(calls):
            on, off = round(rng.uniform(0.07, 0.13) * RATE_HZ), round(rng.uniform(0.07, 0.12) * RATE_HZ)
            fall = 1 - 0.35 * number / calls
            track = f0_hz * fall * rng.normal(1, 0.04) * np.linspace(1.08, 0.92, on)
            call = voiced(track, OPEN_HZ) * np.hanning(on)
            call = call / max(float(np.abs(call).max()), 1e-9) + 0.08 * breath(on, OPEN_HZ, rng) * np.hanning(on)
            y += [fall * call, 0.05 * breath(off, OPEN_HZ, rng) * np.hanning(off)]
        gasp = round(rng.uniform(0.2, 0.5) * RATE_HZ)
        y.append(0.08 * breath(gasp, CLOSED_HZ, rng) * np.hanning(gasp))
        yield at_level(np.concatenate(y), level_dbfs)
        yield np.zeros(round(rng.uniform(0.5, 5) * RATE_HZ))


def coughs(rng: np.random.Generator) -> Iterator[Samples]:
    """One to four coughs: a burst, the rush of air, and in half of them a voiced end."""
    while True:
        level_dbfs = rng.uniform(-26, -12)
        f0_hz = rng.uniform(150, 380)
        for _ in range(int(rng.integers(1, 5))):
            yield at_level(_cough(f0_hz, rng), level_dbfs)
            yield np.zeros(round(rng.uniform(0.08, 0.4) * RATE_HZ))
        yield np.zeros(round(rng.uniform(1, 8) * RATE_HZ))


def _cough(f0_hz: float, rng: np.random.Generator) -> Samples:
    rush = round(rng.uniform(0.2, 0.35) * RATE_HZ)
    t = np.arange(rush) / RATE_HZ
    y = breath(rush, OPEN_HZ, rng) * (np.exp(-t / 0.02) + 0.5 * np.exp(-t / 0.12))
    if rng.uniform() < 0.5:
        tail = round(rng.uniform(0.08, 0.2) * RATE_HZ)
        end = voiced(f0_hz * np.linspace(1.1, 0.7, tail), OPEN_HZ) * np.hanning(tail)
        y[-tail:] += 0.5 * end[-len(y) :] / max(float(np.abs(end).max()), 1e-9)
    return y


def breathing(rng: np.random.Generator) -> Iterator[Samples]:
    """In and out, 12 to 25 times a minute, close to the microphone: hiss, and out the rumble of wind on it."""
    while True:
        period_s = 60 / rng.uniform(12, 25)
        into, out = round(0.4 * period_s * RATE_HZ), round(0.5 * period_s * RATE_HZ)
        level_dbfs = rng.uniform(-40, -16)
        yield 0.5 * amplitude(level_dbfs) * breath(into, CLOSED_HZ, rng) * np.hanning(into)
        rumble = _rumble(out, rng)
        yield amplitude(level_dbfs) * (breath(out, OPEN_HZ, rng) + 2 * rumble) * np.hanning(out)
        yield np.zeros(round(rng.uniform(0.05, 0.3) * period_s * RATE_HZ))


def _rumble(count: int, rng: np.random.Generator) -> Samples:
    """Noise under about 150 Hz, of RMS 1, gusting."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    f_hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    y = np.fft.irfft(spectrum / (1 + (f_hz / 80) ** 3), count)
    y *= 1 + 0.7 * np.sin(2 * np.pi * rng.uniform(3, 9) * np.arange(count) / RATE_HZ)
    return np.asarray(y / max(float(np.sqrt((y**2).mean())), 1e-9))


def barking(rng: np.random.Generator) -> Iterator[Samples]:
    """Rows of barks: 0.12 to 0.25 s, a pitch that jumps up and falls, rough and with breath in it."""
    while True:
        height_hz = rng.uniform(350, 900)
        level_dbfs = rng.uniform(-28, -12)
        for _ in range(int(rng.integers(1, 7))):
            count = round(rng.uniform(0.12, 0.25) * RATE_HZ)
            arch = 0.7 + 0.45 * np.sin(np.pi * np.linspace(0.1, 1, count))
            rough = 1 + 0.03 * np.sin(2 * np.pi * rng.uniform(40, 90) * np.arange(count) / RATE_HZ)
            bark = voiced(height_hz * rng.normal(1, 0.05) * arch * rough, _DOG_HZ)
            bark = bark / max(float(np.abs(bark).max()), 1e-9) + 0.15 * breath(count, _DOG_HZ, rng)
            yield at_level(bark * np.hanning(count) ** 0.5, level_dbfs)
            yield np.zeros(round(rng.uniform(0.1, 0.6) * RATE_HZ))
        yield np.zeros(round(rng.uniform(1, 8) * RATE_HZ))
