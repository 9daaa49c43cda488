"""How near the engine's turn-taking comes to what the script sounded, sample by sample."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.scenarios.hearing import Outcome
from benchmarks.scenarios.scene import both_s
from monitor.conversation.two_sides import SIDES
from monitor.turns import GAP_S, LEAST_S
from monitor.types import Segment, Turn


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """Errors of one call. ``edges_s`` are the distances of all turn boundaries, infinite for a turn that is missing."""

    edges_s: tuple[float, ...]
    both_s: float
    told_both_s: float
    cuts_right: bool | None


def compare(outcome: Outcome) -> TurnTaking | None:
    """Compare a stereo call with its truth; None where the engine tells of no conversation."""
    both = outcome.result.conversation
    if both is None:
        return None
    wanted = outcome.scenario.interruptions
    right = None if wanted is None else tuple(cut.by for cut in both.interruptions) == wanted
    turns = outcome.result.turns
    edges = [edge for side in (0, 1) for edge in edges_s(outcome.scene.spoken[side], _of(turns, SIDES[side]))]
    return TurnTaking(tuple(edges), both_s(outcome.scene), both.talk_over_s, right)


def edges_s(spoken: Sequence[Segment], told: Sequence[Segment]) -> list[float]:
    """Distances of the boundaries of turns; two for each turn of either that the other lacks are infinite."""
    true = [turn for turn in _joined(spoken) if turn.duration_s >= LEAST_S]
    left = list(told)
    found: list[float] = []
    for turn in true:
        match = max(left, key=turn.overlap_s, default=None)
        if match is None or turn.overlap_s(match) <= 0:
            found += [np.inf, np.inf]
            continue
        left.remove(match)
        found += [abs(match.start_s - turn.start_s), abs(match.end_s - turn.end_s)]
    return found + [np.inf] * (2 * len(left))


def _of(turns: Iterable[Turn], speaker: str) -> list[Segment]:
    return [Segment(turn.start_s, turn.end_s) for turn in turns if turn.speaker == speaker]


def _joined(spoken: Sequence[Segment]) -> list[Segment]:
    """Stretches made turns: a pause up to ``GAP_S`` does not end one."""
    joined: list[Segment] = []
    for each in spoken:
        if joined and each.start_s - joined[-1].end_s <= GAP_S:
            joined[-1] = Segment(joined[-1].start_s, each.end_s)
        else:
            joined.append(each)
    return joined
