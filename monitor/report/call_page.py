"""The page of one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.batch_view import duration_text
from monitor.call_summary import ENOUGH_S, keep, to_try
from monitor.call_view import STATE_WORDS, clock, counts, item_name, number, why
from monitor.export.captions import Line, lines
from monitor.export.tiers import speaker_of
from monitor.policy.model import Policy
from monitor.report.call_charts import FLAG_SIGNS, SIGNS, lights_chart, talk_chart, track_rows, voice_chart
from monitor.report.names import behaviour_name, recogniser_name, unknown_name
from monitor.report.page import render
from monitor.report.shapes import Chart
from monitor.report.tracks import ROWS, Measures, Track, thinned
from monitor.result_types import CallResult
from monitor.types import ChecklistItem, Conversation, FlagState, Light

_LONG_LINE_S, _LONG_LINE_LETTERS = 30.0, 400  # a paragraph is longer than a caption


@dataclass(frozen=True, slots=True)
class Voice:
    """The measures of a call: many points for the charts, few for the table."""

    fine: Sequence[Track]
    coarse: Sequence[Track]


def call_page(result: CallResult, *, policy: Policy | None = None, voice: Voice | None = None) -> str:
    """Write the page; the policy gives behaviours their titles, the voice its curves."""
    values = {
        "name": result.source.name,
        "facts": _facts(result),
        "advice": _advice(result, policy),
        "lights": lights_chart(result),
        "light_rows": _light_rows(result),
        "light_signs": [(light, SIGNS[light], meaning) for light, meaning in _LIGHT_MEANINGS.items()],
        "voice": _voice_charts(result, voice),
        "voice_rows": track_rows(voice.coarse) if voice else [],
        "talk": talk_chart(result),
        "turn_rows": [(clock(t.start_s), clock(t.end_s), t.speaker) for t in result.turns],
        "flag_rows": _flag_rows(result, policy),
        "words_heard": result.engine.recogniser != "none",
        "checklist": [_item_row(item, policy) for item in result.checklist],
        "conversation": [] if result.conversation is None else list(_conversation_rows(result.conversation)),
        "transcript": [_Paragraph.of(line, result) for line in _paragraphs(result)],
        "unknown": [(unknown_name(path), reason) for path, reason in result.unknown.items()],
        "warnings": result.warnings,
    }
    return render("call.html", values)


_LIGHT_MEANINGS = {
    Light.GREEN: "as usual",
    Light.AMBER: "worth a look",
    Light.RED: "strong, lasting, or a phrase to avoid",
    Light.GREY: "could not be judged",
}


def voice_of(measures: Measures | None) -> Voice | None:
    """The measures at both resolutions; None where there are none."""
    return Voice(thinned(measures), thinned(measures, ROWS)) if measures and len(measures["speech"]) else None


def _facts(result: CallResult) -> list[tuple[str, str]]:
    source, engine = result.source, result.engine
    sides = {1: "one channel", 2: "two channels"}.get(source.channels, f"{source.channels} channels")
    pace = result.pace
    rates = [
        f"{number(pace.articulation_syl_s)} syllables per second" if pace.articulation_syl_s is not None else "",
        f"{pace.words_per_min:.0f} words per minute" if pace.words_per_min is not None else "",
    ]
    return [
        ("Length", duration_text(source.duration_s)),
        ("Sound", f"{sides}, {source.rate_hz} Hz; the agent is on channel {engine.agent_channel}"),
        ("Words heard by", recogniser_name(result)),
        ("Pace of the agent", ", ".join(rate for rate in rates if rate) or "not known"),
        ("Policy", engine.policy),
        ("Usual voice", engine.profile or "learned in this call"),
        ("Evenkeel", engine.version),
    ]


def _advice(result: CallResult, policy: Policy | None) -> list[tuple[str, str]]:
    """One thing to keep and one to try, where enough was judged to say so."""
    if result.source.duration_s - result.summary.grey_s < ENOUGH_S:
        return []
    coaching = None if policy is None else policy.coaching
    return [("Keep", keep(result, coaching)), ("Try", to_try(result, coaching))]


def _light_rows(result: CallResult) -> list[tuple[str, str, str, str, str]]:
    """Start, end, colour, sign and reasons of every light."""
    return [
        (
            clock(span.start_s),
            clock(span.end_s),
            str(span.light),
            SIGNS[span.light],
            "; ".join(why(reason) for reason in span.reasons) or "as usual",
        )
        for span in result.lights
    ]


def _voice_charts(result: CallResult, voice: Voice | None) -> list[Chart]:
    return [voice_chart(result, track) for track in voice.fine] if voice else []


def _flag_rows(result: CallResult, policy: Policy | None) -> list[dict[str, object]]:
    return [
        {
            "at": clock(flag.start_s),
            "text": flag.text,
            "name": behaviour_name(flag.id, policy),
            "state": STATE_WORDS[flag.state],
            "sign": FLAG_SIGNS[flag.state],
            "speaker": speaker_of(result, flag.channel),
            "confidence": f"{100 * flag.confidence:.0f} %",
            "instead": flag.say_instead if counts(flag.state) else None,
        }
        for flag in result.flags
    ]


def _item_row(item: ChecklistItem, policy: Policy | None) -> dict[str, object]:
    states = {True: ("yes", "✓", "met"), False: ("no", "–", "not yet"), None: ("open", "?", "not known")}
    kind, sign, words = states[item.met]
    spoken = policy is None or next((e.needs != "two_channels" for e in policy.checklist if e.id == item.id), True)
    details = [
        f"at {clock(item.at_s, 0)}" if item.at_s is not None and item.met else "",
        (f"“{item.evidence}”" if spoken else item.evidence) if item.evidence else "",
        item.why or "",
    ]
    return {
        "name": behaviour_name(item.id, policy),
        "kind": kind,
        "sign": sign,
        "words": words,
        "details": ", ".join(detail for detail in details if detail),
    }


def _conversation_rows(both: Conversation) -> Iterator[tuple[str, str]]:
    if both.talk_share is not None:
        yield "Agent's share of talk", f"{100 * both.talk_share:.0f} %"
    by_agent = sum(cut.by == "agent" for cut in both.interruptions)
    yield "Interruptions by the agent", str(by_agent)
    yield "Interruptions by the customer", str(len(both.interruptions) - by_agent)
    yield "Both speaking at once", f"{number(both.talk_over_s)} s"
    yield "Short acknowledgements", str(both.back_channels)
    yield "Longest turn of the agent", f"{number(both.longest_monologue_s)} s"
    yield "Silence without a word of why", f"{number(both.dead_air_s)} s"
    if both.reply_delay_s is not None:
        yield "Time until the agent replies, median", f"{number(both.reply_delay_s)} s"
    if both.customer.raised:
        when = ", ".join(f"{clock(span.start_s, 0)} to {clock(span.end_s, 0)}" for span in both.customer.raised)
        yield "Customer's voice above its own usual", when


def _paragraphs(result: CallResult) -> list[Line]:
    return lines(result, longest_s=_LONG_LINE_S, most_letters=_LONG_LINE_LETTERS)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """Words of one speaker in runs; a run of a flagged phrase has a note, others none."""

    at: str
    speaker: str
    runs: tuple[tuple[str, str], ...]

    @staticmethod
    def of(line: Line, result: CallResult) -> _Paragraph:
        runs: list[tuple[str, str]] = []
        for word in line.words:
            middle_s = (word.start_s + word.end_s) / 2
            note = next(
                (
                    f"{item_name(flag.id)}, {STATE_WORDS[flag.state]}"
                    for flag in result.flags
                    if flag.channel == word.channel
                    and flag.start_s <= middle_s <= flag.end_s
                    and flag.state is not FlagState.WITHDRAWN
                ),
                "",
            )
            if runs and runs[-1][1] == note:
                runs[-1] = (f"{runs[-1][0]} {word.text}", note)
            else:
                runs.append((word.text, note))
        return _Paragraph(clock(line.start_s, 0), line.speaker, tuple(runs))
