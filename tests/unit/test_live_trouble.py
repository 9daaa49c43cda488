"""A live session when something fails: a listener, a device, a call, or time."""

import threading
import time
from dataclasses import dataclass

import pytest

from monitor.errors import EnvironmentProblem
from monitor.events import Warned
from monitor.live import diary
from monitor.live.events import (
    AGENT,
    CUSTOMER,
    CallEnded,
    CaptureChanged,
    CaptureState,
    SessionChanged,
)
from monitor.profile import ProfileStore
from monitor.types import RATE_HZ, SourceInfo
from tests.live_fakes import Desk, call_audio, silence, until


class TestTrouble:
    def test_what_was_noted_of_a_call_is_written_when_the_program_ends(self, tmp_path, monkeypatch):
        """On a disk that is slow, as when the machine shuts down."""
        append = diary.append_private
        monkeypatch.setattr(diary, "append_private", lambda path, line: (time.sleep(0.7), append(path, line)))
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 2))
        assert desk.session.today().calls == 1

    def test_a_failing_listener_is_logged_and_left(self, tmp_path, caplog):
        seen = []

        def listen(event):
            seen.append(event)
            raise ValueError("the window is gone")

        desk = Desk(tmp_path, start=False)
        desk.session._engine._teller._listener = listen
        with desk:
            desk.session.start()
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 3))
            desk.session.end_call()
            until(lambda: any(isinstance(event, CallEnded) for event in seen))
        assert [record.levelname for record in caplog.records if "the listener failed" in record.message] == ["ERROR"]

    def test_a_device_that_is_not_there_is_told_and_tried_again(self, tmp_path, monkeypatch):
        monkeypatch.setattr("monitor.live.engine._RETRY_S", 0.05)
        opened = []

        def open_source(settings, on_change):
            opened.append(settings)
            if len(opened) < 3:
                raise EnvironmentProblem("There is no sound system here.")
            return desk._open(settings, on_change)

        desk = Desk(tmp_path, source_factory=open_source)
        with desk:
            desk.say(silence(1))
        lost = [event for event in desk.told(CaptureChanged) if event.state is CaptureState.LOST]
        assert [event.text for event in lost] == ["There is no sound system here."] * 2

    def test_a_call_goes_on_without_a_device(self, tmp_path, monkeypatch):
        monkeypatch.setattr("monitor.live.engine._RETRY_S", 0.1)
        gone = threading.Event()

        def open_source(settings, on_change):
            if gone.is_set():
                raise EnvironmentProblem("The microphone is gone.")
            return desk._open(settings, on_change)

        desk = Desk(tmp_path, source_factory=open_source)
        with desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 3))
            gone.set()
            desk.session.change(desk.settings.model_copy(update={"agent_device": "another"}))
            desk.session.resume()  # it is not paused, so nothing changes
            until(lambda: desk.session.status().call_s > 3.3)

    def test_closing_does_not_wait_for_a_source_that_hangs(self, tmp_path):
        class Hanging:
            info = SourceInfo("hanging", 1, RATE_HZ)
            released = threading.Event()

            def blocks(self):
                self.released.wait(60)
                yield from ()

            def close(self):
                self.released.set()

        desk = Desk(tmp_path, source_factory=lambda *_: Hanging())
        began = time.monotonic()
        desk.session.close()
        assert time.monotonic() - began < 4
        until(lambda: not desk.session._thread.is_alive())

    def test_closing_does_not_wait_for_a_listener_that_hangs(self, tmp_path):
        release = threading.Event()
        desk = Desk(tmp_path, start=False)
        desk.session._engine._teller._listener = lambda _: release.wait(60)
        desk.session.start()
        began = time.monotonic()
        desk.session.close()
        assert time.monotonic() - began < 4
        release.set()
        until(lambda: not desk.session._thread.is_alive())

    def test_a_fault_in_a_call_ends_the_call_only(self, tmp_path, monkeypatch, caplog):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 3))
            call = desk.session._engine.calls.current
            monkeypatch.setattr(call, "push", lambda _: 1 / 0)
            desk.say(silence(0.1))
            assert desk.result().source.duration_s == pytest.approx(3.0)
            assert [event.id for event in desk.told(Warned)] == ["call"]
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 1))
            assert len(desk.began()) == 2


def test_no_thread_is_left(tmp_path):
    before = set(threading.enumerate())
    with Desk(tmp_path) as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 2))
        desk.session.dispute("voice.raised", "voice above your usual")
        desk.session.end_call()
        desk.result()
    until(lambda: set(threading.enumerate()) <= before)


@dataclass
class Gap:
    channel: int
    duration_s: float
    why: str


def test_what_was_not_heard_stands_in_the_result(tmp_path):
    with Desk(tmp_path) as desk:
        before = Gap(AGENT, 9.0, "stalled")
        desk.source.gaps = [before]
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 2))
        before.duration_s += 0.5  # it was lost when the call began, and still is
        desk.source.gaps += [Gap(AGENT, 0.25, "lost"), Gap(CUSTOMER, 3.0, "lost"), Gap(AGENT, 1.0, "stalled")]
        desk.session.end_call()
        assert desk.result().warnings == (
            "the microphone was not heard for 1.5 s: stalled",
            "the microphone was not heard for 0.2 s: lost",
            "the customer was not heard for 3.0 s: lost",
        )


def test_a_customer_who_is_not_part_of_the_call_is_not_missed(tmp_path):
    with Desk(tmp_path, channels=1) as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 2)[:1])
        desk.source.gaps = [Gap(CUSTOMER, 3.0, "lost")]
        desk.session.end_call()
        assert desk.result().warnings == ()


def test_what_was_lost_is_counted_once_while_a_device_closes_slowly(tmp_path):
    with Desk(tmp_path) as desk:
        source, closing, closed = desk.source, threading.Event(), threading.Event()
        source.gaps = [Gap(AGENT, 2.0, "stalled")]
        close = source.close
        source.close = lambda: (closing.set(), closed.wait(30), close())
        desk.session.pause()
        assert closing.wait(30)
        lost_s = desk.session.status().lost_s
        time.sleep(0.3)
        closed.set()
        desk.session.resume()
        until(lambda: len(desk.states()) == 3)
    assert lost_s == 2.0
    told = desk.told(SessionChanged)
    assert told[2].at_s - told[1].at_s >= 0.3  # time goes on meanwhile


def test_a_device_that_is_no_longer_wanted_is_not_told_of_any_more(tmp_path):
    with Desk(tmp_path) as desk:
        desk.source.say(silence(0.1))
        desk.on_change(CUSTOMER, CaptureState.LOST, "headset", "headset is not connected.")
        until(lambda: CUSTOMER in desk.session.status().devices)
        desk.channels = 1
        desk.session.change(desk.settings.model_copy(update={"agent_device": "another"}))
        until(lambda: len(desk.sources) == 2)
        desk.say(silence(0.1, 1))
        assert list(desk.session.status().devices) == [AGENT]
    assert [event.state for event in desk.told(CaptureChanged) if event.channel == CUSTOMER][-1] is CaptureState.CLOSED


def test_a_short_call_right_after_a_long_one_takes_nothing_back(tmp_path):
    with Desk(tmp_path, channels=1, profile="Anna", learn_from_calls=True) as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 60)[:1])
        desk.session.end_call()
        desk.session.begin_call()  # before the first was summed up
        desk.settle()
        desk.say(call_audio(0, 45)[:1])
        desk.session.end_call()
        desk.result(2)
        first, second = desk.told(CallEnded)
    assert (first.learnt, second.learnt) == (True, False)
    kept = ProfileStore(tmp_path).load("Anna")[0].baseline
    assert kept.speech_s == pytest.approx(first.result.baseline.speech_s, abs=0.1)
