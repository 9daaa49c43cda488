"""What the light and its cards have in common: small windows above all others that take no focus and blend in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QPainter, QPainterPath, QPaintEvent, QPen, QRegion, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QWidget

from ui.lamp import colour
from ui.palette import THEMES, Theme
from ui.places import Area, ScreenArea

if TYPE_CHECKING:
    from PyQt6.QtGui import QScreen

    from monitor.settings import OverlaySettings

LEAST_SCALE = 0.75
MISSING_SCREEN = Area(0, 0, 1024, 768)  # a desktop without any screen, such as while a dock is changed


@dataclass(frozen=True, slots=True)
class Look:
    """How floating windows are drawn: colours, size, and what the screen and the window manager can do."""

    theme: Theme
    scale: float = 1.0
    blends: bool = True
    unmanaged: bool = False

    def px(self, length: float) -> int:
        """A length at this size, in pixels that do not depend on the screen's density."""
        return round(length * self.scale)

    def smaller(self) -> Look | None:
        """The next smaller one, for a card that does not fit on its screen; None where texts could not be read."""
        scale = 0.9 * self.scale
        return replace(self, scale=scale) if scale >= LEAST_SCALE else None


def look_of(settings: OverlaySettings, *, blends: bool) -> Look:
    """The look that the settings ask for; ``auto`` follows the system, and is dark where it does not tell."""
    theme = settings.theme
    if theme == "auto":
        hints = QGuiApplication.styleHints()
        light = hints is not None and hints.colorScheme() == Qt.ColorScheme.Light
        theme = "light" if light else "dark"
    colours = THEMES[theme, settings.contrast]
    # Under X11, some window managers let neither clicks through their frame nor anything above a full screen.
    unmanaged = is_x11() and (settings.above_full_screen or settings.click_through)
    return Look(colours if blends else colours.opaque(), settings.scale, blends, unmanaged)


def is_x11() -> bool:
    """Whether windows are shown by an X server."""
    return QGuiApplication.platformName() == "xcb"


def is_wayland() -> bool:
    """Whether the desktop alone decides where a window goes and what is on top."""
    return QGuiApplication.platformName().startswith("wayland")


def screen_areas() -> list[ScreenArea]:
    """The screens that are there, the main one first; never empty."""
    main = QGuiApplication.primaryScreen()
    screens = sorted(QGuiApplication.screens(), key=lambda screen: screen is not main)
    return [_screen_area(screen) for screen in screens] or [ScreenArea("none", MISSING_SCREEN, MISSING_SCREEN)]


def screen_at(anchor: Area) -> ScreenArea:
    """The screen that something is on, or the main one."""
    areas = screen_areas()
    return next((area for area in areas if area.whole.holds(anchor.x, anchor.y)), areas[0])


def _screen_area(screen: QScreen) -> ScreenArea:
    whole, free = screen.geometry(), screen.availableGeometry()
    return ScreenArea(
        screen.name(),
        Area(whole.x(), whole.y(), whole.width(), whole.height()),
        Area(free.x(), free.y(), free.width(), free.height()),
    )


class Floating(QWidget):
    """A frameless window above the others with a rounded ground; it takes no focus unless asked to.

    Position: Qt's own ``pos()`` was seen to be (0, 0) just after a start under X11, so ``place`` remembers what it
    asked for, and ``area`` tells it.
    """

    appeared = pyqtSignal(object)  # itself, at its first painting after it was shown

    radius = 10

    def __init__(self, look: Look) -> None:
        super().__init__(None)
        self._look = look
        self._at = QPoint(0, 0)
        self._focusable = False
        self._passes_clicks = False
        self._is_new = False
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_MacAlwaysShowToolWindow)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._settle_flags()

    @property
    def look(self) -> Look:
        """How it is drawn."""
        return self._look

    def set_look(self, look: Look) -> None:
        """Draw differently from now on."""
        self._look = look
        self._settle_flags()
        self._settle_mask()
        self.update()

    def set_passes_clicks(self, passes: bool) -> None:
        """Let clicks go to the window below, or not."""
        self._passes_clicks = passes
        self._settle_flags()

    def set_focusable(self, focusable: bool) -> None:
        """Whether it may take the keyboard when it is shown next."""
        self._focusable = focusable
        self._settle_flags()

    def place(self, x: int, y: int) -> None:
        """Put it there."""
        self._at = QPoint(x, y)
        self.move(self._at)

    @property
    def area(self) -> Area:
        """Where it is, as it was asked for."""
        return Area(self._at.x(), self._at.y(), self.width(), self.height())

    def _settle_flags(self) -> None:
        kind = Qt.WindowType
        flags = kind.Tool | kind.FramelessWindowHint | kind.WindowStaysOnTopHint | kind.NoDropShadowWindowHint
        if not self._focusable:
            flags |= kind.WindowDoesNotAcceptFocus
        if self._look.unmanaged and not self._focusable:
            flags |= kind.X11BypassWindowManagerHint
        if self._passes_clicks:
            flags |= kind.WindowTransparentForInput
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, not self._focusable)
        if flags != self.windowFlags():
            shown = self.isVisible()
            self.setWindowFlags(flags)  # hides the window
            self.setVisible(shown)
            self.move(self._at)

    def _settle_mask(self) -> None:
        """Without blending, transparent corners would be black: cut them off instead."""
        if self._look.blends:
            self.clearMask()
        else:
            self.setMask(QRegion(self._ground_path(0.0).toFillPolygon().toPolygon()))

    def _ground_path(self, inset: float) -> QPainterPath:
        path = QPainterPath()
        radius = self._look.px(self.radius)
        path.addRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), radius, radius)
        return path

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 - Qt's name
        """Keep the cut-off corners in place."""
        super().resizeEvent(event)
        self._settle_mask()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802 - Qt's name
        """Told when it is painted: before, the window manager may not know of it."""
        super().showEvent(event)
        self._is_new = True

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the ground and its line."""
        if self._is_new:
            self._is_new = False
            self.appeared.emit(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._look.theme
        painter.fillPath(self._ground_path(0.5), colour(theme.ground, theme.alpha))
        painter.strokePath(self._ground_path(0.5), QPen(colour(theme.line), 1.0))
        painter.end()


def style_sheet(look: Look) -> str:
    """Text and buttons of the cards in the look's colours; sizes in pixels of the look's scale."""
    theme = look.theme
    text, quiet, line = (colour(each).name() for each in (theme.text, theme.quiet_text, theme.line))
    pad, less = f"{look.px(4)}px {look.px(8)}px", f"{look.px(4) - 1}px {look.px(8) - 1}px"
    return f"""
        QLabel {{ color: {text}; font-size: {look.px(13)}px; background: transparent; }}
        QLabel[role="headline"] {{ font-size: {look.px(15)}px; font-weight: 600; }}
        QLabel[role="quiet"] {{ color: {quiet}; font-size: {look.px(12)}px; }}
        QPushButton {{
            color: {text}; font-size: {look.px(12)}px; background: transparent;
            border: 1px solid {quiet}; border-radius: {look.px(5)}px; padding: {pad};
        }}
        QPushButton:hover, QPushButton:focus {{ border: 2px solid {text}; padding: {less}; }}
        QPushButton:disabled {{ color: {quiet}; border-color: {line}; }}
    """


def fitting(widget: QWidget) -> QSize:
    """The size that shows all of a card with wrapped text: as wide as it is, as high as that needs."""
    for each in (widget, *widget.findChildren(QWidget)):
        each.ensurePolished()  # a style sheet's fonts count only from then on
    layout = widget.layout()
    if layout is None:
        return widget.sizeHint()
    layout.invalidate()
    layout.activate()  # reaches the layouts within
    return QSize(widget.width(), layout.totalHeightForWidth(widget.width()))
