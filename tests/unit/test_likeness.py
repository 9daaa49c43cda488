"""What sounds like nobody who speaks is left out of the windows: hand-made measures in, known windows out."""

import numpy as np
import pytest

from monitor.likeness import LASTING, LEAST_RUN
from monitor.types import TICK
from monitor.windows import RollingWindows
from tests.voices import measures

NAN = np.float32(np.nan)


def wave_st(frames, st, period=25):
    """F0 that swings by so much around 110 Hz."""
    return 110 * 2 ** (st * np.sin(2 * np.pi * np.arange(frames) / period) / 12)


def broken(f0_hz, voiced, silent):
    """F0 in stretches of so many voiced and silent frames."""
    return np.where(np.arange(len(f0_hz)) % (voiced + silent) < voiced, f0_hz, NAN)


def judged(**given):
    """Share of the ticks of the second half of 10 s that have a window."""
    upper = RollingWindows().push(measures(1000, **given)).upper[100:, 0]
    return np.isfinite(upper).mean()


@pytest.mark.parametrize("effort_db", [-6.0, -6 + np.arange(1000) % 2])
def test_a_voice_is_judged(effort_db):
    assert judged(f0_hz=broken(wave_st(1000, 2), 25, 8), effort_db=effort_db) == 1


def test_a_voice_that_holds_its_pitch_changes_its_vowels():
    assert judged(f0_hz=wave_st(1000, 0.1), effort_db=-6 + np.arange(1000) % 2) == 1


def test_a_tone_that_keeps_pitch_and_timbre_is_no_voice():
    assert judged(f0_hz=wave_st(1000, 0.1)) == 0


def test_what_is_over_at_once_is_no_voice():
    assert judged(f0_hz=broken(wave_st(1000, 2), LASTING - 1, 8)) == 0
    ticks = RollingWindows().push(measures(1000, f0_hz=broken(wave_st(1000, 2), LEAST_RUN - 1, 8)))
    assert ticks.firm[-1] == 0


def test_pitch_that_jumps_every_other_frame_is_no_voice():
    jumps = 110 * 2 ** ((np.arange(1000) // 2 % 2) / 12)
    assert judged(f0_hz=jumps) == 0


def test_a_sound_without_pauses_is_no_voice():
    levels = np.full(1000, -30.0)
    levels[np.arange(1000) % 50 == 5] = -10.0  # where the hand-made measures dip by 30 dB
    assert judged(level_dbfs=levels) == 0


def test_a_vowel_counts_from_its_first_frame_once_it_has_lasted():
    f0_hz = np.concatenate([np.full(3, NAN), wave_st(LEAST_RUN, 2), np.full(11, NAN)])
    firm = RollingWindows().push(measures(20, f0_hz=f0_hz)).firm
    assert firm.tolist() == [0, LEAST_RUN, LEAST_RUN, LEAST_RUN]
    assert 3 + LEAST_RUN <= 2 * TICK


def test_nothing_of_another_sound_is_left_in_the_window_of_speech():
    tone = {"f0_hz": np.full(300, 400.0), "level_dbfs": -10}
    windows = RollingWindows()
    windows.push(measures(300))
    assert np.isnan(windows.push(measures(300, 300, **tone)).upper[8:, 0]).all()
    after = windows.push(measures(300, 600)).upper[:, 0]
    assert np.isfinite(after[-1])
    assert after[np.isfinite(after)].max() == -30
