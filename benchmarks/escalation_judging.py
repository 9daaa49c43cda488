"""One speaker's calls, built, heard by the whole engine and by others, and scored; runs in processes of its own."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calm_causes import EVEN, ORDERED, Told, evened, in_order, told_of, utterance_starts
from benchmarks.channels import CHANNELS
from benchmarks.climbs import Noticed, climbs_of, noticed
from benchmarks.data import Samples
from benchmarks.escalation_calls import PLAN, VARIANTS, Call, Plan, Speaker, build_call, load_clips
from benchmarks.meter import meter_result
from benchmarks.usual_answer import Heard, hear
from benchmarks.who import median_f0_hz
from monitor.profile import profile_text
from monitor.truth.lights import Label, Score, score_call
from monitor.types import Baseline

SEED = 1
OURS, METER, USUAL = "evenkeel", "level meter", "eGeMAPS + regression"
METERED = ("raw", "agc")
COLD, PROFILED = "cold", "profile"
_ENROL_PLAN: Plan = (("calm", 60.0),)
_CHANNEL_SEED = 7

Clips = Mapping[Label, list[Samples]]


@dataclass(frozen=True, slots=True)
class Task:
    """One speaker's calls of one set.

    ``others`` are clips of other people, for babble; ``beside`` are the variants that the usual answer hears as well.
    """

    dataset: str
    name: str
    speaker: Speaker
    number: int
    variants: tuple[str, ...]
    plan: Plan = PLAN
    others: tuple[Path, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def seed(self) -> int:
        """Of everything that is drawn for this speaker, the same in every variant."""
        return SEED * 1000 + self.number


@dataclass(frozen=True, slots=True)
class Scored:
    """One call as one monitor judged it; ``grey`` is the share that was not judged, where nothing can be false."""

    dataset: str
    variant: str
    monitor: str
    speaker: str
    score: Score
    grey: float | None = None
    cpu_s: float = 0.0
    audio_s: float = 0.0


@dataclass(slots=True)
class Found:
    """What was found on some speakers' calls; ``f0_hz`` is the median of each voice when calm."""

    scored: list[Scored] = field(default_factory=list)
    heard: list[tuple[str, Heard]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    climbs: list[tuple[str, str, Noticed]] = field(default_factory=list)
    f0_hz: dict[str, float | None] = field(default_factory=dict)

    def add(self, other: Found) -> None:
        """Take in what another process found."""
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, dict):
                mine.update(theirs)
            else:
                mine.extend(theirs)

    def put_in_order(self) -> None:
        """Sort everything: processes end in any order, and no figure may depend on it."""
        self.scored.sort(key=lambda s: (s.dataset, s.variant, s.monitor, s.speaker))
        self.heard.sort(key=lambda pair: (pair[0], pair[1].variant, pair[1].speaker))
        self.told.sort(key=lambda told: (told.variant, told.speaker))
        self.climbs.sort(key=lambda climb: climb[:2])


def judge_speaker(task: Task) -> Found:
    """Build one speaker's calls, let the engine and others judge them, and score all."""
    clips: Clips = {"calm": load_clips(task.speaker.calm), "raised": load_clips(task.speaker.raised)}
    if task.dataset == "climb":
        return _climbs(task, clips)
    if task.dataset == "start":
        return _starts(task, clips)
    found = Found(f0_hz={task.name: median_f0_hz(clips["calm"])} if task.dataset in ("acted", "calm-read") else {})
    for variant in task.variants:
        call = _call(task, clips, variant)
        scored, result = _judged(task, variant, call)
        if variant not in (EVEN, ORDERED):
            found.scored.append(scored)
        if variant in METERED and task.dataset in ("acted", "calm-read"):
            score = score_call(call.parts, meter_result(call.y, call.rate_hz))
            found.scored.append(Scored(task.dataset, variant, METER, task.name, score))
        if variant in task.beside:
            found.heard.append((task.dataset, hear(task.name, variant, call.parts, call.y, call.rate_hz)))
        if task.dataset == "calm-read":
            starts_s = utterance_starts(clips["calm"], variant, task.seed, task.plan)
            found.told.append(told_of(task.name, variant, starts_s, result))
    return found


def _call(task: Task, clips: Clips, variant: str) -> Call:
    rng = np.random.default_rng(task.seed)
    if variant in VARIANTS:
        return build_call(clips, variant, rng, task.plan)
    if variant == EVEN:
        return build_call({**clips, "calm": evened(clips["calm"])}, "agc", rng, task.plan)
    if variant == ORDERED:
        return build_call({**clips, "calm": in_order(clips["calm"])}, "raw", rng, task.plan)
    recorded = build_call(clips, "raw", rng, task.plan)
    return CHANNELS[variant](recorded, np.random.default_rng([task.seed, _CHANNEL_SEED]), _others(task.others))


@lru_cache(maxsize=1)
def _others(paths: tuple[Path, ...]) -> tuple[Samples, ...]:
    return tuple(load_clips(paths))


def _judged(task: Task, variant: str, call: Call, profile: Path | None = None) -> tuple[Scored, dict[str, Any]]:
    began = time.process_time()
    result = engine_result(call, profile)
    cpu_s = time.process_time() - began
    score, audio_s = score_call(call.parts, result), len(call.y) / call.rate_hz
    return Scored(task.dataset, variant, OURS, task.name, score, grey_share(result), cpu_s, audio_s), result


def engine_result(call: Call, profile: Path | None = None) -> dict[str, Any]:
    """What the program writes about a call that it hears from a 16-bit file, as a recorder would make it."""
    import soundfile as sf

    from monitor.assemble import AnalysisOptions, analyse
    from monitor.sinks.json_file import to_json

    with tempfile.TemporaryDirectory(prefix="evenkeel-") as folder:
        path = Path(folder) / "call.wav"
        sf.write(path, call.y, call.rate_hz, subtype="PCM_16")
        options = AnalysisOptions(recogniser="none", profile=profile)
        result: dict[str, Any] = json.loads(to_json(analyse(path, options)))
    return result


def grey_share(result: Mapping[str, Any]) -> float:
    """Share of a call under a grey light."""
    lengths_s = [(float(light["end_s"] - light["start_s"]), light["light"] == "grey") for light in result["lights"]]
    grey_s = sum(length_s for length_s, grey in lengths_s if grey)
    return grey_s / sum(length_s for length_s, _ in lengths_s)


def _starts(task: Task, clips: Clips) -> Found:
    """Calls that rise soon, without a profile and with one that was learnt from the other half of the calm clips."""
    found = Found()
    halves = clips["calm"][::2], clips["calm"][1::2]
    with tempfile.TemporaryDirectory(prefix="evenkeel-") as folder:
        for variant in task.variants:
            usual = _enrolled(task, halves[0], variant)
            if usual is None:
                continue
            profile = Path(folder) / f"{variant}.json"
            profile.write_text(profile_text(usual), encoding="utf-8")
            call = _call(task, {**clips, "calm": halves[1]}, variant)
            for name, voice in ((COLD, None), (PROFILED, profile)):
                found.scored.append(_judged(task, f"{name}, {variant}", call, voice)[0])
    return found


def _enrolled(task: Task, clips: list[Samples], variant: str) -> Baseline | None:
    """The usual voice as the program learns it from somebody who reads aloud; None where it did not hear enough."""
    from monitor.live.enrol import Enrolment
    from monitor.sources.array import ArraySource

    rng = np.random.default_rng([task.seed, _CHANNEL_SEED])
    reading = build_call({"calm": clips, "raised": clips}, variant, rng, _ENROL_PLAN)
    enrolment = Enrolment()
    for block in ArraySource(reading.y, reading.rate_hz).blocks():
        enrolment.push(block[0])
        if enrolment.baseline is not None:
            break
    return enrolment.baseline


def _climbs(task: Task, clips: Clips) -> Found:
    found = Found()
    steady = build_call(clips, "raw", np.random.default_rng(task.seed), task.plan)
    for name, call in climbs_of(steady):
        scored, result = _judged(task, name, call)
        found.scored.append(scored)
        found.climbs.append((name, task.name, noticed(call, result)))
    return found


def all_found(parts: Iterator[Found]) -> Found:
    """Everything that the processes found, in an order of its own."""
    total = Found()
    for part in parts:
        total.add(part)
    total.put_in_order()
    return total
