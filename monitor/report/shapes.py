"""Charts as plain shapes in pixels of a drawing, usually 960 wide.

Templates draw the shapes, the style sheet colours them by kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.call_view import clock
from monitor.types import Segment

WIDTH = 960.0
LEFT, RIGHT = 84.0, 934.0  # where the time axis begins and ends; names of rows stand left of it
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_MOST_TICKS = 10


@dataclass(frozen=True, slots=True)
class Rect:
    """A box; ``tip`` is shown by the mouse."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A line or an area in SVG's own words: ``M1 2L3 4``."""

    d: str
    kind: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Words; ``anchor`` says which of their ends is at ``x``: start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing; ``description`` says in a sentence or two what it shows, for those who cannot see it."""

    id: str
    title: str
    description: str
    height: float
    rects: tuple[Rect, ...] = ()
    paths: tuple[Path, ...] = ()
    labels: tuple[Label, ...] = ()
    width: float = WIDTH


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Seconds of a call from left to right."""

    duration_s: float

    def x(self, time_s: float) -> float:
        """Where a time stands."""
        return round(LEFT + (RIGHT - LEFT) * min(1.0, time_s / max(self.duration_s, 1e-3)), 2)

    def box(self, span: Segment, y: float, height: float, kind: str, tip: str = "") -> Rect:
        """A box over a stretch of time, wide enough to be seen."""
        x = self.x(span.start_s)
        return Rect(x, y, max(0.6, round(self.x(span.end_s) - x, 2)), height, kind, tip)

    def ticks(self, y: float, height: float) -> tuple[tuple[Path, ...], tuple[Label, ...]]:
        """Faint lines over the height from `y`, and their times below it."""
        step_s = next((s for s in _STEPS_S if self.duration_s / s <= _MOST_TICKS), 14_400)
        times_s = [i * step_s for i in range(int(self.duration_s / step_s) + 1)]
        lines = tuple(Path(f"M{self.x(t)} {y}V{y + height}", "grid") for t in times_s)
        return lines, tuple(Label(self.x(t), y + height + 16, clock(t, 0)) for t in times_s)


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Values from the bottom to the top of a box."""

    low: float
    high: float
    top: float
    height: float

    @staticmethod
    def around(values: Iterable[float], top: float, height: float) -> ValueAxis:
        """An axis that holds all finite values with a little room; from 0 to 1 where there are none."""
        finite = [value for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        room = 0.08 * (high - low) or 1.0
        return ValueAxis(low - room, high + room, top, height)

    def y(self, value: float) -> float:
        """Where a value stands."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.top + self.height * (1 - min(1.0, max(0.0, share))), 2)

    def labels(self, unit: str) -> tuple[Label, ...]:
        """The values at the top and bottom of the box, with their unit."""
        return (
            Label(LEFT - 6, self.top + 10, f"{self.high:.0f} {unit}", "end"),
            Label(LEFT - 6, self.top + self.height, f"{self.low:.0f} {unit}", "end"),
        )


def line(points: Sequence[tuple[float, float]], kind: str) -> Path:
    """A line through the points; a gap wherever one has no height (NaN)."""
    parts, pen_down = [], False
    for x, y in points:
        if math.isnan(y):
            pen_down = False
            continue
        # a point alone is a line of no length, which round caps make a dot
        parts.append(f"L{x} {y}" if pen_down else f"M{x} {y}L{x} {y}")
        pen_down = True
    return Path("".join(parts), kind)


def shape(kind: str, x: float, y: float, size: float, tip: str = "") -> Path:
    """A sign that is told by its form: circle, triangle, square, diamond, ring, cross or dash."""
    r = round(size / 2, 2)
    circle = f"M{x - r} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0Z"
    forms = {
        "circle": circle,
        "ring": circle,
        "triangle": f"M{x} {y - r}L{x + r} {y + r}H{x - r}Z",
        "square": f"M{x - r} {y - r}h{size}v{size}h{-size}Z",
        "diamond": f"M{x} {y - r}L{x + r} {y}L{x} {y + r}L{x - r} {y}Z",
        "cross": f"M{x - r} {y - r}L{x + r} {y + r}M{x - r} {y + r}L{x + r} {y - r}",
        "dash": f"M{x - r} {y}H{x + r}",
    }
    return Path(forms[kind], f"sign {kind}", tip)
