"""Processor time and memory of whole programs, from their start to the written result, measured from outside.

Every program runs alone, as a process of its own, first once on one second of audio without counting: that fills the
bytecode cache of Python (which the environment is not allowed to switch off) and the file cache of the system. Where a
run is repeated the median counts. Start-up is a counted run on that second, and is part of every figure.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.data import ROOT
from benchmarks.peers import PEERS
from benchmarks.recordings import speech_files, write_channels, write_formats, write_long
from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_most
from monitor.errors import EnvironmentProblem

SHORT_S, HOUR_S, START_S = 600.0, 3600.0, 1.0
REPEATS = 3
LONG = {"1 h": (3600.0, 3), "4 h": (14_400.0, 1), "8 h": (28_800.0, 1)}  # seconds, and runs
CHANNELS = (1, 2, 4, 8)
WAV = "wav mono 16 kHz"
START = "start-up (1 s of audio)"
RECOGNISER = "pocketsphinx"
BUSY_LOAD = 0.5
COLUMNS = ("", "CPU s", "CPU s per hour", "of it start-up s", "wall s", "times real time", "peak MB")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took; ``peak_mb`` in units of 10^6 bytes."""

    audio_s: float
    cpu_s: float
    wall_s: float
    peak_mb: float

    @property
    def cpu_s_per_h(self) -> float:
        """Processor seconds per hour of audio, start-up and all."""
        return 3600 * self.cpu_s / self.audio_s


Costs = dict[str, Cost]


def run(settings: Settings) -> Report:
    """Measure Evenkeel and its peers.

    Raises
    ------
    EnvironmentProblem
        This system does not count the memory of processes, or a program failed.
    """
    if not hasattr(os, "wait4"):
        raise EnvironmentProblem("This system does not tell what a process cost; run speed on Linux or macOS.")
    load = os.getloadavg()[0]
    if load > BUSY_LOAD:
        settings.say(f"This machine is busy (load {load:.1f}), so its times are too long; repeat when it is quiet.")
    files = speech_files(settings.data)
    with tempfile.TemporaryDirectory(prefix="evenkeel-speed-") as folder:
        ours, recogniser, peers = _measure(Path(folder), files, settings)
        channels, stages = ({}, {}) if settings.quick else _look_inside(Path(folder), files, settings)
    figures = _figures(ours, recogniser, peers) | {"channels": _plain_numbers(channels), "stages_cpu_s": stages}
    figures |= {"real_speech": bool(files), "load_before": round(load, 2), "cpu": cpu_model()}
    libraries = ("praat-parselmouth", "opensmile", "librosa", "pocketsphinx", "soundfile")
    return Report(
        "speed", "performance.md", figures, [*_tables(ours, recogniser, peers), *_inside(channels, stages)],
        goals_of(ours), libraries, (_note(figures),),
    )  # fmt: skip


def _measure(folder: Path, files: list[Path], settings: Settings) -> tuple[Costs, Costs, Costs]:
    start, short = folder / "start.wav", folder / "short.wav"
    write_long(start, files, START_S)
    write_long(short, files, SHORT_S)
    repeats = 1 if settings.quick else REPEATS
    ours = {
        START: measure(analyze(start, folder), START_S, repeats),
        f"10 min, {WAV}": measure(analyze(short, folder), SHORT_S, repeats),
    }
    settings.say("speed: 10 min done")
    recogniser: Costs = {}
    if not settings.quick:
        ours |= _measure_long(folder, files, settings) | _measure_formats(folder, files)
        settings.say(f"speed: formats done, {RECOGNISER} begins")
        recogniser[START] = measure(analyze(start, folder, RECOGNISER), START_S, 1)
        recogniser[f"10 min, {WAV}"] = measure(analyze(short, folder, RECOGNISER), SHORT_S, 1)
    return ours, recogniser, _measure_peers(short, start, settings)


def _measure_long(folder: Path, files: list[Path], settings: Settings) -> Costs:
    costs, path = {}, folder / "long.wav"
    for name, (length_s, repeats) in LONG.items():
        write_long(path, files, length_s)
        costs[f"{name}, {WAV}"] = measure(analyze(path, folder), length_s, repeats)
        settings.say(f"speed: {name} done")
    path.unlink()
    return costs


def _measure_formats(folder: Path, files: list[Path]) -> Costs:
    paths = write_formats(folder, files, SHORT_S)
    return {f"10 min, {name}": measure(analyze(path, folder), SHORT_S, REPEATS) for name, path in paths.items()}


def _look_inside(folder: Path, files: list[Path], settings: Settings) -> tuple[Costs, dict[str, float]]:
    """What more channels cost, and where the time of one hour goes."""
    costs, path = {}, folder / "channels.wav"
    for channels in CHANNELS:
        write_channels(path, files, SHORT_S, channels)
        costs[f"10 min, {channels} channel{'s' * (channels > 1)}"] = measure(analyze(path, folder), SHORT_S, REPEATS)
    write_long(path, files, HOUR_S)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stages", str(path)], env=_environment(), capture_output=True, text=True,
        check=True, cwd=tempfile.gettempdir(),
    )  # fmt: skip
    stages: dict[str, float] = json.loads(done.stdout)
    settings.say("speed: channels and stages done")
    return costs, stages


def _measure_peers(short: Path, start: Path, settings: Settings) -> Costs:
    costs = {}
    for key, (title, _) in PEERS.items():
        costs[f"{title}, start-up"] = measure(peer(key, start), START_S, 1)
        costs[title] = measure(peer(key, short), SHORT_S, 1)
        settings.say(f"speed: {title} done")
    return costs


def analyze(path: Path, folder: Path, recogniser: str = "none") -> list[str]:
    """The command line of Evenkeel for one recording; a result that is there is made anew."""
    options = ["--recogniser", recogniser, "--out", str(folder / "results"), "--force", "--quiet"]
    return [sys.executable, "-m", "monitor", "analyze", str(path), *options]


def peer(key: str, path: Path) -> list[str]:
    """The command line of a peer for one recording."""
    return [sys.executable, "-m", "benchmarks.peers", key, str(path)]


def measure(command: Sequence[str], audio_s: float, repeats: int) -> Cost:
    """Run ``repeats`` times, and once more before where this is a start-up; the median of each figure.

    Raises
    ------
    EnvironmentProblem
        The program failed.
    """
    warm_up = audio_s <= START_S  # longer runs need none: those of one second before them loaded the same modules
    runs = [_run(command, audio_s) for _ in range(repeats + warm_up)][warm_up:]
    return Cost(
        audio_s,
        cpu_s=statistics.median(cost.cpu_s for cost in runs),
        wall_s=statistics.median(cost.wall_s for cost in runs),
        peak_mb=statistics.median(cost.peak_mb for cost in runs),
    )


def _environment() -> dict[str, str]:
    # A child that may not write its bytecode would compile everything at each start, which no installed program does.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return environment | {"PYTHONPATH": str(ROOT)}


def _run(command: Sequence[str], audio_s: float) -> Cost:
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("launch.py"))]
    done = subprocess.run(
        [*launcher, *command], env=_environment(), capture_output=True, text=True, check=False,
        cwd=tempfile.gettempdir(),
    )  # fmt: skip
    try:
        cost = json.loads(done.stdout)
    except ValueError:
        cost = {"exit": done.returncode}
    if cost["exit"] != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        what = " ".join([*command[1:4], Path(command[-1]).name if command[2] == "benchmarks.peers" else ""]).strip()
        raise EnvironmentProblem(f"python {what} failed ({said}), so nothing can be said about its speed.")
    return Cost(audio_s, cost["cpu_s"], cost["wall_s"], cost["peak_mb"])


def cpu_model() -> str | None:
    """The processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _figures(*groups: Costs) -> Figures:
    names = ("evenkeel", "recogniser", "peers")
    return {name: _plain_numbers(costs) for name, costs in zip(names, groups, strict=True)}


def _plain_numbers(costs: Mapping[str, Cost]) -> Figures:
    return {
        name: {k: round(v, 3) for k, v in {**asdict(cost), "cpu_s_per_h": cost.cpu_s_per_h}.items()}
        for name, cost in costs.items()
    }


def _cells(name: str, cost: Cost, start_s: float | None) -> tuple[str, ...]:
    per_hour = None if cost.audio_s <= START_S else cost.cpu_s_per_h
    speed = None if cost.audio_s <= START_S else cost.audio_s / cost.wall_s
    return (
        name, cell(cost.cpu_s, 2), cell(per_hour), cell(start_s, 2), cell(cost.wall_s, 2), cell(speed, 0),
        cell(cost.peak_mb, 0),
    )  # fmt: skip


def _rows(costs: Costs, start: str) -> list[tuple[str, ...]]:
    return [_cells(name, cost, costs[start].cpu_s) for name, cost in costs.items() if name != start]


def _tables(ours: Costs, recogniser: Costs, peers: Costs) -> list[Table]:
    tables = [Table("evenkeel analyze, no recogniser", COLUMNS, _rows(ours, START))]
    if recogniser:
        with_it, without = (costs[f"10 min, {WAV}"].cpu_s_per_h for costs in (recogniser, ours))
        note = f"The recogniser alone: {with_it - without:.0f} CPU s per hour of audio."
        tables.append(Table(f"evenkeel analyze with {RECOGNISER}", COLUMNS, _rows(recogniser, START), note))
    rows: list[tuple[str, ...]] = []
    for title, _ in PEERS.values():
        rows.append(_cells(title, peers[title], peers[f"{title}, start-up"].cpu_s))
    note = "They read the 10 min wav of the first table, decode it and compute; they judge and write nothing."
    return [*tables, Table(f"Peers, 10 min, {WAV}", COLUMNS, rows, note)]


def _inside(channels: Costs, stages: Mapping[str, float]) -> list[Table]:
    if not channels:
        return []
    rows: list[tuple[str, ...]] = [_cells(name, cost, None) for name, cost in channels.items()]
    of_channels = "Of two channels both are measured; of more only the agent's, but all are read."
    total_s = sum(stages.values())
    parts: list[tuple[str, ...]] = [(name, cell(s, 2), cell(100 * s / total_s, 0)) for name, s in stages.items()]
    return [
        Table("Channels", COLUMNS, rows, of_channels),
        Table(
            "Where the time of 1 h goes", ("stage", "CPU s", "%"), parts, "Watched from inside, which costs a little."
        ),
    ]


def _note(figures: Figures) -> str:
    heard = "Real speech" if figures["real_speech"] else "A synthetic voice (no recordings were here)"
    processor = figures["cpu"] or "unknown processor"
    busy = " Other work was running, so these times are too long." if figures["load_before"] > BUSY_LOAD else ""
    return f"{heard} with pauses; {processor}; load before the run {figures['load_before']}.{busy}"


def goals_of(ours: Costs) -> list[Goal]:
    """The design's goals for one channel without recogniser."""
    hour, four, longest, short = (ours.get(f"{name}, {WAV}") for name in ("1 h", "4 h", "8 h", "10 min"))
    grown_mb = longest.peak_mb - short.peak_mb if longest and short else None
    slower = longest.cpu_s_per_h / hour.cpu_s_per_h if longest and hour else None
    return [
        goal_at_most("1 h: ≤ 5 CPU s per hour, start to result", hour.cpu_s_per_h if hour else None, 5.0),
        goal_at_most("4 h: peak memory ≤ 300 MB", four.peak_mb if four else None, 300.0, 0),
        goal_at_most("memory flat: 8 h over 10 min ≤ 10 MB", grown_mb, 10.0, 1),
        goal_at_most("time linear: an hour of 8 h takes at most what 1 h does", slower, 1.0),
    ]
