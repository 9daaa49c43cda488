"""What the benchmark of the recognisers' cost makes of passes: virtual time and delays; nothing is measured."""

import numpy as np
import pytest

from benchmarks.recogniser_cost import BASIC, delays, figures_of, finished, goals, spoken_moments, tables
from benchmarks.report import plain, verdict
from benchmarks.sound import RATE_HZ


def one(start_s, end_s, heard_s, cost_s, *, final=False, told_s=None):
    return {
        "start_s": start_s, "end_s": end_s, "heard_s": heard_s, "cost_s": cost_s, "final": final,
        "told_s": heard_s + 0.3 if told_s is None else told_s,
    }  # fmt: skip


PASSES = [one(0.0, 0.7, 1.0, 0.2), one(0.0, 1.2, 1.5, 0.6), one(0.0, 1.9, 1.9, 0.4, final=True)]
TOLD = {"load_s": 1.0, "load_cpu_s": 0.9, "loaded_mb": 100.0, "peak_mb": 120.0, "cpu_s": 3.0, "audio_s": 10.0,
        "interval_s": 0.5, "allowance_s": [0.3, 0.3], "passes": PASSES}  # fmt: skip


def test_a_pass_waits_for_its_audio_and_for_the_one_before():
    assert finished(PASSES) == pytest.approx([1.2, 2.1, 2.5])
    assert finished([]) == []


def test_a_phrase_is_a_hint_in_one_pass_and_sure_in_two_or_a_final_one():
    told_s = [1.3, 2.1, 2.5]
    assert delays(PASSES, told_s, np.array([0.5])) == (pytest.approx([0.8]), pytest.approx([1.6]))
    assert delays(PASSES, told_s, np.array([1.0])) == (pytest.approx([1.1]), pytest.approx([1.5]))
    assert delays(PASSES, told_s, np.array([1.5])) == (pytest.approx([1.0]), pytest.approx([1.0]))
    assert delays(PASSES, told_s, np.array([5.0])) == ([], [])
    assert delays(PASSES[:1], told_s, np.array([0.5])) == (pytest.approx([0.8]), [])


def test_moments_are_those_of_speech():
    y = np.zeros(RATE_HZ)
    y[RATE_HZ // 2 : 3 * RATE_HZ // 4] = 0.1
    assert spoken_moments(y) == pytest.approx([0.6, 0.7, 0.8])


def test_figures_tables_and_goals_fit_together():
    figures = {BASIC: figures_of(BASIC, TOLD, np.array([0.5])), "base.en": figures_of("base.en", TOLD, np.array([0.5]))}
    base = figures["base.en"]
    assert (base["on_time"], base["partial_s"], base["final_s"]) == pytest.approx((1 / 3, 0.4, 0.4))
    assert base["tentative_s"]["p50"] == pytest.approx(0.8)
    assert base["unheard"] == 0.0
    cost, delay = map(plain, tables(figures))
    assert "basic detection" in cost
    assert "30 %" in cost
    assert delay.splitlines()[-1].split() == [
        "base.en",
        "0.5",
        "0.30",
        "0.30",
        "33",
        "%",
        "0.80",
        "0.80",
        "1.60",
        "1.60",
    ]
    assert [verdict(goal) for goal in goals(figures)] == ["met", "met", "missed", "met"]


def test_what_was_not_heard_leaves_gaps_not_noughts():
    figures = {"tiny.en": figures_of("tiny.en", TOLD | {"passes": []}, np.array([0.5]))}
    assert figures["tiny.en"]["tentative_s"] is None
    assert figures["tiny.en"]["unheard"] == 1.0
    assert {verdict(goal) for goal in goals(figures)} == {"not measured"}
    assert plain(tables(figures)[1]).splitlines()[-1].split()[-1] == "-"
