"""Sounds of a call that are no words of the agent's, as endless streams: noise, music, telephones, keys, people, dogs.

Everything is synthesised from a seed, except babble and the other voice in the room, which are made of real speech
where the corpora are here (``recordings.speech``), else of a synthetic voice. Levels stand beside calm speech of
-30 dBFS, which the mixed calls use. A stream yields pieces of any length, so memory does not grow with its duration.
Over every sound but digital silence lies a quiet room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import nonspeech_mouths as mouths
from benchmarks.data import Samples
from benchmarks.recordings import speech
from benchmarks.sound import RATE_HZ, rms
from monitor.sources.blocks import reblock
from monitor.types import FloatArray, SourceInfo

Make = Callable[[np.random.Generator], Iterator[Samples]]
ROOM_DBFS = -74.0
PIECE_S = 4.0  # length of a piece of what is steady
VOICES = 8  # in babble
_MUSIC_ROOTS_HZ = (130.8, 110.0, 87.3, 98.0, 146.8, 164.8)
_SCALE = (1.0, 9 / 8, 5 / 4, 3 / 2, 5 / 3, 2.0)
_CHORDS = ((1.0, 1.25, 1.5, 2.0), (1.0, 1.2, 1.5, 2.0))
# ITU-T Q.23 and E.180, the latter as in North America: frequencies, seconds on and off
_LOW_HZ, _HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_LINE = (
    ((350, 440), 8.0, 1.0), ((440, 480), 2.0, 4.0), ((440, 480), 2.0, 4.0), ((480, 620), 0.5, 0.5),
    ((480, 620), 0.5, 0.5), ((480, 620), 0.5, 0.5), ((950,), 0.33, 0.0), ((1400,), 0.33, 0.0), ((1800,), 0.33, 2.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sound:
    """What a table calls it, and how it is made; ``has_words`` where real people talk in it."""

    title: str
    make: Make
    room_dbfs: float = ROOM_DBFS
    has_words: bool = False


def all_sounds(files: list[Path]) -> dict[str, Sound]:
    """Every sound by its key; ``files`` are recordings of speech, none for a synthetic voice."""
    return {
        "digital-silence": Sound("digital silence", digital_silence, -np.inf),
        "silence": Sound("a quiet room", digital_silence),
        "white": Sound("white noise", white_noise),
        "pink": Sound("pink noise", pink_noise),
        "fan": Sound("vacuum cleaner, fan", fan),
        "babble": Sound(f"babble of {VOICES} voices", partial(babble, files=files), has_words=True),
        "other-voice": Sound("another voice in the room", partial(other_voice, files=files), has_words=True),
        "music": Sound("music on hold", music),
        "singing": Sound("singing on hold", partial(music, sung=True)),
        "keypad": Sound("keypad tones (DTMF)", keypad),
        "line": Sound("dial, ring and busy tones", line_tones),
        "keys": Sound("keyboard clicks", keyboard),
        "doors": Sound("doors slamming", doors),
        "laughter": Sound("laughter", mouths.laughter),
        "coughs": Sound("coughs", mouths.coughs),
        "breathing": Sound("breathing into the microphone", mouths.breathing),
        "dog": Sound("a barking dog", mouths.barking),
    }


class Stream:
    """So many seconds of a sound as a ``monitor.ports.Source``; the same samples every time it is heard."""

    def __init__(self, sound: Sound, duration_s: float, seed: int = 0, block: int = RATE_HZ) -> None:
        self._sound, self._seed, self._block = sound, seed, block
        self._length = round(duration_s * RATE_HZ)
        self._info = SourceInfo(sound.title, 1, RATE_HZ, duration_s)

    @property
    def info(self) -> SourceInfo:
        """What is known before listening."""
        return self._info

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (1, samples)."""
        return reblock(self._pieces(), self._block)

    def samples(self) -> FloatArray:
        """All of it in memory, shape (samples,)."""
        return np.concatenate([block[0] for block in self.blocks()])

    def _pieces(self) -> Iterator[FloatArray]:
        rng = np.random.default_rng(self._seed)
        room = np.random.default_rng(self._seed + 1)
        amplitude = 10 ** (self._sound.room_dbfs / 20)
        left = self._length
        for y in self._sound.make(rng):
            piece = y[:left] + (amplitude * room.standard_normal(min(left, len(y))) if amplitude else 0.0)
            yield np.clip(piece, -1, 1).astype(np.float32)[None]
            left -= len(y)
            if left <= 0:
                return


def digital_silence(_: np.random.Generator) -> Iterator[Samples]:
    """Zeros."""
    while True:
        yield np.zeros(round(PIECE_S * RATE_HZ))


def white_noise(rng: np.random.Generator) -> Iterator[Samples]:
    """White noise, -50 to -15 dBFS, another level every few seconds."""
    while True:
        yield mouths.amplitude(rng.uniform(-50, -15)) * rng.standard_normal(round(PIECE_S * RATE_HZ))


def pink_noise(rng: np.random.Generator) -> Iterator[Samples]:
    """Pink noise, -50 to -15 dBFS, its level sliding as wind and traffic do."""
    return _sliding(_pink(rng), rng)


def _pink(rng: np.random.Generator) -> Iterator[Samples]:
    """Pink noise of RMS about 1, by the filter of J. O. Smith, "Spectral Audio Signal Processing", without seams."""
    from scipy.signal import lfilter

    up, down = (0.049922035, -0.095993537, 0.050612699, -0.004408786), (1.0, -2.494956002, 2.017265875, -0.522189400)
    state = np.zeros(3)
    while True:
        y, state = lfilter(up, down, rng.standard_normal(round(PIECE_S * RATE_HZ)), zi=state)
        yield y / 0.09


def _sliding(pieces: Iterator[Samples], rng: np.random.Generator) -> Iterator[Samples]:
    now_dbfs = -30.0
    for y in pieces:
        then_dbfs = rng.uniform(-50, -15)
        yield y * mouths.amplitude(np.linspace(now_dbfs, then_dbfs, len(y)))
        now_dbfs = then_dbfs


def fan(rng: np.random.Generator) -> Iterator[Samples]:
    """A motor's harmonics, whose speed drifts, in pink noise; it is switched on and off."""
    noise = _pink(rng)
    phase, speed_hz = 0.0, 110.0
    while True:
        speed_hz = float(np.clip(speed_hz * rng.normal(1, 0.02), 90, 180))
        on = rng.uniform() < 0.75
        for _ in range(int(rng.integers(2, 8))):
            y = next(noise)
            drift = 1 + 0.01 * np.sin(2 * np.pi * rng.uniform(0.2, 1) * np.arange(len(y)) / RATE_HZ)
            angle = phase + 2 * np.pi * np.cumsum(speed_hz * drift) / RATE_HZ
            phase = float(angle[-1] % (2 * np.pi))
            motor = sum((np.sin(k * angle) / k for k in range(1, 12)), np.zeros(len(y)))
            yield (mouths.amplitude(-26.0) * (0.6 * y + 0.7 * motor)) if on else np.zeros(len(y))


def babble(rng: np.random.Generator, files: list[Path]) -> Iterator[Samples]:
    """Eight people who all talk, 8 dB under calm speech together."""
    talks = [_cut(speech(files, int(rng.integers(2**31)))) for _ in range(VOICES)]
    for parts in zip(*talks, strict=False):
        y = np.sum(parts, axis=0)
        yield y * (mouths.amplitude(-38.0) / max(rms(y), 1e-6))


def _cut(pieces: Iterator[Samples]) -> Iterator[Samples]:
    as_blocks = (y[None].astype(np.float32) for y in pieces)
    return (block[0].astype(np.float64) for block in reblock(as_blocks, round(PIECE_S * RATE_HZ)))


def other_voice(rng: np.random.Generator, files: list[Path]) -> Iterator[Samples]:
    """Somebody a few metres away: 20 to 25 dB under calm speech, with the room's echo of half a second."""
    from scipy.signal import oaconvolve

    length = round(0.5 * RATE_HZ)
    echo = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    echo *= 1 / np.sqrt((echo**2).sum())
    echo[0] += 0.7  # the direct sound is 3 dB under the echo
    for y in speech(files, int(rng.integers(2**31))):
        heard = oaconvolve(y, echo) if y.any() else y
        loud = mouths.spoken_rms(heard)
        yield heard * (mouths.amplitude(rng.uniform(-55, -50)) / loud) if loud else heard


def music(rng: np.random.Generator, *, sung: bool = False) -> Iterator[Samples]:
    """Chords, a melody with vibrato and a drum, bar by bar; ``sung``: the melody has a singer's formants."""
    while True:
        beat_s = rng.uniform(0.4, 0.6)
        for _ in range(int(rng.integers(8, 16))):
            yield _bar(rng, beat_s, sung)


def _bar(rng: np.random.Generator, beat_s: float, sung: bool) -> Samples:
    beat = round(beat_s * RATE_HZ)
    t = np.arange(4 * beat) / RATE_HZ
    root_hz = rng.choice(_MUSIC_ROOTS_HZ)
    chord = _CHORDS[int(rng.integers(2))]
    y = sum((np.sin(2 * np.pi * root_hz * r * n * t) / n**1.5 for r in chord for n in (1, 2, 3)), np.zeros(len(t)))
    y *= 0.5 + 0.5 * np.minimum(1, 8 * (t % beat_s)) * np.exp(-(t % beat_s))
    for start in range(0, 4 * beat, beat):
        note_hz = 2 * root_hz * rng.choice(_SCALE)
        y[start : start + beat] += 3 * mouths.note(note_hz, beat, rng, sung=sung)
    drum = np.exp(-25 * (t % beat_s)) * (np.sin(2 * np.pi * 60 * (t % beat_s)) * 4 + rng.standard_normal(len(t)))
    return np.asarray((y + drum) * (mouths.amplitude(-22.0) / rms(y + drum)))


def keypad(rng: np.random.Generator) -> Iterator[Samples]:
    """Somebody dials: 4 to 12 keys, then a pause."""
    while True:
        for _ in range(int(rng.integers(4, 13))):
            pair = (rng.choice(_LOW_HZ), rng.choice(_HIGH_HZ))
            yield from _beep(pair, rng.uniform(0.06, 0.3), rng.uniform(0.05, 0.3), -18.0)
        yield np.zeros(round(rng.uniform(1, 6) * RATE_HZ))


def line_tones(rng: np.random.Generator) -> Iterator[Samples]:
    """Dial tone, ringing, busy and the three rising tones of an unknown number."""
    while True:
        level_dbfs = rng.uniform(-28, -14)
        for tones_hz, on_s, off_s in _LINE:
            yield from _beep(tones_hz, on_s, off_s, level_dbfs)


def _beep(tones_hz: tuple[float, ...], on_s: float, off_s: float, level_dbfs: float) -> Iterator[Samples]:
    t = np.arange(round(on_s * RATE_HZ)) / RATE_HZ
    y = sum((np.sin(2 * np.pi * f * t) for f in tones_hz), np.zeros(len(t)))
    yield y * mouths.amplitude(level_dbfs) * np.sqrt(2 / len(tones_hz))
    yield np.zeros(round(off_s * RATE_HZ))


def keyboard(rng: np.random.Generator) -> Iterator[Samples]:
    """Typing: two clicks a key, down and up, each with the ring of the case; words and pauses."""
    while True:
        for _ in range(int(rng.integers(3, 40))):
            y = np.zeros(round(rng.uniform(0.09, 0.3) * RATE_HZ))
            for at_s, peak in ((0.0, rng.uniform(0.05, 0.35)), (rng.uniform(0.05, 0.08), rng.uniform(0.02, 0.1))):
                _strike(y, round(at_s * RATE_HZ), peak, (rng.uniform(300, 900), 0.012), rng)
            yield y
        yield np.zeros(round(rng.uniform(0.4, 5) * RATE_HZ))


def doors(rng: np.random.Generator) -> Iterator[Samples]:
    """A slam is a thump with a rattle and the room's echo."""
    while True:
        y = np.zeros(round(rng.uniform(1.5, 7) * RATE_HZ))
        peak = rng.uniform(0.3, 0.95)
        _strike(y, 0, peak, (rng.uniform(50, 120), 0.12), rng)
        _strike(y, round(rng.uniform(0.02, 0.12) * RATE_HZ), peak / 3, (rng.uniform(180, 400), 0.2), rng)
        yield y


def _strike(y: Samples, at: int, peak: float, ring: tuple[float, float], rng: np.random.Generator) -> None:
    """Add something that was struck: a burst of noise and the ring of a body (Hz, s of decay), both dying away."""
    ring_hz, decay_s = ring
    t = np.arange(min(len(y) - at, round(8 * decay_s * RATE_HZ))) / RATE_HZ
    burst = rng.standard_normal(len(t)) * np.exp(-t / (0.3 * decay_s)) / 3
    body = np.sin(2 * np.pi * ring_hz * t + rng.uniform(0, 6)) * np.exp(-t / decay_s)
    y[at : at + len(t)] += peak * (0.5 * burst + 0.5 * body)
