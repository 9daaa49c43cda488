"""Synthetic voices with known answers, and a way to hear them frame by frame.

A voice is a source and a filter: harmonics of a moving F0 whose amplitudes follow the formants of a row of vowels, one
per syllable, plus a shelf above 1 kHz that stands for vocal effort. The answers (F0, voicing, nuclei) are kept beside
the samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from monitor.features.extractor import FeatureExtractor
from monitor.types import HOP, RATE_HZ, Features, FloatArray
from tests import signals

# Formants of a, e, i, o, u in Hz, after Peterson and Barney (1952), men.
VOWELS_HZ = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (440, 1020, 2240))
_WIDTHS_HZ = (80.0, 100.0, 140.0)
_PHRASE_S = 2.4
_PAUSE_S = 0.5
_FPS = RATE_HZ // HOP


@dataclass(frozen=True)
class Manner:
    """How some seconds are spoken; ``climb_to`` turns steadily into another manner over them."""

    duration_s: float
    f0_hz: float = 120.0
    level_dbfs: float = -28.0
    effort_db: float = 0.0
    swing_st: float = 1.5
    syllables_s: float = 4.0
    climb_to: Manner | None = None


@dataclass(frozen=True)
class Spoken:
    """Samples and what is true of them; arrays have one value per frame, F0 is NaN between syllables."""

    y: FloatArray
    f0_hz: FloatArray
    nuclei_s: tuple[float, ...]


@dataclass(frozen=True)
class _Syllable:
    start_s: float
    duration_s: float
    f0_hz: float
    level_dbfs: float
    effort_db: float
    vowel: tuple[int, int, int]


def speak(manners: Sequence[Manner], *, noise_dbfs: float = -70.0, seed: int = 0) -> Spoken:
    """A voice that goes through these manners, in phrases with pauses, over a quiet room."""
    random = np.random.default_rng(seed)
    syllables = list(_plan(manners, random))
    duration_s = sum(manner.duration_s for manner in manners)
    y = signals.noise(duration_s, noise_dbfs, seed=seed + 1).astype(np.float64)
    f0_hz = np.full(round(duration_s * _FPS), np.nan, np.float32)
    previous_hz = syllables[0].f0_hz
    for syllable in syllables:
        sound, track = _vowel(syllable, previous_hz)
        at = round(syllable.start_s * RATE_HZ)
        end = min(at + len(sound), len(y))
        y[at:end] += sound[: end - at]
        frames = np.arange(-(-at // HOP), end // HOP)
        f0_hz[frames] = track[np.minimum(frames * HOP + HOP // 2 - at, len(track) - 1)]
        previous_hz = float(track[-1])
    middles = tuple(syllable.start_s + syllable.duration_s / 2 for syllable in syllables)
    return Spoken(y.astype(np.float32), f0_hz, middles)


def _plan(manners: Sequence[Manner], random: np.random.Generator) -> Iterable[_Syllable]:
    begin_s = 0.0
    for manner in manners:
        now_s = begin_s + _PAUSE_S / 2
        phrase_s = now_s
        while now_s < begin_s + manner.duration_s - _PAUSE_S / 2:
            m = _between(manner, (now_s - begin_s) / manner.duration_s)
            length_s = 1 / m.syllables_s
            swing = m.swing_st * float(np.clip(random.standard_normal(), -2, 2))
            yield _Syllable(
                now_s,
                0.75 * length_s,
                m.f0_hz * 2 ** (swing / 12),
                m.level_dbfs + float(random.uniform(-1.5, 1.5)),
                m.effort_db + float(random.uniform(-1, 1)),
                VOWELS_HZ[int(random.integers(len(VOWELS_HZ)))],
            )
            now_s += length_s
            if now_s - phrase_s > _PHRASE_S:
                now_s += _PAUSE_S
                phrase_s = now_s
        begin_s += manner.duration_s


def _between(manner: Manner, share: float) -> Manner:
    if manner.climb_to is None:
        return manner
    names = ("f0_hz", "level_dbfs", "effort_db", "swing_st", "syllables_s")
    pairs = {name: (getattr(manner, name), getattr(manner.climb_to, name)) for name in names}
    return replace(manner, **{name: a + share * (b - a) for name, (a, b) in pairs.items()})


def _vowel(syllable: _Syllable, from_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Samples of one syllable and its F0 at each; F0 moves from the last syllable's, and never rests."""
    t = signals.times_s(syllable.duration_s)
    share = np.minimum(1.0, 3 * t / syllable.duration_s)
    f0 = from_hz ** (1 - share) * syllable.f0_hz**share * 2 ** (0.9 * np.sin(2 * np.pi * 5 * t) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    middle_hz = float(np.median(f0))
    y = np.zeros_like(t)
    for number in range(1, int(4500 / middle_hz) + 1):
        y += _gain(number * middle_hz, syllable) * np.sin(number * phase)
    envelope = np.sin(np.pi * (np.arange(len(t)) + 0.5) / len(t)) ** 0.6
    return signals.at_level(y * envelope, syllable.level_dbfs).astype(np.float64), f0


def _gain(f_hz: float, syllable: _Syllable) -> float:
    """Amplitude of a harmonic: the formants, and the shelf of effort."""
    gain = 1.0
    for centre_hz, width_hz in zip(syllable.vowel, _WIDTHS_HZ, strict=True):
        gain *= centre_hz**2 / np.hypot(centre_hz**2 - f_hz**2, width_hz * f_hz)
    return float(gain * (10 ** (syllable.effort_db / 20) if f_hz > 1000 else 1.0))


def hear(y: FloatArray, cuts: Iterable[int] = ()) -> Features:
    """All measures of a signal, pushed in pieces that end at ``cuts`` (sample numbers), then finished."""
    extractor = FeatureExtractor()
    parts = [part for piece in np.split(y, sorted(cuts)) for part in extractor.push(piece)]
    return joined([*parts, *extractor.finish()])


def joined(parts: Sequence[Features]) -> Features:
    """Consecutive measures as one; they must follow each other without a gap."""
    at = parts[0].start_frame
    for part in parts:
        assert part.start_frame == at
        at += len(part)
    names = [field.name for field in fields(Features) if field.name != "start_frame"]
    return Features(parts[0].start_frame, **{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def assert_equal(one: Features, other: Features, frames: int | None = None) -> None:
    """Equal to the last bit, in the first ``frames`` frames."""
    for field in fields(Features):
        if field.name != "start_frame":
            a, b = (getattr(each, field.name)[:frames] for each in (one, other))
            np.testing.assert_array_equal(a, b, err_msg=field.name, strict=True)


def measures(frames: int, start: int = 0, **given: object) -> Features:
    """Hand-made measures: clear calm speech, of which each may be given as one value for all frames or as an array."""
    usual = {"level_dbfs": -30, "noise_dbfs": -60, "loudness_ms": 0, "f0_hz": 110, "effort_db": -6}
    usual |= {"voicing": 1, "speech": 1}
    flags = {"clipped": False, "nucleus": False}
    unknown = given.keys() - usual.keys() - flags.keys()
    assert not unknown, unknown
    kinds = {**dict.fromkeys(usual, np.float32), **dict.fromkeys(flags, np.bool_)}
    # a voice never holds its pitch as a machine does
    usual["f0_hz"] = 110 * 2 ** (np.sin((start + np.arange(frames)) / 4) / 12)
    values = {**usual, **flags, **given}
    arrays = {name: np.broadcast_to(np.asarray(values[name], kind), frames).copy() for name, kind in kinds.items()}
    arrays["level_dbfs"][(start + np.arange(frames)) % 50 == 5] -= 30  # syllables have dips between them
    return Features(start, **arrays)


def part(features: Features, start: int, end: int) -> Features:
    """Some of the frames."""
    names = [field.name for field in fields(Features) if field.name != "start_frame"]
    return Features(features.start_frame + start, **{name: getattr(features, name)[start:end] for name in names})
