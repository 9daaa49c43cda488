"""Intervals over speakers, and the usual academic answer that is scored beside us."""

import numpy as np
import pytest

from benchmarks import intervals, usual_answer
from benchmarks.usual_answer import Heard
from monitor.truth.lights import Part, pooled, summary
from tests.signals import buzz, silence

RATIOS = {"a": (3.0, 4.0), "b": (4.0, 4.0), "c": (1.0, 5.0), "d": (0.0, 0.0)}
VALUES = {"a": [1.0, 2.0, 5.0], "b": [0.5], "c": [3.0, 3.5], "d": []}


def test_a_ratio_and_a_quantile_agree_with_drawing_one_by_one():
    def ratio(chosen):
        below = sum(part[1] for part in chosen)
        return sum(part[0] for part in chosen) / below if below else None

    def median(chosen):
        values = np.concatenate(chosen)
        return float(np.median(values)) if len(values) else None

    slow = intervals.of_figure(RATIOS, ratio, draws=3000)
    assert intervals.of_ratio(RATIOS) == pytest.approx(slow, abs=0.05)
    full = {name: values for name, values in VALUES.items() if values}
    assert intervals.of_quantile(full, 0.5) == pytest.approx(intervals.of_figure(full, median, draws=3000), abs=0.3)


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(200):
        speakers = rng.beta(6, 2, 30)
        parts = {str(i): (float(rng.binomial(10, p)), 10.0) for i, p in enumerate(speakers)}
        low, high = intervals.of_ratio(parts, draws=400)
        held += low <= 0.75 <= high
    assert 0.88 <= held / 200 <= 0.99


def test_an_interval_does_not_depend_on_the_order_of_speakers():
    turned = dict(reversed(RATIOS.items()))
    assert intervals.of_ratio(turned) == intervals.of_ratio(RATIOS)
    assert intervals.of_quantile(dict(reversed(VALUES.items())), 0.9) == intervals.of_quantile(VALUES, 0.9)


def test_one_speaker_has_no_interval():
    assert intervals.of_ratio({"a": (1.0, 2.0)}) is None
    assert intervals.of_ratio({"a": (1.0, 2.0), "b": (0.0, 0.0)}) is None
    assert intervals.of_quantile({"a": [1.0], "b": []}, 0.5) is None
    assert intervals.of_figure({"a": 1}, sum) is None
    assert intervals.told(0.5, None, 2) == "0.50"
    assert intervals.told(0.5, [0.25, 0.75], 0, 100) == "50 (25-75)"
    assert intervals.told(None, None, 2) == "-"


def test_leaving_one_out_leaves_the_others():
    assert intervals.without_one({"b": 2.0, "a": 1.0, "c": 4.0}, sum) == {"a": 6.0, "b": 5.0, "c": 3.0}


def test_no_event_still_allows_for_some():
    assert intervals.most_by_chance(0, 1.0) == pytest.approx(3.0, abs=0.01)  # the rule of three
    assert intervals.of_events(0, 1.0) == pytest.approx([0.0, 3.69], abs=0.01)
    assert intervals.of_events(10, 2.0) == pytest.approx([2.40, 9.20], abs=0.01)
    assert intervals.of_events(0, 0.0) is None
    assert intervals.most_by_chance(3, 2.0) == pytest.approx(7.754 / 2, abs=0.01)


PARTS = (Part(1.0, 50.0, "calm"), Part(50.0, 62.0, "raised"), Part(62.0, 90.0, "calm"))


def heard(speaker, rng, *, raised=2.5):
    """A call in which the second of three measures goes up with the voice."""
    end_s = np.arange(20.5, 90.0, 0.5)
    z = rng.standard_normal((len(end_s), 3))
    call = Heard(speaker, "raw", PARTS, end_s, z, 90.0, 1.0)
    z[call.raised, 1] += raised
    return call


def test_the_usual_answer_learns_from_others_and_scores_who_was_left_out():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(2)
    calls = [heard(name, rng) for name in "abcdef"]
    apart = heard("reader", rng, raised=0.0)
    judged = usual_answer.judged(calls, [apart])
    assert [call.speaker for call, _ in judged] == [*"abcdef", "reader"]
    row = summary(pooled(score for call, score in judged if call is not apart))
    assert row["recall"] == 1.0
    assert row["false_per_h"] < 40
    assert summary(judged[-1][1])["recall"] == 0.0
    swapped = usual_answer.judged(list(reversed(calls)))
    assert {call.speaker: score["any"].hit for call, score in swapped} == {
        call.speaker: score["any"].hit for call, score in judged[:-1]
    }


def test_its_light_needs_windows_in_a_row_and_holds():
    end_s = np.asarray([20.5, 21.0, 21.5, 22.0, 30.0])
    logits = np.asarray([1.0, -1.0, 1.0, 1.0, 1.0])
    spans = usual_answer.lights(end_s, logits, 0.0, 2)["lights"]
    assert [(span["start_s"], span["end_s"]) for span in spans] == [(22.0, 25.0), (30.0, 33.0)]
    assert len(usual_answer.lights(end_s, logits, 0.0, 1)["lights"]) == 2


def test_its_windows_are_those_of_the_sound_cut_by_hand():
    smile = pytest.importorskip("opensmile")
    y = np.concatenate([buzz(120, 3.0, -25, to_hz=150), silence(1.0), buzz(180, 4.0, -15, to_hz=140)]).astype(float)
    end_s, features = usual_answer._functionals(y, 16_000)
    assert end_s.tolist() == pytest.approx(np.arange(len(end_s)) * 0.5 + 2.0)
    whole = smile.Smile(feature_set=smile.FeatureSet.eGeMAPSv02, feature_level=smile.FeatureLevel.Functionals)
    by_hand = whole.process_signal(y[5 * 16_000 : 7 * 16_000], 16_000).to_numpy()[0]
    slid = features[round((7.0 - 2.0) / 0.5)]
    off = np.abs(slid - by_hand) / (np.abs(by_hand) + 0.1)
    assert np.median(off) < 0.03
    call = usual_answer.hear("a", "raw", PARTS, np.tile(y, 5), 16_000)
    assert call.end_s[0] > usual_answer.KNOWN_S
    assert call.z.shape == (len(call.end_s), 88)
    assert call.cpu_s > 0
