"""How patient a recogniser's host is, and how it fares: for the badge while it runs, as sentences for the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from models.host_pace import PaceTuning, Step
from monitor.types import RATE_HZ


@dataclass(frozen=True, slots=True)
class HostTuning:
    """How patient the host is. All but ``allowance_s`` and ``queue_s`` count wall time.

    ``allowance_s`` is the recipe's unless given, for every pass. ``still_s`` and ``hang_s`` are those of ``Pulse``;
    None means 2 s in a live call, whose words shall be heard again within 5 s, and 30 s offline, where a busy machine
    is no reason to give up. ``finish_s`` is how long the end of a live call waits. ``pace`` says when it steps down.
    """

    allowance_s: float | None = None
    queue_s: float = 10.0
    still_s: float | None = None
    hang_s: float | None = None
    start_limit_s: float = 120.0
    finish_s: float = 5.0
    back_off_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
    most_restarts: int = 5
    healthy_s: float = 60.0
    threads: int = 1
    pace: PaceTuning = field(default_factory=PaceTuning)


class HostState(StrEnum):
    """What a badge tells."""

    STARTING = "starting"
    READY = "ready"
    BEHIND = "behind"
    RESTARTING = "restarting"
    OFF = "off"


class Loss(StrEnum):
    """Why speech was not heard, as the end of a sentence."""

    STARTING = "the recogniser was still starting"
    BEHIND = "the recogniser fell behind"
    STOPPED = "the recogniser stopped"
    SKIPPED = "the recogniser stopped there twice"
    OFF = "the recogniser could not go on"
    ENDED = "the call ended before the recogniser was done"


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A snapshot. ``since_s`` is the sample clock at which the state began; ``late`` passes came after their allowance.

    ``lag_s`` is the audio that was pushed and not yet answered, ``most_queued_s`` the most that ever waited unsent.
    ``step`` is a sentence about the newest step down on a slow machine, None when there was none.
    """

    state: HostState
    since_s: float
    lag_s: float
    most_queued_s: float
    lost_s: float
    late: int
    restarts: int
    step: str | None = None


@dataclass(slots=True)
class HostLog:
    """What went wrong so far, in samples."""

    lost: Counter[Loss] = field(default_factory=Counter)
    late: int = 0
    stops: list[int] = field(default_factory=list)
    skips: list[int] = field(default_factory=list)
    hangs: int = 0
    steps: list[str] = field(default_factory=list)
    problem: str | None = None

    @property
    def lost_s(self) -> float:
        """Seconds of audio that were not heard."""
        return sum(self.lost.values()) / RATE_HZ

    def stepped_down(self, step: Step, at: int, model: str = "") -> None:
        """A live call went on with less, from a sample on."""
        self.steps.append(step.told(_clock(at), model))

    def sentences(self) -> list[str]:
        """What the reader of a result should know."""
        found = [*self.steps] if self.problem is None else [self.problem, *self.steps]
        for loss in Loss:
            seconds = self.lost[loss] / RATE_HZ
            if seconds >= 0.05 and not (loss is Loss.OFF and self.problem):
                where = f" (at {_clocks(self.skips)})" if loss is Loss.SKIPPED else ""
                found.append(f"words were not heard for {seconds:.1f} s{where}: {loss}")
        if self.late:
            found.append(f"words came later than usual {_times(self.late)}: {Loss.BEHIND}")
        if self.stops:
            why = "did not answer" if self.hangs == len(self.stops) else "stopped"
            found.append(
                f"the recogniser {why} and was started again {_times(len(self.stops))} (at {_clocks(self.stops)})"
            )
        return found


def _times(count: int) -> str:
    return f"{count} time" if count == 1 else f"{count} times"


def _clocks(samples: Sequence[int], most: int = 5) -> str:
    """Places in the recording as minutes and seconds, the first few of them."""
    told = [_clock(at) for at in samples[:most]]
    return ", ".join([*told, "..."] if len(samples) > most else told)


def _clock(at: int) -> str:
    return f"{at // RATE_HZ // 60}:{at // RATE_HZ % 60:02d}"
