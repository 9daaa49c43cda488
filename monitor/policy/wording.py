"""How a phrase is written in a policy: plain words, ``(optional words)``, ``(one|of|these)``, ``*`` for any word.

``nothing (that) I can do`` stands for two wordings, ``(it's|that's) not my (job|problem)`` for four. Groups hold words
and are not nested. In a context, ``...`` marks where the phrase itself stands.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import lru_cache

MOST_CHARACTERS = 200
MOST_WORDS = 14
MOST_WORDINGS = 64
ANY_WORD = "*"

_PIECE = re.compile(r"\(([^()]*)\)|([^()]+)")


def word_set(words: str) -> frozenset[str]:
    """Write a set of words as one text."""
    return frozenset(words.split())


@lru_cache(maxsize=16_384)
def expand(phrase: str) -> tuple[str, ...]:
    """Every plain wording that a phrase stands for, the fullest first, without duplicates.

    Raises
    ------
    ValueError
        The phrase cannot be read; the text completes a sentence that starts with the phrase's place.
    """
    if len(phrase) > MOST_CHARACTERS:
        raise ValueError(f"is too long: at most {MOST_CHARACTERS} characters are taken")
    if any(unicodedata.category(ch) in ("Cc", "Cs", "Co", "Cn") for ch in phrase):
        raise ValueError("holds a control character; please type it anew")
    slots = _slots(phrase)
    count = 1
    for slot in slots:
        count *= len(slot)
        if count > MOST_WORDINGS:
            raise ValueError(f"stands for more than {MOST_WORDINGS} wordings; split it into several phrases")
    wordings = dict.fromkeys(" ".join(" ".join(choice).split()) for choice in itertools.product(*slots))
    for wording in wordings:
        words = wording.split()
        if not any(ch.isalnum() for ch in wording):
            raise ValueError("has no words" if len(wordings) == 1 else "can be empty: one word must stay")
        if len(words) > MOST_WORDS:
            raise ValueError(f"is too long: at most {MOST_WORDS} words are taken")
        if ANY_WORD in wording.replace(f" {ANY_WORD} ", " "):
            raise ValueError(
                f"has '{ANY_WORD}' where it cannot stand: it takes the place of one whole word between others"
            )
    return tuple(wordings)


def expand_context(context: str) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """Read a context as (before, after) around ``...``, each maybe empty, or None and plain wordings.

    Raises
    ------
    ValueError
        As for ``expand``.
    """
    text = context.replace("…", "...")
    if "..." not in text:
        return None, expand(text)
    before, _, after = text.partition("...")
    if "..." in after:
        raise ValueError("has '...' more than once; it marks the one place where the phrase stands")
    for side in (before, after):
        if side.strip():
            expand(side.strip())
    if not before.strip() and not after.strip():
        raise ValueError("has no words")
    return (before.strip(), after.strip()), ()


def _slots(phrase: str) -> list[tuple[str, ...]]:
    """Read the phrase as a sequence of choices."""
    slots: list[tuple[str, ...]] = []
    end = 0
    for piece in _PIECE.finditer(phrase):
        if piece.start() != end:
            break
        end = piece.end()
        group, plain = piece.groups()
        outside = phrase[piece.start() - 1 : piece.start()] + phrase[end : end + 1]
        if group is not None and any(ch.isalnum() for ch in outside):
            raise ValueError("has brackets inside a word; they hold whole words, as in (ask|asks)")
        if plain is not None:
            if "|" in plain:
                raise ValueError("has '|' outside brackets; write (one|other)")
            slots.append((plain,))
            continue
        choices = tuple(choice.strip() for choice in group.split("|"))
        if choices == ("",):
            raise ValueError("has empty brackets")
        slots.append(choices if len(choices) > 1 else (choices[0], ""))
    if end != len(phrase):
        raise ValueError("has brackets that do not match, or brackets inside brackets")
    if not slots:
        raise ValueError("has no words")
    return slots
