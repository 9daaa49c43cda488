"""What the agent asks of the session; before there is one, and once it is gone, nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.live.diary import DaySummary
    from ui.ports import Session


class Asking:
    """Passes on what menu, card and dialogs ask for."""

    def __init__(self) -> None:
        self.session: Session | None = None

    def call(self, on: bool) -> None:
        """A call begins, or is over."""
        self._ask(lambda session: session.begin_call() if on else session.end_call())

    def pause(self, on: bool) -> None:
        """Listen no more, or again."""
        self._ask(lambda session: session.pause() if on else session.resume())

    def quiet(self, seconds: float) -> None:
        """No cues for so long; 0 brings them back."""
        self._ask(lambda session: session.quiet(seconds))

    def dispute(self, subject: str, text: str) -> None:
        """What is shown is not right."""
        self._ask(lambda session: session.dispute(subject, text))

    def name_customer(self, name: str) -> None:
        """Who is on the line; kept in memory only."""
        if name.strip():
            self._ask(lambda session: session.name_customer(name.strip()))

    def begin_reading(self) -> None:
        """Three sentences are read aloud from now on."""
        self._ask(lambda session: session.begin_enrolment())

    def end_reading(self, keep: bool) -> None:
        """Enough was read, or no more is."""
        self._ask(lambda session: session.end_enrolment(keep))

    def today(self) -> DaySummary:
        """The agent's own notes of today.

        Raises
        ------
        EnvironmentProblem
            They cannot be read.
        """
        from monitor.live.diary import DaySummary

        return self.session.today() if self.session is not None else DaySummary()

    def _ask(self, command: Callable[[Session], None]) -> None:
        if self.session is not None:
            command(self.session)
