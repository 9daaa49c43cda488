"""How an unknown word is probably said, letter by letter, from rules learnt by ``models.letter_training``.

A rule is a letter with some of its neighbours and the phones it then stands for, none where it is silent. Contexts are
written as the letter, then its neighbours in the order right, left, second right, second left...; ``#`` is the edge.
The longest context that has a rule decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from models.lexicon import Phones

RULES_PATH = Path(__file__).with_name("letter_sounds.txt")
REACH = (1, -1, 2, -2, 3, -3, 4)
"""Neighbours in the order in which they are asked."""


def contexts(word: str, at: int) -> Iterator[str]:
    """The contexts of one letter, the shortest first."""
    context = word[at]
    yield context
    for offset in REACH:
        place = at + offset
        context += word[place] if 0 <= place < len(word) else "#"
        yield context


def pronounce_with(rules: Mapping[str, Phones], word: str) -> Phones:
    """The phones of a lower-case word of plain letters."""
    phones: list[str] = []
    for at in range(len(word)):
        found: Phones = ()
        for context in contexts(word, at):
            found = rules.get(context, found)
        phones += found
    return tuple(phones)


def pronounce_letters(word: str) -> Phones:
    """The probable phones of a lower-case word of plain letters; 0 phones only for an empty word."""
    return pronounce_with(_rules(), word)


@cache
def _rules() -> dict[str, Phones]:
    rules: dict[str, Phones] = {}
    for line in RULES_PATH.read_text(encoding="utf-8").splitlines():
        context, *phones = line.split()
        rules[context] = tuple(phones)
    return rules
