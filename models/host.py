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
import pickle
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.host_child import AUDIO, FINISH, SILENCE, Answer, Broke, Heard, Ready, Recipe, Refused, pack_count
from models.host_queue import AudioQueue, Chunk
from models.host_status import HostLog, HostState, HostStatus, Loss
from models.host_worker import Worker
from monitor import errors
from monitor.errors import BugError, EnvironmentProblem, MonitorError, ParameterError
from monitor.types import RATE_HZ, FloatArray, Hypothesis, Word

__all__ = ["HostState", "HostStatus", "HostTuning", "HostedTranscriber", "Recipe"]

log = logging.getLogger(__name__)

_GATHERED = RATE_HZ // 20  # a live call's small blocks are sent 50 ms at a time, which keeps the cost under 1 % of a core
_MOST = RATE_HZ // 2  # samples in a chunk
_MOST_SILENCE = 60 * RATE_HZ
_MOST_UNANSWERED = 3  # chunks on their way: enough that the child never waits, few enough that little is lost with it
_SKIPPED = RATE_HZ  # what is given up where the recogniser fails twice
_REPLAYED = 30 * RATE_HZ  # an utterance is not longer, so this much brings a new child to where the old one was
_WATCH_S = 0.25


@dataclass(frozen=True, slots=True)
class HostTuning:
    """How patient the host is. All but ``allowance_s`` and ``queue_s`` count wall time.

    ``hang_s`` plus three times a chunk's length is the longest wait for an answer; None means 5 s in a live call and 30 s
    offline, where a busy machine is no reason to give up. ``finish_s`` is how long the end of a live call waits.
    """

    allowance_s: float = 0.2
    queue_s: float = 10.0
    hang_s: float | None = None
    start_limit_s: float = 120.0
    finish_s: float = 5.0
    back_off_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
    most_restarts: int = 5
    healthy_s: float = 60.0
    threads: int = 1


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
        The recipe cannot be sent to another process, or a time of the tuning makes no sense.
    """

    def __init__(
        self, recipe: Recipe, *, wait: bool, tuning: HostTuning = HostTuning(), name: str = "recogniser"
    ) -> None:
        self._recipe = _packed(recipe, tuning)
        self._wait = wait
        self._tuning = tuning
        self._allowance = round(tuning.allowance_s * RATE_HZ)
        self._hang_s = tuning.hang_s if tuning.hang_s is not None else (30.0 if wait else 5.0)
        self._name = name
        self._inner_warnings: dict[str, None] = {}
        self._lock = threading.Lock()
        self._progress = threading.Condition(self._lock)  # for callers that wait for answers
        self._attention = threading.Condition(self._lock)  # for the supervisor
        self._queue = AudioQueue()
        self._log = HostLog()
        self._state, self._since = HostState.STARTING, 0
        self._most_queued = 0
        self._wanted = 0  # the caller waits for answers up to this sample
        self._answered = 0
        self._heard: deque[tuple[int, Hypothesis]] = deque()  # told by the child, with the sample at which each is due
        self._finishing = self._finished = self._closed = False
        self._failure: MonitorError | None = None
        # What concerns the present child.
        self._worker: Worker | None = None
        self._ready = self._ended = self._asked_to_finish = False
        self._base = 0  # the sample at which its clock starts
        self._utterances_before = self._utterances = 0
        self._unanswered: deque[Chunk] = deque()
        self._last_sign_s = 0.0
        # What mends a crash offline: the audio since the last finished utterance, and where the last crash was.
        self._history: deque[Chunk] = deque()
        self._settled = 0
        self._told_until = -1
        self._retried_at = -1
        self._restarts_s: deque[float] = deque()
        self._attempts = 0
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
                self._state, self._since / RATE_HZ, self._log.lost_s, self._log.late, len(self._log.stops),
                self._most_queued / RATE_HZ,
            )  # fmt: skip

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
            before = self._queue.end
            self._pump()
            # The end of a live call waits for what is on its way, so that a recording of it gives the same.
            self._progress.wait_for(self._is_over, None if self._wait else self._tuning.finish_s)
            self._raise_failure()
            if not self._finished and self._state is not HostState.OFF:
                self._lose(Loss.ENDED, self._queue.end - self._answered)
            heard = self._due(before, everything=True)
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
        own = np.array(y, np.float32)  # the caller may use its array again
        with self._lock:
            self._raise_failure()
            if self._finishing or self._closed:
                raise ParameterError("This recogniser has finished; make another for the next recording.")
            before = self._queue.end
            self._queue.append(own)
            if self._state is HostState.OFF:
                self._lose(Loss.OFF, len(own))
                self._queue.skip_all()
                return self._due(before)
            if self._wait:
                self._wanted = self._queue.end - self._allowance
                self._pump()
                self._progress.wait_for(lambda: self._answered >= self._wanted or self._is_over())
                self._raise_failure()
                return self._due(before)
            self._bound()
            self._pump()
            return self._keep_watch(before, self._due(before))

    def _is_over(self) -> bool:
        return self._finished or self._closed or self._failure is not None or self._state is HostState.OFF

    def _raise_failure(self) -> None:
        if self._failure is not None and self._wait:
            raise self._failure

    def _bound(self) -> None:
        """Drop the oldest when too much waits: half of it at once, so that what is left holds whole sentences."""
        most = round(self._tuning.queue_s * RATE_HZ)
        if self._queue.held > most:
            loss = {HostState.STARTING: Loss.STARTING, HostState.RESTARTING: Loss.STOPPED}
            self._lose(loss.get(self._state, Loss.BEHIND), self._queue.drop(most // 2))
        self._most_queued = max(self._most_queued, self._queue.held)

    def _keep_watch(self, before: int, heard: list[Hypothesis]) -> list[Hypothesis]:
        """Judge whether a live call's passes keep up; ``before`` is what had been pushed when they were last taken."""
        late = sum(1 for hypothesis in heard if round(hypothesis.heard_at_s * RATE_HZ) <= before)
        self._log.late += late
        lag = before - self._answered
        if self._state is HostState.READY and (late or lag > RATE_HZ):
            self._enter(HostState.BEHIND)
        elif self._state is HostState.BEHIND and not late and lag <= self._allowance:
            self._enter(HostState.READY)
        return heard

    def _due(self, before: int, *, everything: bool = False) -> list[Hypothesis]:
        """What the child told and the clock has reached; at the end the rest of it, as known then."""
        due: list[Hypothesis] = []
        while self._heard and (everything or self._heard[0][0] <= self._queue.end):
            due.append(self._heard.popleft()[1])
        end_s = self._queue.end / RATE_HZ
        return [h if h.heard_at_s <= end_s or not everything else replace(h, heard_at_s=end_s) for h in due]

    def _enter(self, state: HostState) -> None:
        if state is not self._state:
            self._state, self._since = state, self._queue.end

    def _lose(self, why: Loss, samples: int) -> None:
        self._log.lost[why] += max(0, samples)

    def _pump(self) -> None:
        """Send what waits, as far as the child has answered what was sent before."""
        worker = self._worker
        if worker is None or not self._ready:
            return
        least = 1 if self._finishing or self._wanted > self._queue.start else _GATHERED
        while len(self._unanswered) < _MOST_UNANSWERED and self._queue.waiting >= least:
            chunk = self._queue.take(_MOST, _MOST_SILENCE)
            if chunk.y is None:
                worker.send(SILENCE, pack_count(chunk.end - chunk.start))
            else:
                worker.send(AUDIO, chunk.y.tobytes())
            self._send_off(chunk)
        full = len(self._unanswered) >= _MOST_UNANSWERED
        if self._finishing and not self._asked_to_finish and not self._queue.waiting and not full:
            self._asked_to_finish = True
            worker.send(FINISH)
            self._send_off(Chunk(self._queue.end, self._queue.end, None))

    def _send_off(self, chunk: Chunk) -> None:
        if not self._unanswered:
            self._last_sign_s = time.monotonic()
        self._unanswered.append(chunk)

    # Answers, in the reader's thread.

    def _take(self, worker: Worker, answer: Answer | None) -> None:
        with self._lock:
            if worker is not self._worker:
                return  # given up meanwhile
            self._last_sign_s = time.monotonic()
            match answer:
                case Ready():
                    self._ready = True
                    self._name = answer.name
                    self._inner_warnings |= dict.fromkeys(answer.warnings)
                    self._enter(HostState.READY)
                case Refused():
                    self._refuse(getattr(errors, answer.error, EnvironmentProblem)(answer.text))
                case Heard():
                    self._inner_warnings |= dict.fromkeys(answer.warnings)
                    self._note(answer)
                case Broke():
                    log.warning("the recogniser failed: %s", answer.text)
                case None:
                    self._ended = True
            self._pump()
            if self._ended or self._finished or self._failure is not None:
                self._attention.notify_all()
            self._progress.notify_all()

    def _refuse(self, problem: MonitorError) -> None:
        self._failure = problem
        self._log.problem = f"Words are not heard, only the voice is judged: {problem}"
        self._turn_off()

    def _turn_off(self) -> None:
        """No recogniser from here on; what waits and what comes is lost."""
        self._lose(Loss.OFF, self._queue.end - self._answered)
        self._queue.skip_all()
        self._answered = self._queue.end
        self._enter(HostState.OFF)
        self._progress.notify_all()

    def _note(self, answer: Heard) -> None:
        chunk = self._unanswered.popleft()
        self._answered = max(self._answered, chunk.end)
        self._finished = answer.finished
        for hypothesis in answer.hypotheses:
            made = self._base + round(hypothesis.heard_at_s * RATE_HZ)
            shifted = self._shifted(hypothesis)
            if shifted.final:
                self._settled = max(self._settled, min(round(shifted.end_s * RATE_HZ), chunk.end))
            if made > self._told_until:  # what is heard a second time after a crash was told the first time
                self._utterances = max(self._utterances, shifted.utterance)
                self._heard.append((made + self._allowance, shifted))
        if self._wait:
            self._remember(chunk)

    def _shifted(self, h: Hypothesis) -> Hypothesis:
        """On the clock of the recording, and declared ``allowance_s`` after it was made."""
        base_s = self._base / RATE_HZ
        words = h.words
        if self._base:
            words = tuple(
                Word(w.start_s + base_s, w.end_s + base_s, w.text, w.confidence, w.channel) for w in words
            )  # fmt: skip
        return Hypothesis(
            utterance=h.utterance + self._utterances_before,
            start_s=h.start_s + base_s,
            end_s=h.end_s + base_s,
            heard_at_s=h.heard_at_s + base_s + self._tuning.allowance_s,
            final=h.final,
            words=words,
        )

    def _remember(self, chunk: Chunk) -> None:
        self._history.append(chunk)
        needed = max(self._settled, chunk.end - _REPLAYED)
        while self._history and self._history[0].end <= needed:
            self._history.popleft()

    # The child's life, in the supervisor's thread.

    def _supervise(self) -> None:
        goes_on = True
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

    def _launch(self) -> Worker | None:
        with self._lock:
            self._ready = self._ended = self._asked_to_finish = False
            self._base, self._utterances_before = self._queue.start, self._utterances
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
            while not (self._ended or self._is_over()):
                self._attention.wait(_WATCH_S)
                now_s = time.monotonic()
                if now_s - looked_s > 4 * _WATCH_S:
                    self._last_sign_s = now_s  # we were held up ourselves, and so perhaps was the child
                looked_s = now_s
                if not self._ended and now_s - self._last_sign_s > self._limit_s():
                    return True
            return False

    def _limit_s(self) -> float:
        """How long the child may stay silent now, in seconds."""
        if not self._ready:
            return self._tuning.start_limit_s
        if not self._unanswered:
            return float("inf")
        chunk = self._unanswered[0]
        return self._hang_s + 3 * (chunk.end - chunk.start) / RATE_HZ

    def _recover(self, hung: bool) -> bool:
        """Account for a child that ended; False when there shall be no other, else after a pause."""
        if self._is_over():
            return False
        if self._ready:
            self._mend()
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
        self._log.stops.append(self._queue.end)
        self._log.hangs += hung
        self._enter(HostState.RESTARTING)
        pause_s = self._tuning.back_off_s[min(self._attempts, len(self._tuning.back_off_s) - 1)]
        self._attempts += 1
        self._attention.wait_for(lambda: self._closed, pause_s)
        return not self._closed
