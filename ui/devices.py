"""The list of what can be heard, looked up in a thread: a sound system may take its time to answer."""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

if TYPE_CHECKING:
    from monitor.sources.live_stream import InputDevice

log = logging.getLogger(__name__)


class DeviceList(QObject):
    """``look`` starts looking; ``found`` tells the devices, or none and why."""

    found = pyqtSignal(list, str)
    _looked = pyqtSignal(list, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: Thread | None = None
        self._looked.connect(self._tell)

    def look(self) -> None:
        """Look now, unless that is under way."""
        if self._thread is None:
            self._thread = Thread(target=self._look, name="devices", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Wait for what is under way, but not for long."""
        if self._thread is not None:
            self._thread.join(2.0)

    def _look(self) -> None:
        from monitor.errors import MonitorError
        from monitor.sources.microphone import input_devices

        devices: list[InputDevice] = []
        problem = ""
        try:
            devices = input_devices()
            problem = "" if devices else "No microphone is there. Connect one and try again."
        except MonitorError as error:
            problem = str(error)
        except Exception:  # else nobody could ever look again
            log.exception("the devices could not be listed")
            problem = "What can be heard could not be listed. Open this again to try once more."
        self._looked.emit(devices, problem)

    def _tell(self, devices: list[InputDevice], problem: str) -> None:
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.found.emit(devices, problem)
