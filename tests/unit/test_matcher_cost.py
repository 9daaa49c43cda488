"""What matching costs, with ordinary policies and with those that somebody made to hurt."""

import itertools
import random
import string
import time

import pytest

from monitor.phrases.matcher import PhraseMatcher
from monitor.policy.load import load_policy
from monitor.policy.model import Behaviour, Policy
from monitor.types import Word
from tests.policy_sentences import CALM, SAID

EACH = 400
FEW = ("you", "are", "not", "my", "wrong", "so", "calm", "it")


def policy_of(phrases):
    groups = itertools.batched(phrases, EACH) if hasattr(itertools, "batched") else _batched(phrases)
    return Policy(
        name="t",
        behaviours=tuple(Behaviour(id=f"say.x{n}", phrases=tuple(group)) for n, group in enumerate(groups)),
    )


def _batched(phrases):
    return [phrases[at : at + EACH] for at in range(0, len(phrases), EACH)]


def words(texts):
    return [Word(n * 0.3, n * 0.3 + 0.2, text) for n, text in enumerate(texts)]


def test_five_hundred_phrases_cost_a_tenth_of_a_millisecond_per_word():
    """In speech that is full of them, each utterance looked at once."""
    policy = load_policy()
    assert sum(len(b.phrases) + len(b.weak_phrases) for b in policy.behaviours) >= 500
    lines = [words((line.partition(": ")[2] or line).lower().split()) for line in (*SAID, *CALM)]
    matcher = PhraseMatcher(policy)
    costs_s = []
    for _ in range(3):
        begun_s = time.process_time()
        for line in lines:
            matcher.explain(line)
        costs_s.append((time.process_time() - begun_s) / sum(map(len, lines)))
    assert min(costs_s) <= 100e-6


def _hostile():
    random.seed(1)
    letters = string.ascii_lowercase
    yield "few words in every order", [" ".join(p) for p in itertools.product(FEW, repeat=4)][:3_000], list(FEW * 5)
    yield "one long beginning", ["you " * 13 + a + b for a, b in itertools.product(letters, repeat=2)], ["you"] * 40
    yield "any word", list({" * ".join(random.choices(FEW, k=5)) for _ in range(1_500)}), list(FEW * 5)
    groups = "(you|are|not) (my|wrong|so|it) (calm|it|you) "
    yield "alternatives", [groups + " ".join(pair) for pair in itertools.product(FEW, repeat=2)], list(FEW * 5)
    near = ["departmen" + "".join(p) + " call" for p in itertools.product(letters, repeat=3)][:3_000]
    yield "words that are all near", near, ["departmence", "call"] * 20
    alike = {"".join(random.choice("aeiou") + random.choice("dt") for _ in range(4)) + " x" for _ in range(3_000)}
    yield "words that all sound alike", sorted(alike), ["adetidot", "otadited", "x"] * 13
    yield "no letters", [f"{chr(code)}\u0301 x" for code in range(0x4E00, 0x4E00 + 3_000)], ["\u4e00\u0301", "x"] * 20


@pytest.mark.parametrize(
    ("phrases", "heard"), [pytest.param(phrases, heard, id=name) for name, phrases, heard in _hostile()]
)
def test_a_hostile_policy_is_matched_within_a_second(phrases, heard):
    begun_s = time.process_time()
    matcher = PhraseMatcher(policy_of(phrases))
    matches = matcher.explain(words(heard))
    assert time.process_time() - begun_s <= 1.0
    assert len({(one.behaviour_id, one.phrase) for one in matches}) == len(matches)


@pytest.mark.parametrize("text", ["x" * 100_000, "a'" * 50_000, "\u0301" * 10_000, "ß" * 50_000, "\u202e" * 10_000])
def test_a_huge_word_is_no_trouble(text):
    matcher = PhraseMatcher(load_policy())
    begun_s = time.process_time()
    matcher.explain(words(["calm", text, "down"]))
    assert time.process_time() - begun_s <= 1.0
