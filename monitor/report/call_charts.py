"""The charts of one call: its lights, the voice over time, and who spoke when."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from monitor.batch_view import duration_text
from monitor.call_view import STATE_WORDS, clock, counts, number, why
from monitor.export.tiers import speaker_of
from monitor.report.shapes import LEFT, Chart, Label, Path, Rect, TimeAxis, ValueAxis, line, shape
from monitor.report.tracks import Track
from monitor.result_types import CallResult, FlagRecord
from monitor.types import Baseline, FlagState, Light, LightSpan, Segment, Turn

SIGNS = {Light.GREY: "dash", Light.GREEN: "circle", Light.AMBER: "triangle", Light.RED: "square"}
FLAG_SIGNS = {
    FlagState.CONFIRMED: "diamond",
    FlagState.TENTATIVE: "ring",
    FlagState.QUOTED: "dash",
    FlagState.WITHDRAWN: "cross",
}
TRACKS = {
    "level_dbfs": ("Level", "dBFS"),
    "f0_hz": ("Pitch", "Hz"),
    "effort_db": ("Effort", "dB"),
}
# The band says the light by its height too, so that it can be read without colour.
_LIGHT_HEIGHTS = {Light.GREY: 8.0, Light.GREEN: 16.0, Light.AMBER: 32.0, Light.RED: 48.0}
_ROOM_FOR_SIGN = 14.0
_BAND_TOP, _BAND_HEIGHT = 18.0, 48.0
_F0_REFERENCE_HZ = 55.0


def lights_chart(result: CallResult) -> Chart:
    """The lights as a band whose height tells them apart."""
    axis = TimeAxis(result.source.duration_s)
    bottom = _BAND_TOP + _BAND_HEIGHT
    grid, times = axis.ticks(_BAND_TOP, _BAND_HEIGHT)
    rects, signs = [], []
    for span in result.lights:
        height = _LIGHT_HEIGHTS[span.light]
        box = axis.box(_stretch(span), bottom - height, height, f"light {span.light}", span_text(span))
        rects.append(box)
        if box.width >= _ROOM_FOR_SIGN:
            signs.append(shape(SIGNS[span.light], box.x + box.width / 2, bottom - height - 8, 9))
    summary = result.summary
    description = (
        f"Of {duration_text(result.source.duration_s)} the light was green for {duration_text(summary.green_s)}, amber "
        f"for {duration_text(summary.amber_s)}, red for {duration_text(summary.red_s)} and grey for "
        f"{duration_text(summary.grey_s)}. The table below lists every light."
    )
    return Chart("lights", "Lights over the call", description, bottom + 24, tuple(rects), (*grid, *signs), times)


def span_text(span: LightSpan) -> str:
    """A light in a sentence for the mouse: ``0:55.6 to 0:58.9 amber: voice above your usual (5.9 dB, limit 4.8)``."""
    because = "; ".join(why(reason) for reason in span.reasons)
    return f"{clock(span.start_s)} to {clock(span.end_s)} {span.light}" + (f": {because}" if because else "")


def voice_chart(result: CallResult, track: Track) -> Chart:
    """One measure over time: a line of its upper values, which are judged, a band down to the lower ones, the usual."""
    name, unit = TRACKS[track.name]
    top, height = 8.0, 110.0
    times = TimeAxis(result.source.duration_s)
    usual = usual_of(track.name, result.baseline)
    values = ValueAxis.around([*track.low, *track.high, *([] if usual is None else [usual])], top, height)
    middles = [times.x((a + b) / 2) for a, b in zip(track.edges_s[:-1], track.edges_s[1:], strict=True)]
    grid, labels = times.ticks(top, height)
    lit = tuple(
        times.box(_stretch(span), top, height, f"behind {span.light}", span_text(span))
        for span in result.lights
        if span.light in (Light.AMBER, Light.RED)
    )
    paths = [*grid, _band(middles, track, values), line(_points(middles, track.high, values), "track")]
    if usual is not None:
        paths.append(Path(f"M{LEFT} {values.y(usual)}H{times.x(result.source.duration_s)}", "usual"))
    known = [float(value) for value in track.high if not math.isnan(value)]
    description = f"{name} of the agent's voice over the call. " + (
        f"Its upper values run from {min(known):.0f} to {max(known):.0f} {unit}"
        + (f"; usual for this voice is {usual:.0f}." if usual is not None else ".")
        if known
        else "No voice was found."
    )
    chart_labels = (*labels, *values.labels(unit))
    return Chart(track.name, f"{name} ({unit})", description, top + height + 24, lit, tuple(paths), chart_labels)


def usual_of(track: str, baseline: Baseline | None) -> float | None:
    """What is usual for this voice, in the unit of the track; the usual voice is learned from upper values as well."""
    if baseline is None:
        return None
    usual = {
        "level_dbfs": baseline.level_dbfs,
        "f0_hz": _F0_REFERENCE_HZ * 2 ** (baseline.f0_st / 12),
        "effort_db": baseline.effort_db,
    }
    return usual[track]


def talk_chart(result: CallResult) -> Chart:
    """Who spoke when, with the phrases that were flagged."""
    axis = TimeAxis(result.source.duration_s)
    speakers = sorted({turn.speaker for turn in result.turns})
    row_of = {flag.state: "phrases" if counts(flag.state) else "not counted" for flag in result.flags}
    # in this order, also where only one of them is there
    rows = [*speakers, *(row for row in ("phrases", "not counted") if row in row_of.values())] or ["nobody"]
    row_height = 26.0
    y_of = {row: 6 + i * row_height for i, row in enumerate(rows)}
    grid, times = axis.ticks(0.0, 6 + len(rows) * row_height)
    rects: list[Rect] = [
        axis.box(
            _stretch(turn), y_of[turn.speaker], 18,
            "turn" if turn.speaker == "agent" else "turn other",
            f"{turn.speaker}, {clock(turn.start_s)} to {clock(turn.end_s)}",
        )
        for turn in result.turns
    ]  # fmt: skip
    signs = [
        shape(FLAG_SIGNS[flag.state], axis.x(flag.start_s), y_of[row_of[flag.state]] + 9, 11, flag_tip(result, flag))
        for flag in result.flags
    ]
    names = tuple(Label(LEFT - 6, y + 13, row, "end") for row, y in y_of.items())
    description = f"{_turns_text(result, speakers)} {_flags_text(result.flags)}"
    height = 6 + len(rows) * row_height + 24
    return Chart("talk", "Turns and phrases", description, height, tuple(rects), (*grid, *signs), (*times, *names))


def flag_tip(result: CallResult, flag: FlagRecord) -> str:
    """A flag in a line for the mouse."""
    who = speaker_of(result, flag.channel)
    return f"{clock(flag.start_s)} {who}: “{flag.text}” {STATE_WORDS[flag.state]}"


def _stretch(span: LightSpan | Turn) -> Segment:
    return Segment(span.start_s, span.end_s)


def _turns_text(result: CallResult, speakers: Sequence[str]) -> str:
    if not speakers:
        return "No turn was found."
    parts = []
    for speaker in speakers:
        own = [turn for turn in result.turns if turn.speaker == speaker]
        spoken_s = sum(turn.end_s - turn.start_s for turn in own)
        parts.append(f"{speaker} {len(own)} {'turn' if len(own) == 1 else 'turns'}, {duration_text(spoken_s)}")
    return f"Turns: {'; '.join(parts)}."


def _flags_text(flags: Sequence[FlagRecord]) -> str:
    if not flags:
        return "No phrase was flagged."
    counted = [f"{sum(f.state is state for f in flags)} {STATE_WORDS[state]}" for state in FlagState]
    return f"Phrases: {'; '.join(text for text in counted if not text.startswith('0 '))}."


def _points(xs: Iterable[float], values: Iterable[float], axis: ValueAxis) -> list[tuple[float, float]]:
    return [(x, math.nan if math.isnan(value) else axis.y(value)) for x, value in zip(xs, values, strict=True)]


def _band(xs: Sequence[float], track: Track, axis: ValueAxis) -> Path:
    """Upright strokes from the lower to the upper values, which need no care where there is no voice."""
    parts = [
        f"M{x} {axis.y(low)}V{axis.y(high)}"
        for x, low, high in zip(xs, track.low, track.high, strict=True)
        if not math.isnan(low)
    ]
    return Path("".join(parts), "band")


def track_rows(tracks: Sequence[Track]) -> list[tuple[str, str, list[str]]]:
    """The upper values as rows of a table: from, to, and one text per track."""
    edges = tracks[0].edges_s
    return [
        (
            clock(edges[i], 0),
            clock(edges[i + 1], 0),
            ["no voice" if math.isnan(track.high[i]) else number(track.high[i]) for track in tracks],
        )
        for i in range(len(edges) - 1)
    ]
