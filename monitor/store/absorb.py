"""Takes the journals of live calls into the store; what cannot be taken now stays where it is."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import numpy as np
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select

from monitor.errors import EnvironmentProblem
from monitor.events import Event, FlagChanged, FramesMeasured, ItemChecked, LightChanged
from monitor.policy.model import Policy
from monitor.private import part_of
from monitor.result import ResultBuilder
from monitor.result_types import CallResult, EngineInfo
from monitor.store import columns as packed
from monitor.store import journal as j
from monitor.store.calls import Store
from monitor.store.file_lock import lock
from monitor.store.head import CallHead, Disputed
from monitor.store.packing import unpack_heard, unpack_json, unpack_result
from monitor.store.tables import Call
from monitor.store.troubles import told
from monitor.store.whole import CUT_OFF
from monitor.store.writing import CallWriter
from monitor.types import Baseline, ChecklistItem, Features, Light, SourceInfo
from monitor.voice import TICK_S

_EVENTS: dict[str, TypeAdapter[Event]] = {
    kind.__name__: TypeAdapter(kind) for kind in get_args(Event) if kind is not FramesMeasured
}
_BEGINS_S = 60.0  # a journal in which nothing stands by then never will hold anything
_LOOKS_BACK_S = 60.0  # a card is read for a while before somebody says that it is not right


@dataclass(frozen=True, slots=True)
class Absorbed:
    """What came of it: numbers of the calls that are in the store now, and a sentence for each that is not."""

    stored: Sequence[int]
    problems: Sequence[str]


def absorb_all(store: Store, folder: Path) -> Absorbed:
    """Take in every call in this data folder that is over, however it ended."""
    stored: list[int] = []
    problems: list[str] = []
    for path in j.waiting(folder):
        try:
            number = absorb(store, path)
        except EnvironmentProblem as problem:
            problems.append(str(problem))
            continue
        if number is not None:
            stored.append(number)
    return Absorbed(stored, problems)


def absorb(store: Store, path: Path) -> int | None:
    """Take in one call and remove its journal; None where it is still being written, or nothing was.

    Raises
    ------
    EnvironmentProblem
        It cannot be read or stored; the journal stays.
    """
    with _held(path) as free:
        if not free:
            return None
        read = _Read(store)
        try:
            for kind, content in j.read_journal(path):
                read.take(kind, content)
            number = read.finish()
        except (ValidationError, KeyError, TypeError, ValueError, OverflowError, struct.error) as error:
            raise j.JournalProblem(
                f"{path} is no call that this Evenkeel can read; update it, or remove the file."
            ) from error
    # Once it is let go of, for some systems remove no file that is open. A call that has just begun is empty as well.
    with suppress(OSError):
        if number is not None or time.time() - path.stat().st_mtime > _BEGINS_S:
            path.unlink(missing_ok=True)
    return number


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    """Hold a journal while it is taken in; False where somebody else does."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:  # somebody else has just taken it in
        yield False
        return
    except OSError as error:
        raise j.JournalProblem(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        yield lock(handle)
    finally:
        with suppress(OSError):
            os.close(handle)


class _Read:
    """A call as its journal tells it, handed to the writer that a recording's call goes through as well."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._head: CallHead | None = None
        self._result: CallResult | None = None
        self._events: list[Event] = []
        self._items: dict[str, ChecklistItem] = {}
        self._disputes: list[Disputed] = []
        self._end_tick = 0
        self._takers = {j.TICKS: self._ticks, j.FRAMES: self._frames, j.EVENTS: self._told, j.HEARD: self._heard,
                        j.TALK: self._talk, j.DISPUTE: self._dispute, j.RESULT: self._ended}  # fmt: skip

    def take(self, kind: bytes, content: bytes) -> None:
        """One record."""
        if kind == j.HEAD:
            self._head = _head(unpack_json(content))
            self._writer: CallWriter = self._store.begin(self._head)
            self._builder = ResultBuilder(self._head.info, self._head.engine)
        elif self._head is None:
            raise ValueError
        else:
            self._takers[kind](content)

    def _ticks(self, content: bytes) -> None:
        side, first = j.PLACED.unpack_from(content)
        columns = packed.read_ticks(content[j.PLACED.size :])
        self._writer.put_ticks(side, first, columns)
        self._end_tick = max(self._end_tick, first + packed.length(columns))

    def _frames(self, content: bytes) -> None:
        side, first = j.PLACED.unpack_from(content)
        columns = packed.read_frames(content[j.PLACED.size :])
        self._writer.put_frames(side, first, columns)
        assert self._head is not None
        channel = self._head.engine.agent_channel
        self._builder.take(FramesMeasured(0.0, channel if side == 0 else 1 - channel, _features(first, columns)))

    def _heard(self, content: bytes) -> None:
        heard = unpack_heard([content])
        holds = dict(heard.holds)
        for at_s, hypothesis in heard.passes:
            self._writer.heard(hypothesis, at_s, holds.pop(at_s, None))

    def _talk(self, content: bytes) -> None:
        for row in packed.unpack_talk([content]):
            self._writer.put_talk(row)

    def _dispute(self, content: bytes) -> None:
        self._disputes.append(Disputed(**unpack_json(content)))

    def _ended(self, content: bytes) -> None:
        self._result = unpack_result(content)

    def _told(self, content: bytes) -> None:
        for row in unpack_json(content):
            name = row.pop("event")
            event = _EVENTS[name].validate_python(row)
            self._events.append(event)
            self._writer.take(event)
            self._builder.take(event)
            if isinstance(event, ItemChecked):
                self._items[event.item.id] = event.item

    def finish(self) -> int | None:
        """Store the call; its number, None where nothing was written of it."""
        if self._head is None:
            return None
        with told(self._store.name), self._store.engine.connect() as connection:
            known = select(Call.id).where(Call.origin == self._head.origin)
            there = None if self._head.origin is None else connection.execute(known).scalar()
        if there is not None:  # the program was stopped between storing it and removing the journal
            return int(there)
        for dispute in self._disputes:
            self._writer.disputed(replace(dispute, at_s=shown_at(dispute, self._events)))
        cut_off = self._result is None
        if cut_off and self._head.sound is not None:
            _name_whole(Path(self._head.sound))
        result = self._result or self._builder.finish(self._end_tick * TICK_S, list(self._items.values()), (CUT_OFF,))
        return self._writer.finish(result, ended=not cut_off)


def _name_whole(sound: Path) -> None:
    """The recorder of a program that was killed could not: what was recorded until then is heard, and goes, with it."""
    with suppress(OSError):
        part_of(sound).replace(sound)


def shown_at(dispute: Disputed, events: Sequence[Event]) -> float:
    """When that which is disputed was last shown, for a card is read for a while; else when it was disputed."""
    said = [e.flag.start_s for e in events if isinstance(e, FlagChanged) and e.flag.id == dispute.subject]
    shown = [at_s for at_s in said or _lit_s(dispute, events) if at_s <= dispute.at_s]
    return shown[-1] if shown and dispute.at_s - shown[-1] <= _LOOKS_BACK_S else dispute.at_s


def _lit_s(dispute: Disputed, events: Sequence[Event]) -> list[float]:
    """The last moments of the lights with this reason, until the dispute."""
    found: list[float] = []
    lit = False
    for event in events:
        if isinstance(event, LightChanged) and event.at_s <= dispute.at_s:
            if lit:
                found.append(event.at_s)
            lit = event.light in (Light.AMBER, Light.RED) and any(r.id == dispute.subject for r in event.reasons)
    return [*found, dispute.at_s] if lit else found


def _head(data: dict[str, Any]) -> CallHead:
    usual = data["usual"]
    return CallHead(
        info=SourceInfo(**data["info"]),
        engine=EngineInfo(**data["engine"]),
        policy=Policy.model_validate_json(data["policy"]),
        agent=data["agent"],
        began=datetime.fromisoformat(data["began"]),
        team=data["team"],
        usual=None if usual is None else Baseline(**usual),
        sound=data["sound"],
        origin=data["origin"],
        shared=data["shared"],
    )


def _features(first: int, columns: packed.Columns) -> Features:
    """Frames as far as a result counts them: speech and syllables."""
    trace = packed.trace_of(columns)
    values: dict[str, Any] = {field.name: np.zeros(len(trace), np.float32) for field in fields(Features)}
    values |= {"start_frame": first, "speech": trace.speech.astype(np.float32), "nucleus": trace.nucleus}
    return Features(**values)
