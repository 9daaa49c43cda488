"""Recognisers for tests of the host, built by name in child processes; what they hear makes them misbehave.

A sample of exactly one of the ``POISONS`` does what its name says. With ``once``, the path of a file that does not
exist yet, it does so only the first time. Speech is what is louder than 0.05; an utterance ends after 0.2 s of less.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.host import Recipe
from monitor.errors import EnvironmentProblem
from monitor.types import RATE_HZ, FloatArray, Hypothesis, Word

EXIT, SEGFAULT, MEMORY, RAISE, HANG = 0.501953125, 0.50390625, 0.505859375, 0.5078125, 0.509765625
POISONS = {"exit": EXIT, "segfault": SEGFAULT, "memory": MEMORY, "raise": RAISE, "hang": HANG}
FRAME = 1600
PATIENT_S = 60.0


class FakeTranscriber:
    """Tells one word per 0.1 s of speech at each frame of 0.1 s, and all of them when the utterance ends.

    ``wall_s`` is how long a second of audio takes, digital silence included.
    """

    def __init__(self, wall_s: float = 0.0, once: str | None = None, fails_at_end: bool = False) -> None:
        self._wall_s = wall_s
        self._once = None if once is None else Path(once)
        self._fails_at_end = fails_at_end
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._clock = 0
        self._start = 0
        self._utterance = 0
        self._words: list[Word] = []
        self._quiet = 0

    name = "fake"

    @property
    def warnings(self) -> Sequence[str]:
        return ("the fake hears only loudness",)

    def push(self, y: FloatArray) -> list[Hypothesis]:
        if self._wall_s:
            time.sleep(self._wall_s * len(y) / RATE_HZ)
        joined = np.concatenate((self._rest, y))
        whole = len(joined) // FRAME * FRAME
        self._rest = joined[whole:]
        return [h for at in range(0, whole, FRAME) for h in self._hear(joined[at : at + FRAME])]

    def finish(self) -> list[Hypothesis]:
        if self._fails_at_end:
            os._exit(3)
        return [self._told(final=True)] if self._words else []

    def _hear(self, frame: FloatArray) -> list[Hypothesis]:
        self._misbehave(frame)
        self._clock += FRAME
        peak = float(np.max(np.abs(frame)))
        if peak > 0.05:
            if not self._words:
                self._utterance += 1
                self._start = self._clock - FRAME
            self._quiet = 0
            at_s = self._clock / RATE_HZ
            self._words.append(Word(at_s - 0.1, at_s, f"w{round(100 * peak)}"))
            return [self._told(final=False)]
        self._quiet += 1
        if self._words and self._quiet == 2:
            told = self._told(final=True)
            self._words = []
            return [told]
        return []

    def _told(self, *, final: bool) -> Hypothesis:
        now_s = self._clock / RATE_HZ
        return Hypothesis(self._utterance, self._start / RATE_HZ, now_s, now_s, final, tuple(self._words))

    def _misbehave(self, frame: FloatArray) -> None:
        for kind, value in POISONS.items():
            if np.any(frame == np.float32(value)) and not self._did_before():
                misbehave(kind)

    def _did_before(self) -> bool:
        if self._once is None:
            return False
        did = self._once.exists()
        self._once.touch()
        return did


def misbehave(kind: str) -> None:
    if kind == "exit":
        os._exit(3)
    if kind == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "memory":
        raise MemoryError
    if kind == "raise":
        raise ValueError("a sum came out wrong")
    time.sleep(3600)


class ChattyTranscriber(FakeTranscriber):
    """Prints where answers travel, and tells its priority and thread count as its name."""

    def __init__(self) -> None:
        super().__init__()
        print("loading weights ...")  # noqa: T201
        os.write(1, b"more from a C library\n")

    @property
    def name(self) -> str:
        nice = os.nice(0) if hasattr(os, "nice") else 10
        return f"nice {nice}, threads {os.environ['OMP_NUM_THREADS']}"


class PacedTranscriber(FakeTranscriber):
    """One whose passes can be spread out, which changes nothing: ``wall_s`` stays. It counts what it is told."""

    def __init__(self, wall_s: float = 0.0, interval_s: float = 1.0, cost_s: float = 0.1) -> None:
        super().__init__(wall_s)
        self.interval_s = interval_s
        self.cost_s = cost_s
        self.name = f"paced {wall_s:g}"

    @property
    def warnings(self) -> Sequence[str]:
        return (f"a pass every {self.interval_s:g} s",)

    def set_interval(self, seconds: float) -> None:
        self.interval_s = seconds


def paced(wall_s, *, smaller=None, **arguments):
    recipe = fake("PacedTranscriber", wall_s=wall_s, **arguments)
    return replace(recipe, label=f"paced {wall_s:g}", smaller=smaller and f"tests.host_fakes:{smaller}")


def quick_one(recipe):
    assert recipe.arguments["wall_s"] > 0
    return paced(0.0, smaller="none_left")


def none_left(_recipe):
    return None


class BusyTranscriber(FakeTranscriber):
    """Computes for so many seconds of processor time over the first loud chunk, then is as quick as the others."""

    def __init__(self, work_s: float) -> None:
        super().__init__()
        self._work_s = work_s

    def push(self, y: FloatArray) -> list[Hypothesis]:
        if np.any(y):
            end_s, self._work_s = time.process_time() + self._work_s, 0.0
            while time.process_time() < end_s:
                pass
        return super().push(y)


def refuse() -> FakeTranscriber:
    raise EnvironmentProblem("The weights are missing: run evenkeel models get tiny.en.")


def die_at_start(once: str | None = None) -> FakeTranscriber:
    if once is not None and Path(once).exists():
        return FakeTranscriber()
    if once is not None:
        Path(once).touch()
    os._exit(5)


def start_slowly(seconds: float) -> FakeTranscriber:
    time.sleep(seconds)
    return FakeTranscriber()


def choose_none() -> None:
    return None


def fake(function="FakeTranscriber", **arguments):
    return Recipe(f"tests.host_fakes:{function}", arguments)


def speech(*spoken_s, seconds=10.0, poison=None, at_s=None):
    """Loud stretches in silence; each is (start, end), the k-th with its own peak. A poison is a single sample."""
    y = np.zeros(round(seconds * RATE_HZ), np.float32)
    for k, (start_s, end_s) in enumerate(spoken_s):
        y[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)] = 0.1 * (k + 1)
    if poison is not None:
        y[round(at_s * RATE_HZ)] = poison
    return y


CALL = speech((0.5, 2.0), (2.5, 4.0), (4.5, 6.03), (8.0, 10.0))


def until(condition, seconds=PATIENT_S):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def is_gone(pid):
    import psutil  # here, as child processes that build the fakes need it not

    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
