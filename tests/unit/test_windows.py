"""Rolling windows: hand-made measures in, percentiles, spreads and rates that can be counted by hand out."""

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.features.pace import EDGES
from monitor.likeness import REFERENCE_HZ
from monitor.types import TICK
from monitor.windows import LEAST_FRAMES, MAX_AGE_S, UPPER, VOICE_FRAMES, RollingWindows, VoiceTicks, rows
from tests.voices import measures, part

NAN = np.float32(np.nan)


def test_upper_is_the_percentile_of_the_last_vowels():
    rise = np.arange(300, dtype=np.float32)
    ticks = RollingWindows().push(measures(300, level_dbfs=rise - 100, f0_hz=100 + rise, effort_db=0.6 * rise))
    newest = np.sort(rise)[-VOICE_FRAMES:][int(UPPER * VOICE_FRAMES)]
    np.testing.assert_allclose(
        ticks.upper[-1], [newest - 100, 12 * np.log2((100 + newest) / REFERENCE_HZ), 0.6 * newest], rtol=1e-6
    )


def test_too_little_voice_says_nothing():
    ticks = RollingWindows().push(measures(100))
    known = np.isfinite(ticks.upper).all(axis=1)
    assert known.tolist() == [(i + 1) * TICK >= LEAST_FRAMES for i in range(20)]


@pytest.mark.parametrize("off", [{"f0_hz": NAN}, {"effort_db": NAN}, {"speech": 0.5}])
def test_only_firm_frames_count(off):
    windows = RollingWindows()
    ticks = windows.push(measures(100, **off))
    assert not ticks.fresh.any()
    assert np.isnan(ticks.upper).all()
    assert ticks.firm.tolist() == [0] * 20
    ticks = windows.push(measures(100, 100, level_dbfs=-20))
    assert ticks.firm[1:].tolist() == list(range(2 * TICK, 101, TICK))  # a vowel waits until it has lasted
    assert ticks.upper[-1, 0] == -20


def test_what_was_said_before_a_pause_is_dropped():
    windows = RollingWindows()
    windows.push(measures(100, level_dbfs=-10))
    pause_frames = round(MAX_AGE_S * 100)
    pause = windows.push(measures(pause_frames, 100, speech=0.0))
    assert pause.upper[0, 0] == -10
    assert np.isnan(pause.upper[-1]).all()
    after = windows.push(measures(50, 100 + pause_frames, level_dbfs=-30))
    assert np.isnan(after.upper[6, 0])
    assert after.upper[7, 0] == -30


def test_a_window_grows_to_its_length():
    level = np.concatenate([np.full(40, -10.0), np.full(100, -30.0)])
    upper = RollingWindows().push(measures(140, level_dbfs=level)).upper[:, 0]
    assert upper[7] == -10
    assert upper[14] == -10  # 25 of 60 frames loud
    assert upper[-1] == -30


@pytest.mark.parametrize("swing_st", [0.5, 3.0])
def test_swing_is_a_standard_deviation_in_semitones(swing_st):
    random = np.random.default_rng(0)
    syllables = np.repeat(random.standard_normal(800), 5)
    f0_hz = 120 * 2 ** (swing_st * syllables / 12)
    swing = RollingWindows().push(measures(4000, f0_hz=f0_hz, effort_db=np.arange(4000) % 2)).swing_st
    known = swing[np.isfinite(swing)]
    assert len(known) > 10
    assert known.mean() == pytest.approx(swing_st, rel=0.1)


def test_slow_measures_are_looked_at_a_few_times_a_second():
    ticks = RollingWindows().push(measures(1000))
    looks = np.flatnonzero(np.isfinite(ticks.swing_st))
    assert set(np.diff(looks)) == {5}
    assert np.flatnonzero(np.isfinite(ticks.pace_syl_s)).tolist()[-1] == looks[-1]


def test_swing_needs_two_seconds_of_voice_and_forgets():
    windows = RollingWindows()
    assert np.isnan(windows.push(measures(195)).swing_st).all()
    assert np.isfinite(windows.push(measures(30, 195)).swing_st).any()
    later = windows.push(measures(1200, 225, speech=0.0)).swing_st
    assert np.isnan(later[-40:]).all()


@pytest.mark.parametrize("rate", [2, 4, 5])
def test_pace_is_nuclei_per_second_of_speech(rate):
    """Half of the time is pause, which counts for neither."""
    at = np.arange(1600)
    speaking = at % 200 < 100
    nucleus = speaking & (at % 100 % (100 // rate) == 0)
    pace = RollingWindows().push(measures(1600, speech=speaking.astype(np.float32), nucleus=nucleus)).pace_syl_s
    assert pace[np.isfinite(pace)][-1] == pytest.approx(rate / (1 + EDGES / 100))  # each stretch has its edges


def test_pace_needs_four_seconds_of_speech():
    windows = RollingWindows()
    nucleus = np.arange(425) % 20 == 0
    assert np.isnan(windows.push(measures(395, nucleus=nucleus[:395])).pace_syl_s).all()
    assert np.isfinite(windows.push(measures(30, 395, nucleus=nucleus[395:])).pace_syl_s).any()


def test_clicks_that_pass_for_syllables_have_no_pace():
    at = np.arange(1600)
    clicks = {"f0_hz": np.where(at % 14 < 3, 120, NAN), "nucleus": at % 14 == 0}
    assert np.isnan(RollingWindows().push(measures(1600, **clicks)).pace_syl_s).all()


def test_the_rest_of_a_tick():
    level = np.full(20, -40.0)
    level[7] = -20
    clipped = np.arange(20) == 12
    speech = np.where(np.arange(20) >= 15, 1.0, 0.0)
    ticks = RollingWindows().push(measures(20, level_dbfs=level, clipped=clipped, speech=speech))
    assert ticks.first == 0
    assert len(ticks) == 4
    np.testing.assert_allclose(ticks.level_dbfs, [-40, -20, -40, -40])
    np.testing.assert_allclose(ticks.snr_db, [20, 40, 20, 20])
    np.testing.assert_allclose(ticks.clipped, [0, 0, 0.2, 0], rtol=1e-6)
    assert ticks.speaking.tolist() == [False, False, False, True]
    np.testing.assert_allclose(ticks.speech_s, [0, 0, 0, 0.05], rtol=1e-6)


def test_rows_are_plain_lists():
    columns = rows(RollingWindows().push(measures(50)))
    assert "first" not in columns
    assert all(isinstance(column, list) and len(column) == 10 for column in columns.values())
    assert isinstance(columns["upper"][-1], list)
    assert isinstance(columns["firm"][-1], int)


def a_call(frames=3000):
    """Speech in stretches, with pauses long and short, that changes all the time."""
    random = np.random.default_rng(7)
    at = np.arange(frames)
    speech = (np.sin(at / 70) + np.sin(at / 311) > -0.3).astype(np.float32)
    f0_hz = np.where(random.random(frames) < 0.6, 110 + 60 * random.random(frames), np.nan)
    return measures(
        frames,
        level_dbfs=-30 + 8 * random.standard_normal(frames),
        f0_hz=f0_hz,
        effort_db=np.where(random.random(frames) < 0.9, random.standard_normal(frames), np.nan),
        speech=speech,
        nucleus=random.random(frames) < 0.04,
        clipped=random.random(frames) < 0.1,
    )


@settings(max_examples=30)
@given(st.lists(st.integers(1, 599), max_size=10, unique=True))
def test_cuts_change_no_bit(cuts):
    call = a_call()
    whole = RollingWindows().push(call)
    windows = RollingWindows()
    edges = [0, *(TICK * cut for cut in sorted(cuts)), len(call)]
    pieces = [windows.push(part(call, a, b)) for a, b in pairwise(edges)]
    for field in fields(VoiceTicks):
        if field.name != "first":
            cut = np.concatenate([getattr(piece, field.name) for piece in pieces])
            np.testing.assert_array_equal(cut, getattr(whole, field.name), err_msg=field.name)
    assert [piece.first for piece in pieces] == [edge // TICK for edge in edges[:-1]]


@settings(max_examples=20)
@given(st.integers(1, 599))
def test_nothing_depends_on_what_comes_later(tick):
    call = a_call()
    whole, begun = RollingWindows().push(call), RollingWindows().push(part(call, 0, tick * TICK))
    for field in fields(VoiceTicks):
        if field.name != "first":
            np.testing.assert_array_equal(getattr(begun, field.name), getattr(whole, field.name)[:tick])
