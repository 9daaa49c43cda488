"""Times and values as places on a screen, and where their ticks stand. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from monitor.call_view import clock

_STEPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)
_PITCH_HZ = (50, 60, 80, 100, 125, 150, 200, 250, 300, 400, 500, 600)
LEAST_SPAN_S = 0.05
_ROOM = 0.06  # of a lane, over and under its values


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of a call that is in sight."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How much of the call is in sight."""
        return self.end_s - self.start_s

    def within(self, duration_s: float) -> Span:
        """The nearest span that lies in the call, as long as this one if that fits."""
        length_s = min(max(self.length_s, LEAST_SPAN_S), max(duration_s, LEAST_SPAN_S))
        start_s = min(max(0.0, self.start_s), max(0.0, duration_s - length_s))
        return Span(start_s, start_s + length_s)

    def zoomed(self, factor: float, around_s: float) -> Span:
        """A span of which more (over 1) or less detail is seen; the time ``around_s`` stays where it is."""
        share = (around_s - self.start_s) / self.length_s
        length_s = max(LEAST_SPAN_S, self.length_s / factor)
        start_s = around_s - share * length_s
        return Span(start_s, start_s + length_s)

    def moved(self, by_s: float) -> Span:
        """The span later or earlier."""
        return Span(self.start_s + by_s, self.end_s + by_s)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Times from left to right, in pixels."""

    span: Span
    left: float
    width: float

    def x(self, time_s: float) -> float:
        """Where a time stands."""
        return self.left + (time_s - self.span.start_s) / self.span.length_s * self.width

    def time_s(self, x: float) -> float:
        """Which time stands there."""
        return self.span.start_s + (x - self.left) / self.width * self.span.length_s

    @property
    def px_per_s(self) -> float:
        """Pixels of a second."""
        return self.width / self.span.length_s

    def ticks(self, room_px: float) -> list[tuple[float, str]]:
        """Times with their labels, at least so many pixels apart."""
        step_s = next((step for step in _STEPS_S if step * self.px_per_s >= room_px), _STEPS_S[-1])
        decimals = 0 if step_s >= 1 else 1 if step_s >= 0.1 else 2
        first, last = math.ceil(self.span.start_s / step_s - 1e-9), math.floor(self.span.end_s / step_s + 1e-9)
        return [(i * step_s, clock(i * step_s, decimals)) for i in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Values from the bottom to the top of a lane; ``scale`` makes equal steps of what sounds equal: octaves."""

    low: float
    high: float
    top: float
    height: float
    scale: Callable[[float], float] = float

    def y(self, value: float) -> float:
        """Where a value stands; outside of the lane for what is beyond it."""
        low, high = self.scale(self.low), self.scale(self.high)
        share = (self.scale(value) - low) / ((high - low) or 1.0)
        inner = self.height * (1 - 2 * _ROOM)
        return self.top + self.height * _ROOM + inner * (1 - share)

    def ticks(self, room_px: float) -> list[float]:
        """Round values that stand at least so many pixels apart."""
        if self.scale is math.log2:
            return self._apart([value for value in _PITCH_HZ if self.low <= value <= self.high], room_px)
        rough = (self.high - self.low) / max(1.0, self.height / (1.6 * room_px)) or 1.0
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return self._apart([i * step for i in range(first, last + 1)], room_px)

    def _apart(self, values: list[float] | list[int], room_px: float) -> list[float]:
        kept: list[float] = []
        for value in values:
            if not kept or abs(self.y(value) - self.y(kept[-1])) >= room_px:
                kept.append(float(value))
        return kept


def value_text(value: float) -> str:
    """A value on an axis: no decimals that say nothing, a true minus."""
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")
