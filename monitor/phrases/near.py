"""Why something was not flagged: phrases that a text comes near to, and the words that differ.

For people who write policies; the engine never uses it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.phrases.normalise import tokens_of
from monitor.phrases.pattern import fold_phrase
from monitor.policy.model import Policy
from monitor.types import Word

WORD_S = 0.3
SENTENCE_PAUSE_S = 0.8
LEAST_RATIO = 75.0
# Two phrases that share only "you are" are not near.
LEAST_SHARED = 0.8
LEAST_ALIKE = 60.0
MOST_NEAR = 3


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A phrase that nearly was there: ``expected`` words of it against the ``heard`` ones, folded."""

    behaviour_id: str
    phrase: str
    expected: str
    heard: str


def spoken(text: str) -> list[list[Word]]:
    """Turn a written text into words as if spoken evenly, one utterance for each sentence."""
    utterances: list[list[Word]] = [[]]
    at_s = 0.0
    for written in text.split():
        if any(ch.isalnum() for ch in written):
            utterances[-1].append(Word(at_s, at_s + 0.8 * WORD_S, written.lower()))
            at_s += WORD_S
        if utterances[-1] and re.search(r"[.!?…][\"'”’)]*$", written):
            utterances.append([])
            at_s += SENTENCE_PAUSE_S
    return [words for words in utterances if words]


def near_misses(policy: Policy, words: Sequence[Word], matched: Iterable[str]) -> list[NearMiss]:
    """Find the nearest phrases of behaviours that are not in ``matched``, at most one each and a few in all."""
    from rapidfuzz.fuzz import partial_ratio_alignment

    heard = " ".join(token.text for token in tokens_of(words, policy.language))
    skip = set(matched)
    found: list[tuple[float, NearMiss]] = []
    for behaviour in policy.behaviours:
        if behaviour.id in skip:
            continue
        best: tuple[float, NearMiss] | None = None
        for phrase in (*behaviour.phrases, *behaviour.weak_phrases):
            for wording in fold_phrase(phrase, policy.language):
                text = " ".join(wording)
                # A fragment of a phrase is no near miss of it.
                if len(wording) < 2 or len(text) > len(heard) + 4:
                    continue
                place = partial_ratio_alignment(text, heard, score_cutoff=LEAST_RATIO)
                if place is None or (best is not None and place.score <= best[0]):
                    continue
                expected, said = _difference(text, _whole_words(heard, place.dest_start, place.dest_end))
                if (expected or said) and _is_near(text, expected, said):
                    best = (place.score, NearMiss(behaviour.id, phrase, expected, said))
        if best is not None:
            found.append(best)
    return [miss for _, miss in sorted(found, key=lambda item: -item[0])[:MOST_NEAR]]


def _is_near(phrase: str, expected: str, said: str) -> bool:
    """Whether most of the phrase is there, or the word that is not sounds like the one that was heard."""
    from rapidfuzz.fuzz import ratio

    if len(expected.split()) > 1:
        return False
    return 1 - len(expected) / len(phrase) >= LEAST_SHARED or ratio(expected, said) >= LEAST_ALIKE


def _whole_words(text: str, start: int, end: int) -> str:
    """Cut out the stretch from ``start`` to ``end``, widened to whole words where a third of a word is in it."""
    kept = []
    for word in re.finditer(r"\S+", text):
        inside = min(end, word.end()) - max(start, word.start())
        if inside * 3 >= word.end() - word.start():
            kept.append(word.group())
    return " ".join(kept)


def _difference(expected: str, heard: str) -> tuple[str, str]:
    """Return the words of each that the other lacks."""
    one, other = expected.split(), heard.split()
    changes = [c for c in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes() if c[0] != "equal"]
    missing = [word for _, start, end, _, _ in changes for word in one[start:end]]
    instead = [word for _, _, _, start, end in changes for word in other[start:end]]
    return " ".join(missing), " ".join(instead)
