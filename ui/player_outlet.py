"""Where sound goes: a device of this machine, or nowhere at the speed of a clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from ui.player_feed import Form

if TYPE_CHECKING:
    from PyQt6.QtCore import QIODevice
    from PyQt6.QtMultimedia import QAudioDevice

BUFFER_S = 0.3  # a window that is busy for so long makes no gap
# What PulseAudio holds beyond what Qt counts as waiting; found by recording a null sink (tests/desktop).
SERVER_S = 0.037


class Outlet(Protocol):
    """Takes samples and says how many of them were heard."""

    form: Form

    @property
    def free(self) -> int:
        """How many samples it takes now."""
        ...

    @property
    def heard(self) -> int:
        """How many samples were heard since the start."""
        ...

    @property
    def lost(self) -> bool:
        """Whether it takes nothing any more."""
        ...

    def restart(self) -> None:
        """Forget what was not heard yet, and begin anew."""
        ...

    def write(self, data: bytes) -> int:
        """Take bytes; how many were taken."""
        ...

    def close(self) -> None:
        """Be silent at once."""
        ...


def default_device() -> QAudioDevice | None:
    """The device that the system plays to, None where there is none."""
    from PyQt6.QtMultimedia import QMediaDevices

    device = QMediaDevices.defaultAudioOutput()
    return None if device.isNull() else device


class DeviceOutlet:
    """The sound device, through Qt; for the main thread: in others, Qt's binding was seen to take it for deleted."""

    def __init__(self, device: QAudioDevice, wanted: Form) -> None:
        from PyQt6.QtMultimedia import QAudio, QAudioFormat, QAudioSink

        kind = QAudioFormat()
        kind.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        kind.setSampleRate(wanted.rate_hz)
        kind.setChannelCount(wanted.channels)
        if not device.isFormatSupported(kind):
            usual = device.preferredFormat()
            kind.setSampleRate(usual.sampleRate())
            kind.setChannelCount(min(2, usual.channelCount()))
        self.form = Form(kind.sampleRate(), kind.channelCount())
        self._written = 0
        # Its signals come from a thread of the sound system, which must not wait for Python: it is looked at instead.
        self._sink = QAudioSink(device, kind)
        self._sink.setBufferSize(round(BUFFER_S * self.form.rate_hz) * self.form.frame_bytes)
        self._stopped = QAudio.State.StoppedState
        self._device: QIODevice | None = None
        self.restart()

    def restart(self) -> None:
        """Forget what was not heard yet, and begin anew."""
        self.close()
        self._written = 0
        self._device = self._sink.start()

    @property
    def free(self) -> int:
        """How many samples it takes now."""
        return self._sink.bytesFree() // self.form.frame_bytes

    @property
    def heard(self) -> int:
        """How many samples were heard since the start, as far as the system tells."""
        waiting = (self._sink.bufferSize() - self._sink.bytesFree()) // self.form.frame_bytes
        return max(0, self._written - waiting - round(SERVER_S * self.form.rate_hz))

    @property
    def lost(self) -> bool:
        """Whether the device went away."""
        return self._sink.state() == self._stopped

    def write(self, data: bytes) -> int:
        """Take bytes; how many were taken."""
        taken = max(0, self._device.write(data)) if self._device is not None else 0
        self._written += taken // self.form.frame_bytes
        return taken

    def close(self) -> None:
        """Be silent at once."""
        self._sink.reset()
        self._sink.stop()


class ClockOutlet:
    """Nowhere: samples are gone at the speed at which a device would play them."""

    def __init__(self, wanted: Form) -> None:
        self.form = wanted
        self.restart()

    def restart(self) -> None:
        """Begin anew."""
        self._start_s = time.monotonic()
        self._written = 0

    @property
    def free(self) -> int:
        """As many as a device holds."""
        return max(0, round(BUFFER_S * self.form.rate_hz) - (self._written - self.heard))

    @property
    def heard(self) -> int:
        """How many samples were gone through."""
        passed = round((time.monotonic() - self._start_s) * self.form.rate_hz)
        if passed > self._written:  # it had to wait for samples
            self._start_s += (passed - self._written) / self.form.rate_hz
        return min(passed, self._written)

    @property
    def lost(self) -> bool:
        """Never."""
        return False

    def write(self, data: bytes) -> int:
        """Take bytes."""
        self._written += len(data) // self.form.frame_bytes
        return len(data)

    def close(self) -> None:
        """Nothing is to be done."""
