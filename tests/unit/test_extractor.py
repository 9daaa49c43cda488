"""All measures of one channel: known answers, nothing from the future, equal to the last bit however it is cut."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.features.extractor import LATENCY_S, FeatureExtractor
from monitor.types import HOP, RATE_HZ, TICK
from tests import signals, voices

SECONDS = 4


@functools.cache
def everything():
    """A call in small: silence, a voice, noise, a shout that clips, clicks."""
    voice = voices.speak([voices.Manner(2), voices.Manner(1, f0_hz=230, level_dbfs=-6, effort_db=8)], seed=4).y
    y = np.concatenate([signals.silence(0.3), np.clip(1.6 * voice, -1, 1), signals.noise(0.7, -35, pink=True)])
    y[20_000::3000] = 1.0
    assert len(y) == SECONDS * RATE_HZ
    return np.asarray(y, np.float32)


@functools.cache
def heard():
    return voices.hear(everything())


cuts = st.lists(st.integers(0, SECONDS * RATE_HZ), max_size=12)


@settings(max_examples=40)
@given(cuts)
def test_cuts_change_no_bit(where):
    """Equal and repeated cuts are empty pushes."""
    voices.assert_equal(voices.hear(everything(), where), heard())


@pytest.mark.parametrize("block", [1, 7, 80, 160, 320, 800, 801, 1600, 48_000])
def test_blocks_of_any_size_change_no_bit(block):
    y = everything()[: 8000 if block < 10 else None]
    voices.assert_equal(voices.hear(y, range(block, len(y), block)), voices.hear(y))


@settings(max_examples=40)
@given(st.integers(0, SECONDS * RATE_HZ), st.sampled_from(["silence", "noise", "tone"]))
def test_nothing_depends_on_what_comes_later_than_the_latency(at, what):
    others = {"silence": signals.silence, "noise": signals.noise, "tone": lambda s: signals.tone(200, s, -6)}
    other = others[what](SECONDS)
    y = everything().copy()
    y[at:] = other[at:]
    ticks = max(0, int((at - LATENCY_S * RATE_HZ) // (TICK * HOP)))
    voices.assert_equal(voices.hear(y), heard(), ticks * TICK)


@settings(max_examples=40)
@given(st.integers(0, SECONDS * RATE_HZ))
def test_a_tick_is_told_as_soon_as_its_latency_has_passed(samples):
    told = sum(len(part) for part in FeatureExtractor().push(everything()[:samples]))
    assert told == max(0, round((samples - LATENCY_S * RATE_HZ) // (TICK * HOP))) * TICK


def test_latency_is_short():
    assert LATENCY_S <= 0.1


@pytest.mark.parametrize("samples", [0, 1, 160, 800, 801, 12_345])
def test_every_sample_has_its_frame(samples):
    extractor = FeatureExtractor()
    parts = [*extractor.push(everything()[:samples]), *extractor.finish()]
    assert sum(map(len, parts)) == -(-samples // (TICK * HOP)) * TICK


def test_ranges_and_kinds():
    features = heard()
    assert features.level_dbfs.dtype == features.f0_hz.dtype == features.effort_db.dtype == np.float32
    for name in ("level_dbfs", "loudness_ms", "voicing", "noise_dbfs", "speech"):
        assert np.isfinite(getattr(features, name)).all(), name
    for name in ("voicing", "speech"):
        assert ((getattr(features, name) >= 0) & (getattr(features, name) <= 1)).all(), name
    assert np.isnan(features.effort_db[~features.voiced]).all()
    f0_hz = features.f0_hz[features.voiced]
    assert ((f0_hz >= 59) & (f0_hz <= 505)).all()


@pytest.mark.parametrize(("y", "level_dbfs"), [
    (signals.tone(1000, 1, -3.0103), -3.01),
    (signals.noise(1, -30), -30),
    (signals.tone(500, 1, -20) + signals.tone(1500, 1, -26), -19.03),
])  # fmt: skip
def test_level(y, level_dbfs):
    assert 10 * np.log10(np.mean(10 ** (voices.hear(y).level_dbfs[5:-5] / 10))) == pytest.approx(level_dbfs, abs=0.15)


def speech(**manner):
    return voices.speak([voices.Manner(8, **manner)], noise_dbfs=-75, seed=2).y


def usual_effort(y):
    effort_db = voices.hear(y).effort_db
    assert np.isfinite(effort_db).sum() > 100
    return float(np.nanmedian(effort_db))


@pytest.mark.parametrize("raise_db", [-4, 3, 6, 9])
def test_effort_follows_a_known_tilt(raise_db):
    y = speech()
    spectrum = np.fft.rfft(y)
    spectrum[np.fft.rfftfreq(len(y), 1 / RATE_HZ) > 1000] *= 10 ** (raise_db / 20)
    tilted = np.fft.irfft(spectrum, len(y)).astype(np.float32)
    assert usual_effort(tilted) - usual_effort(y) == pytest.approx(raise_db, abs=0.7)


@pytest.mark.parametrize("gain_db", [-20, -6, 6])
def test_effort_is_unchanged_by_gain(gain_db):
    y = speech(level_dbfs=-26)
    assert usual_effort(y * np.float32(10 ** (gain_db / 20))) == pytest.approx(usual_effort(y), abs=0.2)


@pytest.mark.parametrize("pink", [False, True])
def test_effort_is_hardly_changed_by_noise(pink):
    y = speech(level_dbfs=-26)
    noisy = y + signals.noise(8, signals.level_of(y) - 15, pink=pink)
    assert usual_effort(noisy) == pytest.approx(usual_effort(y), abs=1.5)


def test_effort_survives_the_telephone():
    low, high = speech(), speech(effort_db=6)
    telephone = []
    for y in (low, high):
        spectrum = np.fft.rfft(y)
        hz = np.fft.rfftfreq(len(y), 1 / RATE_HZ)
        spectrum[(hz < 300) | (hz > 3400)] = 0
        telephone.append(np.fft.irfft(spectrum, len(y)).astype(np.float32) + signals.noise(8, -75))
    assert usual_effort(telephone[1]) - usual_effort(telephone[0]) == pytest.approx(
        usual_effort(high) - usual_effort(low), abs=0.5
    )


def test_clipping_is_marked_where_it_is():
    y = signals.tone(200, 1, -12)
    y[8000:8160] = np.clip(20 * y[8000:8160], -1, 1)
    assert np.flatnonzero(voices.hear(y).clipped).tolist() == [50]
    assert not voices.hear(signals.tone(200, 1, -3.2)).clipped.any()
    assert voices.hear(signals.tone(200, 1, -3.0103)).clipped.all()


def test_speech_is_told_from_pauses_and_noise():
    spoken = voices.speak([voices.Manner(6)], noise_dbfs=-65)
    speaking = voices.hear(spoken.y).speech > 0.5
    voiced = np.isfinite(spoken.f0_hz)
    assert speaking[voiced].mean() > 0.9
    y = np.concatenate([signals.noise(2, -65), spoken.y, signals.noise(3, -65)])
    speaking = voices.hear(y.astype(np.float32)).speech > 0.5
    assert not speaking[:190].any()
    assert not speaking[840:].any()


@pytest.mark.parametrize("y", [signals.silence(5), signals.noise(5, -30), signals.noise(5, -10, pink=True)])
def test_silence_and_noise_are_no_speech(y):
    assert (voices.hear(y).speech > 0.5).mean() < 0.01


@pytest.mark.parametrize("amplitude", [1.0, 30.0, 1e5])
def test_samples_over_full_scale_are_measured_and_not_feared(amplitude):
    features = voices.hear(np.float32(amplitude) * signals.tone(200, 1, 0))
    assert features.level_dbfs[50] == pytest.approx(20 * np.log10(amplitude), abs=0.1)
    assert features.clipped.all()
    assert np.isfinite(features.noise_dbfs).all()
