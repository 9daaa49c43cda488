"""Decoders turn a file into chunks of (samples, channels), float32, at the file's own rate.

libsndfile reads WAV and its kin, uncompressed or as telephone recorders pack them, several times faster. libav reads
everything else: on MP3, FLAC, Vorbis and Opus it is as fast once its frames are gathered, keeps the times right across
damage inside a file where libsndfile stops or shifts them, and writes nothing to standard error.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from monitor.errors import InputProblem
from monitor.types import FloatArray

CHUNK = 65_536
MAX_CHANNELS = 64
RATES_HZ = range(4_000, 768_001)


class UnreadableError(Exception):
    """One decoder does not understand the file; another may.

    ``lost_size``: because the header of a WAV does not tell how long its sound is.
    """

    def __init__(self, *, lost_size: bool = False) -> None:
        super().__init__()
        self.lost_size = lost_size


class Decoder(Protocol):
    """One opened file, read once from its first sample to its last."""

    channels: int
    rate_hz: int
    promised: int | None
    """Samples per channel that the file says it has; None where it does not say, or only guesses."""
    plausible: bool
    """Whether a file of this size can keep that promise."""
    notes: list[str]
    """What the reader of the result should know, complete once ``chunks`` ended."""

    def chunks(self) -> Iterator[FloatArray]:
        """Chunks of shape (samples, channels); ends early, without an error, where the file cannot be read on."""
        ...

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        ...


def open_decoder(path: Path, name: str) -> Decoder:
    """Find the decoder for a file that exists and may be read.

    Raises
    ------
    InputProblem
        No decoder understands the file, or it has no sound in it.
    OSError
        The file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(12)
    if not head:
        raise InputProblem(f"{name} is empty: record or copy it again.")
    decoder = _first_that_reads(path, name, head)
    problem = None
    if decoder.rate_hz not in RATES_HZ:
        problem = f"has an impossible sample rate of {decoder.rate_hz:,} Hz"
    elif not 1 <= decoder.channels <= MAX_CHANNELS:
        problem = f"has {decoder.channels:,} channels where at most {MAX_CHANNELS} can be read"
    if problem:
        decoder.close()
        raise InputProblem(f"{name} {problem}: export it again as WAV at 16,000 Hz.")
    return decoder


def _first_that_reads(path: Path, name: str, head: bytes) -> Decoder:
    from monitor.sources import pyav

    to_the_end = False
    if head.startswith(_SOUNDFILE_HEADS):
        try:
            return SoundfileDecoder(path)
        except UnreadableError as error:
            to_the_end = error.lost_size
    try:
        return pyav.PyavDecoder(path, name, to_the_end=to_the_end)
    except UnreadableError:
        # Headerless recorder files (.gsm, .vox, .al, .ul) are known by their ending. MP3 is kept away from libsndfile,
        # whose decoder writes to standard error.
        if path.suffix.lower() not in _HEADERLESS:
            raise InputProblem(
                f"{name} is not a recording that can be read: export it again as WAV, FLAC, MP3 or M4A."
            ) from None
    try:
        return SoundfileDecoder(path)
    except UnreadableError:
        raise InputProblem(f"{name} cannot be read: export it again as WAV.") from None


_SOUNDFILE_HEADS = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"caff", b"NIST", b"Creative")
_HEADERLESS = frozenset({".gsm", ".vox", ".al", ".ul", ".alaw", ".ulaw"})


class SoundfileDecoder:
    """A file read by libsndfile.

    Raises
    ------
    UnreadableError
        libsndfile does not know the format, or libav reads this one better.
    """

    def __init__(self, path: Path) -> None:
        import soundfile

        riff = _riff(path)
        if riff.is_mpeg or riff.lost_size:
            raise UnreadableError(lost_size=riff.lost_size)
        try:
            # Names need not be valid text on POSIX; Windows wants text.
            self._file = soundfile.SoundFile(os.fsencode(path) if os.name == "posix" else str(path))
        except (soundfile.SoundFileError, TypeError) as error:
            raise UnreadableError() from error
        self.channels: int = self._file.channels
        self.rate_hz: int = self._file.samplerate
        self.promised: int | None = _promised(self._file.frames, self._file.extra_info)
        self.plausible = True  # libsndfile holds the header against the file's size
        self.notes: list[str] = []

    def chunks(self) -> Iterator[FloatArray]:
        """Chunks of shape (samples, channels)."""
        import soundfile

        while True:
            try:
                chunk = self._file.read(CHUNK, dtype="float32", always_2d=True)
            except soundfile.SoundFileError:
                return
            if not len(chunk):
                return
            yield chunk

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _promised(frames: int, log: str) -> int | None:
    """Return the samples that the header promised, also where libsndfile's log says that it had to correct them."""
    if not 0 < frames < 2**62:
        return None
    claims = [(int(claim), int(actual)) for claim, actual in _CORRECTED.findall(log)]
    ratios = [claim / actual for claim, actual in claims if 0 < actual < claim and not _means_unknown(claim, actual)]
    return round(frames * max(ratios, default=1.0))


_CORRECTED = re.compile(r"(?:data|SSND|Data Size|riff|Riff size)\s*:\s*(\d+) \(should be (\d+)\)")


def _means_unknown(claim: int, actual: int) -> bool:
    """Tell a size that a recorder writing to a pipe left in the header: the largest there is, or nearly so."""
    return claim >= 0x7FFF_0000 and actual < claim / 2


@dataclass(frozen=True, slots=True)
class _Riff:
    """What a WAV's chunks say; the defaults hold for any other file.

    ``lost_size``: the sound is given far too small a size, as a recorder leaves it that was cut off. What follows the
    sound is then no other chunk, as it would be where large notes or pictures follow.
    """

    is_mpeg: bool = False
    lost_size: bool = False


def _riff(path: Path) -> _Riff:
    size_bytes = path.stat().st_size
    is_mpeg = False
    large: int | None = None
    with path.open("rb") as file:
        if file.read(4) not in (b"RIFF", b"RF64"):
            return _Riff()
        file.seek(12)
        while len(header := file.read(8)) == 8:
            chunk, size = struct.unpack("<4sI", header)
            at = file.tell()
            if chunk == b"fmt ":
                is_mpeg = file.read(2) in (b"\x50\x00", b"\x55\x00")
            elif chunk == b"ds64" and len(sizes := file.read(16)) == 16:
                large = struct.unpack("<8xQ", sizes)[0]
            elif chunk == b"data":
                sound = large if size == 0xFFFF_FFFF and large is not None else size
                return _Riff(is_mpeg, sound < (size_bytes - at) / 2 and not _is_chunk(file, at + sound, size_bytes))
            file.seek(at + size + size % 2)
    return _Riff(is_mpeg)


def _is_chunk(file: BinaryIO, at: int, size_bytes: int) -> bool:
    file.seek(at + at % 2)
    header = file.read(8)
    return (
        len(header) == 8
        and all(0x20 <= byte <= 0x7E for byte in header[:4])
        and at + 8 + int.from_bytes(header[4:], "little") <= size_bytes
    )
