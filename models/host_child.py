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
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import IO, Any, Protocol, runtime_checkable

import numpy as np

from models.allowance import Allowance
from monitor.errors import BugError, MonitorError, ParameterError
from monitor.ports import Transcriber
from monitor.types import RATE_HZ, FloatArray, Hypothesis

RECIPE, AUDIO, SILENCE, FINISH, INTERVAL = range(5)

_HEADER = struct.Struct("<BI")
_COUNT = struct.Struct("<Q")
_SECONDS = struct.Struct("<d")
_BEAT_S = 0.5
_NICER = 10  # steps of Unix niceness; the Windows priority class is set where the process is started
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG in linux/prctl.h


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to build a recogniser elsewhere: the dotted name of a factory, ``"module:function"``, and its arguments.

    ``label`` is what people call its model. ``smaller`` names a function that takes this recipe and gives one that
    costs less, or None; it may look around on the disk.
    """

    factory: str
    arguments: Mapping[str, object]
    allowance: Allowance = field(default_factory=Allowance)
    label: str = ""
    smaller: str | None = None

    def next_smaller(self) -> Recipe | None:
        """A recipe that costs less, None when there is none."""
        if self.smaller is None:
            return None
        find: Callable[[Recipe], Recipe | None] = _named(self.smaller)
        return find(self)


@runtime_checkable
class Paced(Protocol):
    """A recogniser whose work comes in passes, as often as one likes."""

    @property
    def interval_s(self) -> float:
        """Seconds of speech between passes."""
        ...

    @property
    def cost_s(self) -> float:
        """Wall time of the dearest of the last passes, 0 before the first."""
        ...

    def set_interval(self, seconds: float) -> None:
        """Make passes so often from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """The recogniser is built and can be fed; ``interval_s`` is None where it is not ``Paced``."""

    name: str
    warnings: tuple[str, ...]
    interval_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It cannot be built, for a reason that the user may read: which class of ``monitor.errors``, and the sentence."""

    error: str
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """The passes that the next samples made possible; the last answer of all is ``finished``.

    ``cost_s`` is that of ``Paced``, None where there is none.
    """

    hypotheses: tuple[Hypothesis, ...]
    warnings: tuple[str, ...]
    finished: bool = False
    cost_s: float | None = None


@dataclass(frozen=True, slots=True)
class Broke:
    """The recogniser raised something unforeseen; the process ends. ``text`` is the traceback."""

    text: str


@dataclass(frozen=True, slots=True)
class Alive:
    """The process is not frozen; processor time that it has used so far, of all its threads."""

    cpu_s: float


Answer = Ready | Refused | Heard | Broke | Alive


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


def pack_seconds(seconds: float) -> bytes:
    """A time as the content of a frame."""
    return _SECONDS.pack(seconds)


def main() -> None:
    """Serve the parent until it is done or gone; the entry point of the child process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides what ends
    _die_with_parent()
    inlet, outlet = _take_pipes()
    inbox: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(inlet, inbox), name="recogniser-inlet", daemon=True).start()

    writing = threading.Lock()

    def answer(what: Answer) -> None:
        with writing:
            write_frame(outlet, 0, pickle.dumps(what))

    threading.Thread(target=_beat, args=(answer,), name="recogniser-beat", daemon=True).start()
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
    _be_modest()
    paced = transcriber if isinstance(transcriber, Paced) else None
    answer(Ready(transcriber.name, tuple(transcriber.warnings), paced.interval_s if paced else None))
    try:
        finished = False
        while not finished:
            kind, content = inbox.get()
            if kind == INTERVAL:
                if paced:
                    paced.set_interval(*_SECONDS.unpack(content))
                continue
            finished = kind == FINISH
            heard = transcriber.finish() if finished else _push(transcriber, kind, content)
            cost_s = paced.cost_s if paced else None
            answer(Heard(tuple(heard), tuple(transcriber.warnings), finished, cost_s))
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
    factory: Callable[..., Transcriber | None] = _named(recipe.factory)
    transcriber = factory(**recipe.arguments)
    if transcriber is None:
        raise ParameterError("No recogniser was chosen, so there is none to start.")
    return transcriber


def _named(dotted: str) -> Any:  # noqa: ANN401 - whatever has that name
    module, _, name = dotted.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BugError(f"There is no recogniser factory {dotted!r}: {error}.") from error


def _beat(answer: Callable[[Answer], None]) -> None:
    """Tell for ever that this process is not frozen, and how much it has computed."""
    with suppress(OSError, ValueError):  # the parent is gone; who reads the pipe ends this process
        while True:
            answer(Alive(time.process_time()))
            time.sleep(_BEAT_S)


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


def _die_with_parent() -> None:
    """On Linux end with the thread that started this process."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _be_modest() -> None:
    """Give way to capture and overlay. Not before it can hear: on a busy machine a start would take for ever."""
    if sys.platform != "win32":
        os.nice(_NICER)
