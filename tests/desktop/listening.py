"""A live source, heard in a thread as a session hears it, with everything that it told."""

import threading
import time
from dataclasses import dataclass, field

import numpy as np

from monitor.live.events import CaptureState
from monitor.sources.live import LiveSource
from monitor.types import RATE_HZ
from tests.desktop.rig import until


@dataclass
class Told:
    """One change of state, and when it came."""

    at_s: float
    channel: int
    state: CaptureState
    device: str
    text: str


@dataclass
class Listening:
    """Use as a context; at its end the source is closed and its thread gone."""

    agent: str | None
    customer: str | None = None
    told: list[Told] = field(default_factory=list)
    blocks: list[np.ndarray] = field(default_factory=list)
    arrivals_s: list[float] = field(default_factory=list)

    def __enter__(self):
        self.source = LiveSource(
            self.agent, self.customer, on_change=lambda *told: self.told.append(Told(time.monotonic(), *told))
        )
        self._thread = threading.Thread(target=self._run, name="listening")
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def _run(self):
        for block in self.source.blocks():
            self.blocks.append(block)
            self.arrivals_s.append(time.monotonic())

    def close(self):
        """Close the source; how long it took until its blocks ended."""
        start_s = time.monotonic()
        self.source.close()
        self._thread.join(10)
        assert not self._thread.is_alive()
        return time.monotonic() - start_s

    def wait_for(self, state, channel=0, *, since_s=0.0, limit_s=12.0):
        """Wait for a state that was told after a moment; what was told."""
        found = []

        def look():
            found[:] = [one for one in self.told
                        if (one.state, one.channel) == (state, channel) and one.at_s >= since_s]  # fmt: skip
            return found

        try:
            until(look, limit_s)
        except AssertionError:
            raise AssertionError(f"no {state} on channel {channel} within {limit_s} s, but {self.told}") from None
        return found[0]

    def audio(self):
        """Everything heard so far, shape (channels, samples)."""
        return np.concatenate(self.blocks, axis=1)

    def heard_s(self):
        """Seconds heard so far."""
        return sum(block.shape[1] for block in self.blocks) / RATE_HZ


def tone_share(y, tone_hz, window_s=0.02):
    """How strong a tone is in each window of a channel: its amplitude."""
    window = round(window_s * RATE_HZ)
    frames = y[: len(y) // window * window].reshape(-1, window)
    turn = np.exp(-2j * np.pi * tone_hz / RATE_HZ * np.arange(window))
    return np.abs(frames @ turn) * 2 / window
