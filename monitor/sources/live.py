"""The agent's microphone, and what the agent hears, as one stream that never stops while the session lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

import numpy as np

from monitor.sources.clock import Timeline
from monitor.sources.live_lane import Gap, Lane
from monitor.sources.states import AGENT, CUSTOMER, CaptureState
from monitor.types import RATE_HZ, FloatArray, SourceInfo

if TYPE_CHECKING:
    from monitor.sources.live_device import LiveDevice
    from monitor.sources.live_stream import OpenStream
    from monitor.sources.pulse import PulseWatch

_BLOCK = RATE_HZ // 50
_MOST = RATE_HZ  # samples in a block, however long nothing was heard: a computer may sleep for hours
_WAIT_S = 0.06
_PATIENCE_S = 0.75  # how long the other channel waits for one that sends nothing
_HELD_UP_S = 0.15
_SILENT_S = 2.0  # so much digital silence is a muted or dead microphone
_MOST_QUEUED = 1500  # blocks, 30 s: whoever reads so late hears what is new, and what was lost is counted
_CLOSE_S = 0.6


class LiveSource:
    """One or two devices as a ``monitor.ports.Source``: channel 0 is the agent, channel 1 what the agent hears.

    Parameters
    ----------
    agent
        The microphone's name as ``evenkeel devices`` shows it, or a part of it; None for the system's own choice.
    customer
        The same for what the agent hears; None when that is not to be heard.
    on_change
        Called from any thread with (channel, state, device, sentence for the agent).
    clock
        Seconds that only grow; that of the sound system's blocks.

    While a device is missing its channel is silence, at the pace of the clock, and ``gaps`` counts it.
    """

    def __init__(
        self,
        agent: str | None,
        customer: str | None,
        *,
        on_change: Callable[[int, CaptureState, str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._names = (agent,) if customer is None else (agent, customer)
        self._on_change = on_change
        self._clock = clock
        self._queue: SimpleQueue[_Block | None] = SimpleQueue()
        self._closing = threading.Event()
        self._turning = threading.RLock()  # on or off, by one thread at a time
        self._is_let_go = False
        self._channels: list[_Channel] = []
        self._watch: PulseWatch | None = None
        self._looked_s = clock()
        self._info = SourceInfo("live", len(self._names), RATE_HZ)

    @property
    def info(self) -> SourceInfo:
        """What is known before listening."""
        return self._info

    @property
    def gaps(self) -> list[Gap]:
        """Every stretch so far that is silence because nothing was heard, by channel and time."""
        return [gap for channel in self._channels for gap in channel.lane.gaps]

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (channels, samples) at ``RATE_HZ``, about every 20 ms, none over a second."""
        timeline = Timeline(self._clock())
        try:
            self._begin(timeline)
            yield from self._joined(timeline)
        finally:
            self.close()

    def _begin(self, timeline: Timeline) -> None:
        from monitor.sources.live_device import LiveDevice
        from monitor.sources.pulse import PulseWatch

        with self._turning:
            if self._closing.is_set():
                return
            watch = self._watch = PulseWatch(self._stir)
            watch.start()
            for number, name in enumerate(self._names):
                device = LiveDevice(name, number, watch, take=self._take, tell=self._on_change, make_way=self._make_way)
                self._channels.append(_Channel(device, Lane(number, timeline, leads=number == AGENT), number))
            for channel in self._channels:
                channel.device.start()

    def close(self) -> None:
        """Close the devices and end ``blocks``; from any thread, and within a second whatever the devices do."""
        self._closing.set()
        self._queue.put(None)
        with self._turning:
            if not self._is_let_go:
                self._is_let_go = True
                self._let_go()

    def _let_go(self) -> None:
        from monitor.sources.microphone import leave_open

        for channel in self._channels:
            channel.device.ask_to_close()
        until_s = time.monotonic() + _CLOSE_S
        closed = [channel.device.wait_closed(max(0.0, until_s - time.monotonic())) for channel in self._channels]
        if not all(closed):
            leave_open()
        if self._watch is not None:
            self._watch.close()

    def _make_way(self) -> None:
        for channel in self._channels[CUSTOMER:]:
            channel.device.give_way()

    def _stir(self) -> None:
        for channel in self._channels:
            channel.device.stir()

    def _take(self, stream: OpenStream, first: int, arrived_s: float, captured_s: float, y: FloatArray) -> None:
        """Called by the sound system."""
        if self._queue.qsize() < _MOST_QUEUED:
            self._queue.put((stream, first, arrived_s, captured_s, y))

    def _joined(self, timeline: Timeline) -> Iterator[FloatArray]:
        given = 0
        while not self._closing.is_set():
            self._collect()
            self._keep_pace(timeline, given)
            ready = min(channel.lane.written for channel in self._channels) - given
            while ready >= _BLOCK // 2 and not self._closing.is_set():
                part = min(ready, _MOST)
                given, ready = given + part, ready - part
                yield np.stack([channel.lane.pull(part) for channel in self._channels])

    def _collect(self) -> None:
        try:
            block = self._queue.get(timeout=_WAIT_S)
        except Empty:
            block = None
        now_s = self._clock()
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        if passed_s > _HELD_UP_S and self._watch is not None:
            self._watch.doubt()  # it was held up as well: what came meanwhile may be from anywhere
        for channel in self._channels:
            channel.look_again()
        while block is not None:
            for channel in self._channels:
                channel.take(block)
            block = None if self._queue.empty() else self._queue.get_nowait()
        # A program that was held up for long was not waiting for the device meanwhile.
        for channel in self._channels:
            channel.wait(min(passed_s, 2 * _WAIT_S))

    def _keep_pace(self, timeline: Timeline, given: int) -> None:
        missing = [channel for channel in self._channels if channel.is_missing]
        if not missing or self._closing.is_set():
            return
        heard = [channel.lane.written for channel in self._channels if not channel.is_missing]
        due = max(heard) if heard else int(timeline.position(self._clock()))
        if due - given >= _BLOCK:
            for channel in missing:
                channel.lane.fill(due, channel.device.why)


_Block = tuple["OpenStream", int, float, float, FloatArray]


class _Channel:
    """A device and its lane, with the blocks that may not be used before it is known where they come from."""

    def __init__(self, device: LiveDevice, lane: Lane, number: int) -> None:
        self.device = device
        self.lane = lane
        self._number = number
        self._stream: OpenStream | None = None
        self._held: list[_Block] = []
        self._waited_s = 0.0
        self._silent = 0.0

    @property
    def is_missing(self) -> bool:
        """Whether the session is not to wait for this channel."""
        return not self.lane.is_running or self._waited_s > _PATIENCE_S

    def wait(self, seconds: float) -> None:
        """Nothing came for so long."""
        self._waited_s += seconds
        self.device.look_after()
        if self._stream is not None and self._stream is not self.device.stream:
            self._stream = None
            self._held.clear()
            self.lane.end()

    def look_again(self) -> None:
        """Use the blocks held back, once it is known where they come from."""
        held, self._held = self._held, []
        for block in held:
            self.take(block)

    def take(self, block: _Block) -> None:
        """Use a block, if it is of this channel's device."""
        stream = block[0]
        if stream is not self.device.stream:
            return
        trusted = self.device.is_trusted(stream)
        if trusted is None or (trusted and self._held):
            self._held.append(block)
        elif trusted:
            self._hear(stream, block)

    def _hear(self, stream: OpenStream, block: _Block) -> None:
        _, first, arrived_s, captured_s, y = block
        if stream is not self._stream:
            self._stream = stream
            self._silent = 0.0
            self.lane.begin(stream.device.rate_hz)
        self._waited_s = 0.0
        self.lane.take(first, arrived_s, captured_s, y)
        # What the agent hears is silent whenever nothing is played; a microphone never is.
        still = self._number != CUSTOMER and y[0, 0] == y[-1, 0] and bool(np.ptp(y) == 0.0)
        self._silent = self._silent + len(y) / stream.device.rate_hz if still else 0.0
        if self.lane.is_running:
            self.device.heard(stream, silent=self._silent >= _SILENT_S)
