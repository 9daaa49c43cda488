"""Two channels through the engine, with voices whose truth is known: who speaks, whose voice it is, at every gain."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.baseline import BaselineLearner
from monitor.events import ConversationMeasured, FramesMeasured, Interrupted, TurnEnded
from monitor.pipeline import CallPipeline
from monitor.policy.load import load_policy
from monitor.types import RATE_HZ
from tests.signals import noise
from tests.voices import Manner, speak

AGENT = Manner(3.0, f0_hz=190)
CUSTOMER = Manner(3.0, f0_hz=115)


@functools.cache
def voice(side, seconds, seed=0):
    manner = replace(CUSTOMER if side else AGENT, duration_s=seconds)
    return speak([manner], noise_dbfs=-120.0, seed=seed).y


def call(*lines, duration_s, leak_db=None, leak_s=0.0, gain_db=0.0):
    """Lines are (side, start_s, seconds); ``leak_db`` lets each side into the other's channel, later by ``leak_s``."""
    own = np.zeros((2, round(duration_s * RATE_HZ)), np.float32)
    for number, (side, start_s, seconds) in enumerate(lines):
        y, at = voice(side, seconds, number), round(start_s * RATE_HZ)
        own[side, at : at + len(y)] += y
    heard = own.copy()
    if leak_db is not None:
        late = np.pad(own[::-1], ((0, 0), (round(leak_s * RATE_HZ), 0)))[:, : own.shape[1]]
        heard += late * np.float32(10 ** (-leak_db / 20))
    heard[1] *= np.float32(10 ** (gain_db / 20))
    rooms = [noise(duration_s, level, seed=seed) for seed, level in enumerate((-70.0, -70.0 + gain_db))]
    return heard + np.stack(rooms)


def judged(y, cuts=()):
    keepers = [BaselineLearner() for _ in range(2)]
    pipeline = CallPipeline(load_policy(), keepers[0], None, customer_keeper=keepers[1])
    events = []
    for piece in np.split(y, sorted(set(cuts)), axis=1):
        events += pipeline.push(piece[0], piece[1])
    return [*events, *pipeline.finish()]


def conversation(events):
    (event,) = (e for e in events if isinstance(e, ConversationMeasured))
    return event.conversation


def told(events):
    return [event for event in events if not isinstance(event, FramesMeasured)]


TALK = ((0, 0.5, 4), (1, 5, 6), (0, 9, 4), (1, 14, 4), (0, 16.2, 1.0))


@functools.cache
def talk():
    return call(*TALK, duration_s=20)


@functools.cache
def talk_at_once():
    return told(judged(talk()))


@settings(max_examples=8)
@given(st.lists(st.integers(1, 20 * RATE_HZ - 1), max_size=10))
def test_events_do_not_depend_on_blocks(cuts):
    assert told(judged(talk(), cuts)) == talk_at_once()


def test_events_are_told_when_they_are_known_not_when_a_block_ends():
    (cut,) = (event for event in talk_at_once() if isinstance(event, Interrupted))
    assert (cut.interruption.by, round(cut.interruption.at_s)) == ("agent", 9)
    assert 0 < cut.at_s - cut.interruption.at_s < 3.0


def test_both_sides_have_their_turns_and_sums():
    both = conversation(talk_at_once())
    assert both.talk_over_s == pytest.approx(1.75, rel=0.15)
    assert 0.4 < both.talk_share < 0.6
    speakers = [event.turn.speaker for event in talk_at_once() if isinstance(event, TurnEnded)]
    assert sorted(speakers) == ["agent", "agent", "agent", "customer", "customer"]


@pytest.mark.parametrize("gain_db", [-24.0, 18.0])
def test_one_side_may_be_much_louder_than_the_other(gain_db):
    usual, other = conversation(talk_at_once()), conversation(judged(call(*TALK, duration_s=20, gain_db=gain_db)))
    assert [cut.by for cut in other.interruptions] == [cut.by for cut in usual.interruptions]
    assert other.talk_share == pytest.approx(usual.talk_share, abs=0.05)
    assert other.talk_over_s == pytest.approx(usual.talk_over_s, abs=0.3)


def test_the_telephone_s_band_is_enough():
    spectrum = np.fft.rfft(talk())
    hz = np.fft.rfftfreq(talk().shape[1], 1 / RATE_HZ)
    narrow = np.fft.irfft(spectrum * ((hz > 300) & (hz < 3400)), talk().shape[1]).astype(np.float32)
    usual, other = conversation(talk_at_once()), conversation(judged(narrow))
    assert [cut.by for cut in other.interruptions] == [cut.by for cut in usual.interruptions]
    assert other.talk_over_s == pytest.approx(usual.talk_over_s, abs=0.3)


TURNS = ((0, 0.5, 4), (1, 5, 4), (0, 9.2, 4), (1, 13.4, 4))


@pytest.mark.parametrize("leak_s", [0.0, 0.12, 0.3])
@pytest.mark.parametrize("leak_db", [10, 20, 30])
def test_a_leak_is_nobody_s_talk(leak_db, leak_s):
    both = conversation(judged(call(*TURNS, duration_s=18, leak_db=leak_db, leak_s=leak_s)))
    clean = conversation(judged(call(*TURNS, duration_s=18)))
    assert both.interruptions == ()
    assert both.talk_over_s < 0.4
    assert both.talk_share == pytest.approx(clean.talk_share, abs=0.06)


def test_who_is_heard_on_both_channels_is_one_person():
    y = talk()[0] + talk()[1]
    both = conversation(judged(np.stack([y, y])))
    assert both.interruptions == ()
    assert both.talk_over_s < 0.2
    assert both.talk_share == 1.0


def test_a_call_without_the_customer_has_no_share_of_talk_to_tell():
    both = conversation(judged(call((0, 0.5, 4), duration_s=6)))
    assert both.talk_share == 1.0  # the result makes it unknown
    assert both.reply_delay_s is None


@pytest.mark.parametrize("samples", [0, 1, 160, 8000])
def test_short_and_silent_calls_are_calls(samples):
    both = conversation(judged(np.zeros((2, samples), np.float32)))
    assert (both.talk_share, both.interruptions, both.dead_air_s) == (None, (), 0.0)
