"""The desktop of these tests is that of the live benchmark, and programs on it that can be told what to do."""

import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks import rig
from benchmarks.rig import BEHIND, HEIGHT, WIDTH
from benchmarks.rig import missing_screen as missing

__all__ = ["BEHIND", "HEIGHT", "PROGRAMS", "WIDTH", "Program", "Screen", "bare_screen", "missing", "screen", "start"]
PROGRAMS = Path(__file__).parent / "programs"


class Screen(rig.Screen):
    """One X server of its own; ``env`` is the environment in which programs find it."""

    def program(self, name, *args, **env):
        """Start a program of the folder ``programs``."""
        return Program(name, [str(arg) for arg in args], {**self.env, **env})


class Program:
    """A program that is told lines of JSON and tells some."""

    def __init__(self, name, args, env):
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAMS / f"{name}.py"), *args], env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._told = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._told.put(json.loads(line))

    def tell(self, **what):
        """Send one line."""
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def hear(self, key, limit_s=30.0):
        """The value of the next line that has this key; others are passed over."""
        end_s = time.monotonic() + limit_s
        while (left_s := end_s - time.monotonic()) > 0:
            try:
                line = self._told.get(timeout=left_s)
            except queue.Empty:
                break
            if key in line:
                return line[key]
        raise AssertionError(f"{key} was not told within {limit_s} s")

    def close(self):
        """End it, and return its exit code and what it wrote to standard error."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        finally:
            self.process.kill()
            self._reader.join(5)
        errors = self.process.stderr.read()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        return self.process.returncode, errors


@pytest.fixture(scope="module")
def screen():
    """A desktop that blends."""
    yield from _screen(compositor=True)


@pytest.fixture(scope="module")
def bare_screen():
    """A desktop without a compositor."""
    yield from _screen(compositor=False)


def _screen(*, compositor):
    reason = missing()
    if reason:
        pytest.skip(reason)
    made = Screen(compositor=compositor)
    yield made
    made.close()


@pytest.fixture
def start(request):
    """Starts programs on a screen, and ends them; each must leave politely and without a word on standard error."""
    programs = []

    def start_on(on, name, *args, **env):
        programs.append(on.program(name, *args, **env))
        return programs[-1]

    yield start_on
    left = [program.close() for program in reversed(programs)]
    assert left == [(0, "")] * len(left), left
