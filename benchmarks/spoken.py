"""Phrases spoken by synthetic voices, with times that are known because the sound is put together here.

A clip is an opening with the phrase, said in one breath, and after it either silence or, 0.15 s later, more speech: so
a recogniser is timed both at a pause and in running speech. The phrase ends where the opening's sound does.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.data import Samples, at_rate, read_mono
from benchmarks.sound import RATE_HZ
from monitor.errors import EnvironmentProblem

SPEEDS = (0.85, 1.0, 1.15)
OPENINGS = ("", "okay", "well", "right now", "so")
FOLLOWINGS = ("", "and the number is on the second page", "", "the letter came on monday")
ESPEAK_WORDS_PER_MIN = 160
BREATH_S, LEAD_S, TAIL_S = 0.15, 0.6, 1.5
ROOM = 3e-4  # RMS of the noise of the room, -70 dBFS
SPEECH_PEAK = 0.3
SOUND = 0.02  # of the peak: what is under it is the synthesiser's silence


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of a synthesiser that may be installed: ``flite`` or ``espeak-ng``."""

    program: str
    name: str

    @property
    def label(self) -> str:
        """How tables call it."""
        return f"{self.program.removesuffix('-ng')} {self.name}"


VOICES = (
    *(Voice("flite", name) for name in ("slt", "rms", "awb", "kal16")),
    *(Voice("espeak-ng", name) for name in ("en-us", "en-gb", "en-us+f2", "en-us+m3")),
)


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """One clip: samples at ``RATE_HZ``, and when the phrase in it ends."""

    voice: Voice
    speed: float
    phrase: str
    y: Samples
    end_s: float
    goes_on: bool


def installed_voices() -> list[Voice]:
    """The voices that this machine has.

    Raises
    ------
    EnvironmentProblem
        It has none of them.
    """
    found = [voice for voice in VOICES if shutil.which(voice.program)]
    if not found:
        raise EnvironmentProblem("No synthetic voice is installed; install flite or espeak-ng to measure with them.")
    return found


def spoken_phrases(phrases: Sequence[str], voices: Sequence[Voice], *, each: int = 1) -> Iterator[SpokenPhrase]:
    """Every phrase ``each`` times, voices, speeds, openings and what follows taking turns."""
    settings = [(voice, speed) for speed in SPEEDS for voice in voices]
    for n, phrase in enumerate(phrase for phrase in phrases for _ in range(each)):
        voice, speed = settings[n % len(settings)]
        around = OPENINGS[n % len(OPENINGS)], FOLLOWINGS[n % len(FOLLOWINGS)]
        yield speak_phrase(voice, speed, phrase, around, seed=n)


def speak_phrase(
    voice: Voice, speed: float, phrase: str, around: tuple[str, str] = ("", ""), seed: int = 0
) -> SpokenPhrase:
    """One clip with a quiet room behind it; ``around`` the phrase are its opening and what follows."""
    opening, following = around
    first = sounding(say(voice, f"{opening}, {phrase}" if opening else phrase, speed))
    parts = [_silence(LEAD_S), first]
    if following:
        parts += [_silence(BREATH_S), sounding(say(voice, following, speed))]
    y = np.concatenate([*parts, _silence(TAIL_S)])
    room = ROOM * np.random.default_rng(seed).standard_normal(len(y))
    return SpokenPhrase(voice, speed, phrase, y + room, LEAD_S + len(first) / RATE_HZ, bool(following))


def say(voice: Voice, text: str, speed: float) -> Samples:
    """What the synthesiser makes of a text, at ``RATE_HZ``; a higher speed is faster.

    Raises
    ------
    EnvironmentProblem
        The synthesiser failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        stretch = ["--setf", f"duration_stretch={1 / speed:.3f}"]
        pace = ["-s", str(round(ESPEAK_WORDS_PER_MIN * speed))]
        commands = {
            "flite": ["flite", "-voice", voice.name, *stretch, "-t", text, "-o", str(path)],
            "espeak-ng": ["espeak-ng", "-v", voice.name, *pace, "-w", str(path), text],
        }
        try:
            subprocess.run(commands[voice.program], check=True, capture_output=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            raise EnvironmentProblem(f"{voice.program} cannot speak here; reinstall it.") from error
        return at_rate(*read_mono(path), RATE_HZ)


def sounding(y: Samples) -> Samples:
    """The samples from the first to the last that can be heard, at one peak for all voices."""
    peak = float(np.max(np.abs(y), initial=0.0))
    loud = np.flatnonzero(np.abs(y) > SOUND * peak)
    if peak == 0 or not len(loud):
        return np.zeros(0)
    return y[loud[0] : loud[-1] + 1] * (SPEECH_PEAK / peak)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE_HZ))
