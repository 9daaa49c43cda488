"""Words that sound like the phrase's words: found as hints, and never where other words were said."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.events import FlagChanged
from monitor.phrases.closeness import SOUND_COST, WordCloseness
from monitor.phrases.flags import ConfirmationRule, FlagTracker
from monitor.phrases.matcher import PhraseMatcher
from monitor.phrases.normalise import mistaken_for
from monitor.phrases.sounds import NEAR_VOWEL, NO_MATCH, skeleton_of, sound_distance, sounds_of
from monitor.policy.load import load_policy
from monitor.policy.model import Behaviour, Policy
from monitor.types import FlagState, Hypothesis, Word

ALIKE = """\
knot not, write right, know no, two too, there their, hear here, weight wait, by buy, whole hole, meat meet, piece peace
brake break, week weak, hour our, wood would, knew new, through threw, witch which, whether weather, plain plane
bored board, steal steel, waste waist, knight night, sell cell, sent cent, grate great, course coarse, missed mist
fair fare, die dye, deer dear, reign rain, scene seen, site sight, weigh way, whine wine, tern turn, jeans genes
"""
PAIRS = [tuple(pair.split()) for line in ALIKE.splitlines() for pair in line.split(", ")]


def policy_of(*phrases, language="en", **more):
    return Policy(name="t", language=language, behaviours=(Behaviour(id="say.x", phrases=phrases, **more),))


def said(text, confidence=1.0):
    return tuple(
        Word(round(i * 0.3, 1), round(i * 0.3 + 0.2, 1), w, confidence) for i, w in enumerate(text.lower().split())
    )


def match(policy, text):
    return PhraseMatcher(policy).match(said(text))


@pytest.mark.parametrize(("one", "other"), [pair for pair in PAIRS if pair != ("missed", "mist")])
def test_words_that_sound_the_same(one, other):
    assert sounds_of(one) == sounds_of(other)


@pytest.mark.parametrize(("one", "other"), [("dawn", "down"), ("calm", "comb"), ("then", "than"), ("accept", "except")])
def test_words_of_neighbouring_vowels_are_near(one, other):
    assert sound_distance(sounds_of(one), sounds_of(other)) == NEAR_VOWEL


@pytest.mark.parametrize(
    "pair",
    [
        *("calm palm", "down town", "police policy", "wrong long", "job jobs", "wrong ring", "promise premise"),
        *("my by", "fault false", "department apartment", "shout shut", "relax relapse"),
    ],
)
def test_other_words_are_not_near(pair):
    one, other = map(sounds_of, pair.split())
    assert skeleton_of(one) != skeleton_of(other) or sound_distance(one, other) > NEAR_VOWEL


@given(st.text(max_size=60))
def test_any_text_has_sounds_or_none(text):
    sounds = sounds_of(text)
    assert sound_distance(sounds, sounds) == 0
    assert sound_distance(sounds, sounds + "k") == NO_MATCH
    assert bool(sounds) <= (text.isascii() and text.isalpha())


@pytest.mark.parametrize(
    ("phrase", "heard", "text"),
    [
        ("calm down", "please calm dawn now", "calm dawn"),
        ("not my department", "that's knot my department", "knot my department"),
        ("you're wrong", "no your wrong about it", "your wrong"),
        ("they're wrong", "there wrong", "there wrong"),
        ("we're closed", "sorry were closed", "were closed"),
        ("it's your fault", "it's you're fault", "it's you're fault"),
        ("there's nothing", "theirs nothing", "theirs nothing"),
        ("no need to shout", "there's no knead to shout", "no knead to shout"),
        ("you know my boss", "you no my boss", "you no my boss"),
        ("calm down", "calm uh dawn", "calm uh dawn"),
    ],
)
def test_a_word_that_sounds_like_the_phrases_is_a_match_that_stays_a_hint(phrase, heard, text):
    (one,) = match(policy_of(phrase), heard)
    assert (one.text, one.by_sound) == (text, True)
    assert 0.8 <= one.closeness <= 1 - SOUND_COST < ConfirmationRule().least_closeness
    assert one.confidence == pytest.approx(one.closeness)


@pytest.mark.parametrize(
    ("phrase", "heard"),
    [
        ("calm down", "calm town"),
        ("calm down", "palm down"),
        ("calm down", "kalm dawn"),  # two of two words wrong
        ("whatever", "what ever"),
        ("relax", "relacks"),  # nothing around it that would vouch for it
        ("we're closed", "where closed"),
        ("you are wrong", "your right"),
        ("you are wrong", "your not wrong"),
        ("you are wrong and rude", "your wrung and rude"),
    ],
)
def test_what_sounds_like_it_only_far_off_is_no_match(phrase, heard):
    assert match(policy_of(phrase), heard) == []


def test_hints_are_not_found_by_sound():
    assert match(policy_of("calm down", weight=0.5), "calm dawn") == []


def test_other_languages_are_taken_by_their_letters():
    assert match(policy_of("calm down", language="de"), "calm dawn") == []
    assert match(policy_of("your wrong", language="de"), "you're wrong") == []
    assert WordCloseness({"down"}).senses("dawn") == {}


def test_the_very_words_win_over_what_sounds_like_them():
    policy = policy_of("calm down", "calm down right now")
    (one,) = match(policy, "calm down write now")
    assert (one.phrase, one.closeness, one.by_sound) == ("calm down", 1.0, False)
    (later,) = match(policy_of("calm down"), "calm dawn or just calm down")
    assert (later.text, later.by_sound) == ("calm down", False)


def test_a_known_word_stands_for_others_only_when_it_sounds_the_same():
    closeness = WordCloseness({"down", "dawn", "no", "know"}, by_sound=True)
    assert set(closeness.senses("dawn")) == {"dawn"}
    assert set(closeness.senses("no")) == {"no", "know"}


def test_a_sound_does_not_excuse_what_was_said():
    """Contexts that let a phrase pass are taken at their words."""
    policy = policy_of("calm down", unless=("calm down right away",))
    assert match(policy, "calm down right away") == []
    assert [one.text for one in match(policy, "calm down write away")] == ["calm down"]


def test_a_denial_is_heard_before_what_sounds_alike():
    (one,) = match(policy_of("calm down"), "you told me to calm dawn")
    assert (one.quoted, one.why) == (True, 'reported: "you told me to"')


@pytest.mark.parametrize(("word", "meant"), [("Your,", ("you", "are")), ("you’re", ("your",)), ("yours", None)])
def test_contractions_and_what_is_written_for_them(word, meant):
    assert mistaken_for(word) == meant


def test_a_phrase_found_by_sound_is_never_confirmed():
    tracker = FlagTracker(policy_of("calm down"))
    states = []
    for heard_at_s in (1.0, 2.0, 3.0):
        hyp = Hypothesis(1, 0.0, 3.0, heard_at_s, heard_at_s == 3.0, said("please calm dawn", 1.0))
        states += [event.flag.state for event in tracker.take(hyp) if isinstance(event, FlagChanged)]
    assert set(states) == {FlagState.TENTATIVE}


@pytest.mark.shared
@pytest.mark.parametrize("corpus", ["librispeech", "speechocean", "fda"])
def test_nothing_is_found_by_sound_in_what_was_really_said(shared, corpus):
    """The true words of three corpora: whatever sounds like a phrase there was not said."""
    matcher = PhraseMatcher(load_policy())
    with (shared / "data" / corpus / "manifest.csv").open(encoding="utf-8") as file:
        texts = [row["label_or_transcript"] for row in csv.DictReader(file)]
    texts = [text for text in texts if len(text.split()) > 1]
    assert len(texts) > 30
    assert [one.text for text in texts for one in matcher.explain(said(text)) if one.by_sound] == []
