"""A live session, as windows and commands use it: commands go in from any thread, events come out of one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from monitor.live.captures import LiveSourceLike, OnChange, SourceFactory
from monitor.live.diary import DaySummary, Diary
from monitor.live.engine import Engine
from monitor.live.events import AGENT, CaptureState, LiveEvent, SessionState, WindowAsked, WordsState
from monitor.live.telling import Inbox
from monitor.private import data_folder as usual_data_folder
from monitor.settings import Settings
from monitor.types import Light

__all__ = ["LiveSession", "SessionStatus", "SourceFactory"]

CLOSE_S = 1.9  # a session is closed within 2 s


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A snapshot; ``light`` is the judged one, also while it is quiet; grey while the agent is not heard."""

    state: SessionState
    call: str | None
    customer: str | None
    automatic: bool | None
    call_s: float | None
    light: str | None
    words: WordsState | None
    words_text: str | None
    devices: dict[int, tuple[str, CaptureState, str]]
    quiet_s: float | None
    policy: str | None
    lost_s: float = 0.0  # of the agent's microphone, since the session began
    warnings: tuple[str, ...] = ()  # told since then, the newest last


class LiveSession:
    """One engine thread around devices, calls, settings and commands.

    Parameters
    ----------
    settings : those in force from the start.
    listener : is called in the engine's thread with every event, in order. It should return at once; when it fails,
        that is logged and the session goes on.
    source_factory : what is heard, for given settings; by default the devices that the settings name.
    data_folder : where learnt voices and notes are kept; by default the user's own.

    Every method may be called from any thread and returns at once, but for ``close``, which takes up to 2 s. They are
    answered by events.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        listener: Callable[[LiveEvent], None],
        source_factory: SourceFactory | None = None,
        data_folder: Path | None = None,
    ) -> None:
        self._folder = data_folder or usual_data_folder()
        self._inbox = Inbox()
        self._engine = Engine(settings, listener, source_factory or _devices, self._inbox, self._folder)
        self._thread = threading.Thread(target=self._engine.run, name="evenkeel-engine", daemon=True)

    def start(self) -> None:
        """Open the devices and begin to listen."""
        self._thread.start()

    def finish(self, timeout_s: float = 8.0) -> None:
        """End the session as its source would by coming to an end: the recogniser has the time for its last words."""
        self._inbox.post(self._engine.finish)
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self.close()

    def close(self) -> None:
        """End the session; a call under way ends with it. Harmless when done before."""
        end = time.monotonic() + CLOSE_S
        self._inbox.post(self._engine.stop)
        if not self._thread.is_alive():
            return
        self._thread.join(0.4)
        source = self._engine.source
        if self._thread.is_alive() and source is not None:  # it gives no blocks between which the command is seen
            threading.Thread(target=source.close, name="evenkeel-close", daemon=True).start()
        self._thread.join(max(0.0, end - time.monotonic()))

    def begin_call(self, customer: str | None = None) -> None:
        """Begin a call; where one is under way, only give its customer this name."""
        self._inbox.post(partial(self._engine.begin_call, customer))

    def end_call(self) -> None:
        """End the call under way."""
        self._inbox.post(self._engine.end_call)

    def name_customer(self, name: str) -> None:
        """Give the customer of the call under way a name."""
        self._inbox.post(partial(self._engine.calls.name_customer, name))

    def pause(self) -> None:
        """Close the devices until ``resume``; a call under way ends."""
        self._inbox.post(self._engine.pause)

    def resume(self) -> None:
        """Open the devices again."""
        self._inbox.post(self._engine.resume)

    def quiet(self, seconds: float) -> None:
        """Show neither a warning light nor a word for so long; 0 ends it. Everything is judged all the same."""
        self._inbox.post(partial(self._engine.quiet, seconds))

    def change(self, settings: Settings) -> None:
        """Put settings in force: devices and sensitivity at once, what hears and judges words from the next call on."""
        self._inbox.post(partial(self._engine.change, settings))

    def dispute(self, subject: str, text: str, note: str | None = None) -> None:
        """Keep that the agent found something not right: the id and text that were shown, and a note."""
        self._inbox.post(partial(self._engine.dispute, subject, text, note))

    def ask_window(self, part: str) -> None:
        """Have a part of the window shown: one of ``monitor.live.events.WINDOW_PARTS``."""
        engine = self._engine
        self._inbox.post(lambda: engine.tell(WindowAsked(engine.now_s(), part)))

    def begin_enrolment(self) -> None:
        """Learn the usual voice from reading ``monitor.live.enrol.SENTENCES`` aloud."""
        self._inbox.post(self._engine.begin_enrolment)

    def end_enrolment(self, keep: bool) -> None:
        """End reading aloud, and store the voice or not; answered by ``EnrolmentEnded``."""
        self._inbox.post(partial(self._engine.end_enrolment, keep=keep))

    def settled(self, timeout_s: float) -> bool:
        """Wait until all commands given so far are done; whether they were within that time."""
        done = threading.Event()
        self._inbox.post(done.set)
        return done.wait(timeout_s)

    def status(self) -> SessionStatus:
        """How things stand now."""
        engine = self._engine
        call = engine.calls.current
        light = None if call is None or call.light is None else call.light.light
        agent = engine.captures.newest.get(AGENT)
        if light is not None and agent is not None and agent.state is not CaptureState.HEARING:
            light = Light.GREY  # as the window shows it: what is not heard cannot be judged
        return SessionStatus(
            state=engine.state,
            call=None if call is None else call.facts.name,
            customer=None if call is None else call.customer,
            automatic=None if call is None else call.facts.automatic,
            call_s=None if call is None else round(call.duration_s, 3),
            light=None if light is None else str(light),
            words=None if engine.badge is None else engine.badge.state,
            words_text=None if engine.badge is None else engine.badge.text,
            devices={
                channel: (told.device, told.state, told.text) for channel, told in engine.captures.newest.copy().items()
            },
            quiet_s=engine.quiet_s,
            policy=None if engine.calls.policy is None else engine.calls.policy.fingerprint,
            lost_s=round(engine.gaps.lost_s(engine.source), 3),
            warnings=tuple(engine.warnings),
        )

    def today(self) -> DaySummary:
        """Sum up today's calls, from the notes on this machine.

        Raises
        ------
        EnvironmentProblem
            They cannot be read.
        """
        return Diary(self._folder).summary(date.today())


def _devices(settings: Settings, on_change: OnChange) -> LiveSourceLike:
    from monitor.sources.live import LiveSource

    source: LiveSourceLike = LiveSource(settings.agent_device, settings.customer_device, on_change=on_change)
    return source
