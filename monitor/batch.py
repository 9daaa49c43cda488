"""Many recordings, one after another or in several processes: what is done stays done, whatever happens to the rest."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterable, MutableSequence, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from monitor.batch_work import Analyse, Job, Outcome, State, crashed, our_fault, promised_s, sweep, work
from monitor.errors import BugError, EnvironmentProblem
from monitor.sinks.files import remove_parts

if TYPE_CHECKING:
    from pebble import ProcessPool

    from monitor.assemble import AnalysisOptions
    from monitor.ports import Sink
    from monitor.result_types import CallResult

_POLL_S = 0.2

Slots = MutableSequence[float]  # for each running job the seconds done, and of how many (0 unasked, -1 unknown)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is; ``left_s`` is None until that can be told."""

    files: int
    of: int
    audio_s: float
    elapsed_s: float
    left_s: float | None

    @property
    def speed(self) -> float:
        """Seconds of audio per second of waiting."""
        return self.audio_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


class View(Protocol):
    """Shows a batch to whoever waits for it."""

    def show(self, progress: Progress) -> None:
        """Take the newest progress, several times a second."""
        ...

    def tell(self, job: Job, outcome: Outcome) -> None:
        """Take what became of one recording."""
        ...


@dataclass(slots=True)
class Totals:
    """What a batch came to; of the recordings only the failed ones are kept by name, our own faults with traces."""

    done: int = 0
    kept: int = 0
    audio_s: float = 0.0
    elapsed_s: float = 0.0
    failed: list[tuple[Path, str]] = field(default_factory=list)
    redone: Counter[str] = field(default_factory=Counter)
    traces: list[str] = field(default_factory=list)

    def add(self, job: Job, outcome: Outcome) -> None:
        """Count one outcome."""
        match outcome.state:
            case State.DONE:
                self.done += 1
                self.audio_s += outcome.audio_s
                if outcome.why:
                    self.redone[outcome.why] += 1
            case State.KEPT:
                self.kept += 1
            case State.FAILED | State.STOPPED:
                self.failed.append((job.path, outcome.why or ""))
                if outcome.trace:
                    self.traces.append(outcome.trace)


class _Meter:
    """Progress in files, audio and bytes; bytes tell the time left, as they are known before a file is opened."""

    def __init__(self, sizes_bytes: Sequence[int], slots: int, clock: Callable[[], float]) -> None:
        self.slots: Slots = multiprocessing.get_context("spawn").RawArray("d", 2 * slots)
        self._of = len(sizes_bytes)
        self._left_bytes = sum(sizes_bytes)
        self._worked_bytes = 0
        self._running: dict[int, int] = {}
        self._files = 0
        self._clock = clock
        self._start_s = clock()

    def begin(self, size_bytes: int) -> int:
        """Give a recording of this size a slot to tell its progress in."""
        slot = next(i for i in range(len(self.slots) // 2) if i not in self._running)
        self.slots[2 * slot] = self.slots[2 * slot + 1] = 0.0
        self._running[slot] = size_bytes
        return slot

    def release_all(self) -> None:
        """Take the slots back from jobs that have to begin again."""
        self._running.clear()

    def end(self, slot: int, outcome: Outcome) -> None:
        """Take the slot back."""
        size_bytes = self._running.pop(slot)
        self._files += 1
        self._left_bytes -= size_bytes
        self._worked_bytes += size_bytes if outcome.state is not State.KEPT else 0

    def read(self, totals: Totals) -> Progress:
        """Tell how far everything is now."""
        elapsed_s = totals.elapsed_s = self._clock() - self._start_s
        audio_s, part_bytes = totals.audio_s, 0.0
        for slot, size_bytes in self._running.items():
            done_s, of_s = self.slots[2 * slot], self.slots[2 * slot + 1]
            audio_s += done_s
            part_bytes += size_bytes * min(1.0, done_s / of_s) if of_s > 0 else 0.0
        worked_bytes = self._worked_bytes + part_bytes
        left_s = elapsed_s * (self._left_bytes - part_bytes) / worked_bytes if worked_bytes else None
        return Progress(self._files, self._of, audio_s, elapsed_s, left_s)


def run(
    jobs: Sequence[Job],
    analyse: Analyse,
    view: View,
    totals: Totals,
    *,
    workers: int = 1,
    apart: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Do the jobs and count in `totals`, which is true at every moment, also when this is interrupted.

    One job runs in this process unless it is to be ``apart``; more run in `workers` processes of their own, so that a
    recording on which a decoder crashes costs only itself.

    Raises
    ------
    EnvironmentProblem
        Something that no other recording would escape either, such as a full disk; what was finished stays.
    """
    for folder in {job.place.parent for job in jobs}:
        remove_parts(folder)
    workers = max(1, min(workers or _cores(), len(jobs)))
    meter = _Meter([job.size_bytes for job in jobs], workers, clock)

    def tick() -> None:
        view.show(meter.read(totals))

    outcomes = (
        _in_processes(jobs, analyse, meter, workers, tick)
        if apart or len(jobs) > 1
        else _here(jobs, analyse, meter, tick)
    )
    with closing(outcomes):
        for job, outcome in outcomes:
            totals.add(job, outcome)
            view.tell(job, outcome)
            tick()
            if outcome.state is State.STOPPED:
                raise EnvironmentProblem(outcome.why or "")


def judge(
    path: Path, size_bytes: int, options: AnalysisOptions, analyse: Analyse, view: View, *, sinks: Sequence[Sink] = ()
) -> CallResult:
    """Judge one recording here and return its result; errors are the recording's own."""
    meter = _Meter([size_bytes], 1, time.monotonic)
    totals = Totals()
    progress = _teller(meter.slots, meter.begin(size_bytes), path, lambda: view.show(meter.read(totals)))
    return analyse(path, options, sinks=sinks, progress=progress)


def _cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_Outcomes = Generator[tuple[Job, Outcome], None, None]


def _here(jobs: Iterable[Job], analyse: Analyse, meter: _Meter, tick: Callable[[], None]) -> _Outcomes:
    for job in jobs:
        slot = meter.begin(job.size_bytes)
        outcome = work(job, analyse, _teller(meter.slots, slot, job.path, tick))
        meter.end(slot, outcome)
        yield job, outcome


def _in_processes(
    jobs: Iterable[Job], analyse: Analyse, meter: _Meter, workers: int, tick: Callable[[], None]
) -> _Outcomes:
    """Keep every worker busy with one job each, so that a worker that ends tells which job it had."""
    waiting = iter(jobs)
    again: list[Job] = []
    tried: set[Path] = set()
    crew = _Crew(analyse, meter.slots, workers)
    running: dict[Future[Outcome], tuple[Job, int]] = {}
    begun: dict[Path, Job] = {}  # known before a worker has it: a signal may come between handing over and noting so
    try:
        while True:
            while len(running) < workers and (job := again.pop() if again else next(waiting, None)) is not None:
                begun[job.path] = job
                slot = meter.begin(job.size_bytes)
                running[crew.begin(job, slot)] = job, slot
            if not running:
                break
            for future in wait(running, timeout=_POLL_S, return_when=FIRST_COMPLETED).done:
                job, slot = running.pop(future)
                outcome = _outcome(future)
                if outcome is None:
                    crew.stop()
                if outcome is None and job.path not in tried:
                    # the pool broke down, not this job: whatever was running begins again, once, in another pool
                    again += [job, *(other for other, _ in running.values())]
                    tried.update(each.path for each in again)
                    meter.release_all()
                    running.clear()
                    break
                outcome = outcome or crashed(None)
                if outcome.state is State.FAILED:
                    sweep(job)
                del begun[job.path]
                meter.end(slot, outcome)
                yield job, outcome
            tick()
    finally:
        crew.stop()
        for job in begun.values():
            sweep(job)


def _outcome(future: Future[Outcome]) -> Outcome | None:
    """Read the worker's answer; None where the whole pool broke down."""
    from pebble import ProcessExpired

    try:
        return future.result()
    except ProcessExpired as error:
        return crashed(error.exitcode)
    except (BrokenProcessPool, CancelledError):
        return None


class _Crew:
    """Worker processes, started afresh rather than forked, so that they are the same on every system."""

    def __init__(self, analyse: Analyse, slots: Slots, workers: int) -> None:
        self._analyse = analyse
        self._slots = slots
        self._workers = workers
        self._pool: ProcessPool | None = None

    def begin(self, job: Job, slot: int) -> Future[Outcome]:
        from pebble import ProcessPool

        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPool(self._workers, initializer=_start_worker, initargs=(self._slots,), context=context)
        try:
            return self._pool.schedule(_work_there, args=(pickle.dumps((job, self._analyse)), slot))
        except RuntimeError as error:  # pebble's word for a pool that broke down meanwhile
            future: Future[Outcome] = Future()
            future.set_exception(BrokenProcessPool(str(error)))
            return future

    def stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves this one untyped
            self._pool.join()
            self._pool = None


_worker_slots: Slots | None = None


def _start_worker(slots: Slots) -> None:
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # a library's warning is no news for who waits for results
    global _worker_slots  # noqa: PLW0603  a worker process has one batch
    _worker_slots = slots
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()


def _end_with_parent() -> None:
    """End when the process that started this one is gone, however it went; a long recording would outlive it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work_there(packed: bytes, slot: int) -> Outcome:
    if _worker_slots is None:
        raise BugError("A worker process was not started as one.")
    try:
        # unpacked here, as it imports the engine, and what goes wrong with that is to be told like anything else
        job, analyse = pickle.loads(packed)
    except Exception as error:  # noqa: BLE001
        return our_fault(error)
    return work(job, analyse, _teller(_worker_slots, slot, job.path, None))


def _teller(slots: Slots, slot: int, path: Path, tick: Callable[[], None] | None) -> Callable[[float], None]:
    """Make the function that tells a job's progress; shared memory without a lock, which a crash would leave locked."""

    def tell(done_s: float) -> None:
        if slots[2 * slot + 1] == 0.0:
            slots[2 * slot + 1] = promised_s(path) or -1.0
        slots[2 * slot] = done_s
        if tick is not None:
            tick()

    return tell
