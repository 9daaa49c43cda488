"""One child process with a recogniser in it, and the two threads that write to it and read from it."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from models.host_child import RECIPE, Answer, Recipe, read_frame, write_frame
from monitor.errors import ParameterError

# A fresh interpreter rather than multiprocessing: a daemonic worker of a batch may start it too, the program's main
# module is not imported a second time, and the thread counts stand in its environment before numpy is loaded.
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from models.host_child import main; main()"

_THREAD_COUNTS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip


def _command() -> list[str]:
    """How to start a fresh interpreter with a recogniser; a packaged program has none and starts itself."""
    if getattr(sys, "frozen", False):
        program = "evenkeel.exe" if sys.platform == "win32" else "evenkeel"  # the window's program has no streams
        return [str(Path(sys.executable).with_name(program)), "--recogniser-process"]
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])  # noqa: PTH100  "" is the folder we are in
    return [sys.executable, "-c", _BOOT, path]


class Worker:
    """Starts the process at once. ``take`` is called with each answer by a thread of its own, with None at the end.

    On Linux the process dies with the thread that made this object, so that thread must outlive it.

    Raises
    ------
    OSError
        No process could be started.
    """

    def __init__(self, recipe: bytes, threads: int, take: Callable[[Worker, Answer | None], None]) -> None:
        # Variables may go while they are copied: capture sets some for a moment whenever it opens a device.
        environment = {name: value for name in list(os.environ) if (value := os.environ.get(name)) is not None}
        environment |= dict.fromkeys(_THREAD_COUNTS, str(threads))
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        self._process = subprocess.Popen(
            _command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            creationflags=flags,
        )
        self._take = take
        self._outbox: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._write, name="recogniser-writer", daemon=True),
            threading.Thread(target=self._read, name="recogniser-reader", daemon=True),
        ]
        self.send(RECIPE, recipe)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def start(self) -> None:
        """Begin to write and to read."""
        for thread in self._threads:
            thread.start()

    def send(self, kind: int, content: bytes = b"") -> None:
        """Hand over a frame; never waits for the child, however stuck it is."""
        self._outbox.put((kind, content))

    def end(self) -> None:
        """Kill the process, which has nothing to save, and join the threads."""
        self._process.kill()
        self._process.wait()
        self._outbox.put(None)
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was never written cannot be any more
                    stream.close()

    def _write(self) -> None:
        stream = self._process.stdin
        with contextlib.suppress(OSError):  # the child is gone; the reader tells
            while stream is not None and (frame := self._outbox.get()) is not None:
                write_frame(stream, *frame)

    def _read(self) -> None:
        stream = self._process.stdout
        try:
            while stream is not None and (frame := read_frame(stream)) is not None:
                self._take(self, pickle.loads(frame[1]))
        finally:  # however it ended, somebody waits for it
            self._take(self, None)


def packed(recipe: Recipe) -> bytes:
    """A recipe as it travels.

    Raises
    ------
    ParameterError
        It cannot be sent to another process.
    """
    try:
        return pickle.dumps(recipe)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ParameterError(f"The recipe of a recogniser must be plain data: {error}.") from error
