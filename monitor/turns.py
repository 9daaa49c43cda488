"""Turns of one party, from the speech probability of its frames."""

from __future__ import annotations

import numpy as np

from monitor.types import TICK, BoolArray, Features, FrameGrid, Turn
from monitor.windows import SPEECH

GAP_S = 0.7  # a pause shorter than this does not end a turn
LEAST_S = 0.25  # anything shorter is a click or a breath
_LEAD_S = 0.1  # speech probability asks for some voicing first, so that a turn has begun a little earlier


def told_frame(turn: Turn) -> int:
    """The frame before which the pause after a turn was long enough: where the tick of this moment ends."""
    grid = FrameGrid()
    frame = round(turn.end_s * grid.frames_per_s) + round(GAP_S * grid.frames_per_s)
    return (frame // TICK + 1) * TICK


class TurnFinder:
    """Joins frames of speech into turns."""

    def __init__(self, speaker: str, lead_s: float = _LEAD_S) -> None:
        self._speaker = speaker
        self._lead_s = lead_s
        self._grid = FrameGrid()
        self._start: int | None = None
        self._last = 0

    def push(self, features: Features) -> list[Turn]:
        """Turns that ended within these frames: a pause of ``GAP_S`` has followed."""
        return self.hear(features.start_frame, features.speech > SPEECH)

    def hear(self, first: int, speech: BoolArray) -> list[Turn]:
        """Turns that ended within frames from ``first``; ``speech`` has shape (frames,)."""
        ended: list[Turn] = []
        gap = round(GAP_S * self._grid.frames_per_s)
        for frame in (first + np.flatnonzero(speech)).tolist():
            if self._start is not None and frame - self._last > gap:
                ended += self._close()
            if self._start is None:
                self._start = frame
            self._last = frame
        after = first + len(speech) - 1
        if self._start is not None and after - self._last > gap:
            ended += self._close()
        return ended

    def finish(self) -> list[Turn]:
        """The recording ended; so does the turn."""
        return self._close() if self._start is not None else []

    def _close(self) -> list[Turn]:
        assert self._start is not None
        start_s = max(0.0, self._grid.start_s(self._start) - self._lead_s)
        end_s = self._grid.start_s(self._last + 1)
        self._start = None
        return [Turn(start_s, end_s, self._speaker)] if end_s - start_s >= LEAST_S + self._lead_s else []
