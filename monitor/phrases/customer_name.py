"""The customer's name in the agent's words: given for the call, or heard where the agent says it with a title.

Recognisers spell names as they like, so that a word counts when it is nearly the name by its letters or sounds like it.
A name that is also an everyday word ("Will", "May") counts only where people are addressed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.phrases.sounds import skeleton_of, sound_distance, sounds_of
from monitor.policy.wording import word_set
from monitor.types import Hypothesis, Word

TITLES = word_set("mr mister mrs missus missis ms miss mx dr doctor professor sir madam")
# Names that are everyday words: alone they say nothing.
EVERYDAY = word_set(
    """
    will may mark bill rose grace hope joy faith sue art rich rob dawn summer april june august early long short young
    old brown white black green gray grey king price page day rice stone wood woods banks bell fox bush field fields
    hill rivers brook brooks cook baker love sharp strong small little good best case chance pat guy miles penny grant
    west north east major bond
    """
)
GREETINGS = word_set("hello hi thanks sorry okay yes morning afternoon evening goodbye bye well so sure")
_INTRODUCTIONS = ("am i speaking with", "am i speaking to", "am i talking to")
_NO_NAMES = word_set("the an my your our his her it that this who what and or is was not right correct okay sir madam")
LEAST_CONFIDENCE = 0.3
SHORTEST = 2  # letters of a part of a name
_SLIP_FROM, _TWO_SLIPS_FROM = 5, 8  # letters from which one and two may be wrong
_SOUND_FROM = 3  # sounds from which a name is known by them
_MOST_SOUND_DISTANCE = 1.0
_SAME_S = 2.0  # two passes hear one use within this


@dataclass(frozen=True, slots=True)
class NameUse:
    """The agent said the customer's name."""

    at_s: float
    text: str


class CustomerName:
    """Follows the uses of the customer's name."""

    def __init__(self, name: str | None = None) -> None:
        self._parts: tuple[str, ...] = ()
        self._uses: list[NameUse] = []
        self.give(name)

    @property
    def known(self) -> bool:
        """Whether the customer has a name."""
        return bool(self._parts)

    @property
    def uses(self) -> Sequence[NameUse]:
        """When the agent said it, in order."""
        return self._uses

    def give(self, name: str | None) -> None:
        """The customer's name, with or without title; an empty one changes nothing."""
        parts = parts_of(name or "")
        if parts:
            self._parts = parts

    def hear(self, hypothesis: Hypothesis) -> None:
        """Take one pass over the agent's words; a name is taken from a final pass alone."""
        words = [word for word in hypothesis.words if word.confidence >= LEAST_CONFIDENCE]
        if not self._parts and hypothesis.final:
            self._parts = tuple(_introduced([_plain(word.text) for word in words]))
        for use in self._said(words) if self._parts else ():
            near = [at for at, known in enumerate(self._uses) if abs(known.at_s - use.at_s) < _SAME_S]
            if near:
                self._uses[near[0]] = use
            else:
                self._uses.append(use)
                self._uses.sort(key=lambda each: each.at_s)

    def _said(self, words: Sequence[Word]) -> Iterator[NameUse]:
        earlier, before = "", ""
        for word in words:
            plain = _plain(word.text)
            titled = before in TITLES
            addressed = titled or before in GREETINGS or (earlier, before) == ("thank", "you")
            if any(_is_name(plain, part, titled=titled, addressed=addressed) for part in self._parts):
                yield NameUse(word.start_s, f"{before} {word.text}" if titled else word.text)
            earlier, before = before, plain


def parts_of(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, titles and initials left out."""
    words = (_plain(word) for word in re.split(r"[\s.,]+", name))
    return tuple(dict.fromkeys(word for word in words if len(word) >= SHORTEST and word not in TITLES))


def wordings_of(name: str | None) -> tuple[str, ...]:
    """What a recogniser should listen for so that it hears this name."""
    parts = parts_of(name or "")
    if not parts:
        return ()
    alone = [part for part in parts if part not in EVERYDAY]
    return tuple(dict.fromkeys([f"{title} {parts[-1]}" for title in ("mister", "missus", "miss", "doctor")] + alone))


def _plain(word: str) -> str:
    return word.lower().replace("’", "'").removesuffix("'s").strip(".,!?'\"")


def _is_name(heard: str, part: str, *, titled: bool, addressed: bool) -> bool:
    if part in EVERYDAY and not addressed:
        return False
    if heard == part:
        return True
    if heard in EVERYDAY and not titled:
        return False
    size = min(len(heard), len(part))
    slips = 2 if size >= _TWO_SLIPS_FROM else 1 if size >= _SLIP_FROM else 0
    if heard[:1] == part[:1] and _slips(heard, part, slips) <= slips:
        return True
    ours, theirs = sounds_of(part), sounds_of(heard)
    if min(len(ours), len(theirs)) < _SOUND_FROM or skeleton_of(ours) != skeleton_of(theirs):
        return False
    return sound_distance(ours, theirs) <= (2 * _MOST_SOUND_DISTANCE if titled else _MOST_SOUND_DISTANCE)


def _slips(heard: str, part: str, most: int) -> int:
    from rapidfuzz.distance import OSA  # 2 MB that a call without words does without

    return OSA.distance(heard, part, score_cutoff=most)


def _introduced(words: Sequence[str]) -> list[str]:
    """The name that the agent asks for or greets with a title; empty where there is none."""
    for at, word in enumerate(words[:-1]):
        if word in TITLES - {"sir", "madam"} and _could_be_name(words[at + 1]):
            return [words[at + 1]]
    text = " ".join(words)
    for opening in _INTRODUCTIONS:
        found = re.search(rf"\b{opening} ((?:[a-z'-]+ ?){{1,2}})", text)
        if found:
            return [part for part in parts_of(found[1]) if _could_be_name(part)]
    return []


def _could_be_name(word: str) -> bool:
    return word.isalpha() and len(word) > SHORTEST and word not in _NO_NAMES
