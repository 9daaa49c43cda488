"""The time line of a call: waveform, voice, lights, turns, words and flags over one time axis, by pointer and keyboard.

`Timeline` is what windows use; how it is drawn stands in the modules beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QEvent, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QWidget

from monitor.replay.navigate import Place
from ui.timeline_axis import LEAST_SPAN_S
from ui.timeline_canvas import NEAR_PX, Canvas
from ui.timeline_scene import FlagsLane

ZOOM_STEP = 1.5
PAN_SHARE, PAGE_SHARE = 0.1, 0.9  # of what is in sight
SEEK_S = 1.0


class Timeline(Canvas):
    """Shows a `CallView` and lets people move in it. Call ``shut`` before the call is closed."""

    seek_requested = pyqtSignal(float)
    flag_chosen = pyqtSignal(str)
    loop_chosen = pyqtSignal(object)  # (start_s, end_s) marked with Shift and the pointer, or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed: tuple[float, bool] | None = None  # the time, and whether a loop is being marked
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Arrows move the cursor (with Shift the view), plus and minus zoom, Home and End go to the ends."""
        if event is None or self._call is None:
            return
        act = self._key_act(event)
        if act is None:
            super().keyPressEvent(event)
            return
        act()
        event.accept()

    def _key_act(self, event: QKeyEvent) -> Callable[[], None] | None:
        key, length_s = Qt.Key, self._span.length_s
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        duration_s = self._call.duration_s if self._call is not None else 0.0
        step_s = min(SEEK_S, length_s / 20)
        acts: dict[int, Callable[[], None]] = {
            key.Key_Left: lambda: self.pan(-PAN_SHARE * length_s) if shift else self._seek(self._cursor_s - step_s),
            key.Key_Right: lambda: self.pan(PAN_SHARE * length_s) if shift else self._seek(self._cursor_s + step_s),
            key.Key_Home: lambda: self._seek(0.0),
            key.Key_End: lambda: self._seek(duration_s),
            key.Key_PageUp: lambda: self.pan(-PAGE_SHARE * length_s),
            key.Key_PageDown: lambda: self.pan(PAGE_SHARE * length_s),
            key.Key_Plus: lambda: self.zoom(ZOOM_STEP),
            key.Key_Equal: lambda: self.zoom(ZOOM_STEP),
            key.Key_Minus: lambda: self.zoom(1 / ZOOM_STEP),
            key.Key_0: lambda: self.set_span(0.0, duration_s),
        }
        return acts.get(event.key())

    def _seek(self, time_s: float) -> None:
        if self._call is not None:
            time_s = min(max(0.0, time_s), self._call.duration_s)
            self.set_cursor(time_s)
            self.reveal(time_s)
            self.seek_requested.emit(time_s)

    def wheelEvent(self, event: QWheelEvent | None) -> None:  # noqa: N802 - Qt's name
        """Scroll through the call; with Ctrl zoom around the pointer."""
        if event is None or self._call is None:
            return
        steps = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(math.pow(ZOOM_STEP, steps / 120), self.axis.time_s(event.position().x()))
        else:
            self.pan(-PAN_SHARE * self._span.length_s * steps / 120)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Go to a time or a flag; with Shift begin to mark a loop."""
        if event is None or self._call is None or event.button() != Qt.MouseButton.LeftButton:
            return
        time_s = min(max(0.0, self.axis.time_s(event.position().x())), self._call.duration_s)
        marks = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._pressed = time_s, marks
        if marks:
            return
        place = self._flag_near(event.position(), self._places)
        if place is not None:
            self.choose(place.key)
            self.flag_chosen.emit(place.key)
            time_s = place.start_s
        self._seek(time_s)

    def _flag_near(self, at: QPointF, found: Sequence[Place]) -> Place | None:
        """The flag whose sign or words the pointer is on."""
        boxes = [] if self._layout is None else [box for each, box in self._layout.boxes if isinstance(each, FlagsLane)]
        if not any(box.adjusted(-NEAR_PX, 0, NEAR_PX, 0).contains(at) for box in boxes):
            return None
        flags = [place for place in found if place.state is not None]
        near = [place for place in flags if abs(self.axis.x(place.start_s) - at.x()) <= NEAR_PX]
        return min(near, key=lambda place: abs(self.axis.x(place.start_s) - at.x()), default=None)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Show the values at the pointer; drag the cursor, or with Shift the end of a loop."""
        if event is None or self._call is None:
            return
        self._pointer = event.position()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            time_s = min(max(0.0, self.axis.time_s(event.position().x())), self._call.duration_s)
            if self._pressed[1]:
                self._loop = min(self._pressed[0], time_s), max(self._pressed[0], time_s)
            else:
                self._seek(time_s)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """End of a drag: a loop that was marked is told, one of no length takes the loop away."""
        if self._pressed is not None and self._pressed[1]:
            if self._loop is not None and self._loop[1] - self._loop[0] < LEAST_SPAN_S:
                self._loop = None
            self.loop_chosen.emit(self._loop)
            self.update()
        self._pressed = None

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """The pointer went on."""
        self._pointer = None
        self.update()
