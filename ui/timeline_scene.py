"""What a lane of the time line needs to draw itself, and the lanes of lights, turns, words, flags and remarks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QFontMetricsF, QPainter, QPen

from monitor.replay.navigate import Place
from monitor.sources.names import shown_text
from ui.lamp import colour, lamp_path
from ui.timeline_look import LIGHT_SHARES, ON_LIGHT, Look, draw_flag

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.types import LightSpan, Word
    from ui.palette import Rgb
    from ui.timeline_axis import TimeAxis

WORDS_FROM_PX_PER_S = 40.0  # words are shown from here on
_LONGEST_WORD_S = 5.0
_ORDER = ("grey", "green", "amber", "red")  # what must not be hidden is drawn last


@dataclass(frozen=True, slots=True)
class Scene:
    """One drawing: the call, the time axis, the look, and which places are wanted and chosen."""

    painter: QPainter
    call: CallView
    axis: TimeAxis
    look: Look
    ratio: float = 1.0
    places: Sequence[Place] = ()
    chosen: str | None = None
    left: float = 0.0

    def seen(self, start_s: float, end_s: float) -> bool:
        """Whether any of a stretch is in sight."""
        return end_s >= self.axis.span.start_s and start_s <= self.axis.span.end_s

    def box(self, start_s: float, end_s: float, top: float, height: float, least: float = 1.0) -> QRectF:
        """A box over a stretch of time, cut at the edges of what is in sight, and wide enough to be seen."""
        first = max(self.axis.x(start_s), self.axis.left)
        last = min(self.axis.x(end_s), self.axis.left + self.axis.width)
        return QRectF(first, top, max(least, last - first), height)

    def fill(self, boxes: Sequence[QRectF], rgb: Rgb) -> None:
        """Fill boxes with a colour, all at once."""
        if boxes:
            self.painter.setPen(Qt.PenStyle.NoPen)
            self.painter.setBrush(colour(rgb))
            self.painter.drawRects(*boxes)
            self.painter.setBrush(Qt.BrushStyle.NoBrush)

    def label(self, text: str, box: QRectF, rgb: Rgb, *, right: bool = False, middle: bool = True) -> None:
        """A line of small text, shortened to its box."""
        self.painter.setFont(self.look.small)
        self.painter.setPen(colour(rgb))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        level = Qt.AlignmentFlag.AlignVCenter if middle else Qt.AlignmentFlag.AlignTop
        fitting = QFontMetricsF(self.look.small).elidedText(plain(text), Qt.TextElideMode.ElideRight, box.width())
        self.painter.drawText(box, side | level, fitting)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Text from outside as one line, without characters that would turn what stands around it."""
    return shown_text(" ".join(text.split()))


class Lane(Protocol):
    """One row of the time line."""

    title: str
    lines: float
    """Height in lines of text."""
    share: float
    """How much of the height that is left it gets besides."""

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw it, with its name and units left of the box."""
        ...


def name_lane(scene: Scene, title: str, box: QRectF, below: str = "") -> None:
    """The lane's name, and a second line such as its unit, in the margin."""
    em = scene.look.em
    margin = QRectF(scene.left, box.top(), box.left() - scene.left - 6, em)
    if not below and box.height() < 2 * em:
        margin.setHeight(box.height())
    scene.label(title, margin, scene.look.theme.text)
    if below and box.height() >= 2 * em:
        scene.label(below, margin.translated(0, em), scene.look.theme.quiet_text)


@dataclass(slots=True)
class LightsLane:
    """Lights as bands: their colour, their height and a shape tell them apart."""

    title: str
    spans: Sequence[LightSpan]
    lines: float = 1.5
    share: float = 0.0

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw the bands."""
        name_lane(scene, self.title, box)
        seen = [span for span in self.spans if scene.seen(span.start_s, span.end_s)]
        for light in _ORDER:
            own = [span for span in seen if span.light == light]
            height = LIGHT_SHARES[light] * box.height()
            least = 2.0 if light in ("amber", "red") else 1.0
            bands = [scene.box(span.start_s, span.end_s, box.bottom() - height, height, least) for span in own]
            scene.fill(bands, scene.look.light(light))
            size = min(0.8 * scene.look.em, height - 3)
            for span, band in zip(own, bands, strict=True):
                if band.width() > size + 6 and size > 4:
                    spot = QRectF(band.left() + 3, band.center().y() - size / 2, size, size)
                    scene.painter.fillPath(lamp_path(light, spot), colour(ON_LIGHT))
                    self._word(scene, span, band, spot)

    def _word(self, scene: Scene, span: LightSpan, band: QRectF, spot: QRectF) -> None:
        room = QRectF(spot.right() + 4, band.top(), band.right() - spot.right() - 6, band.height())
        if band.height() >= scene.look.em and room.width() > 4 * scene.look.em:
            first = span.reasons[0].text if span.reasons else str(span.light)
            scene.label(first, room, ON_LIGHT)


@dataclass(slots=True)
class FlagsLane:
    """Flagged phrases as signs with their words where there is room."""

    title: str = "Phrases"
    lines: float = 1.5
    share: float = 0.0

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw the signs."""
        name_lane(scene, self.title, box)
        scene.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        flags = [place for place in scene.places if place.state is not None and scene.seen(place.start_s, place.end_s)]
        counting = [place for place in flags if place.counts]
        size = 0.8 * scene.look.em
        for place in flags:
            if not place.counts:  # lower and smaller, so that both are seen where they begin together
                self._sign(scene, place, box.bottom() - size / 2, 0.6 * size)
        for i, place in enumerate(counting):
            self._sign(scene, place, box.center().y() - 1, size)
            x = scene.axis.x(place.start_s)
            until = scene.axis.x(counting[i + 1].start_s) if i + 1 < len(counting) else box.right()
            room = until - x - 2 * size
            if room > 2.5 * scene.look.em:
                text = place.text.partition("”")[0].removeprefix("“")
                scene.label(text, QRectF(x + size, box.top() - 1, room, box.height()), scene.look.theme.text)

    def _sign(self, scene: Scene, place: Place, y: float, size: float) -> None:
        assert place.state is not None
        x = scene.axis.x(place.start_s)
        rgb = scene.look.theme.text if place.counts else scene.look.theme.quiet_text
        if place.key == scene.chosen:
            scene.painter.setPen(QPen(colour(scene.look.theme.text), 1.5))
            scene.painter.drawRect(QRectF(x - size / 2 - 3, y - size / 2 - 3, size + 6, size + 6))
        draw_flag(scene.painter, place.state, (x, y), size, rgb)


@dataclass(slots=True)
class WordsLane:
    """One speaker's words, once they can be read, in two rows where they would overlap."""

    title: str
    words: Sequence[Word]
    without: str = "no words were heard"  # what stands there where there are none
    lines: float = 2.1
    share: float = 0.0

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw the words, or how to see them."""
        name_lane(scene, self.title, QRectF(box.left(), box.top(), box.width(), box.height() / 2))
        if scene.axis.px_per_s < WORDS_FROM_PX_PER_S or not self.words:
            hint = "zoom in to read the words" if self.words else self.without
            scene.label(hint, box.adjusted(4, 0, 0, 0), scene.look.theme.quiet_text)
            return
        metrics = QFontMetricsF(scene.look.small)
        span = scene.axis.span
        first = bisect_left(self.words, span.start_s - _LONGEST_WORD_S, key=lambda word: word.start_s)
        last = bisect_right(self.words, span.end_s, key=lambda word: word.start_s)
        free = [box.left(), box.left()]  # where each row has room from
        for word in self.words[first:last]:
            x = scene.axis.x(word.start_s)
            wide = metrics.horizontalAdvance(word.text) + 1
            row = 0 if free[0] <= x else 1 if free[1] <= x else None
            if row is None or x + wide > box.right() + 1 or word.end_s < span.start_s:
                continue  # there is no room; it is there once one zooms in
            free[row] = x + wide + scene.look.em / 2
            place = QRectF(x, box.top() + row * box.height() / 2, wide, box.height() / 2)
            scene.label(word.text, place, scene.look.theme.text)


@dataclass(slots=True)
class TurnsLane:
    """Who spoke when, a row for each speaker."""

    speakers: Sequence[str]
    title: str = "Turns"
    lines: float = field(init=False)
    share: float = 0.0

    def __post_init__(self) -> None:
        self.lines = 0.9 * max(1, len(self.speakers)) + 0.2

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw the rows."""
        row = box.height() / max(1, len(self.speakers))
        for number, speaker in enumerate(self.speakers):
            top = box.top() + number * row
            rgb = scene.look.speaker(speaker)
            name_lane(scene, speaker.capitalize(), QRectF(box.left(), top, box.width(), row))
            own = [
                turn for turn in scene.call.turns if turn.speaker == speaker and scene.seen(turn.start_s, turn.end_s)
            ]
            scene.fill([scene.box(turn.start_s, turn.end_s, top + 2, row - 4) for turn in own], rgb)


@dataclass(slots=True)
class RemarksLane:
    """Comments and disputes at their moments."""

    title: str = "Remarks"
    lines: float = 1.3
    share: float = 0.0

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw a mark and the first words of each."""
        name_lane(scene, self.title, box)
        found = [remark for remark in scene.call.remarks if remark.at_s is not None]
        found.sort(key=lambda remark: remark.at_s or 0.0)
        seen = [remark for remark in found if scene.seen(remark.at_s or 0.0, remark.at_s or 0.0)]
        for i, remark in enumerate(seen):
            x = scene.axis.x(remark.at_s or 0.0)
            rgb = scene.look.theme.text
            scene.painter.setPen(QPen(colour(rgb), 1.4))
            scene.painter.drawLine(QPointF(x, box.top() + 2), QPointF(x, box.bottom() - 2))
            until = scene.axis.x(seen[i + 1].at_s or 0.0) if i + 1 < len(seen) else box.right()
            text = remark.text if remark.subject is None else f"not right: {remark.reason or remark.text}"
            if until - x > 3 * scene.look.em:
                scene.label(text, QRectF(x + 4, box.top(), until - x - 8, box.height()), rgb)


def speakers_of(call: CallView) -> list[str]:
    """Who is heard in the call, the agent first."""
    found = {turn.speaker for turn in call.turns} | {track.speaker for track in call.tracks}
    return sorted(found or {"agent"}, key=lambda name: (name != "agent", name))


def words_lanes(call: CallView) -> Iterable[WordsLane]:
    """A lane of words for each channel that has any, the agent's in any case."""
    channels = {word.channel for word in call.words} | {call.agent_channel}
    for channel in sorted(channels, key=lambda channel: channel != call.agent_channel):
        speaker = call.speaker(channel)
        words = sorted((word for word in call.words if word.channel == channel), key=lambda word: word.start_s)
        without = "words were not listened to" if call.result.engine.recogniser == "none" else "no words were heard"
        yield WordsLane("Words" if len(channels) == 1 else f"Words, {speaker}", words, without)
