"""How the time line is drawn: colours of the two speakers, signs of flags, fonts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPalette, QPen, QPolygonF

from monitor.types import FlagState
from ui.lamp import colour
from ui.palette import LIGHTS, THEMES, Rgb, Theme, luminance

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QWidget

# Blue and purple of Okabe and Ito, which no light has; the purple darker on a light ground, where it would be faint.
SPEAKERS: dict[bool, dict[str, Rgb]] = {
    True: {"agent": (86, 180, 233), "customer": (204, 121, 167)},
    False: {"agent": (0, 114, 178), "customer": (153, 69, 118)},
}
ON_LIGHT = (0, 0, 0)  # signs on the colours of lights
TINT = 0.12  # how strongly amber and red show behind the measures
LIGHT_SHARES = {"grey": 0.25, "green": 0.45, "amber": 0.75, "red": 1.0}  # heights tell lights apart without colour


@dataclass(frozen=True, slots=True)
class Look:
    """Colours and fonts; ``em`` is the height of a line of text in pixels."""

    theme: Theme
    font: QFont
    small: QFont
    em: float

    @property
    def dark(self) -> bool:
        """Whether light stands on dark."""
        return luminance(self.theme.ground) < 0.5

    def speaker(self, name: str) -> Rgb:
        """The colour of a speaker; quiet text for one that nobody named."""
        return SPEAKERS[self.dark].get(name, self.theme.quiet_text)

    def light(self, name: str) -> Rgb:
        """The colour of a light."""
        return LIGHTS[name]


def look_for(widget: QWidget, theme: Theme | None = None) -> Look:
    """The look that fits a widget's own colours and font, or this theme."""
    if theme is None:
        ground = widget.palette().color(QPalette.ColorRole.Window)
        theme = THEMES["dark" if ground.lightness() < 128 else "light", "normal"].opaque()
    return look_in(theme, widget.font())


def look_in(theme: Theme, font: QFont) -> Look:
    """A theme and a font."""
    small = QFont(font)
    if font.pixelSize() > 0:
        small.setPixelSize(max(9, round(0.88 * font.pixelSize())))
    else:
        small.setPointSizeF(max(7.0, 0.88 * font.pointSizeF()))
    return Look(theme, font, small, QFontMetricsF(small).height())


def flag_path(state: FlagState, x: float, y: float, size: float) -> tuple[QPainterPath, bool]:
    """The sign of a flag around a point, as on the page of a call, and whether it is filled."""
    path, r = QPainterPath(), size / 2
    if state is FlagState.CONFIRMED:
        corners = (QPointF(x, y - r), QPointF(x + r, y), QPointF(x, y + r), QPointF(x - r, y))
        path.addPolygon(QPolygonF(corners))
        path.closeSubpath()
        return path, True
    if state is FlagState.TENTATIVE:
        path.addEllipse(QRectF(x - r, y - r, size, size))
    elif state is FlagState.QUOTED:
        path.moveTo(x - r, y)
        path.lineTo(x + r, y)
    else:
        for side in (1, -1):
            path.moveTo(x - r, y - side * r)
            path.lineTo(x + r, y + side * r)
    return path, False


def draw_flag(painter: QPainter, state: FlagState, place: tuple[float, float], size: float, rgb: Rgb) -> None:
    """Draw the sign of a flag."""
    path, filled = flag_path(state, *place, size)
    if filled:
        painter.fillPath(path, colour(rgb))
    else:
        pen = QPen(colour(rgb), max(1.4, size / 6))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.strokePath(path, pen)
