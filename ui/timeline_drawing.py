"""The time line as one drawing, for a window or for paper: its lanes, where they lie, the time axis and the tints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSizeF
from PyQt6.QtGui import QFontMetricsF, QPaintEngine, QPainter, QPen

from monitor.call_view import clock
from ui.lamp import colour
from ui.palette import Rgb
from ui.timeline_axis import Span, TimeAxis
from ui.timeline_ink import paint_upright
from ui.timeline_look import TINT, Look
from ui.timeline_measures import measure_lanes, wave_lanes
from ui.timeline_scene import FlagsLane, Lane, LightsLane, RemarksLane, Scene, TurnsLane, speakers_of, words_lanes

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.replay.navigate import Place

AXIS_LINES, GAP_LINES = 1.6, 0.35
RIGHT_PX = 10
_TINTED = ("amber", "red")  # the later one is seen where both fall into one pixel
PAPER: Rgb = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie, in pixels: the axis over the lanes, names left of them."""

    axis: QRectF
    boxes: tuple[tuple[Lane, QRectF], ...]
    left: float

    @property
    def plot(self) -> QRectF:
        """From the axis to the last lane, without the names."""
        bottom = self.boxes[-1][1].bottom() if self.boxes else self.axis.bottom()
        return QRectF(self.axis.left(), self.axis.top(), self.axis.width(), bottom - self.axis.top())


def lanes_of(call: CallView, extra: Sequence[Lane] = ()) -> list[Lane]:
    """All lanes that the call has something for, from top to bottom."""
    lanes: list[Lane] = [LightsLane("Light" if call.lights_then is None else "Light, now", call.lights_now)]
    if call.lights_then is not None:
        lanes.append(LightsLane("Light, then", call.lights_then))
    lanes += [FlagsLane(), *words_lanes(call), TurnsLane(speakers_of(call)), *wave_lanes(call), *extra]
    lanes += measure_lanes(call)
    if any(remark.at_s is not None for remark in call.remarks):
        lanes.append(RemarksLane())
    return lanes


def laid_out(lanes: Sequence[Lane], size: QSizeF, look: Look) -> Layout:
    """Lanes from top to bottom of a size; what is left of the height goes by their shares."""
    em = look.em
    metrics = QFontMetricsF(look.small)
    titles = [lane.title for lane in lanes] + ["full scale ±1"]
    # Whole numbers: a picture between pixels would be drawn many times slower, and less sharp.
    left = round(max(metrics.horizontalAdvance(title) for title in titles) + 2 * em)
    axis = QRectF(left, 0, max(10, round(size.width()) - left - RIGHT_PX), round(AXIS_LINES * em))
    needed = axis.height() + sum((lane.lines + GAP_LINES) * em for lane in lanes)
    spare = max(0.0, size.height() - needed - 2)
    shares = sum(lane.share for lane in lanes) or 1.0
    y, boxes = axis.bottom() + 2, []
    for lane in lanes:
        height = lane.lines * em + spare * lane.share / shares
        boxes.append((lane, QRectF(left, round(y), axis.width(), round(height))))
        y += height + GAP_LINES * em
    return Layout(axis, tuple(boxes), em / 2)


def least_height(lanes: Sequence[Lane], look: Look) -> int:
    """A height at which every lane can still be read."""
    lines = AXIS_LINES + sum(lane.lines + GAP_LINES + 1.2 * lane.share for lane in lanes)
    return round(lines * look.em)


def draw(
    painter: QPainter,
    call: CallView,
    layout: Layout,
    span: Span,
    look: Look,
    *,
    places: Sequence[Place] = (),
    chosen: str | None = None,
    ratio: float = 1.0,
) -> None:
    """Draw all of it but the cursor; ``ratio`` is how many dots of the device a pixel has."""
    axis = TimeAxis(span, layout.axis.left(), layout.axis.width())
    scene = Scene(painter, call, axis, look, ratio, places, chosen, layout.left)
    painter.save()
    _tints(scene, layout)
    _times(scene, layout)
    for lane, box in layout.boxes:
        painter.save()
        lane.paint(scene, box)
        painter.restore()
    painter.restore()


def _tints(scene: Scene, layout: Layout) -> None:
    """Amber and red shine faintly behind everything below them."""
    plot, top = layout.plot, layout.axis.bottom()
    seen = [span for span in scene.call.lights_now if span.light in _TINTED and scene.seen(span.start_s, span.end_s)]
    seen.sort(key=lambda span: _TINTED.index(span.light))
    boxes = [scene.box(span.start_s, span.end_s, top, plot.bottom() - top) for span in seen]
    engine = scene.painter.paintEngine()
    if engine is None or engine.type() != QPaintEngine.Type.Raster:  # paper: few large boxes are small in a file
        for span, box in zip(seen, boxes, strict=True):
            scene.painter.fillRect(box, colour(_mixed(scene.look.light(span.light), PAPER)))
        return
    row = np.zeros(round(plot.width() * scene.ratio), np.uint8)
    for span, box in zip(seen, boxes, strict=True):
        first, last = (round((x - plot.left()) * scene.ratio) for x in (box.left(), box.right()))
        row[first : max(first + 1, last)] = 1 + _TINTED.index(span.light)
    ground = scene.look.theme.ground
    colours = [colour(each).rgb() for each in (ground, *(_mixed(scene.look.light(light), ground) for light in _TINTED))]
    paint_upright(scene.painter, QRectF(plot.left(), top, plot.width(), plot.bottom() - top), row, colours)


def _mixed(light: Rgb, ground: Rgb) -> Rgb:
    """A light's colour as it shines through the ground."""
    red, green, blue = (round(TINT * one + (1 - TINT) * other) for one, other in zip(light, ground, strict=True))
    return red, green, blue


def _times(scene: Scene, layout: Layout) -> None:
    """Ticks with their times at the top, and faint lines down from them."""
    theme, em = scene.look.theme, scene.look.em
    metrics = QFontMetricsF(scene.look.small)
    room = metrics.horizontalAdvance("00:00.00") + 2 * em
    for time_s, text in scene.axis.ticks(room):
        x = scene.axis.x(time_s)
        scene.painter.setPen(QPen(colour(theme.line), 1))
        scene.painter.drawLine(QPointF(x, layout.axis.bottom() - 0.3 * em), QPointF(x, layout.plot.bottom()))
        wide = metrics.horizontalAdvance(text) + 4
        place = QRectF(x - wide / 2, layout.axis.top(), wide, layout.axis.height() - 0.3 * em)
        place.moveLeft(min(place.left(), layout.axis.right() + RIGHT_PX - wide))
        scene.label(text, place, theme.quiet_text)


def span_text(span: Span, duration_s: float) -> str:
    """What is in sight, in words."""
    return f"{clock(span.start_s)} to {clock(span.end_s)} of {clock(duration_s)}"
