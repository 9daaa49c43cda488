"""What a live session does with calls, commands, quiet and settings; sound is handed over, nothing is waited for."""

import numpy as np
import pytest

from monitor.events import FramesMeasured, LightChanged, Warned
from monitor.live.events import (
    AGENT,
    CUSTOMER,
    CallBegan,
    CallEnded,
    CaptureChanged,
    CaptureState,
    CustomerNamed,
    LevelsMeasured,
    SessionChanged,
    SettingsChanged,
    WordsChanged,
    WordsState,
)
from monitor.policy.load import load_policy
from monitor.policy.sensitivity import tuned
from monitor.settings import Settings
from monitor.types import RATE_HZ, Light
from tests.live_fakes import Desk, call_audio, silence, until


def test_a_call_on_request(tmp_path):
    with Desk(tmp_path) as desk:
        desk.say(silence(1))
        desk.session.begin_call("Ms Smith")
        desk.settle()
        desk.say(call_audio(0, 10))
        desk.session.end_call()
        result = desk.result()
    began = desk.told(CallBegan)[0]
    assert (began.customer, began.automatic, began.keeps_audio) == ("Ms Smith", False, False)
    assert began.at_s == pytest.approx(1.0)
    assert result.source.duration_s == pytest.approx(10.0)
    assert result.source.name == began.call
    assert desk.states() == ["ready", "in_call", "ready", "ended"]
    story = desk.story()
    assert story.index("SessionChanged", story.index("CallBegan") + 2) < story.index("CallEnded")


def test_between_calls_only_levels_are_told(tmp_path):
    with Desk(tmp_path) as desk:
        desk.say(call_audio(0, 5))
    levels = desk.told(LevelsMeasured)
    assert 80 <= len(levels) <= 101
    assert all(len(event.levels_dbfs) == 2 for event in levels)
    assert max(event.levels_dbfs[AGENT] for event in levels) > -30
    assert not desk.told(FramesMeasured)


def test_digital_silence_has_a_level(tmp_path):
    with Desk(tmp_path) as desk:
        desk.say(np.zeros((2, RATE_HZ)))
    assert {event.levels_dbfs for event in desk.told(LevelsMeasured)} == {(-120.0, -120.0)}


def test_beginning_twice_only_names_the_customer(tmp_path):
    with Desk(tmp_path) as desk:
        desk.session.begin_call()
        desk.session.begin_call("Mr Jones")
        desk.session.name_customer("Mr Jones")
        desk.session.name_customer("Dr Jones")
        desk.settle()
        status = desk.session.status()
    assert len(desk.began()) == 1
    assert [event.customer for event in desk.told(CustomerNamed)] == ["Mr Jones", "Dr Jones"]
    assert (status.customer, str(status.state), status.automatic) == ("Dr Jones", "in_call", False)


def test_a_name_that_was_given_reaches_the_checklist(tmp_path):
    with Desk(tmp_path) as desk:
        desk.session.begin_call()
        desk.settle()
        known = desk.session._engine.calls.current._pipeline._customer
        assert not known.known
        desk.session.name_customer("Ms Smith")
        desk.settle()
        assert known.known


def test_a_call_begins_by_itself_with_the_seconds_before_it(tmp_path):
    with Desk(tmp_path, calls="automatic", end_after_s=5) as desk:
        desk.say(silence(10))
        assert not desk.began()
        desk.say(call_audio(0, 8))
        desk.wait_for(CallBegan)
        desk.say(silence(6))
        result = desk.result()
        began, ended = desk.told(CallBegan)[0], desk.told(CallEnded)[0]
    assert began.automatic
    # The agent begins to speak 1.0 s into the recording, and 0.8 s of speech are enough.
    assert 11.4 - 3 < began.at_s < 12.6 - 3
    first = min(turn.start_s for turn in result.turns if turn.speaker == "agent")
    assert began.at_s + first == pytest.approx(11.04, abs=0.3)
    assert ended.at_s <= 24.1


def test_the_customer_alone_begins_a_call(tmp_path):
    y = call_audio(0, 8)
    y[AGENT] = silence(8, 1)
    y[CUSTOMER] = call_audio(0, 8)[AGENT]
    with Desk(tmp_path, calls="automatic") as desk:
        desk.say(y)
        desk.wait_for(CallBegan)


def test_noise_begins_no_call(tmp_path):
    rng = np.random.default_rng(2)
    with Desk(tmp_path, calls="automatic") as desk:
        desk.say(silence(3))
        desk.say((0.05 * rng.standard_normal((2, 8 * RATE_HZ))).astype(np.float32))
    assert not desk.began()


def test_what_is_said_on_after_a_call_was_ended_is_no_new_call(tmp_path):
    with Desk(tmp_path, calls="automatic") as desk:
        desk.say(call_audio(14, 22))
        desk.wait_for(CallBegan)
        desk.session.end_call()
        desk.settle()
        desk.say(call_audio(14, 22))
        assert len(desk.began()) == 1
        desk.say(silence(7))
        desk.say(call_audio(14, 22))
        desk.wait_for(CallBegan, 2)


def test_after_a_pause_the_next_call_begins_at_once(tmp_path):
    with Desk(tmp_path, calls="automatic", end_after_s=600) as desk:
        desk.say(call_audio(0, 10))
        desk.session.pause()
        until(desk.source.closed.is_set)
        desk.session.resume()
        until(lambda: len(desk.sources) == 2)
        desk.say(call_audio(10, 16))
        assert len(desk.began()) == 2


def test_a_call_on_request_does_not_end_by_itself(tmp_path):
    with Desk(tmp_path, calls="automatic", end_after_s=5) as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(silence(9))
        assert str(desk.session.status().state) == "in_call"


def test_two_calls_in_a_row(tmp_path):
    with Desk(tmp_path) as desk:
        for _ in range(2):
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 3))
            desk.session.end_call()
        until(lambda: len(desk.told(CallEnded)) == 2)
    names = [event.call for event in desk.began()]
    assert len(set(names)) == 2
    assert [event.call for event in desk.told(CallEnded)] == names


def test_an_empty_call_has_a_result(tmp_path):
    with Desk(tmp_path) as desk:
        desk.session.begin_call()
        desk.session.end_call()
        assert desk.result().source.duration_s == 0


def test_closing_ends_the_call(tmp_path):
    desk = Desk(tmp_path)
    desk.session.begin_call()
    desk.settle()
    desk.say(call_audio(0, 3))
    desk.session.close()
    assert desk.told(CallEnded)[0].result.source.duration_s == pytest.approx(3.0)
    assert [type(event) for event in desk.events[-1:]] == [CallEnded]
    assert desk.states()[-1] == "ended"
    assert desk.source.closed.is_set()
    desk.session.close()


def test_a_source_that_ends_ends_the_session(tmp_path):
    desk = Desk(tmp_path, start=False)
    desk.session.begin_call()
    desk.session.start()
    desk.source.say(call_audio(0, 3))
    desk.source.end()
    assert desk.result().source.duration_s == pytest.approx(3.0)
    desk.session.close()
    assert desk.states()[-1] == "ended"


def test_pause_closes_the_devices_and_ends_the_call(tmp_path):
    with Desk(tmp_path) as desk:
        desk.session.begin_call()
        desk.settle()
        desk.on_change(AGENT, CaptureState.HEARING, "Headset", "Hearing Headset.")
        desk.say(call_audio(0, 3))
        desk.session.pause()
        assert desk.sources[0].closed.wait(10)
        assert desk.result().source.duration_s == pytest.approx(3.0)
        desk.session.begin_call()
        desk.settle()
        assert len(desk.began()) == 1
        assert [event.id for event in desk.told(Warned)] == ["paused"]
        assert desk.session.status().devices[AGENT][:2] == ("Headset", CaptureState.CLOSED)
        desk.session.resume()
        until(lambda: len(desk.sources) == 2)
        desk.say(silence(1))
    assert desk.states() == ["ready", "in_call", "ready", "paused", "ready", "ended"]


class TestQuiet:
    # The agent's voice is raised near the end of the second minute of the bundled call.
    def run(self, tmp_path, *, quiet):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            if quiet:
                desk.session.quiet(70)
            desk.settle()
            desk.say(call_audio(0, 60))
            now = [e.light for e in desk.told(LightChanged)]
            desk.say(silence(12))
            desk.session.end_call()
            result = desk.result()
        return now, desk, result

    def test_nothing_is_shown_and_all_is_judged(self, tmp_path):
        loud, _, result = self.run(tmp_path / "a", quiet=False)
        assert Light.AMBER in loud
        shown, desk, quiet_result = self.run(tmp_path / "b", quiet=True)
        assert Light.AMBER not in shown
        assert Light.GREEN in shown
        assert quiet_result.lights == result.lights
        assert not [event for event in desk.told(LightChanged) if event.cue]
        changes = [(str(e.state), e.quiet_until_s) for e in desk.told(SessionChanged)]
        assert ("in_call", 70.0) in changes
        assert changes[changes.index(("in_call", 70.0)) + 1] == ("in_call", None)

    def test_the_true_light_is_told_when_quiet_ends(self, tmp_path):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.session.quiet(1000)
            desk.settle()
            desk.say(call_audio(0, 58))
            assert desk.session.status().light == "amber"
            assert desk.told(LightChanged)[-1].light is Light.GREEN
            desk.session.quiet(0)
            desk.settle()
            assert desk.told(LightChanged)[-1].light is Light.AMBER
            assert desk.told(LightChanged)[-1].cue is None
            desk.session.quiet(5)
            desk.settle()
            assert desk.told(LightChanged)[-1].light is Light.GREEN


class TestChange:
    def test_devices_are_opened_anew_and_the_call_goes_on(self, tmp_path):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 3))
            changed = desk.settings.model_copy(update={"agent_device": "another"})
            desk.session.change(changed)
            until(lambda: len(desk.sources) == 2)
            desk.say(call_audio(3, 6))
            desk.session.end_call()
            result = desk.result()
        assert desk.sources[0].closed.is_set()
        assert desk.told(SettingsChanged)[0].settings == changed
        assert 6.0 <= result.source.duration_s < 10.0

    def test_a_source_that_was_replaced_is_not_heard_any_more(self, tmp_path):
        with Desk(tmp_path) as desk:
            desk.say(silence(1))
            old = desk.on_change
            desk.session.change(desk.settings.model_copy(update={"agent_device": "another"}))
            until(lambda: len(desk.sources) == 2)
            old(AGENT, CaptureState.LOST, "old", "Lost.")
            desk.settle()
        assert CaptureState.LOST not in [event.state for event in desk.told(CaptureChanged)]

    def limit(self, folder, sensitivity):
        """What each measure was held against near the end, where it was raised, with this choice from 0:50 on."""
        with Desk(folder) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 50))
            desk.session.change(desk.settings.model_copy(update={"sensitivity": sensitivity}))
            desk.settle()
            desk.say(call_audio(50, 60))
            desk.session.end_call()
            result = desk.result()
            fingerprint = desk.session.status().policy
        limits = {r.text: r.limit for span in result.lights if span.light is Light.AMBER for r in span.reasons}
        return limits, result.warnings, fingerprint

    def test_sensitivity_holds_at_once_and_the_result_tells(self, tmp_path):
        normal, warnings, fingerprint = self.limit(tmp_path / "a", "normal")
        assert not warnings
        calm, warnings, other = self.limit(tmp_path / "b", "calm")
        assert warnings == ("the sensitivity was changed to calm at 0:50",)
        both = set(normal) & set(calm)
        assert both
        assert all(calm[text] == pytest.approx(1.25 * normal[text], rel=0.05) for text in both)
        assert fingerprint != other

    def test_another_policy_waits_for_the_next_call_whatever_else_changes(self, tmp_path):
        path = tmp_path / "strict.toml"
        path.write_text('[policy]\nname = "strict"\n[thresholds."voice.raised"]\namber = 0.6\n')
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.session.change(desk.settings.model_copy(update={"policy": str(path), "sensitivity": "calm"}))
            desk.settle()
            call = desk.session._engine.calls.current
            assert call._pipeline._voice._limits.raised.amber == tuned(load_policy(), "calm").thresholds.raised.amber
            assert desk.session.status().policy.startswith("strict@")

    def test_a_policy_that_cannot_be_used_is_told_and_the_built_in_one_used(self, tmp_path):
        with Desk(tmp_path, policy="nowhere.toml") as desk:
            desk.settle()
            assert desk.session.status().policy.startswith("upset-customer-en@")
        warned = desk.told(Warned)[0]
        assert warned.id == "policy"
        assert warned.text.endswith("The built-in policy is used instead.")

    def test_a_recogniser_that_is_missing_is_told_by_the_badge(self, tmp_path):
        with Desk(tmp_path, recogniser="whisper", model=str(tmp_path / "none")) as desk:
            while WordsState.ABSENT not in [event.state for event in desk.told(WordsChanged)]:
                desk.say(silence(0.5))
        assert "Words are not heard" in desk.told(WordsChanged)[-1].text


class TestUnheard:
    def run(self, tmp_path, agent, customer):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(np.concatenate([agent, customer]))
            return desk, [event.state for event in desk.told(CaptureChanged)]

    def test_the_customer_talks_and_the_agent_is_not_heard(self, tmp_path):
        talk = call_audio(14, 59)[:1]
        desk, states = self.run(tmp_path, silence(talk.shape[1] / RATE_HZ, 1), talk)
        assert states == [CaptureState.HEARING, CaptureState.UNHEARD]
        told = desk.told(CaptureChanged)[-1]
        assert (told.channel, told.device) == (AGENT, "desk microphone")
        assert 30 <= told.at_s <= 40

    def test_it_is_taken_back_when_the_agent_speaks(self, tmp_path):
        talk = call_audio(14, 59)[:1]
        agent = silence(talk.shape[1] / RATE_HZ, 1)
        agent[:, -10 * RATE_HZ :] = talk[:, : 10 * RATE_HZ]
        _, states = self.run(tmp_path, agent, talk)
        assert states == [CaptureState.HEARING, CaptureState.UNHEARD, CaptureState.HEARING]

    def test_who_was_heard_may_listen_for_long(self, tmp_path):
        """An upset customer talks for a minute, and the agent does well to say nothing."""
        talk = np.tile(call_audio(14, 44)[:1], 2)
        agent = silence(talk.shape[1] / RATE_HZ, 1)
        agent[:, : 10 * RATE_HZ] = talk[:, : 10 * RATE_HZ]
        _, states = self.run(tmp_path, agent, talk)
        assert states == [CaptureState.HEARING]

    def test_it_is_over_with_the_call(self, tmp_path):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.settle()
            talk = call_audio(14, 54)[:1]
            desk.say(np.concatenate([silence(talk.shape[1] / RATE_HZ, 1), talk]))
            assert desk.session.status().devices[AGENT][1] is CaptureState.UNHEARD
            assert desk.session.status().light == "grey", "who is not heard cannot be judged"
            desk.session.end_call()
            desk.settle()
            assert desk.session.status().devices[AGENT][1] is CaptureState.HEARING
        states = [event.state for event in desk.told(CaptureChanged)]
        assert states == [CaptureState.HEARING, CaptureState.UNHEARD, CaptureState.HEARING]

    def test_both_are_silent(self, tmp_path):
        _, states = self.run(tmp_path, silence(45, 1), silence(45, 1))
        assert states == [CaptureState.HEARING]


def test_settings_are_those_given(tmp_path):
    settings = Settings(recogniser="none", calls="manual", profile="Anna (headset)")
    with Desk(tmp_path, settings) as desk:
        desk.settle()
    assert desk.session._engine.settings == settings
