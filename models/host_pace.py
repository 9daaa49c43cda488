"""What to do when this machine is too slow for a recogniser in a live call: fewer passes, then a smaller model.

A policy without thread or clock: it is told how far behind the recogniser is and answers with the next step. There is
no way back up within a call: a step that is undone is soon taken again, and each costs words. Offline nothing asks it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class PaceTuning:
    """When a live call steps down; times are wall time in seconds.

    ``lag_s`` of unanswered audio is too much when it lasts ``patience_s`` without growing less; so is more than half
    of the last ``passes`` coming late. After a start and after each step it gets ``settle_s`` to show its effect.
    """

    lag_s: float = 1.5
    patience_s: float = 3.0
    settle_s: float = 4.0
    passes: int = 6


WIDENED = 2.0
"""The first step makes the time between passes so many times as long."""

FREE = 1.5
"""The time between passes is at least so many times what one takes."""


class Kind(Enum):
    """What a step changes."""

    SLOWER = "slower"
    SMALLER = "smaller"
    PAUSES = "pauses"


@dataclass(frozen=True, slots=True)
class Step:
    """A step down; ``interval_s`` is the new time between passes, infinite where only pauses bring any."""

    kind: Kind
    interval_s: float = math.inf

    def told(self, clock: str, model: str = "") -> str:
        """The sentence for badge and result; ``clock`` says since when."""
        does = {
            Kind.SLOWER: f"words are looked for every {self.interval_s:.2g} s",
            Kind.SMALLER: f"it goes on with the smaller model {model}",
            Kind.PAUSES: "words are looked for at pauses only",
        }
        return f"this machine is too slow for the recogniser, so from {clock} on {does[self.kind]}"


class Pace:
    """Follows one call and says when to step down."""

    def __init__(self, tuning: PaceTuning = PaceTuning()) -> None:
        self._tuning = tuning
        self._steps: list[Kind] = []
        self._late: deque[bool] = deque(maxlen=tuning.passes)
        self.begin(0.0, None, can_shrink=False)

    def begin(self, now_s: float, interval_s: float | None, *, can_shrink: bool) -> None:
        """A recogniser is ready that makes passes so often, None when that cannot be changed.

        ``can_shrink`` says whether a smaller one may be there.
        """
        self._interval_s = interval_s
        paced = interval_s is not None and math.isfinite(interval_s)
        ladder = {Kind.SLOWER: paced, Kind.SMALLER: can_shrink, Kind.PAUSES: paced}
        self._steps = [kind for kind, possible in ladder.items() if possible]
        self._settle(now_s)

    def look(self, now_s: float, lag_s: float, late: int, on_time: int, cost_s: float = 0.0) -> Step | None:
        """The next step down, if it is time for one.

        Parameters
        ----------
        lag_s : audio that was not answered yet, in seconds.
        late, on_time : passes that arrived since the last look.
        cost_s : what a pass takes.
        """
        if not self._steps or now_s < self._judged_from_s:
            return None
        if not (self._is_far(now_s, lag_s) or self._is_often_late(lag_s, late, on_time)):
            return None
        self._settle(now_s)
        kind = self._steps.pop(0)
        if kind is Kind.SLOWER and self._interval_s is not None:
            self._interval_s = max(WIDENED * self._interval_s, FREE * cost_s)
            return Step(kind, self._interval_s)
        return Step(kind)

    def _settle(self, now_s: float) -> None:
        self._judged_from_s = now_s + self._tuning.settle_s
        self._far_since: tuple[float, float] | None = None
        self._late.clear()

    def _is_far(self, now_s: float, lag_s: float) -> bool:
        """Whether too much was unanswered for a while and it is not being caught up."""
        if lag_s <= self._tuning.lag_s:
            self._far_since = None
            return False
        since_s, lag_then_s = self._far_since or (now_s, lag_s)
        self._far_since = since_s, lag_then_s
        if now_s - since_s < self._tuning.patience_s:
            return False
        self._far_since = now_s, lag_s
        return lag_s >= lag_then_s

    def _is_often_late(self, lag_s: float, late: int, on_time: int) -> bool:
        if lag_s > self._tuning.lag_s:  # while much waits all are late; whether that grows or shrinks says more
            self._late.clear()
            return False
        self._late.extend([True] * late + [False] * on_time)
        return len(self._late) == self._tuning.passes and 2 * sum(self._late) > self._tuning.passes
