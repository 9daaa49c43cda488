"""What the windows show at one moment, as plain values.

Neither Qt nor numpy is needed here: the light is on screen before anything heavy has been loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BadgeKind = Literal["kept", "quiet", "words", "customer", "trouble"]


@dataclass(frozen=True, slots=True)
class Row:
    """One reason: its sentence, and what was measured against which usual and limit, where there is a figure."""

    text: str
    figures: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """What was heard, and what to say instead."""

    heard: str
    instead: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One item of the checklist."""

    name: str
    met: bool


@dataclass(frozen=True, slots=True)
class Badge:
    """The small mark beside the light, and its meaning in words."""

    kind: BadgeKind
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """Everything that the overlay, the card and the tray show.

    ``light`` is a value of ``monitor.types.Light``, ``word`` stands beside it. ``subject`` is what "not right?" would
    be about, an id and its text; None where there is nothing to object to. ``more_words``: a speech model would hear
    more than what listens now.
    """

    light: str = "grey"
    word: str = "starting"
    headline: str = "Getting ready"
    badge: Badge | None = None
    rows: tuple[Row, ...] = ()
    replacements: tuple[Replacement, ...] = ()
    dots: tuple[Dot, ...] = ()
    notes: tuple[str, ...] = ()
    subject: tuple[str, str] | None = None
    in_call: bool = False
    paused: bool = False
    quiet: bool = False
    customer: str | None = None
    more_words: bool = False

    @property
    def name(self) -> str:
        """The light in words, as a screen reader says it: ``amber: softer``."""
        return self.light if self.word == self.light else f"{self.light}: {self.word}"

    @property
    def description(self) -> str:
        """The rest in words: why, what to say instead, and what is not heard."""
        told = [self.headline, *(f"{row.text} ({row.figures})" if row.figures else row.text for row in self.rows)]
        told += [f"instead of “{each.heard}”: {each.instead}" for each in self.replacements]
        return ". ".join([*told, *self.notes])
