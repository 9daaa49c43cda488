"""Synthetic stored calls: measures as speech gives them, run through the engine's own windows, without audio."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select

from monitor.assemble import keeper
from monitor.conversation.floor import Happening, Kind
from monitor.events import FramesMeasured
from monitor.policy.load import load_policy
from monitor.policy.model import Policy
from monitor.rejudge.call import judge_again
from monitor.result import ResultBuilder
from monitor.result_types import EngineInfo
from monitor.store import columns
from monitor.store.calls import Store
from monitor.store.head import CallHead
from monitor.store.packing import TalkRow, talk_row
from monitor.store.recall import Recalled
from monitor.store.tables import Call, Part, Verdict
from monitor.store.writing import CallWriter, keep_policy
from monitor.types import RATE_HZ, Features, SourceInfo
from monitor.windows import RollingWindows, VoiceTicks

BLOCK = 6000  # frames: a minute
ENGINE = EngineInfo("0.1.0", "", "none")


def features(minutes: int, seed: int, *, raised: float = 0.03) -> Iterator[Features]:
    """Frames of one speaker who talks somewhat under half of the time, and raises the voice in some sentences."""
    rng = np.random.default_rng(seed)
    for minute in range(minutes):
        speech = np.zeros(BLOCK, np.bool_)
        strain = np.zeros(BLOCK)
        at = int(rng.integers(0, 200))
        while at < BLOCK:
            length = int(rng.integers(60, 500))
            speech[at : at + length] = True
            strain[at : at + length] = rng.normal(0, 0.4) + (2.5 if rng.random() < raised else 0.0)
            at += length + int(rng.integers(30, 700))
        syllable = np.sin(2 * np.pi * 3.5 * np.arange(BLOCK) / 100 + rng.uniform(0, 6))
        voiced = speech & (syllable + rng.normal(0, 0.05, BLOCK) > -0.6)
        swing = 1.5 * np.sin(2 * np.pi * 0.4 * np.arange(BLOCK) / 100 + rng.uniform(0, 6))
        level = np.where(speech, np.where(voiced, -30 + 4 * syllable, -50) + 2.5 * strain, -62) + rng.normal(
            0, 1.5, BLOCK
        )
        f0_st = 14 + swing + 1.5 * strain + rng.normal(0, 0.1, BLOCK)
        effort = -7 + 2.0 * strain + rng.normal(0, 1.5, BLOCK)
        yield Features(
            start_frame=minute * BLOCK,
            level_dbfs=level.astype(np.float32),
            loudness_ms=np.zeros(BLOCK, np.float32),
            f0_hz=np.where(voiced, 55 * 2 ** (f0_st / 12), np.nan).astype(np.float32),
            voicing=voiced.astype(np.float32),
            effort_db=np.where(voiced, effort, np.nan).astype(np.float32),
            noise_dbfs=np.full(BLOCK, -65, np.float32),
            speech=speech.astype(np.float32),
            clipped=np.zeros(BLOCK, np.bool_),
            nucleus=speech & (np.diff(np.sign(np.diff(syllable, append=0)), append=0) < 0),
        )


def windows(parts: Sequence[Features]) -> list[VoiceTicks]:
    """What the judgement looks at, a minute at a time."""
    rolling = RollingWindows()
    return [rolling.push(part) for part in parts]


def joined(ticks: Sequence[VoiceTicks]) -> VoiceTicks:
    """Consecutive ticks as one."""
    names = [name for name in VoiceTicks.__slots__ if name != "first"]
    return VoiceTicks(0, **{name: np.concatenate([getattr(each, name) for each in ticks]) for name in names})


def two_sided_call(minutes: int, policy: Policy) -> Recalled:
    """A call as it would come out of a store, with both sides and what happened between them."""
    rng = np.random.default_rng(0)
    agent, customer = (joined(windows(list(features(minutes, seed)))) for seed in (1, 2))
    talk: list[TalkRow] = []
    at = 0
    while at < (minutes - 1) * BLOCK:
        end = at + int(rng.integers(60, 500))
        talk.append(talk_row(Happening(Kind.UTTERANCE, at, end, end, int(rng.integers(2)))))
        at = end + int(rng.integers(10, 200))
        if rng.random() < 0.3:
            talk.append(talk_row(Happening(Kind.QUIET, end, at, at)))
        elif rng.random() < 0.05:
            talk.append(talk_row(Happening(Kind.OVERLAP, at - 50, at, at)))
    info = SourceInfo("both.wav", 2, 8000, 60.0 * minutes)
    empty = ResultBuilder(info, replace(ENGINE, policy=policy.fingerprint)).finish(60.0 * minutes)
    return Recalled(
        0, 60 * minutes * RATE_HZ, None, policy.fingerprint, policy, empty, agent, customer, talk, ()
    )  # fmt: skip


def store_calls(store: Store, *, hours: int, distinct: int, policy: Policy | None = None) -> None:
    """Fill a store with calls of an hour; they are copies of a few, for making one takes longer than judging it."""
    policy = policy or load_policy()
    made = [_stored(store, policy, seed) for seed in range(min(distinct, hours))]
    with store.engine.begin() as connection:
        copied = {table: [_rows_of(connection, table, number) for number in made] for table in (Call, Part, Verdict)}
        for copy in range(len(made), hours):
            of = copy % len(made)
            row = {key: value for key, value in copied[Call][of][0].items() if key != "id"}
            number = int(connection.execute(insert(Call).values(row).returning(Call.id)).scalar_one())
            for table in (Part, Verdict):
                connection.execute(insert(table), [{**each, "call_id": number} for each in copied[table][of]])


def _rows_of(connection: Connection, table: type[Call | Part | Verdict], number: int) -> list[dict[str, Any]]:
    key = table.id if table is Call else table.call_id  # type: ignore[union-attr]
    rows = connection.execute(select(table.__table__).where(key == number)).mappings()
    return [dict(row) for row in rows]


def _stored(store: Store, policy: Policy, seed: int) -> int:
    parts = list(features(60, seed))
    ticks = windows(parts)
    info = SourceInfo(f"hour-{seed}.wav", 1, 8000, 3600.0, f"{seed:064x}")
    engine = replace(ENGINE, policy=policy.fingerprint)
    writer = CallWriter(store.engine, store.name, CallHead(info, engine, policy, store.who, datetime.now(tz=UTC)))
    for part, each in zip(parts, ticks, strict=True):
        writer.measured(0, each)
        writer.take(FramesMeasured(0.0, 0, part))
    empty = ResultBuilder(info, engine).finish(3600.0)
    recalled = Recalled(0, 3600 * RATE_HZ, None, policy.fingerprint, policy, empty, joined(ticks), None, (), ())
    return writer.finish(judge_again(recalled, policy, keeper))


def listed_calls(store: Store, count: int) -> None:
    """Fill a store with calls that have no measures, for the list of them."""
    policy = load_policy()
    began_ms = round(time.time() * 1000) - count * 60_000
    with store.engine.begin() as connection:
        keep_policy(connection, policy)
        rows = [
            {
                "began_ms": began_ms + 60_000 * i, "ended": True, "agent": store.who, "team": "blue", "shared": False,
                "name": f"call-{i:06d}.wav", "sha256": f"{i:064x}", "duration_s": 180.0 + i % 400, "samples": 1,
                "channels": 2, "rate_hz": 8000, "version": "0.1.0", "policy": policy.fingerprint,
                "heard_policy": policy.fingerprint, "recogniser": "pocketsphinx", "agent_channel": 0,
                "green_s": 160.0, "amber_s": 9.5, "red_s": 3.0, "grey_s": 18.0, "flags": i % 4,
            }
            for i in range(count)
        ]  # fmt: skip
        for at in range(0, count, 5000):
            connection.execute(insert(Call), rows[at : at + 5000])


def packed_bytes(minutes: int) -> int:
    """What the measures of so many minutes of one side take in the store."""
    parts = list(features(minutes, 1))
    firm = speech = found = 0
    for ticks, frames in zip(windows(parts), parts, strict=True):
        found += len(columns.pack_ticks(columns.tick_columns(ticks, firm, speech)))
        found += len(columns.pack_frames(columns.frame_columns(frames)))
        firm, speech = columns.counted(ticks)
    return found
