"""The small parts of a live session: quiet, activity, notes, lines, voices and the clerk."""

import json
import threading
from dataclasses import fields
from datetime import datetime, timedelta
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import EnvironmentProblem
from monitor.events import FramesMeasured, LightChanged
from monitor.features.extractor import FeatureExtractor
from monitor.listening import NO_WORDS, CatchingUp, LiveWords
from monitor.live.activity import Ear, LevelMeter, level_dbfs
from monitor.live.call import Lately
from monitor.live.clerk import Clerk
from monitor.live.diary import KEPT_DAYS, DaySummary, Diary
from monitor.live.events import CallEnded, LiveEvent, SettingsChanged, WordsState
from monitor.live.lines import Measures, to_line
from monitor.live.quiet import QuietGate
from monitor.live.words import WordsKeeper, badge_of
from monitor.profile import ProfileStore
from monitor.settings import Settings
from monitor.types import RATE_HZ, Baseline, Light, Reason
from tests.live_fakes import Desk, call_audio, until

VOICE = Baseline(-25.0, 2.0, 20.0, 2.0, -8.0, 2.5, 2.5, 4.4, 60.0)
RAISED = (Reason("voice.raised", "voice above your usual"),)


class TestQuietGate:
    LIGHTS = st.sampled_from(
        [(Light.GREY, ()), (Light.GREEN, ()), (Light.AMBER, RAISED), (Light.RED, RAISED), (Light.GREY, RAISED)]
    )

    @given(st.lists(st.one_of(LIGHTS, st.booleans()), max_size=20))
    def test_whatever_happens_the_right_light_shows(self, steps):
        gate, true, shown = QuietGate(), None, None
        for step in steps:
            if step is True:
                told = gate.begin(10.0)
            elif step is False:
                told = gate.end()
            else:
                true = step
                told = gate.let(LightChanged(1.0, *step, "softer" if step[0] is Light.AMBER else None))
            if told is not None:
                shown = (told.light, told.reasons)
                assert told.cue is None or gate.until_s is None
            if true is not None:
                hidden = gate.until_s is not None and true[0] in (Light.AMBER, Light.RED)
                assert shown == ((Light.GREEN, ()) if hidden else true)

    def test_nothing_is_told_where_nothing_is_known(self):
        gate = QuietGate()
        assert gate.begin(5.0) is None
        assert gate.end() is None


class TestLevels:
    def test_a_sine_of_full_scale(self):
        sine = np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ, dtype=np.float32)
        meter = LevelMeter()
        told = [levels for at in range(0, RATE_HZ, 320) if (levels := meter.push(sine[None, at : at + 320]))]
        assert len(told) == 16  # of 60 ms, as three blocks of 20 ms make the first 50 ms
        assert all(levels[0] == pytest.approx(-3.01, abs=0.05) for levels in told)

    def test_channels_that_come_and_go(self):
        meter = LevelMeter()
        assert len(meter.push(np.ones((1, 800)))) == 1
        assert meter.push(np.ones((2, 800))) == (0.0, 0.0)

    def test_nothing_at_all(self):
        assert level_dbfs(0.0) == -120.0


class TestEar:
    def test_speech_is_counted_and_forgotten(self):
        y = call_audio(0, 8)[0]
        ear, extractor = Ear(0.0), FeatureExtractor()
        truth = sum(float((f.speech > 0.5).sum()) for f in extractor.push(y)) / 100
        for at in range(0, len(y), 320):
            ear.hear(y[at : at + 320], (at + 320) / RATE_HZ)
        assert ear.spoken_s(8.0, 30.0) == pytest.approx(truth, abs=0.3)
        assert 7 < ear.last_s <= 8
        ear.note(next(iter(FeatureExtractor().push(np.zeros(RATE_HZ, np.float32)))), 60.0)
        assert ear.spoken_s(60.0, 30.0) == 0


class TestLately:
    @given(st.lists(st.integers(1, 3000), min_size=1, max_size=40))
    def test_the_newest_samples_without_a_gap(self, lengths):
        y = np.arange(sum(lengths), dtype=np.float32)[None]
        lately, at = Lately(0.5), 0
        for length in lengths:
            lately.push(y[:, at : at + length])
            at += length
        kept = np.concatenate(lately.take(), axis=1)
        assert min(8000, y.shape[1]) <= kept.shape[1] < 8000 + 3000
        np.testing.assert_array_equal(kept, y[:, -kept.shape[1] :])
        assert not lately.take()

    def test_another_number_of_channels_begins_anew(self):
        lately = Lately(1.0)
        lately.push(np.zeros((1, 100), np.float32))
        lately.push(np.zeros((2, 50), np.float32))
        assert [y.shape for y in lately.take()] == [(2, 50)]


class TestClerk:
    def test_problems_are_told_and_the_next_job_is_done(self, caplog):
        told, done = [], []

        def fail(error):
            raise error

        clerk = Clerk(told.append)
        clerk.ask(lambda: fail(EnvironmentProblem("The disk is full.")))
        clerk.ask(lambda: fail(ValueError("oops")))
        clerk.ask(lambda: done.append(threading.current_thread().name))
        assert clerk.close(10)
        assert told == ["The disk is full.", "Something could not be stored; the program's log tells more."]
        assert done == ["evenkeel-clerk"]
        assert "oops" in caplog.text

    def test_without_work_there_is_no_thread(self):
        before = threading.active_count()
        assert Clerk(print).close(0)
        assert threading.active_count() == before


@pytest.fixture(scope="module")
def finished_call(tmp_path_factory):
    with Desk(tmp_path_factory.mktemp("desk")) as desk:
        desk.session.begin_call("Ms Smith")
        desk.settle()
        desk.say(call_audio(0, 40))
        desk.session.end_call()
        desk.result()
        until(lambda: desk.session.today().calls == 1)
    return desk


class TestDiary:
    def test_a_call_is_noted_without_audio_or_transcript(self, finished_call, tmp_path):
        result = finished_call.result()
        diary, began = Diary(tmp_path), datetime(2026, 3, 4, 9, 30).astimezone()
        diary.note_call("call one", began, result)
        diary.note_call("call two", began, result)
        summary = diary.summary(began.date())
        assert summary.calls == 2
        assert summary.duration_s == pytest.approx(80.0)
        assert summary.green_s + summary.grey_s == pytest.approx(80.0)
        path = tmp_path / "days" / "2026-03-04.jsonl"
        assert path.stat().st_mode & 0o777 == 0o600
        assert set(json.loads(path.read_text().splitlines()[0])) == {
            "call", "began", "duration_s", "summary", "flags", "met",
        }  # fmt: skip
        assert "Smith" not in path.read_text()

    def test_a_day_without_calls(self, tmp_path):
        assert Diary(tmp_path).summary(datetime.now().date()) == DaySummary()

    def test_damaged_lines_are_left_out(self, finished_call, tmp_path):
        diary, began = Diary(tmp_path), datetime(2026, 3, 4).astimezone()
        diary.note_call("call", began, finished_call.result())
        path = tmp_path / "days" / "2026-03-04.jsonl"
        path.write_text("{\n[]\n7\n" + path.read_text() + '{"summary": {}}\n\xff')
        assert diary.summary(began.date()).calls == 1

    def test_old_days_are_forgotten(self, finished_call, tmp_path):
        diary, began = Diary(tmp_path), datetime(2026, 3, 4).astimezone()
        old = began - timedelta(days=KEPT_DAYS + 1)
        diary.note_call("old", old, finished_call.result())
        diary.note_call("new", began, finished_call.result())
        assert [path.name for path in (tmp_path / "days").iterdir()] == ["2026-03-04.jsonl"]

    def test_a_dispute_is_kept(self, tmp_path):
        with Desk(tmp_path) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, 2))
            desk.session.dispute("voice.raised", "voice above your usual", "I had to be heard over a drill")
            desk.session.end_call()
            desk.result()
            path = tmp_path / "disputes.jsonl"
            until(path.exists)
            until(path.read_text)
            call = desk.began()[0].call
        line = json.loads(path.read_text())
        assert datetime.fromisoformat(line.pop("at")).tzinfo is not None
        assert line == {
            "call": call, "call_s": pytest.approx(2.0), "subject": "voice.raised", "text": "voice above your usual",
            "note": "I had to be heard over a drill", "light": "grey",
        }  # fmt: skip
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_disk_that_cannot_be_written_is_told(self, tmp_path):
        folder = tmp_path / "file"
        folder.write_text("in the way")
        with Desk(folder) as desk:
            desk.session.dispute("voice.raised", "x")
            until(lambda: "Warned" in desk.story())
        assert str(folder) in desk.events[[type(e).__name__ for e in desk.events].index("Warned")].text


class TestLines:
    def test_every_event_is_a_line(self, finished_call):
        lines = [json.loads(to_line(event)) for event in finished_call.events if not isinstance(event, FramesMeasured)]
        assert {line["event"] for line in lines} >= {
            "session_changed", "capture_changed", "call_began", "light_changed", "turn_ended", "baseline_learned",
            "levels_measured", "words_changed", "call_ended",
        }  # fmt: skip
        ended = next(line for line in lines if line["event"] == "call_ended")
        assert ended["result"]["schema"] == "evenkeel.call/1"
        assert json.loads(to_line(SettingsChanged(1.0, Settings())))["settings"]["sensitivity"] == "normal"

    def test_names_of_kinds_and_fields_are_those_of_the_documentation(self, root):
        text = (root / "docs" / "live.md").read_text()
        for kind in get_args(LiveEvent):
            if kind is FramesMeasured:
                continue
            snake = "".join("_" + c.lower() if c.isupper() else c for c in kind.__name__).lstrip("_")
            assert f"`{snake}`" in text, snake
            for field in fields(kind):
                assert f"`{field.name}`" in text, (snake, field.name)

    def test_measures_are_thinned(self, finished_call):
        measures = Measures()
        events = [event for event in finished_call.told(FramesMeasured) if event.channel == 0]
        lines = [json.loads(line) for event in events for line in measures.lines(event)]
        assert 380 <= len(lines) <= 402
        assert np.diff([line["at_s"] for line in lines]).min() > 0.09
        assert len([line for event in events for line in measures.lines(event)]) == len(lines), "of the next call"
        assert {*lines[0]} == {
            "event", "at_s", "channel", "level_dbfs", "f0_hz", "effort_db", "noise_dbfs", "speech", "clipped",
        }  # fmt: skip
        assert any(line["f0_hz"] for line in lines)
        assert any(line["f0_hz"] is None for line in lines)


class TestVoices:
    def test_kept_and_read(self, tmp_path):
        store = ProfileStore(tmp_path)
        assert store.load("Anna") == (None, None)
        store.store("Anna", VOICE)
        assert store.load("Anna") == (ProfileStore.stored("Anna", VOICE), None)
        assert store.path("Anna").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("content", ["", "{}", '{"level_dbfs": 1e999}', "\x00"])
    def test_a_damaged_one_is_set_aside(self, tmp_path, content):
        store = ProfileStore(tmp_path)
        store.store("Anna", VOICE)
        store.path("Anna").write_text(content)
        voice, sentence = store.load("Anna")
        assert voice is None
        assert sentence == (
            "The stored voice “Anna” was damaged; it will be learnt anew. The old file is now Anna.json.damaged."
        )
        assert store.path("Anna").with_name("Anna.json.damaged").read_text() == content
        assert store.load("Anna") == (None, None)

    def call(self, folder, *, agreed, seconds=40):
        with Desk(folder, profile="Anna", learn_from_calls=agreed) as desk:
            desk.session.begin_call()
            desk.settle()
            desk.say(call_audio(0, seconds))
            desk.session.end_call()
            desk.result()
            return desk.told(CallEnded)[0]

    def test_nothing_is_learnt_until_agreed(self, tmp_path):
        for agreed in (None, False):
            assert not self.call(tmp_path, agreed=agreed).learnt
        assert not (tmp_path / "profiles").exists()

    def test_learnt_and_used_by_the_next_call(self, tmp_path):
        first = self.call(tmp_path, agreed=True)
        assert first.learnt
        assert first.result.engine.profile is None
        second = self.call(tmp_path, agreed=False, seconds=5)
        assert second.result.engine.profile.startswith("Anna@")
        assert second.result.lights[0].light is Light.GREEN

    def test_a_call_with_little_speech_teaches_nothing(self, tmp_path):
        ProfileStore(tmp_path).store("Anna", VOICE)
        assert not self.call(tmp_path, agreed=True, seconds=6).learnt
        assert ProfileStore(tmp_path).load("Anna")[0].baseline == VOICE


class FakeWords:
    """A recogniser whose answers a test gives; ``lag_s`` falls by what ``answer_s`` says at each look."""

    name, warnings = "fake", ()

    def __init__(self, state="ready", lags=()):
        self.state, self.pieces, self.closed = state, [], threading.Event()
        self._lags = iter(lags)
        self.lag_s = 0.0

    @property
    def status(self):
        self.lag_s = next(self._lags, 0.0)
        return self

    def push(self, y):
        self.pieces.append(len(y))
        return []

    def finish(self):
        return []

    def close(self):
        self.closed.set()


class TestWords:
    def test_one_is_ready_and_the_last_wanted_one_counts(self):
        keeper, slow = WordsKeeper(), threading.Event()
        first, second = LiveWords("first", FakeWords()), LiveWords("second", FakeWords())

        def build_first():
            slow.wait(30)
            return first

        keeper.prepare(build_first)
        assert keeper.pending
        assert keeper.spare is None
        keeper.prepare(lambda: second)
        until(lambda: keeper.spare is second)
        slow.set()
        assert first.transcriber.closed.wait(30)
        assert keeper.take(30) is second
        assert keeper.spare is None
        assert keeper.take(0) is NO_WORDS

    def test_one_that_is_not_there_in_time_is_told(self):
        keeper, slow, words = WordsKeeper(), threading.Event(), LiveWords("slow", FakeWords())
        keeper.prepare(lambda: (slow.wait(30), words)[1])
        assert badge_of(keeper.take(0.01)).text == (
            "Words are not heard in this call: the recogniser was not ready in time."
        )
        slow.set()
        assert words.transcriber.closed.wait(30)

    def test_what_waits_is_closed_at_the_end(self):
        keeper, words = WordsKeeper(), LiveWords("one", FakeWords())
        keeper.prepare(lambda: words)
        until(lambda: keeper.spare is words)
        keeper.close()
        assert words.transcriber.closed.is_set()
        keeper.prepare(lambda: words)
        assert not keeper.pending
        assert keeper.take(0) is NO_WORDS

    @pytest.mark.parametrize("error", [EnvironmentProblem("There is none."), ValueError("oops")])
    def test_none_can_be_had(self, error):
        def build():
            raise error

        keeper = WordsKeeper()
        keeper.prepare(build)
        words = keeper.take(30)
        state, text, recogniser = badge_of(words)
        assert (state, recogniser) == (WordsState.ABSENT, "none")
        assert text.startswith("Words are not heard, only the voice is judged")

    @pytest.mark.parametrize(
        ("state", "badge"),
        [("starting", "starting"), ("ready", "hearing"), ("behind", "behind"), ("restarting", "restarting")],
    )
    def test_badge(self, state, badge):
        assert badge_of(LiveWords("pocketsphinx", FakeWords(state)))[0] == badge

    def test_basic_detection_is_called_so(self):
        words = LiveWords("pocketsphinx", FakeWords())
        assert badge_of(words) == (WordsState.HEARING, "Words are heard (basic detection).", "pocketsphinx")

    def test_what_was_kept_is_taken_in_pieces_and_waited_for(self):
        words = FakeWords(lags=[0.5, 0.3, 0.0, 0.0])
        catching = CatchingUp(words, 4000)
        catching.push(np.zeros(1600, np.float32))
        assert words.pieces == [800, 800]
        assert next(words._lags, "none") == "none"
        catching.push(np.zeros(2400, np.float32))
        catching.push(np.zeros(2400, np.float32))
        assert words.pieces[-1] == 2400

    def test_patience_has_an_end(self):
        words = FakeWords(lags=[9.0] * 100_000)
        catching = CatchingUp(words, 100_000)
        catching.PATIENCE_S = 0.05
        catching._patience_s = 0.05
        for _ in range(5):
            catching.push(np.zeros(1600, np.float32))
        assert len(words.pieces) == 10
