"""The bundled call as a live session, so that the window shows it as it shows any call."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Signal
from threading import Lock, Thread
from typing import TYPE_CHECKING

from monitor.demo import TITLE
from monitor.events import Event, FramesMeasured
from monitor.live.diary import DaySummary
from monitor.live.events import (
    AGENT,
    CallBegan,
    CallEnded,
    CaptureChanged,
    CaptureState,
    LevelsMeasured,
    LiveEvent,
    SessionChanged,
    SessionState,
)

if TYPE_CHECKING:
    from monitor.ports import Sink
    from monitor.result_types import CallResult
    from monitor.settings import Settings


class DemoSession:
    """Plays the call once, in a thread of its own, and tells what a live session would; ``result`` is there after it.

    Parameters
    ----------
    analyse
        Hears the call at its own pace, tells every event to the sink, and gives the result.
    stop
        Ends the call early once it is set.
    """

    def __init__(
        self, analyse: Callable[[Sink], CallResult], stop: Signal, listener: Callable[[LiveEvent], None]
    ) -> None:
        self._analyse, self._stop, self._listener = analyse, stop, listener
        self._thread = Thread(target=self._play, name="demo", daemon=True)
        self._lock = Lock()
        self._at_s = 0.0
        self._state = SessionState.READY
        self.result: CallResult | None = None
        self.stopped = False
        self.problem: Exception | None = None

    def start(self) -> None:
        """Begin to play."""
        self._thread.start()

    def close(self) -> None:
        """End the call where it is, and wait until it is summed up."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def take(self, event: Event) -> None:
        """Receive one event of the engine."""
        self._at_s = max(self._at_s, event.at_s)
        if isinstance(event, FramesMeasured):
            levels_dbfs = (float(event.features.level_dbfs.max()),) if len(event.features) else (-120.0,)
            self._listener(LevelsMeasured(event.at_s, levels_dbfs))
        else:
            self._listener(event)

    def quiet(self, seconds: float) -> None:
        """No cues for so long; 0 brings them back."""
        self._change(self._state, self._at_s + seconds if seconds > 0 else None)

    def _change(self, state: SessionState, quiet_until_s: float | None = None) -> None:
        with self._lock:
            self._state = state
            self._listener(SessionChanged(self._at_s, state, quiet_until_s))

    def _play(self) -> None:
        self._listener(CaptureChanged(0.0, AGENT, CaptureState.HEARING, TITLE, "The bundled call plays."))
        self._listener(CallBegan(0.0, "demo", None, automatic=True, keeps_audio=False))
        self._change(SessionState.IN_CALL)
        try:
            self.result = self._analyse(self)
        except Exception as problem:  # noqa: BLE001 - it is raised again where the window was opened
            self.problem = problem
            self._change(SessionState.ENDED)
            return
        self._change(SessionState.READY)
        self.stopped = self._stop.is_set()
        if self.stopped:
            self._change(SessionState.ENDED)
        else:
            self._listener(CallEnded(self._at_s, "demo", self.result, learnt=False))

    # A demo has one call, no devices and no settings: the rest of a session has nothing to do.

    def begin_call(self, customer: str | None = None) -> None:
        """Nothing: the call plays already."""

    def end_call(self) -> None:
        """End the call early."""
        self._stop.set()

    def name_customer(self, name: str) -> None:
        """Nothing: nobody is on the line."""

    def pause(self) -> None:
        """Nothing: no device is open."""

    def resume(self) -> None:
        """Nothing: no device is open."""

    def change(self, settings: Settings) -> None:
        """Nothing: the demo keeps no settings."""

    def dispute(self, subject: str, text: str, note: str | None = None) -> None:
        """Nothing: the demo keeps no notes."""

    def begin_enrolment(self) -> None:
        """Nothing: no device is open."""

    def end_enrolment(self, keep: bool) -> None:
        """Nothing: no device is open."""

    def today(self) -> DaySummary:
        """No calls: the demo's is not one of the agent's."""
        return DaySummary()
