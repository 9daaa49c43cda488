"""Phrases in the sounds of other words: what the decoder took for "and sorry" may have been "I'm sorry".

For phrases that neither the decoder nor keyphrase search heard as such, most of them long: over many sounds a few wrong
ones do not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.confusability import Confusability
from models.decoded import Decoded
from models.evidence import text_confidence, text_limit
from models.phone_match import PhoneSearch, nearest
from models.vocabulary import PhraseWord

SoundsOf = Callable[[Decoded], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class NearPhrase:
    """A phrase that the words sound like, in frames of the utterance, ``end`` exclusive."""

    phrase: PhraseWord
    start: int
    end: int
    confidence: float


class NearText:
    """Looks for phrases in the sounds of the decoder's path."""

    def __init__(self, phrases: Sequence[PhraseWord], confusability: Confusability) -> None:
        wanted = [tuple(phone for word in phrase.ways[0] for phone in word) for phrase in phrases]
        limits = [text_limit(confusability.rarity(row)) for row in wanted]
        kept = [n for n, limit in enumerate(limits) if limit >= 0]
        self._phrases = [phrases[n] for n in kept]
        self._wanted = [wanted[n] for n in kept]
        self._limits = [limits[n] for n in kept]
        self._search = PhoneSearch(self._wanted, self._limits)
        self._last: tuple[tuple[Decoded, ...], list[NearPhrase]] = ((), [])

    def find(self, path: Sequence[Decoded], sounds_of: SoundsOf) -> list[NearPhrase]:
        """The nearest place of each phrase that is near enough somewhere."""
        if tuple(path) != self._last[0]:
            self._last = tuple(path), self._look(path, sounds_of)
        return self._last[1]

    def _look(self, path: Sequence[Decoded], sounds_of: SoundsOf) -> list[NearPhrase]:
        heard: list[str] = []
        bounds: list[tuple[float, float]] = []
        for entry in path:
            sounds = sounds_of(entry)
            width = (entry.end - entry.start) / max(1, len(sounds))
            heard += sounds
            bounds += [(entry.start + n * width, entry.start + (n + 1) * width) for n in range(len(sounds))]
        found = []
        for n in self._search.near(heard) if heard else ():
            place = nearest(heard, self._wanted[n])
            if place.first < place.end:
                start, end = round(bounds[place.first][0]), round(bounds[place.end - 1][1])
                sure = text_confidence(place.apart, self._limits[n])
                found.append(NearPhrase(self._phrases[n], start, end, sure))
        return found
