"""A recogniser in this process, declared like one in a child process, so that both give the same results."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from models.host_status import HostTuning
from monitor.ports import Transcriber
from monitor.types import RATE_HZ, FloatArray, Hypothesis


class Allowed:
    """Declares every pass ``allowance_s`` later than it was made, as ``HostedTranscriber`` does; fits ``Transcriber``.

    For worker processes that judge one recording after another: there a crash costs one recording anyway, and a
    recogniser that stays in memory saves a start for each.
    """

    def __init__(self, transcriber: Transcriber, allowance_s: float = HostTuning().allowance_s) -> None:
        self._inner = transcriber
        self._allowance_s = allowance_s
        self._clock = 0
        self._told: deque[tuple[int, Hypothesis]] = deque()

    @property
    def name(self) -> str:
        """The recogniser's own name."""
        return self._inner.name

    @property
    def warnings(self) -> Sequence[str]:
        """The recogniser's own sentences."""
        return self._inner.warnings

    def push(self, y: FloatArray) -> list[Hypothesis]:
        """Take the next samples, shape (samples,); return the passes that are due."""
        self._clock += len(y)
        self._keep(self._inner.push(y))
        due: list[Hypothesis] = []
        while self._told and self._told[0][0] <= self._clock:
            due.append(self._told.popleft()[1])
        return due

    def finish(self) -> list[Hypothesis]:
        """The audio ended: the passes that are left, none later than the last sample."""
        self._keep(self._inner.finish())
        end_s = self._clock / RATE_HZ
        return [replace(hypothesis, heard_at_s=min(hypothesis.heard_at_s, end_s)) for _, hypothesis in self._told]

    def _keep(self, heard: Sequence[Hypothesis]) -> None:
        allowance = round(self._allowance_s * RATE_HZ)
        for hypothesis in heard:
            at = round(hypothesis.heard_at_s * RATE_HZ) + allowance
            self._told.append((at, replace(hypothesis, heard_at_s=hypothesis.heard_at_s + self._allowance_s)))
