"""A recogniser's child process is started, fed, watched, killed and started again; what it answers is booked.

Threads: a supervisor, and a writer and a reader for each child (``host_worker``). One lock guards everything.
"""

from __future__ import annotations

import logging
import threading
import time
from enum import Enum

from models import host_child as child
from models.allowance import Allowance
from models.host_feed import Feed
from models.host_pace import Kind, Pace, Step
from models.host_queue import Chunk
from models.host_status import HostState, HostTuning, Loss
from models.host_watch import Pulse, Restarts
from models.host_worker import Worker, packed
from monitor import errors
from monitor.errors import EnvironmentProblem, MonitorError
from monitor.types import RATE_HZ

log = logging.getLogger(__name__)

_GATHERED = RATE_HZ // 20  # small blocks are sent 50 ms at a time, which keeps the cost under 1 % of a core
_WATCH_S = 0.25
_PATIENT_S = {False: 2.0, True: 30.0}  # live, offline
_NEVER_STARTED = "The recogniser stops whenever it starts; run evenkeel doctor, or choose another with --recogniser."


class _End(Enum):
    """Why a child is of no more use."""

    ENDED = "ended"
    HUNG = "hung"
    TOO_SLOW = "too slow"


class Supervised:
    """What ``HostedTranscriber`` is built on: the child's life and the books about it."""

    def __init__(self, recipe: child.Recipe, tuning: HostTuning, name: str, *, wait: bool) -> None:
        packed(recipe)  # a recipe that cannot travel is refused at once
        self._recipe = recipe
        self._wait = wait
        self._tuning = tuning
        self._pulse = Pulse(
            _PATIENT_S[wait] if tuning.still_s is None else tuning.still_s,
            _PATIENT_S[wait] if tuning.hang_s is None else tuning.hang_s,
        )
        self._restarts = Restarts(tuning.back_off_s, tuning.most_restarts, tuning.healthy_s)
        self._pace = Pace(tuning.pace)
        same_s = tuning.allowance_s
        self._allowance = recipe.allowance if same_s is None else Allowance(same_s, same_s)
        self._name = name
        self._inner_warnings: dict[str, None] = {}
        self._lock = threading.Lock()
        self._progress = threading.Condition(self._lock)  # for callers that wait for answers
        self._attention = threading.Condition(self._lock)  # for the supervisor
        self._feed = Feed(self._allowance, mends=wait)
        self._log = self._feed.log
        self._state, self._since = HostState.STARTING, 0
        self._wanted = 0  # the caller waits for answers up to this sample
        self._finishing = self._closed = self._was_ready = False
        self._failure: MonitorError | None = None
        # What concerns the present child.
        self._worker: Worker | None = None
        self._ready = self._ended = self._asked_to_finish = self._too_slow = False
        self._cost_s = 0.0
        self._supervisor = threading.Thread(target=self._supervise, name="recogniser-host", daemon=True)

    def _is_over(self) -> bool:
        return self._feed.finished or self._closed or self._failure is not None or self._state is HostState.OFF

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
                worker.send(child.SILENCE, child.pack_count(chunk.end - chunk.start))
            else:
                worker.send(child.AUDIO, chunk.y.tobytes())
        if self._finishing and not self._asked_to_finish and not feed.queue.waiting and not feed.is_full:
            self._asked_to_finish = True
            worker.send(child.FINISH)
            feed.unanswered.append(Chunk(feed.queue.end, feed.queue.end, None))
        if idle:
            self._pulse.sign(time.monotonic())

    # Answers, in the reader's thread.

    def _take(self, worker: Worker, answer: child.Answer | None) -> None:
        with self._lock:
            if worker is not self._worker:
                return  # given up meanwhile
            now_s = time.monotonic()
            if isinstance(answer, child.Alive):
                self._pulse.beat(now_s, answer.cpu_s)
                return
            self._pulse.sign(now_s)
            match answer:
                case child.Ready():
                    self._greet(answer, now_s)
                case child.Refused():
                    self._refuse(getattr(errors, answer.error, EnvironmentProblem)(answer.text))
                case child.Heard():
                    self._inner_warnings |= dict.fromkeys(answer.warnings)
                    self._cost_s = answer.cost_s or 0.0
                    self._pulse.learn_cost(answer.cost_s)
                    self._feed.note(answer)
                case child.Broke():
                    log.warning("the recogniser failed: %s", answer.text)
                case None:
                    self._ended = True
            self._pump()
            if self._is_done_with():
                self._attention.notify_all()
            self._progress.notify_all()

    def _greet(self, ready: child.Ready, now_s: float) -> None:
        self._ready = self._was_ready = True
        self._name = ready.name
        self._inner_warnings |= dict.fromkeys(ready.warnings)
        self._pulse.learn_cost(None if ready.interval_s is None else 0.0)
        self._pace.begin(now_s, ready.interval_s, can_shrink=self._recipe.smaller is not None)
        self._enter(HostState.READY)

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
                end = self._watch()
                smaller = self._find_smaller(end)
                while end is _End.TOO_SLOW and smaller is None:  # it is the smallest and goes on
                    end = self._watch()
                with self._lock:
                    self._worker = None
                if worker is not None:
                    worker.end()
                with self._lock:
                    goes_on = self._recover(end, smaller)
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
            self._ready = self._ended = self._asked_to_finish = self._too_slow = False
            self._feed.begin()
            self._pulse.begin(time.monotonic())
            if self._closed:
                return None
        try:
            worker = Worker(packed(self._recipe), self._tuning.threads, self._take)
        except OSError as error:
            log.warning("no process for the recogniser: %s", error)
            with self._lock:
                self._ended = True
            return None
        with self._lock:
            self._worker = worker
        worker.start()
        return worker

    def _watch(self) -> _End:
        """Wait until this child is of no more use."""
        with self._lock:
            looked_s = time.monotonic()
            while not self._is_done_with():
                if self._too_slow:
                    return _End.TOO_SLOW
                self._attention.wait(_WATCH_S)
                now_s = time.monotonic()
                if now_s - looked_s > 4 * _WATCH_S:
                    self._pulse.excuse(now_s)
                looked_s = now_s
                if self._is_hung(now_s) and not self._is_done_with():
                    return _End.HUNG
            return _End.ENDED

    def _is_done_with(self) -> bool:
        return self._ended or self._is_over()

    def _is_hung(self, now_s: float) -> bool:
        if not self._ready:
            return self._pulse.silent_s(now_s) > self._tuning.start_limit_s
        if not self._feed.unanswered:
            return False
        chunk = self._feed.unanswered[0]
        return self._pulse.is_hung(now_s, (chunk.end - chunk.start) / RATE_HZ)

    def _find_smaller(self, end: _End) -> child.Recipe | None:
        """What to go on with when the recogniser is too slow for this machine."""
        if end is not _End.TOO_SLOW:
            return None
        smaller = self._recipe.next_smaller()
        with self._lock:
            self._too_slow = False
        return smaller

    def _recover(self, end: _End, smaller: child.Recipe | None) -> bool:
        """Account for a child that ended; False when there shall be no other, else after a pause."""
        stopped_at = self._feed.answered
        if self._ready and not self._is_over():
            if smaller is None:
                self._feed.mend()
            else:
                self._feed.give_back()
        if self._is_over():
            return False
        self._enter(HostState.RESTARTING)
        if smaller is not None:
            self._recipe = smaller
            self._log.stepped_down(Step(Kind.SMALLER), self._feed.queue.end, smaller.label)
            return True
        pause_s = self._restarts.next_pause_s(time.monotonic())
        if pause_s is None:
            self._give_up()
            return False
        self._log.stops.append(stopped_at)
        self._log.hangs += end is _End.HUNG
        self._attention.wait_for(lambda: self._closed, pause_s)
        return not self._closed

    def _give_up(self) -> None:
        """It stopped too often. Where it never worked, that is the user's to mend; else the call goes on without."""
        if not self._was_ready:
            self._refuse(EnvironmentProblem(_NEVER_STARTED))
        self._turn_off()
