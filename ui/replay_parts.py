"""The parts of the replay window around the time line: the bar above it and the panel beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction, QFontDatabase, QPalette
from PyQt6.QtWidgets import QComboBox, QLabel, QSizePolicy, QTabWidget, QToolBar, QVBoxLayout, QWidget

from monitor.call_view import clock
from ui.player import RATES
from ui.replay_icons import icon
from ui.replay_light import LightPanel
from ui.replay_lists import Moments, Notes, Words

PANEL_WIDTH = 320


class Bar(QToolBar):
    """Play, time, speed, moments, and what is shown."""

    rate_chosen = pyqtSignal(float)

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__("Playing", parent)
        self.setMovable(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._play = actions["play"]
        self.time = QLabel()
        self.time.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.time.setAccessibleName("Position")
        self.rate = QComboBox()
        self.rate.setAccessibleName("Speed")
        self.rate.setToolTip("Speed; the pitch stays as it is")
        for rate in RATES:
            self.rate.addItem(f"{rate:g}×", rate)
        self.rate.setCurrentIndex(RATES.index(1.0))
        self.rate.activated.connect(lambda row: self.rate_chosen.emit(RATES[row]))
        self._icons(actions)
        for name in ("play", None, self.time, self.rate, None, "previous", "next", "loop", None, "spectrogram", "then"):
            if name is None:
                self.addSeparator()
            elif isinstance(name, QWidget):
                self.addWidget(name)
            else:
                self.addAction(actions[name])
        self.show_state(playing=False)
        self.show_time(0.0, 0.0)

    def _icons(self, actions: Mapping[str, QAction]) -> None:
        ink = self.palette().color(QPalette.ColorRole.ButtonText)
        self._playing, self._paused = icon("pause", ink), icon("play", ink)
        for name in ("previous", "next", "loop"):
            actions[name].setIcon(icon(name, ink))
        for name, short in (("previous", "Previous"), ("next", "Next"), ("loop", "Repeat"), ("then", "As shown then")):
            actions[name].setIconText(short)
        for name, tip in (
            ("play", "Play or pause (space bar)"),
            ("previous", "Previous moment (Shift+N)"),
            ("next", "Next moment (N)"),
            ("loop", "Repeat the marked stretch, or the moment at the cursor (L)"),
            ("spectrogram", "Show the spectrogram (S)"),
            ("then", "The light as it was shown in the call, not as it is judged now (W)"),
        ):
            actions[name].setToolTip(tip)

    def show_state(self, *, playing: bool) -> None:
        """Whether it plays."""
        self._play.setIcon(self._playing if playing else self._paused)
        self._play.setIconText("Pause" if playing else "Play")

    def show_time(self, at_s: float, of_s: float) -> None:
        """Where it is."""
        self.time.setText(f" {clock(at_s)} / {clock(of_s)} ")

    def show_rate(self, rate: float) -> None:
        """How fast it plays."""
        self.rate.setCurrentIndex(self.rate.findData(rate))


class Panel(QWidget):
    """Beside the time line: the light, moments, words and notes."""

    def __init__(self, now_s: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.light = LightPanel()
        self.moments, self.words, self.notes = Moments(), Words(), Notes(now_s)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Moments, words and notes")
        for part, title in ((self.moments, "Moments"), (self.words, "Words"), (self.notes, "Notes")):
            self.tabs.addTab(part, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.light, 2)
        layout.addWidget(self.tabs, 3)
        self.setMinimumWidth(PANEL_WIDTH - 60)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def bring(self, part: QWidget, focus: QWidget) -> None:
        """Show a tab and give something in it the keyboard."""
        self.tabs.setCurrentWidget(part)
        focus.setFocus(Qt.FocusReason.ShortcutFocusReason)
