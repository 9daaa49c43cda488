"""A phrase made ready for matching: every wording as a sequence of folded words."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from monitor.phrases.normalise import fold_word
from monitor.policy.wording import ANY_WORD, expand, expand_context

Wording = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One phrase of a behaviour and all its folded wordings."""

    behaviour_id: str
    phrase: str
    wordings: tuple[Wording, ...]
    weak: bool = False
    inflect: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """A surrounding that makes a match not count.

    ``before`` and ``after`` are wordings next to the match, empty where that side does not matter; ``whole`` are longer
    wordings of which the match is a part.
    """

    text: str
    before: tuple[Wording, ...] = ()
    after: tuple[Wording, ...] = ()
    whole: tuple[Wording, ...] = ()


def fold_phrase(phrase: str, language: str = "en") -> tuple[Wording, ...]:
    """Every wording of a phrase, folded; "may be missing" words give a wording with and one without them."""
    folded: dict[Wording, None] = {}
    for plain in expand(phrase):
        parts: list[tuple[tuple[str, bool], ...]] = [
            ((ANY_WORD, False),) if word == ANY_WORD else fold_word(word, language) for word in plain.split()
        ]
        choices = [((text,), ()) if soft else ((text,),) for part in parts for text, soft in part]
        for choice in itertools.islice(itertools.product(*choices), 16):
            folded[tuple(text for group in choice for text in group)] = None
    return tuple(wording for wording in folded if wording)


def fold_context(text: str, language: str = "en") -> Context:
    """Fold a do-not-trigger context of a policy."""
    around, _ = expand_context(text)
    if around is None:
        return Context(text, whole=fold_phrase(text, language))
    before, after = (fold_phrase(side, language) if side else () for side in around)
    return Context(text, before=before, after=after)
