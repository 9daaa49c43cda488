"""Measures as compact columns: what comes back is what was given, as closely as is said, and small."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import BugError, EnvironmentProblem
from monitor.store import columns as packed
from tests.stored import joined, parts, windows

EXACT = ("fresh", "firm", "speech_s", "speaking", "clipped")
CLOSE = ("upper", "swing_st", "pace_syl_s", "level_dbfs", "snr_db")


@pytest.fixture(scope="module")
def hour():
    frames = parts(20, seed=5)
    return frames, windows(frames)


def packed_ticks(ticks):
    firm = speech = 0
    found = []
    for each in ticks:
        found.append(packed.pack_ticks(packed.tick_columns(each, firm, speech)))
        firm, speech = packed.counted(each)
    return found


def test_ticks_come_back(hour):
    _, ticks = hour
    back, given_ = packed.unpack_ticks(packed_ticks(ticks)), joined(ticks)
    for name in EXACT:
        np.testing.assert_array_equal(getattr(back, name), getattr(given_, name), err_msg=name)
        assert getattr(back, name).dtype == getattr(given_, name).dtype, name
    for name in CLOSE:
        one, other = getattr(back, name), getattr(given_, name)
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other), err_msg=name)
        assert np.nanmax(np.abs(one - other)) <= 0.5 / 256 + 1e-6, name


def test_frames_come_back(hour):
    frames, _ = hour
    back = packed.unpack_frames([packed.pack_frames(packed.frame_columns(each)) for each in frames])
    f0 = np.concatenate([each.f0_hz for each in frames])
    assert len(back) == len(f0)
    np.testing.assert_array_equal(np.isnan(back.f0_hz), np.isnan(f0))
    assert np.nanmax(np.abs(back.f0_hz - f0)) <= 0.05
    assert np.max(np.abs(back.level_dbfs - np.concatenate([each.level_dbfs for each in frames]))) <= 0.01
    np.testing.assert_array_equal(back.speech, np.concatenate([each.speech > 0.5 for each in frames]))
    np.testing.assert_array_equal(back.nucleus, np.concatenate([each.nucleus for each in frames]))


def test_an_hour_is_small(hour):
    frames, ticks = hour
    bytes_ = sum(map(len, packed_ticks(ticks)))
    bytes_ += sum(len(packed.pack_frames(packed.frame_columns(each))) for each in frames)
    assert 3 * bytes_ < 4e6, "4 MB per hour and channel"


@given(st.lists(st.tuples(*[st.integers(0, 5), st.integers(0, 1)], *[st.integers(0, 2_000_000_000)] * 3), max_size=30))
def test_talk_comes_back(rows):
    half = len(rows) // 2
    assert packed.unpack_talk([packed.pack_talk(rows[:half]), packed.pack_talk(rows[half:])]) == rows


@given(st.lists(st.one_of(st.floats(-120, 120, width=32), st.just(float("nan"))), min_size=1, max_size=50))
def test_any_measure_comes_back(values):
    given_ = np.array(values, np.float32)
    back = packed._measure(packed._whole(given_))
    np.testing.assert_array_equal(np.isnan(back), np.isnan(given_))
    assert np.nanmax(np.abs(back - given_), initial=0.0) <= 0.5 / 256


def test_what_is_out_of_range_stays_a_number():
    back = packed._measure(packed._whole(np.array([-np.inf, np.inf, -500, 500], np.float32)))
    np.testing.assert_allclose(back, [-128, 128, -128, 128], atol=0.01)


def test_nothing_is_no_problem():
    assert len(packed.unpack_ticks([])) == 0
    assert packed.unpack_talk([]) == []


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda part: part[:-3], "damaged"),
        (lambda part: part[:2], "damaged"),
        (lambda part: bytes([9]) + part[1:], "newer Evenkeel"),
    ],
)
def test_damage_is_told(hour, spoil, told):
    _, ticks = hour
    part = packed_ticks(ticks[:1])[0]
    with pytest.raises(EnvironmentProblem, match=told):
        packed.unpack_ticks([spoil(part)])


def test_columns_of_different_lengths_are_our_mistake(hour):
    columns = packed.tick_columns(hour[1][0], 0, 0)
    columns["snr"] = columns["snr"][:-1]
    with pytest.raises(BugError):
        packed.pack_ticks(columns)
