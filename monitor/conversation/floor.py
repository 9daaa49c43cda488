"""Who has the floor: utterances, talk-over, interruptions, monologues, dead air and replies, as they happen.

An *utterance* is one side's speaking between two pauses longer than ``speaking.BRIDGE``. One side *interrupts* when it
begins while the other speaks, and the other stops or is spoken over for longer than a limit. A *back-channel* (a short
sound of listening) interrupts nobody, and neither does who comes in as the other is just ending.

Works on the edges of speaking and on a grid of half seconds, never on the size of a block. Times are frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monitor.conversation.speaking import Speaking
from monitor.types import FrameGrid

AGENT, CUSTOMER = 0, 1
_FPS = round(FrameGrid().frames_per_s)
_GRID = _FPS // 10  # looked at so often beside the edges
_SLOW_GRID = _FPS // 2  # and this often, for what goes on

OVERLAP_S = 0.5  # who is spoken over for longer was interrupted, whoever goes on (behaviours.md)
# A shorter overlap is how turns change hands: most are under 0.2 s (Heldner & Edlund 2010, J. Phonetics 38).
LEAST_OVERLAP_S = 0.2
BACK_CHANNEL_S = 0.7  # shorter is a sign of listening (behaviours.md)
_HAD_FLOOR_S = 0.3  # who has spoken for less had no floor to lose
_HELD_S = 0.5  # a pause up to this keeps the floor, unless the other speaks in it
_TURN_GAP_S = 3.0  # a pause of the agent that ends a monologue
_FPS_HELD = round(_HELD_S * _FPS)
_FPS_OVERLAP, _FPS_LEAST = round(OVERLAP_S * _FPS), round(LEAST_OVERLAP_S * _FPS)
_FPS_BACK, _FPS_FLOOR, _FPS_GAP = round(BACK_CHANNEL_S * _FPS), round(_HAD_FLOOR_S * _FPS), round(_TURN_GAP_S * _FPS)


class Kind(StrEnum):
    """What happened between the two."""

    UTTERANCE = "utterance"  # ``side`` spoke from ``start`` to ``end``
    OVERLAP = "overlap"  # both spoke; long ones come in pieces of half a second
    INTERRUPTION = "interruption"  # ``side`` cut in at ``start``
    ALONE = "alone"  # the agent has spoken since ``start`` without a word of the customer; told again as it goes on
    QUIET = "quiet"  # nobody has spoken since ``start``; told again as it goes on
    REPLY = "reply"  # the agent answered at ``end`` what the customer ended at ``start``


@dataclass(frozen=True, slots=True)
class Happening:
    """Something between the two, in frames; ``told`` is when it was clear."""

    kind: Kind
    start: int
    end: int
    told: int
    side: int = AGENT


@dataclass(slots=True)
class _Side:
    speaking: bool = False
    start: int = 0
    end: int = -1_000_000
    floor: int = 0  # since when it has had the floor, short pauses included
    cut_in: int | None = None  # where it began to speak over the other, until that is told or turns out harmless
    stopped: int | None = None  # where the other stopped because of it


class Floor:
    """Follows both sides."""

    def __init__(self) -> None:
        self._sides = (_Side(), _Side())
        self._at = 0
        self._alone: int | None = None
        self._asked: int | None = None  # where the customer ended what the agent has not answered yet
        self._customer_spoke = False  # who was never heard may be on no channel at all
        self._busy = 0  # up to here there was music or the like

    def push(self, part: Speaking, busy_until: int) -> Iterator[Happening]:
        """Take the next frames; yield what happened, in order.

        ``busy_until`` is the frame up to which there was sound that is nobody's speech.
        """
        self._busy = max(self._busy, busy_until)
        speaking = part.speaking
        before = np.array([[side.speaking] for side in self._sides])
        known = np.concatenate([before, speaking], axis=1).astype(np.int8)
        changed = known[:, 1:] - known[:, :-1]
        on_grid = (part.first + np.arange(speaking.shape[1])) % _GRID == 0
        for at in np.flatnonzero(changed.any(axis=0) | on_grid).tolist():
            edge = bool(changed[:, at].any())
            yield from self._until(part.first + at, whole=edge)
            if edge:
                yield from self._change(part.first + at, changed[:, at])

    def finish(self, end: int) -> Iterator[Happening]:
        """The call ended at this frame, and with it what is being said."""
        yield from self._until(end, whole=True)
        yield from self._change(end, np.array([-int(side.speaking) for side in self._sides]))

    def _until(self, frame: int, *, whole: bool) -> Iterator[Happening]:
        """Nothing changed since the last look: what lasted long enough to be told; ``whole`` where something ends."""
        agent, customer = self._sides
        if agent.speaking and customer.speaking and frame > self._at:
            yield Happening(Kind.OVERLAP, self._at, frame, frame)
        self._at = frame
        yield from self._interrupting(frame)
        if not whole and frame % _SLOW_GRID:
            return
        if self._alone is not None and agent.speaking and self._customer_spoke:
            yield Happening(Kind.ALONE, self._alone, frame, frame)
        if not agent.speaking and not customer.speaking:
            since = max(0, agent.end, customer.end, self._busy)
            if frame > since:
                yield Happening(Kind.QUIET, since, frame, frame)

    def _interrupting(self, frame: int) -> Iterator[Happening]:
        for side, me in enumerate(self._sides):
            if me.cut_in is None or not me.speaking:
                continue
            clear = me.cut_in + _FPS_OVERLAP + 1 if me.stopped is None else me.stopped
            if max(clear, me.start + _FPS_BACK) <= frame:
                me.cut_in = None
                yield Happening(Kind.INTERRUPTION, me.start, frame, frame, side)

    def _change(self, frame: int, changed: np.ndarray) -> Iterator[Happening]:
        # Ends before starts: who begins at the moment when the other ends does not speak over anybody.
        for side in (AGENT, CUSTOMER):
            if changed[side] < 0:
                yield self._end(side, frame)
        for side in (AGENT, CUSTOMER):
            if changed[side] > 0:
                yield from self._begin(side, frame)

    def _begin(self, side: int, frame: int) -> Iterator[Happening]:
        me, other = self._sides[side], self._sides[1 - side]
        long_pause = frame - me.end >= _FPS_GAP
        taken = other.speaking and other.start < frame
        if frame - me.end > _FPS_HELD or taken or other.end > me.end:
            me.floor = frame
        me.speaking, me.start, me.stopped = True, frame, None
        me.cut_in = frame if taken and frame - other.floor >= _FPS_FLOOR else None
        if side == CUSTOMER:
            self._alone, self._customer_spoke = None, True
        elif self._alone is None or long_pause:
            self._alone = None if other.speaking else frame
        if side == AGENT and self._asked is not None and not other.speaking:
            yield Happening(Kind.REPLY, self._asked, frame, frame)
            self._asked = None

    def _end(self, side: int, frame: int) -> Happening:
        me, other = self._sides[side], self._sides[1 - side]
        me.speaking, me.end, me.cut_in = False, frame, None
        if other.speaking and other.cut_in is not None:
            if frame - other.cut_in >= _FPS_LEAST:
                other.stopped = frame
            else:
                other.cut_in = None
        if side == CUSTOMER:
            self._alone = frame if other.speaking else None
            self._asked = None if other.speaking else frame
        return Happening(Kind.UTTERANCE, me.start, frame, frame, side)
