"""Which channel is the agent's: signs one by one, what they add up to, and what is told."""

import numpy as np
import pytest

from monitor.conversation.sides import SideListener, doubt, told
from monitor.types import RATE_HZ
from tests.signals import noise
from tests.voices import Manner, speak


def call(*lines, duration_s=20, rooms=(-65.0, -65.0)):
    """Lines are (channel, start_s, seconds)."""
    y = np.stack([noise(duration_s, level, seed=seed) for seed, level in enumerate(rooms)])
    for number, (channel, start_s, seconds) in enumerate(lines):
        voice = speak([Manner(seconds, f0_hz=120 + 60 * channel)], noise_dbfs=-120.0, seed=number).y
        at = round(start_s * RATE_HZ)
        y[channel, at : at + len(voice)] += voice
    return y


def narrow(y):
    spectrum = np.fft.rfft(y)
    hz = np.fft.rfftfreq(len(y), 1 / RATE_HZ)
    return np.fft.irfft(spectrum * ((hz > 300) & (hz < 3400)), len(y)).astype(np.float32)


def guess(y, block=8000):
    listener = SideListener()
    for start in range(0, y.shape[1], block):
        listener.push(y[:, start : start + block])
    return listener.guess()


ONE_FIRST = ((1, 1, 4), (0, 6, 4), (1, 11, 4), (0, 16, 3.5))


def test_who_speaks_first_takes_the_call():
    found = guess(call(*ONE_FIRST))
    assert found.channel == 1
    assert "it speaks first" in found.why
    assert 0.5 < found.confidence < 0.9


def test_channels_may_be_the_other_way_round():
    found, turned = guess(call(*ONE_FIRST)), guess(call(*ONE_FIRST)[::-1])
    assert (found.channel, turned.channel) == (1, 0)
    assert found.confidence == turned.confidence


def test_the_wider_band_counts_for_more():
    y = call(*ONE_FIRST)
    y[1] = narrow(y[1])
    # A vowel has little above 3.5 kHz: what is said there is breath and hiss, given here by noise of the voice's level.
    y[0] += np.float32(0.05) * np.abs(y[0]) * np.random.default_rng(1).standard_normal(y.shape[1]).astype(np.float32)
    found = guess(y)
    assert found.channel == 0
    assert found.why.startswith("its sound has the wider band")


def test_signs_add_up():
    y = call(*ONE_FIRST, rooms=(-50.0, -65.0))
    assert guess(y).confidence > guess(call(*ONE_FIRST)).confidence
    assert "quieter line" in guess(y).why


def test_the_guess_does_not_depend_on_blocks():
    y = call(*ONE_FIRST)
    assert guess(y, 777) == guess(y, y.shape[1])


@pytest.mark.parametrize(
    "y",
    [np.zeros((2, 0), np.float32), np.zeros((2, 50_000), np.float32), call((0, 1, 5))],
    ids=["empty", "still", "one"],
)
def test_where_one_side_was_not_heard_nothing_is_guessed(y):
    assert guess(y) is None
    assert "nothing tells the two sides apart" in told(guess(y))


def test_only_the_first_minutes_are_heard():
    listener = SideListener()
    listener.push(np.zeros((2, 61 * RATE_HZ), np.float32))
    assert listener.enough
    listener.push(np.ones((2, 100), np.float32))
    assert listener.guess() is None


def test_what_is_told():
    found = guess(call(*ONE_FIRST))
    assert told(found).startswith("channel 1 taken as the agent's (confidence 0.")
    assert doubt(found, 1) is None
    assert doubt(found, 0) is None  # not sure enough to speak up
    assert doubt(None, 0) is None
    sure = type(found)(1, 0.95, "it speaks first")
    assert "channel 1 looks more like it (confidence 0.95)" in doubt(sure, 0)
