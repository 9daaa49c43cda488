"""A call that is written while it runs: what was judged two seconds ago survives whatever happens to the program."""

import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from monitor.events import LightChanged
from monitor.sinks.store import StoreSink
from monitor.store.calls import open_store
from monitor.store.troubles import StoreProblem
from monitor.tap import Tap
from monitor.types import Light
from tests.stored import empty_result, hand_over, head, joined, judged, parts, windows

# A live call on the wall clock: a tick at a time, with the number of ticks told on standard output.
LIVE = """
import sys, time
from monitor.sinks.store import StoreSink
from monitor.store.calls import open_store
from monitor.store.columns import tick_columns
from tests.stored import head, joined, parts
from monitor.windows import RollingWindows
from monitor.types import Features
from dataclasses import fields, replace
from monitor.events import FramesMeasured

store = open_store(sys.argv[1], who="ann")
sink = StoreSink(store.begin(head("live")))
minute, rolling = parts(1)[0], RollingWindows()
names = [f.name for f in fields(Features) if f.name != "start_frame"]
start = time.monotonic()
for tick in range(1200):
    here = slice(5 * tick, 5 * tick + 5)
    frames = Features(5 * tick, **{name: getattr(minute, name)[here] for name in names})
    sink.measured(0, rolling.push(frames))
    sink.take(FramesMeasured(0.05 * tick, 0, frames))
    print(tick + 1, flush=True)
    time.sleep(max(0.0, start + 0.05 * (tick + 1) - time.monotonic()))
"""


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "c.sqlite", who="ann", wait_s=0.2) as opened:
        yield opened


def test_a_killed_call_loses_two_seconds_at_most(tmp_path, root):
    path = tmp_path / "c.sqlite"
    program = subprocess.Popen([sys.executable, "-c", LIVE, path], stdout=subprocess.PIPE, text=True, cwd=root)
    try:
        for line in program.stdout:
            if int(line) >= 110:
                break
        program.send_signal(signal.SIGKILL)
        last = [line, *program.stdout][-1]
    finally:
        program.kill()
        program.wait(30)
        program.stdout.close()
    with open_store(path, who="ann") as store:
        [call] = store.listed()
        assert not call.ended
        assert abs(len(store.trace(call.id)) - 100 * call.duration_s) <= 5, "frames follow their tick"
        assert 0.05 * int(last) - call.duration_s <= 2.0


def test_a_sink_is_a_tap(store):
    sink = StoreSink(store.begin(head()))
    assert isinstance(sink, Tap)
    sink.discard()
    assert store.listed() == []


def test_a_call_is_there_from_its_first_moment(store):
    sink = StoreSink(store.begin(head()))
    end = time.monotonic() + 20
    while not store.listed() and time.monotonic() < end:
        time.sleep(0.02)
    assert [call.ended for call in store.listed()] == [False]
    ticks = hand_over(sink)
    number = sink.finish(judged(ticks))
    assert [(call.id, call.ended) for call in store.listed()] == [(number, True)]


def test_a_call_that_is_closed_stays_as_not_ended(store):
    sink = StoreSink(store.begin(head()))
    sink.take(LightChanged(0.0, Light.GREY, (), None))
    sink.take(LightChanged(5.0, Light.RED, (), "softer"))
    sink.close()
    assert [call.ended for call in store.listed()] == [False]
    with sqlite3.connect(store.name) as raw:
        assert raw.execute("SELECT start_s, end_s, light FROM lights").fetchall() == [
            (0.0, 5.0, "grey"), (5.0, None, "red"),
        ]  # fmt: skip
    raw.close()


def test_a_store_that_is_in_use_for_a_while_loses_nothing(store):
    other = sqlite3.connect(store.name, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    sink = StoreSink(store.begin(head()), every_s=0.05)
    ticks = hand_over(sink, minutes=2)
    time.sleep(0.6)  # it tried, and the store was in use
    assert sink.problem is None
    other.execute("ROLLBACK")
    other.close()
    number = sink.finish(judged(ticks))
    assert len(store.trace(number)) == 12_000


def test_a_store_that_stays_in_use_is_told_at_the_end(store):
    sink = StoreSink(store.begin(head()), every_s=0.05)
    sink.take(LightChanged(0.0, Light.GREY, (), None))
    time.sleep(0.3)
    other = sqlite3.connect(store.name, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        ticks = hand_over(sink)
        with pytest.raises(StoreProblem, match="in use by another program"):
            sink.finish(judged(ticks))
    finally:
        other.close()


def test_a_store_that_cannot_grow_never_stops_the_call(store):
    from sqlalchemy import event

    with store.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    @event.listens_for(store.engine, "begin")
    def _limit(connection):
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

    sink = StoreSink(store.begin(head()), every_s=0.05)
    hand_over(sink, minutes=5)
    end = time.monotonic() + 20
    while sink.problem is None and time.monotonic() < end:
        time.sleep(0.02)
    sink.take(LightChanged(0.0, Light.GREY, (), None))
    with pytest.raises(StoreProblem, match="the disk is full"):
        sink.finish(empty_result())


def test_two_programs_write_at_once(tmp_path):
    path = tmp_path / "c.sqlite"
    with open_store(path, who="ann") as ann, open_store(path, who="ben") as ben:
        sinks = [StoreSink(each.begin(head(agent=each.who)), every_s=0.01) for each in (ann, ben)]
        given = windows(parts(3))
        for each in given:
            for sink in sinks:
                sink.measured(0, each)
                time.sleep(0.03)
        for sink in sinks:
            sink.finish(judged(joined(given)))
        assert len(ann.listed()) == len(ben.listed()) == 1
