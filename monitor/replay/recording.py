"""The waveform of a recording as lowest and highest samples, read once in the background and drawn at any zoom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from monitor.errors import InputProblem
from monitor.replay.pyramid import Pyramid, thinned
from monitor.replay.samples import Int16Array, Samples, open_samples
from monitor.sources.names import shown_name
from monitor.types import FloatArray

BLOCK = 256  # samples: 16 ms at 16 kHz, less than a pixel of a whole call
_FULL = np.float32(32_768.0)
_GUESS_S = 600.0  # of recordings that do not tell their length


class Waveform:
    """One recording for drawing. `read` is for a thread of its own; all else may be asked for at any time.

    Attributes
    ----------
    channels, rate_hz : of the recording.
    known_s : how much of it was read.
    complete : whether all of it was.
    """

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self.channels, self.rate_hz = samples.channels, samples.rate_hz
        blocks = max(1, round((samples.count or _GUESS_S * samples.rate_hz) / BLOCK) + 1)
        self._low = np.zeros((self.channels, blocks), np.int16)
        self._high = np.zeros((self.channels, blocks), np.int16)
        self._known = 0  # blocks
        self._read = 0  # samples
        self._pieces = samples.pieces()
        self._rest = np.zeros((0, self.channels), np.int16)  # less than a block
        self._pyramids: list[Pyramid] = []
        self.complete = False

    @property
    def known_s(self) -> float:
        """Seconds that can be drawn."""
        return self._read / self.rate_hz

    @property
    def duration_s(self) -> float | None:
        """How long the recording is; None while that is not known."""
        count = self._read if self.complete else self._samples.count
        return None if count is None else count / self.rate_hz

    def read(self, should_stop: Callable[[], bool] = bool) -> Iterator[float]:
        """Read the recording through, and tell how many seconds are known after each piece.

        Where it was stopped, the next reading goes on.

        Raises
        ------
        InputProblem
            The recording cannot be read any more.
        """
        try:
            while not (self.complete or should_stop()):
                piece = next(self._pieces, None)
                if piece is None:
                    self._add(self._rest)
                    self._finish()
                    break
                y = np.concatenate([self._rest, piece]) if len(self._rest) else piece
                whole = len(y) // BLOCK * BLOCK
                self._add(y[:whole])
                self._rest = y[whole:].copy()
                self._read += len(piece)
                yield self.known_s
        except OSError as error:
            raise InputProblem(f"The recording cannot be read on ({error.strerror}): copy it again.") from error

    def _add(self, y: Int16Array) -> None:
        """Lowest and highest of each block; the last one may be short."""
        count = -(-len(y) // BLOCK)
        if not count:
            return
        if self._known + count > self._low.shape[1]:
            self._grow(self._known + count)
        here = slice(self._known, self._known + count)
        for channel in range(self.channels):
            row = np.ascontiguousarray(y[:, channel])
            if len(row) % BLOCK:
                row = np.concatenate([row, np.repeat(row[-1:], count * BLOCK - len(row))])
            blocks = row.reshape(count, BLOCK)
            self._low[channel, here] = blocks.min(axis=1)
            self._high[channel, here] = blocks.max(axis=1)
        self._known += count

    def _grow(self, blocks: int) -> None:
        more = np.zeros((self.channels, max(blocks, 2 * self._low.shape[1]) - self._low.shape[1]), np.int16)
        self._low, self._high = (np.concatenate([each, more], axis=1) for each in (self._low, self._high))

    def _finish(self) -> None:
        known = slice(0, self._known)
        self._pyramids = [
            Pyramid((np.minimum, low[known]), (np.maximum, high[known]))
            for low, high in zip(self._low, self._high, strict=True)
        ]
        self.complete = True

    def peaks(self, channel: int, start_s: float, end_s: float, columns: int) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest sample of equal stretches, -1 to 1; NaN before and after what was read."""
        start, end = start_s * self.rate_hz, end_s * self.rate_hz
        if end - start < columns * BLOCK:
            found = self._closely(channel, start, end, columns)
            if found is not None:
                return found
        if self._pyramids:
            low, high = self._pyramids[channel].columns(start / BLOCK, end / BLOCK, columns)
        else:
            known = slice(0, self._known)
            rows = [(np.minimum, self._low[channel, known]), (np.maximum, self._high[channel, known])]
            low, high = thinned(rows, start / BLOCK, end / BLOCK, columns)
        return low / _FULL, high / _FULL

    def _closely(self, channel: int, start: float, end: float, columns: int) -> tuple[FloatArray, FloatArray] | None:
        """The same from the samples themselves; None where they cannot be looked up."""
        first = max(0, int(start))
        y = self._samples.between(first, int(np.ceil(end)) + 1)
        if not len(y):
            return None
        row = np.ascontiguousarray(y[:, channel])
        low, high = thinned([(np.minimum, row), (np.maximum, row)], start - first, end - first, columns)
        return low / _FULL, high / _FULL

    @property
    def readable_s(self) -> float:
        """Up to when samples can be looked up."""
        return self._samples.readable / self.rate_hz

    def channel_between(self, channel: int, start: int, end: int) -> FloatArray:
        """Samples of one channel by their numbers, full scale 1.0; fewer where there are no more (yet)."""
        return np.asarray(self._samples.between(start, end)[:, channel] / _FULL, np.float32)

    def samples(self, start_s: float, end_s: float) -> FloatArray:
        """Samples of all channels, shape (channels, samples), full scale 1.0; fewer where there are no more."""
        y = self._samples.between(round(start_s * self.rate_hz), round(end_s * self.rate_hz))
        return np.asarray(y.T / _FULL, np.float32, order="C")

    def close(self) -> None:
        """Let go of the recording; what was read can still be drawn."""
        self._samples.close()


def open_waveform(path: Path) -> Waveform:
    """Open a recording for drawing; nothing but its header is read yet.

    Raises
    ------
    InputProblem
        It is no recording that can be read; one sentence with the remedy.
    """
    try:
        return Waveform(open_samples(path))
    except OSError as error:
        raise InputProblem(
            f"{shown_name(path)} cannot be read ({error.strerror}): check the name, or copy it again."
        ) from error
