"""Audio that waits for a recogniser: bounded where time presses, and given back where a crash is to be mended.

Everything counts samples from the recording's first. The same lock guards a queue as its owner.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.types import FloatArray


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples ``start`` to ``end``; ``y`` is None where they were lost and count as digital silence."""

    start: int
    end: int
    y: FloatArray | None

    def after(self, position: int) -> Chunk:
        """The part at and after a position inside it."""
        at = max(self.start, position)
        return Chunk(at, self.end, None if self.y is None else self.y[at - self.start :])


class AudioQueue:
    """First in, first out; ``start`` is the next sample to take, ``end`` the number of samples that came so far."""

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self._silent = 0  # samples at the front that were dropped
        self._muted_until = 0
        self._pieces: deque[FloatArray] = deque()

    def append(self, y: FloatArray) -> int:
        """Take the next samples; the array is the queue's from now on. Returns how many of them are muted."""
        muted = min(len(y), max(0, self._muted_until - self.end))
        y[:muted] = 0.0
        if len(y):
            self._pieces.append(y)
        self.end += len(y)
        return muted

    @property
    def waiting(self) -> int:
        """Samples that nobody took yet, dropped ones too."""
        return self.end - self.start

    @property
    def held(self) -> int:
        """Samples that nobody took yet and that are still there."""
        return self.waiting - self._silent

    def take(self, most: int, most_silence: int) -> Chunk:
        """The next samples, at most so many."""
        start = self.start
        if self._silent:
            count = min(self._silent, most_silence)
            self._silent -= count
            self.start += count
            return Chunk(start, self.start, None)
        pieces = self._pop(most)
        self.start += sum(map(len, pieces))
        return Chunk(start, self.start, pieces[0] if len(pieces) == 1 else np.concatenate(pieces))

    def drop(self, keep: int) -> int:
        """Make silence of the oldest samples so that ``keep`` are left; return how many were lost."""
        lost = self.held - keep
        if lost <= 0:
            return 0
        self._pop(lost)
        self._silent += lost
        return lost

    def skip_to(self, position: int) -> None:
        """Forget what waits before a position; nobody will take it."""
        if position > self.start:
            silent = min(self._silent, position - self.start)
            self._silent -= silent
            self._pop(position - self.start - silent)
            self.start = position

    def rewind(self, chunks: Sequence[Chunk]) -> None:
        """Put back what was taken last, in order, to be taken once more."""
        for chunk in reversed(chunks):
            if chunk.end > chunk.start:
                self._pieces.appendleft(np.zeros(chunk.end - chunk.start, np.float32) if chunk.y is None else chunk.y)
                self.start = chunk.start

    def mute(self, until: int) -> int:
        """Silence what waits, and what will come, up to a position; for queues that never drop.

        Returns how many samples that wait are muted.
        """
        self._muted_until = until
        muted = max(0, min(until, self.end) - self.start)
        if muted:
            self._pop(muted)
            self._pieces.appendleft(np.zeros(muted, np.float32))
        return muted

    def _pop(self, count: int) -> list[FloatArray]:
        """The next samples that are held, at most ``count``, as the pieces they came in."""
        taken: list[FloatArray] = []
        while count > 0 and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
                piece = piece[:count]
            taken.append(piece)
            count -= len(piece)
        return taken
