"""What the replay window opens, and the analysis in a process of its own. Nothing here needs Qt."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import EnvironmentProblem, InputProblem, MonitorError
from monitor.replay import document
from monitor.replay.document import CallView

if TYPE_CHECKING:
    from monitor.assemble import AnalysisOptions
    from monitor.store.calls import Store

TOLD_EVERY_S = 0.5  # of audio: how often a child tells how far it is, at most


@dataclass(frozen=True, slots=True)
class Request:
    """A recording, a result (``.json``) or the number of a stored call, and how to judge a recording.

    ``particular``: only a result of just these options will do; otherwise whatever judged it. ``open_store`` opens the
    store of ``call_id``.
    """

    path: Path | None
    options: AnalysisOptions
    call_id: int | None = None
    recording: Path | None = None
    particular: bool = False
    open_store: Callable[[], Store] | None = None

    @property
    def name(self) -> str:
        """What it is called while nothing else is known."""
        return f"call {self.call_id}" if self.path is None else self.path.name

    @property
    def is_result(self) -> bool:
        """Whether the path is a result, not a recording."""
        return self.path is not None and self.path.suffix.lower() == ".json"


@dataclass(frozen=True, slots=True)
class Opened:
    """A call that can be shown; ``store`` is to be closed after it."""

    call: CallView
    store: Store | None = None

    def close(self) -> None:
        """Let go of the recording and of the store."""
        self.call.close()
        if self.store is not None:
            self.store.close()


def load(request: Request) -> Opened | None:
    """What was asked for; None where the recording has to be judged first.

    Raises
    ------
    MonitorError
        It cannot be shown; one sentence with the remedy.
    """
    if request.open_store is not None and request.call_id is not None:
        store = request.open_store()
        try:
            return Opened(document.from_store(store, request.call_id, request.recording), store)
        except BaseException:
            store.close()
            raise
    assert request.path is not None
    if request.is_result:
        return Opened(document.from_result(request.path, request.recording))
    wanted = None
    if request.particular:
        from monitor.assemble import engine_info

        wanted = engine_info(request.options)
    call = document.from_recording(request.path, wanted)
    return None if call is None else Opened(call)


class Analysis:
    """Judges a recording in a process of its own, which may be ended at any time."""

    def __init__(self, path: Path, options: AnalysisOptions) -> None:
        context = multiprocessing.get_context("spawn")
        self._ear, mouth = context.Pipe(duplex=False)
        self._mouth = mouth
        self._cancelled = False
        self._process = context.Process(target=_judge, args=(path, options, mouth), name="evenkeel-replay")

    def run(self, on_progress: Callable[[float], None]) -> None:
        """Wait until the recording is judged and the result kept; ``on_progress`` is told the seconds done.

        Raises
        ------
        MonitorError
            It cannot be judged or kept.
        Stopped
            It was cancelled.
        """
        self._process.start()
        if self._cancelled:
            self._process.terminate()
        self._mouth.close()  # the child's copy is the only one then, so that its end is noticed
        answer: MonitorError | bool | None = None
        with suppress(EOFError, OSError):
            while answer is None:
                told = self._ear.recv()
                if isinstance(told, float):
                    on_progress(told)
                else:
                    answer = told
        self._process.join()
        self._ear.close()
        if isinstance(answer, MonitorError):
            raise answer
        if answer is None:
            self._tell_end()

    def _tell_end(self) -> None:
        from monitor.batch_work import crashed

        if self._cancelled:
            raise document.Stopped
        raise InputProblem(crashed(self._process.exitcode).why or "")

    def cancel(self) -> None:
        """End it."""
        self._cancelled = True
        if self._process.is_alive():
            self._process.terminate()


def _judge(path: Path, options: AnalysisOptions, mouth: Connection) -> None:
    """In the child: tell how far it is, and at last what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which ends this one
    told_s = 0.0

    def tell(done_s: float) -> None:
        nonlocal told_s
        if done_s - told_s >= TOLD_EVERY_S:
            told_s = done_s
            mouth.send(float(done_s))

    with suppress(BrokenPipeError):  # nobody waits any more
        try:
            call = document.analyse(path, options, tell)
            problem = next(iter(call.notes), None)
            mouth.send(True if problem is None else EnvironmentProblem(problem))
        except MonitorError as error:
            mouth.send(error)
