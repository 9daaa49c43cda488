"""Work beside the replay window: in a thread, with its end told in the window's thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtBoundSignal, pyqtSignal

from monitor.errors import EnvironmentProblem, MonitorError
from monitor.replay.document import Stopped
from ui.replay_child import Analysis

if TYPE_CHECKING:
    from monitor.assemble import AnalysisOptions

log = logging.getLogger(__name__)


class Task(QObject):
    """One piece of work; exactly one of the signals comes, unless it is stopped before."""

    done = pyqtSignal(object)
    failed = pyqtSignal(Exception)

    def __init__(self, work: Callable[[], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work
        self._wanted = True
        self._thread = threading.Thread(target=self._run, name="evenkeel-task", daemon=True)

    def start(self) -> Task:
        """Begin."""
        self._thread.start()
        return self

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Nobody wants to know any more; waits for its end."""
        self._wanted = False
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            result = self._work()
        except Stopped:
            return
        except MonitorError as problem:
            self._tell(self.failed, problem)
        except Exception as error:
            log.exception("a piece of work beside the replay window went wrong")
            text = f"Something went wrong inside Evenkeel ({type(error).__name__}: {error})."
            self._tell(self.failed, EnvironmentProblem(text))
        else:
            self._tell(self.done, result)

    def _tell(self, signal: pyqtBoundSignal, *what: object) -> None:
        if self._wanted:
            with suppress(RuntimeError):  # the window went meanwhile
                signal.emit(*what)


class Judging(Task):
    """The analysis of one recording; ``progressed`` tells the seconds of audio that are done, and of waiting."""

    progressed = pyqtSignal(float, float)

    def __init__(self, path: Path, options: AnalysisOptions, parent: QObject | None = None) -> None:
        self._analysis = Analysis(path, options)
        self._began_s = time.monotonic()
        super().__init__(lambda: self._analysis.run(self._progress), parent)

    def _progress(self, done_s: float) -> None:
        self._tell(self.progressed, done_s, time.monotonic() - self._began_s)

    def stop(self) -> None:
        """End the analysis."""
        self._wanted = False
        self._analysis.cancel()
        super().stop()
