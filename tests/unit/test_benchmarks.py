"""The benchmarks' scoring, on truth made by hand; no recording is read and no time is measured."""

import importlib.util
import json
import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import escalation_sets, meter, pace_counts, pitch, recordings, report, sound, speed, stages
from benchmarks.data import Clip, corpus, data_folder
from benchmarks.escalation_calls import build_call, effort_label, speakers_of
from monitor.errors import BugError, EnvironmentProblem
from monitor.truth.lights import Part, lit, pooled, score_call, summary
from tests.signals import buzz, silence

PARTS = [Part(1.0, 50.0, "calm"), Part(50.0, 62.0, "raised"), Part(62.0, 90.0, "calm"), Part(90.0, 100.0, "raised")]
VOICE, WORDS = [{"id": "voice.raised"}], [{"id": "say.calm_down"}]


def lights(*spans):
    return {"lights": [{"start_s": a, "end_s": b, "light": light, "reasons": why} for a, b, light, why in spans]}


CASES = {
    "nothing": lights((0.0, 100.0, "green", [])),
    "both found": lights((51.0, 60.0, "amber", VOICE), (60.0, 63.5, "red", VOICE), (90.5, 99.0, "red", VOICE)),
    "words do not count": lights((51.0, 60.0, "red", WORDS), (91.0, 95.0, "amber", VOICE + WORDS)),
    "false ones": lights((20.0, 22.0, "amber", VOICE), (30.0, 33.0, "red", VOICE), (70.0, 71.0, "amber", VOICE)),
    "in the grace": lights((63.0, 64.0, "amber", VOICE), (66.5, 67.0, "amber", VOICE)),
    "already lit": lights((45.0, 55.0, "amber", VOICE), (85.0, 105.0, "red", VOICE)),
    "flicker": lights((51.0, 52.0, "amber", VOICE), (52.04, 53.0, "amber", VOICE), (53.2, 54.0, "amber", VOICE)),
    "just after": lights((62.5, 64.0, "amber", VOICE), (101.5, 102.0, "amber", VOICE)),
}


def test_hits_delays_and_clearing_are_counted():
    score = score_call(PARTS, CASES["both found"])
    assert score["any"].hit == [1.0, 1.0]
    assert score["any"].delay_s == [1.0, 0.5]
    assert score["any"].clear_s == [1.5, 0.0]
    assert score["red"].hit == [1.0, 1.0]
    assert score["red"].delay_s == [10.0, 0.5]


def test_calm_time_leaves_out_what_follows_a_raised_part():
    assert score_call(PARTS, CASES["nothing"])["any"].calm_s == [49.0, 24.0]
    score = score_call(PARTS, CASES["in the grace"])["any"]
    assert score.false_n == [0.0, 1.0]
    assert score.false_s == [0.0, 0.5]


def test_false_lights_are_counted_per_hour_and_by_colour():
    row = summary(score_call(PARTS, CASES["false ones"]))
    assert row["false_per_h"] == pytest.approx(3 * 3600 / 73)
    assert row["red_false_per_h"] == pytest.approx(3600 / 73)
    assert row["calm_lit"] == pytest.approx(6 / 73)
    assert row["recall"] == 0.0
    assert row["delay_p50_s"] is None


def test_lights_for_words_do_not_count():
    assert score_call(PARTS, CASES["words do not count"])["any"].hit == [0.0, 1.0]
    assert lit(CASES["words do not count"], ("red",)) == []


def test_lights_that_touch_are_one():
    assert lit(CASES["flicker"], ("amber", "red")) == [(51.0, 53.0), (53.2, 54.0)]


def test_calm_speech_alone_has_no_recall():
    row = summary(score_call([Part(1.0, 91.0, "calm")], CASES["false ones"]))
    assert row["recall"] is None
    assert row["episodes"] == 0
    assert row["false_per_h"] == pytest.approx(3 * 40)


@pytest.mark.shared
@pytest.mark.parametrize("name", CASES)
def test_the_score_is_that_of_the_script_it_came_from(shared, name):
    spec = importlib.util.spec_from_file_location("reference_score", shared / "bench" / "escalation_calls.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    truth = {"segments": [part._asdict() for part in PARTS]}
    wanted = reference.score_call(truth, CASES[name])
    score = score_call(PARTS, CASES[name])
    for colour, keys in {"any": ("hit", "delay_s", "clear_s"), "red": ("hit", "delay_s")}.items():
        for key in (*keys, "calm_s", "false_s", "false_n"):
            own = wanted["clear_s"] if key == "clear_s" else wanted[f"{colour}_{key}"]
            assert getattr(score[colour], key) == own, (colour, key)


def test_labels_stand_for_effort():
    assert effort_label("angry|intensity=strong|Kids") == "raised"
    assert effort_label("Neutral|intensity=normal") == "calm"
    assert effort_label("happy|intensity=strong") is None
    assert escalation_sets.mild_label("angry|intensity=strong") is None
    assert escalation_sets.mild_label("angry|intensity=normal") == "raised"
    assert escalation_sets.lively_label("happy|intensity=normal") == "raised"
    assert escalation_sets.lively_label("angry|intensity=normal") is None


def test_only_speakers_with_enough_clips_take_part_and_strong_clips_come_first(tmp_path):
    texts = ["calm|a"] * 4 + ["angry|intensity=normal"] * 2 + ["angry|intensity=strong"]
    clips = [Clip(tmp_path / f"{who}{i}", who, text, 3.0) for who in "ab" for i, text in enumerate(texts)]
    found = speakers_of(clips[:-1], effort_label)  # the second speaker lacks a raised one
    assert list(found) == ["a"]
    assert [path.name for path in found["a"].raised] == ["a6"]


def test_readers_need_forty_seconds(tmp_path):
    clips = [Clip(tmp_path / f"{who}{i}", who, "words", 13.0) for who, n in (("x", 4), ("y", 3)) for i in range(n)]
    assert list(escalation_sets.readers_of(clips)) == ["x"]


def voices():
    return {
        "calm": [np.asarray(buzz(120, 2.0, -30), float)] * 4,
        "raised": [np.asarray(buzz(220, 2.0, -15), float)] * 3,
    }


def test_every_variant_of_a_call_has_the_same_truth():
    calls = {v: build_call(voices(), v, np.random.default_rng(3)) for v in ("raw", "agc", "phone", "noise", "moved")}
    assert len({call.parts for call in calls.values()}) == 1
    assert [part.label for part in calls["raw"].parts] == ["calm", "raised", "calm", "raised", "calm"]
    assert calls["phone"].rate_hz == 8000
    assert len(calls["raw"].y) / 16000 == pytest.approx(calls["raw"].parts[-1].end_s, abs=0.01)
    halves = [sound.rms(half) for half in np.array_split(calls["moved"].y, 2)]
    assert halves[0] > halves[1]


def test_a_call_has_raised_parts_at_the_times_that_its_truth_says():
    call = build_call(voices(), "raw", np.random.default_rng(3))
    calm, raised = (call.y[int(p.start_s * 16000) : int(p.end_s * 16000)] for p in call.parts[:2])
    assert 20 * np.log10(sound.active_rms(raised) / sound.active_rms(calm)) == pytest.approx(15, abs=1)


def test_calls_pool_by_adding_up():
    score = pooled(score_call(PARTS, CASES[name]) for name in ("both found", "nothing"))
    assert score["any"].hit == [1.0, 1.0, 0.0, 0.0]
    assert summary(score)["recall"] == 0.5


def test_the_level_meter_lights_for_what_is_louder_and_for_nothing_else():
    calm, loud = buzz(120, 20.0, -30), buzz(120, 5.0, -20)
    found = meter.meter_result(np.concatenate([calm, loud, calm]).astype(float), 16_000)["lights"]
    assert len(found) == 1
    assert 20.0 < found[0]["start_s"] < 21.0
    assert 25.0 < found[0]["end_s"] < 27.5
    assert meter.meter_result(np.concatenate([calm, silence(3), calm]).astype(float), 16_000)["lights"] == []


def track(f0_hz, step_s=0.01):
    return pitch.Track(np.arange(len(f0_hz)) * step_s, np.asarray(f0_hz, float))


def test_a_perfect_track_has_no_errors():
    truth = np.asarray([0, 0, 100, 110, 120, 0], float)
    rates = pitch.rates(pitch.compare(track(truth, 0.015), truth, 0.0))
    assert rates == {
        "voicing_error_pct": 0.0, "voicing_f1": 1.0, "gross_pct": 0.0, "median_cents": 0.0, "wrong_pct": 0.0
    }  # fmt: skip


def test_pitch_errors_are_told_apart():
    truth = np.asarray([0, 100, 100, 100, 100, 0, 0, 0, 0, 0], float)
    heard = track([0, 0, 200, 100 * 2 ** (10 / 1200), 100, 90, 0, 0, 0, 0], 0.015)
    rates = pitch.rates(pitch.compare(heard, truth, 0.0))
    assert rates["voicing_error_pct"] == pytest.approx(20)  # one missed, one too many
    assert rates["gross_pct"] == pytest.approx(100 / 3)
    assert rates["median_cents"] == pytest.approx(5)  # of 10 and 0
    assert rates["wrong_pct"] == pytest.approx(30)
    assert rates["voicing_f1"] == pytest.approx(2 * 3 / (4 + 4))


def test_the_offset_of_the_reference_is_found():
    truth = np.asarray([0.0] * 10 + [100.0] * 11 + [0.0] * 10)
    times_s = np.arange(460) / 1000
    late = pitch.Track(times_s, np.where((times_s >= 0.147) & (times_s < 0.312), 100.0, 0.0))
    speech = [pitch.Recording(np.zeros(16), 16_000, truth)]
    offset_s = pitch.best_offset_s([late], speech)
    assert pitch.compare(late, truth, offset_s).voicing_wrong == 0


def test_our_track_says_when_its_frames_are():
    found = pitch.ours(np.concatenate([silence(0.5), buzz(150, 0.5), silence(0.5)]).astype(float), 16_000)
    voiced_s = found.time_s[found.f0_hz > 0]
    assert voiced_s[0] == pytest.approx(0.5, abs=0.03)
    assert voiced_s[-1] == pytest.approx(1.0, abs=0.03)
    assert np.median(found.f0_hz[found.f0_hz > 0]) == pytest.approx(150, rel=0.01)


def test_the_telephone_halves_the_rate_and_keeps_the_band():
    through = sound.telephone(np.asarray(buzz(150, 1.0, -20), float))
    assert len(through) == 8000
    power = np.abs(np.fft.rfft(through)) ** 2
    assert power[:250].sum() < 0.02 * power.sum()


def test_the_synthetic_voice_is_heard_as_speech():
    y = recordings.minutes([], 12.0)
    assert len(y) == 12 * 16_000
    ours = pace_counts.count_ours(y)
    assert ours.spoken_s > 4
    assert ours.nuclei > 10
    assert np.array_equal(y, recordings.minutes([], 12.0))


def test_costs_are_per_hour_and_the_goals_use_them():
    hour = speed.Cost(audio_s=1800.0, cpu_s=3.0, wall_s=3.0, peak_mb=90.0)
    assert hour.cpu_s_per_h == 6.0
    names = [f"{length}, {speed.WAV}" for length in ("10 min", "1 h", "4 h", "8 h")]
    goals = speed.goals_of(dict.fromkeys(names, hour))
    assert [report.verdict(goal) for goal in goals] == ["missed", "met", "met", "met"]
    assert {report.verdict(goal) for goal in speed.goals_of({names[0]: hour})} == {"not measured"}


def test_the_watch_counts_each_stage_without_those_inside(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 4.0, 9.0, 10.0])
    monkeypatch.setattr(stages.time, "process_time", lambda: next(clock))
    watch = stages.Watch()
    watch.enter(stages.JUDGE)
    watch.enter(stages.PACE)
    watch.leave()
    watch.leave()
    watch.enter(stages.F0)
    spent = {name: s for name, s in watch.spent_s.items() if s}
    assert spent == {stages.REST: 2.0, stages.JUDGE: 7.0, stages.PACE: 1.0}


@pytest.mark.skipif(sys.platform == "win32", reason="needs wait4")
def test_a_program_is_measured_and_a_failing_one_is_told():
    cost = speed.measure([sys.executable, "-c", "x = bytearray(80_000_000)"], 10.0, 1)
    assert 80 < cost.peak_mb < 150
    assert cost.cpu_s > 0
    with pytest.raises(EnvironmentProblem, match="no such thing"):
        speed.measure([sys.executable, "-c", "raise SystemExit('no such thing')"], 10.0, 1)


TABLE = report.Table("Title", ("name", "n"), [("a|b", "1"), ("longer", "22")], "A note.")
REPORT = report.Report("x", "page.md", {"n": 1}, [TABLE], [report.goal_at_most("n ≤ 2", 1.0, 2.0)], notes=("Last.",))


def test_a_table_is_readable_as_text_and_on_a_page():
    assert report.plain(TABLE) == "Title\nname     n\na|b      1\nlonger  22\nA note."
    assert "| name | n |\n| --- | ---: |\n| a/b | 1 |" in report.markdown(TABLE)


def test_saving_replaces_only_what_stands_between_the_marks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- x: start -->\nold\n<!-- x: end -->\nAfter\n", encoding="utf-8")
    for _ in range(2):
        report.save(REPORT, tmp_path / "results", tmp_path, datetime(2026, 11, 22, tzinfo=UTC))
    text = page.read_text(encoding="utf-8")
    assert text.startswith("Before\n<!-- x: start -->\nMeasured 2026-11-22 on ")
    assert text.endswith("Last.\n<!-- x: end -->\nAfter\n")
    assert "old" not in text
    assert text.count("**Title**") == 1
    kept = json.loads((tmp_path / "results" / "x.json").read_text(encoding="utf-8"))
    assert kept["date"] == "2026-11-22"
    assert kept["figures"] == {"n": 1}
    assert kept["goals"] == [{"goal": "n ≤ 2", "measured": "1.00", "met": True}]


def test_a_page_without_marks_is_our_mistake_and_nothing_is_written(tmp_path):
    (tmp_path / "page.md").write_text("nothing here", encoding="utf-8")
    with pytest.raises(BugError):
        report.save(REPORT, tmp_path / "results", tmp_path)
    assert not list((tmp_path / "results").iterdir())


def test_the_pages_have_a_place_for_every_benchmark(root):
    pages = "".join(page.read_text(encoding="utf-8") for page in sorted((root / "docs").glob("*.md")))
    for name in command.BENCHMARKS:
        assert report.with_section(pages, name, "new") != pages


def test_the_benchmarks_are_listed(capsys):
    assert command.main(["list"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in command.BENCHMARKS)


def test_without_a_name_every_one_runs(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(command, "_run", lambda name, *_, **__: ran.append(name) or 0)
    assert command.main([]) == 0
    assert ran == list(command.BENCHMARKS)
    assert f"All {len(ran)} benchmarks" in capsys.readouterr().err


def test_an_unknown_name_is_answered_with_the_known_ones(capsys):
    assert command.main(["spead"]) == 2
    assert "speed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["escalation", "pitch", "pace"])
def test_missing_recordings_are_one_sentence_and_exit_code_3(name, tmp_path, capsys):
    assert command.main([name, "--data", str(tmp_path)]) == 3
    said = capsys.readouterr().err.strip()
    assert "--data" in said
    assert len(said.splitlines()) == 1


def test_a_manifest_that_lacks_a_column_is_told(tmp_path):
    (tmp_path / "fda").mkdir()
    (tmp_path / "fda" / "manifest.csv").write_text("path,speaker\na.wav,b\n", encoding="utf-8")
    with pytest.raises(EnvironmentProblem, match="needs the columns"):
        corpus(tmp_path, "fda")


def test_a_corpus_that_is_empty_or_too_small_is_told(tmp_path, capsys):
    head = "path,speaker,label_or_transcript,seconds\n"
    for name in ("ravdess", "librispeech", "speechocean"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.csv").write_text(head + "a.wav,b,calm,3.0\n", encoding="utf-8")
    assert command.main(["escalation", "--data", str(tmp_path)]) == 3
    assert "enough recordings" in capsys.readouterr().err
    assert command.main(["pace", "--data", str(tmp_path)]) == 3
    assert "a.wav cannot be read" in capsys.readouterr().err
    (tmp_path / "ravdess" / "manifest.csv").write_text(head, encoding="utf-8")
    assert command.main(["escalation", "--data", str(tmp_path)]) == 3
    assert "names no recordings" in capsys.readouterr().err


def test_the_data_folder_is_asked_for_named_or_beside_the_project(tmp_path, monkeypatch):
    monkeypatch.delenv("EVENKEEL_DATA", raising=False)
    assert data_folder(None).parts[-2:] == ("shared", "data")
    monkeypatch.setenv("EVENKEEL_DATA", str(tmp_path / "named"))
    assert data_folder(None) == tmp_path / "named"
    assert data_folder(tmp_path) == tmp_path


def test_it_runs_as_a_module(root, child_environment):
    program = [sys.executable, "-m", "benchmarks", "list"]
    done = subprocess.run(program, cwd=root, env=child_environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith("escalation ")
