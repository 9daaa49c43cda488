"""A recogniser in a child process, so that its crash, its hang and its interpreter lock never touch the engine.

Samples go to the child in small chunks, few of them unanswered at a time; what waits for it is bounded. Passes are made
on the sample clock by the recogniser itself. The host declares each heard ``allowance_s`` later than it was made: as
long as the child answers within that, a live call and a recording of it give the same results to the last bit.

Threads: the caller's, which never waits for the child in a live call; a supervisor, which starts, watches, kills and
restarts it; a writer and a reader for each child (``host_worker``). One lock guards everything.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence

from models.host_child import AUDIO, FINISH, SILENCE, Answer, Broke, Heard, Ready, Recipe, Refused, pack_count
from models.host_feed import Feed
from models.host_queue import Chunk
from models.host_status import HostState, HostStatus, HostTuning, Loss
from models.host_worker import Worker, packed
from monitor import errors
from monitor.errors import EnvironmentProblem, MonitorError, ParameterError
from monitor.types import RATE_HZ, FloatArray, Hypothesis

__all__ = ["HostState", "HostStatus", "HostTuning", "HostedTranscriber", "Recipe"]

log = logging.getLogger(__name__)

_GATHERED = RATE_HZ // 20  # small blocks are sent 50 ms at a time, which keeps the cost under 1 % of a core
_WATCH_S = 0.25
_NEVER_STARTED = "The recogniser stops whenever it starts; run evenkeel doctor, or choose another with --recogniser."


class HostedTranscriber:
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
        self._recipe = packed(recipe)
        self._wait = wait
        self._tuning = tuning = tuning or HostTuning()
        self._hang_s = tuning.hang_s if tuning.hang_s is not None else (30.0 if wait else 5.0)
        self._name = name
        self._inner_warnings: dict[str, None] = {}
        self._lock = threading.Lock()
        self._progress = threading.Condition(self._lock)  # for callers that wait for answers
        self._attention = threading.Condition(self._lock)  # for the supervisor
        self._feed = Feed(tuning.allowance_s, mends=wait)
        self._log = self._feed.log
        self._state, self._since = HostState.STARTING, 0
        self._wanted = 0  # the caller waits for answers up to this sample
        self._finishing = self._closed = self._was_ready = False
        self._failure: MonitorError | None = None
        self._restarts_s: deque[float] = deque()
        self._attempts = 0
        # What concerns the present child.
        self._worker: Worker | None = None
        self._ready = self._ended = self._asked_to_finish = False
        self._last_sign_s = 0.0
        self._supervisor = threading.Thread(target=self._supervise, name="recogniser-host", daemon=True)
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
                self._wanted = feed.queue.end - round(self._tuning.allowance_s * RATE_HZ)
                self._pump()
                self._progress.wait_for(lambda: feed.answered >= self._wanted or self._is_over())
                self._raise_failure()
            else:
                why = {HostState.STARTING: Loss.STARTING, HostState.RESTARTING: Loss.STOPPED}
                feed.bound(round(self._tuning.queue_s * RATE_HZ), why.get(self._state, Loss.BEHIND))
                self._pump()
            heard = feed.due()
            if not self._wait:
                self._judge_pace(before, heard)
            return heard

    def _is_over(self) -> bool:
        return self._feed.finished or self._closed or self._failure is not None or self._state is HostState.OFF

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
        elif self._state is HostState.BEHIND and not late and lag <= self._tuning.allowance_s * RATE_HZ:
            self._enter(HostState.READY)

    def _enter(self, state: HostState) -> None:
        if state is not self._state:
            self._state, self._since = state, self._feed.queue.end

    def _pump(self) -> None:
        """Send what waits, as far as the child has answered what was sent before."""
        worker, feed = self._worker, self._feed
        if worker is None or not self._ready:
            return
        idle = not feed.unanswered
        least = 1 if self._finishing or self._wanted > feed.queue.start else _GATHERED
        while (chunk := feed.take(least)) is not None:
            if chunk.y is None:
                worker.send(SILENCE, pack_count(chunk.end - chunk.start))
            else:
                worker.send(AUDIO, chunk.y.tobytes())
        if self._finishing and not self._asked_to_finish and not feed.queue.waiting and not feed.is_full:
            self._asked_to_finish = True
            worker.send(FINISH)
            feed.unanswered.append(Chunk(feed.queue.end, feed.queue.end, None))
        if idle:
            self._last_sign_s = time.monotonic()

    # Answers, in the reader's thread.

    def _take(self, worker: Worker, answer: Answer | None) -> None:
        with self._lock:
            if worker is not self._worker:
                return  # given up meanwhile
            self._last_sign_s = time.monotonic()
            match answer:
                case Ready():
                    self._ready = self._was_ready = True
                    self._name = answer.name
                    self._inner_warnings |= dict.fromkeys(answer.warnings)
                    self._enter(HostState.READY)
                case Refused():
                    self._refuse(getattr(errors, answer.error, EnvironmentProblem)(answer.text))
                case Heard():
                    self._inner_warnings |= dict.fromkeys(answer.warnings)
                    self._feed.note(answer)
                case Broke():
                    log.warning("the recogniser failed: %s", answer.text)
                case None:
                    self._ended = True
            self._pump()
            if self._is_done_with():
                self._attention.notify_all()
            self._progress.notify_all()

    def _refuse(self, problem: MonitorError) -> None:
        self._failure = problem
        self._log.problem = f"Words are not heard, only the voice is judged: {problem}"
        self._turn_off()

    def _turn_off(self) -> None:
        """No recogniser from here on; what waits and what comes is lost."""
        self._feed.abandon(Loss.OFF)
        self._enter(HostState.OFF)

    # The child's life, in the supervisor's thread.

    def _supervise(self) -> None:
        goes_on = True
        try:
            while goes_on:
                worker = self._launch()
                hung = self._watch()
                with self._lock:
                    self._worker = None
                if worker is not None:
                    worker.end()
                with self._lock:
                    goes_on = self._recover(hung)
                    self._progress.notify_all()
        except Exception:
            log.exception("the recogniser's supervisor failed")
        finally:  # whatever happened here, nobody waits for ever
            with self._lock:
                if not self._is_over():
                    self._turn_off()
                self._progress.notify_all()

    def _launch(self) -> Worker | None:
        with self._lock:
            self._ready = self._ended = self._asked_to_finish = False
            self._feed.begin()
            self._last_sign_s = time.monotonic()
            if self._closed:
                return None
        try:
            worker = Worker(self._recipe, self._tuning.threads, self._take)
        except OSError as error:
            log.warning("no process for the recogniser: %s", error)
            with self._lock:
                self._ended = True
            return None
        with self._lock:
            self._worker = worker
        worker.start()
        return worker

    def _watch(self) -> bool:
        """Wait until this child is of no more use; True when it hangs."""
        with self._lock:
            looked_s = time.monotonic()
            while not self._is_done_with():
                self._attention.wait(_WATCH_S)
                now_s = time.monotonic()
                if now_s - looked_s > 4 * _WATCH_S:
                    self._last_sign_s = now_s  # we were held up ourselves, and so perhaps was the child
                looked_s = now_s
                if now_s - self._last_sign_s > self._limit_s():
                    return not self._is_done_with()
            return False

    def _is_done_with(self) -> bool:
        return self._ended or self._is_over()

    def _limit_s(self) -> float:
        """How long the child may stay silent now, in seconds."""
        if not self._ready:
            return self._tuning.start_limit_s
        if not self._feed.unanswered:
            return float("inf")
        chunk = self._feed.unanswered[0]
        return self._hang_s + 3 * (chunk.end - chunk.start) / RATE_HZ

    def _recover(self, hung: bool) -> bool:
        """Account for a child that ended; False when there shall be no other, else after a pause."""
        stopped_at = self._feed.answered
        if self._ready and not self._is_over():
            self._feed.mend()
        if self._is_over():
            return False
        now_s = time.monotonic()
        while self._restarts_s and now_s - self._restarts_s[0] > self._tuning.healthy_s:
            self._restarts_s.popleft()
        if not self._restarts_s:
            self._attempts = 0
        if len(self._restarts_s) >= self._tuning.most_restarts:
            self._give_up()
            return False
        self._restarts_s.append(now_s)
        self._log.stops.append(stopped_at)
        self._log.hangs += hung
        self._enter(HostState.RESTARTING)
        pause_s = self._tuning.back_off_s[min(self._attempts, len(self._tuning.back_off_s) - 1)]
        self._attempts += 1
        self._attention.wait_for(lambda: self._closed, pause_s)
        return not self._closed

    def _give_up(self) -> None:
        """It stopped too often. Where it never worked, that is the user's to mend; else the call goes on without."""
        if not self._was_ready:
            self._refuse(EnvironmentProblem(_NEVER_STARTED))
        self._turn_off()
