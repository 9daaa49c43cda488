"""What is shown for what was told. No window here."""

from dataclasses import replace

import pytest

from monitor.events import FlagChanged, FramesMeasured, ItemChecked, LightChanged, Warned
from monitor.live.events import (
    AGENT,
    CUSTOMER,
    CallBegan,
    CallEnded,
    CaptureChanged,
    CaptureState,
    CustomerNamed,
    SessionChanged,
    SessionState,
    WordsChanged,
    WordsState,
)
from monitor.types import ChecklistItem, Flag, FlagState, Light, Reason
from ui.view import Badge, Dot, Replacement, Row, View
from ui.view_model import (
    BETWEEN_CALLS,
    DEVICE_WORDS,
    ENDED,
    KEEPS_AUDIO,
    KEEPS_BOTH,
    KEEPS_BOTH_SHARED,
    KEEPS_CALL,
    PAUSED,
    QUIET,
    SHARES_CALL,
    ViewModel,
)

RAISED = Reason("voice.raised", "voice well above your usual level", 8.1, "dB", 0.0, 6.0)
SAID = Reason("say.calm_down", "said “calm down”", 0.93, "confidence")
ITEMS = ("do.apologise", "do.follow_up")


def device(state, channel=AGENT):
    return CaptureChanged(0.0, channel, state, "mic", f"The microphone is {state}.")


def began(call="1", customer=None, keeps_audio=False):
    return CallBegan(0.0, call, customer, automatic=False, keeps_audio=keeps_audio)


def session(state, quiet_until_s=None):
    return SessionChanged(0.0, state, quiet_until_s)


def flag(key=1, state=FlagState.CONFIRMED, say_instead="I see why", text="calm down"):
    return FlagChanged(1.0, Flag(key, "say.calm_down", 0.0, 1.0, 0, text, "calm down", state, 0.9, say_instead, 1.0))


def light(colour, *reasons, cue=None):
    return LightChanged(1.0, colour, reasons, cue)


IN_CALL = (device(CaptureState.HEARING), began(), session(SessionState.IN_CALL))


def view_of(*events, items=ITEMS):
    model = ViewModel(items)
    for event in events:
        model.take(event)
    return model.view()


def test_before_anything_was_told_it_looks_for_the_microphone():
    assert view_of() == View("grey", "starting", "Looking for your microphone")


def test_between_calls_it_is_ready():
    view = view_of(device(CaptureState.HEARING), session(SessionState.READY))
    assert (view.light, view.word, view.headline, view.in_call, view.dots) == (
        "grey",
        "ready",
        BETWEEN_CALLS,
        False,
        (),
    )


def test_a_call_has_the_lights_words_and_figures_of_the_engine():
    view = view_of(*IN_CALL, light(Light.AMBER, RAISED, cue="softer"))
    assert (view.light, view.word, view.in_call) == ("amber", "softer", True)
    assert view.rows == (Row("voice well above your usual level", "8.1 dB, limit 6"),)
    assert view.subject == ("voice.raised", "voice well above your usual level")
    assert view.name == "amber: softer"
    assert view.description.startswith("Look after your voice. voice well above your usual level (8.1 dB, limit 6)")


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (light(Light.GREEN), "steady"),
        (light(Light.AMBER, RAISED), "amber"),
        (light(Light.RED, RAISED), "red"),
        (light(Light.GREY, Reason("learning", "getting to know this voice")), "learning"),
        (light(Light.GREY, Reason("noisy", "too noisy")), "noisy"),
        (light(Light.GREY, Reason("new", "something else")), "wait"),
        (light(Light.GREY), "wait"),
    ],
)
def test_each_light_has_one_word_without_a_cue(told, word):
    assert view_of(*IN_CALL, told).word == word


def test_a_new_call_starts_as_grey():
    view = view_of(*IN_CALL)
    assert (view.light, view.word) == ("grey", "starting")
    assert view.subject is None


@pytest.mark.parametrize("state", [state for state in CaptureState if state is not CaptureState.HEARING])
def test_a_device_that_is_not_heard_is_grey_whatever_the_engine_says(state):
    view = view_of(*IN_CALL, light(Light.RED, RAISED, cue="softer"), device(state))
    assert (view.light, view.word, view.headline) == ("grey", DEVICE_WORDS[state], f"The microphone is {state}.")
    assert (view.rows, view.subject) == ((), None)


def test_the_device_comes_back_and_so_does_the_light():
    red = light(Light.RED, RAISED, cue="softer")
    assert view_of(*IN_CALL, red, device(CaptureState.LOST), device(CaptureState.HEARING)).light == "red"


def test_the_other_side_makes_nothing_grey():
    view = view_of(*IN_CALL, light(Light.GREEN), device(CaptureState.LOST, CUSTOMER))
    assert (view.light, view.badge) == ("green", Badge("customer", "The microphone is lost."))
    assert view.notes == ("The microphone is lost.",)
    assert view_of(*IN_CALL, device(CaptureState.HEARING, CUSTOMER)).badge is None


def test_quiet_hides_lights_and_says_so():
    for told in (light(Light.RED, RAISED, cue="softer"), light(Light.GREEN)):
        view = view_of(*IN_CALL, told, session(SessionState.IN_CALL, 600.0))
        assert (view.light, view.word, view.headline, view.quiet) == ("grey", "quiet", QUIET, True)
        assert (view.badge, view.rows, view.subject) == (Badge("quiet", "quiet"), (), None)
    assert (
        view_of(*IN_CALL, session(SessionState.IN_CALL, 9.0), session(SessionState.IN_CALL), light(Light.RED)).light
        == "red"
    )


@pytest.mark.parametrize(
    ("state", "word", "headline", "paused"),
    [(SessionState.PAUSED, "paused", PAUSED, True), (SessionState.ENDED, "stopped", ENDED, False)],
)
def test_paused_and_ended_win_over_everything(state, word, headline, paused):
    words = WordsChanged(0.0, WordsState.BEHIND, "Words are late.")
    view = view_of(*IN_CALL, light(Light.RED), words, device(CaptureState.LOST), session(state, 5.0))
    assert (view.light, view.word, view.headline, view.paused) == ("grey", word, headline, paused)
    assert view.badge is None


@pytest.mark.parametrize("state", [state for state in WordsState if state is not WordsState.HEARING])
def test_words_that_are_not_heard_are_a_badge_and_no_colour(state):
    view = view_of(*IN_CALL, light(Light.GREEN), WordsChanged(0.0, state, "Words are not heard."))
    assert (view.light, view.badge) == ("green", Badge("words", "Words are not heard."))
    assert view.notes == ("Words are not heard.",)
    assert "Words are not heard." in view.description


def test_words_that_are_heard_again_leave_no_badge():
    late, heard = WordsChanged(0.0, WordsState.BEHIND, "late"), WordsChanged(1.0, WordsState.HEARING, "heard")
    view = view_of(*IN_CALL, late, heard)
    assert (view.badge, view.notes) == (None, ())


def test_a_phrase_comes_with_what_to_say_instead():
    view = view_of(*IN_CALL, flag(), light(Light.RED, SAID))
    assert view.replacements == (Replacement("calm down", "I see why"),)
    assert view.rows == (Row("said “calm down”", ""),)
    assert "instead of “calm down”: I see why" in view.description


@pytest.mark.parametrize(
    "told", [flag(state=FlagState.QUOTED), flag(state=FlagState.WITHDRAWN), flag(say_instead=None)]
)
def test_what_does_not_count_or_has_no_better_wording_is_not_replaced(told):
    assert view_of(*IN_CALL, told, light(Light.RED, SAID)).replacements == ()


def test_the_newest_hearing_of_a_phrase_is_shown_and_others_only_while_they_light():
    view = view_of(*IN_CALL, flag(1), flag(2, text="calm down please"), light(Light.RED, SAID))
    assert view.replacements == (Replacement("calm down please", "I see why"),)
    assert view_of(*IN_CALL, flag(1), light(Light.RED, RAISED)).replacements == ()


def test_checklist_shows_what_is_expected_and_what_else_was_met():
    met = [ItemChecked(1.0, ChecklistItem(name, True, 1.0, "said so")) for name in ("do.follow_up", "do.name")]
    view = view_of(*IN_CALL, *met)
    assert view.dots == (Dot("apologise", False), Dot("follow up", True), Dot("name", True))


def test_what_cannot_be_known_is_not_shown_as_undone():
    unknown = [ItemChecked(1.0, ChecklistItem(name, None, why="one channel")) for name in ("do.listen", "do.apologise")]
    assert view_of(*IN_CALL, *unknown).dots == (Dot("follow up", False),)


def test_the_checklist_of_another_policy_holds_from_the_next_call_on():
    model = ViewModel(ITEMS)
    for event in (*IN_CALL, ItemChecked(1.0, ChecklistItem("do.follow_up", True))):
        model.take(event)
    model.expect(["do.thank"])
    assert model.view().dots == (Dot("apologise", False), Dot("follow up", True))
    model.take(began("2"))
    assert model.view().dots == (Dot("thank", False),)


def test_each_call_begins_anew():
    view = view_of(*IN_CALL, flag(), light(Light.RED, SAID), began("2", customer="Ms Lee"))
    assert (view.light, view.replacements, view.customer) == ("grey", (), "Ms Lee")


def test_the_end_of_a_call_clears_it_but_not_the_next_one():
    ended = CallEnded(9.0, "1", None, learnt=False)
    after = view_of(*IN_CALL, light(Light.RED, RAISED), session(SessionState.READY), ended)
    assert (after.light, after.word, after.customer) == ("grey", "ready", None)
    next_one = view_of(*IN_CALL, began("2"), light(Light.RED, RAISED), ended)
    assert next_one.light == "red"


def test_the_customer_has_a_name_once_it_is_told():
    assert view_of(*IN_CALL, CustomerNamed(2.0, "1", "Mr Roe")).customer == "Mr Roe"


def test_a_kept_recording_is_said():
    assert view_of(device(CaptureState.HEARING), began(keeps_audio=True), session(SessionState.IN_CALL)).notes == (
        KEEPS_AUDIO,
    )


def test_a_call_that_is_stored_is_said():
    kept = CallBegan(0.0, "1", None, automatic=False, keeps_audio=False, keeps_call=True)
    shared = replace(kept, shares_call=True)
    for began_, says in ((kept, (KEEPS_CALL,)), (shared, (SHARES_CALL,)),
                         (replace(kept, keeps_audio=True), (KEEPS_BOTH,)),
                         (replace(shared, keeps_audio=True), (KEEPS_BOTH_SHARED,))):  # fmt: skip
        assert view_of(device(CaptureState.HEARING), began_, session(SessionState.IN_CALL)).notes == says


def test_a_call_whose_sound_is_kept_or_that_others_may_see_has_a_mark_all_along():
    hearing, in_call = device(CaptureState.HEARING), session(SessionState.IN_CALL)
    quiet = SessionChanged(1.0, SessionState.IN_CALL, 600.0)
    for state in (in_call, quiet):
        assert view_of(hearing, began(keeps_audio=True), state).badge == Badge("kept", KEEPS_AUDIO)
    own = CallBegan(0.0, "1", None, automatic=False, keeps_audio=False, keeps_call=True)
    assert view_of(hearing, own, in_call).badge is None, "the agent asked for that"
    assert view_of(hearing, replace(own, shares_call=True), in_call).badge == Badge("kept", SHARES_CALL)


def test_what_is_not_shown_changes_nothing():
    assert view_of(*IN_CALL, FramesMeasured(1.0, 0, None)) == view_of(*IN_CALL)


def test_a_name_is_not_said_twice():
    assert View(light="red", word="red").name == "red"


def test_what_the_session_warns_of_is_told_until_the_next_call():
    model = ViewModel()
    model.take(device(CaptureState.HEARING))
    model.take(Warned(1.0, "clipping", "clipping in 2 % of speech"))
    assert model.view().badge is None
    model.take(Warned(1.0, "disk", "The disk is full."))
    view = model.view()
    assert view.badge == Badge("trouble", "The disk is full.")
    assert view.notes == ("The disk is full.",)
    model.take(began())
    assert (model.view().badge, model.view().notes) == (None, ())
