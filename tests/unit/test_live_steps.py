"""A live call is judged in steps, for that costs less; and a session that fails says so to who started it."""

from datetime import datetime

import numpy as np
import pytest

from monitor.commands import live
from monitor.conversation.sides import SideListener
from monitor.errors import BugError
from monitor.events import Warned
from monitor.listening import NO_WORDS, LiveWords
from monitor.live.call import CallFacts, LiveCall
from monitor.live.events import SessionChanged, SessionState
from monitor.settings import Settings
from monitor.types import RATE_HZ


class CountingPipeline:
    """Notes the size of what it is given."""

    duration_s = 0.0

    def __init__(self, words_at=()):
        self.pieces = []
        self.listened = 0
        self._words_at = words_at

    def listen(self, y):
        self.listened += len(y)
        return self.listened in self._words_at

    def judge(self, y, customer):
        assert customer is None
        self.pieces.append(len(y))
        self.duration_s += len(y) / RATE_HZ
        return []

    def finish(self):
        raise ValueError("the end does not matter here")


def call_of(pipeline):
    facts = CallFacts("one", False, datetime.now().astimezone(), 0.0, 1, "default", 0.0)
    return LiveCall(facts, pipeline, None, LiveWords("none", None, (NO_WORDS,)), None)


def test_blocks_are_judged_five_times_a_second_and_the_last_ones_at_the_end():
    pipeline = CountingPipeline()
    call = call_of(pipeline)
    for _ in range(101):
        call.push(np.zeros((1, RATE_HZ // 100), np.float32))
    assert pipeline.pieces == [3200] * 5
    assert call.duration_s == pytest.approx(1.01)
    ended = []
    call._finish(ended.append)
    assert pipeline.pieces == [3200] * 5 + [160]
    assert ended


def test_words_are_listened_for_in_every_block_and_judged_when_they_are_heard():
    pipeline = CountingPipeline(words_at=(480, 3680))
    call = call_of(pipeline)
    for number in range(1, 31):
        call.push(np.zeros((1, RATE_HZ // 100), np.float32))
        assert pipeline.listened == 160 * number
    assert pipeline.pieces == [480, 3200]


class FailingSession:
    """Fails as soon as it begins."""

    def __init__(self, listener):
        self._listener = listener

    def start(self):
        self._listener(Warned(0.0, "session", "Evenkeel stopped listening because of a fault; start it again."))
        self._listener(SessionChanged(0.0, SessionState.ENDED))

    def finish(self):
        """Nothing is left to end."""


def test_a_session_that_fails_without_a_window_is_a_fault(monkeypatch):
    monkeypatch.setattr(live._Sessions, "make", lambda _self, _settings, listener: FailingSession(listener))
    with pytest.raises(BugError):
        live._run_headless(Settings(), None)


def test_a_call_that_was_stopped_at_once_has_no_guess_of_its_sides():
    listener = SideListener()
    listener.push(np.zeros((2, 10), np.float32))
    assert listener.guess() is None
