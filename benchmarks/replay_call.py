"""An hour's call for the replay window: a synthetic recording with its result and measures, as analysis leaves them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.store_calls import features
from monitor.events import FramesMeasured
from monitor.replay.kept import KeptCalls, PackedFrames
from monitor.result_types import CallResult, EngineInfo, FlagRecord, Pace, Recording, Summary
from monitor.types import Baseline, FlagState, Light, LightSpan, Reason, Turn, Word

RATE_HZ = 16_000
LIGHTS, FLAGS, WORDS_PER_MIN = 5, 3, 130  # a minute
_RAISED = Reason("voice.raised", "voice above your usual level", 5.9, "dB", 0.0, 4.8)


def write_call(path: Path, kept: KeptCalls, *, minutes: int, channels: int) -> None:
    """Write the recording, and keep its result and measures as an analysis would have."""
    _write_recording(path, minutes, channels)
    frames = PackedFrames()
    for channel in range(channels):
        for number, part in enumerate(features(minutes, seed=channel)):
            frames.take(FramesMeasured(60.0 * (number + 1), channel, part))
    kept.keep(_result(path.name, kept.sha256(path), minutes, channels), frames)


def _write_recording(path: Path, minutes: int, channels: int) -> None:
    """Bursts of noise as long as sentences; one minute after the other at another loudness."""
    import soundfile

    rng = np.random.default_rng(1)
    at_s = np.arange(60 * RATE_HZ) / RATE_HZ
    with soundfile.SoundFile(path, "w", RATE_HZ, channels, "PCM_16") as file:
        for minute in range(minutes):
            syllables = np.abs(np.sin(2 * np.pi * 2 * at_s)) * (np.sin(2 * np.pi * at_s / (4 + minute % 5)) > 0)
            y = rng.standard_normal((len(at_s), channels)).astype(np.float32) * (0.05 + 0.01 * (minute % 7))
            file.write(np.clip(y * syllables[:, None].astype(np.float32), -1, 1))


def _result(name: str, sha256: str, minutes: int, channels: int) -> CallResult:
    rng = np.random.default_rng(2)
    duration_s = 60.0 * minutes
    edges = [0.0, *np.sort(rng.uniform(1, duration_s - 1, LIGHTS * minutes - 1)).round(3).tolist(), duration_s]
    colours = (Light.GREEN, Light.AMBER, Light.GREEN, Light.RED, Light.GREY)
    lights = [
        LightSpan(start_s, end_s, colours[i % 5], (_RAISED,) if i % 2 else ())
        for i, (start_s, end_s) in enumerate(pairwise(edges))
    ]
    states = tuple(FlagState)
    flags = tuple(
        FlagRecord("say.calm_down", at_s, at_s + 0.7, 0, "calm down", "calm down", states[i % 4], 0.9, None, at_s + 1)
        for i, at_s in enumerate(np.sort(rng.uniform(0, duration_s - 2, FLAGS * minutes)).round(3).tolist())
    )
    step_s = 60 / WORDS_PER_MIN
    words = tuple(
        Word(round(i * step_s, 3), round(i * step_s + 0.3, 3), f"word{i % 97}", 0.9, 0)
        for i in range(WORDS_PER_MIN * minutes)
    )
    sides = ("agent", "customer")[:channels]
    turns = tuple(Turn(4.0 * i, 4.0 * i + 3.4, sides[i % channels]) for i in range(15 * minutes))
    return CallResult(
        Recording(name, sha256, duration_s, channels, RATE_HZ),
        EngineInfo("0.1.0", "mine@0123", "pocketsphinx"),
        Baseline(-30.0, 2.0, 14.0, 2.0, -7.0, 2.0, 2.5, 4.4, 60.0),
        tuple(lights), flags, (), turns, words, Pace(4.6, 130.0),
        Summary(0.5 * duration_s, 0.2 * duration_s, 0.1 * duration_s, 0.2 * duration_s, len(flags), None, None), (),
    )  # fmt: skip
