"""What runs in a recogniser's child process: it builds the real recogniser, feeds it, and tells what it heard.

Frames go through two pipes: a byte that says what it is, a length, and the content. Samples travel as raw float32;
answers are few and small, and are pickled. Whatever libraries print goes to standard error, never between answers.
The process ends when its parent does: reading the pipe then comes to an end, and on Linux the kernel sees to it too.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import IO

import numpy as np

from monitor.errors import BugError, MonitorError, ParameterError
from monitor.ports import Transcriber
from monitor.types import RATE_HZ, FloatArray, Hypothesis

RECIPE, AUDIO, SILENCE, FINISH = range(4)

_HEADER = struct.Struct("<BI")
_COUNT = struct.Struct("<Q")
_NICER = 10  # steps of Unix niceness; the Windows priority class is set where the process is started
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG in linux/prctl.h


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build a recogniser elsewhere: the dotted name of a factory, ``"module:function"``, and its arguments."""

    factory: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ready:
    """The recogniser is built and can be fed."""

    name: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be built, for a reason that the user may read: which class of ``monitor.errors``, and the sentence."""

    error: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The passes that the next samples made possible; the last answer of all is ``finished``."""

    hypotheses: tuple[Hypothesis, ...]
    warnings: tuple[str, ...]
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Broke:
    """The recogniser raised something unforeseen; the process ends. ``text`` is the traceback."""

    text: str


Answer = Ready | Refused | Heard | Broke


def write_frame(stream: IO[bytes], kind: int, content: bytes = b"") -> None:
    """Write one frame and send it off."""
    stream.write(_HEADER.pack(kind, len(content)))
    stream.write(content)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[int, bytes] | None:
    """Wait for the next frame; None when the other side is gone."""
    header = stream.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    kind, length = _HEADER.unpack(header)
    content = stream.read(length)
    return (kind, content) if len(content) == length else None


def pack_count(samples: int) -> bytes:
    """A number of samples as the content of a frame."""
    return _COUNT.pack(samples)


def main() -> None:
    """Serve the parent until it is done or gone; the entry point of the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides what ends
    _be_modest()
    inlet, outlet = _take_pipes()
    inbox: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(inlet, inbox), name="recogniser-inlet", daemon=True).start()

    def answer(what: Answer) -> None:
        write_frame(outlet, 0, pickle.dumps(what))

    try:
        _serve(inbox, answer)
    except MonitorError as problem:
        answer(Refused(type(problem).__name__, str(problem)))
    except BrokenPipeError:
        pass
    except BaseException:  # noqa: BLE001  whatever it was, a MemoryError too: the parent tells it and starts anew
        answer(Broke(traceback.format_exc(limit=-8)))
    os._exit(0)  # the receiving thread sits in a read, which an orderly end would wait for


def _serve(inbox: queue.SimpleQueue[tuple[int, bytes]], answer: Callable[[Answer], None]) -> None:
    transcriber = _build(pickle.loads(inbox.get()[1]))
    answer(Ready(transcriber.name, tuple(transcriber.warnings)))
    try:
        finished = False
        while not finished:
            kind, content = inbox.get()
            finished = kind == FINISH
            heard = transcriber.finish() if finished else _push(transcriber, kind, content)
            answer(Heard(tuple(heard), tuple(transcriber.warnings), finished))
    except MonitorError as problem:
        # Once it was built, the user has nothing to mend: that is a fault like any other.
        raise RuntimeError(str(problem)) from problem


def _push(transcriber: Transcriber, kind: int, content: bytes) -> list[Hypothesis]:
    if kind == AUDIO:
        return transcriber.push(np.frombuffer(content, np.float32).copy())
    (left,) = _COUNT.unpack(content)
    heard: list[Hypothesis] = []
    while left > 0:
        silence: FloatArray = np.zeros(min(left, RATE_HZ), np.float32)
        heard += transcriber.push(silence)
        left -= len(silence)
    return heard


def _build(recipe: Recipe) -> Transcriber:
    module, _, name = recipe.factory.partition(":")
    try:
        factory: Callable[..., Transcriber | None] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BugError(f"There is no recogniser factory {recipe.factory!r}: {error}.") from error
    transcriber = factory(**recipe.arguments)
    if transcriber is None:
        raise ParameterError("No recogniser was chosen, so there is none to start.")
    return transcriber


def _receive(inlet: IO[bytes], inbox: queue.SimpleQueue[tuple[int, bytes]]) -> None:
    """Hand frames over; end the whole process when the parent is gone, even in the midst of decoding."""
    while (frame := read_frame(inlet)) is not None:
        inbox.put(frame)
    os._exit(0)


def _take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Keep standard input and output for frames; libraries that print find standard error there instead."""
    inlet, outlet = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return inlet, outlet


def _be_modest() -> None:
    """Give way to capture and overlay, and on Linux end with the thread that started this process."""
    if sys.platform != "win32":
        os.nice(_NICER)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
