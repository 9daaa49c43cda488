"""What a store needs of the engine beside its events: what the judgement looked at, so that it can judge again.

A sink that also has these methods is told; see ``monitor.sinks.store``. It changes nothing about the judgement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from monitor.conversation.floor import Happening
    from monitor.types import Hypothesis
    from monitor.windows import VoiceTicks


@runtime_checkable
class Tap(Protocol):
    """Is told, in order, what the judgement is made from."""

    def measured(self, side: int, ticks: VoiceTicks) -> None:
        """Windows of one side: 0 is the agent, 1 the customer."""
        ...

    def heard(self, hypothesis: Hypothesis, at_s: float, announced_s: float | None) -> None:
        """One pass of the recogniser, the tick at which the judgement took it, and when a hold was announced in it."""
        ...

    def happened(self, happening: Happening) -> None:
        """Something between the two sides."""
        ...
