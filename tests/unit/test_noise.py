"""The noise floor: what the quietest moments of the last seconds were."""

import numpy as np
import pytest

from monitor.features.noise import LOWEST, MEMORY_S, NoiseFloor
from monitor.types import TICK
from tests import signals, voices

_TICKS = round(MEMORY_S * 20)


def steady(power, ticks, bands=1):
    return np.full((ticks * TICK, bands), power, np.float32)


def test_floor_is_the_quietest_tick_of_the_past():
    floor = NoiseFloor(1)
    floor.push(steady(1e-4, 3))
    quiet_then_loud = np.concatenate([steady(1e-6, 1), steady(1e-2, 4)])
    np.testing.assert_allclose(floor.push(quiet_then_loud)[:, 0], [1e-4] * TICK + [1e-6] * 4 * TICK, rtol=1e-6)


def test_a_tick_does_not_lower_its_own_floor():
    floor = NoiseFloor(1)
    floor.push(steady(1e-4, 5))
    np.testing.assert_allclose(floor.push(steady(1e-7, 1)), 1e-4, rtol=1e-6)


def test_first_tick_is_its_own_floor():
    frames = np.array([4, 3, 2, 5, 6], np.float32)[:, None] * 1e-4
    np.testing.assert_allclose(NoiseFloor(1).push(frames), 2e-4, rtol=1e-6)


def test_a_quiet_moment_is_forgotten_after_the_memory():
    floor = NoiseFloor(1)
    floor.push(steady(1e-6, 1))
    later = floor.push(steady(1e-3, _TICKS + 5))[::TICK, 0]
    np.testing.assert_allclose(later[:_TICKS], 1e-6, rtol=1e-6)
    np.testing.assert_allclose(later[_TICKS:], 1e-3, rtol=1e-6)


def test_a_line_gated_to_digital_silence_is_a_quiet_line():
    """Else the quietest bit of speech between two gaps would pass for the room."""
    floor = NoiseFloor(1)
    floor.push(steady(0, 20))
    np.testing.assert_allclose(floor.push(steady(1e-2, 20)), LOWEST, rtol=1e-6)


def test_digital_silence_has_a_floor_above_zero():
    assert (NoiseFloor(2).push(steady(0, 3, bands=2)) > 0).all()


def test_bands_do_not_disturb_each_other():
    power = np.concatenate([steady(1e-4, 4), steady(1e-2, 4)], axis=1)
    both = NoiseFloor(2).push(power)
    np.testing.assert_array_equal(both[:, :1], NoiseFloor(1).push(power[:, :1]))
    np.testing.assert_array_equal(both[:, 1:], NoiseFloor(1).push(power[:, 1:]))


def test_pushes_of_any_number_of_ticks_are_equal():
    power = (np.random.default_rng(1).random((200 * TICK, 3)) ** 4).astype(np.float32)
    whole = NoiseFloor(3).push(power)
    floor = NoiseFloor(3)
    pieces = [floor.push(piece) for piece in np.split(power, [TICK, 4 * TICK, 100 * TICK, 101 * TICK])]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("level_dbfs", [-70, -50, -35])
def test_floor_of_noise_lies_a_little_under_its_level(level_dbfs):
    measured = voices.hear(signals.noise(6, level_dbfs)).noise_dbfs[100:]
    assert (measured < level_dbfs).all()
    assert (measured > level_dbfs - 2).all()


def test_floor_follows_a_change_of_the_room_and_ignores_speech():
    """It falls at once, rises after the memory, and speech with pauses does not lift it."""
    y = np.concatenate([signals.noise(6, -40), signals.noise(6, -60), signals.noise(8, -45, seed=2)])
    noise = voices.hear(y).noise_dbfs
    assert noise[590] == pytest.approx(-40.7, abs=1.5)
    assert noise[650] == pytest.approx(-60.7, abs=1.5)
    assert noise[1250] == pytest.approx(-60.7, abs=1.5)
    assert noise[1900] == pytest.approx(-45.7, abs=1.5)
    spoken = voices.hear(voices.speak([voices.Manner(12, level_dbfs=-25)], noise_dbfs=-60).y)
    assert np.abs(spoken.noise_dbfs[500:] + 60.7).max() < 2
