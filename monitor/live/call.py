"""One live call: its own pipeline, result and, where the policy asks for it, recording."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from monitor.events import BaselineLearned, Event, LightChanged
from monitor.listening import LiveWords
from monitor.pipeline import CallPipeline
from monitor.policy.model import Policy
from monitor.result import ResultBuilder
from monitor.result_types import CallResult
from monitor.types import RATE_HZ, Baseline, FloatArray

if TYPE_CHECKING:
    from monitor.sinks.recorder import Recorder
    from monitor.store.journal import Journal

log = logging.getLogger(__name__)

_STEP = RATE_HZ // 5  # samples judged at a time: a third of the work of judging each block, for 0.1 s on average


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call when it begins. ``began_s`` is the session's time of its first sample."""

    name: str
    automatic: bool
    began: datetime
    began_s: float
    channels: int
    profile: str  # the name under which its voice may be learnt
    heard_before_s: float  # speech that had taught this profile


@dataclass(frozen=True, slots=True)
class Finished:
    """A call that ended: its last events and its result, None for the latter when that could not be made."""

    facts: CallFacts
    events: tuple[Event, ...]
    result: CallResult | None
    baseline: Baseline | None


class LiveCall:
    """Judges one call while it lasts; ``finish`` goes on in a thread of its own, as the recogniser may take a while."""

    def __init__(
        self,
        facts: CallFacts,
        pipeline: CallPipeline,
        builder: ResultBuilder,
        words: LiveWords,
        recorder: Recorder | None,
        *,
        journal: Journal | None = None,
    ) -> None:
        self.facts = facts
        self.words = words
        self.customer: str | None = None
        self.light: LightChanged | None = None  # the newest, as judged
        self._pipeline = pipeline
        self._builder = builder
        self._recorder = recorder
        self._journal = journal
        if journal is not None:
            pipeline.tell(journal)
        self._baseline: Baseline | None = None
        self._notes: list[str] = []
        self._waiting: list[FloatArray] = []
        self._waiting_samples = 0

    @property
    def duration_s(self) -> float:
        """How much of it was heard."""
        return self._pipeline.duration_s + self._waiting_samples / RATE_HZ

    def push(self, y: FloatArray) -> list[Event]:
        """Take the next samples, shape (channels, samples); return what became known.

        Words are looked for at once and judged when they are heard, the voice is judged every 0.2 s.

        A device may have come or gone since the call began: a row too many is left out, a missing one is silent.
        """
        channels = self.facts.channels
        if len(y) < channels:
            y = np.concatenate([y, np.zeros((channels - len(y), y.shape[1]), np.float32)])
        if self._recorder is not None:
            self._recorder.write(y[:channels])
        self._waiting.append(y[:channels])
        self._waiting_samples += y.shape[1]
        heard = self._pipeline.listen(y[0])
        return self._judge_waiting() if heard or self._waiting_samples >= _STEP else []

    def _judge_waiting(self) -> list[Event]:
        if not self._waiting:
            return []
        y = np.concatenate(self._waiting, axis=1)
        self._waiting, self._waiting_samples = [], 0
        return self._gathered(self._pipeline.judge(y[0], y[1] if len(y) > 1 else None))

    def retune(self, policy: Policy, choice: str) -> None:
        """Judge by other limits from here on; the result tells when that was."""
        self._pipeline.retune(policy)
        minutes, seconds = divmod(int(self.duration_s), 60)
        self.note(f"the sensitivity was changed to {choice} at {minutes}:{seconds:02d}")

    def name_customer(self, name: str) -> None:
        """The customer has this name, from here on."""
        self.customer = name
        self._pipeline.name_customer(name)

    def note(self, sentence: str) -> None:
        """Something that the reader of the result should know."""
        self._notes.append(sentence)

    def dispute(self, subject: str, text: str, note: str | None) -> None:
        """The agent found this not right, now; kept with the call where that is kept."""
        if self._journal is not None:
            from monitor.store.head import Disputed

            at_s = round(self.duration_s, 3)
            self._journal.disputed(Disputed(round(time.time() * 1000), subject, at_s, text, note))

    def finish(self, done: Callable[[Finished], None]) -> None:
        """End the call; ``done`` is called from another thread, whatever happens."""
        threading.Thread(target=self._finish, args=(done,), name="evenkeel-call-end", daemon=True).start()

    def hurry(self) -> None:
        """Wait no longer for the recogniser's last words."""
        if self.words.transcriber is not None:
            self.words.transcriber.close()

    def _finish(self, done: Callable[[Finished], None]) -> None:
        events: list[Event] = []
        result = None
        try:
            if self._recorder is not None:
                self._recorder.close()
                self._notes += self._recorder.warnings
            events = self._judge_waiting() + self._gathered(self._pipeline.finish())
            told = (*self.words.warnings, *self._notes)
            items = self._pipeline.checklist(self.facts.channels)
            result = self._builder.finish(self._pipeline.duration_s, items, told)
            if self._journal is not None:
                self._journal.finish(result)
        except Exception:
            log.exception("the result of a call could not be made")
        finally:
            self.hurry()
            if self._journal is not None:
                self._journal.close()
            done(Finished(self.facts, tuple(events), result, self._baseline))

    def _gathered(self, events: list[Event]) -> list[Event]:
        for event in events:
            self._builder.take(event)
            if self._journal is not None:
                self._journal.take(event)
            if isinstance(event, BaselineLearned):
                self._baseline = event.baseline
            elif isinstance(event, LightChanged):
                self.light = event
        return events


class Lately:
    """The last seconds of sound, in memory only, so that a call that begins by itself has its first word."""

    def __init__(self, most_s: float) -> None:
        self._most = round(most_s * RATE_HZ)
        self._blocks: list[FloatArray] = []
        self._held = 0

    def push(self, y: FloatArray) -> None:
        """Keep a block, shape (channels, samples); let go of what is too old."""
        if self._blocks and len(self._blocks[-1]) != len(y):
            self.clear()
        self._blocks.append(y)
        self._held += y.shape[1]
        while self._blocks and self._held - self._blocks[0].shape[1] >= self._most:
            self._held -= self._blocks.pop(0).shape[1]

    def take(self) -> Sequence[FloatArray]:
        """Hand everything over."""
        blocks, self._blocks, self._held = self._blocks, [], 0
        return blocks

    def clear(self) -> None:
        """Forget everything."""
        self.take()
