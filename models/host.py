"""A recogniser in a child process, so that its crash, its hang and its interpreter lock never touch the engine.

Samples go to the child in small chunks, few of them unanswered at a time; what waits for it is bounded. Passes are made
on the sample clock by the recogniser itself. The host declares each heard a little later than it was made
(``Allowance``): as long as the child answers within that, a live call and a recording of it give the same results to
the last bit.

The caller's thread never waits for the child in a live call; others start, feed and watch it (``host_supervisor``).
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Sequence

from models.host_child import INTERVAL, Recipe, pack_seconds
from models.host_pace import Kind, Step
from models.host_status import HostState, HostStatus, HostTuning, Loss
from models.host_supervisor import Supervised
from monitor.errors import ParameterError
from monitor.types import RATE_HZ, FloatArray, Hypothesis

__all__ = ["HostState", "HostStatus", "HostTuning", "HostedTranscriber", "Recipe"]


class HostedTranscriber(Supervised):
    """Runs any transcriber in a child process; fits ``monitor.ports.Transcriber``. Close it, or let ``finish`` do so.

    Parameters
    ----------
    recipe : Recipe
        How the child builds the transcriber.
    wait : bool
        True offline: ``push`` returns every pass that is due by now, and nothing is ever dropped. False in a live call:
        ``push`` never waits, and returns the passes that arrived and are due.
    name : str
        The name in a live call until the recogniser tells its own.

    Raises
    ------
    ParameterError
        The recipe cannot be sent to another process.
    """

    def __init__(
        self, recipe: Recipe, *, wait: bool, tuning: HostTuning | None = None, name: str = "recogniser"
    ) -> None:
        super().__init__(recipe, tuning or HostTuning(), name, wait=wait)
        atexit.register(self.close)
        self._supervisor.start()

    def __enter__(self) -> HostedTranscriber:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The recogniser's own name; offline this waits until it is known.

        Raises
        ------
        MonitorError
            Offline: the recogniser cannot be started here.
        """
        if self._wait:
            self.wait_ready()
        with self._lock:
            return self._name

    @property
    def warnings(self) -> Sequence[str]:
        """The recogniser's own sentences, then what was not heard and why."""
        with self._lock:
            return (*self._inner_warnings, *self._log.sentences())

    @property
    def status(self) -> HostStatus:
        """How it fares, for the badge."""
        with self._lock:
            return HostStatus(
                state=self._state,
                since_s=self._since / RATE_HZ,
                lag_s=(self._feed.queue.end - self._feed.answered) / RATE_HZ,
                most_queued_s=self._feed.most_held / RATE_HZ,
                lost_s=self._log.lost_s,
                late=self._log.late,
                restarts=len(self._log.stops),
                step=self._log.steps[-1] if self._log.steps else None,
            )

    @property
    def state(self) -> HostState:
        """What a badge tells."""
        return self._state

    @property
    def behind(self) -> bool:
        """Whether passes come late, until they no longer do."""
        return self._state is HostState.BEHIND

    @property
    def pid(self) -> int | None:
        """The child's process id, None when there is none."""
        worker = self._worker
        return None if worker is None else worker.pid

    def wait_ready(self, timeout_s: float | None = None) -> bool:
        """Wait until the recogniser can hear; False when the time is over or it is off.

        Raises
        ------
        MonitorError
            Offline: the recogniser cannot be started here.
        """
        with self._lock:
            self._progress.wait_for(lambda: self._ready or self._is_over(), timeout_s)
            self._raise_failure()
            return self._ready

    def push(self, y: FloatArray) -> list[Hypothesis]:
        """Take the next samples, shape (samples,); return the passes that are due, as ``wait`` says.

        Raises
        ------
        MonitorError
            Offline: the recogniser cannot be started here.
        ParameterError
            ``finish`` or ``close`` was called before.
        """
        if not self._wait:
            return self._push(y)
        heard: list[Hypothesis] = []
        step = round(self._tuning.queue_s * RATE_HZ)  # a recording given whole is not copied whole
        for at in range(0, max(1, len(y)), step):
            heard += self._push(y[at : at + step])
        return heard

    def finish(self) -> list[Hypothesis]:
        """The audio ended: the passes that are left, none later than the last sample. The child ends with it."""
        with self._lock:
            if self._finishing or self._closed:
                return []
            self._finishing = True
            self._pump()
            # The end of a live call waits for what is on its way, so that a recording of it gives the same.
            self._progress.wait_for(self._is_over, None if self._wait else self._tuning.finish_s)
            self._raise_failure()
            if not self._feed.finished:
                self._feed.abandon(Loss.ENDED)
            heard = self._feed.rest()
        self.close()
        return heard

    def close(self) -> None:
        """End the child and the threads, within a second; harmless when done before."""
        with self._lock:
            self._closed = True
            self._attention.notify_all()
            self._progress.notify_all()
        self._supervisor.join()
        atexit.unregister(self.close)

    def _push(self, y: FloatArray) -> list[Hypothesis]:
        feed = self._feed
        with self._lock:
            self._raise_failure()
            if self._finishing or self._closed:
                raise ParameterError("This recogniser has finished; make another for the next recording.")
            before = feed.queue.end
            feed.append(y)
            if self._state is HostState.OFF:
                feed.abandon(Loss.OFF)
            elif self._wait:
                self._wanted = feed.queue.end - self._allowance.least
                self._pump()
                self._progress.wait_for(lambda: feed.answered >= self._wanted or self._is_over())
                self._raise_failure()
            else:
                stopped = Loss.STOPPED if self._log.stops else Loss.BEHIND  # without a stop it is being replaced
                why = {HostState.STARTING: Loss.STARTING, HostState.RESTARTING: stopped}
                feed.bound(round(self._tuning.queue_s * RATE_HZ), why.get(self._state, Loss.BEHIND))
                self._pump()
            heard = feed.due()
            if not self._wait:
                self._judge_pace(before, heard)
            return heard

    def _raise_failure(self) -> None:
        if self._failure is not None and self._wait:
            raise self._failure

    def _judge_pace(self, before: int, heard: list[Hypothesis]) -> None:
        """Whether a live call's passes keep up; ``before`` is what had been pushed when they were last asked for."""
        late = sum(1 for hypothesis in heard if round(hypothesis.heard_at_s * RATE_HZ) <= before)
        self._log.late += late
        lag = before - self._feed.answered
        if self._state is HostState.READY and (late or lag > RATE_HZ):
            self._enter(HostState.BEHIND)
        elif self._state is HostState.BEHIND and not late and lag <= self._allowance.least:
            self._enter(HostState.READY)
        if self._ready and not self._too_slow:
            step = self._pace.look(time.monotonic(), lag / RATE_HZ, late, len(heard) - late, self._cost_s)
            if step is not None:
                self._step_down(step)

    def _step_down(self, step: Step) -> None:
        if step.kind is Kind.SMALLER:  # the supervisor looks whether there is one
            self._too_slow = True
            self._attention.notify_all()
        elif self._worker is not None:
            self._worker.send(INTERVAL, pack_seconds(step.interval_s))
            self._log.stepped_down(step, self._feed.queue.end)
