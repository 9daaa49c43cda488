"""Who speaks: sex as the corpus tells it, and the range of the voice as its calm speech tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from benchmarks.data import Samples

# Between the means of men's and women's speaking F0, about 115 and 205 Hz.
BETWEEN_HZ = 160.0
WOMEN, MEN, HIGH, LOW = "women", "men", "high voices", "low voices"
_SEX = re.compile(r"_([fm])(?:_|$)")
_ACTOR = re.compile(r"^ravdess_(\d+)")


def sex_of(speaker: str) -> str | None:
    """Women or men, where the name of the speaker says so; RAVDESS gives women the even numbers."""
    if found := _SEX.search(speaker):
        return WOMEN if found[1] == "f" else MEN
    if found := _ACTOR.match(speaker):
        return MEN if int(found[1]) % 2 else WOMEN
    return None


def range_of(f0_hz: float | None) -> str | None:
    """High or low voice by its median F0."""
    return None if f0_hz is None else HIGH if f0_hz >= BETWEEN_HZ else LOW


def median_f0_hz(clips: Sequence[Samples]) -> float | None:
    """Median F0 of speech at ``RATE_HZ``, None where nothing is voiced."""
    from monitor.features.extractor import FeatureExtractor

    extractor = FeatureExtractor()
    y = np.concatenate(clips).astype(np.float32)
    found = [features.f0_hz for features in (*extractor.push(y), *extractor.finish())]
    voiced = np.concatenate([f0_hz[~np.isnan(f0_hz)] for f0_hz in found])
    return float(np.median(voiced)) if len(voiced) else None
