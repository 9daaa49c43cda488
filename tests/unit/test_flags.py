"""Passes over utterances become flags: states, agreement, withdrawal, de-duplication, checklist."""

from dataclasses import replace

import pytest

from monitor.events import FlagChanged, ItemChecked, WordsHeard
from monitor.phrases.flags import ConfirmationRule, FlagTracker
from monitor.policy.load import load_policy
from monitor.policy.model import Behaviour, ChecklistEntry, Policy
from monitor.types import ChecklistItem, FlagState, Hypothesis, Word

POLICY = Policy(
    name="t",
    behaviours=(
        Behaviour(id="say.calm_down", phrases=("calm down", "take it easy"), say_instead="I hear you"),
        Behaviour(id="say.wrong", phrases=("you are wrong",)),
        Behaviour(id="say.relax", phrases=(), weak_phrases=("relax",), unless=("you can relax", "relax now")),
        Behaviour(id="say.blame", phrases=("you should have",), unless=("you should have received",)),
        Behaviour(id="do.apologise", phrases=("I'm sorry",), light="none"),
        Behaviour(id="do.thank", phrases=("thank you so much",), light="none"),
    ),
    checklist=(
        ChecklistEntry(id="do.apologise", deadline_s=60, after="trouble"),
        ChecklistEntry(id="do.thank"),
        ChecklistEntry(id="do.listen", needs="two_channels"),
        ChecklistEntry(id="do.name", needs="customer_name"),
    ),
)
TENTATIVE, CONFIRMED = FlagState.TENTATIVE, FlagState.CONFIRMED
QUOTED, WITHDRAWN = FlagState.QUOTED, FlagState.WITHDRAWN


def heard(text, *, utterance=1, start_s=10.0, at_s=None, final=False, confidence=0.9, channel=0):
    """One pass: words of 0.25 s, 0.05 s apart."""
    words = tuple(
        Word(round(start_s + 0.3 * i, 3), round(start_s + 0.3 * i + 0.25, 3), word, confidence, channel)
        for i, word in enumerate(text.split())
    )
    end_s = words[-1].end_s if words else start_s
    return Hypothesis(utterance, start_s, end_s, end_s if at_s is None else at_s, final, words)


@pytest.fixture
def tracker():
    return FlagTracker(POLICY)


def told(events):
    """Keys and states of the flags that changed."""
    return [(event.flag.key, event.flag.state) for event in events if isinstance(event, FlagChanged)]


def test_one_pass_is_a_hint_and_two_agreeing_ones_are_sure(tracker):
    assert told(tracker.take(heard("please calm"))) == []
    assert told(tracker.take(heard("please calm down", at_s=11.0))) == [(1, TENTATIVE)]
    assert told(tracker.take(heard("please calm down", at_s=11.2))) == []
    assert told(tracker.take(heard("please calm down sir", at_s=11.3))) == [(1, CONFIRMED)]
    assert told(tracker.take(heard("please calm down sir", at_s=12, final=True))) == []


def test_a_flag_says_what_where_when_and_what_instead(tracker):
    (event,) = tracker.take(heard("please calm down", at_s=11.0))
    flag = event.flag
    assert event.at_s == flag.heard_at_s == 11.0
    assert (flag.id, flag.text, flag.phrase, flag.say_instead) == (
        "say.calm_down",
        "calm down",
        "calm down",
        "I hear you",
    )
    assert (flag.start_s, flag.end_s, flag.channel) == (10.3, 10.85, 0)
    assert flag.confidence == pytest.approx(0.9)


def test_the_final_pass_puts_a_hint_in_its_place(tracker):
    """A partial pass may have heard half of the last word: place and text are the final pass's, the moment is not."""
    tracker.take(heard("calm down", start_s=10.0, at_s=10.5, confidence=0.4))
    (event, _) = tracker.take(heard("calm down", start_s=10.2, at_s=12.0, final=True, confidence=0.45))
    flag = event.flag
    assert (flag.key, flag.state, flag.start_s, flag.heard_at_s) == (1, TENTATIVE, 10.2, 10.5)
    assert flag.confidence == pytest.approx(0.45)


def test_a_confident_final_pass_alone_is_sure(tracker):
    events = tracker.take(heard("please calm down", final=True, at_s=11.4))
    assert told(events) == [(1, CONFIRMED)]
    assert isinstance(events[-1], WordsHeard)
    assert [word.text for word in events[-1].words] == ["please", "calm", "down"]
    assert {event.at_s for event in events} == {11.4}


@pytest.mark.parametrize(
    ("text", "confidence", "state"),
    [
        ("please calm down sir", 0.81, CONFIRMED),
        ("please calm down sir", 0.79, TENTATIVE),
        ("calm down", 0.86, CONFIRMED),
        ("calm down", 0.84, TENTATIVE),
        ("please relax sir", 1.0, TENTATIVE),
    ],
)
def test_a_final_pass_must_be_sure_and_surer_of_few_words(tracker, text, confidence, state):
    assert told(tracker.take(heard(text, final=True, confidence=confidence))) == [(1, state)]


def test_agreement_needs_some_confidence(tracker):
    tracker.take(heard("please calm down", at_s=11, confidence=0.6))
    assert told(tracker.take(heard("please calm down sir", at_s=12, confidence=0.6))) == []
    assert told(tracker.take(heard("please calm down sir now", at_s=13, confidence=0.82))) == [(1, CONFIRMED)]


def test_what_is_hardly_believed_is_not_told(tracker):
    assert told(tracker.take(heard("please calm down", at_s=11, confidence=0.29))) == []
    assert told(tracker.take(heard("please calm down", at_s=12, confidence=0.31))) == [(1, TENTATIVE)]
    assert told(tracker.take(heard("please calm down", at_s=13, confidence=0.29))) == [(1, WITHDRAWN)]


def test_words_that_are_not_quite_the_phrase_stay_a_hint(tracker):
    policy = POLICY.model_copy(update={"behaviours": (Behaviour(id="say.x", phrases=("light roast",)),)})
    tracker = FlagTracker(policy)
    assert told(tracker.take(heard("our light roasts sir", at_s=11))) == [(1, TENTATIVE)]
    assert told(tracker.take(heard("our light roasts sir", at_s=13, final=True))) == []


def test_hints_never_get_further(tracker):
    assert told(tracker.take(heard("relax sir", at_s=11))) == [(1, TENTATIVE)]
    assert told(tracker.take(heard("relax sir", at_s=13))) == []
    assert told(tracker.take(heard("relax sir", at_s=14, final=True))) == []


def test_what_a_later_pass_does_not_hear_is_withdrawn(tracker):
    tracker.take(heard("you are wrong", at_s=11))
    assert told(tracker.take(heard("you are strong enough", at_s=11.2))) == [(1, WITHDRAWN)]
    assert told(tracker.take(heard("you are strong enough", at_s=12, final=True))) == []


def test_a_phrase_that_comes_back_keeps_its_key_and_starts_anew(tracker):
    tracker.take(heard("you are wrong", at_s=11))
    tracker.take(heard("you are strong enough", at_s=11.2))
    assert told(tracker.take(heard("you are wrong enough", at_s=11.4))) == [(1, TENTATIVE)]
    assert told(tracker.take(heard("you are wrong enough", at_s=11.5))) == []
    assert told(tracker.take(heard("you are wrong enough", at_s=11.7))) == [(1, CONFIRMED)]


def test_what_was_sure_stays(tracker):
    tracker.take(heard("you are wrong now", at_s=11, final=False))
    tracker.take(heard("you are wrong now", at_s=12))
    assert told(tracker.take(heard("you are strong now", at_s=13, final=True))) == []


def test_a_pass_over_less_audio_withdraws_nothing(tracker):
    tracker.take(heard("well now you are wrong", at_s=12))
    assert told(tracker.take(heard("well now", at_s=12.1))) == []


def test_other_utterances_withdraw_nothing(tracker):
    tracker.take(heard("you are wrong", at_s=11))
    assert told(tracker.take(heard("good morning", utterance=2, start_s=11.5, final=True))) == []


def test_a_quoted_phrase_is_told_as_quoted_and_is_no_trouble(tracker):
    assert told(tracker.take(heard("you told me to calm down", final=True))) == [(1, QUOTED)]
    assert tracker.finish(300, 1)[0] == ChecklistItem("do.apologise", None, why="there was no sign of trouble")


def test_the_context_that_comes_later_is_believed(tracker):
    tracker.take(heard("calm down", at_s=11))
    assert told(tracker.take(heard("calm down", at_s=11.5))) == [(1, CONFIRMED)]
    assert told(tracker.take(heard("calm down is not what i meant", at_s=13, final=True))) == [(1, QUOTED)]


def test_a_quoted_phrase_may_turn_out_to_be_meant(tracker):
    assert told(tracker.take(heard("you told me to calm down", at_s=12))) == [(1, QUOTED)]
    assert told(tracker.take(heard("you sold me to calm down", at_s=13, final=True))) == [(1, CONFIRMED)]


def test_words_that_make_a_phrase_harmless_take_even_a_sure_flag_back(tracker):
    tracker.take(heard("you should have", at_s=11))
    assert told(tracker.take(heard("you should have", at_s=11.4))) == [(1, CONFIRMED)]
    assert told(tracker.take(heard("you should have received it", at_s=12, final=True))) == [(1, WITHDRAWN)]


def test_harmless_words_are_not_told(tracker):
    assert told(tracker.take(heard("so you can relax", final=True))) == []


def test_a_quotation_does_not_hide_what_is_said_right_after_it(tracker):
    events = tracker.take(heard("you told me to calm down take it easy", final=True))
    assert told(events) == [(1, QUOTED), (2, CONFIRMED)]


def test_one_behaviour_within_a_second_is_one_flag(tracker):
    assert told(tracker.take(heard("calm down take it easy", final=True))) == [(1, CONFIRMED)]
    later = "calm down please mister smith take it easy"
    assert told(tracker.take(heard(later, utterance=2, start_s=40, final=True))) == [(2, CONFIRMED), (3, CONFIRMED)]


def test_passes_that_shift_words_a_little_mean_the_same_flag(tracker):
    tracker.take(heard("calm down now", start_s=10.0, at_s=11))
    assert told(tracker.take(heard("calm down now", start_s=10.7, at_s=12))) == [(1, CONFIRMED)]
    assert told(tracker.take(heard("calm down now", utterance=2, start_s=12.5, final=True))) == [(2, CONFIRMED)]


def test_channels_are_kept_apart(tracker):
    tracker.take(heard("calm down now", final=True))
    assert told(tracker.take(heard("calm down now", utterance=2, channel=1, final=True))) == [(2, CONFIRMED)]


def test_another_phrase_at_the_same_place_does_not_agree_with_the_first():
    policy = Policy(name="t", behaviours=(Behaviour(id="say.x", phrases=("down there", "calm down there")),))
    tracker = FlagTracker(policy)
    tracker.take(heard("some down there", at_s=11))
    assert told(tracker.take(heard("calm down there", at_s=12))) == []
    assert told(tracker.take(heard("calm down there", at_s=13))) == [(1, CONFIRMED)]


def test_a_phrase_cut_by_the_end_of_an_utterance_is_found(tracker):
    tracker.take(heard("i think you are", final=True))
    (event, _) = tracker.take(heard("wrong about this", utterance=2, start_s=11.9, final=True))
    assert (event.flag.text, event.flag.start_s, event.flag.state) == ("you are wrong", 10.6, CONFIRMED)


def test_a_pause_parts_utterances(tracker):
    tracker.take(heard("i think you are", final=True))
    assert told(tracker.take(heard("wrong about this", utterance=2, start_s=12.3, final=True))) == []


def test_the_utterance_before_is_context_and_is_not_found_twice(tracker):
    assert told(tracker.take(heard("calm down", final=True))) == [(1, CONFIRMED)]
    assert told(tracker.take(heard("sir please", utterance=2, start_s=10.9, final=True))) == []
    tracker.take(heard("well you told me to", utterance=3, start_s=20, final=True))
    assert told(tracker.take(heard("calm down right", utterance=4, start_s=21.6, final=True))) == [(2, QUOTED)]


def test_a_helpful_phrase_is_checked_once_and_never_flagged(tracker):
    assert tracker.take(heard("i'm sorry about", at_s=11)) == []
    (event,) = tracker.take(heard("i'm sorry about that", at_s=12))
    assert event == ItemChecked(12, ChecklistItem("do.apologise", True, at_s=10.0, evidence="i'm sorry"))
    again = tracker.take(heard("i'm sorry again sir", utterance=2, start_s=30, final=True))
    assert [type(event) for event in again] == [WordsHeard]


def test_a_helpful_phrase_needs_less_confidence(tracker):
    tracker.take(heard("i'm sorry", final=True, confidence=0.34))
    assert tracker.finish(300, 1, trouble_at_s=1)[0].met is False
    tracker.take(heard("i'm sorry", final=True, confidence=0.36, utterance=2, start_s=20))
    assert tracker.finish(300, 1)[0].met is True


def test_a_helpful_phrase_that_was_only_a_hint_does_not_count(tracker):
    tracker.take(heard("i'm sorry about", at_s=11))
    tracker.take(heard("my story about", at_s=12, final=True))
    assert tracker.finish(300, 1, trouble_at_s=1)[0].met is False


def test_the_checklist_knows_met_unmet_and_unknown(tracker):
    tracker.take(heard("well i'm sorry sir", final=True))
    assert tracker.finish(300, 1) == [
        ChecklistItem("do.apologise", True, at_s=10.3, evidence="i'm sorry"),
        ChecklistItem("do.thank", False, why="not heard"),
        ChecklistItem("do.listen", None, why="one channel"),
        ChecklistItem("do.name", None, why="the customer's name is not known"),
    ]
    assert tracker.finish(300, 2)[2] == ChecklistItem("do.listen", None, why="only the agent's channel was measured")


def test_without_words_nothing_is_called_unmet():
    assert {item.met for item in FlagTracker(POLICY).finish(300, 1)} == {None}
    assert FlagTracker(POLICY).finish(300, 1)[1].why == "words were not heard"
    assert FlagTracker(POLICY).finish(300, 1, words_heard=True)[1].met is False


def test_an_apology_that_comes_late_is_met_and_says_so(tracker):
    tracker.take(heard("please calm down sir", final=True, start_s=10))
    tracker.take(heard("oh i'm sorry sir", final=True, utterance=2, start_s=100))
    item = tracker.finish(300, 1)[0]
    assert (item.met, item.why) == (True, "90 s after the first sign of trouble; the aim is 60 s")
    assert tracker.finish(300, 1, trouble_at_s=60)[0].why is None


def test_what_was_not_due_at_the_end_of_the_call_is_unknown(tracker):
    tracker.take(heard("please calm down sir", final=True, start_s=10))
    assert tracker.finish(69, 1)[0] == ChecklistItem("do.apologise", None, why="the call ended before it was due")
    assert tracker.finish(71, 1)[0].met is False


def test_a_final_pass_without_words_tells_nothing_and_withdraws(tracker):
    tracker.take(heard("you are wrong", at_s=11))
    empty = replace(heard("", final=True), end_s=11.5, heard_at_s=12.0)
    events = tracker.take(empty)
    assert told(events) == [(1, WITHDRAWN)]
    assert len(events) == 1


def test_the_rule_is_a_parameter():
    strict = FlagTracker(POLICY, ConfirmationRule(final_confidence=0.95))
    assert told(strict.take(heard("please calm down sir", final=True))) == [(1, TENTATIVE)]


def test_memory_does_not_grow_with_the_call():
    tracker = FlagTracker(POLICY)
    for number in range(200):
        tracker.take(heard("calm down sir", utterance=number, start_s=10.0 * number, final=True))
    assert len(tracker._tracked) < 5


def test_the_same_passes_give_the_same_events():
    passes = [
        heard("you should have", at_s=11),
        heard("you should have calm down", at_s=12),
        heard("you should have received calm down", at_s=13, final=True),
        heard("i'm sorry thank you so much", utterance=2, start_s=15, final=True),
    ]
    trackers = [FlagTracker(load_policy()) for _ in range(2)]
    one, other = ([tracker.take(hyp) for hyp in passes] for tracker in trackers)
    assert one == other
    assert [told(events) for events in one] == [
        [(1, TENTATIVE)],
        [(2, TENTATIVE)],
        [(1, WITHDRAWN), (2, CONFIRMED)],
        [],
    ]
