"""A device that can be heard, and a stream of it while it runs. The sound system itself is not touched here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from monitor.types import FloatArray

PULSE = "pulse"  # PortAudio's name for whatever source the server chooses, and the system of the server's sources


@dataclass(frozen=True, slots=True)
class InputDevice:
    """Something that can be heard, as the system names it.

    ``name`` is what settings remember, ``label`` what people read. ``is_monitor``: it is what the agent hears, not what
    the agent says.
    """

    name: str
    system: str
    channels: int
    rate_hz: int
    is_default: bool
    label: str
    is_monitor: bool


class PortAudioStream(Protocol):
    """What is needed of a stream of sounddevice."""

    def start(self) -> None:
        """Begin to call back."""
        ...

    def abort(self, ignore_errors: bool = True) -> None:
        """End at once."""
        ...

    def close(self, ignore_errors: bool = True) -> None:
        """Let go of the device."""
        ...


class CallbackTimes(Protocol):
    """The sound system's clock, at which time it calls and when the first sample of the block was captured."""

    currentTime: float  # noqa: N815 - PortAudio's name
    inputBufferAdcTime: float  # noqa: N815


class OpenStream:
    """A running stream of one device, float32 at the device's own rate.

    Parameters
    ----------
    device
        What is heard.
    token
        The mark by which a sound server knows the stream.
    take
        Called by the sound system with (this stream, number of the first sample, time of arrival, time of capture,
        samples of shape (samples, channels)). It must do next to nothing. Numbers go on counting over what it refused.
        The time of capture is the sound system's own reckoning, on the clock of the arrivals; it may be off by much,
        but then steadily.
    """

    def __init__(self, device: InputDevice, token: str, take: Take) -> None:
        self.device = device
        self.token = token
        self.opened_s = time.monotonic()
        self.heard_s: float | None = None  # when the newest samples came
        self.samples = 0
        self.has_finished = False  # the sound system ended it
        self._take = take
        self._stream: PortAudioStream | None = None

    @property
    def is_served(self) -> bool:
        """Whether a PulseAudio or PipeWire server stands between the device and us."""
        return self.device.system == PULSE

    def run(self, stream: PortAudioStream) -> None:
        """Let a stream that calls ``hear`` and ``finish`` begin."""
        self._stream = stream
        stream.start()

    def abort(self) -> None:
        """End at once. ``stop`` would wait for a stalled device, up to 43 s as measured."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)

    def hear(self, y: FloatArray, samples: int, times: CallbackTimes, _status: object) -> None:
        """Called by the sound system's thread: copies, hands over, counts, and returns."""
        now_s = time.monotonic()
        captured_s = times.inputBufferAdcTime
        captured_s = now_s - (times.currentTime - captured_s if captured_s > 0 else 0.0)  # 0: it does not know
        self._take(self, self.samples, now_s, captured_s, y.copy())
        self.samples += samples
        self.heard_s = now_s

    def finish(self) -> None:
        """Called by the sound system's thread when it ends the stream, for whatever reason."""
        self.has_finished = True


Take = Callable[[OpenStream, int, float, float, FloatArray], None]
