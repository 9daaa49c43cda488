"""Paints a light as shape and colour: a ring, a circle, a triangle or a square, told apart without any colour."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from ui.palette import LIGHTS, THEMES, Rgb, Theme
from ui.view import BadgeKind

ICON_SIZES = (16, 22, 24, 32, 48, 64)


def colour(rgb: Rgb, alpha: int = 255) -> QColor:
    """Qt's colour."""
    return QColor(*rgb, alpha)


def lamp_path(light: str, box: QRectF) -> QPainterPath:
    """The outline of a light's shape inside a square box; the grey ring has a hole."""
    path = QPainterPath()
    if light == "green":
        path.addEllipse(box)
    elif light == "amber":
        # Lowered a little: a triangle's weight is below the middle of its box.
        top = QPointF(box.center().x(), box.top() - 0.04 * box.height())
        path.addPolygon(QPolygonF([top, box.bottomRight(), box.bottomLeft()]))
        path.closeSubpath()
    elif light == "red":
        path.addRect(box.adjusted(*(0.06 * box.width() * side for side in (1, 1, -1, -1))))
    else:
        inner = 0.24 * box.width()
        path.addEllipse(box)
        path.addEllipse(box.adjusted(inner, inner, -inner, -inner))
    return path


def paint_lamp(painter: QPainter, light: str, box: QRectF, *, rim: Rgb | None, rim_width: float) -> None:
    """Fill the shape, with a rim around it where one is given."""
    path = lamp_path(light, box)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if rim is not None:
        pen = QPen(colour(rim), 2 * rim_width)  # half of it is covered by the shape
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
    painter.fillPath(path, colour(LIGHTS[light]))


def paint_badge(painter: QPainter, kind: BadgeKind, box: QRectF, theme: Theme) -> None:
    """A small mark: a moon while quiet, an exclamation mark where something needs care, otherwise what is not heard.

    That is a struck-out speech bubble for words, a struck-out ear cup for the other side.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ink = colour(theme.quiet_text)
    if kind == "quiet":
        moon, shade = QPainterPath(), QPainterPath()
        moon.addEllipse(box)
        shade.addEllipse(box.translated(0.38 * box.width(), -0.22 * box.height()))
        painter.fillPath(moon.subtracted(shade), ink)
        return
    if kind == "kept":
        ring, dot = QPainterPath(), QPainterPath()
        ring.addEllipse(box)
        ring.addEllipse(box.center(), 0.36 * box.width(), 0.36 * box.width())
        dot.addEllipse(box.center(), 0.2 * box.width(), 0.2 * box.width())
        painter.fillPath(ring, ink)
        painter.fillPath(dot, ink)
        return
    pen = QPen(ink, max(1.0, 0.13 * box.width()))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if kind == "trouble":
        x = box.center().x()
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom() - 0.35 * box.height()))
        painter.drawPoint(QPointF(x, box.bottom() - 0.05 * box.height()))
        return
    if kind == "words":
        bubble = box.adjusted(0, 0.08 * box.height(), 0, -0.22 * box.height())
        painter.drawRoundedRect(bubble, 0.22 * box.width(), 0.22 * box.width())
        tail = QPointF(bubble.left() + 0.3 * box.width(), bubble.bottom())
        painter.drawLine(tail, QPointF(tail.x() - 0.05 * box.width(), box.bottom()))
    else:
        painter.drawArc(box.adjusted(0, 0.1 * box.height(), 0, 0.5 * box.height()), 0, 180 * 16)
        for side in (box.left(), box.right()):
            painter.drawLine(QPointF(side, box.center().y() + 0.1 * box.height()), QPointF(side, box.bottom()))
    painter.drawLine(box.bottomLeft(), box.topRight())


def lamp_pixmap(light: str, size: int, *, ratio: float = 1.0) -> QPixmap:
    """A light alone on nothing, such as for the tray; the white and dark rims show on any panel."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    edge = max(1.5, size / 10)
    box = QRectF(edge, edge, size - 2 * edge, size - 2 * edge)
    paint_lamp(painter, light, box, rim=THEMES["light", "high"].rim, rim_width=edge * 0.8)
    paint_lamp(painter, light, box, rim=THEMES["dark", "high"].rim, rim_width=edge * 0.4)
    painter.end()
    return pixmap


def lamp_icon(light: str) -> QIcon:
    """The same in the sizes that panels use."""
    icon = QIcon()
    for size in ICON_SIZES:
        icon.addPixmap(lamp_pixmap(light, size))
    return icon
