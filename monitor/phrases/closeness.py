"""How near a heard word is to a word of a phrase: the same, inflected, or a small slip of the recogniser.

A slip is told by its letters or by its sounds. Edit distance is optimal string alignment (rapidfuzz). Short words must
be exact, because among them a slip makes another word; the first sound must agree, because recognisers rarely lose it
and other words differ there. Words that sound the same ("knot", "not") or nearly so ("dawn", "down") may be short, but
what they make is a hint at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from monitor.phrases.sounds import skeleton_of, sound_distance, sounds_of

SHORTEST_FUZZY = 5
LONGEST_FUZZY = 40
TWO_SLIPS_FROM = 8
# By its sounds alone a match is never as close as ``ConfirmationRule.least_closeness`` asks, and two in one phrase do
# not make a match at all.
SOUND_COST = 0.12
SOUND_COST_OF_DISTANCE = 0.06
SHORTEST_NEARLY_ALIKE = 4
TWO_OTHER_SOUNDS_FROM = 6
_CACHE = 8_192

# Letters that begin the same sound.
_FIRST_SOUNDS = {"c": "k", "q": "k", "z": "s", "x": "s", "j": "g", "v": "f"}
_FIRST_PAIRS = {"kn": "n", "wr": "r", "ph": "f", "ps": "s", "gn": "n", "wh": "w", "ch": "ch", "sh": "sh", "th": "th"}


class Form(IntEnum):
    """How far a heard word is from the form in the phrase."""

    SAME = 0
    # "light roasts" for "light roast": easily misheard or said without meaning anything else.
    PLURAL = 1
    # "I promised him" for "I promise": another thing said.
    OTHER = 2


@dataclass(frozen=True, slots=True)
class Sense:
    """A word of the phrases for which a heard word may stand.

    ``edits`` counts wrong letters; ``sound_cost`` is what it takes from the closeness that only the sounds agree.
    """

    word: str
    edits: int = 0
    form: Form = Form.SAME
    sound_cost: float = 0.0


def stem(word: str) -> str:
    """Strip a word of its regular ending, the same for "ask", "asks", "asked", "asking"."""
    if len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        base = word.removesuffix(ending)
        if len(base) < 3 or base == word or (ending == "s" and base[-1] in "su"):
            continue
        if ending in ("ing", "ed") and base[-1] == base[-2] and base[-1] not in "ls":
            base = base[:-1]
        return base.removesuffix("e")
    return word.removesuffix("e")


def first_sound(word: str) -> str:
    """Return the sound that a word starts with, as letters."""
    pair = _FIRST_PAIRS.get(word[:2])
    return pair or _FIRST_SOUNDS.get(word[:1], word[:1])


def _form(heard: str, word: str) -> Form:
    longer, shorter = sorted((heard, word), key=len, reverse=True)
    return Form.PLURAL if longer in (shorter + "s", shorter + "es") else Form.OTHER


class WordCloseness:
    """Looks heard words up among the words of all phrases; answers are kept, for speech repeats its words."""

    def __init__(self, vocabulary: Iterable[str], *, by_sound: bool = False) -> None:
        self._words = frozenset(vocabulary)
        self._sounding: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._long: dict[str, list[str]] = {}
        for word in sorted(self._words):
            self._stems.setdefault(stem(word), []).append(word)
            if len(word) >= SHORTEST_FUZZY:
                self._long.setdefault(first_sound(word), []).append(word)
            if by_sound and len(sounds := sounds_of(word)) > 1:
                self._sounding.setdefault(skeleton_of(sounds), []).append(word)
        self._known: dict[str, dict[str, Sense]] = {}

    def senses(self, heard: str) -> dict[str, Sense]:
        """Words of the phrases that this word may be, by word."""
        found = self._known.get(heard)
        if found is None:
            if len(self._known) >= _CACHE:
                self._known.clear()
            found = self._known[heard] = self._look_up(heard)
        return found

    def _look_up(self, heard: str) -> dict[str, Sense]:
        found = {word: Sense(word, form=_form(heard, word)) for word in self._stems.get(stem(heard), ())}
        if heard in self._words:
            # A word that phrases know is taken at its word, not for a slip of another.
            found[heard] = Sense(heard)
        elif SHORTEST_FUZZY <= len(heard) <= LONGEST_FUZZY:
            for word, edits in self._near(heard):
                found.setdefault(word, Sense(word, edits=edits))
        for word, cost in self._alike(heard):
            found.setdefault(word, Sense(word, sound_cost=cost))
        return found

    def _alike(self, heard: str) -> Iterator[tuple[str, float]]:
        """Words that sound like this one and what that costs; one that phrases know must sound the same."""
        sounds = sounds_of(heard) if self._sounding and len(heard) <= LONGEST_FUZZY else ""
        if len(sounds) < 2:
            return
        for word in self._sounding.get(skeleton_of(sounds), ()):
            most = 0.0
            if heard not in self._words and min(len(word), len(heard)) >= SHORTEST_NEARLY_ALIKE:
                most = 1.0 if len(sounds) >= TWO_OTHER_SOUNDS_FROM else 0.5
            distance = sound_distance(sounds, sounds_of(word))
            if distance <= most:
                yield word, SOUND_COST + SOUND_COST_OF_DISTANCE * distance

    def _near(self, heard: str) -> list[tuple[str, int]]:
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        words = self._long.get(first_sound(heard), [])
        near = extract(heard, words, scorer=OSA.distance, score_cutoff=2, limit=None)
        return [
            (word, int(edits))
            for word, edits, _ in near
            if edits <= (2 if min(len(word), len(heard)) >= TWO_SLIPS_FROM else 1)
        ]
