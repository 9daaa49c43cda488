"""The engine of a live session: one thread that owns all state, hears blocks and obeys commands between them.

Nothing it does may hold up capture: the source has its own threads and queue, the recogniser never makes it wait, and
files are written elsewhere. Times are seconds of sound since the session began; while devices are closed the clock of
the machine goes on for them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from monitor.errors import MonitorError
from monitor.events import Event, FramesMeasured
from monitor.live.activity import Boundaries, Ear, LevelMeter, quiet_s
from monitor.live.call import Lately
from monitor.live.calls import Calls
from monitor.live.captures import Captures, Gaps, LiveSourceLike, SourceFactory
from monitor.live.diary import Diary, Dispute
from monitor.live.enrol import Enrolling
from monitor.live.events import (
    AGENT,
    LevelsMeasured,
    LiveEvent,
    SessionChanged,
    SessionState,
    SettingsChanged,
    WordsChanged,
)
from monitor.live.telling import Inbox, Teller
from monitor.live.words import Badge
from monitor.settings import Settings
from monitor.types import RATE_HZ, FloatArray

log = logging.getLogger(__name__)

BEFORE_S = 3.0  # of sound that belongs to a call which began by itself
_BADGE_S = 0.25
_RETRY_S = 2.0
_LEAST_GAP_S = 0.02


class Engine:
    """What a ``LiveSession`` runs in its thread; every method but ``run`` is called in that thread."""

    def __init__(
        self,
        settings: Settings,
        listener: Callable[[LiveEvent], None],
        open_source: SourceFactory,
        inbox: Inbox,
        folder: Path,
    ) -> None:
        self.settings = settings
        self.source: LiveSourceLike | None = None
        self.over = self.paused = False
        self.badge: Badge | None = None
        self._open_source = open_source
        self._inbox = inbox
        self._teller = teller = Teller(listener)
        self.warnings = teller.warnings
        self.captures = Captures(teller, inbox, self.now_s)
        self.captures.on_hearing = self._hears_anew
        self.calls = Calls(settings, teller, inbox, folder, self.now_s)
        self._diary = Diary(folder)
        self._enrolling = Enrolling(teller, self.calls)
        self._samples = 0
        self._away_s = 0.0
        self.state = SessionState.READY
        self._state: SessionChanged | None = None
        self._badge_looked_s = -_BADGE_S
        self.gaps = Gaps()
        self._meter = LevelMeter()
        self._ears: list[Ear] = []
        self._boundaries = Boundaries()
        self._lately = Lately(BEFORE_S)
        self.finishing = False  # the session ends, and takes the time for the last result
        self._closed_at: float | None = None

    def now_s(self) -> float:
        """The session's time."""
        return self._samples / RATE_HZ + self._away_s

    # The loop.

    def run(self) -> None:
        """Hear and obey until the session is over."""
        try:
            self.calls.prepare()
            self._tell_state()
            while not (self.over or self.finishing):
                self._look_at_badge()
                if self.paused:
                    self.captures.closed()
                if self.paused or not self._listen():
                    self._wait(_RETRY_S if not self.paused else 0.2)
        except Exception:
            log.exception("the session failed")
            self._teller.warn(self.now_s(), "session", "Evenkeel stopped listening because of a fault; start it again.")
        finally:
            self._wind_up()

    def _listen(self) -> bool:
        """Hear one source until another is wanted; False when it cannot be heard."""
        try:
            source = self._open_source(self.settings, self.captures.reporter())
        except MonitorError as problem:
            self.captures.lost(self.settings.agent_device or "", str(problem))
            return False
        self.source = source
        self.gaps.begin(source)
        self.captures.only(source.info.channels)
        self._set_ears(source.info.channels)
        self._inbox.work()  # what was asked for before the first block holds from it on
        try:
            for y in source.blocks():
                self._fill_gap(y)
                self._take(y)
                self._inbox.work()
                if self.over or self.finishing or self.paused or self.source is not source:
                    return True
            self.finishing = True
        except MonitorError as problem:
            self.captures.lost(self.settings.agent_device or "", str(problem))
            return False
        finally:
            self._closed_at = time.monotonic()
            self._note_gaps(source)
            self.source = None  # before its losses are added to those of others, for closing may take a while
            self.gaps.end(source)
            source.close()
        return True

    def _wait(self, seconds: float) -> None:
        """Without sound: obey, and let the clock go on."""
        closed_at, self._closed_at = self._closed_at, None
        self._pass_since(closed_at)
        before = time.monotonic()
        self._inbox.work(seconds)
        self._pass_since(before)
        self._look_at_quiet()

    def _pass_since(self, moment: float | None) -> None:
        gone_s = 0.0 if moment is None else time.monotonic() - moment
        if self.calls.current is not None:
            self._take(np.zeros((len(self._ears), round(gone_s * RATE_HZ)), np.float32))
        else:
            self._away_s += gone_s

    def _fill_gap(self, y: FloatArray) -> None:
        """Between two sources time went on: as much silence belongs there."""
        if self._closed_at is None:
            return
        gap_s = time.monotonic() - self._closed_at - y.shape[1] / RATE_HZ
        self._closed_at = None
        if gap_s > _LEAST_GAP_S:
            self._take(np.zeros((len(y), round(gap_s * RATE_HZ)), np.float32))

    def _wind_up(self) -> None:
        """End what is under way, as far as there is time for it."""
        self._enrolling.end(self.now_s(), keep=False)
        self.calls.end(more=False)
        self.calls.close()
        self.tell(SessionChanged(self.now_s(), SessionState.ENDED))
        until = time.monotonic() + 1.8
        end = time.monotonic() + 1.0
        while self.calls.ending and (not self.over or time.monotonic() < end):
            self._inbox.work(0.05)
            if not self.over:
                end = time.monotonic() + 1.0
        self.calls.hurry()
        end = time.monotonic() + 0.5
        while self.calls.ending and time.monotonic() < end:
            self._inbox.work(0.05)
        self._inbox.work()
        self.calls.clerk.close(max(0.3, until - time.monotonic()) if self.over else 2.0)

    def _hears_anew(self, channel: int) -> None:
        if channel < len(self._ears):
            self._ears[channel].since_s = self.now_s()

    # One block.

    def _set_ears(self, channels: int) -> None:
        if len(self._ears) != channels:
            self._ears = [Ear(self.now_s()) for _ in range(channels)]

    def _take(self, y: FloatArray) -> None:
        self._samples += y.shape[1]
        now_s = self.now_s()
        levels = self._meter.push(y)
        if levels is not None:
            self.tell(LevelsMeasured(now_s, levels))
        self._enrolling.push(y[AGENT], now_s)
        self._set_ears(len(y))
        if self.calls.current is not None:
            self._judge(y, now_s)
        elif self.settings.calls == "automatic" and not self._enrolling.on:
            self._look_for_call(y, now_s)
        self._look_at_quiet()
        if now_s - self._badge_looked_s >= _BADGE_S:
            self._look_at_badge()

    def _judge(self, y: FloatArray, now_s: float) -> None:
        try:
            events = self.calls.push(y)
        except Exception:
            log.exception("a call could not be judged any further")
            self._teller.warn(now_s, "call", "This call could not be judged to its end; sorry.")
            self.end_call()
            return
        self._listen_in(events, y, now_s)
        call = self.calls.current
        if call is not None and call.facts.automatic and quiet_s(self._ears, now_s) >= self.settings.end_after_s:
            self._end_call()

    def _listen_in(self, events: list[Event], y: FloatArray, now_s: float) -> None:
        """Who speaks: by what was measured anyway, on a channel that came later by a look of its own."""
        for event in events:
            if isinstance(event, FramesMeasured) and event.channel < len(self._ears):
                self._ears[event.channel].note(event.features, now_s)
        measured = 1 if self.calls.current is None else self.calls.current.facts.channels
        for ear, row in zip(self._ears[measured:], y[measured:], strict=True):
            ear.hear(row, now_s)
        self.captures.look(self._ears, now_s)

    def _look_for_call(self, y: FloatArray, now_s: float) -> None:
        self._lately.push(y)
        for ear, row in zip(self._ears, y, strict=True):
            ear.hear(row, now_s)
        if self._boundaries.begins(self._ears, now_s):
            blocks = self._lately.take()
            self._begin(len(y), None, blocks)
            for block in blocks:
                if self.calls.current is not None:  # it may have met a fault
                    self._judge(block, now_s)

    def _begin(self, channels: int, customer: str | None, heard: Sequence[FloatArray] | None = None) -> None:
        """Begin a call, by itself where there is something that was heard before."""
        try:
            self.calls.begin(channels, customer, automatic=heard is not None, heard=heard or ())
        except Exception:
            log.exception("a call could not begin")
            self._teller.warn(self.now_s(), "call", "A call could not begin; the program's log tells more.")
            self._boundaries.rest()
        self.gaps.begin(self.source)
        self._tell_state()

    # Commands.

    def stop(self) -> None:
        """End the session within two seconds."""
        self.over = True

    def finish(self) -> None:
        """End the session, with all the time that the last result takes."""
        self.finishing = True

    def begin_call(self, customer: str | None) -> None:
        """Begin a call with the next block, or name the customer of the one under way."""
        if self.calls.current is not None:
            self.calls.name_customer(customer or "")
            return
        if self.paused or self.over:
            self._teller.warn(self.now_s(), "paused", "Evenkeel is paused; resume it to begin a call.")
            return
        self._enrolling.end(self.now_s(), keep=False)
        self._lately.clear()
        channels = len(self._ears) or (1 if self.settings.customer_device is None else 2)
        self._ears = [Ear(self.now_s()) for _ in range(channels)]
        self._begin(channels, customer)

    def end_call(self) -> None:
        """End the call under way, if there is one."""
        if self.calls.current is not None:
            self._boundaries.rest()
            self._end_call()

    def _end_call(self) -> None:
        self._note_gaps(self.source)
        self.calls.end()
        self._ears = [Ear(self.now_s()) for _ in self._ears]
        self.captures.forget()
        self._tell_state()

    def _note_gaps(self, source: LiveSourceLike | None) -> None:
        if (call := self.calls.current) is not None:
            for sentence in self.gaps.sentences(source, call.facts.channels):
                call.note(sentence)

    def pause(self) -> None:
        """Close the devices; a call under way ends."""
        self.end_call()
        self._enrolling.end(self.now_s(), keep=False)
        self._lately.clear()
        self.paused = True
        self.captures.closed()
        self._tell_state()

    def resume(self) -> None:
        """Open the devices again; what is said then is meant to be heard."""
        if self.paused:
            self.paused = False
            self._ears, self._boundaries = [], Boundaries()
            self._tell_state()

    def quiet(self, seconds: float) -> None:
        """Show no warning light and no word for so long; 0 ends it."""
        self._teller.be_quiet(self.now_s() + seconds if seconds > 0 else None)
        self._tell_state()

    def change(self, settings: Settings) -> None:
        """Put new settings in force."""
        before, self.settings = self.settings, settings
        self.calls.change(settings)
        devices = (settings.agent_device, settings.customer_device)
        if devices != (before.agent_device, before.customer_device):
            self.source = None  # the loop opens another
        if settings.calls != before.calls:
            self._lately.clear()
        self.tell(SettingsChanged(self.now_s(), settings))

    def dispute(self, subject: str, text: str, note: str | None) -> None:
        """Keep what the agent found not right."""
        from datetime import datetime

        call = self.calls.current
        light = "none" if call is None or call.light is None else str(call.light.light)
        name, at_s = (None, None) if call is None else (call.facts.name, round(call.duration_s, 3))
        dispute = Dispute(name, at_s, subject, text, note, light)
        self.calls.clerk.ask(partial(self._diary.note_dispute, dispute, datetime.now().astimezone()))
        if call is not None:
            call.dispute(subject, text, note)

    def begin_enrolment(self) -> None:
        """Begin to learn the usual voice from reading aloud."""
        in_call = self.calls.current is not None
        self._lately.clear()
        paused = "Evenkeel is paused; resume it first." if self.paused else None
        self._enrolling.begin(self.now_s(), refused="Finish the call first." if in_call else paused)

    def end_enrolment(self, *, keep: bool) -> None:
        """End reading aloud; ``keep`` stores what was learnt."""
        self._enrolling.end(self.now_s(), keep=keep)

    # What is told of the session itself.

    @property
    def quiet_s(self) -> float | None:
        """For how long it stays quiet, None when it is not."""
        until_s = self._teller.quiet.until_s
        return None if until_s is None else max(0.0, until_s - self.now_s())

    def _look_at_badge(self) -> None:
        self._badge_looked_s = self.now_s()
        badge = self.calls.badge
        if badge is not None and badge != self.badge:
            self.badge = badge
            self.tell(WordsChanged(self.now_s(), *badge))

    def _look_at_quiet(self) -> None:
        until_s = self._teller.quiet.until_s
        if until_s is not None and self.now_s() >= until_s:
            self.quiet(0)

    def _tell_state(self) -> None:
        state = SessionState.READY
        if self.paused:
            state = SessionState.PAUSED
        elif self.calls.current is not None:
            state = SessionState.IN_CALL
        told = SessionChanged(self.now_s(), state, self._teller.quiet.until_s)
        before = self._state
        if before is None or (before.state, before.quiet_until_s) != (told.state, told.quiet_until_s):
            self.tell(told)

    def tell(self, event: LiveEvent) -> None:
        """Tell the listener."""
        if isinstance(event, SessionChanged):
            self._state, self.state = event, event.state
        self._teller.tell(event)
