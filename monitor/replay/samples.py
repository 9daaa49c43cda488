"""The samples of a recording by their time, whatever its format: 16 bits, as they are drawn and exported.

Formats that libsndfile reads are looked up in the file itself. Others cannot be entered in the middle to the sample, so
what was decoded is spooled to a nameless file that is gone when it is closed.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

import numpy as np
import numpy.typing as npt

from monitor.errors import EnvironmentProblem
from monitor.private import private_folder
from monitor.replay.kept import cache_folder
from monitor.sources.decoders import Decoder, SoundfileDecoder, open_decoder
from monitor.sources.names import shown_name
from monitor.types import FloatArray

Int16Array = npt.NDArray[np.int16]
PIECE = 1 << 19  # samples per channel handed over at a time, while a recording is read through
_FULL = 32_767.0
_MOST_SPOOLED_BYTES = 4 << 30


class Samples(Protocol):
    """One recording; pieces are (samples, channels)."""

    channels: int
    rate_hz: int
    count: int | None
    """Samples per channel, as far as that is known before it was read through."""

    @property
    def readable(self) -> int:
        """Samples per channel that can be looked up."""
        ...

    def pieces(self) -> Iterator[Int16Array]:
        """The recording from its start to its end, once; from any thread."""
        ...

    def between(self, start: int, end: int) -> Int16Array:
        """Some samples; fewer where they are not (yet) there. From any thread, also while pieces are read."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def open_samples(path: Path) -> Samples:
    """Open a recording.

    Raises
    ------
    InputProblem
        It is no recording that can be read.
    OSError
        It cannot be read.
    """
    decoder = open_decoder(path, shown_name(path))
    if isinstance(decoder, SoundfileDecoder):
        decoder.close()
        return FileSamples(path)
    return SpooledSamples(decoder)


class FileSamples:
    """A file that libsndfile reads."""

    def __init__(self, path: Path) -> None:
        import soundfile

        self._path = path
        self._file = soundfile.SoundFile(path)
        self._lock = threading.Lock()
        self.channels: int = self._file.channels
        self.rate_hz: int = self._file.samplerate
        self.count: int | None = self._file.frames

    @property
    def readable(self) -> int:
        """All of them."""
        return self.count or 0

    def pieces(self) -> Iterator[Int16Array]:
        """The recording piece by piece, through a handle of its own, so that nobody waits for it."""
        import soundfile

        with soundfile.SoundFile(self._path) as file:
            while len(piece := _read(file, PIECE)):
                yield piece

    def between(self, start: int, end: int) -> Int16Array:
        """Some samples."""
        start = max(0, start)
        with self._lock:
            if self._file.closed or start >= self._file.frames or end <= start:
                return np.zeros((0, self.channels), np.int16)
            self._file.seek(start)
            return _read(self._file, end - start)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._file.close()


def _read(file: object, count: int) -> Int16Array:
    import soundfile

    assert isinstance(file, soundfile.SoundFile)
    try:
        # libsndfile scales whole numbers to 16 bits, but cuts floating point ones off.
        if not file.subtype.startswith(("FLOAT", "DOUBLE")):
            found: Int16Array = file.read(count, dtype="int16", always_2d=True)
            return found
        return as_int16(file.read(count, dtype="float32", always_2d=True))
    except soundfile.SoundFileError:
        return np.zeros((0, file.channels), np.int16)


def as_int16(y: FloatArray) -> Int16Array:
    """Samples of full scale 1.0 as 16 bits; what is no number is silence."""
    whole: Int16Array = np.rint(np.clip(np.nan_to_num(y), -1.0, 1.0) * np.float32(_FULL)).astype(np.int16)
    return whole


def _spool_file() -> IO[bytes]:
    """A file without a name, in the cache folder, as the usual place may be memory."""
    with suppress(EnvironmentProblem, OSError):
        return tempfile.TemporaryFile(prefix="evenkeel-", dir=private_folder(cache_folder()))
    return tempfile.TemporaryFile(prefix="evenkeel-")


class SpooledSamples:
    """A file that is decoded from its start; what was decoded can be looked up."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._spool: IO[bytes] | None = None
        self._spooled = 0  # samples per channel
        self._keeps = True
        self._lock = threading.Lock()
        self.channels = decoder.channels
        self.rate_hz = decoder.rate_hz
        self.count = decoder.promised if decoder.plausible else None

    @property
    def readable(self) -> int:
        """Those that were decoded, as long as there is room for them."""
        return self._spooled

    def pieces(self) -> Iterator[Int16Array]:
        """The recording piece by piece; each can be looked up once it was handed over."""
        try:
            for chunk in self._decoder.chunks():
                piece = as_int16(chunk)
                self._keep(piece)
                yield piece
        finally:
            self._decoder.close()

    def _keep(self, piece: Int16Array) -> None:
        frame_bytes = 2 * self.channels
        with self._lock:
            self._keeps &= (self._spooled + len(piece)) * frame_bytes <= _MOST_SPOOLED_BYTES
            if not self._keeps:
                return
            try:
                if self._spool is None:
                    self._spool = _spool_file()
                self._spool.seek(self._spooled * frame_bytes)
                self._spool.write(piece.tobytes())
                self._spooled += len(piece)
            except (OSError, ValueError):  # the disk is full, or it was closed: what is zoomed out is still there
                self._keeps = False

    def between(self, start: int, end: int) -> Int16Array:
        """Some samples."""
        with self._lock:
            start, end = max(0, start), min(end, self._spooled)
            if self._spool is None or self._spool.closed or end <= start:
                return np.zeros((0, self.channels), np.int16)
            self._spool.seek(start * 2 * self.channels)
            found = np.frombuffer(self._spool.read((end - start) * 2 * self.channels), np.int16)
        whole: Int16Array = found[: len(found) // self.channels * self.channels].reshape(-1, self.channels)
        return whole

    def close(self) -> None:
        """Let go of the files."""
        self._decoder.close()
        with self._lock:
            if self._spool is not None:
                self._spool.close()
