"""Turn-taking against its limits: what happened between the two becomes a light with a reason, and sums for the result.

Everything is decided in the order of the sample clock (``look`` at every tick), so that a block's size changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from monitor.conversation.floor import AGENT, BACK_CHANNEL_S, CUSTOMER, Happening, Kind
from monitor.policy.thresholds import Thresholds
from monitor.types import FrameGrid, Light, Reason
from monitor.voice import STEADY, VoiceState

_GRID = FrameGrid()
FINISH = "let them finish"
_CUES = {"turn.interrupt": FINISH, "turn.talk_over": FINISH, "turn.monologue": "ask", "turn.dead_air": "say something"}
_TEXTS = {
    "turn.interrupt": "you began while the customer was speaking",
    "turn.talk_over": "both of you speak at once",
    "turn.monologue": "the customer has not spoken for a while",
    "turn.dead_air": "nobody speaks",
}


@dataclass(slots=True)
class Sums:
    """What a call came to, seconds and counts; first entry the agent's, second the customer's."""

    talk_s: list[float] = field(default_factory=lambda: [0.0, 0.0])
    talk_over_s: float = 0.0
    back_channels: int = 0
    longest_monologue_s: float = 0.0
    dead_air_s: float = 0.0
    replies_s: list[float] = field(default_factory=list)


class TurnJudge:
    """Judges turn-taking; feed it what happened, then look at every tick."""

    def __init__(self, limits: Thresholds) -> None:
        self._limits = limits
        self.sums = Sums()
        self._cuts: deque[float] = deque()
        self._overlaps: deque[tuple[float, float]] = deque()
        self._lit: dict[str, tuple[Reason, float]] = {}  # by id: the reason and until when it holds
        self._announced_s: float | None = None  # when a hold was announced
        self._monologue: tuple[int, float] = (-1, 0.0)
        self._silence: tuple[int, float] = (-1, 0.0)
        self._state = STEADY

    def announce_hold(self, said_s: float) -> None:
        """The agent said up to this moment that there will be a wait."""
        self._announced_s = said_s

    def take(self, happening: Happening, now_s: float) -> None:
        """Something happened, and was clear at ``now_s``."""
        start_s, end_s = _GRID.start_s(happening.start), _GRID.start_s(happening.end)
        match happening.kind:
            case Kind.UTTERANCE:
                self._spoke(happening.side, start_s, end_s)
            case Kind.OVERLAP:
                self._talked_over(start_s, end_s, now_s)
            case Kind.INTERRUPTION if happening.side == AGENT:
                self._interrupted(now_s)
            case Kind.ALONE:
                self._alone(happening.start, end_s - start_s, now_s)
            case Kind.QUIET:
                self._quiet(happening.start, end_s - start_s, now_s)
            case Kind.REPLY:
                self.sums.replies_s.append(end_s - start_s)
            case _:
                pass

    @property
    def until_s(self) -> float | None:
        """When the next of the lights goes out by itself; None where nothing is lit."""
        return min((until_s for _, until_s in self._lit.values()), default=None)

    def look(self, now_s: float) -> VoiceState:
        """What turn-taking says at this tick; the same object as before while nothing changed."""
        if not self._lit and self._state is STEADY:
            return STEADY
        gone = [key for key, (_, until_s) in self._lit.items() if until_s <= now_s]
        for key in gone:
            del self._lit[key]
        reasons = tuple(reason for reason, _ in self._lit.values())
        if reasons != self._state.reasons:
            cue = next((_CUES[reason.id] for reason in reasons), None)
            self._state = VoiceState(Light.AMBER, reasons, cue) if reasons else STEADY
        return self._state

    def _light(self, key: str, value: float, unit: str, limit: float, until_s: float) -> None:
        reason = Reason(key, _TEXTS[key], round(value, 1), unit, None, limit)
        known = self._lit.get(key)
        self._lit[key] = (reason if known is None else known[0], until_s)

    def _spoke(self, side: int, start_s: float, end_s: float) -> None:
        self.sums.talk_s[side] += end_s - start_s
        if side == AGENT and end_s - start_s < BACK_CHANNEL_S:
            self.sums.back_channels += 1
        # Whoever speaks so long after it ends the wait; the customer's "all right" does not.
        if self._announced_s is not None and start_s - self._announced_s > _RETURN_S:
            self._announced_s = None

    def _talked_over(self, start_s: float, end_s: float, now_s: float) -> None:
        limits = self._limits.talk_over
        self.sums.talk_over_s += end_s - start_s
        self._overlaps.append((start_s, end_s))
        while self._overlaps[0][1] <= end_s - limits.within_s:
            self._overlaps.popleft()
        lately_s = sum(end - max(start, end_s - limits.within_s) for start, end in self._overlaps)
        if limits.on and lately_s > limits.seconds:
            self._light("turn.talk_over", lately_s, "s", limits.seconds, now_s + limits.hold_s)

    def _interrupted(self, now_s: float) -> None:
        limits = self._limits.interrupt
        self._cuts.append(now_s)
        while self._cuts[0] <= now_s - limits.within_s:
            self._cuts.popleft()
        if limits.on and len(self._cuts) >= limits.count:
            self._light("turn.interrupt", len(self._cuts), "times", limits.count, now_s + limits.hold_s)

    def _alone(self, start: int, lasts_s: float, now_s: float) -> None:
        limits = self._limits.monologue
        self.sums.longest_monologue_s = max(self.sums.longest_monologue_s, lasts_s)
        if limits.on and lasts_s > limits.seconds:
            self._light("turn.monologue", lasts_s, "s", limits.seconds, now_s + _GOES_ON_S)

    def _quiet(self, start: int, lasts_s: float, now_s: float) -> None:
        limits = self._limits.dead_air
        if not self.sums.talk_s[CUSTOMER]:
            return  # who was never heard may be speaking: it may be the wrong device
        if self._announced_s is not None and now_s - self._announced_s <= limits.announced_s:
            return
        if lasts_s <= limits.seconds:
            return
        told, before_s = self._silence
        self.sums.dead_air_s += lasts_s - limits.seconds - (before_s if told == start else 0.0)
        self._silence = (start, lasts_s - limits.seconds)
        if limits.on:
            self._light("turn.dead_air", lasts_s, "s", limits.seconds, now_s + _GOES_ON_S)


_GOES_ON_S = 1.0  # what goes on is told again every half second
_RETURN_S = 5.0  # after an announced hold, whoever speaks later than this has come back
