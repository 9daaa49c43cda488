"""How a session speaks: events to its listener, in order, and what has to be done later into its inbox."""

from __future__ import annotations

import logging
import queue
from collections import deque
from collections.abc import Callable, Sequence

from monitor.events import Event, LightChanged, Warned
from monitor.live.events import LiveEvent
from monitor.live.quiet import QuietGate

log = logging.getLogger(__name__)

MOST_WARNINGS = 20
Command = Callable[[], object]


class Teller:
    """Tells events to the one listener, in the engine's thread. A listener that fails is logged and goes on."""

    def __init__(self, listener: Callable[[LiveEvent], None]) -> None:
        self._listener = listener
        self._failed = False
        self.quiet = QuietGate()
        self.warnings: deque[str] = deque(maxlen=MOST_WARNINGS)  # what was warned of, the newest last

    def tell(self, event: LiveEvent) -> None:
        """Tell one event, as far as quiet lets it through."""
        if isinstance(event, Warned):
            self.warnings.append(event.text)
        shown = self.quiet.let(event) if isinstance(event, LightChanged) else event
        if shown is not None:
            self._send(shown)

    def tell_all(self, events: Sequence[Event]) -> None:
        """Tell several, in order."""
        for event in events:
            self.tell(event)

    def be_quiet(self, until_s: float | None) -> None:
        """Begin or end quiet; the light that is to be seen from now on is told."""
        event = self.quiet.end() if until_s is None else self.quiet.begin(until_s)
        if event is not None:
            self._send(event)

    def warn(self, at_s: float, kind: str, text: str) -> None:
        """Tell a sentence."""
        self.tell(Warned(at_s, kind, text))

    def _send(self, event: LiveEvent) -> None:
        try:
            self._listener(event)
        except Exception:
            # Told once: a listener that fails may well fail at every event.
            log.log(logging.DEBUG if self._failed else logging.ERROR, "the listener failed", exc_info=True)
            self._failed = True


class Inbox:
    """Commands for the engine, from any thread, done in order between two blocks."""

    def __init__(self) -> None:
        self._commands: queue.SimpleQueue[Command] = queue.SimpleQueue()

    def post(self, command: Command) -> None:
        """Have this done by the engine soon; returns at once."""
        self._commands.put(command)

    def work(self, wait_s: float = 0.0) -> None:
        """Do what waits; where nothing does, wait for it so long. One that fails is logged and left."""
        block = wait_s > 0
        while True:
            try:
                command = self._commands.get(block, wait_s if block else None)
            except queue.Empty:
                return
            block = False
            try:
                command()
            except Exception:
                log.exception("a command failed: %r", command)
