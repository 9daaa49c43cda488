"""Judging the voice, tick by tick: hand-made windows against a known usual voice."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.types import Baseline, Light
from monitor.voice import STEADY, TICK_S
from tests.talks import CALM, MINE, RAISED, SHOUT, USUAL, Talk, first_s, ids, lights


def test_a_usual_voice_is_green_and_has_no_reasons():
    assert set(Talk().say(60)) == {STEADY}


def test_a_new_voice_is_learnt_and_then_judged():
    talk = Talk(profile=None)
    assert lights(talk.say(19.9)) == {Light.GREEN}
    assert talk.judge.learning
    talk.say(0.2)
    assert not talk.judge.learning
    assert talk.keeper.centre == pytest.approx(USUAL)
    assert first_s(talk.say(5, RAISED), Light.AMBER) < 3


def test_amber_while_learning_is_kept_to_oneself_but_a_shout_is_told():
    quiet = Talk(profile=None)
    quiet.say(3)
    assert lights(quiet.say(3, RAISED)) == {Light.GREEN}
    assert quiet.judge.learning
    loud = Talk(profile=None)
    loud.say(15)
    states = loud.say(3, upper=(-5, 30, 12))
    assert loud.judge.learning
    assert states[-1].light is Light.RED
    assert states[-1].cue == "softer"


def test_raised_then_shouted_then_calm():
    talk = Talk()
    talk.say(10)
    assert talk.say(5, RAISED)[-1].light is Light.AMBER
    assert talk.say(5, SHOUT)[-1].light is Light.RED
    states = talk.say(10, CALM)
    assert states[0].light is Light.RED
    assert states[-1] == STEADY


def test_reasons_name_every_measure_over_its_limit_the_leading_one_first():
    state = Talk().say(5, (1.5, 1.7, 1.3))[-1]
    assert [(r.id, r.value, r.unit, r.usual, r.limit) for r in state.reasons] == [
        ("voice.raised", 3.8, "st", 0.0, 2.6),
        ("voice.raised", 6.0, "dB", 0.0, 4.6),
        ("voice.raised", pytest.approx(3.2, abs=0.1), "dB", 0.0, 2.9),
    ]
    assert [r.text for r in state.reasons] == [
        "pitch above your usual",
        "voice above your usual",
        "vocal effort above your usual",
    ]
    red = Talk().say(5, (3.9, 2.5, 1.0))[-1]
    assert [(r.value, r.limit) for r in red.reasons] == [(15.6, 7.2), (5.6, 4.1)]
    assert red.reasons[0].text == "voice well above your usual"


def test_reasons_tell_what_lit_even_while_the_light_only_holds():
    talk = Talk()
    talk.say(3, SHOUT)
    for state in talk.say(3, CALM) + talk.pause(1):
        for reason in state.reasons[:1]:
            assert reason.value >= reason.limit


def test_the_less_was_heard_the_more_is_asked_for():
    """The median of a few samples may be off by half a spread."""
    late = Talk(profile=None)
    late.say(150)
    early = Talk(profile=None)
    early.say(21)
    delays = [first_s(talk.say(10, RAISED), Light.AMBER) for talk in (late, early)]
    assert delays[0] + 0.5 < delays[1] < 3
    assert early.states[-1].reasons[0].limit > late.states[-1].reasons[0].limit


def test_own_spreads_count_where_they_are_wider():
    wide = Baseline(*(USUAL[0], 8.0, USUAL[1], 4.0, USUAL[2], 5.0), 2.5, 4.0, 100.0)
    assert lights(Talk(profile=wide).say(10, RAISED)) == {Light.GREEN}
    assert Light.AMBER in lights(Talk(profile=wide).say(10, tuple(2 * d for d in RAISED)))


@pytest.mark.parametrize("gain_db", [-30, -12, 12, 30])
def test_gain_alone_never_lights(gain_db):
    talk = Talk()
    talk.say(10)
    assert lights(talk.say(120, (gain_db / 4, 0, 0))) == {Light.GREEN}


@pytest.mark.parametrize("alone", [(0, 4, 0), (0, -1, 4), (4, -1, 0), (9, 0.7, 0.7)])
def test_one_measure_alone_never_lights(alone):
    """Only two that agree do."""
    assert lights(Talk().say(60, alone)) == {Light.GREEN}


@pytest.mark.parametrize("two", [(2.6, 2.6, 0), (0, 2.6, 2.6), (2.6, 0, 2.6)])
def test_two_measures_that_agree_light(two):
    assert Light.AMBER in lights(Talk().say(10, two))


@pytest.mark.parametrize("level", [-1.2, 0.0])
def test_hidden_level_does_not_hide_effort(level):
    """Gain control may even turn a shout down."""
    assert Light.AMBER in lights(Talk().say(5, (level, 2, 2)))
    assert Light.RED in lights(Talk().say(5, (level, 3.5, 3.5)))


def test_a_voice_far_under_the_usual_level_is_another_one():
    assert lights(Talk().say(20, (-1.3, 3.5, 3.5))) == {Light.GREEN}


def test_the_louder_the_sooner():
    delays = [first_s(Talk().say(30, (d, d, d)), Light.AMBER) for d in (1.25, 1.4, 1.8, 2.5, 4.0)]
    assert all(later < sooner for sooner, later in pairwise(delays))
    assert delays[0] > 2
    assert delays[-1] <= 0.1
    assert first_s(Talk().say(30, (1.14, 1.14, 1.14)), Light.AMBER) == math.inf


def test_red_asks_for_more_than_amber():
    states = Talk().say(10, SHOUT)
    assert first_s(states, Light.AMBER) < first_s(states, Light.RED) < 1
    assert Light.RED not in lights(Talk().say(60, (1.7, 1.7, 1.7)))


def test_a_short_burst_is_no_raised_voice():
    talk = Talk()
    for _ in range(20):
        talk.say(0.1, RAISED)
        talk.say(1.0, CALM)
    assert lights(talk.states) == {Light.GREEN}


def test_evidence_does_not_outlive_a_pause():
    talk = Talk()
    for _ in range(10):
        talk.say(0.3, RAISED)
        talk.pause(3)
    assert lights(talk.states) == {Light.GREEN}


def test_stale_windows_add_no_evidence():
    """Between two words the window stays the same; looking at it again is no news."""
    talk = Talk()
    talk.say(0.2, RAISED)
    assert lights(talk.say(30, RAISED, fresh=False)) == {Light.GREEN}


def test_a_light_holds_and_then_goes_out():
    talk = Talk()
    talk.say(3, RAISED)
    states = talk.say(10, CALM)
    assert first_s(states, Light.GREEN) == pytest.approx(3.2, abs=0.3)  # what had added up goes first
    assert states[-1] == STEADY


def test_a_light_goes_out_in_silence_too():
    talk = Talk()
    talk.say(3, SHOUT)
    states = talk.pause(10)
    assert first_s(states, Light.GREEN) == pytest.approx(3.0, abs=0.3)


def test_what_lit_needs_less_to_stay():
    held = 0.8 * 1.2  # under the limit, over its release
    talk = Talk()
    talk.say(3, RAISED)
    assert lights(talk.say(20, (held,) * 3)) == {Light.AMBER}
    assert lights(Talk().say(20, (held,) * 3)) == {Light.GREEN}
    talk.say(20, (0.5 * 1.2,) * 3)
    assert talk.states[-1].light is Light.GREEN


def test_a_voice_that_is_raised_is_not_learnt():
    talk = Talk(profile=None)
    talk.say(30)
    before = talk.keeper.centre
    talk.say(120, RAISED)
    assert talk.keeper.centre == before
    assert talk.states[-1].light is Light.AMBER


def test_a_slow_climb_is_told():
    """Learning follows a while, but never so far that a voice two spreads up is called usual."""
    talk = Talk(profile=None)
    talk.say(40)
    for step in range(300):
        talk.say(1, (2.0 * step / 300,) * 3)
    assert ids(talk.states) >= {"voice.rising", "voice.raised"}
    assert talk.states[-1].light is Light.AMBER
    assert talk.keeper.centre[1] < USUAL[1] + 0.6 * 2


def rise(talk, deviation=0.9):
    talk.say(60)
    return talk.say(120, (deviation,) * 3)


def test_rising_is_the_last_minute_against_the_start():
    talk = Talk(profile=None)
    states = rise(talk)
    assert ids(states) == {"voice.rising"}
    assert 15 < first_s(states, Light.AMBER) < 60
    state = states[round(first_s(states, Light.AMBER) / TICK_S)]
    assert state.cue == "breathe"
    reason = state.reasons[0]
    assert (reason.unit, reason.usual) in {("dB", 0.0), ("st", 0.0)}
    assert reason.value > reason.limit > 0
    assert reason.text == "voice has been climbing since the start"


@pytest.mark.parametrize("deviation", [0.0, 0.5, -1.0])
def test_a_voice_that_hardly_climbs_is_not_rising(deviation):
    assert ids(rise(Talk(profile=None), deviation)) == set()


def test_rising_is_measured_from_the_profile():
    talk = Talk(profile=MINE)
    states = talk.say(120, (0.9,) * 3)
    assert ids(states) == {"voice.rising"}


def test_rising_clears_when_the_voice_comes_down():
    talk = Talk(profile=None)
    rise(talk)
    assert talk.say(60)[-1] == STEADY


def test_raised_comes_before_rising():
    talk = Talk(profile=None)
    rise(talk)
    states = talk.say(5, (2.0,) * 3)
    assert {reason.id for reason in states[-1].reasons} == {"voice.raised"}


def test_a_microphone_moved_close_is_learnt():
    """Calm speech through 12 dB more gain becomes usual, so that a lively word does not light later."""
    talk = Talk(profile=None)
    random = np.random.default_rng(1)

    def chat(seconds, gain):
        for _ in range(round(seconds / 0.5)):
            talk.say(0.5, tuple(g + d for g, d in zip((gain, 0, 0), random.normal(0, 0.4, 3), strict=True)))

    chat(60, 0)
    chat(300, 3)
    assert lights(talk.states) == {Light.GREEN}
    assert talk.keeper.centre[0] > USUAL[0] + 10


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.05, 0.3, 1, 5]), st.tuples(*[st.floats(-5, 6)] * 3), st.booleans()), max_size=20
    )
)
def test_whatever_is_heard_the_state_makes_sense(story):
    talk = Talk()
    for seconds, deviation, silent in story:
        if silent:
            talk.pause(seconds)
        else:
            talk.say(seconds, deviation, swing_st=abs(deviation[0]), pace_syl_s=abs(deviation[1]))
    for state in talk.states:
        assert (state.light is Light.GREEN) == (not state.reasons) == (state.cue is None)
        for reason in state.reasons:
            assert all(math.isfinite(v) for v in (reason.value, reason.usual, reason.limit))
