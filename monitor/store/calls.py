"""What the store knows: listing, opening, sharing, deleting and exporting calls. Every opening is written down.

A call belongs to its agent. Somebody else sees it only once it was shared, by the agent or by the team's rule, and the
agent can see who opened it. On a database of a team this is a rule of the program: the database's own rights must keep
people from going around it (docs/store.md).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, insert, null, or_, select, update

from monitor.errors import ParameterError
from monitor.policy.model import Policy
from monitor.private import data_folder
from monitor.result_types import CallResult
from monitor.store import columns as packed
from monitor.store.head import CallHead, clean, user
from monitor.store.packing import unpack_result
from monitor.store.place import WAIT_S, open_engine
from monitor.store.tables import Access, Call, Part, PolicyText, StoredComment, StoredDispute, Verdict
from monitor.store.troubles import told
from monitor.store.writing import CallWriter

_COLUMNS = (
    "id", "began_ms", "ended", "agent", "team", "shared", "name", "duration_s", "green_s", "amber_s", "red_s", "grey_s",
    "flags", "policy", "recogniser",
)  # fmt: skip
RECORDINGS = "recordings"  # of the data folder, where a live session keeps sound
_AT_ONCE = 500  # numbers in one statement


class Listed(NamedTuple):
    """One line of the list of calls; ``began_ms`` is since 1970, UTC."""

    id: int
    began_ms: int
    ended: bool
    agent: str
    team: str | None
    shared: bool
    name: str
    duration_s: float
    green_s: float
    amber_s: float
    red_s: float
    grey_s: float
    flags: int
    policy: str
    recogniser: str


_listed = partial(tuple.__new__, Listed)  # of a row as it comes; a third of what ``_make`` costs


@dataclass(frozen=True, slots=True)
class Remark:
    """A dispute (``subject`` is what it is about) or a comment (``subject`` is None) on a moment of a call."""

    made_ms: int
    who: str
    subject: str | None
    at_s: float | None
    text: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody did something with a call."""

    made_ms: int
    call_id: int
    agent: str
    who: str
    deed: str


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call that was opened. ``result`` is None where the program was stopped in it; ``shown`` is as it was then."""

    listed: Listed
    result: CallResult | None
    shown: CallResult | None
    remarks: tuple[Remark, ...]


class Store:
    """The calls of this machine or team, for one person; ``close`` it, or use it as a context manager."""

    def __init__(self, engine: Engine, name: str, who: str) -> None:
        self.engine, self.name, self.who = engine, name, who
        self._remarked_ms = 0

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def begin(self, head: CallHead) -> CallWriter:
        """Begin to write a call."""
        return CallWriter(self.engine, self.name, head)

    def listed(
        self, *, agent: str | None = None, since: datetime | None = None, until: datetime | None = None,
        most: int | None = None,
    ) -> list[Listed]:  # fmt: skip
        """The calls that this person may see, the newest first."""
        statement = select(*(getattr(Call, name) for name in _COLUMNS)).where(self._visible())
        for value, condition in ((agent, Call.agent == agent), (since, Call.began_ms >= _ms(since)),
                                 (until, Call.began_ms < _ms(until))):  # fmt: skip
            statement = statement if value is None else statement.where(condition)
        statement = statement.order_by(Call.began_ms.desc(), Call.id.desc()).limit(most)
        with told(self.name), self.engine.connect() as connection, _uncollected():
            return list(map(_listed, connection.execute(statement)))

    def numbers(self) -> list[int]:
        """The numbers of all ended calls that this person may see, oldest first."""
        with told(self.name), self.engine.connect() as connection:
            statement = select(Call.id).where(self._visible(), Call.ended).order_by(Call.id)
            return list(connection.execute(statement).scalars())

    def holds(self, result: CallResult) -> bool:
        """Whether one's own call of this recording is here, heard by the same recogniser under the same policy."""
        engine = result.engine
        made = (Call.sha256 == result.source.sha256, Call.heard_policy == engine.policy,
                Call.recogniser == engine.recogniser, Call.agent_channel == engine.agent_channel)  # fmt: skip
        with told(self.name), self.engine.connect() as connection:
            found = select(Call.id).where(Call.agent == self.who, Call.ended, *made).limit(1)
            return connection.execute(found).first() is not None

    def open(self, call_id: int, deed: str = "open") -> StoredCall:
        """A call with its newest result and the one that was shown; written down as this deed.

        Raises
        ------
        ParameterError
            There is no such call, or this person may not see it.
        """
        with told(self.name), self.engine.begin() as connection:
            statement = select(*(getattr(Call, name) for name in _COLUMNS)).where(Call.id == call_id, self._visible())
            row = connection.execute(statement).first()
            if row is None:
                raise _no_call(call_id)
            listed = Listed._make(row)
            documents = select(Verdict.document).where(Verdict.call_id == call_id).order_by(Verdict.number)
            found = list(connection.execute(documents).scalars())
            remarks = _remarks(connection, call_id)
            connection.execute(insert(Access), [self.visit(listed.id, listed.agent, deed)])
        shown = unpack_result(found[0]) if found else None
        result = shown if len(found) < 2 else unpack_result(found[-1])
        return StoredCall(listed, result, shown, remarks)

    def remarks(self, call_id: int) -> tuple[Remark, ...]:
        """Disputes and comments of a call, in the order in which they were made; nothing is written down.

        Raises
        ------
        ParameterError
            There is no such call, or this person may not see it.
        """
        with told(self.name), self.engine.connect() as connection:
            if connection.execute(select(Call.id).where(Call.id == call_id, self._visible())).first() is None:
                raise _no_call(call_id)
            return _remarks(connection, call_id)

    def number_of(self, sha256: str) -> int | None:
        """The newest stored call of the recording with this hash, None where this person may see none."""
        with told(self.name), self.engine.connect() as connection:
            same = select(Call.id).where(Call.sha256 == sha256, self._visible()).order_by(Call.id.desc()).limit(1)
            found = connection.execute(same).scalar()
        return None if found is None else int(found)

    def trace(self, call_id: int, side: int = 0) -> packed.Trace:
        """Measures of one side for a picture; open the call first."""
        with told(self.name), self.engine.connect() as connection:
            parts = (
                select(Part.frames)
                .join(Call, Call.id == Part.call_id)
                .where(Part.call_id == call_id, Part.side == side, Part.frames.is_not(None), self._visible())
                .order_by(Part.minute)
            )
            return packed.unpack_frames([part for part in connection.execute(parts).scalars() if part])

    def policy(self, fingerprint: str) -> Policy | None:
        """A policy as it was when it judged, None where no call was judged by it."""
        with told(self.name), self.engine.connect() as connection:
            text = connection.execute(select(PolicyText.text).where(PolicyText.fingerprint == fingerprint)).scalar()
        return None if text is None else Policy.model_validate_json(text)

    def share(self, call_id: int, *, shared: bool = True) -> None:
        """Let the team see a call of one's own, or not any longer."""
        self._change_own([call_id], "share" if shared else "unshare")
        with told(self.name), self.engine.begin() as connection:
            connection.execute(update(Call).where(Call.id == call_id).values(shared=shared))

    def delete(self, call_ids: Sequence[int]) -> int:
        """Delete calls of one's own, all or none; how many."""
        self._change_own(call_ids, "delete")
        sounds: list[str | None] = []
        with told(self.name), self.engine.begin() as connection:
            for some in _parts(list(call_ids)):
                sounds += connection.execute(select(Call.sound).where(Call.id.in_(some))).scalars()
                connection.execute(delete(Call).where(Call.id.in_(some)))
        _forget(sounds)
        return len(call_ids)

    def purge(self, before: datetime, *, own_live: bool = False) -> int:
        """Delete every call that began before this, whoever's it is, or only one's own live ones; how many.

        What is kept of them is that.
        """
        these = [Call.began_ms < _ms(before)]
        if own_live:
            these += [Call.agent == self.who, Call.origin.is_not(None)]
        with told(self.name), self.engine.begin() as connection:
            old = connection.execute(select(Call.id, Call.agent, Call.sound).where(*these)).all()
            if old:
                connection.execute(insert(Access), [self.visit(number, agent, "purge") for number, agent, _ in old])
                connection.execute(delete(Call).where(*these))
        _forget([sound for _, _, sound in old])
        return len(old)

    def dispute(self, call_id: int, subject: str, at_s: float, text: str, note: str | None = None) -> None:
        """Say that a flag or a light's reason (``subject`` is its id) was not right at this moment."""
        self._remark(call_id, StoredDispute, subject=subject, at_s=at_s, text=clean(text), note=note and clean(note))

    def comment(self, call_id: int, text: str, at_s: float | None = None) -> None:
        """Remark on a call, or on a moment of it."""
        self._remark(call_id, StoredComment, at_s=at_s, text=clean(text))

    def visits(self, agent: str | None = None, *, most: int | None = None) -> list[Visit]:
        """Who did what with one's own calls, the newest first; for somebody else's only what oneself did."""
        agent = agent or self.who
        statement = select(Access.made_ms, Access.call_id, Access.agent, Access.who, Access.deed)
        statement = statement.where(Access.agent == agent)
        if agent != self.who:
            statement = statement.where(Access.who == self.who)
        with told(self.name), self.engine.connect() as connection:
            rows = connection.execute(statement.order_by(Access.made_ms.desc(), Access.id.desc()).limit(most))
            return [Visit(*row) for row in rows]

    def count(self) -> int:
        """How many calls this person may see."""
        with told(self.name), self.engine.connect() as connection:
            return int(connection.execute(select(func.count(Call.id)).where(self._visible())).scalar_one())

    def _visible(self) -> ColumnElement[bool]:
        return or_(Call.agent == self.who, Call.shared)

    def insist_on_own(self, call_ids: Sequence[int]) -> None:
        """Raise ParameterError unless these calls are this person's."""
        with told(self.name), self.engine.connect() as connection:
            self._insist(connection, call_ids)

    def _insist(self, connection: Connection, call_ids: Sequence[int]) -> None:
        for some in _parts(list(call_ids)):
            mine = select(Call.id).where(Call.id.in_(some), Call.agent == self.who)
            missing = set(some) - set(connection.execute(mine).scalars())
            if missing:
                raise _no_call(min(missing), own=True)

    def _change_own(self, call_ids: Sequence[int], deed: str) -> None:
        """Insist that these calls are this person's, and write down what becomes of them."""
        with told(self.name), self.engine.begin() as connection:
            self._insist(connection, call_ids)
            for some in _parts(list(call_ids)):
                connection.execute(insert(Access), [self.visit(number, self.who, deed) for number in some])

    def _remark(self, call_id: int, table: type[StoredDispute | StoredComment], **values: object) -> None:
        with told(self.name), self.engine.begin() as connection:
            if connection.execute(select(Call.id).where(Call.id == call_id, self._visible())).first() is None:
                raise _no_call(call_id)
            # two of one millisecond would change places
            self._remarked_ms = max(_now_ms(), self._remarked_ms + 1)
            connection.execute(insert(table).values(call_id=call_id, made_ms=self._remarked_ms, who=self.who, **values))

    def visit(self, call_id: int, agent: str, deed: str) -> dict[str, object]:
        """A row of the list of accesses: this person does this with that call, now."""
        return {"call_id": call_id, "agent": agent, "made_ms": _now_ms(), "who": self.who, "deed": deed}


def open_store(place: str | Path | None = None, *, who: str | None = None, wait_s: float = WAIT_S) -> Store:
    """Open the store, and make it where there is none.

    Parameters
    ----------
    place : a file or the URL of a database; None is the file in the user's data folder.
    who : whose calls these are and who opens them; None is the user of this system.
    wait_s : how long to wait while another program writes.

    Raises
    ------
    ParameterError
        The address is none.
    StoreProblem
        The database cannot be used.
    """
    engine, name = open_engine(place, wait_s=wait_s)
    return Store(engine, name, who or user())


def _remarks(connection: Connection, call_id: int) -> tuple[Remark, ...]:
    d, c = StoredDispute, StoredComment
    disputes = select(d.made_ms, d.who, d.subject, d.at_s, d.text, d.note).where(d.call_id == call_id)
    comments = select(c.made_ms, c.who, null(), c.at_s, c.text, null()).where(c.call_id == call_id)
    found = [Remark(*row) for statement in (disputes, comments) for row in connection.execute(statement)]
    return tuple(sorted(found, key=lambda remark: remark.made_ms))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage while a hundred thousand rows are made, none of which is any: a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _forget(sounds: Iterable[str | None]) -> None:
    """Remove the recordings that a live session made; never one that was given to be analysed."""
    folder = data_folder() / RECORDINGS
    for sound in sounds:
        if sound is not None and Path(sound).parent == folder:
            with suppress(OSError):
                Path(sound).unlink(missing_ok=True)


def _no_call(call_id: int, *, own: bool = False) -> ParameterError:
    whose = "of your own" if own else "that you may open"
    return ParameterError(f"There is no call {call_id} {whose}; see: evenkeel calls list")


def _ms(moment: datetime | None) -> int:
    return 0 if moment is None else round(moment.timestamp() * 1000)


def _now_ms() -> int:
    return round(time.time() * 1000)


def _parts(numbers: list[int]) -> Iterable[list[int]]:
    return (numbers[at : at + _AT_ONCE] for at in range(0, len(numbers), _AT_ONCE))
