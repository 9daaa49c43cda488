"""The built-in policy: complete, kind in what it proposes, right on what agents say and quiet on friendly calls."""

import csv
from pathlib import Path

import pytest

from monitor.phrases.matcher import PhraseMatcher
from monitor.phrases.near import spoken
from monitor.policy.load import load_policy
from monitor.policy.wording import expand
from tests.policy_sentences import CALM, HINTED, SAID

WORSE = [
    "say.you_are_wrong",
    "say.argue",
    "say.calm_down",
    "say.blame",
    "say.cannot",
    "say.defend",
    "say.push_off",
    "say.excuse",
    "say.downplay",
    "say.promise",
    "say.know_it_all",
    "say.joke",
    "say.label",
    "say.ignore",
]
BETTER = [
    "do.apologise",
    "do.empathise",
    "do.listen",
    "do.ask",
    "do.options",
    "do.own",
    "do.hand_over",
    "do.follow_up",
    "do.name",
    "do.boundary",
    "do.thank",
    "do.steady",
]
NOT_FROM_WORDS = {"do.listen": "two_channels", "do.name": "customer_name", "do.steady": "two_channels"}

@pytest.fixture(scope="module")
def policy():
    return load_policy()


@pytest.fixture(scope="module")
def matcher(policy):
    return PhraseMatcher(policy)


def flagged(matcher, text, *, weak=False):
    """Ids of what is meant in the text."""
    matches = [match for words in spoken(text) for match in matcher.match(words)]
    return {match.behaviour_id for match in matches if not match.quoted and match.weak == weak}


def test_every_behaviour_is_there(policy):
    assert [behaviour.id for behaviour in policy.behaviours if not behaviour.is_helpful] == WORSE
    assert {entry.id for entry in policy.checklist} == set(BETTER)
    needs = {entry.id: entry.needs for entry in policy.checklist}
    assert needs == {entry: NOT_FROM_WORDS.get(entry, "words") for entry in BETTER}


@pytest.mark.parametrize("behaviour_id", [entry for entry in WORSE + BETTER if entry not in NOT_FROM_WORDS])
def test_every_behaviour_has_wordings_and_what_to_say_instead(policy, behaviour_id):
    behaviour = policy.behaviour(behaviour_id)
    assert len(behaviour.phrases) >= 8
    assert all(entry.title for entry in policy.checklist)
    wordings = [wording for phrase in (*behaviour.phrases, *behaviour.weak_phrases) for wording in expand(phrase)]
    assert len(set(behaviour.phrases) | set(behaviour.weak_phrases)) == len(behaviour.phrases + behaviour.weak_phrases)
    assert all(len(wording.split()) <= 9 for wording in wordings)
    if behaviour_id in WORSE:
        assert behaviour.light == "red"
        assert 0 < len(behaviour.say_instead) <= 100
        assert len(behaviour.cue.split()) <= 3
        assert behaviour_id not in flagged(PhraseMatcher(policy), behaviour.say_instead)
    else:
        assert behaviour.light == "none"


def test_no_wording_is_listed_under_two_behaviours(policy):
    owners = {}
    for behaviour in policy.behaviours:
        for phrase in behaviour.phrases:
            for wording in expand(phrase):
                assert owners.setdefault(wording, behaviour.id) == behaviour.id, wording


@pytest.mark.parametrize("line", SAID)
def test_what_agents_say_is_found(matcher, line):
    behaviour_id, text = line.split(": ", 1)
    found = flagged(matcher, text)
    assert behaviour_id in found
    assert len([entry for entry in found if entry.startswith("say.")]) <= 1


@pytest.mark.parametrize("line", HINTED)
def test_words_of_friendly_calls_are_hints(matcher, line):
    behaviour_id, text = line.split(": ", 1)
    assert behaviour_id in flagged(matcher, text, weak=True)
    assert behaviour_id not in flagged(matcher, text)


@pytest.mark.parametrize("text", CALM)
def test_friendly_service_speech_is_left_alone(matcher, text):
    found = [
        match
        for words in spoken(text)
        for match in matcher.match(words)
        if match.behaviour_id.startswith("say.") and not match.quoted and not match.weak and match.closeness >= 0.89
    ]
    assert found == []


def test_hints_are_rare_in_friendly_service_speech(matcher):
    assert sum(bool(flagged(matcher, text, weak=True)) for text in CALM) <= len(CALM) // 20


def test_every_wording_finds_its_own_behaviour(policy, matcher):
    lost = [
        (behaviour.id, wording)
        for behaviour in policy.behaviours
        for phrase in behaviour.phrases
        for wording in expand(phrase)
        if behaviour.id not in flagged(matcher, wording)
    ]
    assert lost == []


@pytest.mark.shared
@pytest.mark.parametrize("corpus", ["librispeech", "speechocean"])
def test_read_speech_has_no_forbidden_phrase(matcher, corpus):
    manifest = Path(__file__).parents[3] / "shared" / "data" / corpus / "manifest.csv"
    if not manifest.exists():
        pytest.skip("the recordings are not beside this checkout")
    with manifest.open(newline="") as stream:
        texts = [row["label_or_transcript"].lower() for row in csv.DictReader(stream)]
    assert sum(map(bool, texts)) >= 100
    found = [(text, ids) for text in texts if (ids := {i for i in flagged(matcher, text) if i.startswith("say.")})]
    assert found == []
