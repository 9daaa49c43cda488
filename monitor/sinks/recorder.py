"""The sound of a live call as FLAC, 24 bit, written in a thread of its own. Used only where a policy asks for it.

The file is there under its name once it is whole; while it grows it has the suffix ``.part``. It is readable by its
owner alone.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from io import FileIO
from pathlib import Path

import numpy as np

from monitor.errors import MonitorError
from monitor.private import MODE, part_of, private_folder
from monitor.types import RATE_HZ, FloatArray

log = logging.getLogger(__name__)

_MOST_WAITING = 60 * RATE_HZ  # samples; a disk that is slower for longer loses sound, the call goes on
_FULL_SCALE = 2**23


class Recorder:
    """Takes blocks of shape (channels, samples); ``close`` waits for the disk, so not in the engine's thread.

    ``on_problem`` is told when nothing can be kept any more, from another thread.
    """

    def __init__(self, path: Path, channels: int, *, on_problem: Callable[[str], None] = lambda _text: None) -> None:
        self.path = path
        self._on_problem = on_problem
        self._channels = channels
        self._blocks: queue.SimpleQueue[FloatArray | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lost = 0
        self._problem: str | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="evenkeel-recorder", daemon=True)
        self._thread.start()

    @property
    def warnings(self) -> list[str]:
        """What is not in the file, and why."""
        found = [] if self._problem is None else [f"the recording of this call could not be kept: {self._problem}"]
        if self._lost:
            found.append(f"the recording lacks {self._lost / RATE_HZ:.1f} s: the disk was too slow")
        return found

    def write(self, y: FloatArray) -> None:
        """Keep a block; returns at once."""
        samples = y.shape[1]
        with self._lock:
            if self._problem is not None:  # nobody writes any more
                return
            if self._waiting + samples > _MOST_WAITING:
                self._lost += samples
                return
            self._waiting += samples
        self._blocks.put(np.array(y, np.float32))  # the caller may reuse its array

    def close(self, timeout_s: float = 4.0) -> None:
        """Finish the file."""
        self._blocks.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        part = part_of(self.path)
        try:
            private_folder(self.path.parent)
            self._write_all(part)
            part.replace(self.path)
        except Exception as error:  # whatever it was, the call goes on and its result tells
            expected = isinstance(error, OSError | MonitorError)  # such as a full disk: a sentence, no traceback
            log.warning("a recording failed: %s", error, exc_info=not expected)
            self._problem = str(getattr(error, "strerror", None) or error)
            with suppress(OSError):
                part.unlink(missing_ok=True)
            self._on_problem(f"The sound of this call cannot be kept: {self._problem}.")

    def _write_all(self, part: Path) -> None:
        import soundfile

        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), MODE)
        with os.fdopen(handle, "wb", buffering=0) as stream:
            disk = _Disk(stream)
            try:
                with soundfile.SoundFile(disk, "w", RATE_HZ, self._channels, "PCM_24", format="FLAC") as file:
                    while (block := self._blocks.get()) is not None:
                        # As whole numbers, for libsndfile scales floats by a hair less than the reader does back.
                        scaled = np.rint(block.T.astype(np.float64) * _FULL_SCALE)
                        whole = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int32)
                        file.write(whole << 8)
                        with self._lock:
                            self._waiting -= block.shape[1]
            except (AssertionError, RuntimeError):  # how soundfile says that less was written
                if disk.problem is None:
                    raise
            if disk.problem is not None:
                raise disk.problem


class _Disk:
    """A file that remembers why it could not be written, for no error of ours comes through libsndfile."""

    def __init__(self, stream: FileIO) -> None:
        self.problem: OSError | None = None
        self.seek, self.tell = stream.seek, stream.tell
        self._stream = stream

    def write(self, data: bytes) -> int:
        """All of it, or as much as there is room for; how many bytes."""
        done = 0
        try:
            while done < len(data):
                done += self._stream.write(data[done:])
        except OSError as error:
            self.problem = error
        return done
