"""From whatever thread tells something to the thread that draws: the one place where events cross over.

Lights, flags and states arrive all and in order. Levels are newest wins: at most one waits, and it is replaced while it
does. Measures of frames do not cross at all, for nothing draws them.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

if TYPE_CHECKING:
    from monitor.live.events import LevelsMeasured, LiveEvent


class Bridge(QObject):
    """``take`` may be called from any thread; the signals come in the thread that owns the bridge."""

    arrived = pyqtSignal(object)
    levelled = pyqtSignal(object)
    _told = pyqtSignal(object)
    _level_waits = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._level: LevelsMeasured | None = None
        self._open = True
        self.wants_levels = False  # nobody shows a meter, so nobody need be woken
        self._told.connect(self._arrive)
        self._level_waits.connect(self._take_level)

    def take(self, event: LiveEvent) -> None:
        """Receive one event, as a sink does."""
        from monitor.events import FramesMeasured
        from monitor.live.events import LevelsMeasured

        if isinstance(event, FramesMeasured):
            return
        if not isinstance(event, LevelsMeasured):
            self._told.emit(event)
            return
        if not self.wants_levels:
            return
        with self._lock:
            waiting, self._level = self._level is not None, event
        if not waiting:
            self._level_waits.emit()

    def close(self) -> None:
        """Let nothing through any more; what waits is dropped."""
        self._open = False

    def _arrive(self, event: LiveEvent) -> None:
        if self._open:
            self.arrived.emit(event)

    def _take_level(self) -> None:
        with self._lock:
            level, self._level = self._level, None
        if level is not None and self._open:
            self.levelled.emit(level)
