"""What changes around the light while it is shown: screens, the system's colours, the compositor, the tray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QScreen
from PyQt6.sip import isdeleted

from ui.tray import has_tray

if TYPE_CHECKING:
    from ui.display import XServer
    from ui.floating import Floating

LOOK_AGAIN_MS = 10_000  # whether a compositor or a tray came or went: neither tells
SETTLED_MS = 300  # after the last change of the screens, which come in several steps


class Surroundings(QObject):
    """Looks on from ``watch`` on; ``blends`` is known before."""

    screens_changed = pyqtSignal()
    look_changed = pyqtSignal()
    tray_changed = pyqtSignal(bool)

    def __init__(self, server: XServer | None, parent: QObject) -> None:
        super().__init__(parent)
        self._server = server
        self._has_tray = False
        self.blends = self._blends_now()
        self._looking, self._settling = QTimer(self), QTimer(self)
        self._looking.setTimerType(Qt.TimerType.VeryCoarseTimer)
        self._looking.timeout.connect(self.look)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLED_MS)
        self._settling.timeout.connect(self.screens_changed)

    def watch(self, *, tray: bool) -> None:
        """Tell every change from now on; ``tray``: whether there is one so far."""
        self._has_tray = tray
        self._looking.start(LOOK_AGAIN_MS)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.screenAdded.connect(self._watch_screen)
            for changed in (app.screenAdded, app.screenRemoved, app.primaryScreenChanged):
                changed.connect(self._screens_change)
        for screen in QGuiApplication.screens():
            self._watch_screen(screen)
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._colours_change)

    def look(self) -> None:
        """Look at what does not tell that it changed."""
        blends, tray = self._blends_now(), has_tray()
        if blends != self.blends:
            self.blends = blends
            self.look_changed.emit()
        if tray != self._has_tray:
            self._has_tray = tray
            self.tray_changed.emit(tray)

    def keep_off_task_bar(self, window: Floating) -> None:
        """Have a small window in no task bar, each time it appears, for that is forgotten when it goes."""
        # Queued: asked for its number while it is painted for the first time, Qt was seen to crash.
        window.appeared.connect(self._leave_task_bar, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]

    def _leave_task_bar(self, window: Floating) -> None:
        if self._server is not None and not isdeleted(window):
            self._server.leave_task_bar(int(window.winId()))

    def close(self) -> None:
        """Look on no longer, and ask the X server for nothing: its line is about to be closed."""
        self._server = None
        self.blockSignals(True)
        self._looking.stop()
        self._settling.stop()

    def _blends_now(self) -> bool:
        return self._server is None or self._server.blends()

    def _watch_screen(self, screen: QScreen) -> None:
        """Another resolution, or a panel that takes room, is no other screen."""
        screen.geometryChanged.connect(self._screens_change)
        screen.availableGeometryChanged.connect(self._screens_change)

    def _screens_change(self, _what: object) -> None:
        self._settling.start()

    def _colours_change(self, _scheme: object) -> None:
        self.look_changed.emit()
