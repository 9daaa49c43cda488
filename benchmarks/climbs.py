"""A voice that climbs slowly through a call, made from calm speech: louder and higher, minute by minute.

Praat raises F0 by moving pitch periods apart and together (PSOLA, Moulines and Charpentier 1990), which leaves formants
and the balance of the spectrum as they were, and a gain raises the level. A person's voice would also gain effort as it
climbs, so these climbs are harder to hear than real ones. The call without a climb goes through Praat as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.data import Samples
from benchmarks.escalation_calls import Call, Plan
from benchmarks.sound import RATE_HZ
from monitor.truth.lights import lit

STEADY_S = 60.0
CLIMB_S = 540.0
CALM_PLAN: Plan = (("calm", STEADY_S + CLIMB_S),)
DB_PER_MIN, ST_PER_MIN = 1.0, 0.5
CLIMB, STEADY = "climb", "no climb"
RISING, RAISED = "voice.rising", "voice.raised"
_FLOOR_HZ, _CEILING_HZ = 60.0, 500.0
_BLOCK_S = 10.0


@dataclass(frozen=True, slots=True)
class Noticed:
    """What one call's lights said of a climb: when each id first lit, None for never, and how often ``RISING`` lit."""

    first_s: Mapping[str, float | None]
    rising_lights: int
    hours: float

    def minutes(self, name: str) -> float | None:
        """Minutes of climb at the first light of this id; below 0 before the climb began."""
        first_s = self.first_s[name]
        return None if first_s is None else (first_s - STEADY_S) / 60


def climbs_of(call: Call) -> Iterator[tuple[str, Call]]:
    """The call with and without a climb, by name.

    The climb begins after ``STEADY_S`` and lasts to the end; its level begins so low that nothing clips.
    """
    from parselmouth import Sound
    from parselmouth.praat import call as praat

    manipulation = praat(Sound(call.y, RATE_HZ), "To Manipulation", 0.01, _FLOOR_HZ, _CEILING_HZ)
    tier = praat(manipulation, "Extract pitch tier")
    steady = praat(manipulation, "Get resynthesis (overlap-add)").values[0]
    praat(tier, "Formula", f"self * 2 ^ ({ST_PER_MIN} / 12 * max (0, x - {STEADY_S}) / 60)")
    praat([tier, manipulation], "Replace pitch tier")
    higher = praat(manipulation, "Get resynthesis (overlap-add)").values[0]
    minutes = np.maximum(0.0, np.arange(len(call.y)) / RATE_HZ - STEADY_S) / 60
    louder = _as_strong(higher, steady)[: len(call.y)] * 10 ** (DB_PER_MIN * minutes / 20)
    room = min(1.0, 0.99 / float(np.abs(louder).max()))
    yield STEADY, replace(call, y=steady[: len(call.y)] * room)
    yield CLIMB, replace(call, y=louder * room)


def _as_strong(y: Samples, like: Samples) -> Samples:
    """The samples with the slow course of level of others: periods that overlap more lose up to 1 dB."""
    block = round(_BLOCK_S * RATE_HZ)
    edges = np.arange(0, len(y), block)
    ratio = np.sqrt(np.add.reduceat(like**2, edges) / np.maximum(np.add.reduceat(y**2, edges), 1e-12))
    return y * np.interp(np.arange(len(y)), edges + block / 2, ratio)


def noticed(call: Call, result: Mapping[str, Any]) -> Noticed:
    """When the lights told of a climb."""
    first_s = {name: _first_s(result, name) for name in (RISING, RAISED)}
    return Noticed(first_s, len(_lights(result, RISING)), len(call.y) / call.rate_hz / 3600)


def _lights(result: Mapping[str, Any], name: str) -> Sequence[tuple[float, float]]:
    """Merged stretches in which a reason of this id lit amber or red."""
    of_id = [light for light in result["lights"] if any(reason["id"] == name for reason in light.get("reasons", ()))]
    return lit({"lights": of_id}, ("amber", "red"))


def _first_s(result: Mapping[str, Any], name: str) -> float | None:
    spans = _lights(result, name)
    return spans[0][0] if spans else None
