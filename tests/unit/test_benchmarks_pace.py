"""The benchmark of pace: its truth, its windows, and what it makes of counts that are known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import pace, pace_counts
from benchmarks.data import at_rate, read_mono
from monitor.events import FramesMeasured
from monitor.features.extractor import FeatureExtractor
from monitor.result import EngineInfo, ResultBuilder
from monitor.types import SourceInfo
from tests import voices
from tests.signals import buzz, noise, silence, times_s

SPEECH = Path(__file__).parent.parent / "data" / "speech_slt.flac"
ONE = pace.Utterance("anna", 4.0, 12, 13, 11, 10, 3.0, 3.1, 2.9, 3.0, 210.0)


@pytest.fixture(scope="module")
def dictionary():
    return pace_counts.read_dictionary()


def test_syllables_come_from_the_dictionary(dictionary):
    assert pace_counts.syllables_of("Apologise, calm down", dictionary) == 6
    assert pace_counts.syllables_of("a zzyzxq day", dictionary) is None
    assert pace_counts.syllables_of("", dictionary) is None


def test_agreement_of_rates():
    true, seconds = np.asarray([10.0, 20.0, 30.0]), np.asarray([5.0, 5.0, 5.0])
    perfect = pace.agreement(true, true, seconds, seconds)
    assert perfect == {"found_ratio": 1.0, "rate_error_pct": 0.0, "r": pytest.approx(1.0), "utterances": 3}
    half = pace.agreement(true, true / 2, seconds, seconds)
    assert half["found_ratio"] == 0.5
    assert half["rate_error_pct"] == pytest.approx(50)
    assert half["r"] == pytest.approx(1.0)


def test_our_syllables_and_speech_are_counted():
    # It glides, for no voice holds its pitch.
    syllables = 0.55 + 0.45 * np.cos(2 * np.pi * 4 * times_s(3.0))  # 4 a second
    voice = buzz(130, 3.0, -20, to_hz=190) * syllables
    y = np.concatenate([silence(1), voice, silence(1)]) + noise(5.0, -60)
    ours = pace_counts.count_ours(y)
    assert 11 <= ours.nuclei <= 13
    assert ours.spoken_s == pytest.approx(3.0, abs=0.3)
    assert 130 < ours.f0_hz < 190


def test_the_result_says_what_is_counted_here():
    y = voices.speak([voices.Manner(12)]).y
    builder = ResultBuilder(SourceInfo("call.wav", 1, 16_000, 12.0, None), EngineInfo("1", "p", "none", 0, None))
    extractor = FeatureExtractor()
    for part in (*extractor.push(y), *extractor.finish()):
        builder.take(FramesMeasured(0.0, 0, part))
    ours = pace_counts.count_ours(y)
    assert builder.finish(12.0).pace.articulation_syl_s == pytest.approx(ours.nuclei / ours.spoken_s, abs=0.01)


def test_windows_join_what_one_reader_says_and_no_more():
    other = replace(ONE, speaker="bert")
    windows = pace.windows([ONE, ONE, ONE, ONE, other, other, replace(other, said=None)])
    assert [(w.speaker, w.duration_s, w.true, w.said) for w in windows] == [
        ("anna", 12, 36, 39),
        ("bert", 12, 36, None),
    ]


def test_limits_tell_the_sources_of_error_apart():
    """Our time is right here and our counts are not, by another share for each reader."""
    random = np.random.default_rng(1)
    readers = [
        replace(ONE, speaker=str(i), true=true, said=true, nuclei=nuclei, duration_s=10.0, speech_s=9.0, own_s=9.0)
        for i, (true, nuclei) in enumerate(random.integers(20, 50, (30, 2)).tolist())
    ]
    limits = pace.limits_of(readers)
    assert limits["true syllables, our time"]["r_10s"] == pytest.approx(1.0)
    assert abs(limits["as shown"]["r_10s"]) < 0.5
    low, high = limits["as shown"]["r_10s_interval"]
    assert low < limits["as shown"]["r_10s"] < high


def test_the_worst_reader_is_named():
    kinds = pace.kinds_of([ONE, replace(ONE, speaker="bert", f0_hz=110.0), replace(ONE, speaker="carl", nuclei=22)])
    assert [u.speaker for u in kinds["low voices"]] == ["bert"]
    row = pace.readers_of(kinds["high voices"])
    assert (row["worst"], row["readers"]) == ("carl", 2)
    assert row["worst_error_pct"] == pytest.approx(100 * (22 / 3.1 / 4 - 1))


def test_what_was_said_is_aligned(dictionary):
    y, rate_hz = read_mono(SPEECH)
    pause = noise(0.4, -70)
    y = np.concatenate([pause, at_rate(y[int(4.72 * rate_hz) : int(6.26 * rate_hz)], rate_hz, 16_000), pause])
    syllables, words_s = pace_counts.Aligner(dictionary).align(y, "That's not my department")
    assert 6 <= syllables <= 8  # of the four words three end in a consonant
    assert 1.2 < words_s < 2.1  # of 2.3 s
    assert pace_counts.speech_s(y) == pytest.approx(1.5, abs=0.4)
