"""The phrases of a policy as words that the decoder can hear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.lexicon import Lexicon, Origin, Phones, normalise, phrase_pronunciations

PHRASE_SUFFIX = "_kp"
MAX_WAYS = 4


@dataclass(frozen=True, slots=True)
class PhraseWord:
    """A phrase as one word of the vocabulary; ``ways`` are its pronunciations, each as phones per word."""

    key: str
    words: tuple[str, ...]
    ways: tuple[tuple[Phones, ...], ...]

    @property
    def phones(self) -> int:
        """Sounds in the phrase as it is usually said."""
        return sum(map(len, self.ways[0]))

    def entries(self) -> Iterator[tuple[str, Phones]]:
        """The dictionary's lines: key, numbered from the second pronunciation on, and phones."""
        for n, way in enumerate(self.ways, 1):
            yield self.key if n == 1 else f"{self.key}({n})", tuple(phone for word in way for phone in word)


class PhraseIndex:
    """Finds phrases by their key, and in rows of plain words."""

    def __init__(self, phrases: Iterable[PhraseWord]) -> None:
        self._by_key: dict[str, PhraseWord] = {}
        self._by_first: dict[str, list[PhraseWord]] = {}
        for phrase in phrases:
            self._by_key[phrase.key] = phrase
            self._by_first.setdefault(phrase.words[0], []).append(phrase)

    def get(self, key: str) -> PhraseWord | None:
        """The phrase that is this word of the decoder's, None for ordinary words."""
        return self._by_key.get(key)

    def find(self, texts: Sequence[str]) -> Iterator[tuple[int, PhraseWord]]:
        """Every phrase in a row of words, with the place of its first word."""
        for at, text in enumerate(texts):
            for phrase in self._by_first.get(text, ()):
                if tuple(texts[at : at + len(phrase.words)]) == phrase.words:
                    yield at, phrase


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The phrases that can be heard, and sentences about those that cannot."""

    phrases: tuple[PhraseWord, ...]
    warnings: tuple[str, ...]


def build_vocabulary(phrases: Sequence[str], lexicon: Lexicon) -> Vocabulary:
    """Give each distinct phrase its pronunciations; a phrase with an unpronounceable word becomes a warning."""
    found: dict[tuple[str, ...], PhraseWord] = {}
    warnings: list[str] = []
    guessed: list[str] = []
    for text in phrases:
        words = normalise(text)
        if not words:
            warnings.append(f"The phrase {text!r} cannot be listened for: it has no words.")
            continue
        if words in found:
            continue
        spoken = [(word, *lexicon.pronounce(word)) for word in words]
        mute = [word for word, ways, _ in spoken if not ways]
        if mute:
            warnings.append(
                f"The phrase {text!r} cannot be listened for: nobody knows how {mute[0]!r} is said; "
                "write it out in English words."
            )
            continue
        guessed += [word for word, _, origin in spoken if origin is Origin.GUESSED and word not in guessed]
        ways = phrase_pronunciations((w for _, w, _ in spoken), MAX_WAYS)
        found[words] = PhraseWord("_".join(words) + PHRASE_SUFFIX, words, ways)
    if guessed:
        listed = ", ".join(repr(word) for word in guessed)
        warnings.append(f"How these words are said was guessed from their letters, so they may be missed: {listed}.")
    return Vocabulary(tuple(found.values()), tuple(warnings))
