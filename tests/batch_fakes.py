"""An engine for tests of batches: what it does is told by the recording's name, and by what it holds.

Worker processes import it by name, and it may stand in for ``monitor.assemble``.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from monitor.errors import InputProblem
from monitor.events import FlagChanged, FramesMeasured, LightChanged
from monitor.result import EngineInfo, ResultBuilder
from monitor.sinks.files import OutputProblem
from monitor.types import Features, Flag, FlagState, Light, Reason, SourceInfo

ENGINE = EngineInfo("0.1.0", "mine@123456789abc", "pocketsphinx")
RAISED = Reason("voice.raised", "voice well above your usual level", 8.0, "dB", 0.0, 6.0)


@dataclass(frozen=True)
class AnalysisOptions:
    policy: str | None = None
    profile: Path | None = None
    recogniser: str = "auto"
    agent_channel: int = 0
    block: int | None = None
    model: str | None = None
    own_process: bool = True
    guess_agent: bool = False
    customer: str | None = None


def engine_info(options):
    return ENGINE if options.policy is None else replace(ENGINE, policy=options.policy)


def features(start, count, *, speech=1.0, nucleus_every=20, f0_hz=120.0):
    full = np.full(count, 1.0, np.float32)
    at = np.arange(start, start + count)
    f0 = np.where(at % 3 == 0, np.float32(np.nan), np.float32(f0_hz)).astype(np.float32)
    return Features(
        start, -30 * full, 1e-4 * full, f0, 0.9 * full, np.full(count, np.nan, np.float32), -65 * full, speech * full,
        np.zeros(count, bool), at % nucleus_every == 0,
    )  # fmt: skip


def flag(key=1, *, state=FlagState.CONFIRMED, start_s=2.0, text="calm down", behaviour="say.calm_down"):
    return Flag(key, behaviour, start_s, start_s + 0.7, 0, text, "calm down", state, 0.93, "Let me see", start_s + 1.0)


def misbehave(name):
    if "segfault" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "exit" in name:
        os._exit(7)
    if "bad" in name:
        raise InputProblem(f"{name} holds no sound: record or export it again.")
    if "bug" in name:
        raise ValueError("a sum came out wrong")
    if "full" in name:
        raise OutputProblem(f"{name} could not be written: the disk is full; make room.")


def second_of_events(step):
    yield FramesMeasured(float(step + 1), 0, features(100 * step, 100))
    if step == 1:
        yield LightChanged(1.5, Light.GREEN, (), None)
        yield FlagChanged(3.0, flag())
    if step == 2:
        yield LightChanged(2.75, Light.RED, (RAISED,), "softer")


def analyse(path, options, *, sinks=(), progress=None):
    misbehave(path.name)
    sound = path.read_bytes()
    sha256 = hashlib.sha256(sound).hexdigest()
    builder = ResultBuilder(SourceInfo(path.name, 1, 8000, None, sha256), engine_info(options))
    slow = sound.startswith(b"slow")
    duration_s = 200 if slow else 4
    for step in range(duration_s):
        for event in second_of_events(step):
            for sink in (builder, *sinks):
                sink.take(event)
        if progress:
            progress(float(step + 1))
        time.sleep(0.05 if slow else 0.0)
    return builder.finish(float(duration_s))
