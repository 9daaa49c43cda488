"""The lights on calls with a known escalation: the whole engine, judged by what it writes.

Truth and score are those of ``benchmarks.escalation_calls``. A naive level meter is scored on the same calls.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import Clip, corpus
from benchmarks.escalation_calls import (
    PLAN,
    VARIANTS,
    Call,
    Plan,
    Speaker,
    build_call,
    effort_label,
    load_clips,
    speakers_of,
)
from benchmarks.meter import meter_result
from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_least, goal_at_most
from monitor.errors import EnvironmentProblem
from monitor.truth.lights import Label, Score, pooled, score_call, summary

SEED = 1
DRAWS = 4000
CALM_READ: Plan = (("calm", 90.0),)
CALM_READ_LEAST_S = 40.0
FEW = ("raw", "agc", "phone")
METERED = ("raw", "agc")
OURS, METER = "evenkeel", "level meter"
COLUMNS = (
    "calls", "episodes", "recall", "red recall", "delay p50/p90 s", "false/h", "red false/h", "calm lit %", "clear s",
    "grey %", "calm h",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """One speaker's calls of one set."""

    dataset: str
    name: str
    speaker: Speaker
    number: int
    variants: tuple[str, ...]
    plan: Plan = PLAN


@dataclass(frozen=True, slots=True)
class Scored:
    """One call as one monitor judged it; ``grey`` is the share that was not judged, where nothing can be false."""

    dataset: str
    variant: str
    monitor: str
    speaker: str
    score: Score
    grey: float | None = None


def run(settings: Settings) -> Report:
    """Build, judge and score every set.

    Raises
    ------
    EnvironmentProblem
        RAVDESS, LibriSpeech or speechocean is not here.
    """
    tasks = _tasks(settings)
    scored: list[Scored] = []
    for done, calls in enumerate(_judged(tasks, settings.jobs), 1):
        scored += calls
        if done % 10 == 0 or done == len(tasks):
            settings.say(f"escalation: {done} of {len(tasks)} speakers")
    # processes end in any order, and the table must not depend on it
    scored.sort(key=lambda s: (s.dataset, s.variant, s.monitor, s.speaker))
    return report_of(scored)


def _tasks(settings: Settings) -> list[Task]:
    acted = corpus(settings.data, "ravdess")
    read = [*corpus(settings.data, "librispeech"), *corpus(settings.data, "speechocean")]
    variants = ("raw", "phone") if settings.quick else VARIANTS
    few = tuple(v for v in FEW if v in variants)
    sets: Sequence[tuple[str, Mapping[str, Speaker], tuple[str, ...], Plan]] = (
        ("acted", speakers_of(acted, effort_label), variants, PLAN),
        ("mild", speakers_of(acted, mild_label), few, PLAN),
        ("lively", speakers_of(acted, lively_label), few, PLAN),
        ("calm-read", readers_of(read), few, CALM_READ),
    )
    for dataset, speakers, _, _ in sets:
        if not speakers:
            raise EnvironmentProblem(f"No speaker here has enough recordings for the set {dataset}; fetch all of them.")
    return [
        Task(dataset, name, speaker, number, chosen, plan)
        for dataset, speakers, chosen, plan in sets
        for number, (name, speaker) in enumerate(sorted(speakers.items()))
    ]


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


def readers_of(clips: Iterable[Clip]) -> dict[str, Speaker]:
    """Speakers with at least ``CALM_READ_LEAST_S`` of read speech; all of it is calm."""
    speakers: dict[str, Speaker] = defaultdict(Speaker)
    spoken_s: dict[str, float] = defaultdict(float)
    for clip in clips:
        speakers[clip.speaker].calm.append(clip.path)
        spoken_s[clip.speaker] += clip.duration_s
    return {name: speaker for name, speaker in speakers.items() if spoken_s[name] >= CALM_READ_LEAST_S}


def _judged(tasks: Sequence[Task], jobs: int) -> Iterator[list[Scored]]:
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(judge_speaker, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise EnvironmentProblem("A process ended by itself, perhaps for want of memory; try --jobs 1.") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def judge_speaker(task: Task) -> list[Scored]:
    """Build one speaker's calls, let the engine and the meter judge them, and score both."""
    clips: dict[Label, Any] = {"calm": load_clips(task.speaker.calm), "raised": load_clips(task.speaker.raised)}
    found = []
    for variant in task.variants:
        call = build_call(clips, variant, np.random.default_rng(SEED * 1000 + task.number), task.plan)
        result = engine_result(call)
        mine = Scored(task.dataset, variant, OURS, task.name, score_call(call.parts, result), grey_share(result))
        found.append(mine)
        if variant in METERED and task.dataset in ("acted", "calm-read"):
            score = score_call(call.parts, meter_result(call.y, call.rate_hz))
            found.append(replace(mine, monitor=METER, score=score, grey=None))
    return found


def engine_result(call: Call) -> dict[str, Any]:
    """What the program writes about a call that it hears from a 16-bit file, as a recorder would make it."""
    import soundfile as sf

    from monitor.assemble import AnalysisOptions, analyse
    from monitor.sinks.json_file import to_json

    with tempfile.TemporaryDirectory(prefix="evenkeel-") as folder:
        path = Path(folder) / "call.wav"
        sf.write(path, call.y, call.rate_hz, subtype="PCM_16")
        result: dict[str, Any] = json.loads(to_json(analyse(path, AnalysisOptions(recogniser="none"))))
    return result


def grey_share(result: Mapping[str, Any]) -> float:
    """Share of a call under a grey light."""
    lengths_s = [(float(light["end_s"] - light["start_s"]), light["light"] == "grey") for light in result["lights"]]
    grey_s = sum(length_s for length_s, grey in lengths_s if grey)
    return grey_s / sum(length_s for length_s, _ in lengths_s)


def report_of(scored: Sequence[Scored]) -> Report:
    """Tables and figures of judged calls."""
    figures: Figures = {}
    tables = []
    for dataset, title in TITLES.items():
        groups = _groups([s for s in scored if s.dataset == dataset])
        rows = {name: _row(calls) for name, calls in groups.items()}
        figures[dataset] = rows
        note = "; ".join(_interval_text(name, row) for name, row in rows.items() if name in ("all", METER_ALL))
        tables.append(Table(title, COLUMNS, [_cells(name, row) for name, row in rows.items()], note))
    return Report("escalation", "accuracy.md", figures, tables, goals_of(figures), ("scipy", "soundfile"))


TITLES = {
    "acted": "Raised voice, acted strongly (RAVDESS)",
    "mild": "Raised voice, acted with normal intensity (RAVDESS)",
    "lively": "Lively speech (happy, normal intensity) instead of raised: amber may be, red is wrong (RAVDESS)",
    "calm-read": "Calm read speech alone (LibriSpeech and speechocean)",
}
METER_ALL = f"{METER}, all"


def _groups(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Ours by variant and together, then the meter's."""
    groups: dict[str, list[Scored]] = {}
    for monitor, prefix in ((OURS, ""), (METER, f"{METER}, ")):
        calls = [s for s in scored if s.monitor == monitor]
        for variant in VARIANTS:
            of_variant = [s for s in calls if s.variant == variant]
            if of_variant:
                groups[prefix + variant] = of_variant
        if calls:
            groups[f"{prefix}all"] = calls
    return groups


def _row(calls: Sequence[Scored]) -> Figures:
    greys = [call.grey for call in calls if call.grey is not None]
    rates = summary(pooled(call.score for call in calls))
    return {**rates, **intervals(calls), "grey": float(np.mean(greys)) if greys else None}


def intervals(calls: Sequence[Scored], draws: int = DRAWS) -> dict[str, list[float] | None]:
    """95 % intervals of recall and of false lights per hour: speakers are drawn with replacement, with all their calls.

    An interval of no width says that no speaker differed, not that there is no doubt.
    """
    speakers = sorted({call.speaker for call in calls})
    sums = np.zeros((len(speakers), 4))
    for call in calls:
        lights = call.score["any"]
        row = (sum(lights.hit), len(lights.hit), sum(lights.false_n), sum(lights.calm_s) / 3600)
        sums[speakers.index(call.speaker)] += row
    drawn = np.random.default_rng(SEED).integers(len(speakers), size=(draws, len(speakers)))
    hit, episodes, false, hours = sums[drawn].sum(axis=1).T
    return {
        "recall_95": _middle(hit / episodes) if episodes.all() else None,
        "false_per_h_95": _middle(false / hours) if hours.all() else None,
    }


def _middle(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]


def _interval_text(name: str, row: Mapping[str, Any]) -> str:
    texts = []
    for key, label, digits in (("recall_95", "recall", 3), ("false_per_h_95", "false/h", 1)):
        if row[key]:
            texts.append(f"{label} {row[key][0]:.{digits}f} to {row[key][1]:.{digits}f}")
    return f"95 % interval over speakers, {name}: {', '.join(texts)}"


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    lit, grey = (None if row[key] is None else 100 * row[key] for key in ("calm_lit", "grey"))
    delays = f"{cell(row['delay_p50_s'], 2)} / {cell(row['delay_p90_s'], 2)}"
    return (
        name, str(row["episodes"]), cell(row["recall"], 3), cell(row["red_recall"], 3), delays,
        cell(row["false_per_h"]), cell(row["red_false_per_h"]), cell(lit), cell(row["clear_p50_s"]),
        cell(grey), cell(row["calm_hours"], 2),
    )  # fmt: skip


def _worst(rows: Mapping[str, Mapping[str, Any]], key: str, choose: Callable[[list[float]], float]) -> float | None:
    values = [row[key] for name, row in rows.items() if not name.startswith(METER)]
    # without a value in some variant the worst is unknown, such as the delay where nothing was found
    return None if None in values else choose(values)


def goals_of(figures: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[Goal]:
    """The design's goals for lights, against the worst variant where it says every variant."""
    acted, mild, lively = figures["acted"], figures["mild"]["all"], figures["lively"]["all"]
    calm = figures["calm-read"]["all"]
    both = acted["all"]
    return [
        goal_at_least("recall ≥ 0.98, worst variant", _worst(acted, "recall", min), 0.98, 3),
        goal_at_most("false ambers ≤ 3 per hour at that recall, acted", both["false_per_h"], 3.0, 1),
        goal_at_most("the same in the worst variant", _worst(acted, "false_per_h", max), 3.0, 1),
        goal_at_most("false reds ≤ 0.3 per hour, acted", both["red_false_per_h"], 0.3),
        goal_at_most("amber after ≤ 0.8 s, p50", both["delay_p50_s"], 0.8),
        goal_at_most("amber after ≤ 1.5 s, p90", both["delay_p90_s"], 1.5),
        goal_at_most("p50 in the worst variant", _worst(acted, "delay_p50_s", max), 0.8),
        goal_at_most("p90 in the worst variant", _worst(acted, "delay_p90_s", max), 1.5),
        goal_at_least("mild acting: recall ≥ 0.6 (the goal is for foreign corpora)", mild["recall"], 0.6, 3),
        goal_at_most("lively speech: never red", lively["red_recall"], 0.0, 3),
        goal_at_most("calm reading: false ambers ≤ 3 per hour", calm["false_per_h"], 3.0, 1),
        goal_at_most("calm reading: false reds ≤ 0.3 per hour", calm["red_false_per_h"], 0.3),
    ]
