"""A live session when something fails: a listener, a device, a call, or time."""

import threading
import time
from dataclasses import dataclass

import pytest

from monitor.errors import EnvironmentProblem
from monitor.events import Warned
from monitor.live.events import (
    AGENT,
    CUSTOMER,
    CallEnded,
    CaptureChanged,
    CaptureState,
)
from monitor.types import RATE_HZ, SourceInfo
from tests.live_fakes import Desk, call_audio, silence, until


class TestTrouble:
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


def test_what_the_microphone_lost_stands_in_the_result(tmp_path):
    @dataclass
    class Gap:
        channel: int
        duration_s: float
        why: str

    with Desk(tmp_path) as desk:
        desk.source.gaps = [Gap(AGENT, 9.0, "before the call")]
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 2))
        desk.source.gaps += [Gap(AGENT, 0.5, "stalled"), Gap(CUSTOMER, 3.0, "lost"), Gap(AGENT, 1.0, "stalled")]
        desk.session.end_call()
        assert desk.result().warnings == ("the microphone was not heard for 1.5 s: stalled",)
