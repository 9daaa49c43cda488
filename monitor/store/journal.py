"""A live call on its way to the store: a file of its own that only grows, written once a second.

The database's libraries cost a live program 25 MB and a part of its start, a database may be in use, full or far away,
and none of that is to be felt in a call. So a call is written beside the store first, and taken into it afterwards by
another process (``monitor.store.absorb``); if the program is killed, at its next start. A record is a kind, a length, a
check sum and a content; the first that is not whole ends the file.
"""

from __future__ import annotations

import logging
import os
import queue
import struct
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from monitor.conversation.floor import Happening
from monitor.errors import EnvironmentProblem
from monitor.events import Event, FramesMeasured
from monitor.private import MODE, private_folder
from monitor.result_types import CallResult
from monitor.store import columns as packed
from monitor.store.file_lock import lock
from monitor.store.head import CallHead, Disputed
from monitor.store.packing import Heard, pack_heard, pack_json, pack_result, talk_row
from monitor.types import Features, Hypothesis
from monitor.windows import VoiceTicks

log = logging.getLogger(__name__)

FOLDER = "unstored"  # of the data folder
ENDING = ".journal"
MAGIC = b"evenkeel.journal/1\n"
EVERY_S = 1.0
_RECORD = struct.Struct("<cII")
PLACED = struct.Struct("<BQ")  # side and first row of measures
_HELD_S = 1.0
_LAST_TRIES, _PAUSE_S = 3, 0.3  # to write the end of a call on a disk that is full

HEAD, EVENTS, TICKS, FRAMES, HEARD, TALK, DISPUTE, RESULT = b"H", b"E", b"T", b"F", b"W", b"K", b"D", b"R"


class JournalProblem(EnvironmentProblem):
    """A call's journal cannot be written or read; the text names the remedy."""


class Journal:
    """A sink and a tap (``monitor.tap``) of one call; end it with ``finish``, ``close`` or ``discard``.

    Everything is taken at once and written by a thread of its own. What cannot be written is tried again every second;
    ``on_problem`` is told the first time why, from that thread.
    """

    def __init__(
        self,
        path: Path,
        head: CallHead,
        *,
        on_problem: Callable[[str], None] = lambda _text: None,
        every_s: float = EVERY_S,
    ) -> None:
        self._path, self._on_problem, self._every_s = path, on_problem, every_s
        self._taken: queue.SimpleQueue[tuple[bytes, Any]] = queue.SimpleQueue()
        self._taken.put((HEAD, head))
        self._unwritten = MAGIC
        self._file: int | None = None
        self._good = 0  # bytes of the file that are whole
        self._told = False
        self._agent: int | None = None
        self._counted: dict[int, tuple[int, int]] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="evenkeel-journal", daemon=True)
        self._thread.start()

    def take(self, event: Event) -> None:
        """Receive one event, in order; returns at once."""
        self._taken.put((FRAMES if isinstance(event, FramesMeasured) else EVENTS, event))

    def measured(self, side: int, ticks: VoiceTicks) -> None:
        """Windows of one side."""
        self._taken.put((TICKS, (side, ticks)))

    def heard(self, hypothesis: Hypothesis, at_s: float, announced_s: float | None) -> None:
        """One pass of the recogniser."""
        self._taken.put((HEARD, (at_s, hypothesis, announced_s)))

    def happened(self, happening: Happening) -> None:
        """Something between the two sides."""
        self._taken.put((TALK, happening))

    def disputed(self, dispute: Disputed) -> None:
        """What the agent found not right."""
        self._taken.put((DISPUTE, dispute))

    def finish(self, result: CallResult) -> None:
        """Write the rest and the result, and let go of the file."""
        self._taken.put((RESULT, result))
        self.close()

    def discard(self) -> None:
        """Leave nothing of this call."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write the rest and let go of the file; without a result the call is one that was cut off."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        try:
            while not self._ended.wait(self._every_s):
                self._write_down()
            for _ in range(_LAST_TRIES):
                if self._write_down():
                    break
                time.sleep(_PAUSE_S)
        except Exception:
            log.exception("a call could not be written down")
            self._tell("This call could not be kept; the program's log tells more.")
        finally:
            if self._file is not None:
                os.close(self._file)

    def _write_down(self) -> bool:
        """Write what was taken to the disk itself; False where that is not possible now."""
        self._unwritten += self._records()
        if not self._unwritten:
            return True
        try:
            if self._file is None:
                self._file = _opened(self._path)
            done = 0
            while done < len(self._unwritten):
                done += os.write(self._file, self._unwritten[done:])
            os.fsync(self._file)
        except EnvironmentProblem as problem:  # its folder cannot be made
            self._tell(f"This call cannot be kept at the moment: {problem}")
            return False
        except OSError as error:
            if self._file is not None:
                with suppress(OSError):  # half a record would hide what follows
                    os.ftruncate(self._file, self._good)
            self._tell(f"This call cannot be kept at the moment ({error.strerror or error}): {self._path.parent}.")
            return False
        self._good += len(self._unwritten)
        self._unwritten = b""
        return True

    def _tell(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._on_problem(text)

    def _records(self) -> bytes:
        """What was taken since the last time, as records."""
        taken: dict[bytes, list[Any]] = defaultdict(list)
        with suppress(queue.Empty):
            while True:
                kind, value = self._taken.get_nowait()
                taken[kind].append(value)
        return b"".join(_record(kind, content) for kind, content in self._contents(taken))

    def _contents(self, taken: dict[bytes, list[Any]]) -> Iterator[tuple[bytes, bytes]]:
        for head in taken[HEAD]:
            yield HEAD, pack_json(head_dict(head))
        yield from self._measures(taken)
        if taken[EVENTS]:
            yield EVENTS, pack_json([{"event": type(event).__name__, **asdict(event)} for event in taken[EVENTS]])
        if taken[HEARD]:
            holds = [(at_s, said_s) for at_s, _, said_s in taken[HEARD] if said_s is not None]
            yield HEARD, pack_heard(Heard([(at_s, heard) for at_s, heard, _ in taken[HEARD]], [], holds))
        if taken[TALK]:
            yield TALK, packed.pack_talk([talk_row(happening) for happening in taken[TALK]])
        for dispute in taken[DISPUTE]:
            yield DISPUTE, pack_json(asdict(dispute))
        for result in taken[RESULT]:
            yield RESULT, pack_result(result)

    def _measures(self, taken: dict[bytes, list[Any]]) -> Iterator[tuple[bytes, bytes]]:
        ticks: dict[int, list[VoiceTicks]] = defaultdict(list)
        for side, each in taken[TICKS]:
            ticks[side].append(each)
        for side, pieces in ticks.items():
            found = _joined(pieces)
            columns = packed.tick_columns(found, *self._counted.get(side, (0, 0)))
            self._counted[side] = packed.counted(found)
            yield TICKS, PLACED.pack(side, found.first) + packed.pack_ticks(columns)
        frames: dict[int, list[Features]] = defaultdict(list)
        for event in taken[FRAMES]:
            self._agent = event.channel if self._agent is None else self._agent  # whose frames come first
            frames[0 if event.channel == self._agent else 1].append(event.features)
        for side, parts in frames.items():
            measured = _joined(parts)
            yield FRAMES, PLACED.pack(side, measured.start_frame) + packed.pack_frames(packed.frame_columns(measured))


_Rows = TypeVar("_Rows", Features, VoiceTicks)


def _joined(pieces: Sequence[_Rows]) -> _Rows:
    """Consecutive rows as one: a second of them costs no more to pack than a tenth of it."""
    names = [field.name for field in fields(pieces[0])][1:]  # the first says where they begin
    arrays: dict[str, Any] = {name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in names}
    return replace(pieces[0], **arrays)


def head_dict(head: CallHead) -> dict[str, Any]:
    """A head as JSON; ``monitor.store.absorb`` reads it."""
    return {
        "info": asdict(head.info), "engine": asdict(head.engine), "policy": head.policy.model_dump_json(),
        "agent": head.agent, "began": head.began.isoformat(), "team": head.team,
        "usual": None if head.usual is None else asdict(head.usual), "sound": head.sound, "origin": head.origin,
        "shared": head.shared,
    }  # fmt: skip


def _record(kind: bytes, content: bytes) -> bytes:
    return _RECORD.pack(kind, len(content), zlib.crc32(content)) + content


def _opened(path: Path) -> int:
    """The journal's file, held as long as the call is written, so that nobody takes it into the store meanwhile."""
    private_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, MODE)
    end = time.monotonic() + _HELD_S
    while not lock(handle) and time.monotonic() < end:  # somebody looks whether anything is in it already
        time.sleep(0.02)
    return handle


def read_journal(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The whole records of a journal, in order: kind and content.

    Raises
    ------
    JournalProblem
        It cannot be read, or was written by a newer version.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(len(MAGIC))
            if start != MAGIC and MAGIC.startswith(start):
                return  # the program was stopped before it had written anything
            if start != MAGIC:
                raise JournalProblem(f"{path} is no call that this Evenkeel can read; a newer one may have written it.")
            while len(head := stream.read(_RECORD.size)) == _RECORD.size:
                kind, length, check = _RECORD.unpack(head)
                content = stream.read(length)
                if len(content) != length or zlib.crc32(content) != check:
                    return
                yield kind, content
    except OSError as error:
        raise JournalProblem(f"{path} cannot be read: {error.strerror or error}.") from error


def waiting(folder: Path) -> list[Path]:
    """The journals in this data folder, the oldest first; calls under way among them."""
    with suppress(OSError):
        return sorted((folder / FOLDER).glob(f"*{ENDING}"), key=lambda path: path.name)
    return []
