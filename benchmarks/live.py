"""A live session as the agent has it: a microphone, a screen, and a clock beside both.

Sound is played into a virtual microphone of PulseAudio; the light is looked for on the screen of an X server with a
window manager and a compositor. Figures are of the whole way through this software; a sound card adds its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live_script import Script, beeps, call_script, raised_script, write
from benchmarks.live_watch import CORNER, Cost, SoundClock, Watcher, light_of
from benchmarks.report import Figures, Report, Settings, Table, cell, goal_at_most
from benchmarks.rig import HEIGHT, ROOT, WIDTH, PulseRig, Screen, missing_screen, missing_sound, until
from monitor.errors import EnvironmentProblem

STARTS, BEEPS, MINUTES, QUICK_MINUTES = 7, 120, 10.0, 1.7
LOOK_S = 6.0  # how long after its cause a light is looked for
END_S = 8.0  # how long after the end of a call its last warning may come
METER_AREA = (0, 0, WIDTH, HEIGHT)


@dataclass
class Window:
    """A started ``evenkeel live`` with its screen, its folders and its instruments."""

    process: subprocess.Popen[bytes]
    screen: Screen
    env: dict[str, str]
    began_s: float
    complaints: str = ""  # what it wrote to standard error, once it has ended

    def call(self, *words: str) -> dict[str, Any]:
        """Drive it as a softphone does; how things stand afterwards."""
        command = [sys.executable, "-m", "monitor", "call", *words, "--json"]
        done = subprocess.run(command, env=self.env, check=True, capture_output=True)
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def end(self) -> None:
        """Ask it to end."""
        self.process.terminate()
        self.complaints = self.process.communicate(timeout=20)[1].decode("utf-8", "replace").strip()


def run(settings: Settings) -> Report:
    """Measure start, meter, lights and cost.

    Raises
    ------
    EnvironmentProblem
        This machine lacks what the rig needs; the text names it.
    """
    problem = missing_sound() or missing_screen()
    if problem:
        raise EnvironmentProblem(f"The live benchmark {problem}.")
    minutes = settings.minutes or (QUICK_MINUTES if settings.quick else MINUTES)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evenkeel-live-")))
        rig = PulseRig(folder / "sound").start()
        stack.callback(rig.stop)
        settings.say("live: start-up")
        starts = start_up(rig, folder, 2 if settings.quick else STARTS)
        settings.say("live: meter")
        meter = meter_delays(rig, folder, 15 if settings.quick else BEEPS)
        settings.say(f"live: lights and cost, {minutes:.0f} minutes")
        paced = lights_and_cost(rig, folder, settings.data, minutes)
    return report_of({"start_s": starts, "meter_s": meter, "minutes": minutes, **paced})


@contextmanager
def window(rig: PulseRig, folder: Path, device: str, recogniser: str, *, known: bool = True) -> Iterator[Window]:
    """``evenkeel live`` on a screen of its own; unless it is ``known``, it is the agent's first start."""
    folder.mkdir(parents=True)
    screen = Screen()
    home = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE", "STATE")}
    own = folder / "run"
    own.mkdir(mode=0o700)
    env = {**screen.env, **rig.env, **home, "XDG_RUNTIME_DIR": str(own)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # a start of every day finds compiled modules
    path = folder / "settings.toml"
    if known:
        path.write_text("learn_from_calls = false\nshow_summary = false\n", encoding="utf-8")
    command = ["-m", "monitor", "live", "--settings", str(path), "--agent-device", device]
    began_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *command, "--recogniser", recogniser, "--calls", "manual"], env=env, cwd=ROOT,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    live = Window(process, screen, env, began_s)
    try:
        yield live
    finally:
        live.end()
        screen.close()


def start_up(rig: PulseRig, folder: Path, count: int) -> list[float]:
    """Seconds from the start of the process until the light is on the screen; the first start fills the caches."""
    found = []
    for number in range(count + 1):
        with window(rig, folder / f"start{number}", "mouth.monitor", "none") as live:
            until(lambda live=live: light_of(live.screen.pixels(*CORNER)), 30, 0.003)  # type: ignore[misc]
            found.append(time.monotonic() - live.began_s)
            time.sleep(1.0)  # let it come to rest before it is ended
    return found[1:]


def meter_delays(rig: PulseRig, folder: Path, count: int) -> list[float]:
    """Seconds from a sound at the microphone until the meter of the first start shows it."""
    y, starts_s = beeps(count)
    path = write(folder / "beeps.wav", y)
    with window(rig, folder / "meter", "mouth.monitor", "none", known=False) as live, ExitStack() as stack:
        clock = SoundClock(live.env, "mouth.monitor")
        stack.callback(clock.close)
        until(lambda: light_of(live.screen.pixels(*CORNER)), 30)
        time.sleep(5)  # the wizard is open and hears
        watcher = Watcher(live.screen, _meter_area(rig, live, path))
        stack.callback(watcher.close)
        clock.reset()
        rig.play(path).wait()
        zero_s = clock.start_s()
        seen = [at_s - zero_s for at_s, _ in watcher.changes]
    return [wait for start_s in starts_s if (wait := _first(seen, start_s, 0.28)) is not None]


def _meter_area(rig: PulseRig, live: Window, path: Path) -> tuple[int, int, int, int]:
    """Where the screen changes when there is sound."""
    quiet = live.screen.pixels(*METER_AREA).astype(np.int16)
    player = rig.play(path)
    moved = np.zeros((HEIGHT, WIDTH), np.bool_)
    for _ in range(40):
        time.sleep(0.1)
        moved |= np.abs(live.screen.pixels(*METER_AREA) - quiet).sum(axis=2) > 60
    player.terminate()
    player.wait()
    time.sleep(2)
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    if not len(rows):
        raise AssertionError("no meter moved on the screen")
    return int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def _first(times_s: Sequence[float], after_s: float, within_s: float) -> float | None:
    return next((at_s - after_s for at_s in times_s if 0 <= at_s - after_s <= within_s), None)


def _before(lights: Sequence[tuple[float, str]], at_s: float) -> str | None:
    """The light that was on at a time."""
    return next((light for since_s, light in reversed(lights) if since_s <= at_s), None)


def lights_and_cost(rig: PulseRig, folder: Path, data: Path, minutes: float) -> Figures:
    """Two agents at once, each with a microphone and a screen: one judged by voice alone, one whose words are heard."""
    scripts = {"voice": raised_script(data, 60 * minutes), "words": call_script(60 * minutes)}
    sinks = {"voice": "mouth", "words": "spk"}
    recognisers = {"voice": "none", "words": "pocketsphinx"}
    found: Figures = {}
    parts: dict[str, _Part] = {}
    with ExitStack() as stack:
        for name, script in scripts.items():
            device = f"{sinks[name]}.monitor"
            live = stack.enter_context(window(rig, folder / name, device, recognisers[name]))
            parts[name] = _Part(live, script, device)
            stack.callback(parts[name].close)
        time.sleep(8)  # the recogniser is there
        for name, part in parts.items():
            part.live.call("start")
            time.sleep(1)
            part.clock.reset()
            rig.play(write(folder / f"{name}.wav", part.script.y), sinks[name])
        end_s = time.monotonic() + 60 * minutes
        loads = []
        while time.monotonic() < end_s:
            for part in parts.values():
                part.cost.sample()
            loads.append(os.getloadavg()[0])
            time.sleep(1)
        found["load"] = float(np.median(loads))
        for name, part in parts.items():
            found[name] = part.figures()
        for part in parts.values():
            part.live.call("stop")
        time.sleep(END_S)
        for name, part in parts.items():
            status = part.live.call("status")
            found[name].update(lost_s=status["lost_s"], warnings=status["warnings"])
    for name, part in parts.items():
        found[name]["warnings"] += part.live.complaints.splitlines()
    return found


class _Part:
    """One agent and the instruments beside."""

    def __init__(self, live: Window, script: Script, device: str) -> None:
        import psutil

        self.live, self.script = live, script
        self.clock = SoundClock(live.env, device)
        self.watcher = Watcher(live.screen)
        self.cost = Cost(psutil.Process(live.process.pid))

    def figures(self) -> Figures:
        zero_s = self.clock.start_s()
        lights = [(at_s - zero_s, light) for at_s, light in self.watcher.lights()]
        lit = [at_s for at_s, light in lights if light in ("amber", "red")]
        red = [at_s for at_s, light in lights if light == "red"]
        cost = self.cost
        heard_s = cost.at_s[-1] - zero_s - LOOK_S
        raised = [_first(lit, start_s, LOOK_S) for start_s in self.script.raised_s if start_s < heard_s]
        ends_s = [end_s for end_s in self.script.phrase_end_s if end_s < heard_s]
        told_s = [end_s for end_s in ends_s if _before(lights, end_s) != "red"]
        phrases = [_first(red, end_s, LOOK_S) for end_s in told_s]
        return {
            "about": self.script.about,
            "raised_s": raised,
            "phrases_s": phrases,
            "under_red": len(ends_s) - len(told_s),
            "changes": len(lights),
            "cpu_percent": cost.percent(cost.cpu_s),
            "rss_mb": max(cost.rss_mb),
            "growth_mb": cost.growth_mb(),
            "child_cpu_percent": cost.percent(cost.child_cpu_s),
            "child_rss_mb": max(cost.child_rss_mb),
        }

    def close(self) -> None:
        self.watcher.close()
        self.clock.close()


def quantile(values: Sequence[float | None], share: float) -> float | None:
    """A quantile of what is known, None when nothing is."""
    known = [value for value in values if value is not None]
    return float(np.quantile(known, share)) if known else None


def report_of(figures: Figures) -> Report:
    """Tables and goals of what was measured."""
    voice, words = figures["voice"], figures["words"]
    delays = (
        ("start of the program → light on the screen", figures["start_s"]),
        ("sound at the microphone → meter on the screen", figures["meter_s"]),
        ("voice raised → amber on the screen", voice["raised_s"]),
        ("end of a forbidden phrase → red on the screen (basic detection)", words["phrases_s"]),
    )
    goals = (
        goal_at_most("light visible after start ≤ 1.0 s, p50", quantile(figures["start_s"], 0.5), 1.0),
        goal_at_most("sound → meter on the screen ≤ 150 ms, p99", _ms(quantile(figures["meter_s"], 0.99)), 150, 0),
        goal_at_most("raised voice → amber ≤ 1.0 s, p50", quantile(voice["raised_s"], 0.5), 1.0),
        goal_at_most("phrase end → red ≤ 0.8 s, p50 (basic detection)", quantile(words["phrases_s"], 0.5), 0.8),
        goal_at_most("phrase end → red ≤ 1.5 s, p90 (basic detection)", quantile(words["phrases_s"], 0.9), 1.5),
        goal_at_most("≤ 3 % of one core without recogniser", voice["cpu_percent"], 3, 1, " %"),
        goal_at_most("≤ 120 MB without recogniser", voice["rss_mb"], 120, 0, " MB"),
        goal_at_most(f"memory grows by ≤ 2 MB in {figures['minutes']:.0f} minutes", voice["growth_mb"], 2, 1, " MB"),
        goal_at_most("no sound is lost", voice["lost_s"] + words["lost_s"], 0, 2, " s"),
        goal_at_most("nothing is warned of", len(voice["warnings"]) + len(words["warnings"]), 0, 0),
    )
    note = (
        f"Voice: {voice['about']}. Words: {words['about']}. Seen is how often the light was on the screen within "
        f"{LOOK_S:.0f} s; delays are of those that were. Left out are {words['under_red']} phrases that ended while "
        "the light was red for the voice: a red light that stays shows nothing to a watcher. Both agents ran at once, "
        "with the sound system, two X servers and the watching programs on the same cores. The watch on the sound is "
        "late by some 10 ms, the one on the screen by some 5 ms. The load of the machine was "
        f"{figures['load']:.1f}; work of others on it makes all "
        "figures worse, the processor time too. Growth is that from the third minute to the last."
    )
    warned = tuple(f"Warned of: {text}" for text in dict.fromkeys(voice["warnings"] + words["warnings"]))
    tables = (Table("Delays", ("what", "seen", "p50", "p90", "p99", "worst"), [_delay_row(*each) for each in delays]),
              Table(f"Cost, paced for {figures['minutes']:.0f} minutes", ("process", "CPU % of one core", "peak MB",
                    "growth MB"), _cost_rows(voice, words)))  # fmt: skip
    return Report(
        "live", "performance.md", figures, tables, goals, ("PyQt6", "sounddevice", "pocketsphinx"), (note, *warned)
    )


def _delay_row(what: str, values: Sequence[float | None]) -> tuple[str, ...]:
    seen = sum(value is not None for value in values)
    quantiles = (cell(_ms(quantile(values, share)), 0, " ms") for share in (0.5, 0.9, 0.99, 1.0))
    return (what, f"{seen}/{len(values)}", *quantiles)


def _ms(value_s: float | None) -> float | None:
    return None if value_s is None else 1000 * value_s


def _cost_rows(voice: dict[str, Any], words: dict[str, Any]) -> list[tuple[str, ...]]:
    def row(name: str, cpu: float, memory: float, growth: float | None) -> tuple[str, ...]:
        return name, cell(cpu, 1), cell(memory, 0), cell(growth, 1)

    return [
        row("window, no recogniser", voice["cpu_percent"], voice["rss_mb"], voice["growth_mb"]),
        row("window, words are heard", words["cpu_percent"], words["rss_mb"], words["growth_mb"]),
        row("its recogniser (basic detection)", words["child_cpu_percent"], words["child_rss_mb"], None),
    ]
