"""What each recogniser costs on this machine, and how late its words come, with Whisper models of the real sizes.

The time of a pass depends on the size of a model and on how many tokens it writes, not on its weights. So models of
the catalogue's shapes are built here with random weights, which nobody has to fetch, and each pass writes a fixed
number of tokens: 8 and 2.5 for each second of audio, about what is said in it. They hear the same speech through the
real recogniser: its gate, its schedule, its two kinds of pass.

Time is virtual: blocks are pushed as fast as they can be heard, and the cost of each is measured. In a call, a pass
would be done when its audio was there and the passes before it were done, plus its own cost; the host declares it no
earlier than its allowance. So the delays are those of a call on this machine, and do not need its time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import ROOT, Samples
from benchmarks.phrase_tables import called
from benchmarks.phrases import percentiles
from benchmarks.recordings import minutes, speech_files, write_long
from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_most
from benchmarks.sound import RATE_HZ
from benchmarks.speed import BUSY_LOAD, cpu_model
from monitor.errors import EnvironmentProblem

BASIC = "pocketsphinx"
MODELS, QUICK_MODELS = ("tiny.en", "base.en", "small.en"), ("tiny.en", "base.en")
AUDIO_S, QUICK_AUDIO_S = 60.0, 30.0
STEP_S = 0.1
SPOKEN_DB = -25.0  # of the loudest, from which a moment counts as speech
LIBRARIES = ("faster-whisper", "ctranslate2", "pocketsphinx")
COST = ("", "load CPU s", "memory MB", "CPU of one core", "partial pass s", "final pass s")
DELAY = (
    "",
    "pass every s",
    "told after s",
    "final after s",
    "on time",
    "one pass p50 s",
    "p90 s",
    "sure p50 s",
    "p90 s",
)
KINDS = {"partial": False, "final": True}
P50_S, P90_S = 1.5, 2.5


def run(settings: Settings) -> Report:
    """Measure pocketsphinx and each size.

    Raises
    ------
    EnvironmentProblem
        No recogniser is installed here, or one failed.
    """
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    files = speech_files(settings.data)
    length_s = QUICK_AUDIO_S if settings.quick else AUDIO_S
    moments = spoken_moments(minutes(files, length_s))
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="evenkeel-cost-") as place:
        sound = Path(place) / "speech.wav"
        write_long(sound, files, length_s)
        for name, what in _recognisers(Path(place), QUICK_MODELS if settings.quick else MODELS):
            figures[name] = figures_of(name, _heard(what, sound), moments)
            settings.say(f"recogniser-cost: {name} done")
    about = {"recognisers": figures, "audio_s": length_s, "real_speech": bool(files), "load_before": round(load, 2),
             "cpu": cpu_model()}  # fmt: skip
    return Report(
        "recogniser-cost", "performance.md", about, tables(figures), goals(figures), LIBRARIES, (_note(about),)
    )


def _recognisers(place: Path, models: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and what to load; a model is built when its turn comes, and deleted after it."""
    from models.catalogue import known_entry
    from models.sized import build_sized
    from models.sized_tokenizer import write_tokenizer

    yield BASIC, BASIC
    for name in models:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            shape = known_entry(name).shape
            build_sized(Path(folder) / name, shape)
            write_tokenizer(Path(folder) / name, shape)
            yield name, str(Path(folder) / name)


def _heard(what: str, sound: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.recogniser_one", what, str(sound)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise EnvironmentProblem(f"{Path(what).name} could not be measured ({said}).") from None
    return told


def spoken_moments(y: Samples) -> Samples:
    """Moments at which a phrase may end, in seconds: every 0.1 s that holds speech."""
    step = round(STEP_S * RATE_HZ)
    power = (y[: len(y) // step * step].reshape(-1, step) ** 2).mean(axis=1)
    spoken = power > np.max(power, initial=0.0) * 10 ** (SPOKEN_DB / 10)
    return np.asarray((np.flatnonzero(spoken) + 1) * STEP_S, np.float64)


def figures_of(name: str, told: dict[str, Any], moments: Samples) -> Figures:
    """Costs, and for Whisper the delays of its schedule."""
    passes = told["passes"]
    figures: Figures = {
        **{key: told[key] for key in ("load_s", "load_cpu_s", "loaded_mb", "peak_mb")},
        "cpu_per_audio": told["cpu_s"] / told["audio_s"],
    }
    if name == BASIC:
        return figures
    done_s = finished(passes)
    told_s = [max(done, one["told_s"]) for done, one in zip(done_s, passes, strict=True)]
    tentative, confirmed = delays(passes, told_s, moments)
    on_time = [done <= one["told_s"] for done, one in zip(done_s, passes, strict=True)]
    costs = {kind: [one["cost_s"] for one in passes if one["final"] is final] for kind, final in KINDS.items()}
    return figures | {
        "passes": len(passes), "interval_s": told["interval_s"], "allowance_s": told["allowance_s"],
        "on_time": float(np.mean(on_time)) if on_time else None,
        **{f"{kind}_s": float(np.median(found)) if found else None for kind, found in costs.items()},
        "tentative_s": percentiles(tentative), "confirmed_s": percentiles(confirmed),
        "unheard": 1 - len(tentative) / len(moments) if len(moments) else None,
    }  # fmt: skip


def finished(passes: Sequence[dict[str, Any]]) -> list[float]:
    """When each pass is done: one after the other, none before its audio is there."""
    done: list[float] = []
    for one in passes:
        done.append(max(one["heard_s"], done[-1] if done else 0.0) + one["cost_s"])
    return done


def delays(
    passes: Sequence[dict[str, Any]], told_s: Sequence[float], moments: Samples
) -> tuple[list[float], list[float]]:
    """Seconds from each moment to the first pass that holds it, and to the second one or a final one."""
    tentative, confirmed = [], []
    for moment in moments:
        holds = [n for n, one in enumerate(passes) if one["start_s"] <= moment <= one["end_s"]]
        if not holds:
            continue
        tentative.append(told_s[holds[0]] - float(moment))
        sure = next((n for n in holds if n != holds[0] or passes[n]["final"]), None)
        if sure is not None:
            confirmed.append(told_s[sure] - float(moment))
    return tentative, confirmed


def tables(figures: Figures) -> list[Table]:
    """What each costs, and how late it is."""
    rows = [
        (
            called(name), cell(one["load_cpu_s"], 1), cell(one["peak_mb"], 0),
            cell(100 * one["cpu_per_audio"], 0, " %"), cell(one.get("partial_s"), 2), cell(one.get("final_s"), 2),
        )
        for name, one in figures.items()
    ]  # fmt: skip
    late = [
        (
            name, cell(one["interval_s"]), *(cell(allowed, 2) for allowed in one["allowance_s"]),
            cell(None if one["on_time"] is None else 100 * one["on_time"], 0, " %"),
            *(cell(one[of] and one[of][at], 2) for of in ("tentative_s", "confirmed_s") for at in ("p50", "p90")),
        )
        for name, one in figures.items()
        if name != BASIC
    ]  # fmt: skip
    return [
        Table("Recognisers: cost on speech with pauses", COST, rows),
        Table("Whisper: from the end of a phrase until it is told", DELAY, late),
    ]


def goals(figures: Figures) -> list[Goal]:
    """What we want of the models that an ordinary machine can use live."""
    return [
        goal_at_most(f"{name}: phrase end → {what}, {at} ≤ {limit} s", found and found[at], limit, 2, " s")
        for name in QUICK_MODELS
        if name in figures
        for what, found in (
            ("one pass", figures[name]["tentative_s"]), ("agreed or final", figures[name]["confirmed_s"]),
        )
        for at, limit in (("p50", P50_S), ("p90", P90_S))
    ]  # fmt: skip


def _note(about: Figures) -> str:
    heard = "Real speech" if about["real_speech"] else "A synthetic voice (no recordings were here)"
    busy = " Other work was running, so these times are too long." if about["load_before"] > BUSY_LOAD else ""
    return (
        f"{heard} with pauses, {about['audio_s']:.0f} s; {about['cpu'] or 'unknown processor'}; load before the run "
        f"{about['load_before']}.{busy}"
    )
