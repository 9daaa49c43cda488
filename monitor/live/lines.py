"""Events of a live session as lines of JSON, for other programs. docs/live.md describes every line."""

from __future__ import annotations

import json
import math
import re
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import numpy as np
from pydantic import BaseModel

from monitor.events import FramesMeasured
from monitor.live.events import LiveEvent
from monitor.result_types import CallResult
from monitor.types import Features, FrameGrid
from monitor.windows import SPEECH

MEASURES_S = 0.1
_ANOTHER_CALL_S = 1.0  # times that go back by more are those of the next call
_FPS = FrameGrid().frames_per_s


def to_line(event: LiveEvent) -> str:
    """One line, without its line break: ``event`` names the kind, the rest are the event's own fields."""
    return _dumped({"event": _kind(type(event).__name__), **_plain_fields(event)})


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


class Measures:
    """Thins the measures of one channel to 10 lines a second."""

    def __init__(self) -> None:
        self._told_s = -math.inf

    def lines(self, event: FramesMeasured) -> list[str]:
        """The measures of every tenth of a second; none where the last ones were told just before."""
        found: list[str] = []
        for number in range(len(event.features)):
            at_s = event.at_s - (len(event.features) - 1 - number) / _FPS
            if not -_ANOTHER_CALL_S < at_s - self._told_s < MEASURES_S - 0.001:
                self._told_s = at_s
                what = {"event": "measures", "at_s": _number(at_s), "channel": event.channel}
                found.append(_dumped({**what, **_measured(event.features, number)}))
        return found


def _measured(features: Features, at: int) -> dict[str, Any]:
    """One frame; F0 and effort are null where there is none."""
    return {
        "level_dbfs": _number(features.level_dbfs[at]),
        "f0_hz": _number(features.f0_hz[at]),
        "effort_db": _number(features.effort_db[at]),
        "noise_dbfs": _number(features.noise_dbfs[at]),
        "speech": bool(features.speech[at] > SPEECH),
        "clipped": bool(features.clipped[at]),
    }


def _number(value: float | np.floating[Any]) -> float | None:
    return round(float(value), 3) + 0.0 if math.isfinite(value) else None


@cache
def _kind(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _plain_fields(value: Any) -> dict[str, Any]:  # noqa: ANN401  any dataclass of ours
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever an event holds
    if isinstance(value, CallResult):
        return value.to_dict()
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, float):
        return _number(value)
    return value
