"""Loudness by BS.1770, against its reference values and another implementation."""

import math

import numpy as np
import pytest

from monitor.features import loudness
from monitor.features.loudness import MOMENTARY_S, k_weights, loudness_lufs
from monitor.types import HOP, RATE_HZ
from tests import signals, voices


def lufs(y, start_s, duration_s):
    frames = voices.hear(y).loudness_ms
    first = round(start_s * RATE_HZ / HOP)
    return loudness_lufs(float(frames[first : first + round(duration_s * RATE_HZ / HOP)].mean()))


@pytest.mark.parametrize("level_db", [0, -23, -50])
def test_reference_tone(level_db):
    """997 Hz at 0 dBFS reads -3.01 LUFS: the calibration of BS.1770."""
    assert lufs(signals.tone(997, 2, -3.0103 + level_db), 0.5, 1) == pytest.approx(-3.01 + level_db, abs=0.05)


def test_momentary_loudness_of_noise_agrees_with_another_meter():
    meter = pytest.importorskip("pyloudnorm").Meter(RATE_HZ, block_size=MOMENTARY_S)
    y = signals.noise(10, -25, pink=True)
    length = round(MOMENTARY_S * RATE_HZ)
    filtered = y.astype(np.float64)
    for stage in meter._filters.values():
        filtered = stage.passband_gain * stage.apply_filter(filtered)
    starts = range(RATE_HZ, len(y) - length, length)
    theirs = [loudness_lufs(float(np.mean(filtered[at : at + length] ** 2))) for at in starts]
    ours = momentary(y, starts)
    assert np.abs(np.subtract(ours, theirs)).mean() < 0.1
    assert np.abs(np.subtract(ours, theirs)).max() < 0.2


def momentary(y, starts):
    frames = voices.hear(y).loudness_ms
    count = round(MOMENTARY_S * RATE_HZ / HOP)
    return [loudness_lufs(float(frames[at // HOP : at // HOP + count].mean())) for at in starts]


def test_loudness_of_speech_agrees_with_another_meter():
    meter = pytest.importorskip("pyloudnorm").Meter(RATE_HZ)
    y = voices.speak([voices.Manner(8)], noise_dbfs=-60).y
    frames = voices.hear(y).loudness_ms
    count = round(MOMENTARY_S * RATE_HZ / HOP)
    blocks = np.array([frames[i : i + count].mean() for i in range(0, len(frames) - count, count // 4)])
    gated = blocks[blocks > 10 ** ((-70 + 0.691) / 10)]
    gated = gated[gated > gated.mean() / 10]
    assert loudness_lufs(float(gated.mean())) == pytest.approx(meter.integrated_loudness(y.astype(float)), abs=0.2)


def test_silence_has_no_loudness():
    assert loudness_lufs(0.0) == -math.inf
    assert loudness_lufs(1.0) == pytest.approx(-0.691)


def test_weights_are_those_of_the_standard():
    """At 48 kHz the standard gives coefficients: the low end falls, the shelf is 4 dB, 997 Hz gains 0.691 dB."""
    weights_db = 10 * np.log10(k_weights(48_000, 48_000) + 1e-30)
    assert weights_db[997] == pytest.approx(0.691, abs=0.01)
    assert weights_db[10_000] == pytest.approx(4.0, abs=0.1)
    assert weights_db[38] == pytest.approx(-6.0, abs=0.3)
    assert weights_db[0] < -100


@pytest.mark.parametrize("rate_hz", [16_000, 32_000, 96_000])
def test_weights_do_not_depend_on_the_rate(rate_hz):
    """One bin per Hz; the bilinear transform bends the shelf a little near half the rate."""
    standard, ours = (10 * np.log10(k_weights(rate, rate)[30:5000]) for rate in (48_000, rate_hz))
    assert np.abs(ours - standard).max() < 0.08


def test_windows_are_those_of_the_standard():
    assert (loudness.MOMENTARY_S, loudness.SHORT_TERM_S) == (0.4, 3.0)
