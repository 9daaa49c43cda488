"""What is played next: samples of a recording at another speed but the same pitch, and where in it each was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from monitor.types import FloatArray

Int16Array = npt.NDArray[np.int16]

STEREO = 2
_PIECE_S = 0.05  # of the recording that is taken at a time
_FULL = np.float32(32_767.0)


class Sound(Protocol):
    """A recording whose samples can be looked up, such as ``monitor.replay.recording.Waveform``."""

    @property
    def rate_hz(self) -> int:
        """Samples per second."""
        ...

    @property
    def channels(self) -> int:
        """How many there are."""
        ...

    @property
    def complete(self) -> bool:
        """Whether all of its samples are there."""
        ...

    def samples(self, start_s: float, end_s: float) -> FloatArray:
        """Samples of all channels, shape (channels, samples), full scale 1.0; fewer where they are not there yet."""
        ...


class Silence:
    """What is played where there is no recording."""

    rate_hz, channels, complete = 8_000, 1, True

    def samples(self, start_s: float, end_s: float) -> FloatArray:
        """Zeros."""
        return np.zeros((1, round(end_s * self.rate_hz) - round(start_s * self.rate_hz)), np.float32)


@dataclass(frozen=True, slots=True)
class Form:
    """How samples are laid out for a device: 16 bits, interleaved."""

    rate_hz: int
    channels: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return 2 * self.channels


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``out`` (samples played since the start) on, the recording runs from ``start_s`` at ``tempo``."""

    out: int
    start_s: float
    tempo: float


class Converter:
    """Changes tempo, rate and channels of a stream by libav's filters; atempo keeps the pitch (WSOLA)."""

    def __init__(self, source: Form, target: Form, tempo: float) -> None:
        self._source = source
        self._pushed = 0
        self._graph = None
        if tempo == 1.0 and source == target:
            return
        from av.filter import Graph

        graph = Graph()
        layout = _layout(source.channels)
        parts = [
            graph.add(
                "abuffer",
                f"time_base=1/{source.rate_hz}:sample_rate={source.rate_hz}:sample_fmt=s16:channel_layout={layout}",
            )
        ]
        if tempo != 1.0:
            parts.append(graph.add("atempo", str(tempo)))
        wanted = f"sample_fmts=s16:sample_rates={target.rate_hz}:channel_layouts={_layout(target.channels)}"
        parts += [graph.add("aformat", wanted), graph.add("abuffersink")]
        for one, other in pairwise(parts):
            one.link_to(other)
        graph.configure()
        self._graph = graph

    def push(self, y: Int16Array) -> bytes:
        """Take samples of shape (samples, channels), and return what came out of it."""
        if self._graph is None:
            return y.tobytes()
        import av

        packed = np.ascontiguousarray(y).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=_layout(self._source.channels))
        frame.sample_rate, frame.pts = self._source.rate_hz, self._pushed
        frame.time_base = Fraction(1, self._source.rate_hz)
        self._pushed += len(y)
        self._graph.push(frame)
        return b"".join(self._pulled())

    def finish(self) -> bytes:
        """Return what is left inside."""
        if self._graph is None or not self._pushed:
            return b""
        self._graph.push(None)
        return b"".join(self._pulled())

    def _pulled(self) -> Iterator[bytes]:
        import av

        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, av.AudioFrame)
            yield frame.to_ndarray().tobytes()


def _layout(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels}c")


class Feed:
    """Reads a recording on and on for a device; ``loop`` is where it goes back, and to where."""

    def __init__(
        self,
        sound: Sound,
        duration_s: float,
        form: Form,
        *,
        start_s: float,
        tempo: float = 1.0,
        loop: tuple[float, float] | None = None,
    ) -> None:
        self._sound, self._form, self._tempo, self._loop = sound, form, tempo, loop
        self._source = Form(sound.rate_hz, min(STEREO, sound.channels))
        self._end = round(duration_s * sound.rate_hz)
        self._at = round(start_s * sound.rate_hz)
        self._waiting = bytearray()
        self._out = 0  # samples made for the device, played or not
        self.ended = False
        self.stretches: tuple[Stretch, ...] = ()
        self._begin()

    @property
    def made(self) -> int:
        """Samples handed over and waiting."""
        return self._out

    def read(self, count: int) -> bytes:
        """The next samples, at most so many; fewer where the recording has not been read so far, or ended."""
        wanted = count * self._form.frame_bytes
        while len(self._waiting) < wanted and not self.ended:
            if not self._take():
                break
        data = bytes(self._waiting[:wanted])
        del self._waiting[:wanted]
        return data

    def source_s(self, out: float) -> float:
        """Where in the recording the sample is that is played as this one."""
        here = next((each for each in reversed(self.stretches) if each.out <= out), self.stretches[0])
        return here.start_s + max(0.0, out - here.out) / self._form.rate_hz * here.tempo

    def _begin(self) -> None:
        """Start a stretch where we are."""
        self._converter = Converter(self._source, self._form, self._tempo)
        start_s = self._at / self._source.rate_hz
        # Those before the last two were heard long ago: a device holds less than a loop lasts, or little more.
        self.stretches = (*self.stretches[-8:], Stretch(self._out, start_s, self._tempo))

    def _take(self) -> bool:
        """Convert one piece more; whether there was one."""
        rate_hz = self._source.rate_hz
        end, back = self._end, None
        if self._loop is not None and self._at < round(self._loop[1] * rate_hz) <= end:
            end, back = round(self._loop[1] * rate_hz), round(self._loop[0] * rate_hz)
        stop = min(end, self._at + max(1, round(_PIECE_S * rate_hz)))
        if stop > self._at:
            y = self._sound.samples(self._at / rate_hz, stop / rate_hz)
            if y.shape[1]:
                self._at += y.shape[1]
                self._add(self._converter.push(_as_int16(y)))
            elif self._sound.complete:
                self._at = end  # it is a little shorter than was said: times are rounded
            else:
                return False
        if self._at >= end:
            self._add(self._converter.finish())
            self.ended = back is None
            if back is not None:
                self._at = back
                self._begin()
        return True

    def _add(self, data: bytes) -> None:
        self._waiting += data
        self._out += len(data) // self._form.frame_bytes


def _as_int16(y: FloatArray) -> Int16Array:
    """Shape (samples, channels); of more than two channels the mean of the even and of the odd ones is heard."""
    if len(y) > STEREO:
        y = np.stack([y[side::STEREO].mean(axis=0) for side in range(STEREO)])
    whole: Int16Array = np.rint(np.clip(y.T, -1.0, 1.0) * _FULL).astype(np.int16)
    return whole
