"""The card behind the light: why, how much, what to say instead, the checklist, and two things to press.

It comes when the pointer rests on the light, takes no focus then, and goes when the pointer leaves. Asked for from the
menu it takes the keyboard, so that its buttons can be reached by Tab, and goes by Escape.
"""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCursor, QEnterEvent, QKeyEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from ui.floating import Floating, Look, fitting, screen_at, style_sheet
from ui.lamp import lamp_pixmap
from ui.places import Area, beside
from ui.texts import breakable
from ui.view import Dot, Row, View

WIDTH = 330
QUIET_S = 600.0
OPENS_AFTER_MS, CLOSES_AFTER_MS = 300, 350


def rows_as_html(rows: tuple[Row, ...], view: View) -> str:
    """Reasons with their figures, and below each phrase what to say instead."""
    told = [
        f"<p style='margin:0 0 4px 0'>{escape(breakable(row.text[:1].upper() + row.text[1:]))}"
        + (f"<br><span style='font-weight:600'>{escape(row.figures)}</span>" if row.figures else "")
        + "</p>"
        for row in rows
    ]
    one = len(view.replacements) == 1
    told += [
        f"<p style='margin:4px 0 0 0'>{'Say instead' if one else f'Instead of “{escape(each.heard)}”'}:<br>"
        f"<span style='font-weight:600'>{escape(breakable(each.instead))}</span></p>"
        for each in view.replacements
    ]
    return "".join(told)


def dots_as_text(dots: tuple[Dot, ...]) -> str:
    """The checklist in one line that wraps between items: a filled dot is done."""
    stay_together = "\u00a0"
    return "   ".join(f"{'●' if dot.met else '○'} {dot.name}".replace(" ", stay_together) for dot in dots)


def dots_in_words(dots: tuple[Dot, ...]) -> str:
    """The checklist as a screen reader says it."""
    return "Checklist: " + ", ".join(f"{dot.name} {'done' if dot.met else 'not yet'}" for dot in dots)


class Card(Floating):
    """Says why the light is as it is."""

    disputed = pyqtSignal(str, str)
    quiet_asked = pyqtSignal(float)  # seconds; 0 brings the cues back
    words_asked = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.setWindowTitle("Evenkeel: why this light")
        self.setAccessibleName("Why this light")
        self._view = View()
        self._subject = self._view.subject  # the last one that was shown since it opened
        self._asked_look = look
        self._had_keyboard = False
        self._anchor = Area(0, 0, 0, 0)
        self._pinned = False
        self._keeps_disputes = True
        self._lamp, self._headline = QLabel(), QLabel()
        self._headline.setProperty("role", "headline")
        self._why, self._dots, self._notes, self._caption = QLabel(), QLabel(), QLabel(), QLabel()
        for label in (self._notes, self._caption):
            label.setProperty("role", "quiet")
        self._caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        for label in (self._headline, self._why, self._dots, self._notes, self._caption):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._why.setTextFormat(Qt.TextFormat.RichText)
        self._not_right = QPushButton("&Not right?")
        self._not_right.setAccessibleDescription("Keeps a note that this was judged wrongly")
        self._quiet, self._words = QPushButton(), QPushButton("Hear m&ore words…")
        self._words.setAccessibleDescription("Tells how a speech model could be fetched")
        self._words.clicked.connect(self._ask_for_words)
        self._not_right.clicked.connect(self._dispute)
        self._quiet.clicked.connect(lambda: self.quiet_asked.emit(0.0 if self._view.quiet else QUIET_S))
        self._lay_out()
        self._opening, self._closing = QTimer(self), QTimer(self)
        for timer, after_ms, act in (
            (self._opening, OPENS_AFTER_MS, self._open),
            (self._closing, CLOSES_AFTER_MS, self._close_unless_pointed_at),
        ):
            timer.setSingleShot(True)
            timer.setInterval(after_ms)
            timer.timeout.connect(act)
        self.set_look(look)

    def _lay_out(self) -> None:
        head, buttons = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self._lamp)
        head.addWidget(self._headline, 1)
        buttons.addWidget(self._not_right)
        buttons.addWidget(self._quiet)
        buttons.addWidget(self._words)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        for label in (self._caption, self._why, self._dots, self._notes):
            layout.addWidget(label)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.setTabOrder(self._not_right, self._quiet)
        self.setTabOrder(self._quiet, self._words)

    def set_look(self, look: Look) -> None:
        """Draw differently from now on."""
        self._asked_look = look
        self._wear(look)
        self._fill()

    def _wear(self, look: Look) -> None:
        super().set_look(look)
        self.setStyleSheet(style_sheet(look))
        self.setFixedWidth(look.px(WIDTH))
        layout = self.layout()
        if layout is not None:
            edge = look.px(12)
            layout.setContentsMargins(edge, edge, edge, edge)
            layout.setSpacing(look.px(8))

    def show_view(self, view: View) -> None:
        """Show this from now on."""
        changed, self._view = view != self._view, view
        if view.subject is not None or not (self.isVisible() and view.in_call):
            self._take_subject(view.subject)
        if changed:
            self._fill()

    def _take_subject(self, subject: tuple[str, str] | None) -> None:
        """What "not right?" is about; a light that goes out while its reason is being read does not take it along."""
        if subject != self._subject:
            self._subject = subject
            self._not_right.setText("&Not right?")
            self._not_right.setEnabled(True)

    def offer_dispute(self, offered: bool) -> None:
        """Whether there is somebody to keep a note that something was judged wrongly."""
        self._keeps_disputes = offered
        self._fill()

    def set_caption(self, text: str) -> None:
        """A line from outside the engine, such as the script of a call that makes no sound."""
        if text != self._caption.text():
            self._caption.setText(text)
            # Room for two lines, so that the card does not jump from line to line.
            self._caption.setMinimumHeight(2 * self._caption.fontMetrics().lineSpacing() + 2)
            self._fill()

    def _fill(self) -> None:
        view = self._view
        size = self._look.px(22)
        self._lamp.setPixmap(lamp_pixmap(view.light, size, ratio=self.devicePixelRatioF()))
        self._lamp.setAccessibleName(view.light)
        self._headline.setText(
            breakable(view.headline if view.customer is None else f"{view.headline} · {view.customer}")
        )
        self._why.setText(rows_as_html(view.rows, view))
        self._dots.setText(dots_as_text(view.dots))
        self._dots.setAccessibleName(dots_in_words(view.dots) if view.dots else "")
        self._notes.setText(breakable("\n".join(view.notes)))
        for label in (self._why, self._dots, self._notes):
            label.setVisible(bool(label.text()))
        self._caption.setVisible(self._caption.minimumHeight() > 0)
        self._not_right.setVisible(self._subject is not None and self._keeps_disputes)
        self._quiet.setText("&Cues on again" if view.quiet else "&Quiet for 10 minutes")
        self._quiet.setVisible(view.in_call or view.quiet)
        self._words.setVisible(view.more_words and not (view.in_call or view.quiet))  # a call is no time for it
        self._fit()
        if self.isVisible():
            self._settle()

    def _fit(self) -> None:
        """As large as asked for, but all of it on the screen; what is below a resting pointer does not move away."""
        free = screen_at(self._anchor).free
        if self._look != self._asked_look:
            self._wear(self._asked_look)
        size = fitting(self)
        while (size.height() > free.height or size.width() > free.width) and (smaller := self._look.smaller()):
            self._wear(smaller)
            size = fitting(self)
        if self.isVisible() and self.underMouse() and self.height() <= free.height:
            size.setHeight(max(size.height(), self.height()))
        self.resize(size)

    def _dispute(self) -> None:
        if self._subject is not None:
            self.disputed.emit(*self._subject)
            self._not_right.setText("Noted, thank you")
            self._not_right.setEnabled(False)

    def _ask_for_words(self) -> None:
        self.shut()
        self.words_asked.emit()

    # --- coming and going

    def pointed(self, anchor: Area, here: bool) -> None:
        """The pointer came to the light, or left it."""
        self._anchor = anchor
        if here:
            self._closing.stop()
            if not self.isVisible():
                self._opening.start()
        else:
            self._opening.stop()
            if self.isVisible() and not self._pinned:
                self._closing.start()

    def open_at(self, anchor: Area, *, with_keyboard: bool = False, pinned: bool = False) -> None:
        """Show it now; with the keyboard it can be used without a mouse, pinned it stays until it is closed."""
        self._anchor, self._pinned = anchor, pinned or with_keyboard
        self._opening.stop()
        self.set_focusable(with_keyboard)
        self._open()
        if with_keyboard:
            self.activateWindow()
            shown = [button for button in (self._not_right, self._quiet, self._words) if button.isVisible()]
            (shown[0] if shown else self).setFocus()

    def follow(self, anchor: Area) -> None:
        """The light was moved."""
        self._anchor = anchor
        if self.isVisible():
            self._settle()

    def _open(self) -> None:
        self._fill()
        self._settle()
        self.show()

    def _settle(self) -> None:
        self.place(*beside(self._anchor, (self.width(), self.height()), screen_at(self._anchor).free))

    def _close_unless_pointed_at(self) -> None:
        if not self.geometry().contains(QCursor.pos()):
            self.shut()

    def shut(self) -> None:
        """Hide it; the next time it takes no focus again."""
        self._opening.stop()
        self._closing.stop()
        self._pinned = self._had_keyboard = False
        if self.isVisible():
            self.hide()
            self.closed.emit()
        self.set_focusable(False)
        self._take_subject(self._view.subject)

    def enterEvent(self, event: QEnterEvent | None) -> None:  # noqa: N802 - Qt's name
        """The pointer went from the light to the card."""
        self._closing.stop()

    def leaveEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """The pointer went on."""
        if not self._pinned:
            self._closing.start()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """Escape closes it."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.shut()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 - Qt's name
        """A card that had the keyboard goes when the keyboard goes elsewhere."""
        super().changeEvent(event)
        if event is None or event.type() != QEvent.Type.ActivationChange or not self._focusable:
            return
        if self.isActiveWindow():
            self._had_keyboard = True
        elif self._had_keyboard and self.isVisible():
            self.shut()
