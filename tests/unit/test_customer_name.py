"""The customer's name in the agent's words, with tolerance, and where it must not be heard."""

import pytest

from monitor.phrases.customer_name import CustomerName, parts_of, wordings_of
from monitor.types import Hypothesis, Word


def said(text, *, start_s=10.0, final=True, confidence=0.9):
    words = tuple(Word(start_s + 0.3 * i, start_s + 0.3 * i + 0.25, w, confidence) for i, w in enumerate(text.split()))
    return Hypothesis(1, start_s, start_s + 9, start_s + 9, final, words)


def uses(name, text, **how):
    customer = CustomerName(name)
    customer.hear(said(text, **how))
    return [use.text for use in customer.uses]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Paul Miller", "thank you mister miller", ["mister miller"]),
        ("Mr. Paul Miller", "good morning paul how are you", ["paul"]),
        ("Peterson", "all right mister pederson", ["mister pederson"]),  # one letter off
        ("Peterson", "thank you petersen", ["petersen"]),
        ("Katherine", "thank you catherine", ["catherine"]),  # sounds alike
        ("Stephen", "hello steven", ["steven"]),
        ("Smith", "well mister smyth", ["mister smyth"]),
        ("O'Brien", "thanks mister o'brien's here", ["mister o'brien's"]),
        ("Miller", "the mill is on the hill", []),
        ("Paul", "the pool is full", []),
        ("Will Young", "you will be young again", []),  # everyday words
        ("Will Young", "thank you mister young", ["mister young"]),
        ("May", "that may be so", []),
        ("Dr. Rose", "doctor rose will see you", ["doctor rose"]),
        ("Anna", "an apple and a pear", []),
    ],
)
def test_the_name_is_heard_as_it_may_be_spelt(name, text, expected):
    assert uses(name, text) == expected


def test_a_doubtful_word_is_no_name():
    assert uses("Miller", "thank you mister miller", confidence=0.2) == []


def test_two_passes_over_one_use_are_one():
    customer = CustomerName("Miller")
    customer.hear(said("thank you mister miller", final=False))
    customer.hear(said("thank you mister miller for that"))
    customer.hear(said("bye mister miller", start_s=40.0))
    assert [round(use.at_s, 1) for use in customer.uses] == [10.9, 40.6]


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("am i speaking with paul miller", True),
        ("thank you mister miller i see", True),
        ("is that right sir", False),
        ("mister the door is open", False),
    ],
)
def test_a_name_may_be_heard_first(text, known):
    customer = CustomerName()
    customer.hear(said(text))
    assert customer.known == known
    assert len(customer.uses) >= known


def test_a_name_is_not_guessed_from_a_pass_on_the_way():
    customer = CustomerName()
    customer.hear(said("thank you mister mill", final=False))
    assert not customer.known


def test_a_name_given_later_counts_from_then_on():
    customer = CustomerName()
    assert not customer.known
    customer.give("")
    assert not customer.known
    customer.give("Mrs Jane Doe")
    customer.hear(said("thank you jane"))
    assert [use.text for use in customer.uses] == ["jane"]


def test_titles_and_initials_are_no_part_of_a_name():
    assert parts_of("Dr. J. R. Smith") == ("smith",)
    assert parts_of(" Mr ") == ()


def test_the_recogniser_listens_for_the_name_with_titles():
    assert wordings_of("Paul Young") == ("mister young", "missus young", "miss young", "doctor young", "paul")
    assert wordings_of(None) == wordings_of("") == ()
