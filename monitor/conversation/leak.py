"""Whose voice is it? Tells a channel's own speech from the other side's voice that leaks into it.

A headset or a loudspeaker lets some of one side's voice into the other side's channel, later by the way it takes (up to
``MOST_DELAY_S``). A leak is the same waveform, so the two channels correlate at one lag; two people never do. Where
somebody speaks over a leak, their own voice breaks the correlation, so that a real talk-over stays one.

The correlation is normalised (cosine of the two waveforms) and taken after pre-emphasis, which widens the band: the
wider the band, the less two voices of a similar F0 resemble each other.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from monitor.types import HOP, RATE_HZ, BoolArray, FloatArray

MOST_DELAY_S = 0.3
STEP = 10  # frames that are told apart together: 100 ms
LOOKAHEAD = 20  # frames
_DECIMATE = 4  # to 4 kHz: where most of a voice is, on a telephone as well
_RATE_HZ = RATE_HZ // _DECIMATE
_PER_FRAME = HOP // _DECIMATE
_WINDOW = 2 * LOOKAHEAD * _PER_FRAME  # samples around the step, 0.4 s
_DELAY = round(MOST_DELAY_S * _RATE_HZ)
_FFT_SIZE = 4096
# Two voices that have nothing to do with each other: 0.21 (median) and 0.43 (the most of 600 windows) at their best
# lag. A leak through a room: 0.35 to 0.5 (median), more the drier it is.
_SURE = 0.42  # correlation that tells a leak by itself
_LIKELY = 0.33  # correlation whose lag is remembered; the lag of a leak returns, that of chance does not
_LOUDER_DB = 3.0  # how much more than the usual leak may come through at the lag that it always has
_EXPLAINED = 0.5  # share of a step's frames that known leaks explain, so that no other need be looked for
_ECHO = 15  # frames for which a room goes on
_SAME = round(0.004 * _RATE_HZ)  # samples within which two lags are one
_TIMES = 3
_REMEMBERED = 20
_AGAIN = 5  # steps between two looks at all lags, once a leak is known: they cost most
_SAME_DB = 0.5
_AT_ONCE = round(0.002 * _RATE_HZ)  # a lag under 2 ms says nothing of who was first; the fainter is the leak


@dataclass(slots=True)
class _Path:
    """One way of a leak: at which lag (samples) and how strong (dB) it was heard lately."""

    heard: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def _near(self, lag: int) -> list[float]:
        return sorted(gain_db for known, gain_db in self.heard if abs(lag - known) <= _SAME)

    def usual(self) -> tuple[int, float] | None:
        """The lag that came back most and its middle gain, None while no lag came back."""
        lag = max((lag for lag, _ in self.heard), key=lambda lag: len(self._near(lag)), default=None)
        gains = [] if lag is None else self._near(lag)
        return None if lag is None or len(gains) < _TIMES else (lag, gains[len(gains) // 2])


class LeakFinder:
    """Follows two channels; feed the samples of both, then ask about frames that both are active in."""

    def __init__(self) -> None:
        self._left: FloatArray = np.zeros((2, 0), np.float32)
        self._last: FloatArray = np.zeros((2, 1), np.float32)
        # Silence before the start, so that the first window can reach back.
        self._y: FloatArray = np.zeros((2, _WINDOW // 2 + _DELAY), np.float32)
        self._start = -(_WINDOW // 2 + _DELAY)  # the decimated sample that ``_y`` begins with
        self._paths = (_Path(), _Path())

    def push(self, y: FloatArray) -> None:
        """Take samples of both channels, shape (2, samples)."""
        joined = np.concatenate([self._left, y], axis=1)
        whole = joined.shape[1] // _DECIMATE * _DECIMATE
        self._left = joined[:, whole:]
        low = joined[:, :whole].reshape(2, -1, _DECIMATE).mean(axis=2, dtype=np.float32)
        before = np.concatenate([self._last, low], axis=1)
        self._last = before[:, -1:]
        self._y = np.concatenate([self._y, low - np.float32(0.9) * before[:, :-1]], axis=1)

    def leaked(self, first: int, both: BoolArray) -> BoolArray:
        """For whole steps of frames from ``first``, which frames of each channel hold the other's voice.

        ``both`` has shape (frames,): where the two channels are active at once, or were a moment ago. The answer has
        shape (2, frames). Samples up to ``LOOKAHEAD`` frames after the last one must have been pushed, or are silence.
        """
        found = np.zeros((2, len(both)), np.bool_)
        for at in range(0, len(both), STEP):
            if both[at : at + STEP].any():
                found[:, at : at + STEP] = self._look(first + at, both[at : at + STEP])
        self._forget((first + len(both)) * _PER_FRAME)
        return found

    def _look(self, frame: int, both: BoolArray) -> BoolArray:
        """Which frames of each channel hold the other's voice in the step that begins with this frame: (2, STEP)."""
        usual = [path.usual() for path in self._paths]
        found = np.zeros((2, STEP), np.bool_)
        for channel, way in enumerate(usual):
            if way is not None:
                found[channel] = self._no_louder(channel, frame, *way)
        explained = bool((found[0] | found[1])[both].mean() >= _EXPLAINED)
        if not explained or frame // STEP % _AGAIN == 0:
            leaking = self._alike((frame + STEP // 2) * _PER_FRAME - _WINDOW // 2)
            if leaking is not None and usual[leaking] is None:
                found[leaking] = True
        return found

    def _alike(self, start: int) -> int | None:
        """Which channel holds the other's voice in the window that begins with this sample, None when neither does."""
        ways = [self._correlation(start, leaking) for leaking in (0, 1)]
        leaking = max((0, 1), key=lambda way: ways[way][1])
        lag, correlation, level_db = ways[leaking]
        if lag < _AT_ONCE and abs(level_db) < _SAME_DB:
            leaking = 1  # one recording on both channels: it is taken for the first one's, the agent's
        elif lag < _AT_ONCE and level_db > 0:
            leaking, level_db = 1 - leaking, -level_db
        if correlation >= _LIKELY:
            self._paths[leaking].heard.append((lag, level_db))
        return leaking if correlation >= _SURE else None

    def _no_louder(self, leaking: int, frame: int, lag: int, gain_db: float) -> BoolArray:
        """Frames of a step in which this channel is no louder than the leak and its echo always are; shape (STEP,)."""
        here = self._powers(leaking, frame * _PER_FRAME, STEP)
        there = self._powers(1 - leaking, (frame - _ECHO) * _PER_FRAME - lag, STEP + _ECHO)
        loudest = np.lib.stride_tricks.sliding_window_view(there, _ECHO + 1).max(axis=1)
        return np.asarray(here <= loudest * 10 ** ((gain_db + _LOUDER_DB) / 10))

    def _powers(self, channel: int, start: int, frames: int) -> FloatArray:
        """Mean squares of frames, each with its neighbours, shape (frames,)."""
        part = self._part(channel, start - _PER_FRAME, (frames + 2) * _PER_FRAME)
        each = (part.reshape(-1, _PER_FRAME) ** 2).mean(axis=1)
        return np.asarray((each[:-2] + each[1:-1] + each[2:]) / 3, np.float32)

    def _part(self, channel: int, start: int, length: int = _WINDOW) -> FloatArray:
        part = self._y[channel, start - self._start : start - self._start + length]
        return np.pad(part, (0, length - len(part))) if len(part) < length else part

    def _correlation(self, start: int, leaking: int) -> tuple[int, float, float]:
        """Best lag (samples) of the other channel before this one, its correlation, and how much louder this one is."""
        here = self._part(leaking, start)
        there = self._part(1 - leaking, start - _DELAY, _WINDOW + _DELAY)
        power = float(here @ here)
        squares = np.concatenate([[0.0], np.cumsum(there.astype(np.float64) ** 2)])
        powers = squares[_WINDOW:] - squares[:-_WINDOW]  # of the other channel at each lag, the largest lag first
        if power <= 0.0 or powers.max() <= 0.0:
            return 0, 0.0, 0.0
        spectrum = np.fft.rfft(there, _FFT_SIZE) * np.conj(np.fft.rfft(here, _FFT_SIZE))
        products = np.abs(np.fft.irfft(spectrum, _FFT_SIZE)[: _DELAY + 1])
        cosines = products / np.sqrt(power * np.maximum(powers, 1e-3 * powers.max()))
        best = int(cosines.argmax())
        level_db = 10 * np.log10(power / max(float(powers[best]), 1e-12))
        return _DELAY - best, float(cosines[best]), float(level_db)

    def _forget(self, until: int) -> None:
        """Drop what no later window can reach."""
        drop = until - _WINDOW // 2 - _DELAY - STEP * _PER_FRAME - self._start
        if drop > 0:
            self._y = self._y[:, drop:]
            self._start += drop
