"""One channel of a live session: what its devices delivered, put where it belongs, and silence in between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.sources.clock import StreamClock, Timeline
from monitor.types import RATE_HZ, FloatArray

_APART_S = 0.004  # an offset between two devices that is left alone: the estimates themselves waver by this
_STEER_S = 30.0  # what goes beyond is taken back over this long
_STEEREST = 2e-3  # by so much at most, which nobody hears
_NOTHING = 1e-12  # what the converter rings with in digital silence, in numbers that are slow to reckon with
_JUMP_S = 0.1  # a larger offset is mended at once
_LONG_S = 5.0  # a gap that no busy machine makes: the computer slept


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a channel that holds silence because nothing was heard; ``why`` in a word or two."""

    channel: int
    start_s: float
    duration_s: float
    why: str


class Lane:
    """Samples of one channel at ``RATE_HZ``, without a hole from the first of the session to ``written``.

    ``leads``: the timeline follows this lane, whose samples are not bent to any other clock. A lane that does not lead
    is resampled by the few millionths by which the two devices differ.
    """

    def __init__(self, channel: int, timeline: Timeline, *, leads: bool) -> None:
        self.written = 0
        self._channel = channel
        self._timeline = timeline
        self._leads = leads
        self._ready: list[FloatArray | int] = []  # samples, or how many of silence: a gap may last for hours
        self._gaps: list[tuple[int, int, str]] = []  # first sample, samples, why
        self._clock: StreamClock | None = None
        self._rate_hz = RATE_HZ
        self._is_placed = False
        self._waiting: list[tuple[int, FloatArray]] = []
        self._converter: _Converter | None = None
        self._due = 0  # where the next converted sample belongs
        self.reached = 0.0  # where the newest sample of the device belongs
        self._steered_s = 0.0

    @property
    def gaps(self) -> list[Gap]:
        """Every stretch of silence that was put in, in order."""
        return [Gap(self._channel, start / RATE_HZ, samples / RATE_HZ, why) for start, samples, why in self._gaps]

    @property
    def is_running(self) -> bool:
        """Whether a stream is heard whose place in time is known."""
        return self._is_placed

    def begin(self, rate_hz: int) -> None:
        """A stream was opened."""
        self.end()
        self._clock = StreamClock(rate_hz)
        self._rate_hz = rate_hz
        self._converter = None if self._leads and rate_hz == RATE_HZ else _Converter(rate_hz)
        self._steered_s = 0.0

    def end(self) -> None:
        """The stream is no more."""
        self._clock = None
        self._is_placed = False
        self._waiting.clear()

    def take(self, first: int, arrived_s: float, captured_s: float, y: FloatArray) -> None:
        """Take a block of the device, shape (samples, channels), at its own rate."""
        clock = self._clock
        if clock is None:
            return
        refused = clock.heard(first, len(y), arrived_s, captured_s)
        self._waiting.append((refused, y[:, 0] if y.shape[1] == 1 else y.mean(axis=1, dtype=np.float32)))
        if not clock.is_sure:
            return
        if not self._is_placed:
            self._place(clock)
        if lost := clock.take_lost():
            self._skip(lost)
        for refused, part in self._waiting:
            if refused:
                self._skip(refused)
            self._append(part)
        self._waiting.clear()
        if clock.stream_s - self._steered_s >= 1.0:
            self._steered_s = clock.stream_s
            self._steer(clock)

    def fill(self, until: int, why: str) -> None:
        """Silence up to a sample of the session, counted as a gap."""
        missing = until - self.written
        if missing > 0:
            self._count(self.written, missing, why)
            self._put_silence(missing)

    def pull(self, samples: int) -> FloatArray:
        """Take out the oldest samples; there must be so many."""
        parts: list[FloatArray] = []
        while samples:
            part = self._ready.pop(0)
            if isinstance(part, int):
                if part > samples:
                    self._ready.insert(0, part - samples)
                part = np.zeros(min(part, samples), np.float32)
            elif len(part) > samples:
                self._ready.insert(0, part[samples:])
                part = part[:samples]
            parts.append(part)
            samples -= len(part)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _place(self, clock: StreamClock) -> None:
        self._is_placed = True
        self._due = round(self._timeline.position(clock.time_of(0.0)))
        self.reached = float(self._due)
        self.fill(self._due, "starting")

    def _skip(self, missing: int) -> None:
        """Put silence for samples that the device did not deliver."""
        start = max(self.written, round(self.reached))
        if missing > _LONG_S * self._rate_hz:
            self._pass_over(missing)
        else:
            self._append(np.zeros(missing, np.float32))
        if round(self.reached) > start:
            self._count(start, round(self.reached) - start, "not delivered")

    def _append(self, y: FloatArray) -> None:
        ratio = 1.0
        if self._converter is not None:
            ratio = self._converter.ratio
            self.reached += len(y) * ratio
            y = self._converter.convert(y)
        else:
            self.reached += len(y)
        late = self.written - self._due  # silence stands there already
        self._due += len(y)
        if late < len(y):
            self._put(y[max(0, late) :])

    def _pass_over(self, missing: int) -> None:
        """Silence that is not converted, for it would take the memory of what was not heard."""
        out = missing * (1.0 if self._converter is None else self._converter.ratio)
        self.reached += out
        late = self.written - self._due
        self._due += round(out)
        self._put_silence(round(out) - max(0, late))

    def _put_silence(self, samples: int) -> None:
        if samples > 0:
            self._ready.append(samples)
            self.written += samples

    def _put(self, y: FloatArray) -> None:
        if len(y):
            self._ready.append(y)
            self.written += len(y)

    def _steer(self, clock: StreamClock) -> None:
        now_s = clock.time_of(clock.stream_s)
        if self._leads:
            self._timeline.follow(now_s, self.reached, clock.drift)
            return
        assert self._converter is not None
        off = self._timeline.position(now_s) - self.reached
        if abs(off) > _JUMP_S * RATE_HZ:
            self._due += round(off)
            self.reached += round(off)
            self.fill(self._due, "realigned")
            off = 0.0
        beyond = off - float(np.clip(off, -_APART_S * RATE_HZ, _APART_S * RATE_HZ))
        bend = float(np.clip(beyond / (_STEER_S * RATE_HZ), -_STEEREST, _STEEREST))
        self._converter.ratio = self._timeline.rate_hz * (1.0 + clock.drift) / self._rate_hz * (1.0 + bend)

    def _count(self, start: int, samples: int, why: str) -> None:
        if self._gaps and self._gaps[-1][2] == why and sum(self._gaps[-1][:2]) == start:
            start, samples = self._gaps[-1][0], self._gaps.pop()[1] + samples
        self._gaps.append((start, samples, why))


class _Converter:
    """A stream at one rate brought to ``RATE_HZ``, the ratio of which may be changed a little at any time.

    soxr's variable-rate converter: flat up to 7.6 kHz, images under -75 dB, 15 ms behind, where the one with a fixed
    ratio is up to 37 ms behind.
    """

    def __init__(self, rate_hz: int) -> None:
        import soxr

        self._stream = soxr.ResampleStream(rate_hz * 1.01, RATE_HZ, 1, dtype="float32", vr=True)
        self._ratio = 0.0
        self.ratio = RATE_HZ / rate_hz

    @property
    def ratio(self) -> float:
        """Samples out for one sample in."""
        return self._ratio

    @ratio.setter
    def ratio(self, ratio: float) -> None:
        if ratio != self._ratio:
            self._ratio = ratio
            self._stream.set_io_ratio(1.0, ratio)

    def convert(self, y: FloatArray) -> FloatArray:
        """Samples in, shape (samples,); as many out as became possible."""
        out = np.asarray(self._stream.resample_chunk(y), np.float32)
        out[np.abs(out) < _NOTHING] = 0.0
        return out
