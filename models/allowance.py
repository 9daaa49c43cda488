"""When passes are declared: a little later than they were made, so that live and offline give the same results."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.ports import Transcriber
from monitor.types import RATE_HZ, FloatArray, Hypothesis


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much later than made a pass is declared, in seconds: what making it takes on a machine that keeps up."""

    partial_s: float = 0.2
    final_s: float = 0.2

    @property
    def least(self) -> int:
        """The shorter of the two, in samples."""
        return round(min(self.partial_s, self.final_s) * RATE_HZ)


class Declared:
    """Passes on their way to whoever asks for them, in the order in which they were made."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._told: deque[tuple[int, Hypothesis]] = deque()  # with the sample at which each is due
        self._last = (0, 0.0)

    def add(self, hypothesis: Hypothesis) -> None:
        """A pass was made; none is declared before the one before it."""
        later_s = self._allowance.final_s if hypothesis.final else self._allowance.partial_s
        due = round(hypothesis.heard_at_s * RATE_HZ) + round(later_s * RATE_HZ)
        self._last = max(self._last, (due, hypothesis.heard_at_s + later_s))
        self._told.append((self._last[0], replace(hypothesis, heard_at_s=self._last[1])))

    def due(self, clock: int) -> list[Hypothesis]:
        """The passes that the clock, in samples, has reached; each is returned once."""
        due: list[Hypothesis] = []
        while self._told and self._told[0][0] <= clock:
            due.append(self._told.popleft()[1])
        return due

    def rest(self, end: int) -> list[Hypothesis]:
        """At the end of the recording: all passes that are left, none declared later than its last sample."""
        end_s = end / RATE_HZ
        rest = [replace(hypothesis, heard_at_s=min(hypothesis.heard_at_s, end_s)) for _, hypothesis in self._told]
        self._told.clear()
        return rest


class Allowed:
    """A recogniser in this process, declared as ``HostedTranscriber`` declares it; fits ``Transcriber``.

    For worker processes that judge one recording after another: there a crash costs one recording anyway, and a
    recogniser that stays in memory saves a start for each.
    """

    def __init__(self, transcriber: Transcriber, allowance: Allowance = Allowance()) -> None:
        self._inner = transcriber
        self._declared = Declared(allowance)
        self._clock = 0

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
        for hypothesis in self._inner.push(y):
            self._declared.add(hypothesis)
        return self._declared.due(self._clock)

    def finish(self) -> list[Hypothesis]:
        """The audio ended: the passes that are left, none later than the last sample."""
        for hypothesis in self._inner.finish():
            self._declared.add(hypothesis)
        return self._declared.rest(self._clock)
