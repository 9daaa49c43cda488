"""Learning a usual voice from reading aloud: what is told meanwhile, and what is stored."""

import numpy as np
import pytest

from monitor.live.enrol import SENTENCES, WANTED_S, Enrolment
from monitor.live.events import EnrolmentEnded, EnrolmentProgressed, EnrolmentState
from monitor.profile import ProfileStore
from monitor.types import RATE_HZ
from tests.live_fakes import Desk, call_audio, silence, until


def read_aloud(y):
    enrolment = Enrolment()
    told = [enrolment.push(y[at : at + 1600]) for at in range(0, len(y), 1600)]
    return enrolment, told


@pytest.fixture(scope="module")
def calm():
    return call_audio(0, 50)[0]


def test_a_calm_reading_gives_the_usual_voice(calm):
    enrolment, told = read_aloud(calm)
    assert enrolment.baseline.speech_s >= WANTED_S
    assert -30 < enrolment.baseline.level_dbfs < -20
    states = list(dict.fromkeys(p.state for p in told))
    assert states == [EnrolmentState.LISTENING, EnrolmentState.READY]
    shares = [p.share for p in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert [*dict.fromkeys(p.sentence for p in told)] == [0, 1, 2]
    assert all(p.text for p in told)


def test_silence_gives_none():
    enrolment, told = read_aloud(silence(20, 1)[0])
    assert enrolment.baseline is None
    assert {p.state for p in told} == {EnrolmentState.LISTENING}
    assert told[-1].speech_s == 0


def test_too_loud_is_told_and_not_stored(calm):
    enrolment, told = read_aloud(np.clip(calm * 60, -1, 1))
    assert EnrolmentState.CLIPPING in {p.state for p in told}
    assert enrolment.baseline is None


def test_too_quiet_is_told(calm):
    _, told = read_aloud(calm * 0.01)
    assert EnrolmentState.TOO_QUIET in {p.state for p in told}


def test_sentences_can_be_read_from_a_card():
    assert len(SENTENCES) == 3
    assert all(60 < len(sentence) < 130 for sentence in SENTENCES)


class TestInASession:
    def test_kept(self, tmp_path, calm):
        with Desk(tmp_path, calls="automatic", profile="Anna") as desk:
            desk.session.begin_enrolment()
            desk.settle()
            desk.say(np.stack([calm, calm]))
            assert not desk.began()
            told = desk.told(EnrolmentProgressed)
            assert len(told) <= 10 * len(calm) / RATE_HZ + 1
            assert told[-1].progress.state is EnrolmentState.READY
            desk.session.end_enrolment(keep=True)
            desk.settle()
            (ended,) = desk.told(EnrolmentEnded)
            assert (ended.kept, ended.text) == (True, "Your usual voice is stored on this computer.")
            until(ProfileStore(tmp_path).path("Anna").exists)
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 3))
            desk.session.end_call()
            assert desk.result().engine.profile.startswith("Anna@")

    @pytest.mark.parametrize("keep", [True, False])
    def test_not_kept(self, tmp_path, calm, keep):
        with Desk(tmp_path) as desk:
            desk.session.begin_enrolment()
            desk.settle()
            desk.say(np.stack([calm, calm])[:, : RATE_HZ * (5 if keep else 50)])
            desk.session.end_enrolment(keep)
            desk.session.end_enrolment(keep)
            desk.settle()
            assert [event.kept for event in desk.told(EnrolmentEnded)] == [False]
        assert not (tmp_path / "profiles").exists()

    def test_not_within_a_call_or_while_paused(self, tmp_path):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.session.begin_enrolment()
            desk.settle()
            desk.session.pause()
            desk.session.begin_enrolment()
            desk.settle()
            told = [event.text for event in desk.told(EnrolmentEnded)]
            assert told == ["Finish the call first.", "Evenkeel is paused; resume it first."]
