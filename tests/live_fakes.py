"""A live session without devices: sound that a test hands over piece by piece, and a listener that keeps events."""

import queue
import threading
import time

import numpy as np
import soundfile as sf

from monitor.demo import CALL_PATH
from monitor.events import FramesMeasured
from monitor.live.events import CallBegan, CallEnded, CaptureState, LevelsMeasured, SessionChanged
from monitor.live.session import LiveSession
from monitor.settings import Settings
from monitor.sources.blocks import reblock
from monitor.types import RATE_HZ, SourceInfo

PATIENCE_S = 30.0
BLOCK = 320


def call_audio(start_s=0.0, end_s=None):
    """Part of the bundled call, shape (2, samples): the agent, then the customer."""
    stop = None if end_s is None else round(end_s * RATE_HZ)
    y, rate_hz = sf.read(CALL_PATH, dtype="float32", always_2d=True, start=round(start_s * RATE_HZ), stop=stop)
    assert rate_hz == RATE_HZ
    return np.ascontiguousarray(y.T)


def silence(seconds, channels=2):
    """Nearly silence, as a quiet room."""
    rng = np.random.default_rng(1)
    return (1e-4 * rng.standard_normal((channels, round(seconds * RATE_HZ)))).astype(np.float32)


class HandedSource:
    """A device that hears what ``say`` is given, at once; in between it gives empty blocks, as nothing is due."""

    def __init__(self, channels=2):
        self.info = SourceInfo("handed", channels, RATE_HZ)
        self.closed = threading.Event()
        self._blocks = queue.SimpleQueue()
        self._channels = channels
        self._ends = False
        self._said = self._taken = 0

    def say(self, y):
        for block in reblock([np.atleast_2d(y)], BLOCK):
            self._said += 1
            self._blocks.put(block)

    def end(self):
        self._ends = True

    def heard_all(self):
        until(lambda: self._taken == self._said)

    def blocks(self):
        while not self.closed.is_set():
            try:
                block = self._blocks.get(timeout=0.01)
            except queue.Empty:
                if self._ends:
                    return
                yield np.zeros((self._channels, 0), np.float32)
            else:
                yield block
                self._taken += 1

    def close(self):
        self.closed.set()


class Desk:
    """A running session with what it told; a context manager."""

    def __init__(self, folder, settings=None, *, channels=2, start=True, source_factory=None, **chosen):
        chosen = {"recogniser": "none", "calls": "manual", **chosen}
        self.settings = settings or Settings(**chosen)
        self.events = []
        self.sources = []
        self.channels = channels
        self.session = LiveSession(
            self.settings, listener=self.events.append, source_factory=source_factory or self._open, data_folder=folder
        )
        if start:
            self.session.start()

    def _open(self, settings, on_change):
        self.on_change = on_change
        source = HandedSource(self.channels)
        self.sources.append(source)
        on_change(0, CaptureState.HEARING, "desk microphone", "Hearing desk microphone.")
        return source

    def __enter__(self):
        return self

    def __exit__(self, *_):
        began = time.monotonic()
        self.session.close()
        assert time.monotonic() - began < 4

    @property
    def source(self):
        until(lambda: self.sources)
        return self.sources[-1]

    def say(self, y):
        """Hand sound over and wait until the session has taken it."""
        self.source.say(y)
        self.source.heard_all()
        self.settle()

    def settle(self):
        assert self.session.settled(PATIENCE_S)

    def told(self, kind):
        return [event for event in list(self.events) if isinstance(event, kind)]

    def wait_for(self, kind, count=1):
        until(lambda: len(self.told(kind)) >= count)
        return self.told(kind)[count - 1]

    def result(self, count=1):
        return self.wait_for(CallEnded, count).result

    def story(self):
        """Kinds of events in order, without meters."""
        return [type(e).__name__ for e in list(self.events) if not isinstance(e, FramesMeasured | LevelsMeasured)]

    def states(self):
        return [str(event.state) for event in self.told(SessionChanged)]

    def began(self):
        return self.told(CallBegan)


def until(condition, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
