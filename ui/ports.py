"""What the window needs of a live session, as a protocol; ``monitor.live.session.LiveSession`` fits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from monitor.live.diary import DaySummary
    from monitor.live.events import LiveEvent
    from monitor.settings import Settings


class Session(Protocol):
    """Commands return at once and are answered by events; ``close`` may take two seconds."""

    def start(self) -> None:
        """Begin to listen."""

    def close(self) -> None:
        """Stop listening; an open call is ended."""

    def begin_call(self, customer: str | None = None) -> None:
        """A call begins."""

    def end_call(self) -> None:
        """The call is over."""

    def name_customer(self, name: str) -> None:
        """The customer's name is known."""

    def pause(self) -> None:
        """Close the devices."""

    def resume(self) -> None:
        """Open them again."""

    def quiet(self, seconds: float) -> None:
        """Tell no amber, red or cue for so long; 0 ends it."""

    def change(self, settings: Settings) -> None:
        """Put new settings in force."""

    def dispute(self, subject: str, text: str, note: str | None = None) -> None:
        """The agent objects to a light or flag."""

    def begin_enrolment(self) -> None:
        """Listen to three sentences that are read aloud."""

    def end_enrolment(self, keep: bool) -> None:
        """Enough; ``keep`` stores what was learnt of the usual voice."""

    def today(self) -> DaySummary:
        """What is known of today's calls."""


Listener = Callable[["LiveEvent"], None]
SessionFactory = Callable[["Settings", Listener], Session]
