"""Keeps a call in the store while it runs, in a thread of its own: what was judged a second ago survives a crash."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from monitor.conversation.floor import Happening
from monitor.errors import MonitorError
from monitor.events import Event
from monitor.result_types import CallResult
from monitor.store.troubles import StoreProblem, is_busy
from monitor.store.writing import CallWriter
from monitor.types import Hypothesis
from monitor.windows import VoiceTicks

log = logging.getLogger(__name__)

EVERY_S = 1.0
_LAST_TRIES = 4  # to write the end of a call while another program holds the store, each as long as the store waits


class StoreSink:
    """A sink and a tap (``monitor.tap``) of one call; end it with ``finish``, ``discard`` or ``close``.

    A store that cannot be written to never stops the call: ``finish`` tells what went wrong.
    """

    def __init__(self, writer: CallWriter, *, every_s: float = EVERY_S) -> None:
        self._writer = writer
        self._every_s = every_s
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._problem: MonitorError | None = None
        self._thread = threading.Thread(target=self._work, name="evenkeel-store", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> MonitorError | None:
        """Why nothing is written any more, None while all is well."""
        return self._problem

    def take(self, event: Event) -> None:
        """Receive one event, in order; returns at once."""
        self._jobs.put(lambda: self._writer.take(event))

    def measured(self, side: int, ticks: VoiceTicks) -> None:
        """Windows of one side."""
        self._jobs.put(lambda: self._writer.measured(side, ticks))

    def heard(self, hypothesis: Hypothesis, at_s: float, announced_s: float | None) -> None:
        """One pass of the recogniser."""
        self._jobs.put(lambda: self._writer.heard(hypothesis, at_s, announced_s))

    def happened(self, happening: Happening) -> None:
        """Something between the two sides."""
        self._jobs.put(lambda: self._writer.happened(happening))

    def finish(self, result: CallResult) -> int:
        """Write the result and return the call's number.

        Raises
        ------
        StoreProblem
            The call is not in the store, or not all of it.
        """
        self.close()
        if self._problem is not None:
            raise self._problem
        for left in range(_LAST_TRIES, 0, -1):
            try:
                return self._writer.finish(result)
            except StoreProblem as problem:
                if left == 1 or not is_busy(problem):
                    raise
        raise AssertionError

    def discard(self) -> None:
        """Leave nothing of this call in the store."""
        self.close()
        self._writer.discard()

    def close(self) -> None:
        """Write what was taken; the call stays as one that did not end."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        """Write at most so often, and never later than that after the first news."""
        due_s: float | None = time.monotonic()  # the call itself is there from the start
        while True:
            try:
                job = self._jobs.get(timeout=None if due_s is None else max(0.0, due_s - time.monotonic()))
                if job is None:
                    break
                if self._problem is None:
                    job()
                due_s = due_s or time.monotonic() + self._every_s
            except queue.Empty:
                due_s = None
            except Exception as error:
                log.exception("the store could not take what was judged")
                self._problem = StoreProblem(f"The store could not take this call ({type(error).__name__}).")
            if due_s is None or time.monotonic() >= due_s:
                due_s = None if self._flushed() else time.monotonic() + self._every_s
        self._flushed()

    def _flushed(self) -> bool:
        """Write; whether there is nothing left to write."""
        if self._problem is not None:
            return True
        try:
            self._writer.flush()
        except StoreProblem as problem:
            if is_busy(problem):
                return False
            log.warning("%s", problem)
            self._problem = problem
        return True
