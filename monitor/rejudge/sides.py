"""Both sides of a stored call: what turn-taking and the customer's voice say is known before the agent's is judged.

Neither depends on the agent's voice, so both are followed first, from one thing that happened to the next. What is left
for the walk over the agent's ticks is whether the agent went up with the customer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import fields
from typing import cast

import numpy as np
import numpy.typing as npt

from monitor.conversation.customer import CustomerJudge
from monitor.conversation.floor import Happening
from monitor.conversation.speaking import LAG
from monitor.conversation.two_sides import TwoSides
from monitor.events import CustomerRaised, Event
from monitor.policy.thresholds import Thresholds
from monitor.ports import BaselineKeeper
from monitor.rejudge.quiet import PatientKeeper, QuietVoice, Stretches
from monitor.types import TICK, BoolArray
from monitor.voice import STEADY, Tick, VoiceState
from monitor.windows import VoiceTicks

_SHIFT = -(-LAG // TICK)  # so many ticks later the customer's are known


class RecalledSides(TwoSides):
    """Give it all of a call, then ``look`` at the ticks that ``changes`` names, and at any others, in order."""

    def __init__(
        self, limits: Thresholds, keeper: BaselineKeeper, now_s: npt.NDArray[np.float64], *, customer: VoiceTicks,
        happened: Sequence[Happening], holds: Sequence[tuple[float, float]],
    ) -> None:  # fmt: skip
        super().__init__(limits, keeper)
        self._customer: _QuietCustomer = _QuietCustomer(limits, keeper)
        self._at_s: list[float] = now_s.tolist()
        self._turned: deque[tuple[int, VoiceState]] = deque()  # from which tick on turn-taking says what
        self._raises: deque[tuple[int, bool]] = deque()  # at which tick the customer's voice went up or came back
        self._now: VoiceState = STEADY
        self._follow_turns(happened, [(int(np.searchsorted(now_s, at_s)), said_s) for at_s, said_s in holds])
        self._follow_customer(customer)

    def changes(self) -> BoolArray:
        """Per tick: whether something between the two changes there, or the agent may be following the customer."""
        found = np.zeros(len(self._at_s), np.bool_)
        found[[tick for tick, _ in self._turned]] = True
        within_s = self._limits.mirrored.within_s
        since: int | None = None
        for tick, raised in [*self._raises, (len(self._at_s), False)]:
            if raised:
                since = tick
            elif since is not None:
                end_s = within_s + self._at_s[min(tick, len(self._at_s) - 1)]
                found[since : int(np.searchsorted(self._at_s, end_s, side="right")) + 1] = True
                since = None
        return found

    def rested(self, now_s: float) -> None:
        """The agent spoke calmly since the last look."""
        self._mirror.look(now_s, 0.0, fresh=True, lit=False)

    def look(self, frame: int, now_s: float, strain: float, fresh: bool, lit: bool) -> tuple[list[Event], VoiceState]:
        """Decide at the tick that ends at ``frame``; the agent's strain and light come from the voice's judge."""
        tick = frame // TICK - 1
        events: list[Event] = []
        while self._raises and self._raises[0][0] <= tick:
            raised = self._raises.popleft()[1]
            self._mirror.customer(raised, now_s)
            events.append(CustomerRaised(now_s, raised))
        while self._turned and self._turned[0][0] <= tick:
            self._now = self._turned.popleft()[1]
        return events, self._joined(self._mirror.look(now_s, strain, fresh, lit), self._now)

    def _follow_turns(self, happened: Sequence[Happening], holds: Sequence[tuple[int, float]]) -> None:
        """Turn-taking, looked at where something happens and where a light goes out."""
        waiting, announced = deque(happened), deque(holds)
        last = len(self._at_s)
        while True:
            ticks = [-(-(waiting[0].told + LAG) // TICK) - 1] if waiting else []
            ticks += [announced[0][0]] if announced else []
            tick = min([*ticks, last])
            self._let_go(tick)
            if tick >= last:
                break
            now_s = self._at_s[tick]
            while announced and announced[0][0] <= tick:
                self.announce_hold(announced.popleft()[1])
            while waiting and waiting[0].told <= TICK * (tick + 1) - LAG:
                self._take(waiting.popleft(), now_s)
            self._turn(tick)
        self._happened = waiting  # for ``rest``

    def _let_go(self, before: int) -> None:
        """Look where lights go out before this tick."""
        while (until_s := self._turn_judge.until_s) is not None:
            tick = int(np.searchsorted(self._at_s, until_s))
            if tick >= before:
                return
            self._turn(tick)

    def _turn(self, tick: int) -> None:
        said = self._turn_judge.look(self._at_s[tick])
        if said is not (self._turned[-1][1] if self._turned else STEADY):
            self._turned.append((tick, said))

    def _follow_customer(self, ticks: VoiceTicks) -> None:
        """The customer's voice, looked at where it is heard, where it stops, and while it is up."""
        known = max(0, min(len(ticks), len(self._at_s) - _SHIFT))
        rows = _Rows(ticks)
        at_s = np.asarray(self._at_s[_SHIFT : _SHIFT + known])
        stretches = rows.stretches(known, at_s, self._limits.learning.speech_s)
        at = deque(rows.heard(known))
        tick = -1
        while at or (self._customer.raised and tick + 1 < known):
            tick = tick + 1 if self._customer.raised and tick + 1 < known else at.popleft()
            now_s = self._at_s[tick + _SHIFT]
            if self._customer.look(rows.tick(tick, now_s)):
                self._raises.append((tick + _SHIFT, self._customer.raised))
            tick = self._customer.rest(tick, now_s, stretches, rows.uppers)
            while at and at[0] <= tick:
                at.popleft()
        self._ticks.extend((0, rows.tick(i, 0.0)[1:]) for i in range(known, len(ticks)))


class _Rows:
    """The customer's ticks as plain values."""

    def __init__(self, ticks: VoiceTicks) -> None:
        self._ticks = ticks
        self.uppers: list[list[float]] = ticks.upper.tolist()

    def tick(self, at: int, now_s: float) -> Tick:
        """What the judge of the voice is given; nothing is asked of the customer's swing and pace."""
        t, unasked = self._ticks, float("nan")
        return Tick(now_s, self.uppers[at], t.fresh.item(at), t.firm.item(at), t.speech_s.item(at), unasked, unasked)

    def heard(self, known: int) -> list[int]:
        """The ticks with something new, of the first so many."""
        unheard = np.isnan(self._ticks.upper[:, 0])
        stops = unheard & ~np.concatenate([[False], unheard[:-1]])
        found: list[int] = np.flatnonzero((self._ticks.fresh | stops)[:known]).tolist()
        return found

    def stretches(self, known: int, now_s: npt.NDArray[np.float64], learnt_s: float) -> Stretches:
        """The first so many ticks, cut where samples are taken."""
        names = [field.name for field in fields(VoiceTicks) if field.name != "first"]
        some = VoiceTicks(0, **{name: getattr(self._ticks, name)[:known] for name in names})
        return Stretches(some, now_s, np.zeros(known, np.bool_), learnt_s)


class _QuietCustomer(CustomerJudge):
    """Follows the customer's strain, and takes stretches of calm speech in one step."""

    def __init__(self, limits: Thresholds, keeper: BaselineKeeper) -> None:
        super().__init__(limits, keeper)
        self._judge = self._voice = QuietVoice(limits, cast("PatientKeeper", keeper))  # as assemble makes them

    def rest(self, tick: int, now_s: float, stretches: Stretches, uppers: Sequence[Sequence[float]]) -> int:
        """Take the calm stretches after this tick; the last tick that is settled by that."""
        voice, s = self._voice, stretches
        if self.raised or not voice.is_quiet(now_s):
            return tick
        at = bisect_right(s.ends, tick)
        weighed = bisect_right(s.weighed, tick)
        while at < len(s.ends) and voice.rests and voice.stays_calm(s.highest[at], s.uppers[at][0]):
            self._add(uppers[i] for i in s.weighed[weighed : s.last[at]])
            tick, weighed = s.ends[at], s.last[at] + 1
            voice.take_calm(s.uppers[at], s.firm[at], s.end_s[at])
            voice.settle()  # what follows is measured against what is believed now
            self._add([s.uppers[at]])
            self._unheard = False
            at += 1
        voice.settle()
        return tick
