"""Finding one's way in a call: flags and lights as places, filters, next and previous, and search in the words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.call_view import STATE_WORDS, counts, why
from monitor.policy.model import Policy
from monitor.report.names import behaviour_name
from monitor.result_types import CallResult, FlagRecord
from monitor.types import FlagState, Light, LightSpan, Word

_LIT = (Light.AMBER, Light.RED)
_SAME_S = 0.05  # a place this near is the one where we are
_AROUND = 4  # words shown on each side of what was searched for


@dataclass(frozen=True, slots=True)
class Place:
    """A flagged phrase, or an amber or red light; ``key`` is unique in its call.

    ``id`` is the behaviour (of a light its first reason), ``title`` what people call it. ``state`` is None for a light,
    ``light`` is None for a flag.
    """

    key: str
    start_s: float
    end_s: float
    id: str
    title: str
    text: str
    state: FlagState | None = None
    light: Light | None = None
    channel: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it is held to be said and meant; lights always are."""
        return self.state is None or counts(self.state)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which places are wanted; None leaves a side open."""

    ids: frozenset[str] | None = None
    states: frozenset[FlagState] | None = None
    lights: frozenset[Light] | None = None

    def holds(self, place: Place) -> bool:
        """Whether this place is wanted."""
        if self.ids is not None and place.id not in self.ids:
            return False
        if place.state is not None:
            return self.states is None or place.state in self.states
        return self.lights is None or place.light in self.lights


@dataclass(frozen=True, slots=True)
class Hit:
    """Words that were searched for, with what stands around them."""

    start_s: float
    end_s: float
    channel: int
    text: str


def places(result: CallResult, policy: Policy | None = None) -> tuple[Place, ...]:
    """All flags, amber and red lights, in the order of time."""
    found = [_flag_place(flag, policy) for flag in result.flags]
    found += [_light_place(span, policy) for span in result.lights if span.light in _LIT]
    return tuple(sorted(_unique(found), key=lambda place: (place.start_s, place.end_s, place.key)))


def _flag_place(flag: FlagRecord, policy: Policy | None) -> Place:
    text = f"“{flag.text}” {STATE_WORDS[flag.state]}"
    title = behaviour_name(flag.id, policy)
    key = f"{flag.id}@{flag.start_s:.3f}"
    return Place(key, flag.start_s, flag.end_s, flag.id, title, text, flag.state, None, flag.channel)


def _light_place(span: LightSpan, policy: Policy | None) -> Place:
    first = span.reasons[0].id if span.reasons else str(span.light)
    text = "; ".join(why(reason) for reason in span.reasons)
    title = behaviour_name(first, policy)
    return Place(f"{span.light}@{span.start_s:.3f}", span.start_s, span.end_s, first, title, text, None, span.light)


def _unique(found: Iterable[Place]) -> list[Place]:
    """Two flags of one behaviour may begin together, such as one that was withdrawn and the one that replaced it."""
    seen: dict[str, int] = {}
    named = []
    for place in found:
        number = seen[place.key] = seen.get(place.key, 0) + 1
        named.append(place if number == 1 else replace(place, key=f"{place.key}#{number}"))
    return named


def next_place(found: Sequence[Place], at_s: float) -> Place | None:
    """The first that begins after this moment."""
    return next((place for place in found if place.start_s > at_s + _SAME_S), None)


def previous_place(found: Sequence[Place], at_s: float) -> Place | None:
    """The last that begins before this moment."""
    return next((place for place in reversed(found) if place.start_s < at_s - _SAME_S), None)


def search(words: Sequence[Word], wanted: str) -> tuple[Hit, ...]:
    """Where these words follow each other on one channel; the last one may be a beginning, case does not matter."""
    parts = _plain(wanted).split()
    if not parts:
        return ()
    hits = []
    for channel in sorted({word.channel for word in words}):
        own = [word for word in words if word.channel == channel]
        texts = [_plain(word.text) for word in own]
        for i in range(len(own) - len(parts) + 1):
            here = texts[i : i + len(parts)]
            if here[:-1] == parts[:-1] and here[-1].startswith(parts[-1]):
                last = i + len(parts)
                around = own[max(0, i - _AROUND) : last + _AROUND]
                text = " ".join(word.text for word in around)
                hits.append(Hit(own[i].start_s, own[last - 1].end_s, channel, text))
    return tuple(sorted(hits, key=lambda hit: (hit.start_s, hit.channel)))


_NO_LETTER = re.compile(r"[^\w\s]+")


def _plain(text: str) -> str:
    return _NO_LETTER.sub("", text.casefold())
