"""The light: a small pill with a shape, its colour and one word. It is painted when it changes, and never otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QPoint, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)

from ui.floating import Floating, Look, is_wayland, look_of, screen_areas
from ui.lamp import colour, paint_badge, paint_lamp
from ui.palette import rim_of
from ui.places import choose_place, corner_place, remembered
from ui.view import View

if TYPE_CHECKING:
    from monitor.settings import OverlaySettings

# Pixels at a scale of 1. The width holds the longest cue word of the built-in policy, so that the pill never jumps.
HEIGHT, LAMP, EDGE, BADGE, WORD_WIDTH = 34, 18, 8, 11, 118
WORD_PX = 14
WAYLAND = (
    "This desktop (Wayland) lets no program place a window or keep it on top; here the light is an ordinary window, "
    "and the tray shows it too."
)


class Overlay(Floating):
    """Shows a `View`; told apart by shape, colour and word, and by its accessible name."""

    moved = pyqtSignal(dict)  # the places to remember
    pointed = pyqtSignal(bool)  # the pointer came or went
    clicked = pyqtSignal()
    menu_asked = pyqtSignal(QPoint)
    painted = pyqtSignal()  # while it is being painted: a slot that changes the window is to be queued

    radius = HEIGHT // 2

    def __init__(self, settings: OverlaySettings, *, blends: bool = True) -> None:
        super().__init__(look_of(settings, blends=blends))
        self._settings = settings
        self._view = View()
        self._grab: QPoint | None = None
        self._dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWindowTitle("Evenkeel light")
        self.apply(settings, blends=blends)
        self._tell()

    @property
    def view(self) -> View:
        """What is shown."""
        return self._view

    def show_view(self, view: View) -> None:
        """Show this from now on."""
        before, self._view = self._view, view
        if (view.light, view.word, view.badge) != (before.light, before.word, before.badge):
            self.update()
        if view.light != before.light and self._look.unmanaged:
            self.raise_()  # nobody else keeps such a window on top
        if (view.name, view.description) != (before.name, before.description):
            self._tell()

    def apply(self, settings: OverlaySettings, *, blends: bool) -> None:
        """Put new settings in force."""
        self._settings = settings
        self.set_passes_clicks(settings.click_through)
        self.set_look(look_of(settings, blends=blends))
        px = self._look.px
        width = 2 * EDGE + LAMP + BADGE + (EDGE + WORD_WIDTH if settings.show_word else EDGE // 2)
        self.setFixedSize(px(width), px(HEIGHT))
        self.settle_place()

    def settle_place(self) -> None:
        """Go to the remembered place, or to the corner where its screen is gone."""
        self.place(*choose_place(self._settings.places, screen_areas(), (self.width(), self.height())))

    def corner(self, corner: str) -> dict[str, tuple[int, int]]:
        """The places with this corner of the screen that it is on as the newest."""
        screens, size, area = screen_areas(), (self.width(), self.height()), self.area
        on = next((screen for screen in screens if screen.whole.holds(area.x, area.y)), screens[0])
        return remembered(self._settings.places, screens, corner_place(corner, on.free, size), size)

    def _tell(self) -> None:
        self.setAccessibleName(f"Evenkeel, {self._view.name}")
        self.setAccessibleDescription(self._view.description)

    # --- painting

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw ground, shape, word and badge."""
        super().paintEvent(event)
        look, view = self._look, self._view
        painter = QPainter(self)
        size, edge = look.scale * LAMP, look.scale * EDGE
        top = (self.height() - size) / 2
        rim = rim_of(look.theme)
        paint_lamp(painter, view.light, QRectF(edge + 1, top, size, size), rim=rim, rim_width=1.5 * look.scale)
        if self._settings.show_word:
            self._paint_word(painter, look, left=2 * edge + size)
        if view.badge is not None:
            small = look.scale * BADGE
            box = QRectF(self.width() - edge - small, (self.height() - small) / 2, small, small)
            paint_badge(painter, view.badge.kind, box, look.theme)
        painter.end()
        self.painted.emit()

    def _paint_word(self, painter: QPainter, look: Look, *, left: float) -> None:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        width = look.scale * WORD_WIDTH
        for size in (WORD_PX, WORD_PX - 1, WORD_PX - 2, WORD_PX - 3):  # rather smaller than cut off
            font.setPixelSize(look.px(size))
            if QFontMetrics(font).horizontalAdvance(self._view.word) <= width:
                break
        painter.setFont(font)
        painter.setPen(colour(look.theme.text))
        metrics, word = QFontMetrics(font), self._view.word
        box = QRectF(left, 0, width, self.height())
        flags = (Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft).value
        if metrics.horizontalAdvance(word) > width:  # two lines rather than a part of what was to be said
            flags |= Qt.TextFlag.TextWordWrap.value
            needed = metrics.boundingRect(QRect(0, 0, round(width), self.height()), flags, word)
            if needed.height() > self.height() or needed.width() > width:
                word = metrics.elidedText(word, Qt.TextElideMode.ElideRight, round(width))
        painter.drawText(box, flags, word)

    # --- pointer

    def enterEvent(self, event: QEnterEvent | None) -> None:  # noqa: N802 - Qt's name
        """The pointer rests on it."""
        self.pointed.emit(True)

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """The pointer went on."""
        self.pointed.emit(False)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Begin a click or a drag: where it was grabbed, inside the window, is what stays under the pointer."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._grab, self._dragging = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Follow the pointer."""
        if event is None or self._grab is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        hints = QGuiApplication.styleHints()
        far = hints.startDragDistance() if hints is not None else 10
        if not self._dragging and (event.position().toPoint() - self._grab).manhattanLength() < far:
            return
        self._dragging = True
        self.pointed.emit(False)
        window = self.windowHandle()
        if is_wayland() and window is not None:
            self._grab = None
            window.startSystemMove()
            return
        to = event.globalPosition().toPoint() - self._grab
        self.place(to.x(), to.y())

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:  # noqa: N802 - Qt's name
        """End a click or a drag."""
        if event is None or event.button() != Qt.MouseButton.LeftButton or self._grab is None:
            return
        self._grab = None
        if not self._dragging:
            self.clicked.emit()
            return
        area = self.area
        places = remembered(self._settings.places, screen_areas(), (area.x, area.y), (area.width, area.height))
        self._settings = self._settings.model_copy(update={"places": places})
        self.settle_place()
        self.moved.emit(places)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:  # noqa: N802 - Qt's name
        """The menu, which is the tray's where there is one."""
        if event is not None:
            self.menu_asked.emit(event.globalPos())
