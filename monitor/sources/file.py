"""A recording on disk as a source: any common format in, blocks at the engine's rate out."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from monitor.errors import InputProblem, ParameterError
from monitor.sources.blocks import reblock, resampled
from monitor.sources.decoders import Decoder, open_decoder
from monitor.sources.names import shown_name
from monitor.sources.paced import paced
from monitor.types import RATE_HZ, FloatArray, SourceInfo

Channels = Sequence[int] | Callable[[int], Sequence[int]]

# Samples beyond this are no sound at any recording level: squares of them would overflow further on.
_LOUDEST = 1e6
# Two full batches of the transforms (``monitor.features.spectra``), which otherwise leave a small one at every block.
BLOCK_S = 4.8


def open_recording(
    path: Path, *, block_s: float | None = None, pace: bool = False, channels: Channels | None = None
) -> FileSource:
    """Open a recording to be heard.

    Parameters
    ----------
    path
        An ordinary file in any format that libsndfile or libav reads; of a video the first sound track.
    block_s
        Length of the delivered blocks; 4.8 s, or 20 ms when paced. The samples are the same for every choice.
    pace
        Deliver in real time, as a microphone would.
    channels
        Which of the recording's channels are wanted, in this order; others are not resampled. None: all. A function
        is given how many there are.

    Raises
    ------
    InputProblem
        The file is missing, may not be read, is no recording, or holds no sound; one sentence with the remedy.
    ParameterError
        A channel that the recording does not have, or a block shorter than a sample.
    """
    block = round((block_s if block_s is not None else 0.02 if pace else BLOCK_S) * RATE_HZ)
    if block < 1:
        raise ParameterError(f"Blocks must last at least one sample, not {block_s} s.")
    return FileSource(path, block=block, pace=pace, channels=channels)


class FileSource:
    """A recording that is heard from its start; see ``open_recording``.

    ``warnings`` is complete once ``blocks`` has ended. ``blocks`` may be called again to hear the file again.
    """

    def __init__(
        self, path: Path, *, block: int = round(BLOCK_S * RATE_HZ), pace: bool = False, channels: Channels | None = None
    ) -> None:
        self._path = path
        self._name = shown_name(path)
        self._block = block
        self._pace = pace
        self._warnings: list[str] = []
        with _plain_problems(self._name):
            _insist_on_a_file(path, self._name)
            self._decoder: Decoder | None = open_decoder(path, self._name)
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        decoder = self._decoder
        self._picked = _picked(channels, decoder.channels, self._name)
        promised = decoder.promised if decoder.plausible else None
        duration_s = None if promised is None else promised / decoder.rate_hz
        self._info = SourceInfo(self._name, decoder.channels, decoder.rate_hz, duration_s, sha256)

    @property
    def info(self) -> SourceInfo:
        """The file's own channel count and rate; ``duration_s`` is its promise, or once heard what was read."""
        return self._info

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences for the reader of the result, such as that the file ends early."""
        return tuple(self._warnings)

    @property
    def channels(self) -> tuple[int, ...]:
        """The recording's channels that the blocks hold, in order."""
        return self._picked

    def close(self) -> None:
        """Let go of the file without hearing it (to its end)."""
        if self._decoder is not None:
            self._decoder.close()
            self._decoder = None

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (channels, samples) at ``RATE_HZ``, contiguous, full scale 1.0.

        Raises
        ------
        InputProblem
            The file vanished, cannot be read any more, or turns out to hold no sound.
        """
        chunks = self._chunks()
        blocks = reblock(resampled(chunks, self._info.rate_hz, len(self._picked)), self._block)
        return paced(blocks) if self._pace else blocks

    def _chunks(self) -> Iterator[FloatArray]:
        """Read the picked channels at the file's rate, cleaned, and keep the books."""
        self._warnings.clear()
        with _plain_problems(self._name):
            if self._decoder is None:
                self._decoder = open_decoder(self._path, self._name)
            decoder, self._decoder = self._decoder, None
            samples = broken = 0
            peak = 0.0
            try:
                for chunk in decoder.chunks():
                    y = self._pick(chunk)
                    lowest, highest = float(y.min()), float(y.max())
                    if not (lowest >= -_LOUDEST and highest <= _LOUDEST):  # false for NaN as well
                        y, spoilt = _without_spoilt(y)
                        broken += spoilt
                        lowest, highest = float(y.min()), float(y.max())
                    peak = max(peak, -lowest, highest)
                    samples += len(y)
                    yield y
            finally:
                decoder.close()
        self._conclude(decoder, samples, broken, peak)

    def _pick(self, chunk: FloatArray) -> FloatArray:
        if len(self._picked) == chunk.shape[1] and self._picked == tuple(range(chunk.shape[1])):
            return chunk
        return np.ascontiguousarray(chunk[:, list(self._picked)])

    def _conclude(self, decoder: Decoder, samples: int, broken: int, peak: float) -> None:
        """Say what the reader should know, now that the end is known."""
        if not samples:
            raise InputProblem(f"{self._name} holds no sound: record or export it again.")
        heard_s = samples / decoder.rate_hz
        if decoder.promised is not None:
            promised_s = decoder.promised / decoder.rate_hz
            if promised_s - heard_s > max(0.25, 0.01 * promised_s):
                self._warnings.append(f"the file ends early: {heard_s:.1f} of {promised_s:.1f} s could be read")
        self._warnings.extend(decoder.notes)
        if broken:
            self._warnings.append(f"{broken:,} samples were not numbers in range and count as silence")
        if peak == 0.0:
            self._warnings.append("the recording is silent from start to end")
        self._info = replace(self._info, duration_s=heard_s)


def _without_spoilt(y: FloatArray) -> tuple[FloatArray, int]:
    """Silence in place of NaN, infinity and absurd values, and how many there were."""
    sound = np.abs(y) <= _LOUDEST
    return np.where(sound, y, np.float32(0.0)), int(np.count_nonzero(~sound))


def _picked(channels: Channels | None, available: int, name: str) -> tuple[int, ...]:
    if channels is None:
        return tuple(range(available))
    picked = tuple(channels(available) if callable(channels) else channels)
    if not picked or any(not 0 <= channel < available for channel in picked):
        wanted = ", ".join(str(channel) for channel in picked) or "none"
        last = f"channels 0 to {available - 1}" if available > 1 else "only channel 0"
        raise ParameterError(f"{name} has {last}: asked for was {wanted}.")
    return picked


def _insist_on_a_file(path: Path, name: str) -> None:
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise InputProblem(f"{name} is not a usable name: check it.") from error
    if stat.S_ISDIR(mode):
        raise InputProblem(f"{name} is a folder: give a recording inside it.")
    if not stat.S_ISREG(mode):
        raise InputProblem(f"{name} is a pipe or device, not a file: save the sound as a file first.")


@contextmanager
def _plain_problems(name: str) -> Iterator[None]:
    """Turn what the operating system says into one sentence with a remedy."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputProblem(f"{name} is not there: check the name, or whether it was moved.") from error
    except PermissionError as error:
        raise InputProblem(f"{name} may not be read: ask for permission to read it.") from error
    except OSError as error:
        reason = f" ({error.strerror})" if error.strerror else ""
        raise InputProblem(f"{name} cannot be read{reason}: check the disk, or copy it again.") from error
