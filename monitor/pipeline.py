"""The engine: samples of one call in, events out. No thread, clock, device or file; equal for every block size.

Stages: features → windows → voice judge ┐
        transcriber → flags of phrases   ┴→ judgement → events

What the recogniser heard reaches the judgement at the tick whose decision falls on or after the sample clock of the
pass, so that a large block and many small ones tell the same story.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

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
from monitor.phrases.flags import ConfirmationRule, FlagTracker
from monitor.policy.model import Policy
from monitor.ports import BaselineKeeper, Transcriber
from monitor.turns import TurnFinder, told_frame
from monitor.types import HOP, RATE_HZ, TICK, ChecklistItem, Features, FloatArray, Hypothesis, Reason
from monitor.voice import Tick, VoiceJudge
from monitor.windows import RollingWindows, rows

AGENT = "agent"
_LATENCY = round(LATENCY_S * RATE_HZ)


class CallPipeline:
    """Judges the agent's channel of one call."""

    def __init__(
        self,
        policy: Policy,
        keeper: BaselineKeeper,
        transcriber: Transcriber | None,
        *,
        agent_channel: int = 0,
        rule: ConfirmationRule | None = None,
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
        self._flags = FlagTracker(policy, rule)
        self._heard: deque[Hypothesis] = deque()
        self._samples = 0
        self._begun = False
        self._learnt = False
        self._clipped = 0
        self._speaking_frames = 0

    @property
    def duration_s(self) -> float:
        """How much was heard so far."""
        return self._samples / RATE_HZ

    def push(self, y: FloatArray) -> list[Event]:
        """Take the agent's next samples, shape (samples,), any number; return what became known."""
        self._samples += len(y)
        if self._transcriber is not None:
            self._heard.extend(self._transcriber.push(y))
        events: list[Event] = []
        for features in self._features.push(y):
            events += self._judge(features)
        return events

    def finish(self) -> list[Event]:
        """The call ended: everything that was still waiting for what follows."""
        if self._transcriber is not None:
            self._heard.extend(self._transcriber.finish())
        events: list[Event] = []
        for features in self._features.finish():
            events += self._judge(features)
        while self._heard:
            events += self._take(self._heard.popleft())
        events += [TurnEnded(self.duration_s, turn) for turn in self._turns.finish()]
        if self._keeper.known:
            events.append(BaselineLearned(self.duration_s, self._keeper.baseline))
        return events + self._warnings()

    def checklist(self, channels: int) -> list[ChecklistItem]:
        """The call's checklist, once finished."""
        return self._flags.finish(self.duration_s, channels, words_heard=self._transcriber is not None)

    def _judge(self, features: Features) -> list[Event]:
        """Walk through the ticks of some frames, in order, with the words that were heard by then."""
        events: list[Event] = []
        turns = deque(self._turns.push(features))
        ticks = self._windows.push(features)
        self._clipped += int((features.clipped & (features.speech > 0.5)).sum())
        self._speaking_frames += int((features.speech > 0.5).sum())
        for i, row in enumerate(zip(*rows(ticks).values(), strict=True)):
            frames = (ticks.first + i + 1) * TICK
            # The last frames are judged when the recording ends, not later. Samples are counted, so that a time is the
            # same to the last bit whichever of the two it is.
            now_s = min(self._samples, frames * HOP + _LATENCY) / RATE_HZ
            while self._heard and self._heard[0].heard_at_s <= now_s:
                events += self._take(self._heard.popleft())
            while turns and told_frame(turns[0]) <= frames:
                events.append(TurnEnded(now_s, turns.popleft()))
            events += self._tick(row, now_s)
        return [*events, FramesMeasured(now_s, self._channel, features)]

    def _tick(self, row: tuple[Any, ...], now_s: float) -> list[Event]:
        """Decide at one tick; ``row`` has the fields of ``VoiceTicks`` in order, the first six for the voice judge."""
        unheard: Reason | None = self._hearing.look(now_s, *row[6:])
        state = self._voice.look(Tick(now_s, *row[:6]))
        events: list[Event] = []
        if self._voice.learning:
            unheard = unheard or LEARNING
        elif not self._learnt:
            self._learnt = True
            events.append(BaselineLearned(now_s, self._keeper.baseline))
        # The first light stands from the first sample on, though it is known a little later.
        at_s, self._begun = now_s if self._begun else 0.0, True
        return events + self._judgement.look(at_s, state, unheard)

    def _take(self, hypothesis: Hypothesis) -> list[Event]:
        events = self._flags.take(hypothesis)
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
