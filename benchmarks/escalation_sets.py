"""Which calls are built: sets of speakers with the labels, plans and channels of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.calm_causes import EVEN, ORDERED
from benchmarks.channels import CHANNELS
from benchmarks.climbs import CALM_PLAN, CLIMB, STEADY
from benchmarks.data import Clip
from benchmarks.escalation_calls import PLAN, VARIANTS, Plan, Speaker, effort_label, speakers_of
from benchmarks.escalation_judging import Task
from monitor.errors import EnvironmentProblem
from monitor.truth.lights import Label

FEW = ("raw", "agc", "phone")
ADDED = tuple(name for name in CHANNELS if name != "drift")
CALM_READ: Plan = (("calm", 90.0),)
CALM_READ_LEAST_S = 40.0
CLIMB_LEAST_S = 75.0  # of a reader's speech, or ten minutes repeat it too often
EARLY_PLAN: Plan = (("calm", 8.0), ("raised", 13.0), ("calm", 28.0), ("raised", 13.0), ("calm", 22.0))
LONG_PLAN: Plan = (
    ("calm", 140.0), ("raised", 13.0), ("calm", 140.0), ("raised", 13.0), ("calm", 140.0), ("raised", 13.0),
    ("calm", 141.0),
)  # fmt: skip
_BABBLERS = 24


def tasks_of(acted: Iterable[Clip], read: Iterable[Clip], *, quick: bool = False) -> list[Task]:
    """Every speaker's calls of every set. Clips are sorted first, so that no call depends on their order.

    Raises
    ------
    EnvironmentProblem
        A set has no speaker with enough recordings.
    """
    acted = sorted(acted, key=lambda clip: clip.path)
    read = sorted(read, key=lambda clip: clip.path)
    others = babblers(read)
    strong = speakers_of(acted, effort_label)
    readers = readers_of(read, CALM_READ_LEAST_S)
    kept = ("raw", "phone") if quick else (*VARIANTS, *ADDED)
    few = tuple(variant for variant in FEW if variant in kept)
    sets: list[tuple[str, Mapping[str, Speaker], tuple[str, ...], Plan]] = [
        ("acted", strong, kept, PLAN),
        ("mild", speakers_of(acted, mild_label), few, PLAN),
        ("lively", speakers_of(acted, lively_label), few, PLAN),
        ("calm-read", readers, few if quick else (*few, ORDERED, EVEN), CALM_READ),
    ]
    if not quick:
        sets += [
            ("start", strong, ("raw", "phone"), EARLY_PLAN),
            ("long", strong, ("raw", "drift"), LONG_PLAN),
            ("climb", {**strong, **readers_of(read, CLIMB_LEAST_S)}, (STEADY, CLIMB), CALM_PLAN),
        ]
    for dataset, speakers, _, _ in sets:
        if not speakers:
            raise EnvironmentProblem(f"No speaker here has enough recordings for the set {dataset}; fetch all of them.")
    return [
        Task(dataset, name, speaker, number, chosen, plan, others, beside_of(dataset, chosen))
        for dataset, speakers, chosen, plan in sets
        for number, (name, speaker) in enumerate(sorted(speakers.items()))
    ]


def beside_of(dataset: str, variants: Sequence[str]) -> tuple[str, ...]:
    """What the usual answer hears of a set."""
    wanted = {"acted": FEW, "calm-read": FEW[:1]}.get(dataset, ())
    return tuple(variant for variant in wanted if variant in variants)


def babblers(read: Sequence[Clip]) -> tuple[Path, ...]:
    """Clips of readers, spread over all of them."""
    step = max(1, len(read) // _BABBLERS)
    return tuple(clip.path for clip in read[::step])


def mild_label(text: str) -> Label | None:
    """Only clips acted with normal intensity count as raised."""
    label = effort_label(text)
    return None if label == "raised" and "intensity=normal" not in text else label


def lively_label(text: str) -> Label | None:
    """Happy clips of normal intensity stand where raised ones would: a warm, animated voice."""
    label = effort_label(text)
    if label == "calm":
        return label
    return "raised" if text.startswith("happy") and "intensity=normal" in text else None


def readers_of(clips: Iterable[Clip], least_s: float = CALM_READ_LEAST_S) -> dict[str, Speaker]:
    """Speakers with at least ``least_s`` of read speech; all of it is calm."""
    speakers: dict[str, Speaker] = defaultdict(Speaker)
    spoken_s: dict[str, float] = defaultdict(float)
    for clip in clips:
        speakers[clip.speaker].calm.append(clip.path)
        spoken_s[clip.speaker] += clip.duration_s
    return {name: speaker for name, speaker in speakers.items() if spoken_s[name] >= least_s}
