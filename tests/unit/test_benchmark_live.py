"""The live benchmark's instruments and what it makes of figures; what it measures needs a screen (tests/desktop)."""

import json
import os
import time
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from benchmarks import __main__ as command
from benchmarks import live, live_script, report
from benchmarks.live_watch import Cost, light_of
from benchmarks.sound import RATE_HZ
from ui.palette import LIGHTS


@pytest.mark.parametrize("name", LIGHTS)
def test_a_light_is_known_by_its_colour(name):
    pixels = np.full((40, 60, 3), 230, np.uint8)
    assert light_of(pixels) is None
    pixels[10:20, 10:20] = LIGHTS[name]
    assert light_of(pixels) == name
    pixels[10:20, 10:20] ^= 2  # as a compositor rounds
    assert light_of(pixels) == name


def test_beeps_begin_where_it_says():
    y, starts_s = live_script.beeps(5)
    power = np.convolve(y**2, np.ones(80) / 80, "same")
    for start_s in starts_s:
        at = round(start_s * RATE_HZ)
        assert power[at - 200 : at - 100].max() < 1e-6
        assert power[at + 100 : at + 200].min() > 1e-3
    assert len({round(later - earlier, 3) for earlier, later in pairwise(starts_s)}) > 1


def test_the_bundled_call_is_played_over_and_over_with_its_truth():
    script = live_script.call_script(200.0)
    assert len(script.y) == 2 * round(98.1 * RATE_HZ)
    assert len(script.raised_s) == 2
    assert len(script.phrase_end_s) == 4
    assert script.raised_s[1] - script.raised_s[0] == pytest.approx(98.1)
    for end_s in script.phrase_end_s:
        before = script.y[round((end_s - 0.4) * RATE_HZ) : round(end_s * RATE_HZ)]
        assert np.sqrt((before**2).mean()) > 0.01, "it is said until there"


def test_without_recordings_the_raised_voice_is_that_of_the_call(tmp_path):
    script = live_script.raised_script(tmp_path, 100.0)
    assert script.raised_s == live_script.call_script(100.0).raised_s
    assert "bundled" in script.about


@pytest.mark.shared
def test_a_raised_voice_does_not_clip(shared):
    script = live_script.raised_script(shared / "data", 120.0)
    assert "RAVDESS" in script.about
    assert np.abs(script.y).max() < 0.95


def test_what_is_written_begins_with_a_sample_that_can_be_found(tmp_path):
    import soundfile as sf

    path = live_script.write(tmp_path / "x.wav", np.zeros(100))
    y = sf.read(path, dtype="int16")[0]
    assert y[0] != 0
    assert not y[1:].any()


def test_processor_time_is_counted_for_the_process_and_its_children_apart():
    cost = Cost(psutil.Process(os.getpid()))
    cost.sample()
    end_s = time.process_time() + 0.3
    while time.process_time() < end_s:
        pass
    cost.sample()
    assert cost.percent(cost.cpu_s) > 5
    assert cost.rss_mb[-1] > 20
    cost.at_s, cost.rss_mb = list(range(1800)), [50] * 100 + [60] * 1000 + [70] * 600 + [63] * 100
    assert cost.growth_mb() == 3, "after the warm-up, and whatever was between"
    cost.at_s, cost.rss_mb = list(range(8)), [50, 60, 60, 60, 61, 61, 63, 63]
    assert cost.growth_mb() == 3, "a short run"
    assert Cost(None, at_s=[0, 10, 20]).percent([5.0, 6.0, 0.5]) == 5.0, "a child that was started again"


def test_a_phrase_that_ends_under_a_red_light_is_not_waited_for():
    part = live._Part.__new__(live._Part)
    part.script = live_script.Script(np.zeros(1), (3.0,), (10.0, 20.0, 30.0), "")
    part.clock = SimpleNamespace(start_s=lambda: 100.0)
    told = [(101.0, "green"), (110.6, "red"), (115.0, "green"), (119.0, "red"), (125.0, "green")]
    part.watcher = SimpleNamespace(lights=lambda: told)
    seconds = list(range(100, 161))
    flat = [9.0] * len(seconds)
    part.cost = Cost(None, at_s=seconds, cpu_s=flat, child_cpu_s=flat, rss_mb=flat, child_rss_mb=flat)
    figures = part.figures()
    assert figures["phrases_s"] == [pytest.approx(0.6), None], "the third was never told"
    assert figures["under_red"] == 1
    assert figures["raised_s"] == [None]


FIGURES = {
    "start_s": [0.4, 0.5, 0.6],
    "meter_s": [0.03, 0.05],
    "minutes": 10.0,
    "load": 1.2,
    "voice": {"about": "a", "raised_s": [0.7, 0.9, None], "phrases_s": [], "under_red": 0, "changes": 9,
              "cpu_percent": 2.0, "rss_mb": 110.0, "growth_mb": 0.5, "child_cpu_percent": 0.0, "child_rss_mb": 0.0,
              "lost_s": 0.0, "warnings": []},
    "words": {"about": "b", "raised_s": [], "phrases_s": [0.5, 2.0], "under_red": 1, "changes": 9, "cpu_percent": 2.0,
              "rss_mb": 110.0, "growth_mb": 0.5, "child_cpu_percent": 15.0, "child_rss_mb": 170.0,
              "lost_s": 0.04, "warnings": ["late"]},
}  # fmt: skip


def test_the_report_says_what_was_seen_and_which_goals_are_met():
    made = live.report_of(FIGURES)
    verdicts = {goal.text: report.verdict(goal) for goal in made.goals}
    assert verdicts["raised voice → amber ≤ 1.0 s, p50"] == "met"
    assert verdicts["phrase end → red ≤ 0.8 s, p50 (basic detection)"] == "missed"
    assert (verdicts["no sound is lost"], verdicts["nothing is warned of"]) == ("missed", "missed")
    assert made.notes[-1] == "Warned of: late"
    assert [row[1] for row in made.tables[0].rows] == ["3/3", "2/2", "2/3", "2/2"]
    assert json.dumps(made.figures, allow_nan=False)
    nothing = {**FIGURES, "words": {**FIGURES["words"], "phrases_s": []}}
    assert "not measured" in {report.verdict(goal) for goal in live.report_of(nothing).goals}


def test_a_machine_without_a_sound_system_is_told_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(live, "missing_sound", lambda: "needs pulseaudio: apt-get install -y pulseaudio")
    assert command.main(["live", "--quick"]) == 3
    assert capsys.readouterr().err == "The live benchmark needs pulseaudio: apt-get install -y pulseaudio.\n"


@pytest.mark.parametrize(
    ("quick", "minutes", "measured"), [(False, None, live.MINUTES), (True, None, live.QUICK_MINUTES), (True, 30, 30)]
)
def test_how_long_is_asked_for(monkeypatch, tmp_path, quick, minutes, measured):
    asked = []

    class Rig:
        def __init__(self, _folder):
            pass

        def start(self):
            return self

        def stop(self):
            asked.append("stopped")

    monkeypatch.setattr(live, "PulseRig", Rig)
    monkeypatch.setattr(live, "missing_sound", lambda: None)
    monkeypatch.setattr(live, "missing_screen", lambda: None)
    monkeypatch.setattr(live, "start_up", lambda *_: [0.5])
    monkeypatch.setattr(live, "meter_delays", lambda *_: [0.05])
    monkeypatch.setattr(live, "lights_and_cost", lambda _rig, _folder, _data, minutes: asked.append(minutes) or FIGURES)
    live.run(report.Settings(tmp_path, 1, quick, lambda _text: None, minutes))
    assert asked == [measured, "stopped"]
