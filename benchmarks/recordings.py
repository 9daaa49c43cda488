"""Long recordings to measure time with: real speech with pauses where it is at hand, else a synthetic voice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.data import Samples, at_rate, corpus, read_mono
from benchmarks.sound import PHONE_HZ, RATE_HZ, rms
from monitor.errors import EnvironmentProblem

CORPORA = ("librispeech", "speechocean")
_PAUSE_S = (0.3, 2.5)
_ROOM = 2e-4  # RMS of the room, -74 dBFS
_SPEECH_RMS = 0.05


def speech_files(folder: Path) -> list[Path]:
    """Recordings of real speech, none when the corpora are not here."""
    found: list[Path] = []
    for name in CORPORA:
        try:
            found += [clip.path for clip in corpus(folder, name)]
        except EnvironmentProblem:
            continue
    return found


def speech(files: list[Path], seed: int) -> Iterator[Samples]:
    """Endless utterances and pauses at ``RATE_HZ``, repeatable; synthetic where there are no files."""
    rng = np.random.default_rng(seed)
    while True:
        for number in rng.permutation(max(1, len(files))):
            y = at_rate(*read_mono(files[number]), RATE_HZ) if files else synthetic_utterance(rng)
            yield y * (_SPEECH_RMS / max(rms(y), 1e-6))
            yield np.zeros(int(rng.uniform(*_PAUSE_S) * RATE_HZ))


def synthetic_utterance(rng: np.random.Generator) -> Samples:
    """A few seconds of syllables: harmonics of a moving F0 under a syllable's envelope, with hiss between them."""
    syllables = int(rng.integers(6, 25))
    length = int(0.2 * RATE_HZ)
    middles = (np.arange(syllables) + 0.5) * length
    heights_hz = rng.uniform(90, 240) * 2 ** rng.normal(0, 0.15, syllables)
    f0_hz = np.interp(np.arange(syllables * length), middles, heights_hz)
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE_HZ
    voice = sum((np.sin(k * phase) / k for k in range(1, 16)), np.zeros(len(phase)))
    envelope = np.tile(np.hanning(length), syllables)
    return np.asarray(envelope * voice + 0.05 * (1 - envelope) * rng.standard_normal(len(phase)))


def minutes(files: list[Path], duration_s: float, seed: int = 0) -> Samples:
    """So much speech in memory, with a quiet room; shape (samples,) at ``RATE_HZ``."""
    return np.concatenate(list(_pieces(files, duration_s, seed)))


def _pieces(files: list[Path], duration_s: float, seed: int) -> Iterator[Samples]:
    left = round(duration_s * RATE_HZ)
    room = np.random.default_rng(seed)
    for y in speech(files, seed):
        yield np.clip(y[:left] + _ROOM * room.standard_normal(min(left, len(y))), -1, 1)
        left -= len(y)
        if left <= 0:
            return


def write_long(path: Path, files: list[Path], duration_s: float, seed: int = 0) -> None:
    """Write a 16-bit mono wav piece by piece, so that the hours never lie in memory."""
    import soundfile as sf

    with sf.SoundFile(path, "w", RATE_HZ, 1, "PCM_16") as out:
        for y in _pieces(files, duration_s, seed):
            out.write(y)


def write_formats(folder: Path, files: list[Path], duration_s: float) -> dict[str, Path]:
    """One recording as a telephone recorder, a web recorder and a two-channel recorder would have written it."""
    import soundfile as sf

    y = minutes(files, duration_s)
    law, mp3, stereo = folder / "law.wav", folder / "mono.mp3", folder / "stereo.wav"
    sf.write(law, at_rate(y, RATE_HZ, PHONE_HZ), PHONE_HZ, subtype="ULAW")
    sf.write(mp3, y, RATE_HZ, format="MP3")
    sf.write(stereo, np.stack([y, minutes(files, duration_s, seed=1)[: len(y)]], axis=1), RATE_HZ, subtype="PCM_16")
    return {"wav mu-law 8 kHz": law, "mp3 mono 16 kHz": mp3, "wav stereo 16 kHz": stereo}


def write_channels(path: Path, files: list[Path], duration_s: float, channels: int) -> None:
    """Write a 16-bit wav with so many channels, different speech on each."""
    import soundfile as sf

    with sf.SoundFile(path, "w", RATE_HZ, channels, "PCM_16") as out:
        for second in zip(*(_seconds(files, duration_s, seed) for seed in range(channels)), strict=True):
            out.write(np.stack(second, axis=1))


def _seconds(files: list[Path], duration_s: float, seed: int) -> Iterator[Samples]:
    """The pieces of one channel, cut to seconds; what is left at the end is dropped."""
    held = np.zeros(0)
    for y in _pieces(files, duration_s, seed):
        held = np.concatenate([held, y])
        whole = len(held) // RATE_HZ * RATE_HZ
        yield from np.split(held[:whole], whole // RATE_HZ) if whole else ()
        held = held[whole:]
