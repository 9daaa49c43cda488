"""How words are pronounced, for phrases that a policy listens for.

A pronunciation is a tuple of ARPABET phones without stress, as in the dictionary that ships with pocketsphinx. A word
that the dictionary lacks is derived, in this order: as an inflection of a known word, as a compound of known words, and
from its letters (``models.letter_sounds``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import Enum
from itertools import islice, product
from pathlib import Path

Phones = tuple[str, ...]
Lookup = Callable[[str], tuple[Phones, ...]]
"""Gives every pronunciation of a word that is known, or an empty tuple."""

VOICELESS = frozenset(("P", "T", "K", "F", "TH"))
SIBILANTS = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
PREFIXES: dict[str, Phones] = {
    "un": ("AH", "N"), "re": ("R", "IY"), "non": ("N", "AA", "N"), "mis": ("M", "IH", "S"), "dis": ("D", "IH", "S"),
    "over": ("OW", "V", "ER"), "pre": ("P", "R", "IY"), "anti": ("AE", "N", "T", "IY"), "in": ("IH", "N"),
    "out": ("AW", "T"), "under": ("AH", "N", "D", "ER"),
}  # fmt: skip
SUFFIXES: dict[str, Phones] = {
    "ing": ("IH", "NG"), "er": ("ER",), "ers": ("ER", "Z"), "ly": ("L", "IY"), "ness": ("N", "AH", "S"),
    "less": ("L", "AH", "S"), "ful": ("F", "AH", "L"), "able": ("AH", "B", "AH", "L"), "ish": ("IH", "SH"),
    "ment": ("M", "AH", "N", "T"), "est": ("AH", "S", "T"), "y": ("IY",),
}  # fmt: skip
CLITICS: dict[str, Phones] = {
    "'ll": ("AH", "L"), "'ve": ("AH", "V"), "'d": ("D",), "'re": ("ER",), "n't": ("AH", "N", "T"),
}  # fmt: skip
MIN_STEM = 3
MIN_PART = 3


class Origin(Enum):
    """How a pronunciation was found."""

    KNOWN = "known"
    DERIVED = "derived"
    GUESSED = "guessed"
    UNKNOWN = "unknown"


def normalise(text: str) -> tuple[str, ...]:
    """The words of a phrase in lower case; apostrophes stay, accents and other marks go."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(word for word in (w.strip("'") for w in re.split(r"[^\w']+|_", plain)) if word)


class Lexicon:
    """Pronunciations of any English word."""

    def __init__(self, lookup: Lookup, guess: Callable[[str], Phones] | None = None) -> None:
        self._lookup = lookup
        self._guess = guess

    def pronounce(self, word: str) -> tuple[tuple[Phones, ...], Origin]:
        """Every pronunciation of a lower-case word and how they were found; none for what is not written in letters."""
        known = self._lookup(word)
        if known:
            return known, Origin.KNOWN
        if not re.fullmatch(r"[a-z]+(?:'[a-z]*)*", word):
            return (), Origin.UNKNOWN
        derived = self._inflected(word) or self._compound(word)
        if derived:
            return derived, Origin.DERIVED
        guessed = self._guess(word.replace("'", "")) if self._guess else ()
        return ((guessed,), Origin.GUESSED) if guessed else ((), Origin.UNKNOWN)

    def _inflected(self, word: str) -> tuple[Phones, ...]:
        for clitic, phones in CLITICS.items():
            if word.endswith(clitic):
                return tuple(p + phones for p in self._lookup(word.removesuffix(clitic)))
        if word.endswith("'s"):
            return tuple(with_s(p) for p in self._lookup(word.removesuffix("'s")))
        for make in (self._plural, self._past, self._suffixed, self._prefixed):
            found = make(word)
            if found:
                return found
        return ()

    def _plural(self, word: str) -> tuple[Phones, ...]:
        stems = [word[:-1]] if word.endswith("s") and not word.endswith("ss") else []
        stems += [word[:-2]] if word.endswith("es") else []
        stems += [word[:-3] + "y"] if word.endswith("ies") else []
        return tuple(with_s(p) for p in self._first_known(stems))

    def _past(self, word: str) -> tuple[Phones, ...]:
        return tuple(with_ed(p) for p in self._first_known(stems_before(word, "ed")))

    def _suffixed(self, word: str) -> tuple[Phones, ...]:
        for suffix, phones in SUFFIXES.items():
            found = self._first_known(stems_before(word, suffix))
            if found:
                return tuple(p + phones for p in found)
        return ()

    def _prefixed(self, word: str) -> tuple[Phones, ...]:
        for prefix, phones in PREFIXES.items():
            rest = word.removeprefix(prefix)
            if rest != word and len(rest) > MIN_STEM:
                found = self._lookup(rest) or self._plural(rest) or self._past(rest)
                if found:
                    return tuple(phones + p for p in found)
        return ()

    def _compound(self, word: str) -> tuple[Phones, ...]:
        """Two known words written as one; the most even split is the likeliest."""
        middle = len(word) / 2
        for cut in sorted(range(MIN_PART, len(word) - MIN_PART + 1), key=lambda c: abs(c - middle)):
            first, second = self._lookup(word[:cut]), self._lookup(word[cut:])
            if first and second:
                return (first[0] + second[0],)
        return ()

    def _first_known(self, stems: Iterable[str]) -> tuple[Phones, ...]:
        return next((found for found in (self._lookup(s) for s in stems if len(s) >= MIN_STEM) if found), ())


def with_s(stem: Phones) -> Phones:
    """A stem with plural, third-person or possessive s."""
    if stem[-1] in SIBILANTS:
        return (*stem, "AH", "Z")
    return (*stem, "S" if stem[-1] in VOICELESS else "Z")


def with_ed(stem: Phones) -> Phones:
    """A stem with the regular past tense."""
    if stem[-1] in ("T", "D"):
        return (*stem, "AH", "D")
    return (*stem, "T" if stem[-1] in VOICELESS | {"S", "SH", "CH"} else "D")


def stems_before(word: str, suffix: str) -> list[str]:
    """Spellings a stem may have had before a suffix: plain, with a dropped e, y for i, a doubled letter."""
    if not word.endswith(suffix):
        return []
    stem = word.removesuffix(suffix)
    if len(stem) < MIN_STEM - 1:
        return []
    stems = [stem, stem + "e"]
    stems += [stem[:-1] + "y"] if stem.endswith("i") else []
    stems += [stem[:-1]] if len(stem) > 2 and stem[-1] == stem[-2] else []
    return stems


def phrase_pronunciations(words: Iterable[tuple[Phones, ...]], limit: int) -> tuple[tuple[Phones, ...], ...]:
    """Up to ``limit`` ways to say a phrase, each as one pronunciation per word.

    Takes every word's pronunciations, the usual one first; the ways with the fewest unusual words come first.
    """
    ranked = [tuple(enumerate(ways)) for ways in words]
    ways = sorted(islice(product(*ranked), 256), key=lambda way: sum(rank for rank, _ in way))
    return tuple(tuple(phones for _, phones in way) for way in ways[:limit])


def read_dictionary(path: Path) -> dict[str, tuple[Phones, ...]]:
    """A pronunciation dictionary in CMU's format, ``word(2) P H O N E S`` a line, as word to pronunciations."""
    entries: dict[str, list[Phones]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            head, *phones = line.split()
            entries.setdefault(re.sub(r"\(\d+\)$", "", head), []).append(tuple(phones))
    return {word: tuple(ways) for word, ways in entries.items()}
