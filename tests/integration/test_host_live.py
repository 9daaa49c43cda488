"""A live call whose recogniser is killed, frozen, flooded or too slow: the caller is never kept waiting."""

import os
import signal
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from models.host import HostedTranscriber, HostState, HostTuning
from models.host_pace import PaceTuning
from monitor.types import RATE_HZ
from tests.host_fakes import CALL, PATIENT_S, fake, is_gone, paced, speech, until

pytestmark = pytest.mark.timeout(170)

BLOCK = 800
# A push takes 0.2 ms. One that waited for a start, a kill or an answer would take longer than this.
PUSH_LIMIT_S = 0.4
# What may be added on a machine that many share; the goal is 5 s on one that is not.
BUSY_S = 40.0
ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")
HASTY = HostTuning(pace=PaceTuning(lag_s=0.5, patience_s=0.5, settle_s=0.5), most_restarts=0, queue_s=60.0)
ROOM = np.random.default_rng(0).standard_normal(BLOCK).astype(np.float32) * 1e-3


class Call:
    """Pushes block after block, as quickly as it is asked to, and notes the slowest push."""

    def __init__(self, host):
        self.host, self.most_s, self.heard = host, 0.0, []

    def push(self, y):
        began_s = time.perf_counter()
        self.heard += self.host.push(y)
        self.most_s = max(self.most_s, time.perf_counter() - began_s)

    def go_on(self, condition, seconds=PATIENT_S):
        """In real time, until something has come about; how long that took."""
        began_s = next_s = time.monotonic()
        while not condition():
            assert time.monotonic() - began_s < seconds, "waited in vain"
            self.push(ROOM)
            next_s += BLOCK / RATE_HZ
            time.sleep(max(0.0, next_s - time.monotonic()))
        return time.monotonic() - began_s


def basic_detection():
    pytest.importorskip("pocketsphinx")
    from models.registry import choose
    from monitor.policy.load import load_policy

    return choose("pocketsphinx", load_policy(None).phrases(most=500)).recipe


@ONLY_POSIX
@pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP"])
def test_basic_detection_is_soon_back_and_nobody_waits_for_it(number):
    with HostedTranscriber(basic_detection(), wait=False) as host:
        assert host.wait_ready(PATIENT_S)
        call, pid = Call(host), host.pid
        call.go_on(lambda: host.status.lag_s < 0.1)
        os.kill(pid, getattr(signal, number))
        back_s = call.go_on(lambda: host.pid not in (None, pid) and host.state is HostState.READY)
        assert back_s < 5.0 + BUSY_S
        assert call.most_s < PUSH_LIMIT_S
        call.go_on(lambda: host.status.lag_s < 0.2)
        assert is_gone(pid)
        assert host.status.restarts == 1
        assert host.status.lost_s < back_s + 1.0


def test_a_flood_keeps_nobody_waiting():
    """A minute of call at fifty times its pace or more."""
    with HostedTranscriber(fake(wall_s=0.2), wait=False, tuning=HostTuning(finish_s=0.1)) as host:
        assert host.wait_ready(PATIENT_S)
        call, pid = Call(host), host.pid
        minute = np.tile(CALL, 6)
        for at in range(0, len(minute), BLOCK):
            call.push(minute[at : at + BLOCK])
            if at % RATE_HZ == 0:
                time.sleep(0.02)
        assert call.most_s < PUSH_LIMIT_S
        assert host.status.most_queued_s <= 10.0
        assert host.status.lost_s > 30
        assert (host.pid, host.status.restarts) == (pid, 0)


def test_who_works_long_on_one_answer_is_left_alone_until_it_is_too_long():
    tuning = replace(HASTY, hang_s=6.0, still_s=30.0)
    with HostedTranscriber(fake("BusyTranscriber", work_s=3.0), wait=False, tuning=tuning) as host:
        assert host.wait_ready(PATIENT_S)
        host.push(speech((0.0, 0.4), seconds=0.5))
        until(lambda: host.status.lag_s == 0)
        assert host.status.restarts == 0
        assert host.status.lost_s == 0
    tuning = replace(HASTY, hang_s=1.0, still_s=30.0, most_restarts=1)
    with HostedTranscriber(fake("BusyTranscriber", work_s=3600.0), wait=False, tuning=tuning) as host:
        assert host.wait_ready(PATIENT_S)
        host.push(speech((0.0, 0.4), seconds=0.5))
        until(lambda: host.status.restarts == 1)
        assert any("did not answer" in sentence for sentence in host.warnings)


def test_on_a_slow_machine_a_call_makes_fewer_passes_then_takes_the_smaller_model():
    with HostedTranscriber(paced(2.0, smaller="quick_one"), wait=False, tuning=HASTY) as host:
        assert host.wait_ready(PATIENT_S)
        call, pid = Call(host), host.pid
        call.go_on(lambda: host.status.step is not None)
        assert host.status.step.endswith("on words are looked for every 2 s")
        call.go_on(lambda: host.name == "paced 0")
        assert host.status.step.endswith("on it goes on with the smaller model paced 0")
        assert host.pid != pid
        assert is_gone(pid)
        call.go_on(lambda: host.status.lag_s < 0.2)
        assert host.status.lost_s == 0  # what waited is heard by the smaller one
        assert host.status.restarts == 0
        assert call.most_s < PUSH_LIMIT_S
        call.push(speech((0.0, 1.0), seconds=1.5))
        call.go_on(lambda: any(h.final for h in call.heard))
        told = [sentence for sentence in host.warnings if "too slow" in sentence]
        assert len(told) == 2
        call.go_on(lambda: host.state is HostState.READY)


@pytest.mark.parametrize("smaller", [None, "none_left"])
def test_without_a_smaller_model_only_pauses_bring_passes(smaller):
    with HostedTranscriber(paced(1.2, smaller=smaller, cost_s=1.0), wait=False, tuning=HASTY) as host:
        assert host.wait_ready(PATIENT_S)
        call, pid = Call(host), host.pid
        call.go_on(lambda: (host.status.step or "").endswith("words are looked for at pauses only"))
        call.go_on(lambda: "a pass every inf s" in host.warnings)
        assert (host.pid, host.name) == (pid, "paced 1.2")
        assert len([sentence for sentence in host.warnings if "too slow" in sentence]) == 2


def test_offline_nothing_steps_down():
    with HostedTranscriber(paced(0.5, smaller="quick_one"), wait=True, tuning=HASTY) as host:
        for at in range(0, 5 * RATE_HZ, BLOCK):
            host.push(CALL[at : at + BLOCK])
        assert host.finish()
        assert host.status.step is None
        assert host.name == "paced 0.5"
        assert set(host.warnings) == {"a pass every 1 s"}


def test_a_recogniser_that_has_no_passes_stays_as_it_is():
    with HostedTranscriber(fake(wall_s=1.5), wait=False, tuning=HASTY) as host:
        assert host.wait_ready(PATIENT_S)
        call = Call(host)
        call.go_on(lambda: host.status.lag_s > 1.5)
        assert host.status.step is None
        assert host.behind
