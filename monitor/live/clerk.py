"""Writes files in a thread of its own, so that no disk ever holds up the engine."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from monitor.errors import MonitorError

log = logging.getLogger(__name__)


class Clerk:
    """Does small jobs one after another; what cannot be done is told as a sentence, never raised."""

    def __init__(self, on_problem: Callable[[str], None]) -> None:
        self._on_problem = on_problem
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def ask(self, job: Callable[[], object]) -> None:
        """Have this done soon; returns at once."""
        self._jobs.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="evenkeel-clerk", daemon=True)
            self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """Finish what was asked for, as far as the time allows; whether all of it was. Nothing is asked after it."""
        if self._thread is None:
            return True
        self._jobs.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except MonitorError as problem:
                self._on_problem(str(problem))
            except Exception:
                log.exception("a file could not be written")
                self._on_problem("Something could not be stored; the program's log tells more.")
