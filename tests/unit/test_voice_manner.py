"""Judging swing and pace, tick by tick: agitated, flat, fast and slow."""

import pytest

from monitor.types import Baseline, Light
from monitor.voice import STEADY
from tests.talks import CALM, RAISED, SHOUT, Talk, first_s, ids, lights

SWING = {"swing_st": 8.6}


def test_agitated_lights_when_it_lasts():
    talk = Talk()
    talk.say(10, swing_st=2.5)
    states = talk.say(5, **SWING)
    assert first_s(states, Light.AMBER) == pytest.approx(4.2, abs=0.3)
    reason = states[-1].reasons[0]
    assert (reason.id, reason.value, reason.unit) == ("voice.agitated", 8.6, "st")
    assert reason.limit == pytest.approx(reason.usual + 4.5, abs=0.11)
    assert reason.usual == pytest.approx(2.5, abs=0.5)
    assert states[-1].cue == "breathe"
    assert talk.say(1, swing_st=2.5)[-1] == STEADY


def test_a_wider_swing_that_is_still_usual_is_no_agitation():
    assert lights(Talk().say(60, swing_st=2.5 + 4.0)) == {Light.GREEN}


def test_a_stretch_half_raised_is_not_called_agitated():
    talk = Talk()
    talk.say(3, RAISED)
    states = talk.say(9, CALM, **SWING)
    assert "voice.agitated" not in ids(states)


def test_agitation_is_not_learnt_as_usual():
    talk = Talk()
    talk.say(10, swing_st=2.5)
    talk.say(60, **SWING)
    assert talk.keeper.swing_st < 3
    assert talk.states[-1].light is Light.AMBER


def test_flat_is_off_and_can_be_turned_on():
    flat = {"seconds": 45, "swing_st": 1.2}
    assert lights(Talk().say(**flat)) == {Light.GREEN}
    talk = Talk(**{"voice.flat": {"on": True}})
    states = talk.say(**flat)
    assert first_s(states, Light.AMBER) == pytest.approx(30, abs=1)
    assert ids(states) == {"voice.flat"}
    assert states[-1].cue == "livelier"


def test_fast_is_told_against_the_usual_and_a_floor():
    talk = Talk()
    talk.say(10, pace_syl_s=4.0)
    states = talk.say(6, pace_syl_s=5.8)
    assert first_s(states, Light.AMBER) == pytest.approx(3.2, abs=0.3)
    reason = states[-1].reasons[0]
    assert (reason.id, reason.value, reason.unit, reason.usual) == ("pace.fast", 5.8, "syl/s", 4.0)
    assert reason.limit == pytest.approx(5.2, abs=0.1)
    assert states[-1].cue == "slower"
    assert talk.say(1, pace_syl_s=4.0)[-1] == STEADY


@pytest.mark.parametrize(("usual", "pace", "fast"), [
    (3.0, 4.6, False),  # over 1.3 times the usual, but nobody is fast below 4.7
    (3.0, 4.8, True),
    (6.0, 6.7, False),
    (6.0, 6.9, True),  # under 1.3 times the usual, but over the ceiling
])  # fmt: skip
def test_limits_of_fast(usual, pace, fast):
    profile = Baseline(*(-30.0, 3.0, 14.0, 1.5, -6.0, 2.0), 2.5, usual, 100.0)
    states = Talk(profile=profile).say(6, pace_syl_s=pace)
    assert ids(states) == ({"pace.fast"} if fast else set())


def test_slow_is_off_and_can_be_turned_on():
    slow = {"seconds": 15, "pace_syl_s": 2.0}
    assert lights(Talk().say(**slow)) == {Light.GREEN}
    states = Talk(**{"pace.slow": {"on": True}}).say(**slow)
    assert first_s(states, Light.AMBER) == pytest.approx(10, abs=1)
    assert ids(states) == {"pace.slow"}
    assert states[-1].cue == "livelier"


def test_several_reasons_stand_together_with_the_cue_of_the_first():
    state = Talk().say(8, RAISED, pace_syl_s=7.6)[-1]
    assert {reason.id for reason in state.reasons} == {"voice.raised", "pace.fast"}
    assert state.cue == "softer"
    state = Talk().say(8, pace_syl_s=7.6, **SWING)[-1]
    assert [reason.id for reason in state.reasons] == ["voice.agitated", "pace.fast"]
    assert state.cue == "breathe"


@pytest.mark.parametrize("name", ["voice.raised", "voice.agitated", "pace.fast", "voice.rising"])
def test_each_judge_can_be_turned_off(name):
    say = {
        "voice.raised": {"seconds": 10, "deviation": SHOUT},
        "voice.agitated": {"seconds": 10, **SWING},
        "pace.fast": {"seconds": 10, "pace_syl_s": 8.0},
        "voice.rising": {"seconds": 120, "deviation": (0.9,) * 3},
    }[name]
    assert name in ids(Talk().say(**say))
    assert name not in ids(Talk(**{name: {"on": False}}).say(**say))


def test_nothing_is_known_of_swing_and_pace_while_learning():
    talk = Talk(profile=None)
    assert lights(talk.say(15, pace_syl_s=9.0, swing_st=12.0)) == {Light.GREEN}


@pytest.mark.parametrize("how", [SWING, {"pace_syl_s": 8.0}, {**SWING, "pace_syl_s": 8.0}])
def test_agitation_and_haste_clear_when_the_agent_falls_silent(how):
    """Everything clears by itself: a silence measures neither swing nor pace."""
    talk = Talk()
    assert talk.say(8, **how)[-1].light is Light.AMBER
    assert talk.pause(10)[-1] == STEADY


@pytest.mark.parametrize("how", [SWING, {"pace_syl_s": 8.0}])
def test_a_short_pause_keeps_the_light(how):
    talk = Talk()
    talk.say(8, **how)
    assert lights(talk.pause(1)) == {Light.AMBER}
    assert lights(talk.say(2, **how)) == {Light.AMBER}
