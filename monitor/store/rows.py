"""Values of the engine as rows of the tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from monitor.result_types import CallResult, EngineInfo, FlagRecord
from monitor.store.head import Disputed, clean
from monitor.store.tables import StoredFlag, StoredItem, StoredLight
from monitor.types import RATE_HZ, Flag, Light, Reason, SourceInfo

Row = dict[str, Any]
LONGEST_NAME = 400


def call_values(info: SourceInfo, engine: EngineInfo) -> Row:
    """What is known of a call from the start."""
    duration_s = info.duration_s or 0.0
    return {
        "name": clean(info.name)[:LONGEST_NAME],
        "sha256": info.sha256,
        "duration_s": duration_s,
        "samples": round(duration_s * RATE_HZ),
        "channels": info.channels,
        "rate_hz": info.rate_hz,
        "version": engine.version,
        "recogniser": engine.recogniser,
        "agent_channel": engine.agent_channel,
        "profile": engine.profile,
    }


def light_row(
    call_id: int, number: int, span: tuple[float, float | None], light: Light, reasons: Sequence[Reason]
) -> Row:
    """One light."""
    told = json.dumps([asdict(reason) for reason in reasons], ensure_ascii=False)
    return {
        "call_id": call_id, "number": number, "start_s": span[0], "end_s": span[1], "light": str(light),
        "reasons": clean(told),
    }  # fmt: skip


def flag_row(call_id: int, number: int, flag: Flag | FlagRecord) -> Row:
    """One flag."""
    return {
        "call_id": call_id, "number": number, "behaviour": flag.id, "start_s": flag.start_s, "end_s": flag.end_s,
        "channel": flag.channel, "text": clean(flag.text), "phrase": clean(flag.phrase), "state": str(flag.state),
        "confidence": flag.confidence, "say_instead": flag.say_instead, "heard_at_s": flag.heard_at_s,
    }  # fmt: skip


def dispute_row(call_id: int, who: str, dispute: Disputed) -> Row:
    """What somebody found not right."""
    d = dispute
    return {"call_id": call_id, "made_ms": d.made_ms, "who": who, "subject": clean(d.subject), "at_s": d.at_s,
            "text": clean(d.text), "note": d.note and clean(d.note)}  # fmt: skip


def verdict_rows(call_id: int, result: CallResult) -> dict[type[StoredLight | StoredFlag | StoredItem], list[Row]]:
    """Lights, flags and checklist of a result."""
    return {
        StoredLight: [
            light_row(call_id, i, (span.start_s, span.end_s), span.light, span.reasons)
            for i, span in enumerate(result.lights)
        ],
        StoredFlag: [flag_row(call_id, i, flag) for i, flag in enumerate(result.flags)],
        StoredItem: [
            {"call_id": call_id, "number": i, "behaviour": item.id, "met": item.met, "at_s": item.at_s,
             "evidence": item.evidence and clean(item.evidence), "why": item.why}
            for i, item in enumerate(result.checklist)
        ],
    }  # fmt: skip
