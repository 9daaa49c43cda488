"""F0 and voicing: known tones, glides and buzzes, what has no pitch, onsets, and another implementation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.features.pitch import HISTORY, LOOKAHEAD, PitchParameters, PitchTracker
from monitor.features.spectra import FFT_SIZE
from monitor.types import HOP, RATE_HZ
from tests import signals, voices

EDGE = 8  # frames at either end whose window or path looks beyond the sound


def f0_of(y):
    return voices.hear(y).f0_hz


def errors(f0_hz, truth_hz):
    """Relative errors, infinite where unvoiced."""
    return np.where(np.isnan(f0_hz), np.inf, np.abs(f0_hz / truth_hz - 1))


def in_a_room(y):
    """F0 of a sound that begins after half a second of a quiet room, from which the noise floor is known."""
    return f0_of(np.concatenate([signals.noise(0.5, -70), y + signals.noise(len(y) / RATE_HZ, -70, seed=1)]))[50:]


@pytest.mark.parametrize("f0_hz", [65, 70, 85, 100, 137.3, 200, 261.6, 333, 400, 480])
def test_harmonic_sounds_within_one_percent(f0_hz):
    assert errors(in_a_room(signals.buzz(f0_hz, 1.0)), f0_hz)[EDGE:-EDGE].max() < 0.01


@pytest.mark.parametrize("f0_hz", [70, 85, 100, 137.3, 160, 200, 261.6, 333, 400, 480])
def test_sines_within_one_percent_or_a_semitone_where_no_harmonic_helps(f0_hz):
    """The taper of the window is taken out for many harmonics; a lone sine of two or three periods reads high."""
    most = 0.01 if f0_hz > 165 else 2 ** (1 / 12) - 1
    assert errors(in_a_room(signals.tone(f0_hz, 1.0)), f0_hz)[EDGE:-EDGE].max() < most


@pytest.mark.parametrize(("from_hz", "to_hz"), [(70, 480), (480, 70), (100, 200), (300, 150)])
def test_harmonic_glides_are_followed(from_hz, to_hz):
    truth_hz = from_hz * (to_hz / from_hz) ** ((np.arange(300) + 0.5) / 300)
    assert errors(in_a_room(signals.buzz(from_hz, 3.0, to_hz=to_hz)), truth_hz)[EDGE:-EDGE].max() < 0.01


@pytest.mark.parametrize(("from_hz", "to_hz"), [(170, 480), (480, 170)])
def test_sine_glides_are_followed(from_hz, to_hz):
    truth_hz = from_hz * (to_hz / from_hz) ** ((np.arange(300) + 0.5) / 300)
    assert errors(in_a_room(signals.glide(from_hz, to_hz, 3.0)), truth_hz)[EDGE:-EDGE].max() < 0.01


@pytest.mark.parametrize("f0_hz", [90, 120, 220, 350])
@pytest.mark.parametrize("pink", [False, True])
def test_a_buzz_in_noise_has_few_gross_errors(f0_hz, pink):
    y = np.concatenate([signals.silence(1), signals.buzz(f0_hz, 4.0, -20)])
    wrong = errors(f0_of(y + signals.noise(5, -30, pink=pink)), f0_hz)[100 + EDGE : -EDGE]
    heard = np.isfinite(wrong)
    assert heard.mean() > 0.95
    assert (wrong[heard] > 0.2).mean() < 0.02


@pytest.mark.parametrize(
    "y",
    [
        signals.noise(5, -20),
        signals.noise(5, -20, pink=True),
        signals.noise(5, -60),
        signals.silence(5),
        np.full(5 * RATE_HZ, 0.3, np.float32),
    ],
    ids=["white", "pink", "faint", "silence", "dc"],
)
def test_what_has_no_pitch_is_unvoiced(y):
    assert np.isfinite(f0_of(y)).mean() < 0.02


@pytest.mark.parametrize("onset_s", [1.0, 1.0037, 1.234])
def test_voicing_begins_and_ends_within_20_ms(onset_s):
    y = signals.noise(3, -65)
    start = round(onset_s * RATE_HZ)
    sound = signals.buzz(150, 1.0)
    y[start : start + len(sound)] += sound
    voiced = np.flatnonzero(np.isfinite(f0_of(y)))
    assert voiced[0] / 100 == pytest.approx(onset_s, abs=0.02)
    assert (voiced[-1] + 1) / 100 == pytest.approx(onset_s + 1.0, abs=0.02)
    assert len(voiced) == voiced[-1] - voiced[0] + 1


@pytest.mark.parametrize("missing", [1, 2])
def test_a_missing_fundamental_is_heard(missing):
    """The telephone leaves out what lies under 300 Hz."""
    t = signals.times_s(1)
    y = sum(np.sin(2 * np.pi * 150 * n * t) / n for n in range(missing + 1, 20))
    assert errors(in_a_room(signals.at_level(y, -20)), 150)[EDGE:-EDGE].max() < 0.01


@pytest.mark.parametrize("gain_db", [-25, 12])
def test_gain_changes_no_f0(gain_db):
    y = voices.speak([voices.Manner(4, level_dbfs=-30)], noise_dbfs=-62).y
    one, other = f0_of(y), f0_of(y * np.float32(10 ** (gain_db / 20)))
    assert (np.isfinite(one) == np.isfinite(other)).mean() > 0.98
    both = np.isfinite(one) & np.isfinite(other)
    np.testing.assert_allclose(one[both], other[both], rtol=0.01)


@pytest.mark.parametrize("f0_hz", [110, 210])
def test_a_voice_is_followed_through_its_syllables(f0_hz):
    spoken = voices.speak([voices.Manner(10, f0_hz=f0_hz, swing_st=3)])
    found = f0_of(spoken.y)
    truth = spoken.f0_hz
    assert (np.isfinite(found) == np.isfinite(truth)).mean() > 0.93
    both = np.isfinite(found) & np.isfinite(truth)
    semitones = 12 * np.abs(np.log2(found[both] / truth[both]))
    assert np.median(semitones) < 0.1
    assert (semitones < 1).mean() > 0.98


@pytest.mark.parametrize(("f0_hz", "noise_dbfs"), [(110, -70), (110, -45), (220, -70)])
def test_praat_agrees_within_a_semitone(f0_hz, noise_dbfs):
    parselmouth = pytest.importorskip("parselmouth")
    y = voices.speak([voices.Manner(10, f0_hz=f0_hz, swing_st=2.5)], noise_dbfs=noise_dbfs).y
    pitch = parselmouth.Sound(y.astype(float), RATE_HZ).to_pitch_ac(0.01, 60, pitch_ceiling=500)
    ours = f0_of(y)
    frames = np.rint(np.asarray(pitch.xs()) * 100 - 0.5).astype(int)
    theirs, ours = pitch.selected_array["frequency"], ours[frames]
    both = (theirs > 0) & np.isfinite(ours)
    assert both.sum() > 300
    assert (np.abs(12 * np.log2(ours[both] / theirs[both])) < 1).mean() > 0.95


def tracked(autocorrelation, snr_db, peak_db, cuts):
    tracker = PitchTracker()
    pieces = [np.split(part, cuts) for part in (autocorrelation, snr_db, peak_db)]
    found = [tracker.push(*piece) for piece in zip(*pieces, strict=True)]
    lengths = [len(f0) for f0, _ in found]
    found.append(tracker.finish())
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True)), lengths


def frames_of_something(count=60, seed=5):
    random = np.random.default_rng(seed)
    lags = np.cos(2 * np.pi * np.arange(FFT_SIZE // 4 + 1) * random.uniform(0.01, 0.05, (count, 1)))
    lags = (lags + random.normal(0, 0.3, lags.shape)).astype(np.float32)
    return lags, random.uniform(0, 30, count).astype(np.float32), random.uniform(0, 40, count).astype(np.float32)


def test_push_answers_the_look_ahead_late():
    _, lengths = tracked(*frames_of_something(), cuts=[10, 15, 16])
    assert lengths == [10 - LOOKAHEAD, 5, 1, 44]


@given(st.lists(st.integers(1, 59), max_size=8, unique=True))
def test_cuts_change_no_bit(cuts):
    whole, _ = tracked(*frames_of_something(), cuts=[])
    cut, _ = tracked(*frames_of_something(), cuts=sorted(cuts))
    for one, other in zip(whole, cut, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("changed", [0, 20, 40])
def test_a_value_depends_on_history_and_look_ahead_and_on_nothing_else(changed):
    lags, snr_db, peak_db = frames_of_something()
    (before, _), _ = tracked(lags, snr_db, peak_db, cuts=[])
    other = lags.copy()
    other[changed] = np.cos(2 * np.pi * np.arange(lags.shape[1]) * 0.03)
    (after, _), _ = tracked(other, snr_db, peak_db, cuts=[])
    differs = np.flatnonzero(~((before == after) | (np.isnan(before) & np.isnan(after))))
    assert set(differs) <= set(range(changed - LOOKAHEAD, changed + HISTORY + 1))


def test_range_can_be_chosen():
    tracker = PitchTracker(PitchParameters(floor_hz=150, ceiling_hz=300))
    lags = np.cos(2 * np.pi * np.arange(FFT_SIZE // 4 + 1) / (8000 / 200))[None].astype(np.float32).repeat(20, axis=0)
    f0_hz, strength = tracker.push(lags, np.full(20, 30, np.float32), np.zeros(20, np.float32))
    np.testing.assert_allclose(f0_hz[HISTORY:], 200, rtol=0.01)
    assert ((strength >= 0) & (strength <= 1)).all()


def test_frames_are_hops():
    assert len(f0_of(signals.tone(100, 1.0))) == RATE_HZ // HOP
