"""The lights of a call scored against what is true of it: which parts are calm, and which are raised.

Only amber and red lights count whose reasons hold one with an id that starts with ``voice.``. A raised part is found
when such a light burns at any time from its start to 1 s after its end; the delay counts from its start. Every light
that begins in calm speech is a false one, except in the first ``GRACE_S`` after a raised part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Self

import numpy as np

Label = Literal["calm", "raised"]

GRACE_S = 4.0  # calm time right after a raised part that is not charged: a light may take this long to clear
COLOURS: dict[str, tuple[str, ...]] = {"any": ("amber", "red"), "red": ("red",)}


class Part(NamedTuple):
    """One stretch of a call, in seconds."""

    start_s: float
    end_s: float
    label: Label


class Pooled:
    """Lists of counts that several calls fill."""

    __slots__ = ()

    def add(self, other: Self) -> None:
        """Count another call as well."""
        for name in tuple[str, ...](self.__slots__):
            getattr(self, name).extend(getattr(other, name))


@dataclass(slots=True)
class Tally(Pooled):
    """Counts of one colour: ``hit``, ``clear_s`` per raised part, ``delay_s`` per found one, the rest per calm part."""

    hit: list[float] = field(default_factory=list)
    delay_s: list[float] = field(default_factory=list)
    clear_s: list[float] = field(default_factory=list)
    calm_s: list[float] = field(default_factory=list)
    false_s: list[float] = field(default_factory=list)
    false_n: list[float] = field(default_factory=list)


Score = dict[str, Tally]
"""A tally for each of ``COLOURS``."""


def lit(result: Mapping[str, Any], colours: Sequence[str]) -> list[tuple[float, float]]:
    """Merged intervals in seconds in which a reason of the voice lit one of the colours.

    Parameters
    ----------
    result : with ``lights`` of the result format, of which times, ``light`` and each reason's ``id`` are read.
    """
    spans = sorted(
        (light["start_s"], light["end_s"])
        for light in result["lights"]
        if light["light"] in colours and any(r["id"].startswith("voice.") for r in light.get("reasons", ()))
    )
    merged: list[tuple[float, float]] = []
    for start_s, end_s in spans:
        if merged and start_s <= merged[-1][1] + 0.05:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_s))
        else:
            merged.append((start_s, end_s))
    return merged


def score_call(parts: Sequence[Part], result: Mapping[str, Any]) -> Score:
    """Count hits, delays and false lights of one call."""
    score = {}
    for name, colours in COLOURS.items():
        spans = lit(result, colours)
        score[name] = tally = Tally()
        for i, part in enumerate(parts):
            if part.label == "raised":
                _count_raised(tally, part, spans)
            else:
                spared_s = parts[i - 1].end_s + GRACE_S if i and parts[i - 1].label == "raised" else 0.0
                _count_calm(tally, part._replace(start_s=min(max(part.start_s, spared_s), part.end_s)), spans)
    return score


def _count_raised(tally: Tally, part: Part, spans: Sequence[tuple[float, float]]) -> None:
    hits = [max(a, part.start_s) for a, b in spans if b > part.start_s and a < part.end_s + 1]
    tally.hit.append(float(bool(hits)))
    if hits:
        tally.delay_s.append(min(hits) - part.start_s)
    after = [b for a, b in spans if a < part.end_s < b]
    tally.clear_s.append(max(after) - part.end_s if after else 0.0)


def _count_calm(tally: Tally, part: Part, spans: Sequence[tuple[float, float]]) -> None:
    tally.calm_s.append(part.end_s - part.start_s)
    tally.false_s.append(sum(max(0.0, min(b, part.end_s) - max(a, part.start_s)) for a, b in spans))
    tally.false_n.append(float(sum(part.start_s <= a < part.end_s for a, _ in spans)))


def pooled(scores: Iterable[Score]) -> Score:
    """Several calls as one."""
    total = {name: Tally() for name in COLOURS}
    for score in scores:
        for name, tally in score.items():
            total[name].add(tally)
    return total


def summary(score: Score) -> dict[str, float | None]:
    """Rates of a pooled score; None where nothing was there to be counted."""
    lights, red = score["any"], score["red"]
    calm_s = sum(lights.calm_s)
    hours = calm_s / 3600
    delays_s = lights.delay_s
    return {
        "episodes": len(lights.hit),
        "recall": float(np.mean(lights.hit)) if lights.hit else None,
        "red_recall": float(np.mean(red.hit)) if red.hit else None,
        "delay_p50_s": float(np.median(delays_s)) if delays_s else None,
        "delay_p90_s": float(np.percentile(delays_s, 90)) if delays_s else None,
        "false_per_h": sum(lights.false_n) / hours if hours else None,
        "red_false_per_h": sum(red.false_n) / hours if hours else None,
        "calm_lit": sum(lights.false_s) / calm_s if calm_s else None,
        "clear_p50_s": float(np.median(lights.clear_s)) if lights.clear_s else None,
        "calm_hours": hours,
    }
