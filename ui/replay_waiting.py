"""What the replay window shows until there is a call: that it opens, or how far the analysis is."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from monitor.batch_view import duration_text

STEPS = 1000
WIDTH = 460
_TELL_AFTER_S = 2.0  # of waiting, before it is said how long it takes


class Waiting(QWidget):
    """A line of text, a bar and a way out."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._detail = QLabel(), QLabel()
        self._title.setStyleSheet("font-weight: 600")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How much is analysed")
        self.cancel = QPushButton("&Cancel")
        self.cancel.clicked.connect(self.cancelled)
        layout = QVBoxLayout()
        layout.addStretch(1)
        for part in (self._title, self.bar, self._detail):
            part.setFixedWidth(WIDTH)
            layout.addWidget(part)  # without an alignment, which would keep text of several lines from its height
        self.cancel.setFixedWidth(120)
        layout.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
        middle = QHBoxLayout(self)
        middle.addStretch(1)
        middle.addLayout(layout)
        middle.addStretch(1)
        for label in (self._title, self._detail):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)

    def show_opening(self, name: str) -> None:
        """It is being looked up."""
        self._tell(self._short("Opening", name), "")
        self.bar.setRange(0, 0)

    def show_nothing(self, sentence: str) -> None:
        """There is no call to show."""
        self._tell(sentence, "Open another one: Ctrl+O")
        self.bar.hide()
        self.cancel.hide()

    def show_progress(self, name: str, done_s: float, of_s: float | None, waited_s: float) -> None:
        """How far the analysis is; ``of_s`` is None where the recording does not tell its length."""
        share = done_s / of_s if of_s else 0.0
        self.bar.setRange(0, STEPS if of_s else 0)
        self.bar.setValue(round(STEPS * min(1.0, share)))
        told = f"{duration_text(done_s)}" + (f" of {duration_text(of_s)}" if of_s else "") + " analysed"
        if of_s and waited_s > _TELL_AFTER_S and share > 0:
            told += f", about {duration_text(waited_s * (1 - share) / share)} left"
        self._tell(self._short("Analysing", name), f"{told}. It is kept, so that the call opens at once the next time.")

    def _short(self, doing: str, name: str) -> str:
        """One line: a name without a blank cannot be broken into several."""
        return self._title.fontMetrics().elidedText(f"{doing} {name}", Qt.TextElideMode.ElideMiddle, WIDTH - 20)

    def _tell(self, title: str, detail: str) -> None:
        self._title.setText(title)
        self._detail.setText(detail)
        self.bar.show()
        self.cancel.show()
        self.setAccessibleName(title)
        self.setAccessibleDescription(detail)
