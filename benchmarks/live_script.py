"""What is played to a live session, with its truth: an agent who is raised now and then, phrases, beeps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.data import Samples, corpus
from benchmarks.escalation_calls import build_call, effort_label, load_clips, speakers_of
from benchmarks.rig import ROOT
from benchmarks.sound import RATE_HZ, active_rms
from monitor.errors import EnvironmentProblem

CALL = ROOT / "monitor" / "demo" / "call.flac"
ROOM = 10 ** (-70 / 20)
CALM_RMS = 10 ** (-38 / 20)
RAISED_BY = 10 ** (20 / 20)  # at most: an actor's shout, 30 dB up, would clip, of which the agent would be warned
BEEP_S, BETWEEN_S = 0.3, (0.9, 1.4)


@dataclass(frozen=True, slots=True)
class Script:
    """Samples to play; in seconds from their first, when a voice is raised, and when a phrase that turns red ended."""

    y: Samples
    raised_s: tuple[float, ...]
    phrase_end_s: tuple[float, ...]
    about: str


def raised_script(data: Path, duration_s: float) -> Script:
    """An actor who speaks calmly and is raised for five seconds now and then; without the corpus, the bundled call."""
    try:
        speaker = next(iter(speakers_of(corpus(data, "ravdess"), effort_label).values()))
    except (EnvironmentProblem, StopIteration):
        return call_script(duration_s)
    calm = load_clips(speaker.calm)
    loudest = RAISED_BY * float(np.median([active_rms(clip) for clip in calm]))
    raised = [clip * min(1.0, loudest / active_rms(clip)) for clip in load_clips(speaker.raised)]
    clips = {"calm": calm, "raised": raised}
    rounds = max(1, round((duration_s - 50) / 26))
    plan = (("calm", 48.0), *((("raised", 5.0), ("calm", 20.0)) * rounds))
    rng = np.random.default_rng(0)
    call = build_call(clips, "raw", rng, plan, CALM_RMS)  # type: ignore[arg-type]  # labels of two literals
    raised_s = tuple(part.start_s for part in call.parts if part.label == "raised")
    return Script(_in_a_room(call.y, 0), raised_s, (), "an actor of RAVDESS, calm and up to 20 dB louder in turn")


def call_script(duration_s: float) -> Script:
    """The agent of the bundled call, over and over; phrases of behaviours that are to be avoided."""
    import soundfile as sf

    agent = sf.read(CALL, dtype="float64", always_2d=True)[0][:, 0]
    truth = json.loads(CALL.with_name("call.truth.json").read_text(encoding="utf-8"))
    spoken = [each for each in truth["utterances"] if each["speaker"] == "agent"]
    first = min(each["start_s"] for each in spoken if each["manner"] == "raised")
    ends = [each["end_s"] for each in truth["phrases"] if each["id"].startswith("say.") and each["channel"] == 0]
    starts = [number * truth["duration_s"] for number in range(max(1, int(duration_s / truth["duration_s"])))]
    return Script(
        _in_a_room(np.tile(agent, len(starts)), 0),
        tuple(start + first for start in starts),
        tuple(start + end for start in starts for end in ends),
        "the agent of the bundled call (a synthetic voice)",
    )


def beeps(count: int, seed: int = 0) -> tuple[Samples, tuple[float, ...]]:
    """Short tones after silence at irregular times, and when each begins, in seconds."""
    rng = np.random.default_rng(seed)
    tone = 0.25 * np.sin(2 * np.pi * 500 * np.arange(int(BEEP_S * RATE_HZ)) / RATE_HZ)
    pieces: list[Samples] = []
    starts_s, at = [], 0
    for _ in range(count):
        pause = np.zeros(int(rng.uniform(*BETWEEN_S) * RATE_HZ))
        at += len(pause)
        starts_s.append(at / RATE_HZ)
        pieces += [pause, tone]
        at += len(tone)
    return _in_a_room(np.concatenate([*pieces, np.zeros(RATE_HZ)]), seed), tuple(starts_s)


def write(path: Path, y: Samples) -> Path:
    """Write 16-bit samples; the first one is not zero, so that it can be found again."""
    import soundfile as sf

    y = y.copy()
    y[0] = 3 / 32768
    sf.write(path, y, RATE_HZ, subtype="PCM_16")
    return path


def _in_a_room(y: Samples, seed: int) -> Samples:
    noise = ROOM * np.random.default_rng(seed).standard_normal(len(y))
    return np.asarray(np.clip(y + noise, -1, 1), np.float64)
