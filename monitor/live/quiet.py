"""Quiet for a while: the light is not shown as amber or red, and no word is; everything is judged all the same."""

from __future__ import annotations

from dataclasses import replace

from monitor.events import LightChanged
from monitor.types import Light, Reason


class QuietGate:
    """Changes what the listener is told of the light. Times are those of the session."""

    def __init__(self) -> None:
        self.until_s: float | None = None
        self._true: LightChanged | None = None
        self._shown: LightChanged | None = None

    def let(self, event: LightChanged) -> LightChanged | None:
        """What to tell of this change; None when nothing is to be seen of it."""
        self._true = event
        hidden = self.until_s is not None and event.light in (Light.AMBER, Light.RED)
        shown = LightChanged(event.at_s, Light.GREEN, (), None) if hidden else event
        if hidden and self._shown is not None and _look(self._shown) == _look(shown):
            return None
        self._shown = shown
        return shown

    def forget(self) -> None:
        """A call began or ended: its light says nothing about the next."""
        self._true = self._shown = None

    def begin(self, until_s: float) -> LightChanged | None:
        """Be quiet until then; what to tell now, None when nothing changes."""
        self.until_s = until_s
        return self._again()

    def end(self) -> LightChanged | None:
        """Be quiet no longer; what to tell now, None when nothing changes."""
        self.until_s = None
        return self._again()

    def _again(self) -> LightChanged | None:
        if self._true is None:
            return None
        before = self._shown
        told = self.let(replace(self._true, cue=None))  # a word that was spent is not spent again
        return None if told is None or (before is not None and _look(told) == _look(before)) else told


def _look(event: LightChanged) -> tuple[Light, tuple[Reason, ...]]:
    return event.light, event.reasons
