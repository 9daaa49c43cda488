"""The lanes that hold measures: waveform, level, pitch, effort and pace, each with its values and unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QPen

from monitor.replay.tracks import of_speaker
from monitor.report.call_charts import usual_of
from ui.lamp import colour
from ui.timeline_axis import ValueAxis, value_text
from ui.timeline_ink import Rows, covered, line_edges, paint_ink
from ui.timeline_scene import Scene, name_lane

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.replay.tracks import Track

LINE_PX = 1.6
MOST_WAVES = 4
# Name of each measure for people, its share of the height, and its scale: an octave is as high everywhere.
MEASURES = {
    "f0_hz": ("Pitch", 1.5, math.log2),
    "level_dbfs": ("Level", 1.0, float),
    "effort_db": ("Effort", 1.0, float),
    "pace_syl_s": ("Pace", 0.8, float),
}
_LEAST_RANGE = {"f0_hz": 60.0, "level_dbfs": 12.0, "effort_db": 12.0, "pace_syl_s": 2.0}
_USUALS = ("f0_hz", "level_dbfs", "effort_db")


@dataclass(slots=True)
class WaveLane:
    """The waveform of one channel."""

    title: str
    speaker: str
    channel: int
    lines: float = 1.5
    share: float = 1.0

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw the waveform around its middle line, full scale from edge to edge."""
        name_lane(scene, self.title, box, "full scale ±1")
        scene.painter.setPen(QPen(colour(scene.look.theme.line), 1))
        scene.painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
        if scene.call.waveform is None:
            scene.label("no recording here", box.adjusted(4, 0, 0, 0), scene.look.theme.quiet_text)
            return
        columns, height = round(box.width() * scene.ratio), round(box.height() * scene.ratio)
        span = scene.axis.span
        low, high = scene.call.waveform.peaks(self.channel, span.start_s, span.end_s, columns)
        half = np.float32(height / 2)
        top, bottom = half - high * half, half - low * half
        least = np.float32(scene.ratio / 2)  # silence is a line
        cover = covered(top - least, bottom + least, height)
        paint_ink(scene.painter, box, scene.look.speaker(self.speaker), cover)


@dataclass(slots=True)
class TrackLane:
    """One measure of one or both speakers: a line of means in a band from lowest to highest."""

    name: str
    tracks: Sequence[Track]
    title: str
    share: float
    axis: ValueAxis
    lines: float = 1.5

    @staticmethod
    def of(call: CallView, name: str) -> TrackLane | None:
        """The lane of a measure, None where it was not measured."""
        tracks = of_speaker(call.tracks, name)
        limits = [limit for track in tracks if (limit := track.limits()) is not None]
        if not limits:
            return None
        title, share, scale = MEASURES[name]
        low, high = min(limit[0] for limit in limits), max(limit[1] for limit in limits)
        missing = _LEAST_RANGE[name] - (high - low)
        if missing > 0:
            low, high = low - missing / 2, high + missing / 2
        return TrackLane(
            name, tracks, title, share, ValueAxis(max(low, 1.0) if scale is math.log2 else low, high, 0, 1, scale)
        )

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw grid, usual voice and lines."""
        name_lane(scene, self.title, box, self.tracks[0].unit)
        self._grid(scene, box)
        span = scene.axis.span
        columns, height = round(box.width() * scene.ratio), round(box.height() * scene.ratio)
        axis = self._placed(0, height)
        for track in reversed(self.tracks):  # the agent on top
            look = track.look(span.start_s, span.end_s, columns)
            top, bottom = (_heights(axis, values) for values in (look.high, look.low))
            line = covered(*line_edges(_heights(axis, look.mean), LINE_PX * scene.ratio), height)
            band = covered(top, bottom, height)
            paint_ink(scene.painter, box, scene.look.speaker(track.speaker), line, band)

    def _placed(self, top: float, height: float) -> ValueAxis:
        return ValueAxis(self.axis.low, self.axis.high, top, height, self.axis.scale)

    def _grid(self, scene: Scene, box: QRectF) -> None:
        axis, em, theme = self._placed(box.top(), box.height()), scene.look.em, scene.look.theme
        for value in axis.ticks(1.1 * em):
            y = axis.y(value)
            scene.painter.setPen(QPen(colour(theme.line), 1))
            scene.painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            place = QRectF(scene.left, y - em / 2, box.left() - scene.left - 6, em)
            if place.top() > box.top() - em / 2 and place.bottom() < box.bottom() + em / 2:
                scene.label(value_text(value), place, theme.quiet_text, right=True)
        usual = usual_of(self.name, scene.call.result.baseline) if self.name in _USUALS else None
        if usual is not None and self.axis.low < usual < self.axis.high:
            scene.painter.setPen(QPen(colour(scene.look.speaker("agent")), 1, Qt.PenStyle.DashLine))
            scene.painter.drawLine(QPointF(box.left(), axis.y(usual)), QPointF(box.right(), axis.y(usual)))


def measure_lanes(call: CallView) -> list[TrackLane]:
    """The lanes of all measures that were kept."""
    return [lane for name in MEASURES if (lane := TrackLane.of(call, name)) is not None]


def wave_lanes(call: CallView) -> list[WaveLane]:
    """A lane for each channel, the agent's first, of many the first ones; one where there is no recording."""
    if call.waveform is None:
        return [WaveLane("Sound", "agent", call.agent_channel, share=0.2)]
    order = sorted(range(call.waveform.channels), key=lambda channel: channel != call.agent_channel)[:MOST_WAVES]
    share = 1.4 / len(order)
    names = {channel: call.speaker(channel) for channel in order}
    return [WaveLane(names[channel].capitalize(), names[channel], channel, share=share) for channel in order]


def _heights(axis: ValueAxis, values: Rows) -> Rows:
    """What `ValueAxis.y` says, of a whole row."""
    if axis.scale is math.log2:
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.log2(values)
    low, high = axis.y(axis.low), axis.y(axis.high)
    start, end = axis.scale(axis.low), axis.scale(axis.high)
    slope = (high - low) / ((end - start) or 1.0)
    return np.asarray(np.float32(low) + (values - np.float32(start)) * np.float32(slope), np.float32)
