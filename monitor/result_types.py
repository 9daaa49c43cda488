"""The result of one judged call, ``evenkeel.call/1``, as values.

Conventions: times are seconds from the first sample with 3 decimals, measures have 2. Both are rounded once, when the
result is made, so that a result is equal to what is read back from its file. Lights cover 0 to ``source.duration_s``
without gap or overlap. What cannot be known is None, and ``CallResult.unknown`` says why under its dotted path.
``monitor/schema/evenkeel.call.1.json`` describes the same format for other programs; docs/results.md for people.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from monitor.errors import InputProblem
from monitor.types import Baseline, ChecklistItem, Conversation, FlagState, LightSpan, Turn, Word

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import TypeAdapter

SCHEMA_ID = "evenkeel.call/1"


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording or device that was judged; ``sha256`` is None for a device."""

    name: str
    sha256: str | None
    duration_s: float
    channels: int
    rate_hz: int


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What judged it: same recording and same engine info, same result. ``policy`` is the policy's fingerprint."""

    version: str
    policy: str
    recogniser: str
    agent_channel: int = 0
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class FlagRecord:
    """The last state of one flagged phrase; ``phrase`` is the policy's wording, ``text`` what was heard."""

    id: str
    start_s: float
    end_s: float
    channel: int
    text: str
    phrase: str
    state: FlagState
    confidence: float
    say_instead: str | None
    heard_at_s: float


@dataclass(frozen=True, slots=True)
class Pace:
    """Syllables and words per time of the agent's speech, pauses left out; None where not enough was heard."""

    articulation_syl_s: float | None
    words_per_min: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Seconds of each light and counts; ``talk_share`` and ``interruptions`` are the agent's.

    ``flags`` leaves out quoted and withdrawn ones.
    """

    green_s: float
    amber_s: float
    red_s: float
    grey_s: float
    flags: int
    talk_share: float | None
    interruptions: int | None


@dataclass(frozen=True, slots=True)
class CallResult:
    """One judged call; ``unknown`` maps the dotted path of each value that could not be known to the reason."""

    source: Recording
    engine: EngineInfo
    baseline: Baseline | None
    lights: tuple[LightSpan, ...]
    flags: tuple[FlagRecord, ...]
    checklist: tuple[ChecklistItem, ...]
    turns: tuple[Turn, ...]
    words: tuple[Word, ...]
    pace: Pace
    summary: Summary
    warnings: tuple[str, ...]
    unknown: dict[str, str] = field(default_factory=dict)
    conversation: Conversation | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-safe values with a stable order of keys, beginning with ``schema``."""
        return {
            "schema": SCHEMA_ID,
            "source": _plain(self.source),
            "engine": _plain(self.engine),
            "baseline": None if self.baseline is None else _plain(self.baseline),
            "lights": [_span_dict(span) for span in self.lights],
            "flags": [_plain(flag) for flag in self.flags],
            "checklist": [_item_dict(item) for item in self.checklist],
            "turns": [_plain(turn) for turn in self.turns],
            "words": [_plain(word) for word in self.words],
            "pace": _plain(self.pace),
            "summary": _plain(self.summary),
            "conversation": None if self.conversation is None else _conversation_dict(self.conversation),
            "warnings": list(self.warnings),
            "unknown": dict(self.unknown),
        }

    @staticmethod
    def from_dict(data: object) -> CallResult:
        """Return the result that ``to_dict`` described.

        Raises
        ------
        InputProblem
            The data is no result of this format; the text names the first thing that is not as expected.
        """
        from pydantic import ValidationError

        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA_ID:
            found = data.get("schema") if isinstance(data, Mapping) else None
            raise InputProblem(
                f"This is not a result in the format {SCHEMA_ID}"
                + (f" but in {found}; use the version of Evenkeel that wrote it." if found else "; analyse the call.")
            )
        try:
            return _adapter().validate_python(dict(data))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise InputProblem(
                f"This result is damaged at {where or 'its top'} ({first['msg']}); analyse the call again."
            ) from error


@cache
def _adapter() -> TypeAdapter[CallResult]:
    # pydantic costs 0.2 s to import, and only readers of results need it
    from pydantic import TypeAdapter

    return TypeAdapter(CallResult)


def result_schema() -> dict[str, Any]:
    """Load the JSON Schema (2020-12) of the result format."""
    text = resources.files("monitor").joinpath("schema/evenkeel.call.1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _plain(value: DataclassInstance) -> dict[str, Any]:
    """Turn a dataclass of plain values into a dict in the order of its fields."""
    values = ((f.name, getattr(value, f.name)) for f in fields(value))
    return {name: str(each) if isinstance(each, FlagState) else each for name, each in values}


def _span_dict(span: LightSpan) -> dict[str, Any]:
    reasons = [
        {
            key: getattr(r, key)
            for key in ("id", "value", "unit", "usual", "limit", "text")
            if getattr(r, key) is not None
        }
        for r in span.reasons
    ]
    return {"start_s": span.start_s, "end_s": span.end_s, "light": str(span.light), "reasons": reasons}


def _conversation_dict(both: Conversation) -> dict[str, Any]:
    data = asdict(both)
    data["interruptions"] = list(data["interruptions"])
    data["customer"]["raised"] = list(data["customer"]["raised"])
    return data


def _item_dict(item: ChecklistItem) -> dict[str, Any]:
    return {key: value for key, value in _plain(item).items() if key in ("id", "met") or value is not None}


def time_s(value: float) -> float:
    """Round a time as results hold it: 3 decimals, never negative, never minus zero."""
    return max(0.0, round(float(value), 3)) + 0.0


def measure(value: float | None, decimals: int = 2) -> float | None:
    """Round a measure as results hold it; None where there is none to tell (None, NaN, infinite)."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), decimals) + 0.0
