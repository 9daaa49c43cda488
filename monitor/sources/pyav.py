"""Decoding by libav through PyAV: compressed files, the sound of videos, and WAVs with a broken header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitor.errors import InputProblem
from monitor.sources.decoders import CHUNK, UnreadableError
from monitor.types import FloatArray

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

# Playlists and scripts, which libav would follow to other files and to the network, stay closed.
_CONTAINERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dts,eac3,flac,flv,matroska,webm,mov,mp4,m4a,3gp,3g2,mp3,mpc,mpeg,mpegts,"
    "nist,ogg,rm,sln,tta,voc,w64,wav,wv"
)
_ESTIMATED = frozenset({"aac", "ac3", "amr", "dts", "eac3", "mpeg", "mpegts", "mp3"})
_GAP_S = 0.2
_LONGEST_GAP_S = 600.0
_LEAST_BYTES_PER_S = 8  # silence in FLAC at 8 kHz takes about 20


class PyavDecoder:
    """A file read by libav; of several sound tracks the first.

    Pieces that are missing between others come out as silence of the same length, so that times still hold.
    ``to_the_end`` reads a WAV past the size in its header.

    Raises
    ------
    UnreadableError
        libav does not know the format, or cannot decode any of the sound.
    InputProblem
        There is no sound track.
    """

    def __init__(self, path: Path, name: str, *, to_the_end: bool = False) -> None:
        import av

        av.logging.set_level(None)
        options = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"}
        if to_the_end:
            options["ignore_length"] = "1"
        try:
            # An absolute path with its protocol: a name such as "http:x" must not be taken for an address.
            self._container: InputContainer = av.open(f"file:{path.absolute()}", options=options)
        except (av.error.FFmpegError, UnicodeError) as error:
            raise UnreadableError() from error
        self.notes: list[str] = []
        self._damaged = self._broken = False
        self._silence_s = 0.0
        try:
            self._start(name)
            self.promised: int | None = None if to_the_end else self._promised()
            self.plausible = self.promised is None or self._fits(self.promised, path.stat().st_size)
        except BaseException:
            self.close()
            raise

    def _start(self, name: str) -> None:
        streams = self._container.streams.audio
        if not streams:
            raise InputProblem(f"{name} has no sound track: give a file with sound in it.")
        self._stream = streams[0]
        if self._stream.codec_context is None:
            raise InputProblem(f"{name} is encoded in a way that cannot be read: export it again as WAV.")
        if self._stream.codec_context.name == "flac":  # a damaged frame would come out as noise
            self._stream.codec_context.options = {"err_detect": "crccheck+explode"}
        if len(streams) > 1:
            self.notes.append(f"the file has {len(streams)} sound tracks: the first was used")
        self._frames = self._decoded()
        first = next(self._frames, None)
        if first is None or first.format.name.rstrip("p") == "s64":  # which PyAV does not hand over
            raise UnreadableError()
        self._first = first
        self.channels: int = first.layout.nb_channels
        self.rate_hz: int = first.sample_rate

    def _promised(self) -> int | None:
        """Return the container's own count of samples, where it has one."""
        stream = self._stream
        # Without a LAME or Xing header, which also tells the delay, an MP3's length is guessed from its bit rate.
        counted = self._container.format.name not in _ESTIMATED or bool(stream.start_time)
        if not counted or not stream.duration or stream.time_base is None:
            return None
        samples = round(stream.duration * stream.time_base * self.rate_hz)
        return samples if samples > 0 else None

    def _fits(self, samples: int, size_bytes: int) -> bool:
        return samples / self.rate_hz <= size_bytes / _LEAST_BYTES_PER_S

    def _decoded(self) -> Iterator[av.AudioFrame]:
        import av

        packets = self._container.demux(self._stream)
        spoilt = False
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, IndexError):  # PyAV stumbles over tracks that appear late
                self._broken = True
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                spoilt = True
                continue
            for frame in frames:
                if frame.samples:
                    # Damage with nothing after it is a file that ends early, which is told elsewhere.
                    self._damaged |= spoilt
                    yield frame

    def chunks(self) -> Iterator[FloatArray]:
        """Chunks of shape (samples, channels)."""
        import av

        fifo = av.AudioFifo()
        clock = _Clock(self.rate_hz)
        frame: av.AudioFrame | None = self._first
        shape = _shape(self._first)
        while frame is not None:
            if _shape(frame) != shape:
                self.notes.append(f"the sound changes its format at {clock.now_s:.1f} s: the rest was left out")
                break
            missing = clock.missing(frame)
            if missing:
                yield from _drained(fifo)
                yield from self._silence(missing)
            frame.pts = None
            fifo.write(frame)
            while fifo.samples >= CHUNK:
                yield _samples(fifo.read(CHUNK))
            frame = next(self._frames, None)
        yield from _drained(fifo)
        self._tell()

    def _silence(self, samples: int) -> Iterator[FloatArray]:
        self._silence_s += samples / self.rate_hz
        for start in range(0, samples, CHUNK):
            yield np.zeros((min(CHUNK, samples - start), self.channels), np.float32)

    def _tell(self) -> None:
        if self._silence_s:
            self.notes.append(f"{self._silence_s:.1f} s are missing inside the file and count as silence")
        elif self._damaged or (self._broken and self.promised is None):
            self.notes.append("damaged pieces of the file were left out")

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()


class _Clock:
    """Compares the container's time stamps with the samples that came, to find gaps."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._samples = 0
        self._zero_s: float | None = None

    @property
    def now_s(self) -> float:
        return self._samples / self._rate_hz

    def missing(self, frame: av.AudioFrame) -> int:
        """Return how many samples are missing before this frame, which then counts as heard."""
        missing = 0
        if frame.pts is not None and frame.time_base is not None:
            stamp_s = float(frame.pts * frame.time_base)
            if self._zero_s is None:
                self._zero_s = stamp_s - self.now_s
            gap_s = stamp_s - self._zero_s - self.now_s
            if abs(gap_s) > _LONGEST_GAP_S:  # the stamps started anew
                self._zero_s = stamp_s - self.now_s
            elif gap_s > _GAP_S:
                missing = round(gap_s * self._rate_hz)
        self._samples += missing + frame.samples
        return missing


def _shape(frame: av.AudioFrame) -> tuple[str, int, int]:
    # AudioFifo itself does not notice a changed channel count.
    return frame.format.name, frame.layout.nb_channels, frame.sample_rate


def _drained(fifo: av.AudioFifo) -> Iterator[FloatArray]:
    rest = fifo.read(0) if fifo.samples_written else None
    if rest is not None:
        yield _samples(rest)


def _samples(frame: av.AudioFrame | None) -> FloatArray:
    assert frame is not None
    y = frame.to_ndarray()
    y = y.T if frame.format.is_planar else y.reshape(-1, frame.layout.nb_channels)
    if y.dtype == np.uint8:
        return (y.astype(np.float32) - np.float32(128)) * np.float32(1 / 128)
    if y.dtype.kind == "i":
        return y.astype(np.float32) * np.float32(0.5 ** (8 * y.dtype.itemsize - 1))
    return np.ascontiguousarray(y, dtype=np.float32)
