"""Captured samples find their place in time: in virtual time, with the jitter, bursts and losses that were measured."""

import tracemalloc

import numpy as np
import pytest

from monitor.sources import live_lane
from monitor.sources.clock import StreamClock, Timeline
from monitor.sources.live_lane import Lane
from monitor.types import RATE_HZ

HOUR_S = 3600


class VirtualDevice:
    """A device whose clock is off by ``ppm``, on a machine that is now and then busy.

    ``blocks`` yields (first sample, samples, arrival, capture, true time of the last sample) in order of arrival.
    ``busy``: stretches in which nothing arrives until their end. ``lost``: stretches whose samples never come.
    """

    def __init__(self, *, ppm=0.0, rate_hz=RATE_HZ, start_s=100.0, block_s=0.02, seed=0, busy=(), lost=()):
        self.rate_hz, self.block = rate_hz, round(rate_hz * block_s)
        self.true_rate = rate_hz * (1 + ppm * 1e-6)
        self.start_s, self.busy, self.lost = start_s, busy, lost
        self.rng = np.random.default_rng(seed)

    def blocks(self, seconds):
        count = int(seconds * self.true_rate / self.block)
        # A sound server hands on in steps of 10 ms, and stays on one or the other for a minute or so.
        waits = np.cumsum(self.rng.exponential(40 / (self.block / self.rate_hz), count // 10 + 10)).astype(int)
        steps = 0.01 * (np.searchsorted(waits, np.arange(count)) % 2)
        # Most blocks come within 2 ms, some 20 ms late, a few 170 ms: as on a machine with both cores busy.
        delays = (
            self.rng.exponential(0.002, count) + self.rng.choice([0, 0.02, 0.17], count, p=[0.95, 0.045, 0.005]) + steps
        )
        arrived_s, number = 0.0, 0
        for block in range(count):
            begin_s = self.start_s + block * self.block / self.true_rate
            end_s = begin_s + self.block / self.true_rate
            if any(start <= begin_s < end for start, end in self.lost):
                continue
            due_s = end_s + 0.02 + delays[block]
            due_s = max([due_s, *(end for start, end in self.busy if start <= due_s < end)])
            arrived_s = max(arrived_s, due_s)
            yield number, self.block, arrived_s, begin_s + 0.001, end_s
            number += self.block


def run(device, seconds, *, told=True):
    """The clock, and missing seconds by the true time at which they were noticed."""
    clock, missing = StreamClock(device.rate_hz), []
    for first, samples, arrived_s, captured_s, end_s in device.blocks(seconds):
        assert clock.heard(first, samples, arrived_s, captured_s if told else arrived_s) == 0
        if lost := clock.take_lost():
            missing.append((end_s, lost / RATE_HZ))
    return clock, missing


@pytest.mark.parametrize("ppm", [-100, 0, 100])
def test_nothing_is_missing_when_blocks_only_come_late(ppm):
    device = VirtualDevice(ppm=ppm, busy=[(130, 131.2), (160.1, 160.6), (200, 204)])
    _, missing = run(device, 600)
    assert missing == []


@pytest.mark.parametrize("ppm", [-100, 100])
@pytest.mark.parametrize("told", [True, False])
def test_lost_samples_are_missed_as_many_as_they_are(ppm, told):
    device = VirtualDevice(ppm=ppm, lost=[(130, 130.4), (500, 500.1)], busy=[(300, 300.9)])
    _, missing = run(device, 600, told=told)
    for lost_s, end_s in ((0.4, 130.4), (0.1, 500.1)):  # in whole blocks
        assert sum(s for at_s, s in missing if end_s < at_s < end_s + 1) == pytest.approx(lost_s, abs=0.035)
    assert sum(s for _, s in missing) == pytest.approx(0.5, abs=0.05)


def test_blocks_that_were_refused_are_missing_exactly():
    clock = StreamClock(RATE_HZ)
    assert clock.heard(0, 320, 1.0, 0.98) == 0
    assert clock.heard(960, 320, 1.06, 1.04) == 640


def test_slow_fetching_is_no_loss():
    """Blocks that pile up in the sound system come later and later, then all at once; it says when they were heard."""
    clock, missing = StreamClock(RATE_HZ), 0
    number, now_s = 0, 0.0
    while number < 60 * RATE_HZ:
        captured_s = number / RATE_HZ
        slow = 20 < now_s < 24
        now_s = max(now_s + (0.1 if slow else 0.0), captured_s + 0.02)
        clock.heard(number, 320, now_s, captured_s)
        missing += clock.take_lost()
        number += 320
    assert missing == 0


@pytest.mark.parametrize("ppm", [-100, -20, 0, 50, 100])
def test_rate_is_told_within_two_millionths_after_half_an_hour(ppm):
    clock, missing = run(VirtualDevice(ppm=ppm, block_s=0.1, busy=[(700, 703)], lost=[(900, 900.5)]), 1800)
    assert -clock.drift * 1e6 == pytest.approx(ppm, abs=2)
    assert len(missing) == 1


class CountingConverter:
    """As much as a converter delivers, without the sound."""

    def __init__(self, rate_hz):
        self.ratio = RATE_HZ / rate_hz
        self._rest = 0.0

    def convert(self, y):
        self._rest += len(y) * self.ratio
        whole = int(self._rest)
        self._rest -= whole
        return np.zeros(whole, np.float32)


def heard_by(lane, device, seconds):
    """Feed a lane as an iterator of (true time, position of the newest sample)."""
    silence = np.zeros((device.block, 1), np.float32)
    lane.begin(device.rate_hz)
    for first, _, arrived_s, captured_s, end_s in device.blocks(seconds):
        before = lane.reached
        lane.take(first, arrived_s, captured_s, silence)
        yield arrived_s, end_s, lane.reached if lane.reached != before else None


def apart_s(agent, customer, seconds):
    """The lanes after a run, and how far apart the same moment came to stand in them, after the first minute."""
    timeline = Timeline(100.0)
    lanes = [Lane(number, timeline, leads=number == 0) for number in (0, 1)]
    feeds = [heard_by(lane, device, seconds) for lane, device in zip(lanes, (agent, customer), strict=True)]
    heads = [next(feed) for feed in feeds]
    found, given = ([], []), 0
    while all(heads):
        which = 0 if heads[0][0] <= heads[1][0] else 1
        _, true_s, position = heads[which]
        if position is not None:
            found[which].append((true_s, position))
        heads[which] = next(feeds[which], None)
        ready = min(lane.written for lane in lanes) - given
        given += ready
        for lane in lanes if ready else ():
            lane.pull(ready)
    (agent_s, agent_at), (times_s, at) = (np.array(one).T for one in found)
    off_s = (at - np.interp(times_s, agent_s, agent_at)) / RATE_HZ
    steady = (times_s > 160) & (times_s < agent_s[-1])
    return lanes, float(np.abs(off_s[steady]).max())


@pytest.mark.slow
@pytest.mark.parametrize(("agent_ppm", "customer_ppm"), [(100, -100), (-100, 100)])
def test_two_devices_stay_together_for_eight_hours(monkeypatch, agent_ppm, customer_ppm):
    monkeypatch.setattr(live_lane, "_Converter", CountingConverter)
    agent = VirtualDevice(ppm=agent_ppm, block_s=0.5, seed=1, busy=[(5000, 5002)], lost=[(9000, 9000.9)])
    customer = VirtualDevice(
        ppm=customer_ppm, block_s=0.5, seed=2, rate_hz=48_000, start_s=100.13, busy=[(12_000, 12_000.9)]
    )
    lanes, off_s = apart_s(agent, customer, 8 * HOUR_S)
    assert off_s < 0.02
    lost = [gap for gap in lanes[0].gaps if gap.why == "not delivered"]
    assert sum(gap.duration_s for gap in lost) == pytest.approx(1.0, abs=0.02)
    assert [gap.why for gap in lanes[1].gaps if gap.start_s > 60] == []


def test_clicks_stay_together_in_the_samples_themselves():
    """The real converter: a click every ten seconds, heard by two devices 200 millionths apart."""
    clicks, lanes = ([], []), []
    timeline = Timeline(100.0)
    feeds = []
    for number, ppm in enumerate((100, -100)):
        device = VirtualDevice(ppm=ppm, seed=number)
        lane = Lane(number, timeline, leads=number == 0)
        lane.begin(RATE_HZ)
        lanes.append(lane)
        feeds += [(arrived, number, first, captured, device) for first, _, arrived, captured, _ in device.blocks(300)]
    for arrived_s, number, first, captured_s, device in sorted(feeds, key=lambda feed: feed[:3]):
        y = np.zeros((device.block, 1), np.float32)
        at = np.arange(first, first + device.block) / device.true_rate
        y[np.flatnonzero(np.diff(np.floor(at / 10), prepend=np.floor((first - 1) / device.true_rate / 10)) > 0)] = 0.5
        lanes[number].take(first, arrived_s, captured_s, y)
    for lane, found in zip(lanes, clicks, strict=True):
        y = lane.pull(lane.written)
        found += [int(hit) for hit in np.flatnonzero((y > 0.2) & (np.roll(y, 1) < y) & (np.roll(y, -1) < y))]
    together = np.subtract(clicks[0][-29:], clicks[1][-29:])  # the very first may fall before either is placed
    assert np.abs(together).max() < 0.02 * RATE_HZ


def test_one_device_at_the_engine_rate_is_taken_as_it_is():
    rng = np.random.default_rng(3)
    lane = Lane(0, Timeline(100.0), leads=True)
    device = VirtualDevice(ppm=80, busy=[(110, 110.7)])
    lane.begin(RATE_HZ)
    given = []
    for first, samples, arrived_s, captured_s, _ in device.blocks(60):
        given.append(rng.normal(size=(samples, 1)).astype(np.float32))
        lane.take(first, arrived_s, captured_s, given[-1])
    heard = lane.pull(lane.written)
    given = np.concatenate(given)[:, 0]
    start = len(heard) - len(given)
    assert 0 < start < RATE_HZ
    assert not heard[:start].any()
    assert np.array_equal(heard[start:], given)


def test_late_samples_do_not_move_what_follows():
    """Silence that stood in for a slow device is not made longer when the samples come after all."""
    timeline = Timeline(0.0)
    lane = Lane(0, timeline, leads=True)
    lane.begin(RATE_HZ)
    y = np.arange(1, 3 * RATE_HZ + 1, dtype=np.float32)[:, None]
    for first in range(0, RATE_HZ, 320):
        lane.take(first, (first + 320) / RATE_HZ, first / RATE_HZ, y[first : first + 320])
    lane.fill(2 * RATE_HZ, "stalled")
    for first in range(RATE_HZ, 3 * RATE_HZ, 320):
        lane.take(first, max(2.0, (first + 320) / RATE_HZ), first / RATE_HZ, y[first : first + 320])
    heard = lane.pull(lane.written)
    assert np.array_equal(heard[:RATE_HZ], y[:RATE_HZ, 0])
    assert not heard[RATE_HZ : 2 * RATE_HZ].any()
    assert np.array_equal(heard[2 * RATE_HZ :], y[2 * RATE_HZ :, 0])
    assert [(gap.start_s, gap.duration_s, gap.why) for gap in lane.gaps] == [(1.0, 1.0, "stalled")]


@pytest.mark.parametrize(("rate_hz", "leads"), [(RATE_HZ, True), (48_000, False)])
def test_an_hour_of_sleep_takes_no_memory(rate_hz, leads):
    """On some systems the clock goes on while the computer sleeps."""
    lane, block = Lane(0, Timeline(0.0), leads=leads), rate_hz // 25
    lane.begin(rate_hz)
    y, slept_s = np.full((block, 1), 0.1, np.float32), 0.0
    tracemalloc.start()
    try:
        for number in range(500):
            slept_s = HOUR_S if number >= 250 else 0.0
            due_s = (number + 1) * block / rate_hz
            lane.take(number * block, due_s + slept_s, due_s + slept_s - 0.04, y)
        before = lane.pull(10 * RATE_HZ)
        for _ in range(HOUR_S):
            assert not lane.pull(RATE_HZ)[RATE_HZ // 2 : -RATE_HZ // 10].any()  # a converter is 15 ms behind
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert before[RATE_HZ : -RATE_HZ // 10].min() > 0.05
    assert lane.written == pytest.approx((HOUR_S + 20) * RATE_HZ, abs=0.05 * RATE_HZ)
    assert lane.pull(9 * RATE_HZ)[RATE_HZ:].min() > 0.05
    assert most < 4e6


def test_gaps_of_one_reason_join():
    lane = Lane(1, Timeline(0.0), leads=False)
    lane.fill(320, "starting")
    lane.fill(640, "starting")
    lane.fill(960, "disconnected")
    assert [(gap.channel, gap.start_s, gap.duration_s, gap.why) for gap in lane.gaps] == [
        (1, 0.0, 0.04, "starting"), (1, 0.04, 0.02, "disconnected")]  # fmt: skip
