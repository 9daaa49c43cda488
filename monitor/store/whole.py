"""One stored call with everything that a person may look at: what replaying it takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from monitor.events import FlagChanged, LightChanged, WordsHeard
from monitor.policy.model import Policy
from monitor.result import ResultBuilder
from monitor.result_types import CallResult, EngineInfo
from monitor.store import columns as packed
from monitor.store.calls import Listed, Remark, Store
from monitor.store.packing import unpack_heard
from monitor.store.tables import Call, Part, StoredFlag, StoredLight
from monitor.store.troubles import told
from monitor.types import Flag, FlagState, Light, Reason, SourceInfo
from monitor.windows import VoiceTicks

CUT_OFF = "the program was stopped in this call; what came after that is missing"


@dataclass(frozen=True, slots=True)
class WholeCall:
    """``now`` is as it is judged now, ``then`` as it was shown: the same object where it was never judged again.

    ``traces`` (every 10 ms) and ``ticks`` (every 50 ms) are of the agent, and of the customer where both were
    measured. ``sound`` is a recording of the call that is still on this machine.
    """

    listed: Listed
    now: CallResult
    then: CallResult
    traces: tuple[packed.Trace, ...]
    ticks: tuple[VoiceTicks, ...]
    remarks: tuple[Remark, ...]
    policy: Policy | None
    sound: Path | None


def whole(store: Store, call_id: int, deed: str = "replay") -> WholeCall:
    """Everything that is stored of a call; written down as this deed.

    Raises
    ------
    ParameterError
        There is no such call, or this person may not see it.
    EnvironmentProblem
        The store cannot be read, or what is stored of this call is damaged.
    """
    call = store.open(call_id, deed)
    with told(store.name), store.engine.connect() as connection:
        columns = (Part.side, Part.ticks, Part.frames, Part.words)
        parts = connection.execute(select(*columns).where(Part.call_id == call_id).order_by(Part.side, Part.minute))
        rows = list(parts)
        sound, origin = connection.execute(select(Call.sound, Call.origin).where(Call.id == call_id)).one()
        now = call.result or _cut_off(connection, call_id, [row.words for row in rows if row.words])
    sides = sorted({row.side for row in rows})
    return WholeCall(
        listed=call.listed,
        now=now,
        then=now if call.shown is None or call.shown == now else call.shown,
        traces=tuple(packed.unpack_frames([r.frames for r in rows if r.side == side and r.frames]) for side in sides),
        ticks=tuple(packed.unpack_ticks([r.ticks for r in rows if r.side == side and r.ticks]) for side in sides),
        remarks=call.remarks,
        policy=store.policy(call.listed.policy),
        sound=None if sound is None else _still_there(Path(sound), None if origin else call.listed.began_ms),
    )


def _still_there(sound: Path, changed_ms: int | None) -> Path | None:
    """The recording, unless another one has taken its place since it was analysed: its time was the call's day."""
    try:
        found_ms = round(sound.stat().st_mtime * 1000)
    except OSError:
        return None
    return sound if changed_ms in (None, found_ms) else None


def _cut_off(connection: Connection, call_id: int, words: Sequence[bytes]) -> CallResult:
    """A result of what was kept until the program was stopped."""
    columns = (Call.name, Call.channels, Call.rate_hz, Call.duration_s, Call.version, Call.policy, Call.recogniser,
               Call.agent_channel, Call.profile)  # fmt: skip
    call = connection.execute(select(*columns).where(Call.id == call_id)).one()
    info = SourceInfo(call.name, call.channels, call.rate_hz, call.duration_s)
    engine = EngineInfo(call.version, call.policy, call.recogniser, call.agent_channel, call.profile)
    builder = ResultBuilder(info, engine)
    lights = select(StoredLight.start_s, StoredLight.light, StoredLight.reasons)
    for start_s, light, reasons in connection.execute(
        lights.where(StoredLight.call_id == call_id).order_by(StoredLight.number)
    ):
        told_reasons = tuple(Reason(**reason) for reason in json.loads(reasons))
        builder.take(LightChanged(start_s, Light(light), told_reasons, None))
    f = StoredFlag
    flags = select(f.number, f.behaviour, f.start_s, f.end_s, f.channel, f.text, f.phrase, f.state, f.confidence,
                   f.say_instead, f.heard_at_s)  # fmt: skip
    for key, behaviour, start_s, end_s, channel, text, phrase, state, *rest in connection.execute(
        flags.where(f.call_id == call_id).order_by(f.number)
    ):
        flag = Flag(key, behaviour, start_s, end_s, channel, text, phrase, FlagState(state), *rest)
        builder.take(FlagChanged(flag.heard_at_s, flag))
    for at_s, heard in unpack_heard(words).passes:
        if heard.final:
            builder.take(WordsHeard(at_s, heard.words))
    return builder.finish(call.duration_s, (), (CUT_OFF,))
