"""The replay window on an hour's call that was analysed: how soon it can be used, how smooth it moves, what it takes.

The recording is synthetic. The window is drawn into memory, so that no display is needed; what an X server adds to put
the picture on a screen is not in the figures. Each run is a process of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.data import ROOT
from benchmarks.replay_call import write_call
from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_most
from benchmarks.speed import cpu_model
from monitor.errors import EnvironmentProblem
from monitor.replay.kept import KeptCalls

KINDS = {1: "mono", 2: "stereo"}
MINUTES, QUICK_MINUTES = 60, 5
REPEATS, FRAMES = 3, 180
_LONGEST_S = 300.0
_MOVES = {"zoom_ms": "zoom", "pan_ms": "pan", "cursor_ms": "cursor moves", "spectrogram_ms": "pan, with spectrogram"}


def run(settings: Settings) -> Report:
    """Measure a mono and a stereo hour.

    Raises
    ------
    EnvironmentProblem
        The window could not be drawn here.
    """
    load = os.getloadavg()[0]
    minutes = QUICK_MINUTES if settings.quick else MINUTES
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="evenkeel-replay-") as folder:
        kept = KeptCalls(Path(folder) / "kept")
        for channels, kind in KINDS.items():
            path = Path(folder) / f"{kind}.wav"
            write_call(path, kept, minutes=minutes, channels=channels)
            runs = [_one(path, Path(folder) / "kept") for _ in range(1 if settings.quick else REPEATS)]
            found[kind] = _joined(runs)
            path.unlink()
            settings.say(f"replay: {kind} done")
    figures: Figures = {"cpu": cpu_model(), "load_before": round(load, 2), "minutes": minutes, **found}
    return Report(
        "replay", "performance.md", figures, _tables(found, minutes), _goals(found["mono"]), ("pyqt6", "soundfile"),
        (_note(figures),),
    )  # fmt: skip


def _one(path: Path, kept: Path, frames: int = FRAMES) -> dict[str, Any]:
    """What one window found."""
    command = [sys.executable, "-m", "benchmarks.replay_one", str(path), str(kept), str(frames)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise EnvironmentProblem(f"The replay window could not be drawn here ({last}).")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _joined(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The median of each figure; of frames the median run's p50 and p95."""
    joined: dict[str, Any] = {}
    for name, value in runs[0].items():
        if isinstance(value, list):
            for share in (50, 95):
                joined[f"{name}_p{share}"] = statistics.median(_share(each[name], share) for each in runs)
        else:
            joined[name] = statistics.median(each[name] for each in runs)
    return joined


def _share(values: list[float], percent: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def _tables(found: dict[str, dict[str, Any]], minutes: int) -> list[Table]:
    opening = [
        (
            f"{minutes} min, {kind}",
            cell(each["usable_cpu_s"], 2),
            cell(each["usable_s"], 2),
            cell(each["whole_cpu_s"], 2),
            cell(each["spectrogram_cpu_s"], 2),
            cell(each["peak_mb"], 0),
        )
        for kind, each in found.items()
    ]
    columns = ("", "usable, CPU s", "usable, s", "waveform whole, CPU s", "spectrogram, CPU s", "peak MB")
    frames = [
        (f"{what}, {kind}", cell(each[f"{name}_p50"]), cell(each[f"{name}_p95"]))
        for kind, each in found.items()
        for name, what in _MOVES.items()
    ]
    return [
        Table("Opening an analysed call in replay, after imports", columns, opening),
        Table("Replay: processor time of a frame", ("", "p50 ms", "p95 ms"), frames),
    ]


def _goals(mono: dict[str, Any]) -> list[Goal]:
    return [
        goal_at_most("one hour, analysed: usable in ≤ 0.3 s after imports, CPU s", mono["usable_cpu_s"], 0.3),
        goal_at_most("waveform complete within 1 s of CPU", mono["whole_cpu_s"], 1.0),
        goal_at_most("zoom ≤ 16 ms per frame, p95, CPU", mono["zoom_ms_p95"], 16.0, 1, " ms"),
        goal_at_most("pan ≤ 16 ms per frame, p95, CPU", mono["pan_ms_p95"], 16.0, 1, " ms"),
        goal_at_most("the whole process ≤ 250 MB", mono["peak_mb"], 250.0, 0, " MB"),
    ]


def _note(figures: Figures) -> str:
    size = f"{figures['mono']['width']:.0f} x {figures['mono']['height']:.0f}"
    return (
        f"The whole window; its time line, which frames are of, is {size} pixels. "
        f"{figures['cpu']}, load before the run {figures['load_before']}: on a machine that is busy "
        "otherwise only processor time tells. Usable is when result and measures are read and the window is drawn; the "
        "waveform comes in pieces from a thread of its own and is whole a little later."
    )
