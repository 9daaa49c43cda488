"""What the pointer shows: time, light and why, measures, word and flag there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPen

from monitor.call_view import clock, number, why
from ui.lamp import colour
from ui.timeline_measures import MEASURES
from ui.timeline_scene import plain

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.replay.navigate import Place
    from monitor.types import LightSpan
    from ui.timeline_look import Look

MOST_REASONS = 2
_WIDEST_EM = 26
_AWAY_PX = 14


def span_at(spans: Sequence[LightSpan], time_s: float) -> LightSpan | None:
    """The light at a time."""
    return next((span for span in spans if span.start_s <= time_s < span.end_s), spans[-1] if spans else None)


def readout(call: CallView, places: Sequence[Place], time_s: float, near_s: float) -> list[str]:
    """Lines about a moment; flags count as there when they are nearer than ``near_s``."""
    span = span_at(call.lights_now, time_s)
    light = "unknown" if span is None else str(span.light)
    lines = [f"{clock(time_s)}, light {light}"]
    if span is not None:
        lines += [why(reason) for reason in span.reasons[:MOST_REASONS]]
    for speaker in dict.fromkeys(track.speaker for track in call.tracks):
        told = [
            f"{MEASURES[track.name][0].lower()} {number(value)} {track.unit}"
            for track in call.tracks
            if track.speaker == speaker and (value := track.at(time_s)) is not None
        ]
        if told:
            lines.append(f"{speaker}: {', '.join(told)}")
    said = [word.text for word in call.words if word.start_s <= time_s <= word.end_s]
    if said:
        lines.append(f"“{' '.join(said)}”")
    flags = [place for place in places if place.state is not None]
    lines += [place.text for place in flags if place.start_s - near_s <= time_s <= place.end_s + near_s]
    return [plain(line) for line in lines]


def draw_readout(painter: QPainter, look: Look, lines: Sequence[str], at: QPointF, plot: QRectF) -> None:
    """A box with these lines beside the pointer, on the side where there is room."""
    metrics = QFontMetricsF(look.small)
    most = min(_WIDEST_EM * look.em, plot.width() - 2 * _AWAY_PX)
    wide = min(most, max(metrics.horizontalAdvance(line) for line in lines)) + look.em
    high = len(lines) * look.em + 0.6 * look.em
    left = at.x() + _AWAY_PX if at.x() + _AWAY_PX + wide <= plot.right() else at.x() - _AWAY_PX - wide
    top = min(max(at.y() + _AWAY_PX, plot.top()), plot.bottom() - high)
    box = QRectF(max(plot.left(), left), top, wide, high)
    painter.setPen(QPen(colour(look.theme.quiet_text), 1))
    painter.setBrush(colour(look.theme.ground))
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(look.small)
    painter.setPen(colour(look.theme.text))
    for i, line in enumerate(lines):
        row = QRectF(box.left() + look.em / 2, box.top() + 0.3 * look.em + i * look.em, wide - look.em, look.em)
        text = metrics.elidedText(line, Qt.TextElideMode.ElideRight, row.width())
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
