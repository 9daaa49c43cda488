"""Writes one call while it runs: what is new since the last time goes into one transaction.

Nothing here waits or starts a thread; ``monitor.sinks.store`` does both.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field

from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select, update

from monitor.conversation.floor import Happening
from monitor.events import Event, FlagChanged, FramesMeasured, LightChanged
from monitor.policy.model import Policy
from monitor.result_types import CallResult
from monitor.store import columns as packed
from monitor.store.head import CallHead, Disputed, clean
from monitor.store.packing import Heard, TalkRow, pack_heard, pack_result, talk_row
from monitor.store.rows import LONGEST_NAME, call_values, dispute_row, flag_row, light_row, verdict_rows
from monitor.store.tables import Call, Part, PolicyText, StoredComment, StoredDispute, StoredFlag, StoredLight, Verdict
from monitor.store.troubles import told
from monitor.types import TICK, Hypothesis, SourceInfo
from monitor.voice import TICK_S
from monitor.windows import VoiceTicks


@dataclass(slots=True)
class _Minute:
    """What is known of one minute of one side; written anew while it grows."""

    ticks: list[packed.Columns] = field(default_factory=list)
    frames: list[packed.Columns] = field(default_factory=list)
    talk: list[TalkRow] = field(default_factory=list)
    heard: Heard = field(default_factory=Heard)


class CallWriter:
    """One call on its way into the store.

    Raises
    ------
    StoreProblem
        From every method that writes; what was taken is kept and written the next time.
    """

    def __init__(self, engine: Engine, name: str, head: CallHead) -> None:
        self._engine, self._name, self._head = engine, name, head
        self.call_id: int | None = None
        self._minutes: dict[tuple[int, int], _Minute] = defaultdict(_Minute)
        self._dirty: set[tuple[int, int]] = set()
        self._counted: dict[int, tuple[int, int]] = {}
        self._ticks = 0
        self._agent: int | None = None
        self._lights: list[LightChanged] = []
        self._written_lights = 0
        self._flags: dict[int, FlagChanged] = {}
        self._new_flags: set[int] = set()
        self._disputes: list[Disputed] = []

    def take(self, event: Event) -> None:
        """Keep what this event tells; most events are in the result as well, which comes last."""
        match event:
            case FramesMeasured(channel=channel, features=features):
                self._agent = channel if self._agent is None else self._agent  # whose frames come first
                side = 0 if channel == self._agent else 1
                self.put_frames(side, features.start_frame, packed.frame_columns(features))
            case LightChanged():
                self._lights.append(event)
            case FlagChanged(flag=flag):
                self._flags[flag.key] = event
                self._new_flags.add(flag.key)
                self._at(0, event.at_s).heard.flags.append(event)
            case _:
                pass

    def measured(self, side: int, ticks: VoiceTicks) -> None:
        """Keep the windows of one side."""
        found = packed.tick_columns(ticks, *self._counted.get(side, (0, 0)))
        self._counted[side] = packed.counted(ticks)
        self.put_ticks(side, ticks.first, found)

    def put_ticks(self, side: int, first: int, found: packed.Columns) -> None:
        """Keep windows of one side that are columns already, from this tick on."""
        self._ticks = max(self._ticks, first + packed.length(found))
        self._spread(side, first, found, packed.PART_TICKS, "ticks")

    def put_frames(self, side: int, first: int, found: packed.Columns) -> None:
        """Keep measures of one side for a picture, from this frame on."""
        self._spread(side, first, found, packed.PART_FRAMES, "frames")

    def heard(self, hypothesis: Hypothesis, at_s: float, announced_s: float | None) -> None:
        """Keep one pass of the recogniser."""
        heard = self._at(0, at_s).heard
        heard.passes.append((at_s, hypothesis))
        if announced_s is not None:
            heard.holds.append((at_s, announced_s))

    def happened(self, happening: Happening) -> None:
        """Keep something between the two sides."""
        self.put_talk(talk_row(happening))

    def put_talk(self, row: TalkRow) -> None:
        """Keep something between the two sides that is a row already."""
        self._at(0, row[-1] * TICK_S / TICK).talk.append(row)

    def disputed(self, dispute: Disputed) -> None:
        """Keep what the agent found not right during the call."""
        self._disputes.append(dispute)

    def flush(self) -> None:
        """Write what is new."""
        with told(self._name), self._engine.begin() as connection:
            call_id = self._begin(connection) if self.call_id is None else self.call_id
            self._write(connection, call_id)
        self.call_id = call_id
        self._settled()

    def finish(self, result: CallResult, *, ended: bool = True) -> int:
        """Write the rest and the result, of a call that ended or was cut off; return the call's number."""
        with told(self._name), self._engine.begin() as connection:
            call_id = self._begin(connection) if self.call_id is None else self.call_id
            self._write(connection, call_id)
            fingerprint = self._head.policy.fingerprint
            write_result(connection, call_id, result, fingerprint, number=0)
            if ended:
                _replace_earlier(connection, call_id, self._head, result.source.sha256)
            connection.execute(update(Call).where(Call.id == call_id).values(ended=ended))
        self.call_id = call_id
        self._settled()
        return call_id

    def discard(self) -> None:
        """Leave nothing of this call."""
        if self.call_id is not None:
            with told(self._name), self._engine.begin() as connection:
                connection.execute(delete(Call).where(Call.id == self.call_id))

    def _spread(self, side: int, first: int, found: packed.Columns, size: int, kind: str) -> None:
        """Put rows into the minutes that they belong to."""
        count = packed.length(found)
        at = 0
        while at < count:
            minute = (first + at) // size
            end = min(count, (minute + 1) * size - first)
            piece = {name: values[at:end] for name, values in found.items()}
            getattr(self._minutes[side, minute], kind).append(piece)
            self._dirty.add((side, minute))
            at = end

    def _at(self, side: int, time_s: float) -> _Minute:
        key = (side, int(time_s // 60))
        self._dirty.add(key)
        return self._minutes[key]

    def _begin(self, connection: Connection) -> int:
        head = self._head
        keep_policy(connection, head.policy)
        usual = None if head.usual is None else json.dumps(asdict(head.usual))
        values = {
            **call_values(head.info, head.engine),
            "began_ms": round(head.began.timestamp() * 1000),
            "agent": head.agent,
            "team": head.team,
            "heard_policy": head.policy.fingerprint,
            "policy": head.policy.fingerprint,
            "usual": usual,
            "sound": head.sound and clean(head.sound),
            "origin": head.origin,
            "shared": head.shared,
        }
        return int(connection.execute(insert(Call).values(values).returning(Call.id)).scalar_one())

    def _write(self, connection: Connection, call_id: int) -> None:
        for side, minute in sorted(self._dirty):
            here = (Part.call_id == call_id, Part.side == side, Part.minute == minute)
            connection.execute(delete(Part).where(*here))
            values = _part(self._minutes[side, minute])
            connection.execute(insert(Part).values(call_id=call_id, side=side, minute=minute, **values))
        new = self._lights[self._written_lights :]
        if new:
            if self._written_lights:
                last = (StoredLight.call_id == call_id, StoredLight.number == self._written_lights - 1)
                connection.execute(update(StoredLight).where(*last).values(end_s=new[0].at_s))
            ends = [*(light.at_s for light in new[1:]), None]
            rows = [
                light_row(call_id, self._written_lights + i, (light.at_s, end_s), light.light, light.reasons)
                for i, (light, end_s) in enumerate(zip(new, ends, strict=True))
            ]
            connection.execute(insert(StoredLight), rows)
        for key in sorted(self._new_flags):
            connection.execute(delete(StoredFlag).where(StoredFlag.call_id == call_id, StoredFlag.number == key))
            connection.execute(insert(StoredFlag).values(flag_row(call_id, key, self._flags[key].flag)))
        if self._disputes:
            who = self._head.agent
            connection.execute(
                insert(StoredDispute), [dispute_row(call_id, who, dispute) for dispute in self._disputes]
            )
        duration_s = round(self._ticks * TICK_S, 3)
        connection.execute(update(Call).where(Call.id == call_id).values(duration_s=duration_s))

    def _settled(self) -> None:
        """What was written is not written again; minutes that are over are let go."""
        self._dirty.clear()
        self._new_flags.clear()
        self._disputes.clear()
        self._written_lights = len(self._lights)
        newest = self._ticks // packed.PART_TICKS
        # What is told late belongs to an earlier minute, but never to one so long ago.
        for key in [key for key in self._minutes if key[1] < newest - 2]:
            del self._minutes[key]


def _part(minute: _Minute) -> dict[str, bytes | None]:
    return {
        "ticks": packed.pack_ticks(packed.joined(minute.ticks)) if minute.ticks else None,
        "frames": packed.pack_frames(packed.joined(minute.frames)) if minute.frames else None,
        "talk": packed.pack_talk(minute.talk) if minute.talk else None,
        "words": pack_heard(minute.heard) if minute.heard.passes or minute.heard.flags else None,
    }


def keep_policy(connection: Connection, policy: Policy) -> None:
    """Keep what a policy says, once."""
    known = select(PolicyText.fingerprint).where(PolicyText.fingerprint == policy.fingerprint)
    if connection.execute(known).first() is None:
        row = {"fingerprint": policy.fingerprint, "name": policy.name, "text": policy.model_dump_json()}
        statement = (
            _insert_or_ignore(connection).values(row).on_conflict_do_nothing(index_elements=[PolicyText.fingerprint])
        )
        connection.execute(statement)


def _insert_or_ignore(connection: Connection):  # type: ignore[no-untyped-def]  # noqa: ANN202  each dialect has its own
    from sqlalchemy.dialects import postgresql, sqlite

    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(PolicyText)


def write_result(connection: Connection, call_id: int, result: CallResult, policy: str, *, number: int) -> None:
    """Make this result the call's newest; ``number`` 0 is the one that was shown."""
    import time

    verdict = {"call_id": call_id, "number": number, "made_ms": round(time.time() * 1000), "policy": policy}
    connection.execute(insert(Verdict).values(**verdict, document=pack_result(result)))
    for table, rows in verdict_rows(call_id, result).items():
        connection.execute(delete(table).where(table.call_id == call_id))
        if rows:
            connection.execute(insert(table), rows)
    source, summary = result.source, asdict(result.summary)
    info = SourceInfo(source.name, source.channels, source.rate_hz, source.duration_s, source.sha256)
    values = {**call_values(info, result.engine), **summary, "policy": policy}
    connection.execute(update(Call).where(Call.id == call_id).values(values))


def _replace_earlier(connection: Connection, call_id: int, head: CallHead, sha256: str | None) -> None:
    """Let the same recording, analysed anew, take the place of the earlier one, with what people wrote about it.

    An earlier run that was stopped in it left no hash, but its name and time.
    """
    name, began_ms = clean(head.info.name)[:LONGEST_NAME], round(head.began.timestamp() * 1000)
    one = and_(Call.ended.is_(False), Call.origin.is_(None), Call.name == name, Call.began_ms == began_ms)
    if sha256 is not None:
        one = or_(one, Call.sha256 == sha256)
    same = (one, Call.agent == head.agent, Call.id < call_id)
    for earlier, shared in connection.execute(select(Call.id, Call.shared).where(*same)).all():
        for table in (StoredDispute, StoredComment):
            connection.execute(update(table).where(table.call_id == earlier).values(call_id=call_id))
        if shared:
            connection.execute(update(Call).where(Call.id == call_id).values(shared=True))
        connection.execute(delete(Call).where(Call.id == earlier))
