"""Makes the clips of ``test_pocketsphinx.py`` and their truth: ``python tests/data/make_speech.py``; needs flite.

The clips are kept in the repository, so that tests do not depend on synthesisers. flite tells where each sound ends
(``-psdur``), which gives the times of the phrases.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf

HERE = Path(__file__).parent
RATE_HZ = 16_000
LEVEL_DBFS = -24.0
PAUSE_S = 0.8
SENTENCES = (
    ("Sir, please calm down and listen to me.", {"calm down": "k aa m d aw n"}),
    (
        "Well that's not my department, so I cannot look at it.",
        {"that's not my department": "dh ae t s n aa t m ay d ih p aa r t m ax n t"},
    ),
    ("Oh I'm sorry to hear that.", {"i'm sorry": "ay m s aa r iy"}),
)
VOICES = ("slt", "rms")


def synthesise(voice: str, text: str) -> tuple[np.ndarray, list[tuple[str, float]]]:
    """One sentence and the sounds it is made of, each with its end in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentence.wav"
        command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(path)]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        y, rate_hz = sf.read(path, dtype="float64")
    if rate_hz != RATE_HZ:
        sys.exit(f"flite's voice {voice} speaks at {rate_hz} Hz, not {RATE_HZ}")
    return y, [(name, float(end)) for name, end in (item.split(":") for item in told)]


def find(sounds: list[tuple[str, float]], wanted: list[str]) -> tuple[float, float]:
    """When a row of sounds starts and ends."""
    names = [name for name, _ in sounds]
    at = next(n for n in range(1, len(names)) if names[n : n + len(wanted)] == wanted)
    return sounds[at - 1][1], sounds[at + len(wanted) - 1][1]


def make(voice: str) -> tuple[np.ndarray, list[dict[str, object]]]:
    """All sentences with pauses, and where each phrase is."""
    pause = np.zeros(round(PAUSE_S * RATE_HZ))
    parts, truth, length = [pause], [], len(pause)
    for text, phrases in SENTENCES:
        y, sounds = synthesise(voice, text)
        for phrase, phones in phrases.items():
            start, end = (round(length / RATE_HZ + t, 3) for t in find(sounds, phones.split()))
            truth.append({"phrase": phrase, "start_s": start, "end_s": end})
        parts += [y, pause]
        length += len(y) + len(pause)
    speech = np.concatenate(parts)
    gain = 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(np.square(speech)))
    hiss = np.random.default_rng(5).standard_normal(len(speech)) * 10 ** (-66 / 20)
    return speech * gain + hiss, truth


def main() -> None:
    """Write a clip per voice, and the truth about all."""
    if not shutil.which("flite"):
        sys.exit("flite is not installed; on Debian or Ubuntu: apt-get install flite")
    truth = {}
    for voice in VOICES:
        y, truth[f"speech_{voice}"] = make(voice)
        sf.write(HERE / f"speech_{voice}.flac", y, RATE_HZ, subtype="PCM_16")
    (HERE / "speech.json").write_text(json.dumps(truth, indent=1) + "\n")


if __name__ == "__main__":
    main()
