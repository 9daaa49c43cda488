"""Two views of one utterance become one row of words: what both hear is sure, what one hears alone is a hint.

The decoder knows all words and weighs them by the language; keyphrase search knows the phrases alone. A phrase that
both found in the same place gains confidence, one that only the decoder heard loses it. One that only keyphrase search
heard takes the place of the words there, if they sound alike: the score of the search, the rarity of the phrase's
sounds and the distance of the decoder's sounds from them say how sure that is. A phrase that neither heard may still
be near to the sounds of the decoder's words (``models.near_text``). Neither is ever more than a hint
(``models.evidence``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.decoded import HOP_S, Decoded
from models.evidence import ALONE_AT_LEAST, ALONE_AT_MOST, alone_confidence, joined_confidence
from models.folding import phrase_words
from models.keyphrase_view import Hit
from models.near_text import NearText, SoundsOf
from models.phone_match import distance
from models.vocabulary import PhraseIndex, PhraseWord
from monitor.types import Word

AROUND_FRAMES = 5
"""The two views place a phrase differently by so much."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A phrase that keyphrase search heard alone, as plain words."""

    words: tuple[Word, ...]
    confidence: float

    @property
    def start_s(self) -> float:
        return self.words[0].start_s

    @property
    def end_s(self) -> float:
        return self.words[-1].end_s


class Agreement:
    """Joins the views of one decoder's phrases; ``sounds_of`` tells the sounds of an entry of its path."""

    def __init__(self, phrases: PhraseIndex, sounds_of: SoundsOf, near_text: NearText) -> None:
        self._phrases = phrases
        self._near_text = near_text
        self._sounds_of = sounds_of

    def join(
        self, words: Sequence[Word], path: Sequence[Decoded], hits: Sequence[Hit], start_s: float
    ) -> tuple[Word, ...]:
        """The decoder's ``words``, which it read off ``path``, with what the second view's ``hits`` say of them."""
        claimed: set[Hit] = set()
        known: set[str] = set()
        sure = [word.confidence for word in words]
        is_phrase = [False] * len(words)
        for at, phrase in self._phrases.find([word.text for word in words]):
            row = range(at, at + len(phrase.words))
            known.add(phrase.key)
            same = _at_place(hits, phrase, words[row[0]].start_s - start_s, words[row[-1]].end_s - start_s)
            claimed.update(same)
            together = joined_confidence(max(words[n].confidence for n in row), is_seen_twice=bool(same))
            for n in row:
                sure[n] = max(sure[n], together) if is_phrase[n] else together
                is_phrase[n] = True
        told = [replace(word, confidence=c) for word, c in zip(words, sure, strict=True)]
        alone = [claim for hit in hits if hit not in claimed and (claim := self._claim(hit, path, start_s))]
        alone += [
            _Claim(phrase_words(near.phrase, 0, (near.start, near.end), start_s, near.confidence), near.confidence)
            for near in self._near_text.find(path, self._sounds_of)
            if near.phrase.key not in known
        ]
        for claim in _apart(alone):
            told = _put(claim, told, is_phrase, words)
        return tuple(told)

    def _claim(self, hit: Hit, path: Sequence[Decoded], start_s: float) -> _Claim | None:
        """The hit as words, None where it is not to be told."""
        way = hit.phrase.ways[hit.way]
        wanted = tuple(phone for word in way for phone in word)
        # Most hits are hopeless before the sounds are looked at, which takes longest.
        if alone_confidence(hit.score, hit.rarity, 0.0) < ALONE_AT_LEAST:
            return None
        near = (e for e in path if e.end > hit.start - AROUND_FRAMES and e.start < hit.end + AROUND_FRAMES)
        apart = distance([sound for entry in near for sound in self._sounds_of(entry)], wanted)
        sure = alone_confidence(hit.score, hit.rarity, apart)
        if sure < ALONE_AT_LEAST:
            return None
        return _Claim(phrase_words(hit.phrase, hit.way, (hit.start, hit.end), start_s, sure), sure)


def hints_only(words: Sequence[Word]) -> tuple[Word, ...]:
    """The same words, none so sure that a phrase of them could be more than a hint.

    For speech that hardly stands out of noise or of other voices: in 5 minutes of babble both views agreed on a
    phrase that nobody had said, and it was sure.
    """
    return tuple(replace(word, confidence=min(word.confidence, ALONE_AT_MOST)) for word in words)


def _at_place(hits: Sequence[Hit], phrase: PhraseWord, start_s: float, end_s: float) -> list[Hit]:
    """Hits of this phrase, in any pronunciation, that share time with the stretch, in seconds of the utterance."""
    return [
        hit for hit in hits if hit.phrase.key == phrase.key and hit.start * HOP_S < end_s and hit.end * HOP_S > start_s
    ]


def _apart(claims: Sequence[_Claim]) -> list[_Claim]:
    """Of claims that share time only the surest, the longest of equally sure ones."""
    kept: list[_Claim] = []
    for claim in sorted(claims, key=lambda c: (-c.confidence, c.start_s - c.end_s, c.start_s, c.words[0].text)):
        if not any(claim.start_s < other.end_s and other.start_s < claim.end_s for other in kept):
            kept.append(claim)
    return kept


def _put(claim: _Claim, told: list[Word], is_phrase: list[bool], words: Sequence[Word]) -> list[Word]:
    """The claim instead of the words that have their middle in it, unless they make a phrase that is as sure."""
    rivals = {
        word.start_s: word
        for word, belongs in zip(words, is_phrase, strict=True)
        if belongs and _middle_in(word, claim)
    }
    if any(word.start_s in rivals and word.confidence >= claim.confidence for word in told):
        return told
    before = [
        replace(word, end_s=min(word.end_s, claim.start_s))
        for word in told
        if not _middle_in(word, claim) and word.start_s < claim.start_s
    ]
    after = [
        replace(word, start_s=max(word.start_s, claim.end_s))
        for word in told
        if not _middle_in(word, claim) and word.start_s >= claim.start_s
    ]
    return [*before, *claim.words, *after]


def _middle_in(word: Word, claim: _Claim) -> bool:
    return claim.start_s <= (word.start_s + word.end_s) / 2 <= claim.end_s
