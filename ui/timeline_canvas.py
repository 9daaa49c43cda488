"""The drawing of the time line: what is in sight, and what of it is drawn anew.

What does not move is drawn once into a picture; the cursor, the loop and what the pointer shows are drawn over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, QSizeF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from monitor.call_view import clock
from monitor.replay.navigate import Filter, Place, places
from ui.lamp import colour
from ui.spectrogram import Spectrogram, spectrogram_lanes, spectrogram_of
from ui.timeline_axis import LEAST_SPAN_S, Span, TimeAxis
from ui.timeline_drawing import Layout, draw, laid_out, lanes_of, least_height, span_text
from ui.timeline_look import look_for
from ui.timeline_readout import draw_readout, readout
from ui.timeline_work import Reader

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.replay.tracks import Track
    from ui.palette import Theme
    from ui.timeline_scene import Lane

CURSOR_PX = 2
_EDGE_SHARE = 0.03  # how near to the edge the cursor may come before the view follows
_JUMP_S = 0.5  # the cursor went somewhere, rather than along with the sound
_TOLD_AFTER_MS = 250  # for screen readers, once the view rests
NEAR_PX = 9  # a click this near to a flag means it
LOOP_ALPHA, LOOP_RGB = 46, (86, 180, 233)


class Canvas(QWidget):
    """Shows a `CallView`. Call `shut` before the call is closed: it reads the recording in the background."""

    span_changed = pyqtSignal(float, float)
    grown = pyqtSignal(float)  # seconds of the waveform that are there
    tracks_measured = pyqtSignal(object)  # the call with measures that had not been kept
    trouble = pyqtSignal(str)  # a sentence for the user
    painted = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._call: CallView | None = None
        self._reader: Reader | None = None
        self._theme: Theme | None = None
        self._look = look_for(self)
        self._span = Span(0.0, 1.0)
        self._lanes: list[Lane] = []
        self._layout: Layout | None = None
        self._places: tuple[Place, ...] = ()
        self._filter = Filter()
        self._chosen: str | None = None
        self._cursor_s = 0.0
        self._loop: tuple[float, float] | None = None
        self._pointer: QPointF | None = None
        self._spectrogram: Spectrogram | None = None
        self._picture: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Time line")
        self._telling = QTimer(self)
        self._telling.setSingleShot(True)
        self._telling.setInterval(_TOLD_AFTER_MS)
        self._telling.timeout.connect(self._tell)

    # --- what is shown

    @property
    def call(self) -> CallView | None:
        """The call that is shown."""
        return self._call

    @property
    def span(self) -> tuple[float, float]:
        """From when to when it is in sight."""
        return self._span.start_s, self._span.end_s

    @property
    def cursor_s(self) -> float:
        """Where the cursor stands."""
        return self._cursor_s

    @property
    def shown_places(self) -> tuple[Place, ...]:
        """Flags, amber and red lights that the filter lets through."""
        return self._places

    def set_call(self, call: CallView | None) -> None:
        """Show a call; the same one with other remarks or measures keeps span and cursor."""
        before = self._call
        if before is None or call is None or (before.result, before.waveform) != (call.result, call.waveform):
            self.shut()
            self._cursor_s, self._loop, self._chosen = 0.0, None, None
            if call is not None:
                self._span = Span(0.0, call.duration_s).within(call.duration_s)
                self._begin_reading(call)
        self._call = call
        self._arrange()
        self.setAccessibleName("Time line" if call is None else f"Time line of {call.name}")
        self._telling.start()

    def _begin_reading(self, call: CallView) -> None:
        self._reader = Reader(call)
        self._reader.grown.connect(self._grow)
        self._reader.measured.connect(self._take_tracks)
        self._reader.failed.connect(self.trouble)
        self._reader.start()

    def shut(self) -> None:
        """Let go of the call: nothing reads its recording any more."""
        if self._reader is not None:
            self._reader.stop()
            self._reader = None
        self.set_spectrogram(on=False)
        self._call = None
        self._arrange()

    def set_spectrogram(self, on: bool) -> None:
        """Show the spectrogram, where there is a recording, or not."""
        if not on and self._spectrogram is not None:
            self._spectrogram.stop()
            self._spectrogram = None
        elif on and self._spectrogram is None and self._call is not None:
            self._spectrogram = spectrogram_of(self._call)
            if self._spectrogram is not None:
                self._spectrogram.ready.connect(self._draw_again)
        self._arrange()

    def _grow(self) -> None:
        if self._call is not None and self._call.waveform is not None:
            self.grown.emit(self._call.waveform.known_s)
            self._draw_again()

    def _take_tracks(self, of: CallView, tracks: tuple[Track, ...]) -> None:
        if self._call is not None and self._call.result is of.result:  # another call may have been opened meanwhile
            self.set_call(self._call.with_tracks(tracks))
            self.tracks_measured.emit(self._call)

    def set_theme(self, theme: Theme | None) -> None:
        """Draw in these colours; None takes those of the window."""
        self._theme = theme
        self._arrange()

    def set_filter(self, wanted: Filter) -> None:
        """Show only some flags, and let only these be found; lights are always drawn."""
        self._filter = wanted
        self._arrange()

    def choose(self, key: str | None) -> None:
        """Mark a flag, and bring it into sight."""
        self._chosen = key
        place = next((place for place in self._places if place.key == key), None)
        if place is not None:
            self.reveal(place.start_s)
        self._draw_again()

    def _arrange(self) -> None:
        """Find the lanes and their places anew."""
        self._look = look_for(self, self._theme)
        call = self._call
        extra: list[Lane] = []
        if call is not None and self._spectrogram is not None:
            extra += spectrogram_lanes(self._spectrogram, call)
        self._lanes = [] if call is None else lanes_of(call, extra)
        found = () if call is None else places(call.result, call.policy)
        self._places = tuple(place for place in found if self._filter.holds(place))
        self._layout = laid_out(self._lanes, QSizeF(self.size()), self._look)
        self.setMinimumHeight(least_height(self._lanes, self._look))
        self._draw_again()

    def _draw_again(self) -> None:
        self._picture = None
        self.update()

    # --- time

    @property
    def axis(self) -> TimeAxis:
        """Where times stand."""
        plot = self._layout.axis if self._layout is not None else QRectF(self.rect())
        return TimeAxis(self._span, plot.left(), plot.width())

    def set_span(self, start_s: float, end_s: float) -> None:
        """Show this stretch, as far as the call has it."""
        self._settle(Span(start_s, max(end_s, start_s + LEAST_SPAN_S)))

    def zoom(self, factor: float, around_s: float | None = None) -> None:
        """Show more detail (over 1) or less; ``around_s``, else the cursor if it is in sight, stays where it is."""
        if around_s is None:
            inside = self._span.start_s <= self._cursor_s <= self._span.end_s
            around_s = self._cursor_s if inside else (self._span.start_s + self._span.end_s) / 2
        self._settle(self._span.zoomed(factor, around_s))

    def pan(self, seconds: float) -> None:
        """Show what is later, or earlier."""
        self._settle(self._span.moved(seconds))

    def _settle(self, span: Span) -> None:
        if self._call is None:
            return
        span = span.within(self._call.duration_s)
        if span != self._span:
            self._span = span
            self._draw_again()
            self._telling.start()
            self.span_changed.emit(span.start_s, span.end_s)

    def reveal(self, time_s: float) -> None:
        """Bring a time into sight, where it is not."""
        if not self._span.start_s <= time_s <= self._span.end_s:
            self._settle(self._span.moved(time_s - (self._span.start_s + self._span.end_s) / 2))

    def set_cursor(self, time_s: float, *, follow: bool = False) -> None:
        """Move the cursor; ``follow`` turns the page when it leaves what is in sight."""
        before, self._cursor_s = self._cursor_s, time_s
        if follow and self._call is not None:
            edge_s = self._span.end_s - _EDGE_SHARE * self._span.length_s
            if (time_s > edge_s and self._span.end_s < self._call.duration_s) or time_s < self._span.start_s:
                self._settle(self._span.moved(time_s - self._span.start_s - 2 * _EDGE_SHARE * self._span.length_s))
        for each in (before, time_s):
            self.update(self._cursor_area(each))
        if abs(before - time_s) > _JUMP_S:
            self._telling.start()

    def set_loop(self, start_s: float | None, end_s: float | None = None) -> None:
        """Shade the stretch that is played again and again; None shades nothing."""
        self._loop = None if start_s is None or end_s is None else (start_s, end_s)
        self.update()

    def _cursor_area(self, time_s: float) -> QRect:
        wide = 4 * self._look.em  # the time at the top as well
        x = min(
            max(self.axis.x(time_s), -wide), self.width() + wide
        )  # far out of sight, pixels may not be whole numbers
        return QRectF(x - wide, 0, 2 * wide, self.height()).toAlignedRect()

    # --- painting

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Wide and high enough to work with."""
        return QSize(960, max(520, self.minimumHeight()))

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Lay the lanes out anew."""
        super().resizeEvent(event)
        self._layout = laid_out(self._lanes, QSizeF(self.size()), self._look)
        self._draw_again()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Follow the desktop's colours and fonts."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._arrange()

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the picture, and over it what moves."""
        painter = QPainter(self)
        if self._picture is None:
            self._picture = self._drawn()
        painter.drawPixmap(0, 0, self._picture)
        if self._call is not None and self._layout is not None:
            self._paint_loop(painter, self._layout.plot)
            self._paint_cursor(painter, self._layout)
            self._paint_pointer(painter, self._layout.plot)
        if self.hasFocus():
            painter.setPen(QPen(colour(self._look.theme.text), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
        self.painted.emit()

    def _drawn(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(colour(self._look.theme.ground))
        if self._call is not None and self._layout is not None:
            painter = QPainter(picture)
            draw(painter, self._call, self._layout, self._span, self._look, places=self._places, chosen=self._chosen,
                 ratio=ratio)  # fmt: skip
            painter.end()
        return picture

    def _paint_loop(self, painter: QPainter, plot: QRectF) -> None:
        if self._loop is None:
            return
        first, last = (min(max(self.axis.x(each), plot.left()), plot.right()) for each in self._loop)
        painter.fillRect(QRectF(first, plot.top(), last - first, plot.height()), colour(LOOP_RGB, LOOP_ALPHA))
        painter.setPen(QPen(colour(self._look.theme.text), 1, Qt.PenStyle.DashLine))
        for x in (first, last):
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _paint_cursor(self, painter: QPainter, layout: Layout) -> None:
        x = self.axis.x(self._cursor_s)
        if not layout.plot.left() - 1 <= x <= layout.plot.right() + 1:
            return
        theme = self._look.theme
        painter.setPen(QPen(colour(theme.text), CURSOR_PX))
        painter.drawLine(QPointF(x, layout.axis.bottom() - 2), QPointF(x, layout.plot.bottom()))
        painter.setFont(self._look.small)
        text = clock(self._cursor_s)
        wide = painter.fontMetrics().horizontalAdvance(text) + 8
        left = min(max(x - wide / 2, 0.0), self.width() - wide)
        tag = QRectF(left, layout.axis.top() + 1, wide, self._look.em + 2)
        painter.fillRect(tag, colour(theme.text))
        painter.setPen(colour(theme.ground))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_pointer(self, painter: QPainter, plot: QRectF) -> None:
        if self._pointer is None or self._call is None or not plot.contains(self._pointer):
            return
        x = self._pointer.x()
        painter.setPen(QPen(colour(self._look.theme.quiet_text), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        lines = readout(self._call, self._places, self.axis.time_s(x), NEAR_PX / self.axis.px_per_s)
        draw_readout(painter, self._look, lines, self._pointer, plot)

    # --- for screen readers

    def _tell(self) -> None:
        call = self._call
        if call is None:
            self.setAccessibleDescription("No call is open")
            return
        first, *more = readout(call, self._places, self._cursor_s, 0.0)
        self.setAccessibleDescription(
            f"In sight: {span_text(self._span, call.duration_s)}. Cursor at {'. '.join([first, *more])}. "
            f"{len(self._places)} phrases and lights in the call. Arrows move the cursor, plus and minus zoom."
        )
