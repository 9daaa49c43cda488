"""What the light showed at a moment of a judged call, as the live window would tell it. Plain Python, no window."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from monitor.call_view import counts, figures, item_name
from monitor.terminal import MEANINGS
from monitor.types import Light, LightSpan
from ui.view import Dot, Replacement, Row, View
from ui.view_model import GREY_WORDS, LIGHT_WORDS

if TYPE_CHECKING:
    from monitor.result_types import CallResult

BEYOND = View(light="grey", word="no call", headline="Nothing was judged here")


class Lights:
    """One judgement of a call, to be looked up by time."""

    def __init__(self, result: CallResult) -> None:
        self._result = result
        self._spans = result.lights
        self._starts = [span.start_s for span in self._spans]

    def span_at(self, at_s: float) -> LightSpan | None:
        """The stretch of light at a time; None where the call has none."""
        number = bisect_right(self._starts, at_s) - 1
        return self._spans[number] if number >= 0 else None

    def view_at(self, at_s: float) -> View:
        """What the overlay and its card told at a time. Cue words are not kept, so the light's name stands for them."""
        span = self.span_at(at_s)
        if span is None:
            return BEYOND
        first = span.reasons[0] if span.reasons else None
        if span.light is Light.GREY:
            word = GREY_WORDS.get(first.id, "wait") if first is not None else "wait"
        else:
            word = LIGHT_WORDS[span.light]
        return View(
            light=str(span.light),
            word=word,
            headline=MEANINGS[span.light].capitalize(),
            rows=tuple(Row(reason.text, figures(reason)) for reason in span.reasons),
            replacements=self._replacements(span, at_s),
            dots=self._dots(at_s),
            subject=(first.id, first.text) if first is not None and span.light in (Light.AMBER, Light.RED) else None,
            in_call=True,
        )

    def _replacements(self, span: LightSpan, at_s: float) -> tuple[Replacement, ...]:
        """For each phrase that lights at this time, what to say instead of its newest hearing until then."""
        found = {}
        for flag in self._result.flags:
            if counts(flag.state) and flag.say_instead and flag.start_s <= at_s:
                found[flag.id] = Replacement(flag.text, flag.say_instead)
        return tuple(found[reason.id] for reason in span.reasons if reason.id in found)

    def _dots(self, at_s: float) -> tuple[Dot, ...]:
        """The checklist as far as it was met at this time; what cannot be known is left out."""
        return tuple(
            Dot(item_name(item.id), bool(item.met) and (item.at_s is None or item.at_s <= at_s))
            for item in self._result.checklist
            if item.met is not None
        )
