"""Reads a recording for the time line in a thread of its own, so that the window is there at once."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from monitor.replay.document import CallView

log = logging.getLogger(__name__)

_TELL_S = 0.08  # how often the drawing follows what was read


class Reader(QObject):
    """Reads the waveform, then measures what was not kept; signals arrive in the thread of the window."""

    grown = pyqtSignal()  # more of the waveform is there
    measured = pyqtSignal(object, object)  # the call, and its tracks that were not kept
    failed = pyqtSignal(str)  # a sentence for the user

    def __init__(self, call: CallView) -> None:
        super().__init__()
        self._call = call
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="evenkeel-waveform", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        try:
            self._read()
            if not self._stop.is_set() and not self._call.tracks and self._call.recording is not None:
                self._measure()
        except MonitorError as problem:
            self._tell_failed(str(problem))
        except Exception:
            log.exception("a recording could not be read for drawing")
            self._tell_failed("The recording could not be read to its end.")

    def _read(self) -> None:
        if self._call.waveform is None or self._call.waveform.complete:
            return
        told_s = time.monotonic()
        for _ in self._call.waveform.read(self._stop.is_set):
            if time.monotonic() - told_s > _TELL_S:
                told_s = time.monotonic()
                self.grown.emit()
        if not self._stop.is_set():
            self.grown.emit()

    def _measure(self) -> None:
        from monitor.replay.document import Stopped, measured

        def go_on(_done_s: float) -> None:
            if self._stop.is_set():
                raise Stopped

        with suppress(Stopped):
            self.measured.emit(self._call, measured(self._call, go_on))

    def _tell_failed(self, text: str) -> None:
        if not self._stop.is_set():
            self.failed.emit(text)
