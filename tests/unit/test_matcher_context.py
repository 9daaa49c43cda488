"""What was meant and what was only quoted, denied, supposed or harmless."""

import pytest

from monitor.phrases.matcher import PhraseMatcher
from monitor.policy.model import Behaviour, Policy
from monitor.types import Word

BEHAVIOURS = (
    Behaviour(id="say.calm_down", phrases=("calm down",)),
    Behaviour(id="say.wrong", phrases=("you are wrong",)),
    Behaviour(id="say.job", phrases=("not my job",)),
    Behaviour(id="say.cannot", phrases=("there's nothing I can do",)),
    Behaviour(id="do.apologise", phrases=("sorry", "I'm sorry")),
    Behaviour(id="do.ask", phrases=("what would help",)),
)
MATCHER = PhraseMatcher(Policy(name="t", behaviours=BEHAVIOURS))


def judged(text, matcher=MATCHER):
    """The first match in words spoken evenly; ``/`` is a pause of 0.8 s."""
    words, at_s = [], 0.0
    for part in text.split():
        at_s += 0.8 if part == "/" else 0.1
        if part != "/":
            words.append(Word(at_s, at_s + 0.2, part))
            at_s += 0.2
    matches = matcher.match(words)
    assert matches, "the phrase is not even there"
    return matches[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("you told me to calm down", 'reported: "you told me to"'),
        ("she said calm down", 'reported: "she said"'),
        ("he has just told you to calm down", 'reported: "he has just told you to"'),
        ("my colleague said that you are wrong", 'reported: "colleague said that"'),
        ("were you told to calm down", 'reported: "you told to"'),
        ("i was told to calm down", 'reported: "i was told to"'),
        ("did anyone tell you to calm down", 'reported: "anybody tell you to"'),
        ("who told you that it's not my job", 'reported: "who told you that it is"'),
        ("are you saying there's nothing i can do", 'reported: "you saying"'),
        ("what you're saying is you are wrong", 'reported: "you are saying is"'),
        ("i would never ask you to calm down", 'denied: "never ask you to"'),
        ("i'm not saying you are wrong", 'denied: "not saying"'),
        ("i am not um going to tell you to calm down", 'denied: "not going to tell you to"'),
        ("i don't think that you are wrong", 'denied: "not think that"'),
        ("i didn't mean that you are wrong", 'denied: "not mean that"'),
        ("nobody is saying you are wrong", 'denied: "nobody is saying"'),
        ("it's not that you are wrong", 'denied: "not that"'),
        ("without saying that you are wrong", 'denied: "without saying that"'),
        ("rather than telling you to calm down", 'denied: "rather than telling you to"'),
        ("you don't have to calm down", 'denied: "not have to"'),
        ("there's no need to calm down", 'denied: "no need to"'),
        ("i'm sorry i told you to calm down", 'taken back: "sorry i told you to"'),
        ("if you are wrong we will see", 'supposed: "if"'),
        ("let me check whether you are wrong", 'supposed: "whether"'),
        ("calm down is not what i meant", 'spoken about: "is not"'),
        ("calm down he said to me", 'reported: "he said"'),
        ("the words calm down", 'named: "words"'),
        ("we apologize for telling you to calm down", 'reported: "for telling you to"'),
    ],
)
def test_a_phrase_that_was_not_meant_is_quoted_with_its_reason(text, why):
    matches = [match for match in _all(text) if match.behaviour_id != "do.apologise"]
    assert [match.quoted for match in matches] == [True]
    assert matches[0].why == why


def _all(text):
    words = [Word(0.3 * place, 0.3 * place + 0.2, word) for place, word in enumerate(text.split())]
    return MATCHER.match(words)


@pytest.mark.parametrize(
    "text",
    [
        "calm down",
        "i am telling you to calm down",
        "i told you to calm down",
        "i said calm down",
        "as i said you are wrong",
        "why don't you calm down",
        "can't you just calm down",
        "won't you please calm down",
        "don't you think you are wrong",
        "if you would calm down",
        "no you are wrong",
        "no i did not you are wrong",
        "you said you wanted a refund but you are wrong",
        "you told me that / calm down",
        "i'm not happy / calm down",
        "he said a lot of things yesterday calm down",
        "it's not my job",
        "you need to calm down",
        "could you calm down",
        "you are wrong you said monday",
        "calm down sir i will help you he said",
    ],
)
def test_a_phrase_that_was_meant_counts(text):
    match = judged(text)
    assert (match.quoted, match.why) == (False, None)


@pytest.mark.parametrize(
    "text",
    [
        "i am sorry",
        "i can't tell you how sorry i am",
        "could you tell me what would help",
        "please tell me what would help",
        "i'd like to ask what would help",
        "i want you to tell me what would help",
    ],
)
def test_helpful_words_count_when_said(text):
    assert not judged(text).quoted


@pytest.mark.parametrize("text", ["he said he was sorry", "i never said i'm sorry"])
def test_helpful_words_of_others_do_not_count(text):
    assert judged(text).quoted


def with_contexts(*unless, phrase="relax"):
    return PhraseMatcher(Policy(name="t", behaviours=(Behaviour(id="say.x", phrases=(phrase,), unless=unless),)))


def explained(matcher, text):
    (match,) = matcher.explain([Word(0.3 * i, 0.3 * i + 0.2, word) for i, word in enumerate(text.split())])
    return match


@pytest.mark.parametrize(
    ("context", "text", "harmless"),
    [
        ("you can (just) relax", "so you can relax now", True),
        ("you can (just) relax", "you can uh just relax", True),
        ("you can (just) relax", "can you relax", False),
        ("relax (the|your) rules", "we relax the rules", True),
        ("relax the rules", "relax rules", False),
        ("it needs to relax", "it need to relax", False),
        ("relax completely", "relax compleetly", False),
        ("relax", "relax", False),
    ],
)
def test_a_longer_wording_makes_a_phrase_harmless(context, text, harmless):
    matcher = with_contexts(context)
    match = explained(matcher, text)
    assert match.harmless == harmless
    assert match.why == (f'within "{context}"' if harmless else None)
    assert bool(matcher.match([Word(0.3 * i, 0.3 * i + 0.2, word) for i, word in enumerate(text.split())])) != harmless


@pytest.mark.parametrize(
    ("context", "text", "quoted"),
    [
        ("they keep shouting ...", "they keep shouting relax", True),
        ("they keep shouting ...", "they keep shouting please relax", True),
        ("they keep shouting ...", "they keep shouting at you relax", False),
        ("... as they put it", "relax as they put it", True),
        ("... as they put it", "relax they put it", False),
        ("who ... today", "who relax today", True),
        ("who ... today", "who relax", False),
        ("who ... today", "relax today", False),
    ],
)
def test_words_next_to_a_phrase_make_it_quoted(context, text, quoted):
    match = explained(with_contexts(context), text)
    assert match.quoted == quoted
    assert match.why == (f'next to "{context}"' if quoted else None)


def test_other_languages_have_the_contexts_of_their_policy_only():
    behaviour = Behaviour(id="say.x", phrases=("calm down",), unless=("mówił ...",))
    matcher = PhraseMatcher(Policy(name="t", language="pl", behaviours=(behaviour,)))
    assert not explained(matcher, "you told me to calm down").quoted
    assert explained(matcher, "mówił calm down").quoted
