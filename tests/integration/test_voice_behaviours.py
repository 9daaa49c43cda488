"""Section A on audio: synthetic voices that rise, climb, swing or hurry, each beside a voice that does not."""

import functools

import numpy as np
import pytest

from monitor.assemble import AnalysisOptions, analyse_source
from monitor.sources.array import ArraySource
from monitor.types import Light
from tests.voices import Manner, speak

CALM_S = 40.0
VOICES = {"low": 110.0, "high": 205.0}


@functools.cache
def judged(*manners, seed=0, gain_db=0.0, noise_dbfs=-68.0):
    y = speak(manners, seed=seed, noise_dbfs=noise_dbfs).y
    if gain_db:
        late = round(CALM_S * 16_000)
        y[late:] *= np.float32(10 ** (gain_db / 20))
    return analyse_source(ArraySource(y, name="voice"), AnalysisOptions(recogniser="none"))


def lit(result, behaviour, light=None):
    """When the behaviour was first among the reasons, None where it never was."""
    spans = [s for s in result.lights if any(r.id == behaviour for r in s.reasons) and light in (None, s.light)]
    return spans[0].start_s if spans else None


def lights(result, from_s=0.0):
    return {span.light for span in result.lights if span.end_s > from_s}


@pytest.mark.parametrize("f0_hz", VOICES.values(), ids=VOICES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_calm_voice_is_learnt_and_green(f0_hz, seed):
    result = judged(Manner(75, f0_hz=f0_hz), seed=seed)
    assert [span.light for span in result.lights] == [Light.GREY, Light.GREEN]
    assert 20 < result.lights[0].end_s < 35


@pytest.mark.parametrize("f0_hz", VOICES.values(), ids=VOICES)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_raised_voice_lights_soon_and_clears(f0_hz, seed):
    calm, raised = Manner(CALM_S, f0_hz=f0_hz), Manner(8, f0_hz=1.5 * f0_hz, level_dbfs=-13, effort_db=10)
    result = judged(calm, raised, Manner(15, f0_hz=f0_hz), seed=seed)
    assert lit(result, "voice.raised") == pytest.approx(CALM_S + 1, abs=1)
    assert lit(result, "voice.raised", Light.RED) < CALM_S + 8
    assert result.lights[-1].light is Light.GREEN
    assert result.lights[-1].start_s < CALM_S + 8 + 10


@pytest.mark.parametrize("change", [{"f0_hz": 150.0}, {"effort_db": 7.0}])
def test_pitch_or_brightness_alone_is_no_raised_voice(change):
    result = judged(Manner(CALM_S), Manner(15, **change))
    assert lit(result, "voice.raised") is None


@pytest.mark.parametrize("gain_db", [-12.0, 12.0])
def test_gain_alone_never_lights(gain_db):
    result = judged(Manner(CALM_S + 80), gain_db=gain_db)
    assert lights(result, CALM_S) == {Light.GREEN}


@pytest.mark.parametrize("gain_db", [-12.0, 0.0])
def test_gain_does_not_hide_a_raised_voice(gain_db):
    """As where gain control turns down what is loud."""
    result = judged(Manner(CALM_S), Manner(12, f0_hz=165, level_dbfs=-19, effort_db=7), gain_db=gain_db)
    assert CALM_S < lit(result, "voice.raised") < CALM_S + 4


def test_a_voice_that_climbs_slowly_is_told():
    top = {"f0_hz": 137, "level_dbfs": -24, "effort_db": 2.5}
    result = judged(Manner(70), Manner(140, climb_to=Manner(1, **top)), Manner(60, **top))
    assert 110 < lit(result, "voice.rising") < 270
    assert lit(result, "voice.raised", Light.RED) is None


def test_a_voice_that_stays_is_not_climbing():
    assert lit(judged(Manner(180)), "voice.rising") is None


@pytest.mark.parametrize(("swing_st", "agitated"), [(9.0, True), (3.0, False)])
def test_a_pitch_that_swings_wide_is_agitated(swing_st, agitated):
    result = judged(Manner(CALM_S, f0_hz=170), Manner(20, f0_hz=170, swing_st=swing_st))
    assert (lit(result, "voice.agitated") is not None) == agitated
    assert lit(result, "voice.raised") is None or agitated


@pytest.mark.parametrize(("syllables_s", "fast"), [(7.0, True), (4.6, False)])
def test_haste_is_told(syllables_s, fast):
    result = judged(Manner(CALM_S, syllables_s=3.5), Manner(20, syllables_s=syllables_s))
    assert (lit(result, "pace.fast") is not None) == fast


def test_haste_is_not_told_of_a_pause():
    hasty = speak([Manner(CALM_S, syllables_s=3.5), Manner(14, syllables_s=7.0)]).y
    y = np.concatenate([hasty, 1e-4 * np.random.default_rng(0).standard_normal(16_000 * 25).astype(np.float32)])
    result = analyse_source(ArraySource(y, name="voice"), AnalysisOptions(recogniser="none"))
    assert lit(result, "pace.fast") is not None
    assert result.lights[-1].light is Light.GREEN
    assert result.lights[-1].start_s < CALM_S + 14 + 10
