"""A result as rows of labelled stretches, as programs for annotating sound want it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.call_view import STATE_WORDS, counts, item_name
from monitor.result_types import CallResult, FlagRecord
from monitor.types import LightSpan, Word

LEAST_S = 0.001  # the resolution of results; annotation programs refuse a stretch of no length
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]")


@dataclass(frozen=True, order=True, slots=True)
class Mark:
    """One labelled stretch; a moment is a stretch of ``LEAST_S``."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Tier:
    """Labelled stretches of one kind, sorted and never overlapping; ``moments`` says that only their starts count."""

    name: str
    marks: tuple[Mark, ...]
    moments: bool = False


def tiers(result: CallResult, *, words: bool = True) -> tuple[Tier, ...]:
    """Lights, flags, checklist, turns and words; what overlaps itself goes on to a tier of the same name with a number.

    Tiers without a mark are left out. All marks lie between 0 and ``source.duration_s``.
    """
    duration_s = result.source.duration_s
    rows: list[tuple[str, list[Mark]]] = [
        ("light", [Mark(span.start_s, span.end_s, light_text(span)) for span in result.lights]),
        ("flags", [Mark(flag.start_s, flag.end_s, flag_text(flag)) for flag in result.flags]),
    ]
    for speaker in sorted({turn.speaker for turn in result.turns}):
        own = [turn for turn in result.turns if turn.speaker == speaker]
        rows.append((f"turns {one_line(speaker)}", [Mark(turn.start_s, turn.end_s, one_line(speaker)) for turn in own]))
    if words:
        rows += [(f"words {name}", _word_marks(own)) for name, own in words_by_speaker(result)]
    found = [tier for name, marks in rows for tier in _layers(name, marks, duration_s)]
    met = [
        Mark(item.at_s, item.at_s, item_name(item.id))
        for item in result.checklist
        if item.met and item.at_s is not None
    ]
    return (*found, *_layers("checklist", met, duration_s, moments=True))


def light_text(span: LightSpan) -> str:
    """A light with the sentences of its reasons: ``amber: voice above your usual``."""
    why = "; ".join(dict.fromkeys(reason.text for reason in span.reasons))
    return one_line(f"{span.light}: {why}" if why else str(span.light))


def flag_text(flag: FlagRecord) -> str:
    """A flag with its state, and what to say instead where it counts."""
    instead = f"; say instead: {flag.say_instead}" if flag.say_instead and counts(flag.state) else ""
    return one_line(f"“{flag.text}” {STATE_WORDS[flag.state]} ({flag.id}){instead}")


def words_by_speaker(result: CallResult) -> list[tuple[str, list[Word]]]:
    """The words of each channel under its speaker's name, the agent first."""
    agent = result.engine.agent_channel
    channels = sorted({word.channel for word in result.words}, key=lambda channel: (channel != agent, channel))
    return [(speaker_of(result, c), [word for word in result.words if word.channel == c]) for c in channels]


def speaker_of(result: CallResult, channel: int) -> str:
    """Who speaks on a channel; beyond two channels nobody told who the others are."""
    if channel == result.engine.agent_channel:
        return "agent"
    return "customer" if result.source.channels == 2 else f"channel {channel}"


def one_line(text: str) -> str:
    """The text without line breaks, and without characters that XML or a reader of lines would stumble over."""
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))


def _word_marks(words: Iterable[Word]) -> list[Mark]:
    return [Mark(word.start_s, word.end_s, one_line(word.text)) for word in words]


def _layers(name: str, marks: Iterable[Mark], duration_s: float, *, moments: bool = False) -> list[Tier]:
    """Lay marks into as few tiers as it takes for none to overlap."""
    layers: list[list[Mark]] = []
    for mark in sorted(_inside(mark, duration_s) for mark in marks):
        free = next((layer for layer in layers if layer[-1].end_s <= mark.start_s), None)
        if free is None:
            layers.append([mark])
        else:
            free.append(mark)
    return [Tier(f"{name} {i}" if i > 1 else name, tuple(layer), moments) for i, layer in enumerate(layers, 1)]


def _inside(mark: Mark, duration_s: float) -> Mark:
    """The mark within the call and not shorter than ``LEAST_S``."""
    start_s = min(mark.start_s, max(0.0, round(duration_s - LEAST_S, 3)))
    end_s = max(min(mark.end_s, duration_s), round(start_s + LEAST_S, 3))
    return Mark(start_s, end_s, mark.text)
