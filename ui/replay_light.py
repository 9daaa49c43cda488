"""The light beside the time line: the pill that the agent sees, and below it why, as on the live card."""

from __future__ import annotations

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFont, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from ui.card import dots_as_text, dots_in_words, rows_as_html
from ui.lamp import colour, paint_lamp
from ui.overlay import EDGE, HEIGHT, LAMP, WORD_PX, WORD_WIDTH
from ui.palette import THEMES, Theme, rim_of
from ui.view import View

WHY_LINES = 11  # room for reasons, so that nothing jumps while it plays; more of them are scrolled


class Pill(QWidget):
    """Paints a light and its word as the overlay does, inside a window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = View()
        self._theme: Theme = THEMES["dark", "normal"].opaque()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The overlay's own size."""
        return QSize(3 * EDGE + LAMP + WORD_WIDTH, HEIGHT)

    def show_view(self, view: View) -> bool:
        """Show this from now on; whether it looks different."""
        changed = (view.light, view.word) != (self._view.light, self._view.word)
        self._view = view
        if changed:
            self.setAccessibleName(f"Light, {view.name}")
            self.update()
        return changed

    @property
    def view(self) -> View:
        """What is shown."""
        return self._view

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw ground, shape and word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour(self._theme.line))
        painter.setBrush(colour(self._theme.ground))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, HEIGHT / 2, HEIGHT / 2)
        lamp = QRectF(EDGE + 1, (self.height() - LAMP) / 2, LAMP, LAMP)
        paint_lamp(painter, self._view.light, lamp, rim=rim_of(self._theme), rim_width=1.5)
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        font.setPixelSize(WORD_PX)
        painter.setFont(font)
        painter.setPen(colour(self._theme.text))
        words = QRectF(2 * EDGE + LAMP, 0, WORD_WIDTH, self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._view.word)
        painter.end()


class LightPanel(QFrame):
    """The pill with its reasons, figures, what to say instead, and the checklist so far."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("The light at the cursor")
        self.pill = Pill(self)
        self._caption, self._headline, self._why, self._dots = QLabel(), QLabel(), QLabel(), QLabel()
        self._headline.setStyleSheet("font-weight: 600")
        self._why.setTextFormat(Qt.TextFormat.RichText)
        self._why.setAlignment(Qt.AlignmentFlag.AlignTop)
        for label in (self._caption, self._headline, self._why, self._dots):
            label.setWordWrap(True)
        told = QWidget()
        inside = QVBoxLayout(told)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self._why)
        inside.addWidget(self._dots)
        inside.addStretch(1)
        self._room = QScrollArea()
        self._room.setWidget(told)
        self._room.setWidgetResizable(True)
        self._room.setFrameShape(QFrame.Shape.NoFrame)
        self._room.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._room.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self._room.setMaximumHeight(WHY_LINES * self.fontMetrics().lineSpacing())
        self._room.setAccessibleName("Why, what to say instead, and the checklist so far")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        for part in (self._caption, self.pill, self._headline):
            layout.addWidget(part)
        layout.addWidget(self._room, 1)
        self._shown = View()

    def set_caption(self, text: str) -> None:
        """Which judgement this is."""
        self._caption.setText(text)

    def show_view(self, view: View) -> None:
        """Show this from now on."""
        self.pill.show_view(view)
        before, self._shown = self._shown, view
        if view == before:
            return
        self._headline.setText(view.headline)
        self._why.setText(rows_as_html(view.rows, view))
        self._dots.setText(dots_as_text(view.dots))
        self._dots.setAccessibleName(dots_in_words(view.dots) if view.dots else "")
        self._dots.setVisible(bool(view.dots))
        self.setAccessibleDescription(view.description)
