"""Where captured samples belong in time: gaps found, the true rate of a device estimated, two devices kept together.

A device says only how many samples it delivered, and each block comes late by as much as the machine was busy, never
early. So the truth is the lower edge of the delays: it rises steadily when the device's clock runs slow, by steps when
samples were lost, and not at all when blocks merely came late in a burst.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monitor.types import RATE_HZ

DoubleArray = npt.NDArray[np.float64]

SETTLE_S = 0.4  # a stream begins with bursts; its place in time is settled after this
_GAP_S = 0.05  # smaller losses are left to the estimate of the clock
_SURE_S, _SURE_BLOCKS = 0.3, 8  # how long blocks must all come late before samples count as lost
_EARLY_S = 0.03  # nothing can come early: the reckoning was late by this
_BUCKET_S = 2.0
_BUCKETS = 900  # half an hour
_FEW_BUCKETS = 30  # a minute: no rate is told from less
_FIT_EVERY = 5  # buckets; more often in the first minute
_STEEPEST = 5e-4  # sound cards are within 0.02 %; anything steeper is a mistake of the estimate
_DOUBT_S = 120.0  # a rate is half believed after so long
_SETTLED_S = 600.0  # and wholly after so long
_ROUNDS = 6
_FEWEST = 0.25  # share of the points that the line goes by at least
_WAVER_S = 0.001  # how far points of the same delay lie apart


@dataclass(slots=True)
class _Late:
    """A run of blocks that all came late: since when, how many, and the least delay of arrival and of capture."""

    since_s: float
    blocks: int
    least_s: float
    least_captured_s: float


class StreamClock:
    """Reckons for one open stream when its samples were heard, and which are missing.

    Delays are in seconds of the arrivals' clock against stream time, which is samples / rate with the missing ones
    counted. They follow a line: where the stream began, and how much slower its clock is (``drift``).
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._next: int | None = None  # number of the stream's next sample, as the stream counts
        self._samples = 0  # the same with the missing samples
        self._began_s: float | None = None
        self._is_settled = False
        self._origin_s = 0.0
        self.drift = 0.0
        self._late: _Late | None = None
        self._lost = 0
        self._bucket_end_s = _BUCKET_S
        self._least_s = self._least_captured_s = np.inf
        self._captured_s = np.inf  # of the bucket before
        self._points: list[tuple[float, float]] = []
        self._buckets = 0

    @property
    def is_sure(self) -> bool:
        """Whether it is known where the newest blocks belong; at the start, and when blocks come late, not at once."""
        return self._is_settled and self._late is None

    @property
    def stream_s(self) -> float:
        """Stream time of the newest sample."""
        return self._samples / self._rate_hz

    def time_of(self, stream_s: float) -> float:
        """When the sample at this stream time was heard, on the clock of the arrivals."""
        return self._origin_s + stream_s * (1.0 + self.drift)

    def heard(self, first: int, samples: int, arrived_s: float, captured_s: float) -> int:
        """Take notice of a block and return how many samples before it were refused.

        Parameters
        ----------
        first
            Number of the block's first sample as the stream counts; a jump tells of blocks that were refused.
        samples
            How many samples the block has.
        arrived_s, captured_s
            When the block came, and when its first sample was heard as the sound system reckons.
        """
        refused = 0 if self._next is None else first - self._next
        self._next = first + samples
        self._samples += refused + samples
        delay_s = arrived_s - self.stream_s
        captured_delay_s = captured_s - self.stream_s
        if self._began_s is None:
            self._began_s, self._origin_s = arrived_s, delay_s
        if not self._is_settled:
            self._origin_s = min(self._origin_s, delay_s)
            self._is_settled = arrived_s - self._began_s >= SETTLE_S
        else:
            self._compare(delay_s, captured_delay_s, arrived_s)
        self._remember(arrived_s - self.stream_s, captured_s - self.stream_s)
        return refused

    def take_lost(self) -> int:
        """Return how many samples the device did not deliver, which belong before the first block that came late."""
        lost, self._lost = self._lost, 0
        return lost

    def _compare(self, delay_s: float, captured_delay_s: float, arrived_s: float) -> None:
        late_s = delay_s - (self.time_of(self.stream_s) - self.stream_s)
        if late_s < -_EARLY_S:
            self._begin_anew(delay_s)
        if late_s < _GAP_S:
            self._late = None
            return
        late = self._late
        if late is None:
            late = self._late = _Late(arrived_s, 0, late_s, captured_delay_s)
        late.blocks += 1
        late.least_s = min(late.least_s, late_s)
        late.least_captured_s = min(late.least_captured_s, captured_delay_s)
        if arrived_s - late.since_s < _SURE_S or late.blocks < _SURE_BLOCKS:
            return
        self._late = None
        # The sound system may say that these samples are old, not few: we were too slow to fetch them.
        if np.isfinite(self._captured_s) and late.least_captured_s - self._captured_s < late.least_s / 2:
            return
        self._lost = round(late.least_s * self._rate_hz)
        self._samples += self._lost

    def _begin_anew(self, delay_s: float) -> None:
        self._points.clear()
        self._least_s = np.inf
        self._origin_s = delay_s - self.stream_s * self.drift

    def _remember(self, delay_s: float, captured_delay_s: float) -> None:
        if self._late is not None:
            return  # not known yet what to make of it
        self._least_s = min(self._least_s, delay_s)
        self._least_captured_s = min(self._least_captured_s, captured_delay_s)
        if self.stream_s < self._bucket_end_s:
            return
        self._points.append((self.stream_s, self._least_s))
        del self._points[:-_BUCKETS]
        self._buckets += 1
        if self._buckets < _FEW_BUCKETS or self._buckets % _FIT_EVERY == 0:
            self._fit()
        self._captured_s = self._least_captured_s
        self._least_s = self._least_captured_s = np.inf
        self._bucket_end_s = self.stream_s + _BUCKET_S

    def _fit(self) -> None:
        """Fit the line under the least delays, which may lie above the truth for a minute, never below it."""
        x, y = np.array(self._points).T
        if len(x) < _FEW_BUCKETS:
            self._origin_s = float(np.min(y - self.drift * x))
            return
        centre, span_s = float(x.mean()), float(x[-1] - x[0])
        slope, height = _line(x - centre, y)
        for _ in range(_ROUNDS):
            above = y - height - slope * (x - centre)
            fits = above <= max(_WAVER_S, float(np.quantile(above, _FEWEST)))
            slope, height = _line(x[fits] - centre, y[fits])
        # A step of a few milliseconds looks like a steep clock for some minutes, so a short run is not believed.
        self.drift = float(np.clip(slope / (1.0 + (_DOUBT_S / span_s) ** 2), -_STEEPEST, _STEEPEST))
        if span_s < _SETTLED_S:
            newest = slice(-_FEW_BUCKETS, None)
            self._origin_s = float(np.min(y[newest] - self.drift * x[newest]))
        else:
            self._origin_s = height - self.drift * centre


def _line(x: DoubleArray, y: DoubleArray) -> tuple[float, float]:
    """Slope and height, at x = 0, of the straight line through points."""
    middle_x, middle_y = float(x.mean()), float(y.mean())
    spread = float(np.square(x - middle_x).sum())
    slope = float(((x - middle_x) * (y - middle_y)).sum()) / spread if spread else 0.0
    return slope, middle_y - slope * middle_x


class Timeline:
    """The session's samples, at ``RATE_HZ``, against the clock: those of the agent's device while it is heard."""

    def __init__(self, now_s: float) -> None:
        self._at_s = now_s
        self._position = 0.0
        self.rate_hz = float(RATE_HZ)

    def position(self, time_s: float) -> float:
        """The sample that is due at this time."""
        return self._position + (time_s - self._at_s) * self.rate_hz

    def follow(self, time_s: float, position: float, drift: float) -> None:
        """Take over where a device is at, and how fast its clock runs."""
        self._at_s, self._position = time_s, position
        self.rate_hz = RATE_HZ / (1.0 + drift)
