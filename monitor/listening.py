"""What hears the words of one live call: never in the engine's way, and soon caught up after a late start."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from monitor.ports import Transcriber
from monitor.types import RATE_HZ, FloatArray, Hypothesis

_NAP_S = 0.005


class _Lagging(Protocol):
    @property
    def lag_s(self) -> float: ...


class LiveTranscriber(Transcriber, Protocol):
    """A recogniser that never makes its caller wait, except for ``finish``."""

    @property
    def state(self) -> str:
        """One of starting, ready, behind, restarting and off."""
        ...

    @property
    def status(self) -> _Lagging:
        """A snapshot of how it fares."""
        ...

    def close(self) -> None:
        """End it, within a second."""
        ...


@dataclass(frozen=True, slots=True)
class LiveWords:
    """What hears the words of one call: the recogniser's name for the result, and sentences about the choice."""

    name: str
    transcriber: LiveTranscriber | None
    warnings: tuple[str, ...] = ()


NO_WORDS = LiveWords("none", None)


class CatchingUp:
    """Lets a recogniser take what was kept from before the call, which comes at once, without falling behind.

    The caller waits for it, ``PATIENCE_S`` in all at most, over the first ``samples``; capture has its own thread and
    goes on meanwhile.
    """

    PATIENCE_S = 1.5
    _PIECE = RATE_HZ // 20
    _LAG_S = 0.1

    def __init__(self, inner: LiveTranscriber, samples: int) -> None:
        self._inner = inner
        self._left = samples
        self._patience_s = self.PATIENCE_S

    @property
    def name(self) -> str:
        """The recogniser's own name."""
        return self._inner.name

    @property
    def warnings(self) -> Sequence[str]:
        """The recogniser's own sentences."""
        return self._inner.warnings

    def push(self, y: FloatArray) -> list[Hypothesis]:
        """Take the next samples; return the passes that are due."""
        if self._left <= 0:
            return self._inner.push(y)
        self._left -= len(y)
        heard: list[Hypothesis] = []
        for at in range(0, len(y), self._PIECE):
            heard += self._inner.push(y[at : at + self._PIECE])
            self._wait()
        return heard

    def finish(self) -> list[Hypothesis]:
        """The audio ended: the passes that are left."""
        return self._inner.finish()

    def _wait(self) -> None:
        inner = self._inner
        while self._patience_s > 0 and inner.state in ("ready", "behind") and inner.status.lag_s > self._LAG_S:
            time.sleep(_NAP_S)
            self._patience_s -= _NAP_S
