"""The engine: samples of one call in, events out. No thread, clock, device or file; equal for every block size.

Stages: features → windows → voice judge    ┐
        transcriber → flags of phrases      ├→ judgement → events
        both channels → turn-taking         ┘

What the recogniser heard reaches the judgement at the tick whose decision falls on or after the sample clock of the
pass, so that a large block and many small ones tell the same story.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from monitor.conversation.two_sides import TwoSides
from monitor.errors import BugError
from monitor.events import (
    BaselineLearned,
    Event,
    FlagChanged,
    FramesMeasured,
    TurnEnded,
    Warned,
)
from monitor.features.extractor import LATENCY_S, FeatureExtractor
from monitor.judgement import LEARNING, Hearing, Judgement
from monitor.phrases.announcement import HoldListener
from monitor.phrases.checklist import Known
from monitor.phrases.customer_name import CustomerName
from monitor.phrases.flags import ConfirmationRule, FlagTracker
from monitor.policy.model import Policy
from monitor.ports import BaselineKeeper, Transcriber
from monitor.tap import Tap
from monitor.turns import TurnFinder, told_frame
from monitor.types import HOP, RATE_HZ, TICK, ChecklistItem, Features, FloatArray, FrameGrid, Hypothesis, Light, Reason
from monitor.voice import STEADY, Tick, VoiceJudge
from monitor.windows import RollingWindows, rows

AGENT = "agent"
CHECKED = round(1 / FrameGrid().start_s(1))  # frames between two looks at the checklist: 1 s
_LATENCY = round(LATENCY_S * RATE_HZ)


class CallPipeline:
    """Judges the agent's channel of one call; with ``customer_keeper`` it hears the customer's channel as well.

    What is known of the customer's voice is learnt from this call alone, by ``customer_keeper``.
    """

    def __init__(
        self,
        policy: Policy,
        keeper: BaselineKeeper,
        transcriber: Transcriber | None,
        *,
        agent_channel: int = 0,
        rule: ConfirmationRule | None = None,
        customer_keeper: BaselineKeeper | None = None,
        customer: str | None = None,
    ) -> None:
        self._channel = agent_channel
        self._keeper = keeper
        self._transcriber = transcriber
        self._features = FeatureExtractor()
        self._windows = RollingWindows()
        self._turns = TurnFinder(AGENT)
        self._voice = VoiceJudge(policy.thresholds, keeper)
        self._hearing = Hearing(policy.thresholds.audibility)
        self._judgement = Judgement(policy)
        self._customer = CustomerName(customer)
        self._flags = FlagTracker(policy, rule, self._customer)
        self._sides: TwoSides | None = None
        if customer_keeper is not None:
            self._sides = TwoSides(policy.thresholds, customer_keeper)
            self._holds = HoldListener(policy)
            self._customer_features = FeatureExtractor()
        self._heard: deque[Hypothesis] = deque()
        self._listened = 0  # samples, of which
        self._samples = 0  # so many are judged
        self._begun = False
        self._learnt = False
        self._clipped = 0
        self._speaking_frames = 0
        self._tap: Tap | None = None

    @property
    def duration_s(self) -> float:
        """How much was heard so far."""
        return self._samples / RATE_HZ

    def tell(self, tap: Tap) -> None:
        """Tell from here on what the judgement is made from."""
        self._tap = tap
        if self._sides is not None:
            self._sides.tell(tap)

    def push(self, y: FloatArray, customer: FloatArray | None = None) -> list[Event]:
        """Take the next samples, shape (samples,), any number, of agent and customer; return what became known.

        Raises
        ------
        BugError
            The customer's channel is missing or unasked for, or not as long as the agent's.
        """
        self.listen(y)
        return self.judge(y, customer)

    def listen(self, y: FloatArray) -> bool:
        """Look for words in the next samples, to be judged soon; whether words wait that a tick could take by then.

        Words are looked for in every block as it comes, the voice is judged in larger pieces.
        """
        self._listened += len(y)
        if self._transcriber is None:
            return False
        self._heard.extend(self._transcriber.push(y))
        if not self._heard:
            return False
        ticks = math.ceil((round(self._heard[0].heard_at_s * RATE_HZ) - _LATENCY) / (TICK * HOP))
        return self._listened >= ticks * TICK * HOP + _LATENCY

    def judge(self, y: FloatArray, customer: FloatArray | None = None) -> list[Event]:
        """The latter half of ``push``: judge samples whose words were looked for; return what became known.

        Raises
        ------
        BugError
            As ``push``.
        """
        if (customer is None) != (self._sides is None) or (customer is not None and len(customer) != len(y)):
            raise BugError("Both channels of a call must be pushed together.")
        self._samples += len(y)
        if self._sides is None or customer is None:
            return [event for features in self._features.push(y) for event in self._judge(features)]
        self._sides.hear(np.stack([y, customer]))
        return self._judge_both(self._features.push(y), self._customer_features.push(customer))

    def retune(self, policy: Policy) -> None:
        """Judge the voice by this policy's limits from here on; what was learnt of it stays."""
        self._voice = VoiceJudge(policy.thresholds, self._keeper)

    def name_customer(self, name: str) -> None:
        """The customer has this name, from here on."""
        self._customer.give(name)

    def finish(self) -> list[Event]:
        """The call ended: everything that was still waiting for what follows."""
        if self._transcriber is not None:
            self._heard.extend(self._transcriber.finish())
        events: list[Event] = []
        if self._sides is None:
            for features in self._features.finish():
                events += self._judge(features)
        else:
            events += self._judge_both(self._features.finish(), self._customer_features.finish())
        while self._heard:
            events += self._take(self._heard.popleft(), self.duration_s)
        if self._sides is None:
            events += [TurnEnded(self.duration_s, turn) for turn in self._turns.finish()]
        else:
            self._sides.finish()
            events += self._sides.rest(self.duration_s)
        if self._keeper.known:
            events.append(BaselineLearned(self.duration_s, self._keeper.baseline))
        return events + self._warnings()

    def checklist(self, channels: int) -> list[ChecklistItem]:
        """The call's checklist, once finished."""
        known = self._known
        items = self._flags.finish(
            self.duration_s,
            channels,
            trouble_at_s=known.trouble_at_s,
            words_heard=known.words_heard,
            measured=known.measured,
        )
        measured = {} if self._sides is None else self._sides.checklist(self.duration_s)
        return [measured.get(item.id, item) for item in items]

    @property
    def _known(self) -> Known:
        sides = 1 if self._sides is None else 2
        return Known(sides, self._first_trouble_s(), self._transcriber is not None, sides)

    def _first_trouble_s(self) -> float | None:
        """The first sign of trouble: what the agent said, or the customer's voice over its own first minute."""
        signs = (self._flags.trouble_at_s, self._sides.first_raised_s if self._sides else None)
        return min((sign for sign in signs if sign is not None), default=None)

    def _judge_both(self, agent: Iterable[Features], customer: Iterable[Features]) -> list[Event]:
        events: list[Event] = []
        assert self._sides is not None
        for ours, theirs in zip(agent, customer, strict=True):
            self._sides.measure(ours, theirs)
            events += self._judge(ours)
            events.append(FramesMeasured(events[-1].at_s, 1 - min(self._channel, 1), theirs))
        return events

    def _judge(self, features: Features) -> list[Event]:
        """Walk through the ticks of some frames, in order, with the words that were heard by then."""
        events: list[Event] = []
        turns = deque(self._turns.push(features) if self._sides is None else ())
        ticks = self._windows.push(features)
        if self._tap is not None:
            self._tap.measured(0, ticks)
        self._clipped += int((features.clipped & (features.speech > 0.5)).sum())
        self._speaking_frames += int((features.speech > 0.5).sum())
        for i, row in enumerate(zip(*rows(ticks).values(), strict=True)):
            frames = (ticks.first + i + 1) * TICK
            # The last frames are judged when the recording ends, not later. Samples are counted, so that a time is the
            # same to the last bit whichever of the two it is.
            now_s = min(self._samples, frames * HOP + _LATENCY) / RATE_HZ
            while self._heard and self._heard[0].heard_at_s <= now_s:
                events += self._take(self._heard.popleft(), now_s)
            while turns and told_frame(turns[0]) <= frames:
                events.append(TurnEnded(now_s, turns.popleft()))
            events += self._tick(row, now_s, frames)
        return [*events, FramesMeasured(now_s, self._channel, features)]

    def _tick(self, row: tuple[Any, ...], now_s: float, frames: int) -> list[Event]:
        """Decide at one tick; ``row`` has the fields of ``VoiceTicks`` in order, the first six for the voice judge."""
        unheard: Reason | None = self._hearing.look(now_s, *row[6:])
        state = self._voice.look(Tick(now_s, *row[:6]))
        events: list[Event] = []
        if self._voice.learning:
            unheard = unheard or LEARNING
        elif not self._learnt:
            self._learnt = True
            events.append(BaselineLearned(now_s, self._keeper.baseline))
        between = STEADY
        if self._sides is not None:
            lit = state.light is not Light.GREEN
            found, between = self._sides.look(frames, now_s, self._voice.strain, row[1], lit)
            events += found
        if frames % CHECKED == 0:
            events += self._flags.look(now_s, self._known)
        # The first light stands from the first sample on, though it is known a little later.
        at_s, self._begun = now_s if self._begun else 0.0, True
        return events + self._judgement.look(at_s, state, unheard, between)

    def _take(self, hypothesis: Hypothesis, now_s: float) -> list[Event]:
        events = self._flags.take(hypothesis)
        announced_s = None if self._sides is None else self._holds.heard(hypothesis)
        if self._sides is not None and announced_s is not None:
            self._sides.announce_hold(announced_s)
        if self._tap is not None:
            self._tap.heard(hypothesis, now_s, announced_s)
        for event in events:
            if isinstance(event, FlagChanged):
                self._judgement.hear(event.flag, event.at_s)
        return events

    def _warnings(self) -> list[Event]:
        sentences: Sequence[str] = () if self._transcriber is None else self._transcriber.warnings
        found: list[Event] = [
            Warned(self.duration_s, f"recogniser.{number}", sentence) for number, sentence in enumerate(sentences)
        ]
        if self._clipped:
            share = 100 * self._clipped / max(1, self._speaking_frames)
            found.append(Warned(self.duration_s, "clipping", f"clipping in {share:.1f} % of speech"))
        return found
