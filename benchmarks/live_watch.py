"""Instruments beside a live session: when a sound was there, when the screen changed, and what a process costs."""

from __future__ import annotations

import itertools
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.rig import WIDTH, Screen
from benchmarks.sound import RATE_HZ
from ui.palette import LIGHTS

CORNER = (WIDTH - 420, 0, 420, 220)  # where the light is by default
POLL_S = 0.004
NEAR = 30  # how far a pixel may be from a light's colour, summed over red, green and blue
ENOUGH = 30  # pixels that make a light
WARM_S = 120.0  # after which a process should not grow any more


class SoundClock:
    """Hears a source as any program would, and says when a sample of it was there, on the monotonic clock.

    It is late by what the sound system buffers for it, some 10 ms.
    """

    def __init__(self, env: Mapping[str, str], source: str) -> None:
        command = ["parec", "--latency-msec=5", "-d", source, f"--rate={RATE_HZ}", "--channels=1", "--format=s16le"]
        self._process = subprocess.Popen([*command, "--client-name=clock"], env=dict(env), stdout=subprocess.PIPE)
        self._first: int | None = None
        self._offset_s = np.inf
        self._samples = 0
        self._thread = threading.Thread(target=self._listen, name="sound-clock")
        self._thread.start()

    def _listen(self) -> None:
        stream = self._process.stdout
        while stream is not None and (data := stream.read1(65536)):  # type: ignore[attr-defined]
            now_s = time.monotonic()
            y = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
            if self._first is None and y.any():
                self._first = self._samples + int(np.flatnonzero(y)[0])
            self._samples += len(data) // 2
            # the quickest delivery so far is the best guess of how long one takes
            self._offset_s = min(self._offset_s, now_s - self._samples / RATE_HZ)

    def reset(self) -> None:
        """Wait for a first sample that is not zero anew."""
        self._first = None

    def start_s(self) -> float:
        """When the first sample that is not zero was there.

        Raises
        ------
        AssertionError
            There was none.
        """
        if self._first is None:
            raise AssertionError("nothing was heard of what was played")
        return float(self._offset_s + self._first / RATE_HZ)

    def close(self) -> None:
        """Stop listening."""
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        if self._process.stdout is not None:
            self._process.stdout.close()


def light_of(pixels: npt.NDArray[np.uint8]) -> str | None:
    """The light whose colour is to be seen, None when there is none."""
    counts = {
        name: int((np.abs(pixels.astype(np.int16) - np.array(colour, np.int16)).sum(axis=2) < NEAR).sum())
        for name, colour in LIGHTS.items()
    }
    name = max(counts, key=lambda each: counts[each])
    return name if counts[name] >= ENOUGH else None


class Watcher:
    """Looks at a part of the screen all the time; ``changes`` says when it looked different, and which light it had."""

    def __init__(self, screen: Screen, area: tuple[int, int, int, int] = CORNER) -> None:
        self._screen, self._area = screen, area
        self._end = threading.Event()
        self.changes: list[tuple[float, str | None]] = []
        self._thread = threading.Thread(target=self._look, name="watcher")
        self._thread.start()

    def _look(self) -> None:
        before: npt.NDArray[np.uint8] | None = None
        while not self._end.wait(POLL_S):
            pixels = self._screen.pixels(*self._area)
            now_s = time.monotonic()
            if before is None or not np.array_equal(pixels, before):
                self.changes.append((now_s, light_of(pixels)))
                before = pixels.copy()

    def close(self) -> None:
        """Stop looking."""
        self._end.set()
        self._thread.join(10)

    def lights(self) -> list[tuple[float, str]]:
        """When which light came on."""
        found: list[tuple[float, str]] = []
        for at_s, light in self.changes:
            if light is not None and (not found or found[-1][1] != light):
                found.append((at_s, light))
        return found


@dataclass
class Cost:
    """Processor time and memory of a process and of those that it started, told apart."""

    process: Any  # psutil.Process
    began_s: float = field(default_factory=time.monotonic)
    cpu_s: list[float] = field(default_factory=list)
    child_cpu_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    child_rss_mb: list[float] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)

    def sample(self) -> None:
        """Note the state of now."""
        import psutil

        children = self.process.children(recursive=True)
        spent = memory = 0.0
        for child in children:
            try:
                times = child.cpu_times()
                spent += times.user + times.system
                memory += child.memory_info().rss / 1e6
            except psutil.NoSuchProcess:
                continue
        own = self.process.cpu_times()
        self.at_s.append(time.monotonic())
        self.cpu_s.append(own.user + own.system)
        self.rss_mb.append(self.process.memory_info().rss / 1e6)
        self.child_cpu_s.append(spent)
        self.child_rss_mb.append(memory)

    def percent(self, cpu_s: list[float]) -> float:
        """Share of one core over the whole time; a child that was started again counts from its newest start."""
        grown = sum(max(0.0, after - before) for before, after in itertools.pairwise(cpu_s))
        return 100 * grown / (self.at_s[-1] - self.at_s[0])

    def growth_mb(self) -> float:
        """How much more memory the last minute held than the one after the warm-up; in short runs shares of them."""
        since_s = np.array(self.at_s) - self.at_s[0]
        warm_s, minute_s = min(WARM_S, since_s[-1] / 4), min(60.0, since_s[-1] / 4)
        rss_mb = np.array(self.rss_mb)
        early = rss_mb[(since_s >= warm_s) & (since_s <= warm_s + minute_s)]
        return float(np.median(rss_mb[since_s >= since_s[-1] - minute_s]) - np.median(early))
