"""What a recogniser in a child process is sent and what it told, on the clock of the whole recording.

No thread, no clock, no process: a child's crash is a call of ``mend``. Everything counts samples. The one lock of the
host guards it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from models.allowance import Allowance, Declared
from models.host_child import Heard
from models.host_queue import AudioQueue, Chunk
from models.host_status import HostLog, Loss
from monitor.types import RATE_HZ, FloatArray, Hypothesis

MOST = RATE_HZ // 2
"""Samples in a chunk."""

_MOST_SILENCE = 2 * RATE_HZ  # what was dropped is not sent, only counted; more would hide a hang for long
_MOST_UNANSWERED = 3  # chunks on their way: enough that the child never waits, few enough that little is lost with it
_SKIPPED = RATE_HZ  # what is given up where the recogniser fails twice
_REPLAYED = 30 * RATE_HZ  # an utterance is not longer, so this much brings a new child to where the old one was


class Feed:
    """Audio on its way to the child, and its passes on their way back.

    Parameters
    ----------
    allowance : Allowance
        How much later than made passes are declared.
    mends : bool
        True offline: what a crash took away is sent once more. False in a live call: it is lost.
    """

    def __init__(self, allowance: Allowance, *, mends: bool) -> None:
        self.queue = AudioQueue()
        self.log = HostLog()
        self.unanswered: deque[Chunk] = deque()
        self.answered = 0  # the child has heard everything before this sample, or nobody will
        self.finished = False
        self.most_held = 0
        self._declared = Declared(allowance)
        self._mends = mends
        self._base = 0  # the sample at which the present child's clock starts
        self._utterances_before = self._utterances = 0
        # What mends a crash: the audio since the last finished utterance, and where the last crash was.
        self._history: deque[Chunk] = deque()
        self._settled = 0
        self._told_until = -1
        self._retried_at = -1

    def append(self, y: FloatArray) -> None:
        """Take the next samples of the recording."""
        self.log.lost[Loss.SKIPPED] += self.queue.append(np.array(y, np.float32))  # the caller may reuse its array

    def bound(self, most: int, why: Loss) -> None:
        """Drop the oldest when too much waits: half of it at once, so that what is left holds whole sentences."""
        if self.queue.held > most:
            self.log.lost[why] += self.queue.drop(most // 2)
        self.most_held = max(self.most_held, self.queue.held)

    def begin(self) -> None:
        """A new child starts: its clock and its count of utterances go on where the last one's ended."""
        self._base, self._utterances_before = self.queue.start, self._utterances

    def take(self, least: int) -> Chunk | None:
        """What to send next, if at least so many samples wait and the child does not owe too many answers."""
        if self.is_full or self.queue.waiting < max(1, least):
            return None
        chunk = self.queue.take(MOST, _MOST_SILENCE)
        self.unanswered.append(chunk)
        return chunk

    @property
    def is_full(self) -> bool:
        """Whether the child owes enough answers."""
        return len(self.unanswered) >= _MOST_UNANSWERED

    def note(self, answer: Heard) -> None:
        """The child answered the oldest chunk."""
        chunk = self.unanswered.popleft()
        self.answered = max(self.answered, chunk.end)
        self.finished = answer.finished
        for hypothesis in answer.hypotheses:
            made = self._base + round(hypothesis.heard_at_s * RATE_HZ)
            shifted = self._shifted(hypothesis)
            if shifted.final:
                self._settled = max(self._settled, min(round(shifted.end_s * RATE_HZ), chunk.end))
            if made > self._told_until:  # what is heard a second time after a crash was told the first time
                self._utterances = max(self._utterances, shifted.utterance)
                self._declared.add(shifted)
        if self._mends:
            self._remember(chunk)

    def due(self) -> list[Hypothesis]:
        """The passes that the clock has reached; each is returned once."""
        return self._declared.due(self.queue.end)

    def rest(self) -> list[Hypothesis]:
        """At the end of the recording: all passes that are left, none declared later than its last sample."""
        return self._declared.rest(self.queue.end)

    def abandon(self, why: Loss) -> None:
        """Nobody will hear what is on its way."""
        self.log.lost[why] += self.queue.held + self._audio_unanswered()
        self.queue.skip_to(self.queue.end)
        self.unanswered.clear()
        self.answered = self.queue.end

    def give_back(self) -> None:
        """The child is replaced in a live call: the next one gets what this one owed, as far as order allows."""
        if self.queue.held < self.queue.waiting:  # something was dropped in between
            self.mend()
        else:
            self.queue.rewind(self.unanswered)
            self.unanswered.clear()

    def mend(self) -> None:
        """The child is gone. In a live call what it owed is lost; else send it once more, but not a third time.

        With it goes the audio since the last finished utterance, so that the new child knows how the sentence began.
        """
        if not self._mends:
            self.log.lost[Loss.STOPPED] += self._audio_unanswered()
            self.unanswered.clear()
            self.answered = max(self.answered, self.queue.start)
            return
        position = self.answered
        if self.unanswered and self._retried_at == position:
            self._skip(position)
        else:
            if self.unanswered:
                self._retried_at = position
            needed = max(self._settled, position - _REPLAYED)
            self.queue.rewind([c.after(needed) for c in (*self._history, *self.unanswered) if c.end > needed])
            self._told_until = position
        self.unanswered.clear()
        self._history.clear()

    def _skip(self, position: int) -> None:
        """The child failed twice at the same place: go on a second later, with silence in between."""
        self.queue.rewind([c.after(position) for c in self.unanswered if c.end > position])
        self.queue.skip_to(position)
        self.log.skips.append(position)
        if position < self.queue.end:
            self.log.lost[Loss.SKIPPED] += self.queue.mute(position + _SKIPPED)
        else:  # it fails over the last words, after which there is nothing
            self.log.lost[Loss.SKIPPED] += position - max(self._settled, position - _SKIPPED)
            self.finished = True

    def _audio_unanswered(self) -> int:
        return sum(chunk.end - chunk.start for chunk in self.unanswered if chunk.y is not None)

    def _remember(self, chunk: Chunk) -> None:
        self._history.append(chunk)
        needed = max(self._settled, chunk.end - _REPLAYED)
        while self._history and self._history[0].end <= needed:
            self._history.popleft()

    def _shifted(self, h: Hypothesis) -> Hypothesis:
        """On the clock of the recording."""
        base_s = self._base / RATE_HZ
        words = h.words
        if self._base:
            words = tuple(replace(word, start_s=word.start_s + base_s, end_s=word.end_s + base_s) for word in words)
        return replace(
            h,
            utterance=h.utterance + self._utterances_before,
            start_s=h.start_s + base_s,
            end_s=h.end_s + base_s,
            heard_at_s=h.heard_at_s + base_s,
            words=words,
        )
