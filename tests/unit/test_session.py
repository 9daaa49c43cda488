"""Driving a pipeline: order of blocks and events, failing listeners, failing sources."""

import logging

import numpy as np
import pytest

from monitor.errors import EnvironmentProblem, InputProblem, MonitorError
from monitor.events import Warned
from monitor.session import Fanout, run_inline
from monitor.types import RATE_HZ, SourceInfo


class Kept:
    def __init__(self):
        self.events = []

    def take(self, event):
        self.events.append(event)


class Broken(Kept):
    """Fails at its second event."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def take(self, event):
        super().take(event)
        if len(self.events) == 2:
            raise self.error


class Blocks:
    """A source of two channels, whose second holds its sample numbers."""

    info = SourceInfo("call", 2, RATE_HZ)

    def __init__(self, count, error=None):
        self.count, self.error = count, error

    def blocks(self):
        for i in range(self.count):
            row = np.arange(i * 100, (i + 1) * 100, dtype=np.float32)
            yield np.stack([-row, row])
        if self.error:
            raise self.error


class Counting:
    """A pipeline that tells how much it was given."""

    def __init__(self):
        self.heard = []
        self.finished = False

    @property
    def duration_s(self):
        return sum(map(len, self.heard)) / RATE_HZ

    def push(self, y, customer=None):
        self.heard.append(y)
        return [Warned(self.duration_s, "push", f"{len(self.heard)}")]

    def finish(self):
        self.finished = True
        return [Warned(self.duration_s, "finish", "end"), Warned(self.duration_s, "finish", "really")]


def texts(kept):
    return [event.text for event in kept.events]


def test_every_sink_takes_every_event_in_order():
    pipeline, one, other = Counting(), Kept(), Kept()
    run_inline(Blocks(3), pipeline, [one, other], row=1)
    assert texts(one) == texts(other) == ["1", "2", "3", "end", "really"]
    np.testing.assert_array_equal(np.concatenate(pipeline.heard), np.arange(300))


def test_the_first_row_is_the_default():
    pipeline = Counting()
    run_inline(Blocks(2), pipeline, [])
    np.testing.assert_array_equal(np.concatenate(pipeline.heard), -np.arange(200))


def test_progress_is_told_in_seconds_of_audio():
    told = []
    run_inline(Blocks(3), Counting(), [], progress=told.append)
    assert told == pytest.approx([100 / RATE_HZ, 200 / RATE_HZ, 300 / RATE_HZ, 300 / RATE_HZ])


def test_a_failing_sink_is_left_out_and_the_others_go_on(caplog):
    broken, kept = Broken(ValueError("listener")), Kept()
    with caplog.at_level(logging.ERROR):
        run_inline(Blocks(3), Counting(), [broken, kept])
    assert texts(broken) == ["1", "2"]
    assert texts(kept) == ["1", "2", "3", "end", "really"]
    assert [record.exc_info is not None for record in caplog.records] == [True]
    assert "Broken" in caplog.text


def test_the_caller_s_list_of_sinks_stays_as_it_is(caplog):
    sinks = [Broken(ValueError("listener")), Kept()]
    run_inline(Blocks(3), Counting(), sinks)
    assert len(sinks) == 2


@pytest.mark.parametrize("error", [MonitorError("x"), EnvironmentProblem("The disk is full; make room.")])
def test_trouble_that_the_user_can_mend_passes_through(error, caplog):
    with pytest.raises(type(error)) as caught:
        run_inline(Blocks(3), Counting(), [Kept(), Broken(error)])
    assert caught.value is error
    assert not caplog.records


def test_a_source_that_breaks_off_surfaces_after_what_was_heard():
    pipeline, kept = Counting(), Kept()
    with pytest.raises(InputProblem, match="breaks off"):
        run_inline(Blocks(2, InputProblem("call.wav breaks off after 0.1 s.")), pipeline, [kept])
    assert texts(kept) == ["1", "2"]
    assert not pipeline.finished


def test_fanout_without_sinks_is_quiet():
    Fanout([]).send([Warned(0.0, "a", "b")])
