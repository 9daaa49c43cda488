"""Make the bundled call: ``python -m monitor.demo.make_call`` writes ``call.flac`` and ``call.truth.json``.

Two voices of flite 2.2 read ``script.SCRIPT``: ``slt`` is the agent (channel 0), ``awb`` the customer (channel 1), both
made at Carnegie Mellon University from the ARCTIC recordings, under flite's BSD-like licence; nobody's real call is
used. The synthesiser prints when each phone ends, which gives the truth. The same flite version makes the same call.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import soundfile as sf

from monitor.demo.script import SCRIPT, Line, Manner, Sentence
from monitor.errors import BugError, EnvironmentProblem
from monitor.types import RATE_HZ, FloatArray

SEED = 2026
VOICES = {"agent": "slt", "customer": "awb"}
CHANNELS = {"agent": 0, "customer": 1}
ROOM_DBFS = {"agent": -65.0, "customer": -70.0}
START_S, END_S = 0.3, 1.2
MARGIN_S = 0.03
Phone = tuple[str, float, float]  # name, start_s, end_s


def speak(text: str, voice: str, manner: Manner) -> tuple[FloatArray, list[Phone]]:
    """Synthesise one sentence.

    Returns the samples, shape (samples,) at ``RATE_HZ``, and its phones with their times from the first sample.

    Raises
    ------
    EnvironmentProblem
        flite is missing or lacks the voice.
    """
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        command = ["flite", "-voice", voice, "-psdur", "-o", str(wav)]
        for name, value in (
            ("int_f0_target_mean", manner.f0_hz),
            ("int_f0_target_stddev", manner.f0_spread_hz),
            ("duration_stretch", manner.stretch),
        ):
            command += ["--setf", f"{name}={value}"]
        try:
            done = subprocess.run([*command, "-t", text], capture_output=True, text=True, check=True)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            raise EnvironmentProblem("flite could not speak; install it, for example: apt-get install flite") from error
        y, rate_hz = sf.read(wav, dtype="float32")
    if rate_hz != RATE_HZ:
        raise BugError(f"voice {voice} speaks at {rate_hz} Hz, not {RATE_HZ}")
    return np.asarray(y, np.float32), _phones(done.stdout)


def _phones(printed: str) -> list[Phone]:
    """Read flite's ``name:end`` pairs."""
    phones: list[Phone] = []
    start_s = 0.0
    for name, end in re.findall(r"([a-z]+):([\d.]+)", printed):
        phones.append((name, start_s, float(end)))
        start_s = float(end)
    return phones


def find_words(words: str, voice: str, manner: Manner, phones: list[Phone]) -> tuple[float, float]:
    """When ``words`` are said within ``phones``: their own phones, spoken alone, are looked for in the sentence."""
    said = [p for p in phones if p[0] != "pau"]
    wanted = [p[0] for p in speak(words, voice, manner)[1] if p[0] != "pau"]
    for i in range(len(said) - len(wanted) + 1):
        # The first vowel and the last consonant may differ in running speech; a lone wrong phone is allowed.
        if sum(a[0] != b for a, b in zip(said[i:], wanted, strict=False)) <= len(wanted) // 8:
            return said[i][1], said[i + len(wanted) - 1][2]
    raise BugError(f"'{words}' is not in its sentence")


def active_dbfs(y: FloatArray) -> float:
    """RMS in dBFS over the 25 ms frames within 25 dB of the loudest."""
    mean_square = (y[: len(y) // 400 * 400].reshape(-1, 400).astype(np.float64) ** 2).mean(1)
    return float(10 * np.log10(mean_square[mean_square > mean_square.max() / 316].mean()))


def shape_spectrum(y: FloatArray, effort_db: float, *, telephone: bool) -> FloatArray:
    """Lift 1-4 kHz by ``effort_db`` as a raised voice does, and cut to 250-3600 Hz for the telephone."""
    hz = np.maximum(np.fft.rfftfreq(len(y), 1 / RATE_HZ), 1.0)
    gain_db = effort_db * np.interp(np.log2(hz), np.log2([600, 1300, 4000, 7000]), [0, 1, 1, 0.4])
    if telephone:
        gain_db += np.interp(np.log2(hz), np.log2([60, 250, 3600, 4500]), [-50, 0, 0, -60])
    return np.asarray(np.fft.irfft(np.fft.rfft(y) * 10 ** (gain_db / 20), len(y)), np.float32)


def render(sentence: Sentence, who: str, rng: np.random.Generator) -> tuple[FloatArray, list[dict[str, Any]]]:
    """One sentence at its level, cut to its speech, with the times of its marks from the first sample returned."""
    # No two sentences of a person are alike: a little of level and height is drawn.
    manner = replace(
        sentence.manner,
        level_dbfs=sentence.manner.level_dbfs + rng.uniform(-0.8, 0.8),
        f0_hz=sentence.manner.f0_hz * 2 ** (rng.uniform(-0.4, 0.4) / 12),
    )
    y, phones = speak(sentence.text, VOICES[who], manner)
    said = [p for p in phones if p[0] != "pau"]
    offset_s = max(0.0, said[0][1] - MARGIN_S)
    y = y[int(offset_s * RATE_HZ) : int((said[-1][2] + MARGIN_S) * RATE_HZ)]
    y = shape_spectrum(y, manner.effort_db, telephone=who == "customer")
    y *= 10 ** ((manner.level_dbfs - active_dbfs(y)) / 20)
    edge = np.minimum(1, np.arange(len(y)) / (0.008 * RATE_HZ))
    marks = []
    for behaviour, words in sentence.marks.items():
        start_s, end_s = find_words(words, VOICES[who], manner, phones)
        marks.append({"id": behaviour, "text": words, "start_s": start_s - offset_s, "end_s": end_s - offset_s})
    return np.asarray(y * edge * edge[::-1], np.float32), marks


def room_noise(samples: int, level_dbfs: float, rng: np.random.Generator) -> FloatArray:
    """A quiet room: noise that falls 9 dB per octave above 150 Hz; shape (samples,)."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    hz = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    noise = np.fft.irfft(spectrum * (hz > 40) / np.maximum(hz, 150.0) ** 1.5, samples)
    return np.asarray(noise * 10 ** (level_dbfs / 20) / np.sqrt((noise**2).mean()), np.float32)


def make_call(script: tuple[Line, ...] = SCRIPT, seed: int = SEED) -> tuple[FloatArray, dict[str, Any]]:
    """The call, shape (2, samples) at ``RATE_HZ``, and its truth."""
    rng = np.random.default_rng(seed)
    placed: list[tuple[int, int, FloatArray]] = []
    utterances: list[dict[str, Any]] = []
    phrases: list[dict[str, Any]] = []
    now_s = START_S
    for line in script:
        now_s += line.gap_s
        for number, sentence in enumerate(line.sentences):
            now_s += sentence.pause_s + rng.uniform(-0.1, 0.15) if number else 0.0
            y, marks = render(sentence, line.who, rng)
            placed.append((CHANNELS[line.who], round(now_s * RATE_HZ), y))
            end_s = now_s + len(y) / RATE_HZ
            times = {"start_s": round(now_s + MARGIN_S, 3), "end_s": round(end_s - MARGIN_S, 3)}
            utterances.append({**times, "speaker": line.who, "manner": sentence.manner.label, "text": sentence.text})
            for mark in marks:
                at = {key: round(now_s + mark[key], 3) for key in ("start_s", "end_s")}
                phrases.append({"id": mark["id"], "text": mark["text"].lower(), "channel": CHANNELS[line.who], **at})
            now_s = end_s
    samples = round(now_s + END_S, 1) * RATE_HZ
    call = np.stack([room_noise(round(samples), ROOM_DBFS[who], rng) for who in CHANNELS])
    for channel, start, y in placed:
        call[channel, start : start + len(y)] += y
    if np.abs(call).max() >= 1:
        raise BugError("the call clips; lower the levels of the script")
    truth = {
        "schema": "evenkeel.demo-truth/1",
        "made_by": {"synthesiser": _flite_version(), "voices": VOICES, "seed": seed},
        "duration_s": round(call.shape[1] / RATE_HZ, 3),
        "rate_hz": RATE_HZ,
        "channels": list(CHANNELS),
        "utterances": utterances,
        "phrases": phrases,
    }
    return call, truth


def _flite_version() -> str:
    done = subprocess.run(["flite", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"flite-[\d.]+", done.stdout + done.stderr)
    return found.group() if found else "flite"


def main() -> int:
    """Write the call and its truth; 3 when the synthesiser is missing."""
    parser = argparse.ArgumentParser(description="Make the bundled call.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder for call.flac and its truth")
    out: Path = parser.parse_args().out
    try:
        call, truth = make_call()
    except EnvironmentProblem as problem:
        click.echo(str(problem), err=True)
        return 3
    out.mkdir(parents=True, exist_ok=True)
    sf.write(out / "call.flac", call.T, RATE_HZ, subtype="PCM_16", compression_level=1.0)
    (out / "call.truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    click.echo(f"{truth['duration_s']:.1f} s, {(out / 'call.flac').stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
