"""Recognisers in real child processes: equal answers, and what happens when one crashes, hangs or lags."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.host import HostedTranscriber, HostState, HostTuning, Recipe
from monitor.errors import BugError, EnvironmentProblem, ParameterError
from monitor.types import RATE_HZ
from tests.host_fakes import CALL, EXIT, PATIENT_S, POISONS, FakeTranscriber, fake, is_gone, speech, until

pytestmark = pytest.mark.timeout(120)

DATA = Path(__file__).parents[1] / "data"
QUICK = HostTuning(back_off_s=(0.01,), still_s=20.0, hang_s=20.0)
ONLY_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of Unix")


def hear(transcriber, y, cuts=(1600,)):
    heard, at, i = [], 0, 0
    while at < len(y):
        heard += transcriber.push(y[at : at + cuts[i % len(cuts)]])
        at += cuts[i % len(cuts)]
        i += 1
    return heard + transcriber.finish()


def declared(passes, y, allowance_s=0.2):
    """Passes of a recogniser in this process as a host declares them."""
    return [replace(h, heard_at_s=min(h.heard_at_s + allowance_s, len(y) / RATE_HZ)) for h in passes]


def hear_some(host, y, block=800):
    """Part of a live call whose recogniser keeps up, however busy this machine is."""
    assert host.wait_ready(PATIENT_S)
    heard = []
    for at in range(0, len(y), block):
        heard += host.push(y[at : at + block])
        until(lambda: host.status.lag_s < 0.1)
    return heard


def finals(passes):
    return [[word.text for word in h.words] for h in passes if h.final]


@settings(max_examples=8)
@given(st.lists(st.integers(0, 30_000), min_size=1, max_size=5).filter(any), st.sampled_from([0.0, 0.2, 1.0]))
def test_offline_is_equal_to_the_recogniser_in_this_process(cuts, allowance_s):
    host = HostedTranscriber(fake(), wait=True, tuning=HostTuning(allowance_s=allowance_s))
    assert hear(host, CALL, cuts) == declared(hear(FakeTranscriber(), CALL), CALL, allowance_s)
    assert host.name == "fake"
    assert host.warnings == ("the fake hears only loudness",)


@pytest.mark.parametrize("block", [160, 1600, 3001])
def test_live_is_equal_too_as_long_as_it_keeps_up(block):
    with HostedTranscriber(fake(), wait=False) as host:
        assert hear_some(host, CALL, block) + host.finish() == declared(hear(FakeTranscriber(), CALL), CALL)
        assert host.status.late == 0
        assert host.status.lost_s == 0
        assert host.warnings == ("the fake hears only loudness",)


def test_pocketsphinx_hears_the_same_in_a_child():
    pytest.importorskip("pocketsphinx")
    from models.registry import make_transcriber

    y = sf.read(DATA / "speech_rms.flac", dtype="float32")[0][: 5 * RATE_HZ]
    arguments = {"name": "pocketsphinx", "phrases": ["calm down", "that's not my department"]}
    expected = declared(hear(make_transcriber(**arguments), y), y)
    assert len(finals(expected)) > 1
    with HostedTranscriber(Recipe("models.registry:make_transcriber", arguments), wait=True) as host:
        assert host.name == "pocketsphinx"
        assert hear(host, y, (4001, 77)) == expected


def test_a_pass_is_returned_by_the_push_that_reaches_it():
    with HostedTranscriber(fake(), wait=True) as host:
        for at in range(0, len(CALL), 800):
            for h in host.push(CALL[at : at + 800]):
                assert at < round(h.heard_at_s * RATE_HZ) <= at + 800


@pytest.mark.parametrize("kind", POISONS)
def test_offline_a_crash_is_mended_without_loss(kind, tmp_path):
    y = speech((0.5, 2.0), (2.5, 6.0), (7.0, 8.0), poison=POISONS[kind], at_s=4.52)
    expected = hear(FakeTranscriber(once=str(DATA)), y)  # a path that exists: nothing happens
    tuning = replace(QUICK, still_s=2.0) if kind == "hang" else QUICK
    host = HostedTranscriber(fake(once=str(tmp_path / "did")), wait=True, tuning=tuning)
    heard = hear(host, y)
    assert [(h.words, h.final) for h in heard] == [
        (tuple(replace(w, start_s=pytest.approx(w.start_s), end_s=pytest.approx(w.end_s)) for w in h.words), h.final)
        for h in expected
    ]
    assert [h.heard_at_s for h in heard] == sorted(h.heard_at_s for h in heard)
    assert [h.utterance for h in heard] == sorted(h.utterance for h in heard)
    assert host.status.lost_s == 0
    verb = "did not answer" if kind == "hang" else "stopped"
    assert f"the recogniser {verb} and was started again 1 time (at 0:04)" in host.warnings


def test_offline_one_poisonous_second_does_not_stop_the_analysis():
    y = speech((0.5, 2.0), (2.5, 6.0), (7.0, 8.0), poison=EXIT, at_s=4.52)
    host = HostedTranscriber(fake(), wait=True, tuning=QUICK)
    heard = hear(host, y)
    assert finals(heard)[0] == ["w10"] * 15
    assert finals(heard)[-1] == ["w30"] * 10
    assert host.status.lost_s == pytest.approx(1.0)
    assert host.status.restarts == 2
    assert "words were not heard for 1.0 s (at 0:04): the recogniser stopped there twice" in host.warnings


def test_offline_a_crash_at_the_very_end_keeps_what_was_heard():
    host = HostedTranscriber(fake(fails_at_end=True), wait=True, tuning=QUICK)
    assert finals(hear(host, CALL)) == [["w10"] * 15, ["w20"] * 15, ["w30"] * 16]
    assert host.status.restarts == 1
    assert any("stopped there twice" in sentence for sentence in host.warnings)


def test_offline_a_recogniser_that_cannot_go_on_ends_with_a_warning():
    y = np.full(60 * RATE_HZ, EXIT, np.float32)
    y[:RATE_HZ] = 0
    tuning = replace(QUICK, most_restarts=3)
    host = HostedTranscriber(fake(), wait=True, tuning=tuning)
    assert hear(host, y) == []
    assert host.state is HostState.OFF
    assert host.status.restarts == 3
    assert any(sentence.endswith("the recogniser could not go on") for sentence in host.warnings)


@ONLY_POSIX
@pytest.mark.parametrize("number", ["SIGKILL", "SIGSTOP"])
def test_live_a_killed_or_frozen_child_is_replaced(number):
    tuning = replace(QUICK, still_s=2.0, back_off_s=(0.5,))
    with HostedTranscriber(fake(), wait=False, tuning=tuning) as host:
        first = hear_some(host, speech((0.2, 1.0), seconds=2))
        pid, states = host.pid, set()
        os.kill(pid, getattr(signal, number))
        host.push(np.zeros(4 * RATE_HZ, np.float32))  # more than a pipe holds
        until(lambda: (host.push(np.zeros(160, np.float32)), states.add(host.state), host.pid not in (None, pid))[2])
        assert HostState.RESTARTING in states
        assert is_gone(pid)
        second = hear_some(host, speech((0.2, 1.0), seconds=2))
        assert host.status.restarts == 1
    assert finals(first) == [["w10"] * 8]
    assert len(finals(second)) == 1
    assert second[0].utterance > first[-1].utterance
    assert second[0].start_s > first[-1].end_s
    verb = "did not answer" if number == "SIGSTOP" else "stopped"
    assert any(sentence.startswith(f"the recogniser {verb} and was started again 1 time") for sentence in host.warnings)


def test_live_a_crash_loses_only_what_was_on_its_way():
    y = speech((0.5, 2.0), (4.0, 5.0), seconds=6, poison=EXIT, at_s=3.0)
    with HostedTranscriber(fake(), wait=False, tuning=QUICK) as host:
        heard = hear_some(host, y) + host.finish()
        assert 0 < host.status.lost_s <= 0.5
    first, second = finals(heard)
    assert first == ["w10"] * 15
    assert len(second) == pytest.approx(10, abs=1)  # the new child's frames start elsewhere


def test_live_push_never_waits_while_the_child_starts_and_what_fits_the_queue_is_heard():
    tuning = HostTuning(queue_s=4.0, finish_s=PATIENT_S)
    with HostedTranscriber(fake("start_slowly", seconds=1.0), wait=False, tuning=tuning) as host:
        for at in range(0, len(CALL), 800):
            assert host.push(CALL[at : at + 800]) == []
        assert host.state is HostState.STARTING
        assert host.name == "recogniser"
        lost_s = host.status.lost_s
        assert host.status.most_queued_s <= 4.0
        heard = host.finish()
        assert host.name == "fake"
    assert finals(heard)[-1] == ["w40"] * 20
    assert 5.0 < lost_s < 8.0
    assert f"words were not heard for {lost_s:.1f} s: the recogniser was still starting" in host.warnings


def test_live_a_slow_recogniser_is_behind_until_it_catches_up():
    with HostedTranscriber(fake(wall_s=0.3), wait=False) as host:
        assert host.wait_ready(PATIENT_S)
        heard = host.push(speech((0.0, 1.0), seconds=2))
        until(lambda: (heard.extend(host.push(np.zeros(16, np.float32))), host.behind)[1])
        assert host.state is HostState.BEHIND
        assert host.status.since_s >= 2.0
        until(lambda: (heard.extend(host.push(np.zeros(0, np.float32))), not host.behind)[1])
        assert host.state is HostState.READY
        assert host.status.late == len(heard) > 0
        assert any(sentence.startswith("words came later than usual") for sentence in host.warnings)


def test_live_a_flood_is_bounded_and_told():
    minute = np.tile(speech((0.5, 2.0), (2.5, 6.0)), 6)
    with HostedTranscriber(fake(wall_s=0.05), wait=False, tuning=HostTuning(finish_s=0.1)) as host:
        assert host.wait_ready(PATIENT_S)
        for _ in range(10):
            for at in range(0, len(minute), 1600):
                host.push(minute[at : at + 1600])
        assert host.status.most_queued_s <= 10.0
        assert host.status.lost_s > 100
        assert host.behind
        host.finish()
        assert host.status.lag_s == 0
        assert any(sentence.endswith("the recogniser fell behind") for sentence in host.warnings)
        assert any(sentence.endswith("before the recogniser was done") for sentence in host.warnings)


def test_what_the_machine_lacks_is_raised_offline():
    for act in (lambda h: h.name, lambda h: h.push(CALL), lambda h: h.finish(), lambda h: h.wait_ready()):
        with (
            HostedTranscriber(fake("refuse"), wait=True) as host,
            pytest.raises(EnvironmentProblem, match="run evenkeel models get"),
        ):
            act(host)


def test_what_the_machine_lacks_is_a_warning_in_a_live_call():
    with HostedTranscriber(fake("refuse"), wait=False, name="whisper") as host:
        assert not host.wait_ready(PATIENT_S)
        assert host.push(CALL) == []
        assert host.finish() == []
        assert host.state is HostState.OFF
        assert host.name == "whisper"
        assert host.warnings == (
            "Words are not heard, only the voice is judged: The weights are missing: run evenkeel models get tiny.en.",
        )
        assert host.pid is None


def test_a_child_that_dies_once_at_its_start_is_started_again(tmp_path):
    host = HostedTranscriber(fake("die_at_start", once=str(tmp_path / "did")), wait=True, tuning=QUICK)
    heard = hear(host, CALL)
    assert [h.words for h in heard] == [h.words for h in hear(FakeTranscriber(), CALL)]
    assert host.status.restarts == 1


def test_a_child_that_always_dies_at_its_start_is_given_up():
    tuning = replace(QUICK, most_restarts=2)
    with HostedTranscriber(fake("die_at_start"), wait=True, tuning=tuning) as host:
        with pytest.raises(EnvironmentProblem, match="evenkeel doctor"):
            host.push(CALL)
        assert host.state is HostState.OFF
        assert host.status.restarts == 2


def test_a_machine_that_starts_no_process_is_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", str(DATA / "no-such-python"))
    with (
        HostedTranscriber(fake(), wait=True, tuning=replace(QUICK, most_restarts=1)) as host,
        pytest.raises(EnvironmentProblem, match="evenkeel doctor"),
    ):
        host.push(CALL)


def test_our_own_mistake_stops_no_analysis(monkeypatch, caplog):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("models.host_supervisor.Worker", broken)
    with HostedTranscriber(fake(), wait=True) as host:
        assert hear(host, CALL) == []
        assert host.state is HostState.OFF
    assert "ZeroDivisionError" in caplog.text


def test_a_start_that_takes_too_long_counts_as_a_hang():
    tuning = replace(QUICK, start_limit_s=0.5, most_restarts=1)
    with (
        HostedTranscriber(fake("start_slowly", seconds=600), wait=True, tuning=tuning) as host,
        pytest.raises(EnvironmentProblem, match="evenkeel doctor"),
    ):
        host.wait_ready()


@pytest.mark.parametrize("factory", ["tests.host_fakes:Missing", "no_such_module:f", "nonsense"])
def test_a_factory_that_is_not_there_is_our_mistake(factory):
    with (
        HostedTranscriber(Recipe(factory, {}), wait=True) as host,
        pytest.raises(BugError, match="no recogniser factory"),
    ):
        host.wait_ready()


def test_no_recogniser_cannot_be_hosted():
    with (
        HostedTranscriber(fake("choose_none"), wait=True) as host,
        pytest.raises(ParameterError, match="none to start"),
    ):
        host.wait_ready()


def test_a_recipe_is_plain_data():
    with pytest.raises(ParameterError, match="plain data"):
        HostedTranscriber(fake(once=lambda: None), wait=True)


def test_printing_does_no_harm_and_the_child_is_modest():
    host = HostedTranscriber(fake("ChattyTranscriber"), wait=True, tuning=HostTuning(threads=3))
    assert finals(hear(host, CALL)) == finals(hear(FakeTranscriber(), CALL))
    assert host.name.endswith(", threads 3")
    assert int(host.name.split()[1].rstrip(",")) >= 10


def test_nothing_is_taken_after_the_end():
    with HostedTranscriber(fake(), wait=True) as host:
        assert host.finish() == []
        assert host.finish() == []
        with pytest.raises(ParameterError, match="finished"):
            host.push(CALL)


def test_what_was_given_up_stays_off_and_is_counted():
    y = speech(seconds=4, poison=EXIT, at_s=1.0)
    with HostedTranscriber(fake(), wait=False, tuning=replace(QUICK, most_restarts=0)) as host:
        assert host.wait_ready(PATIENT_S)
        host.push(y)
        until(lambda: host.state is HostState.OFF)
        assert host.push(CALL) == []
        assert host.finish() == []
        assert 10.0 + 2.0 < host.status.lost_s <= 10.0 + 3.5
        assert any(sentence.endswith("the recogniser could not go on") for sentence in host.warnings)
