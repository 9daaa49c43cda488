"""Recordings of known content, written by soundfile's and PyAV's own encoders, and ways to hear them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from monitor.errors import InputProblem
from monitor.sources.file import open_recording


def write_sound(path: Path, y: npt.ArrayLike, rate_hz: int, subtype: str | None = None, **options: str) -> Path:
    """Write samples of shape (samples,) or (channels, samples) with libsndfile, in pieces that its encoders bear."""
    samples = np.atleast_2d(np.asarray(y)).T
    with soundfile.SoundFile(path, "w", rate_hz, samples.shape[1], subtype, **options) as file:
        for start in range(0, len(samples), rate_hz):
            file.write(samples[start : start + rate_hz])
    return path


def write_libav(
    path: Path, y: npt.ArrayLike, rate_hz: int, codec: str, *, tracks: int = 1, video: bool = False, **options: str
) -> Path:
    """Write samples of shape (channels, samples) with libav; ``video`` adds a picture, ``tracks`` repeats the sound."""
    samples = np.ascontiguousarray(np.atleast_2d(y), dtype=np.float32)
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[len(samples)]
    with av.open(path, "w", options=options) as container:
        picture = _picture_track(container) if video else None
        streams = [container.add_stream(codec, rate=rate_hz, layout=layout) for _ in range(tracks)]
        for stream in streams:
            stream.bit_rate = 12_200 if "amr" in codec else 64_000 * len(samples)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
            resampler = av.AudioResampler(stream.format.name, layout, rate_hz, stream.frame_size or 1024)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                container.mux(stream.encode(piece))
            container.mux(stream.encode(None))
        if picture is not None:
            _film(container, picture, samples.shape[1] / rate_hz)
    return path


def write_silent_film(path: Path, duration_s: float = 1.0) -> Path:
    """A video without any sound track."""
    with av.open(path, "w") as container:
        _film(container, _picture_track(container), duration_s)
    return path


def _picture_track(container: av.container.OutputContainer) -> av.VideoStream:
    stream = container.add_stream("mpeg4", rate=10)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    return stream


def _film(container: av.container.OutputContainer, stream: av.VideoStream, duration_s: float) -> None:
    for number in range(round(duration_s * 10)):
        picture = np.full((64, 64, 3), number % 256, np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
    container.mux(stream.encode(None))


def heard(path):
    """Return the samples and the warnings."""
    source = open_recording(path)
    blocks = list(source.blocks())
    return np.concatenate(blocks, axis=1), list(source.warnings)


def refusal(path):
    """Return the sentence with which a file is refused, at the latest when it is heard."""
    with pytest.raises(InputProblem) as problem:
        list(open_recording(path).blocks())
    sentence = str(problem.value)
    assert "\n" not in sentence
    assert ": " in sentence  # what is wrong: what to do
    assert sentence.endswith(".")
    assert str(path.parent) not in sentence
    return sentence
