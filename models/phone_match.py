"""How alike two rows of sounds are: an edit distance in which sounds that people and recognisers confuse cost little.

What a recogniser took "I'm sorry" for, "and sorry", is another text but nearly the same sounds. The cost of taking one
sound for another follows from phonetic classes, not from data: how a consonant is made, where, and whether with voice;
how open and how far front a vowel is, and whether it is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

import numpy as np
import numpy.typing as npt

GAP = 0.7
"""Cost of a sound too many or too few."""

WEAK_GAP = 0.4
"""The same for sounds that fluent speech drops or adds: schwa, h, and t and d."""

WEAK = frozenset(("AH", "IH", "HH", "T", "D"))

KEPT_EVERY = 8
"""Sounds between two states of a search that are kept to go on from."""

_Costs = npt.NDArray[np.float32]

_MANNER = {
    "stop": "P B T D K G", "affricate": "CH JH", "fricative": "F V TH DH S Z SH ZH HH", "nasal": "M N NG",
    "liquid": "L R", "glide": "W Y",
}  # fmt: skip
_PLACE = {
    "lips": "P B M W F V", "teeth": "TH DH", "ridge": "T D S Z N L", "palate": "SH ZH CH JH Y R", "velum": "K G NG",
    "throat": "HH",
}  # fmt: skip
_VOICED = frozenset(("B", "D", "G", "JH", "V", "DH", "Z", "ZH", "M", "N", "NG", "L", "R", "W", "Y"))

# Openness 0 (close) to 3 (open), frontness 0 (back) to 2 (front), rounded; a diphthong has where it begins and ends.
_VOWELS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "IY": ((0, 2, 0), (0, 2, 0)), "IH": ((0.6, 1.7, 0), (0.6, 1.7, 0)), "EH": ((1.7, 1.8, 0), (1.7, 1.8, 0)),
    "AE": ((2.5, 1.8, 0), (2.5, 1.8, 0)), "AA": ((3, 0.4, 0), (3, 0.4, 0)), "AO": ((2, 0, 1), (2, 0, 1)),
    "AH": ((1.6, 1, 0), (1.6, 1, 0)), "UH": ((0.6, 0.4, 1), (0.6, 0.4, 1)), "UW": ((0, 0.3, 1), (0, 0.3, 1)),
    "ER": ((1.4, 1, 0.5), (1.4, 1, 0.5)), "EY": ((1.4, 1.9, 0), (0.3, 2, 0)), "AY": ((2.8, 0.8, 0), (0.5, 1.8, 0)),
    "OW": ((1.3, 0.4, 1), (0.4, 0.2, 1)), "AW": ((2.8, 0.8, 0), (0.5, 0.3, 1)), "OY": ((1.8, 0, 1), (0.5, 1.8, 0)),
}  # fmt: skip
_ALIKE = {frozenset(pair): cost for pair, cost in (
    (("R", "ER"), 0.3), (("Y", "IY"), 0.3), (("W", "UW"), 0.3), (("L", "AO"), 0.6), (("L", "OW"), 0.6),
)}  # fmt: skip

SOUNDS = (*_VOWELS, *(sound for sounds in _MANNER.values() for sound in sounds.split()))
_PLACES = {sound: n for n, sound in enumerate(SOUNDS)}


@cache
def confusion(one: str, other: str) -> float:
    """Cost of taking one sound for the other: 0 for the same, 1 for sounds that share nothing."""
    if one == other:
        return 0.0
    if (known := _ALIKE.get(frozenset((one, other)))) is not None:
        return known
    if one in _VOWELS and other in _VOWELS:
        return min(1.0, 0.1 + sum(_apart(a, b) for a, b in zip(_VOWELS[one], _VOWELS[other], strict=True)) / 2)
    if one in _VOWELS or other in _VOWELS:
        return 1.0
    differ = 0.45 * (_class(one, _MANNER) != _class(other, _MANNER))
    differ += 0.35 * (_class(one, _PLACE) != _class(other, _PLACE))
    return min(1.0, differ + 0.2 * ((one in _VOICED) != (other in _VOICED)))


@dataclass(frozen=True, slots=True)
class Stretch:
    """The stretch of what was heard that is nearest to a phrase: sounds ``first`` to before ``end``.

    ``apart`` is the distance per sound of the phrase: 0 the same, 1 nothing alike.
    """

    apart: float
    first: int
    end: int


def nearest(heard: Sequence[str], wanted: Sequence[str]) -> Stretch:
    """Where in ``heard`` the sounds are nearest to ``wanted``; what is before and after costs nothing."""
    # Each cell: cost so far, and where the stretch begins.
    row = [(0.0, at) for at in range(len(heard) + 1)]
    for sound in wanted:
        gap = _gap(sound)
        below = [(row[0][0] + gap, row[0][1])]
        for at, other in enumerate(heard, 1):
            missed, taken, extra = row[at], row[at - 1], below[-1]
            below.append(
                min(
                    (taken[0] + confusion(sound, other), taken[1]),
                    (missed[0] + gap, missed[1]),
                    (extra[0] + _gap(other), extra[1]),
                )
            )
        row = below
    end = min(range(len(row)), key=lambda at: row[at][0])
    return Stretch(min(1.0, row[end][0] / max(1, len(wanted))), row[end][1], end)


def distance(heard: Sequence[str], wanted: Sequence[str]) -> float:
    """How far the nearest stretch of ``heard`` is from ``wanted``, 0 to 1."""
    return nearest(heard, wanted).apart


class PhoneSearch:
    """Tells which of many phrases are near to some stretch of what was heard; the same costs as ``nearest``.

    All phrases at once, one row of numpy for each sound heard: 500 phrases cost 70 microseconds a sound. Asked again
    while an utterance grows, it goes on from the sounds that stayed the same.
    """

    def __init__(self, wanted: Sequence[Sequence[str]], limits: Sequence[float]) -> None:
        self._lengths = np.array([len(row) for row in wanted], np.intp)
        self._limits = np.array(limits, np.float32) * self._lengths + 1e-4
        self._numbers = np.arange(len(wanted))
        longest = int(self._lengths.max(initial=1))
        places = np.zeros((len(wanted), longest), np.intp)
        for n, row in enumerate(wanted):
            places[n, : len(row)] = [_PLACES[sound] for sound in row]
        gaps = np.array([_gap(sound) for sound in SOUNDS], np.float32)
        costs = np.array([[confusion(one, other) for other in SOUNDS] for one in SOUNDS], np.float32)
        self._costs = costs[:, places]
        self._missed = np.concatenate((np.zeros((len(wanted), 1), np.float32), gaps[places].cumsum(axis=1)), axis=1)
        self._heard: tuple[str, ...] = ()
        # After every so many of these sounds: the row, and the least cost of each whole phrase so far.
        self._states = [(self._missed, self._missed[self._numbers, self._lengths])]

    def near(self, heard: Sequence[str]) -> list[int]:
        """Numbers of the phrases that are within their limit somewhere."""
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(heard, self._heard, strict=False)))
        del self._states[same // KEPT_EVERY + 1 :]
        row, best = self._states[-1]
        for at in range((len(self._states) - 1) * KEPT_EVERY, len(heard)):
            row = self._next(row, heard[at])
            best = np.minimum(best, row[self._numbers, self._lengths])
            if (at + 1) % KEPT_EVERY == 0:
                self._states.append((row, best))
        self._heard = tuple(heard)
        return [int(n) for n in np.flatnonzero(best <= self._limits)]

    def _next(self, row: _Costs, sound: str) -> _Costs:
        """The row after one more sound was heard."""
        step = row + _gap(sound)
        step[:, 0] = 0.0
        np.minimum(step[:, 1:], row[:, :-1] + self._costs[_PLACES[sound]], out=step[:, 1:])
        # A missed sound of the phrase costs its gap: the running minimum over all numbers of missed sounds.
        after: _Costs = np.minimum.accumulate(step - self._missed, axis=1) + self._missed
        return after


def _gap(sound: str) -> float:
    return WEAK_GAP if sound in WEAK else GAP


def _apart(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    opened, front, rounded = (abs(a - b) for a, b in zip(one, other, strict=True))
    return (opened / 3 + front / 2 + 0.5 * rounded) / 1.5


def _class(sound: str, classes: dict[str, str]) -> str | None:
    return next((name for name, sounds in classes.items() if sound in sounds.split()), None)
