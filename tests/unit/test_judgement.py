"""The light: what wins, how long it stays, how often it may change; and when the voice cannot be judged."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.events import LightChanged
from monitor.judgement import LEARNING, Hearing, Judgement
from monitor.policy.model import Behaviour, Policy
from monitor.policy.thresholds import Alerts, Audibility
from monitor.types import Flag, FlagState, Light, Reason
from monitor.voice import STEADY, TICK_S, VoiceState

POLICY = Policy(
    name="mine",
    behaviours=(
        Behaviour(id="say.calm_down", phrases=("calm down",), cue="breathe", say_instead="I see why"),
        Behaviour(id="say.excuse", phrases=("he's new",), light="amber"),
        Behaviour(id="say.quietly", phrases=("hm",), light="none"),
        Behaviour(id="do.thank", phrases=("thank you",), light="none"),
    ),
)
RAISED = VoiceState(Light.AMBER, (Reason("voice.raised", "voice above your usual", 5.0, "dB", 0.0, 4.8),), "softer")
SHOUT = VoiceState(Light.RED, (Reason("voice.raised", "voice well above your usual", 9.0, "dB", 0.0, 8.0),), "softer")
FAST = VoiceState(Light.AMBER, (Reason("pace.fast", "faster than your usual", 6.0, "syl/s", 4.0, 5.6),), "slower")
NOISY, DEAD, CLIPPED = (Reason(name, name) for name in ("noisy", "no_signal", "clipping"))


def flag(state=FlagState.CONFIRMED, *, key=1, behaviour="say.calm_down", text="calm down"):
    return Flag(key, behaviour, 1.0, 1.5, 0, text, "calm down", state, 0.912, "I see why", 2.0)


class Desk:
    """A judgement at its ticks."""

    def __init__(self, policy=POLICY, **alerts):
        self.judgement = Judgement(policy.model_copy(update={"alerts": Alerts(**alerts)}))
        self.ticks = 0
        self.events = []
        self.light = None

    @property
    def now_s(self):
        return self.ticks * TICK_S

    def run(self, seconds, voice=STEADY, unheard=None):
        """Events of these seconds; the first tick is looked at always."""
        begun = len(self.events)
        for _ in range(max(1, round(seconds / TICK_S))):
            self.events += self.judgement.look(self.now_s, voice, unheard)
            self.ticks += 1
        if self.events:
            self.light = self.events[-1].light
        return self.events[begun:]

    def hear(self, *args, **kwargs):
        self.judgement.hear(flag(*args, **kwargs), self.now_s)


def test_the_first_tick_tells_a_light():
    (event,) = Desk().run(10)
    assert event == LightChanged(0.0, Light.GREEN, (), None)


@pytest.mark.parametrize(
    ("voice", "unheard", "light"),
    [
        (STEADY, None, Light.GREEN),
        (RAISED, None, Light.AMBER),
        (SHOUT, None, Light.RED),
        (STEADY, LEARNING, Light.GREY),
        (SHOUT, LEARNING, Light.RED),
        (STEADY, CLIPPED, Light.GREY),
        (RAISED, CLIPPED, Light.AMBER),
        (SHOUT, CLIPPED, Light.RED),
        (SHOUT, NOISY, Light.GREY),
        (RAISED, DEAD, Light.GREY),
    ],
)
def test_light_of_the_voice(voice, unheard, light):
    desk = Desk()
    desk.run(10, voice, unheard)
    assert desk.light is light
    if light is Light.GREY:
        assert desk.events[-1].reasons == (unheard,)
    elif light is not Light.GREEN:
        assert desk.events[-1].reasons == voice.reasons


def test_a_confirmed_phrase_is_red_and_says_what_was_heard():
    desk = Desk()
    desk.run(2)
    desk.hear()
    (event,) = desk.run(1)
    assert event.light is Light.RED
    assert event.cue == "breathe"
    assert event.reasons == (Reason("say.calm_down", "said “calm down”", 0.91, "confidence"),)


def test_a_reason_shows_the_words_that_were_heard_not_the_pattern():
    desk = Desk()
    desk.hear(text="calm yourself down")
    (event,) = desk.run(1)
    assert "“calm yourself down”" in event.reasons[0].text


def test_a_tentative_phrase_is_at_most_amber():
    desk = Desk()
    desk.run(2)
    desk.hear(FlagState.TENTATIVE)
    (event,) = desk.run(1)
    assert (event.light, event.reasons[0].text) == (Light.AMBER, "perhaps said “calm down”")


def test_a_hint_that_is_taken_back_at_once_never_lights():
    desk = Desk()
    desk.run(2)
    desk.hear(FlagState.TENTATIVE)
    assert desk.run(0.2) == []
    desk.hear(FlagState.WITHDRAWN)
    assert desk.run(10) == []


def test_a_hint_that_becomes_sure_lights_at_once():
    desk = Desk()
    desk.run(2)
    desk.hear(FlagState.TENTATIVE)
    desk.run(0.1)
    heard_s = desk.now_s
    desk.hear(FlagState.CONFIRMED)
    (event,) = desk.run(1)
    assert (event.at_s, event.light) == (pytest.approx(heard_s), Light.RED)


@pytest.mark.parametrize("state", [FlagState.QUOTED, FlagState.WITHDRAWN])
def test_quoted_and_withdrawn_phrases_do_not_light(state):
    desk = Desk()
    desk.run(2)
    desk.hear(state)
    assert desk.run(10) == []


@pytest.mark.parametrize(
    ("behaviour", "light"),
    [("say.excuse", Light.AMBER), ("say.quietly", Light.GREEN), ("do.thank", Light.GREEN), ("say.gone", Light.GREEN)],
)
def test_a_behaviour_has_the_light_that_its_policy_says(behaviour, light):
    desk = Desk()
    desk.run(2)
    desk.hear(behaviour=behaviour)
    desk.run(1)
    assert desk.light is light


def test_a_phrase_holds_its_light_for_its_time():
    desk = Desk()
    desk.run(2)
    heard_s = desk.now_s
    desk.hear()
    on, off = desk.run(10)
    assert (on.at_s, on.light) == (pytest.approx(heard_s), Light.RED)
    assert (off.at_s, off.light) == (pytest.approx(heard_s + 6, abs=TICK_S), Light.GREEN)


def test_confirmation_is_news_and_a_better_spelling_is_not():
    desk = Desk()
    desk.hear(FlagState.TENTATIVE)
    desk.run(4)
    desk.hear(FlagState.CONFIRMED)
    desk.run(3)
    assert desk.light is Light.RED
    desk.hear(FlagState.CONFIRMED, text="calm it down")
    desk.run(2.9)
    assert desk.light is Light.RED
    desk.run(0.3)
    assert desk.light is Light.GREEN


@pytest.mark.parametrize("state", [FlagState.WITHDRAWN, FlagState.QUOTED])
def test_a_phrase_that_was_not_said_after_all_loses_its_light(state):
    desk = Desk()
    desk.run(2)
    desk.hear()
    desk.run(2)
    assert desk.light is Light.RED
    withdrawn_s = desk.now_s
    desk.hear(state)
    (event,) = desk.run(3)
    assert (event.at_s, event.light, event.reasons) == (pytest.approx(withdrawn_s), Light.GREEN, ())


def test_a_withdrawal_within_the_least_time_waits_for_it():
    desk = Desk()
    desk.run(2)
    changed_s = desk.now_s
    desk.hear()
    desk.run(0.3)
    desk.hear(FlagState.WITHDRAWN)
    (event,) = desk.run(5)
    assert (event.at_s, event.light) == (pytest.approx(changed_s + 1.5, abs=TICK_S), Light.GREEN)


def test_withdrawing_what_was_never_heard_changes_nothing():
    desk = Desk()
    desk.run(2)
    desk.hear(FlagState.WITHDRAWN, key=7)
    assert desk.run(2) == []


def test_red_beats_amber_and_amber_comes_back():
    desk = Desk()
    desk.run(3, RAISED)
    desk.hear()
    desk.run(4, RAISED)
    assert desk.light is Light.RED
    assert [reason.id for reason in desk.events[-1].reasons] == ["say.calm_down"]
    desk.run(4, RAISED)
    assert desk.light is Light.AMBER
    assert [reason.id for reason in desk.events[-1].reasons] == ["voice.raised"]


def test_equals_stand_together():
    desk = Desk()
    desk.hear()
    desk.run(2, SHOUT)
    assert [reason.id for reason in desk.events[-1].reasons] == ["say.calm_down", "voice.raised"]


def test_a_phrase_shows_although_the_voice_cannot_be_judged():
    for unheard in (LEARNING, NOISY, DEAD):
        desk = Desk()
        desk.run(3, STEADY, unheard)
        desk.hear()
        desk.run(1, STEADY, unheard)
        assert desk.light is Light.RED
        desk.run(8, STEADY, unheard)
        assert desk.light is Light.GREY


def test_a_light_changes_at_most_once_in_its_time():
    desk = Desk()
    desk.run(0.1)
    desk.run(0.1, RAISED)
    assert [event.light for event in desk.events] == [Light.GREEN]
    (event,) = desk.run(3, RAISED)
    assert event.at_s == pytest.approx(1.5, abs=TICK_S)


def test_a_change_that_is_over_before_its_time_is_never_shown():
    desk = Desk()
    desk.run(1.0)
    desk.run(0.2, SHOUT)
    assert desk.run(5) == []


def test_reasons_may_change_at_once_while_the_light_stays():
    desk = Desk()
    desk.run(3, RAISED)
    (event,) = desk.run(0.1, FAST)
    assert event.light is Light.AMBER
    assert event.reasons == FAST.reasons


def test_the_same_reason_with_another_value_is_no_event():
    desk = Desk()
    desk.run(3, RAISED)
    louder = VoiceState(Light.AMBER, (Reason("voice.raised", "voice above your usual", 6.0, "dB", 0.0, 4.8),), "softer")
    assert desk.run(3, louder) == []


def test_cue_words_are_a_budget():
    desk = Desk()
    for _ in range(10):
        desk.run(3, STEADY)
        desk.run(3, RAISED)
    cued_s = [event.at_s for event in desk.events if event.cue]
    assert len(cued_s) == 3
    assert all(b - a >= 20 for a, b in pairwise(cued_s))
    assert {event.light for event in desk.events if event.cue} == {Light.AMBER}


def test_the_budgets_are_the_policy_s():
    desk = Desk(change_s=0.0, cue_s=0.0, phrase_s=1.0)
    desk.run(0.05)
    (event,) = desk.run(0.05, RAISED)
    assert event.cue == "softer"
    desk.run(0.05)
    (event,) = desk.run(0.05, FAST)
    assert event.cue == "slower"
    desk.run(0.05)
    desk.hear()
    assert [event.light for event in desk.run(2)] == [Light.RED, Light.GREEN]


def test_a_behaviour_without_a_cue_shows_none():
    desk = Desk()
    desk.hear(behaviour="say.excuse")
    (event,) = desk.run(1)
    assert event.cue is None


STORIES = st.lists(
    st.tuples(
        st.sampled_from([0.05, 0.1, 0.4, 1.0, 2.0, 7.0]),
        st.sampled_from([STEADY, RAISED, SHOUT, FAST]),
        st.sampled_from([None, LEARNING, NOISY, DEAD, CLIPPED]),
        st.none() | st.tuples(st.sampled_from(list(FlagState)), st.integers(1, 3)),
    ),
    max_size=40,
)


def told(story):
    desk = Desk()
    for seconds, voice, unheard, heard in story:
        if heard:
            desk.hear(heard[0], key=heard[1])
        desk.run(seconds, voice, unheard)
    return desk


@settings(max_examples=200)
@given(STORIES)
def test_lights_never_flap_and_cues_never_nag(story):
    events = told(story).events
    changes = [event.at_s for i, event in enumerate(events) if i == 0 or event.light is not events[i - 1].light]
    assert all(b - a >= 1.5 - 1e-9 for a, b in pairwise(changes))
    cues = [event.at_s for event in events if event.cue]
    assert all(b - a >= 20 - 1e-9 for a, b in pairwise(cues))
    for event, later in pairwise(events):
        assert (event.light, {r.id for r in event.reasons}) != (later.light, {r.id for r in later.reasons})
    for event in events:
        assert (event.light is Light.GREEN) == (not event.reasons)


@settings(max_examples=200)
@given(STORIES)
def test_everything_clears_by_itself(story):
    desk = told(story)
    desk.run(10)
    assert desk.light is Light.GREEN


class Room:
    """A hearing at its ticks."""

    def __init__(self, **limits):
        self.hearing = Hearing(Audibility(**limits))
        self.ticks = 0

    def hear(self, seconds, level_dbfs=-30.0, snr_db=30.0, speaking=True, clipped=0.0):
        """Reason after these seconds and, with it, the time of the first reason in them."""
        first_s = reason = None
        for _ in range(round(seconds / TICK_S)):
            self.ticks += 1
            reason = self.hearing.look(self.ticks * TICK_S, level_dbfs, snr_db, speaking, clipped)
            if reason is not None and first_s is None:
                first_s = self.ticks * TICK_S
        return reason, first_s


def test_speech_in_a_quiet_room_can_be_judged():
    assert Room().hear(60) == (None, None)


def test_a_dead_microphone_is_told_after_five_seconds():
    room = Room()
    room.hear(10)
    reason, first_s = room.hear(20, level_dbfs=-120, snr_db=0, speaking=False)
    assert first_s == pytest.approx(15, abs=TICK_S)
    assert (reason.id, reason.value, reason.unit, reason.limit) == ("no_signal", -120.0, "dBFS", -80.0)
    assert room.hear(0.05) == (None, None)


def test_silence_from_the_first_sample_is_told_too():
    assert Room().hear(20, level_dbfs=-120, snr_db=0, speaking=False)[1] == pytest.approx(5, abs=TICK_S)


def test_a_pause_in_a_quiet_room_is_not_dead():
    assert Room().hear(60, level_dbfs=-78, snr_db=0, speaking=False) == (None, None)


def test_clipping_of_much_speech_is_told():
    reason, first_s = Room().hear(20, clipped=0.5)
    assert reason.id == "clipping"
    assert 1 < first_s < 4
    assert reason.value == pytest.approx(50, abs=1)
    assert (reason.unit, reason.limit) == ("%", pytest.approx(20))
    assert Room().hear(60, clipped=0.15) == (None, None)


def test_clipping_of_what_is_no_speech_does_not_matter():
    assert Room().hear(60, clipped=1.0, speaking=False) == (None, None)


def test_clipping_passes():
    room = Room()
    room.hear(20, clipped=0.5)
    assert room.hear(10)[0] is None


def test_speech_that_drowns_in_noise_is_told():
    room = Room()
    room.hear(10)
    reason, _ = room.hear(20, snr_db=5)
    assert (reason.id, reason.unit, reason.limit) == ("noisy", "dB over noise", 8.0)
    assert reason.value == pytest.approx(5, abs=0.5)
    assert room.hear(20)[0] is None


def test_noise_from_the_start_is_told_at_once():
    assert Room().hear(1, snr_db=5)[1] == pytest.approx(TICK_S)


def test_limits_are_the_policy_s():
    assert Room(dead_s=1, dead_dbfs=-40).hear(3, level_dbfs=-50, speaking=False)[1] == pytest.approx(1, abs=TICK_S)
    assert Room(snr_db=3).hear(10, snr_db=5) == (None, None)
