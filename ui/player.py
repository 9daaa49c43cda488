"""Plays a recording: seek, loop, half to double speed at the same pitch, and where in it is heard right now.

The position is counted from what the device still holds, not from the clock, so it stays true where the device waits.
Without a device the same goes on by the clock, in silence.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from ui.player_feed import STEREO, Feed, Form, Silence, Sound
from ui.player_outlet import ClockOutlet, DeviceOutlet, Outlet, default_device

RATES = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
SHORTEST_LOOP_S = 0.2
TICK_MS = 15
NO_DEVICE = "There is no sound device here, so nothing is heard; the cursor runs on. Connect one and press play again."
LOST_DEVICE = "The sound device went away; the cursor runs on in silence. Connect one and press play again."
PLAYING, PAUSED = "playing", "paused"
STALLED_S = 2.5  # a device that plays nothing for so long is gone; one that sleeps takes up to 2 s to wake
_UNHEARD_S = 0.05  # what a device that was emptied may be said to hold still
_END_S = 0.01  # so near the end there is nothing left to play


@dataclass(slots=True)
class _Run:
    """What is being played since the last time that it was begun anew; ``heard`` is as of ``at_s`` of the clock."""

    feed: Feed
    outlet: Outlet
    waiting: bytes = b""
    written: int = 0
    heard: int = 0
    at_s: float = 0.0
    moved_s: float = field(default_factory=time.monotonic)  # when more was heard last

    def source_s(self) -> float:
        """Where in the recording is heard now."""
        since_s = time.monotonic() - self.at_s
        heard = min(self.written, self.heard + since_s * self.outlet.form.rate_hz) if self.heard else 0.0
        return self.feed.source_s(heard)

    @property
    def lost(self) -> bool:
        """Whether the device is gone: a sound system that dies need not tell."""
        return self.outlet.lost or self.at_s - self.moved_s > STALLED_S

    def tick(self) -> bool:
        """Keep the device filled; whether there is more to be heard."""
        frame_bytes = self.outlet.form.frame_bytes
        room = self.outlet.free - len(self.waiting) // frame_bytes
        data = self.waiting + (self.feed.read(room) if room > 0 else b"")
        taken = self.outlet.write(data) if data else 0
        self.waiting = data[taken:]
        self.written += taken // frame_bytes
        heard, self.at_s = self.outlet.heard, time.monotonic()
        unheard = _UNHEARD_S * self.outlet.form.rate_hz
        if heard != self.heard or self.written - heard <= unheard:  # it goes on, or waits for us
            self.heard, self.moved_s = heard, self.at_s
        return not self.feed.ended or bool(self.waiting) or self.feed.made - heard > unheard


class Player(QObject):
    """One recording at a time; ``note`` is a sentence while nothing can be heard. Call ``close`` at the end."""

    position_changed = pyqtSignal(float)
    state_changed = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None, *, silent: bool = False) -> None:
        super().__init__(parent)
        self.note = ""
        self._silent = silent  # play to nowhere from the beginning
        self._sound: Sound = Silence()
        self._has_sound = False
        self._duration_s = self._at_s = 0.0
        self._rate = 1.0
        self._loop: tuple[float, float] | None = None
        self._run: _Run | None = None
        self._device: tuple[object, DeviceOutlet] | None = None
        self._ticker = QTimer(self)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.setInterval(TICK_MS)
        self._ticker.timeout.connect(self._tick)

    # --- what it is told

    def open(self, sound: Sound | None, duration_s: float) -> None:
        """Take another recording; None where a call has none: then time passes in silence."""
        self.pause()
        self._sound = sound if sound is not None else Silence()
        self._has_sound = sound is not None
        self._duration_s, self._at_s, self._loop = duration_s, 0.0, None
        self.note = ""

    def play(self) -> None:
        """Play from where it is; from the start where it is at the end."""
        if self.playing or self._duration_s <= 0:
            return
        if self._at_s >= self._duration_s - _END_S:
            self._at_s = 0.0
        self.note = ""
        self._begin()
        self._ticker.start()
        self.state_changed.emit(PLAYING)

    def pause(self) -> None:
        """Stay where it is heard."""
        if self.playing:
            self._rest(self.position_s())

    def toggle(self) -> None:
        """Play, or pause."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def seek(self, at_s: float) -> None:
        """Go there, playing on if it plays."""
        self._at_s = min(max(0.0, at_s), self._duration_s)
        self._begin_anew()
        self.position_changed.emit(self._at_s)

    def set_rate(self, rate: float) -> None:
        """Play at this speed, 0.5 to 2, at the same pitch."""
        rate = min(max(rate, RATES[0]), RATES[-1])
        if rate != self._rate:
            self._at_s, self._rate = self.position_s(), rate
            self._begin_anew()

    def set_loop(self, start_s: float | None, end_s: float = 0.0) -> None:
        """Play this stretch again and again once it is reached; None ends that."""
        loop = None
        if start_s is not None:
            start_s = min(max(0.0, start_s), max(0.0, self._duration_s - SHORTEST_LOOP_S))
            loop = (start_s, min(self._duration_s, max(end_s, start_s + SHORTEST_LOOP_S)))
        if loop != self._loop:
            self._at_s, self._loop = self.position_s(), loop
            self._begin_anew()

    def close(self) -> None:
        """Be silent for good."""
        self.pause()
        self._device = None

    # --- what it tells

    @property
    def available(self) -> bool:
        """Whether there is something to be heard, as far as is known."""
        return self._has_sound and not self.note

    @property
    def playing(self) -> bool:
        """Whether time passes."""
        return self._run is not None

    @property
    def rate(self) -> float:
        """The speed."""
        return self._rate

    @property
    def loop(self) -> tuple[float, float] | None:
        """The stretch that is repeated."""
        return self._loop

    def position_s(self) -> float:
        """Where in the recording is heard now."""
        return self._at_s if self._run is None else min(self._run.source_s(), self._duration_s)

    # --- inside

    def _begin(self, *, silent: bool = False) -> None:
        """Play from where we are."""
        form = Form(self._sound.rate_hz, min(STEREO, self._sound.channels))
        outlet: Outlet | None = None
        if self._has_sound and not self._silent and not silent:
            outlet = self._device_now(form)
            if outlet is None and not self.note:
                self._tell(NO_DEVICE)
        outlet = outlet or ClockOutlet(form)
        make = partial(Feed, start_s=self._at_s, tempo=self._rate, loop=self._loop)
        self._run = _Run(make(self._sound, self._duration_s, outlet.form), outlet)

    def _begin_anew(self) -> None:
        if self._run is not None:
            self._run.outlet.close()
            self._begin(silent=bool(self.note))

    def _device_now(self, form: Form) -> DeviceOutlet | None:
        """The system's device, ready to begin; None where there is none."""
        device = default_device()
        if device is None:
            return None
        key = device.id().data(), form
        if self._device is not None and self._device[0] == key:
            self._device[1].restart()
        else:
            self._device = key, DeviceOutlet(device, form)
        return self._device[1]

    def _tick(self) -> None:
        run = self._run
        if run is None:
            return
        if run.lost:
            self._at_s = self.position_s()
            self._device = None
            self._tell(LOST_DEVICE)
            self._begin(silent=True)
        elif not run.tick():
            self._rest(self._duration_s)
        else:
            self.position_changed.emit(self.position_s())

    def _rest(self, at_s: float) -> None:
        if self._run is not None:
            self._run.outlet.close()
        self._run, self._at_s = None, at_s
        self._ticker.stop()
        self.position_changed.emit(at_s)
        self.state_changed.emit(PAUSED)

    def _tell(self, sentence: str) -> None:
        self.note = sentence
        self.failed.emit(sentence)
