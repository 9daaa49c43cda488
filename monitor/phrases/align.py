"""Lays one wording over heard words: which words it covers, what was skipped between them, how close the two are.

Hesitations ("uh", "you know") between words cost nothing; small words such as "just" or "really" cost a little; a word
said twice in a row counts once. Nothing else may stand between, least of all a "not".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.phrases.closeness import Form, Sense
from monitor.phrases.normalise import Token
from monitor.phrases.pattern import Wording
from monitor.policy.wording import ANY_WORD, word_set

HESITATIONS = word_set("uh um er erm ah eh hm hmm mm mhm uhm oh")
FILLER_PAIRS = frozenset({("you", "know"), ("i", "mean")})
SMALL_WORDS = word_set(
    "just really very so well now please sir maam actually simply honestly quite truly terribly awfully "
    "totally completely absolutely literally basically also then still even all like"
)
MOST_SKIPPED_IN_A_GAP = 4
MOST_SMALL_WORDS = 2
SMALL_WORD_COST = 0.03
# Somebody who stops this long between two words has begun another phrase.
LONGEST_PAUSE_S = 1.2


@dataclass(frozen=True, slots=True)
class Heard:
    """Heard words ready for matching: tokens, the times of each token's word, and what each may stand for."""

    tokens: Sequence[Token]
    starts_s: Sequence[float]
    ends_s: Sequence[float]
    senses: Sequence[dict[str, Sense]]
    idle: Sequence[bool]

    def pause_s(self, token: int) -> float:
        """Silence between the word of this token and the word before it."""
        return self.starts_s[token] - self.ends_s[token - 1] if token else 0.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """Tokens ``first`` to ``last`` carry the wording; ``covered`` are those that are words of it."""

    first: int
    last: int
    covered: tuple[int, ...]
    edits: int
    small_words: int
    form: Form
    sound_cost: float = 0.0

    def closeness(self, wording: Wording) -> float:
        """From 1, the same words, downwards; inflection is judged elsewhere."""
        letters = sum(len(word) for word in wording)
        return 1.0 - self.edits / max(1, letters) - SMALL_WORD_COST * self.small_words - self.sound_cost


def idle_tokens(tokens: Sequence[Token]) -> list[bool]:
    """Which tokens say nothing and may be skipped freely."""
    idle = [token.soft or token.text in HESITATIONS for token in tokens]
    for index in range(len(tokens) - 1):
        if (tokens[index].text, tokens[index + 1].text) in FILLER_PAIRS:
            idle[index] = idle[index + 1] = True
    return idle


def align(heard: Heard, wording: Wording, anchor: int, at: int) -> Alignment | None:
    """Lay ``wording`` over ``heard`` with its word ``anchor`` on token ``at``; None where it does not fit."""
    sense = heard.senses[at].get(wording[anchor])
    if sense is None:
        return None
    right = _walk(heard, wording[anchor + 1 :], at, 1)
    if right is None:
        return None
    left = _walk(heard, wording[:anchor][::-1], at, -1)
    if left is None:
        return None
    covered = (*reversed(left.covered), at, *right.covered)
    return Alignment(
        first=covered[0],
        last=covered[-1],
        covered=covered,
        edits=sense.edits + left.edits + right.edits,
        small_words=left.small_words + right.small_words,
        form=max(sense.form, left.form, right.form),
        sound_cost=_sound_cost(heard, covered, wording),
    )


def _sound_cost(heard: Heard, covered: Sequence[int], wording: Wording) -> float:
    """What the words cost that are there by their sound alone; one heard word costs once, also where it is two."""
    costs: dict[int, float] = {}
    for at, wanted in zip(covered, wording, strict=True):
        sense = heard.senses[at].get(wanted)
        if sense is not None and sense.sound_cost:
            word = heard.tokens[at].word
            costs[word] = max(costs.get(word, 0.0), sense.sound_cost)
    return sum(costs.values())


@dataclass(slots=True)
class _Walk:
    covered: list[int]
    edits: int = 0
    small_words: int = 0
    form: Form = Form.SAME


def _walk(heard: Heard, words: Wording, start: int, step: int) -> _Walk | None:
    """Find ``words`` one after the other from ``start`` in one direction."""
    walk = _Walk([])
    at = start
    for word in words:
        previous, at = at, at + step
        skipped = 0
        while True:
            if not 0 <= at < len(heard.tokens) or heard.pause_s(max(at, at - step)) > LONGEST_PAUSE_S:
                return None
            sense = _sense(heard, at, word)
            if sense is not None:
                break
            if not heard.idle[at] and heard.tokens[at].text != heard.tokens[previous].text:
                if heard.tokens[at].text not in SMALL_WORDS or walk.small_words >= MOST_SMALL_WORDS:
                    return None
                walk.small_words += 1
            skipped += 1
            if skipped > MOST_SKIPPED_IN_A_GAP:
                return None
            at += step
        walk.covered.append(at)
        walk.edits += sense.edits
        walk.form = max(walk.form, sense.form)
    return walk


def _sense(heard: Heard, at: int, word: str) -> Sense | None:
    if word == ANY_WORD:
        return None if heard.idle[at] else Sense(ANY_WORD)
    return heard.senses[at].get(word)
