"""Both sides of a call: samples and measures of two channels in, events and a light's reasons out, tick by tick."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from monitor.conversation.customer import CustomerJudge, CustomerMeasures, Mirror
from monitor.conversation.floor import AGENT, Floor, Happening, Kind
from monitor.conversation.judge import TurnJudge
from monitor.conversation.music import SoundFinder
from monitor.conversation.speaking import LAG, Speaking, SpeakingFinder
from monitor.events import ConversationMeasured, CustomerRaised, Event, Interrupted, TurnEnded
from monitor.policy.thresholds import Thresholds
from monitor.ports import BaselineKeeper
from monitor.tap import Tap
from monitor.turns import TurnFinder, told_frame
from monitor.types import ChecklistItem, Conversation, Features, FloatArray, FrameGrid, Interruption, Turn
from monitor.voice import STEADY, Tick, VoiceState

SIDES = ("agent", "customer")
_GRID = FrameGrid()
NOT_LOUD = "the customer's voice stayed as it was at the start"
TOO_LITTLE = "too little of the customer was heard"
NOT_HEARD = "the customer was not heard"
NOT_SPOKEN = "nobody spoke"


class TwoSides:
    """Follows a call on two channels; ``keeper`` learns the customer's voice of this call and is never stored."""

    def __init__(self, limits: Thresholds, keeper: BaselineKeeper) -> None:
        self._limits = limits
        self._finder = SpeakingFinder()
        self._floor = Floor()
        self._sound = SoundFinder()
        self._turn_judge = TurnJudge(limits)
        self._measures = CustomerMeasures()
        self._customer = CustomerJudge(limits, keeper)
        self._mirror = Mirror(limits.mirrored)
        self._turn_finders = tuple(TurnFinder(side, lead_s=0.0) for side in SIDES)
        self._happened: deque[Happening] = deque()
        self._ticks: deque[tuple[int, tuple[Any, ...]]] = deque()
        self._turns: deque[tuple[int, Turn]] = deque()
        self._interruptions: list[Interruption] = []
        self._frames = 0
        self._tap: Tap | None = None

    def tell(self, tap: Tap) -> None:
        """Tell from here on what the judgement is made from."""
        self._tap = self._measures.tap = tap

    @property
    def first_raised_s(self) -> float | None:
        """When the customer's voice first went over its own first minute: a first sign of trouble."""
        return self._customer.first_raised_s

    def hear(self, y: FloatArray) -> None:
        """Take the samples of agent and customer, shape (2, samples), before their measures."""
        self._finder.hear(y)

    def measure(self, agent: Features, customer: Features) -> None:
        """Take the measures of the same frames of both."""
        self._frames = agent.start_frame + len(agent)
        self._measures.hear(customer)
        for part in self._finder.push((agent, customer)):
            self._follow(part)

    def finish(self) -> None:
        """Both channels ended; what is left can be looked at now."""
        for part in self._finder.finish():
            self._follow(part, last=True)
        self._note(self._floor.finish(self._frames))
        for finder in self._turn_finders:
            self._turns.extend((self._frames, turn) for turn in finder.finish())

    def announce_hold(self, said_s: float) -> None:
        """The agent said up to this moment that there will be a wait."""
        self._turn_judge.announce_hold(said_s)

    def look(self, frame: int, now_s: float, strain: float, fresh: bool, lit: bool) -> tuple[list[Event], VoiceState]:
        """Decide at the tick that ends at ``frame``; the agent's strain and light come from the voice's judge."""
        events: list[Event] = []
        known = frame - LAG
        while self._ticks and self._ticks[0][0] <= known:
            _, row = self._ticks.popleft()
            if self._customer.look(Tick(now_s, *row[:6])):
                self._mirror.customer(self._customer.raised, now_s)
                events.append(CustomerRaised(now_s, self._customer.raised))
        while self._happened and self._happened[0].told <= known:
            events += self._take(self._happened.popleft(), now_s)
        while self._turns and self._turns[0][0] <= known:
            events.append(TurnEnded(now_s, self._turns.popleft()[1]))
        mirrored = self._mirror.look(now_s, strain, fresh, lit)
        return events, self._joined(mirrored, self._turn_judge.look(now_s))

    @staticmethod
    def _joined(mirrored: VoiceState, turns: VoiceState) -> VoiceState:
        if mirrored is STEADY or turns is STEADY:
            return turns if mirrored is STEADY else mirrored
        return VoiceState(turns.light, mirrored.reasons + turns.reasons, mirrored.cue)

    def rest(self, duration_s: float) -> list[Event]:
        """After ``finish`` and the last tick: what was still on its way, and what the call came to."""
        events: list[Event] = []
        for happening in self._happened:
            events += self._take(happening, duration_s)
        for _, row in self._ticks:
            self._customer.look(Tick(duration_s, *row[:6]))
        events += [TurnEnded(duration_s, turn) for _, turn in self._turns]
        return [*events, ConversationMeasured(duration_s, self._conversation(duration_s))]

    def checklist(self, duration_s: float) -> dict[str, ChecklistItem]:
        """The items that listening and an even voice meet, by id."""
        return {"do.listen": self._listened(duration_s), "do.steady": self._stayed_steady()}

    def _follow(self, part: Speaking, *, last: bool = False) -> None:
        self._sound.push(part)
        self._note(self._floor.push(part, self._sound.until))
        self._ticks.extend(self._measures.settle(part.leaked[1], last=last))
        for side, finder in enumerate(self._turn_finders):
            ended = finder.hear(part.first, part.own[side])
            self._turns.extend((told_frame(turn), turn) for turn in ended)
        self._turns = deque(sorted(self._turns, key=lambda each: each[0]))

    def _note(self, happenings: Iterable[Happening]) -> None:
        for happening in happenings:
            self._happened.append(happening)
            if self._tap is not None:
                self._tap.happened(happening)

    def _take(self, happening: Happening, now_s: float) -> list[Event]:
        self._turn_judge.take(happening, now_s)
        if happening.kind is not Kind.INTERRUPTION:
            return []
        interruption = Interruption(_GRID.start_s(happening.start), SIDES[happening.side])
        self._interruptions.append(interruption)
        return [Interrupted(now_s, interruption)]

    def _conversation(self, duration_s: float) -> Conversation:
        sums = self._turn_judge.sums
        talk_s = sum(sums.talk_s)
        return Conversation(
            talk_share=sums.talk_s[AGENT] / talk_s if talk_s else None,
            talk_over_s=sums.talk_over_s,
            interruptions=tuple(self._interruptions),
            back_channels=sums.back_channels,
            longest_monologue_s=sums.longest_monologue_s,
            dead_air_s=sums.dead_air_s,
            reply_delay_s=float(np.median(sums.replies_s)) if sums.replies_s else None,
            slow_replies=sum(reply_s > self._limits.slow_reply.seconds for reply_s in sums.replies_s),
            customer=self._customer.finish(duration_s),
        )

    def _listened(self, duration_s: float) -> ChecklistItem:
        limits, sums = self._limits.listen, self._turn_judge.sums
        talk_s = sum(sums.talk_s)
        if not all(sums.talk_s):
            return ChecklistItem("do.listen", None, why=NOT_HEARD if talk_s else NOT_SPOKEN)
        cuts = sum(cut.by == SIDES[AGENT] for cut in self._interruptions)
        findings: Sequence[tuple[bool, str]] = (
            (cuts > max(1.0, limits.interruptions_per_min * duration_s / 60), f"{cuts} interruptions"),
            (sums.talk_over_s > limits.talk_over_share * talk_s, f"{sums.talk_over_s:.0f} s of talk-over"),
            (sums.talk_s[AGENT] > limits.talk_share * talk_s, f"{100 * sums.talk_s[AGENT] / talk_s:.0f} % of the talk"),
            (sums.longest_monologue_s > self._limits.monologue.seconds, f"{sums.longest_monologue_s:.0f} s alone"),
        )
        against = [text for found, text in findings if found]
        if against:
            return ChecklistItem("do.listen", False, why=", ".join(against))
        evidence = f"{100 * sums.talk_s[AGENT] / talk_s:.0f} % of the talk, {cuts} interruptions"
        return ChecklistItem("do.listen", True, evidence=evidence)

    def _stayed_steady(self) -> ChecklistItem:
        mirror = self._mirror
        if not self._turn_judge.sums.talk_s[1 - AGENT]:
            return ChecklistItem("do.steady", None, why=NOT_HEARD)
        if not mirror.loud_s:
            return ChecklistItem("do.steady", None, why=NOT_LOUD if self._customer.known else TOO_LITTLE)
        even = f"even for {mirror.even_s:.0f} of {mirror.loud_s:.0f} s"
        if mirror.followed or mirror.even_s < 0.9 * mirror.loud_s:
            return ChecklistItem("do.steady", False, why=even)
        return ChecklistItem("do.steady", True, at_s=self._customer.first_raised_s, evidence=even)
