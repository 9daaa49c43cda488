"""Signs on the buttons of the replay window, in the colour of its text: Qt's own are black on a dark window too."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

SIZE, FINE = 24, 3  # drawn so many times finer, for any density


def _triangle(left: float, right: float) -> QPainterPath:
    """A triangle that points from one side to the other."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([QPointF(left, 4), QPointF(right, 12), QPointF(left, 20)]))
    path.closeSubpath()
    return path


def _bar(left: float, width: float) -> QPainterPath:
    path = QPainterPath()
    path.addRect(QRectF(left, 4, width, 16))
    return path


def _shapes(name: str) -> list[QPainterPath]:
    return {
        "play": [_triangle(6, 20)],
        "pause": [_bar(6, 4), _bar(14, 4)],
        "next": [_triangle(5, 16), _bar(16, 3)],
        "previous": [_triangle(19, 8), _bar(5, 3)],
    }[name]


def icon(name: str, colour: QColor) -> QIcon:
    """``play``, ``pause``, ``next``, ``previous`` or ``loop``."""
    picture = QPixmap(SIZE * FINE, SIZE * FINE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(FINE, FINE)
    if name == "loop":
        pen = QPen(colour, 2.4)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawArc(QRectF(5, 5, 14, 14), 30 * 16, -300 * 16)
        head = QPolygonF([QPointF(14.5, 10), QPointF(22, 10), QPointF(18.4, 3.2)])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(head)
    else:
        for path in _shapes(name):
            painter.fillPath(path, colour)
    painter.end()
    return QIcon(picture)
