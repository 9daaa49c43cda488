"""Words folded so that a phrase and what was heard look alike: contractions opened, spellings and typography made one.

The same folding is done to phrases and to recognised words, so a contraction matches its long form with and without its
apostrophe ("you're" = "youre" = "you are").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from monitor.policy.wording import word_set
from monitor.types import Word

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´＇‛", "'"))

_LONG_FORMS = {
    "i'm": "i am",
    "you're": "you are",
    "we're": "we are",
    "they're": "they are",
    "i've": "i have",
    "you've": "you have",
    "we've": "we have",
    "they've": "they have",
    "could've": "could have",
    "should've": "should have",
    "would've": "would have",
    "might've": "might have",
    "must've": "must have",
    "i'll": "i will",
    "you'll": "you will",
    "he'll": "he will",
    "she'll": "she will",
    "we'll": "we will",
    "they'll": "they will",
    "it'll": "it will",
    "that'll": "that will",
    "there'll": "there will",
    "i'd": "i would",
    "you'd": "you would",
    "he'd": "he would",
    "she'd": "she would",
    "we'd": "we would",
    "they'd": "they would",
    "it'd": "it would",
    "that'd": "that would",
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "don't": "do not",
    "doesn't": "does not",
    "didn't": "did not",
    "isn't": "is not",
    "ain't": "is not",
    "aren't": "are not",
    "wasn't": "was not",
    "weren't": "were not",
    "hasn't": "has not",
    "haven't": "have not",
    "hadn't": "had not",
    "wouldn't": "would not",
    "couldn't": "could not",
    "shouldn't": "should not",
    "mustn't": "must not",
    "needn't": "need not",
    "mightn't": "might not",
    "it's": "it is",
    "that's": "that is",
    "he's": "he is",
    "she's": "she is",
    "there's": "there is",
    "here's": "here is",
    "what's": "what is",
    "who's": "who is",
    "where's": "where is",
    "how's": "how is",
    "let's": "let us",
    "ma'am": "maam",
    "o'clock": "oclock",
    "y'all": "you all",
    "'cause": "because",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "lemme": "let me",
    "gimme": "give me",
    "dunno": "do not know",
    "kinda": "kind of",
    "sorta": "sort of",
    "shoulda": "should have",
    "coulda": "could have",
    "woulda": "would have",
    "ok": "okay",
    "alright": "all right",
    "everyone": "everybody",
    "anyone": "anybody",
    "someone": "somebody",
    "noone": "nobody",
    "madam": "maam",
    "mum": "mom",
}

# Without the apostrophe these are words of their own; a recogniser that means the contraction writes it.
_OTHER_WORDS = word_set("we're we'll he'll she'll i'll i'd we'd he'd she'd")

_SPELLINGS = {
    "behaviour": "behavior",
    "colour": "color",
    "favour": "favor",
    "honour": "honor",
    "favourite": "favorite",
    "cheque": "check",
    "centre": "center",
    "learnt": "learned",
    "100": "hundred",
    "%": "percent",
    "&": "and",
    "0": "zero",
    "1": "one",
    "2": "two",
    "3": "three",
    "4": "four",
    "5": "five",
    "6": "six",
    "7": "seven",
    "8": "eight",
    "9": "nine",
    "10": "ten",
}
# What sounds the same as a contraction and is written for it by people and recognisers alike, and the other way round.
_MISTAKEN = {
    "your": "you are", "yore": "you are", "there": "they are", "their": "they are", "were": "we are",
    "whose": "who is", "theirs": "there is", "ill": "i will", "aisle": "i will", "well": "we will", "yule": "you will",
    "hell": "he will", "id": "i would", "wed": "we would", "weave": "we have", "heed": "he would",
    "you're": "your", "youre": "your", "they're": "there", "theyre": "there", "we're": "were", "who's": "whose",
    "whos": "whose",
}  # fmt: skip
_ISE = re.compile(r"(?<=\w{3})is(e|es|ed|er|ers|ing|ation)$")
_BARE = {short.replace("'", ""): full for short, full in _LONG_FORMS.items() if short not in _OTHER_WORDS}


@dataclass(frozen=True, slots=True)
class Token:
    """One folded word. ``word`` is its place in the words given; ``soft`` ones may be missing in a phrase."""

    text: str
    word: int
    soft: bool = False


def fold_word(word: str, language: str = "en") -> tuple[tuple[str, bool], ...]:
    """Return the folded words of one written word, each with whether it may be missing."""
    return _fold(word[:100], language[:2] == "en")


@lru_cache(maxsize=32_768)
def _fold(word: str, english: bool) -> tuple[tuple[str, bool], ...]:
    text = unicodedata.normalize("NFKC", word).translate(_APOSTROPHES).casefold()
    text = "".join(ch for ch in text if unicodedata.category(ch) != "Cf")
    parts: list[tuple[str, bool]] = []
    for piece in _pieces(text):
        parts.extend(_english(piece) if english else [(piece.strip("'"), False)])
    return tuple(part for part in parts if part[0])


def _pieces(text: str) -> list[str]:
    """Letters, digits and the marks that belong to them, with apostrophes kept; everything else parts words."""
    kept = "".join(
        ch if ch in "'%&" or unicodedata.category(ch)[0] in "LNM" else " " for ch in text.replace("%", " % ")
    )
    return kept.split()


def _english(piece: str) -> list[tuple[str, bool]]:
    if piece not in _LONG_FORMS:
        piece = piece.strip("'")
    full = _LONG_FORMS.get(piece) or _BARE.get(piece)
    if full:
        return [(part, False) for part in full.split()]
    if piece.endswith("'s"):
        # "the computer's slow" and "the computer's fault" are written alike, so the "is" may be missing.
        return [(_spelling(piece[:-2]), False), ("is", True)]
    return [(_spelling(piece.replace("'", "")), False)]


def _spelling(word: str) -> str:
    return _SPELLINGS.get(word) or _ISE.sub(r"iz\1", word)


def mistaken_for(word: str) -> tuple[str, ...] | None:
    """The folded words that an English word may have been meant for which sound the same as it, None for most words."""
    meant = _MISTAKEN.get(word.translate(_APOSTROPHES).casefold().strip("'.,;:!?"))
    return tuple(meant.split()) if meant else None


def tokens_of(words: Sequence[Word], language: str = "en") -> list[Token]:
    """Recognised words, folded, each token with the number of the word it came from."""
    return [
        Token(text, index, soft) for index, word in enumerate(words) for text, soft in fold_word(word.text, language)
    ]
