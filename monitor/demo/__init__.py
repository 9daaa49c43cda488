"""The bundled call that ``evenkeel demo`` plays, and what is true about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CALL_PATH = Path(__file__).with_name("call.flac")
TITLE = "Evenkeel demo"
TRUTH_PATH = Path(__file__).with_name("call.truth.json")


def read_truth() -> dict[str, Any]:
    """What was said when in the bundled call, as ``make_call`` wrote it; times in seconds from the first sample."""
    truth: dict[str, Any] = json.loads(TRUTH_PATH.read_text(encoding="utf-8"))
    return truth


def script_line(truth: dict[str, Any], at_s: float) -> str:
    """Who says what in the bundled call at this time; a line stays a second longer than it lasts."""
    said = [u for u in truth["utterances"] if u["start_s"] <= at_s < u["end_s"] + 1.0]
    return f"{said[-1]['speaker']}: {said[-1]['text']}" if said else ""


def checklist_ids(policy: str | None = None) -> list[str]:
    """What can be met by words, in the policy's order; the rest of the checklist is known at the end or not at all."""
    from monitor.policy.load import load_policy

    return [entry.id for entry in load_policy(policy).checklist if entry.needs == "words"]
