"""The card after a call, for the agent alone: lights over time, phrases with what to say instead, one thing to try.

It takes no focus and goes by itself after a minute, unless the pointer rests on it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QEnterEvent, QKeyEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from monitor.call_summary import ENOUGH_S, keep, to_try
from monitor.call_view import STATE_WORDS, clock, counts, item_name
from ui.card import dots_as_text, dots_in_words
from ui.floating import Floating, Look, fitting, screen_at, style_sheet
from ui.lamp import colour, lamp_path
from ui.palette import LIGHTS, rim_of
from ui.places import Area, beside
from ui.texts import breakable
from ui.view import Dot

if TYPE_CHECKING:
    from monitor.policy.model import Coaching
    from monitor.result_types import CallResult, FlagRecord
    from monitor.types import LightSpan

WIDTH, EDGE, LEGENDS_APART = 380, 14, 8
GOES_AFTER_MS = 60_000
FLAGS_SHOWN, WARNINGS_SHOWN = 5, 2
STRIP_HEIGHT = 22
HEIGHTS = {"grey": 0.25, "green": 0.45, "amber": 0.75, "red": 1.0}


class LightStrip(QWidget):
    """The course of the lights from left to right; height tells them apart as colour does."""

    def __init__(self, look: Look, lights: tuple[LightSpan, ...], duration_s: float) -> None:
        super().__init__()
        self._look, self._lights, self._duration_s = look, lights, duration_s
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        spent: dict[str, float] = {}
        for span in lights:
            spent[span.light] = spent.get(span.light, 0.0) + span.end_s - span.start_s
        self.setAccessibleName("Lights: " + ", ".join(f"{name} {round(time_s)} s" for name, time_s in spent.items()))

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as there is room."""
        return QSize(100, self._look.px(STRIP_HEIGHT))

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw each stretch as a bar that stands on the ground line."""
        painter = QPainter(self)
        scale = self.width() / max(self._duration_s, 1e-3)
        for span in self._lights:
            height = HEIGHTS[span.light] * (self.height() - 1)
            left, width = span.start_s * scale, max(1.0, (span.end_s - span.start_s) * scale)
            painter.fillRect(QRectF(left, self.height() - height, width, height), colour(LIGHTS[span.light]))
        painter.fillRect(0, self.height() - 1, self.width(), 1, colour(self._look.theme.quiet_text))
        painter.end()


class Legend(QWidget):
    """One light with the seconds it was on."""

    def __init__(self, look: Look, light: str, seconds: float) -> None:
        super().__init__()
        self._look, self._light = look, light
        label = QLabel(f"{light} {clock(seconds, 0)}")
        label.setProperty("role", "quiet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(look.px(18), 0, 0, 0)
        layout.addWidget(label)

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802 - Qt's name
        """Draw the shape before the text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = self._look.px(12)
        path = lamp_path(self._light, QRectF(1, (self.height() - size) / 2, size, size))
        rim = rim_of(self._look.theme)
        if rim is not None:
            painter.strokePath(path, colour(rim))
        painter.fillPath(path, colour(LIGHTS[self._light]))
        painter.end()


def flags_as_html(flags: tuple[FlagRecord, ...], words_were_heard: bool) -> str:
    """Phrases with their time, and what to say instead."""
    told = [flag for flag in flags if counts(flag.state)]
    if not told:
        return "Nothing to rephrase" if words_were_heard else "Words were not listened to"
    rows = []
    for flag in told[:FLAGS_SHOWN]:
        instead = f"<br><span style='font-weight:600'>{escape(flag.say_instead)}</span>" if flag.say_instead else ""
        rows.append(
            f"<p style='margin:0 0 4px 0'>{clock(flag.start_s, 0)} “{escape(flag.text)}”, "
            f"{STATE_WORDS[flag.state]}{instead}</p>"
        )
    more = len(told) - FLAGS_SHOWN
    return "".join(rows) + (f"<p style='margin:0'>and {more} more</p>" if more > 0 else "")


class SummaryCard(Floating):
    """The end of one call."""

    gone = pyqtSignal()

    def __init__(
        self, look: Look, result: CallResult, coaching: Coaching | None = None, *, goes_after_ms: int = GOES_AFTER_MS
    ) -> None:
        super().__init__(look)
        self.setWindowTitle("Evenkeel: the call, for you alone")
        self.setAccessibleName("The call, for you alone")
        self._going = QTimer(self)
        self._going.setSingleShot(True)
        self._going.setInterval(goes_after_ms)
        self._going.timeout.connect(self.shut)
        self.setStyleSheet(style_sheet(look))
        self.setFixedWidth(look.px(WIDTH))
        self._lay_out(look, result, coaching)

    def _lay_out(self, look: Look, result: CallResult, coaching: Coaching | None) -> None:
        layout = QVBoxLayout(self)
        edge = look.px(EDGE)
        layout.setContentsMargins(edge, edge, edge, edge)
        layout.setSpacing(look.px(8))
        duration_s = result.source.duration_s
        layout.addWidget(_label(f"Your call, {clock(duration_s, 0)} long", "headline"))
        layout.addWidget(LightStrip(look, result.lights, duration_s))
        layout.addLayout(_legends(look, result))
        layout.addWidget(_label(flags_as_html(result.flags, result.engine.recogniser != "none")))
        dots = tuple(Dot(item_name(item.id), bool(item.met)) for item in result.checklist if item.met is not None)
        if dots:
            checklist = _label(dots_as_text(dots))
            checklist.setAccessibleName(dots_in_words(dots))
            layout.addWidget(checklist)
        if duration_s - result.summary.grey_s >= ENOUGH_S:
            layout.addWidget(_label(f"<b>Keep:</b> {escape(keep(result, coaching))}"))
            layout.addWidget(_label(f"<b>Next time:</b> {escape(to_try(result, coaching))}"))
        if result.warnings:
            told = (f"{text[:1].upper()}{text[1:].rstrip('.')}." for text in result.warnings[:WARNINGS_SHOWN])
            layout.addWidget(_label(escape(breakable("\n".join(told))).replace("\n", "<br>"), "quiet"))
        foot = QHBoxLayout()
        foot.addWidget(_label("Only you see this.", "quiet"), 1)
        close = QPushButton("&Close")
        close.clicked.connect(self.shut)
        foot.addWidget(close)
        layout.addLayout(foot)

    def show_beside(self, anchor: Area) -> None:
        """Show it near the light, without taking the focus."""
        self.resize(fitting(self))
        self.place(*beside(anchor, (self.width(), self.height()), screen_at(anchor).free))
        self.show()
        self._going.start()

    def shut(self) -> None:
        """Go."""
        self._going.stop()
        if self.isVisible():
            self.hide()
            self.gone.emit()

    def enterEvent(self, event: QEnterEvent | None) -> None:  # noqa: N802 - Qt's name
        """Stay while it is being read."""
        self._going.stop()

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """Go after the same time again."""
        if self.isVisible():
            self._going.start()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Escape closes it."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.shut()
        else:
            super().keyPressEvent(event)


def fitting_summary(look: Look, result: CallResult, anchor: Area, coaching: Coaching | None) -> SummaryCard:
    """The card at the size asked for, or at the largest at which all of it is on the light's screen."""
    free = screen_at(anchor).free
    while True:
        card = SummaryCard(look, result, coaching)
        size, smaller = fitting(card), look.smaller()
        if smaller is None or (size.height() <= free.height and size.width() <= free.width):
            return card
        card.deleteLater()
        look = smaller


def _label(text: str, role: str = "") -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    if role:
        label.setProperty("role", role)
    return label


def _legends(look: Look, result: CallResult) -> QGridLayout:
    """Each light's time; long ones take two rows, where they would be cut off in one."""
    summary = result.summary
    told = [
        Legend(look, light, seconds)
        for light, seconds in (
            ("green", summary.green_s),
            ("amber", summary.amber_s),
            ("red", summary.red_s),
            ("grey", summary.grey_s),
        )
    ]
    grid = QGridLayout()
    grid.setHorizontalSpacing(look.px(LEGENDS_APART))
    for each in told:
        each.setStyleSheet(style_sheet(look))
        each.ensurePolished()
        fitting(each)
    wide = sum(each.sizeHint().width() + look.px(LEGENDS_APART) for each in told)
    columns = len(told) if wide <= look.px(WIDTH - 2 * EDGE) + look.px(LEGENDS_APART) else 2
    for number, each in enumerate(told):
        grid.addWidget(each, number // columns, number % columns)
    grid.setColumnStretch(columns, 1)
    return grid
