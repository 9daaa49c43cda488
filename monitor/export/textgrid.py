"""Praat's TextGrid, in its long text form: https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.export.tiers import LEAST_S, Mark, Tier, tiers
from monitor.result_types import CallResult


def to_textgrid(result: CallResult) -> str:
    """Write the tiers as a TextGrid; what is only a moment goes into a point tier."""
    end_s = max(result.source.duration_s, LEAST_S)
    found = tiers(result)
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end_s}"]
    lines += ["tiers? <exists>", f"size = {len(found)}", "item []:"]
    for number, tier in enumerate(found, 1):
        lines.append(f"    item [{number}]:")
        lines += [f"        {line}" for line in (_points(tier, end_s) if tier.moments else _intervals(tier, end_s))]
    return "\n".join(lines) + "\n"


def _intervals(tier: Tier, end_s: float) -> Iterator[str]:
    filled = list(_gapless(tier.marks, end_s))
    yield from _head("IntervalTier", tier.name, end_s)
    yield f"intervals: size = {len(filled)}"
    for number, mark in enumerate(filled, 1):
        yield f"intervals [{number}]:"
        yield f"    xmin = {mark.start_s}"
        yield f"    xmax = {mark.end_s}"
        yield f"    text = {_quoted(mark.text)}"


def _points(tier: Tier, end_s: float) -> Iterator[str]:
    yield from _head("TextTier", tier.name, end_s)
    yield f"points: size = {len(tier.marks)}"
    for number, mark in enumerate(tier.marks, 1):
        yield f"points [{number}]:"
        yield f"    number = {mark.start_s}"
        yield f"    mark = {_quoted(mark.text)}"


def _head(kind: str, name: str, end_s: float) -> Iterator[str]:
    yield f'class = "{kind}"'
    yield f"name = {_quoted(name)}"
    yield "xmin = 0"
    yield f"xmax = {end_s}"


def _gapless(marks: tuple[Mark, ...], end_s: float) -> Iterator[Mark]:
    """The marks with empty ones between them, as Praat knows no gap in a tier."""
    at_s = 0.0
    for mark in marks:
        if mark.start_s > at_s:
            yield Mark(at_s, mark.start_s, "")
        yield mark
        at_s = mark.end_s
    if at_s < end_s:
        yield Mark(at_s, end_s, "")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
