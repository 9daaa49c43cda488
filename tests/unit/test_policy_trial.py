"""What a trial says of a text and of what was heard, and why something is no sure flag."""

import pytest

from monitor.phrases import trial
from monitor.phrases.flags import ConfirmationRule, FlagTracker
from monitor.phrases.trial import TrialSink, try_heard, try_text
from monitor.policy.model import Behaviour, Policy
from monitor.types import FlagState, Hypothesis, Light, Word

POLICY = Policy(
    name="t",
    behaviours=(
        Behaviour(
            id="say.calm_down",
            phrases=("calm down",),
            weak_phrases=("relax",),
            unless=("calm down together",),
            say_instead="Let me look",
        ),
        Behaviour(id="say.wrong", phrases=("you are wrong",), light="amber"),
        Behaviour(id="say.policy", phrases=("not my department at all",), light="none"),
        Behaviour(id="do.apologise", phrases=("I'm sorry",)),
    ),
)
RULE = ConfirmationRule()


def words(text, confidence=0.95, start_s=0.0):
    return tuple(
        Word(round(start_s + i * 0.3, 2), round(start_s + i * 0.3 + 0.2, 2), word, confidence)
        for i, word in enumerate(text.split())
    )


def hear(*passes, rule=RULE):
    """What the engine would keep of these passes: (utterance, words, final)."""
    tracker, sink = FlagTracker(POLICY, rule), TrialSink()
    for number, (utterance, said, final) in enumerate(passes):
        end_s = said[-1].end_s if said else 1.0
        for event in tracker.take(Hypothesis(utterance, 0.0, end_s, end_s + number * 0.5, final, said)):
            sink.take(event)
    return sink


def findings(*passes):
    sink = hear(*passes)
    return try_heard(POLICY, RULE, sink.utterances, sink.flags.values()).findings


def test_the_sink_keeps_words_and_the_last_state_of_each_flag():
    said = words("well please calm down now")
    sink = hear((1, said, False), (1, said, True))
    assert sink.utterances == [said]
    assert [flag.state for flag in sink.flags.values()] == [FlagState.CONFIRMED]


@pytest.mark.parametrize(
    ("text", "verdict", "why"),
    [
        ("please calm down now", "flagged", None),
        ("please calm dawn now", "hint", trial.SOUNDS_ALIKE),
        ("you can relax", "hint", trial.ALWAYS_A_HINT),
        ("not my departmend at awl", None, None),
        ("he told you to calm down", "quoted", 'reported: "he told you to"'),
        ("calm down together", "fine", 'within "calm down together"'),
        ("oh I'm sorry", "counts", None),
    ],
)
def test_a_text_is_explained(text, verdict, why):
    told = try_text(POLICY, text).findings
    assert [(finding.verdict, finding.why) for finding in told] == ([(verdict, why)] if verdict else [])
    assert all(finding.place is finding.state is finding.light is None for finding in told)


def test_a_text_with_words_of_another_number_stays_a_hint():
    (finding,) = try_text(POLICY, "you calm downs").findings
    assert (finding.verdict, finding.why) == ("hint", trial.NOT_QUITE)


def test_a_text_without_words_is_none():
    assert try_text(POLICY, "?! ...") is None


def test_a_sure_flag_has_its_light_and_replacement():
    said = words("well please calm down now")
    (finding,) = findings((1, said, False), (1, said, True))
    assert (finding.verdict, finding.light, finding.why) == ("flagged", Light.RED, None)
    assert (finding.say_instead, finding.closeness) == ("Let me look", 1.0)
    assert (finding.place.start_s, finding.place.end_s) == (0.6, 1.1)


@pytest.mark.parametrize(
    ("text", "light"), [("so you are wrong there", Light.AMBER), ("that is not my department at all", None)]
)
def test_a_behaviours_own_light_is_told(text, light):
    (finding,) = findings((1, words(text), True))
    assert (finding.verdict, finding.light) == ("flagged", light)


@pytest.mark.parametrize(
    ("text", "confidence", "why"),
    [
        ("well please calm down now", 0.62, "was heard with a confidence of 0.62; it needs 0.80"),
        ("calm down", 0.82, "was heard with a confidence of 0.82; it needs 0.85"),
        ("well please relax now", 0.95, trial.ALWAYS_A_HINT),
        ("well please calm dawn now", 0.95, trial.SOUNDS_ALIKE),
    ],
)
def test_a_hint_says_why_it_is_no_more(text, confidence, why):
    (finding,) = findings((1, words(text, confidence), True))
    assert (finding.verdict, finding.state, finding.light) == ("hint", FlagState.TENTATIVE, Light.AMBER)
    assert finding.why == why


def test_what_was_taken_back_or_quoted_lights_nothing():
    taken_back, quoted = findings(
        (1, words("please calm down", 0.6), False),
        (1, words("please come down here"), True),
        (2, words("he told me to calm down", start_s=10.0), True),
    )
    assert (taken_back.verdict, taken_back.light, taken_back.why) == ("dropped", None, trial.TAKEN_BACK)
    assert (quoted.verdict, quoted.light, quoted.why) == ("quoted", None, 'reported: "he told me to"')


def test_what_was_heard_too_unsurely_to_be_told_is_shown_with_its_confidence():
    (finding,) = findings((1, words("well please calm down now", 0.2), True))
    assert (finding.verdict, finding.state) == ("unsure", None)
    assert finding.why == "was heard with a confidence of 0.20; it needs 0.30"


@pytest.mark.parametrize(("confidence", "verdict"), [(0.5, "counts"), (0.2, "unsure")])
def test_what_helps_counts_when_it_is_sure_enough(confidence, verdict):
    (finding,) = findings((1, words("oh I'm sorry about that", confidence), True))
    assert (finding.verdict, finding.light) == (verdict, None)


def test_a_harmless_wording_is_shown():
    (finding,) = findings((1, words("let us calm down together"), True))
    assert (finding.verdict, finding.why) == ("fine", 'within "calm down together"')


def test_near_misses_of_what_was_heard_have_a_place():
    said = words("that is not by department at all", start_s=5.0)
    tried = try_heard(POLICY, RULE, [said], [])
    (near,) = tried.near
    assert (near.miss.behaviour_id, near.miss.expected, near.miss.heard) == ("say.policy", "my", "by")
    assert (near.place.start_s, near.place.end_s) == (said[0].start_s, said[-1].end_s)
    assert tried.utterances == (said,)


def test_near_misses_are_not_looked_for_where_something_was_found():
    flagged = hear((1, words("no you are wrong there"), True))
    assert try_heard(POLICY, RULE, flagged.utterances, flagged.flags.values()).near == ()


def test_a_flag_whose_words_changed_since_is_still_told():
    sink = hear((1, words("well please calm down now", 0.62), True))
    (finding,) = try_heard(POLICY, RULE, [words("something else")], sink.flags.values()).findings
    assert (finding.verdict, finding.closeness) == ("hint", None)
    assert finding.why == "was heard with a confidence of 0.62; it needs 0.80"
