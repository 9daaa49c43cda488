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
from monitor.types import Features
from monitor.windows import SPEECH

MEASURES_S = 0.1


def to_line(event: LiveEvent) -> str:
    """One line, without its line break: ``event`` names the kind, the rest are the event's own fields."""
    return _dumped({"event": _kind(type(event).__name__), **_plain_fields(event)})


def _dumped(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


class Measures:
    """Thins the measures of one channel to 10 lines a second."""

    def __init__(self) -> None:
        self._told_s = -math.inf

    def line(self, event: FramesMeasured) -> str | None:
        """The newest measures, None when the last ones were told just before."""
        if event.at_s - self._told_s < MEASURES_S - 0.001:
            return None
        self._told_s = event.at_s
        return _dumped({"event": "measures", "at_s": event.at_s, "channel": event.channel, **_newest(event.features)})


def _newest(features: Features) -> dict[str, Any]:
    """The last frame; F0 and effort are null where there is none."""
    return {
        "level_dbfs": _number(features.level_dbfs[-1]),
        "f0_hz": _number(features.f0_hz[-1]),
        "effort_db": _number(features.effort_db[-1]),
        "noise_dbfs": _number(features.noise_dbfs[-1]),
        "speech": bool(features.speech[-1] > SPEECH),
        "clipped": bool(features.clipped[-1]),
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
