"""Sounds that are no words of the agent's, through the real recognisers: no flag, no red, alone or after a voice."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.nonspeech import INVENTIONS, inventions
from benchmarks.nonspeech_sounds import Stream, all_sounds
from benchmarks.recordings import speech_files
from models.whisper_reject import Fate
from monitor.assemble import AnalysisOptions, analyse_source
from monitor.sources.array import ArraySource
from monitor.types import FlagState, Light
from tests.conftest import SHARED
from tests.data.make_whisper import build_scripted
from tests.voices import Manner, speak

SOUNDS = all_sounds([])
ALONE_S = 6.0
WORDLESS = [key for key, sound in SOUNDS.items() if not sound.has_words]
SAYS = {FlagState.TENTATIVE, FlagState.CONFIRMED}
# What Silero holds for speech at least now and then; its rules must then do without the gate's help.
MOUTHS = {"laughter", "singing", "babble", "other-voice", "dog"}


def hear(source, recogniser):
    return analyse_source(source, AnalysisOptions(recogniser=recogniser, own_process=False))


@cache
def calm():
    return speak([Manner(34)], seed=5).y


@pytest.mark.parametrize("key", SOUNDS)
def test_a_sound_is_the_same_however_it_is_cut_and_stays_in_range(key):
    whole = Stream(SOUNDS[key], 5.0, seed=3).samples()
    pieces = Stream(SOUNDS[key], 5.0, seed=3, block=777).samples()
    np.testing.assert_array_equal(whole, pieces, strict=True)
    assert len(whole) == 5 * 16_000
    assert np.abs(whole).max() <= 1
    assert whole.any() == (key != "digital-silence")
    other = Stream(SOUNDS[key], 5.0, seed=4).samples()
    assert (whole == other).all() == (key == "digital-silence")


@pytest.mark.parametrize("key", WORDLESS)
def test_no_sound_without_words_is_flagged_or_red(key):
    result = hear(Stream(SOUNDS[key], ALONE_S), "pocketsphinx")
    assert not [flag for flag in result.flags if FlagState(flag.state) in SAYS]
    assert Light.RED not in {span.light for span in result.lights}


@pytest.mark.shared
@pytest.mark.parametrize("key", ["babble", "other-voice"])
def test_people_further_away_are_never_surely_flagged_nor_red(key):
    files = speech_files(Path(SHARED) / "data")
    assert files
    result = hear(Stream(all_sounds(files)[key], ALONE_S), "pocketsphinx")
    assert not [flag for flag in result.flags if FlagState(flag.state) is FlagState.CONFIRMED]
    assert Light.RED not in {span.light for span in result.lights}


@pytest.mark.parametrize("key", SOUNDS)
def test_no_sound_after_a_calm_voice_is_red(key):
    rounds = [part for seed in range(2) for part in (Stream(SOUNDS[key], 6.0, seed).samples(), calm()[: 6 * 16_000])]
    result = hear(ArraySource(np.concatenate([calm(), *rounds])), "none")
    lights = {span.light for span in result.lights}
    assert Light.GREEN in lights
    assert Light.RED not in lights


@pytest.mark.parametrize("key", ["white", "pink", "fan", "line", "coughs", "breathing"])
def test_noise_after_a_calm_voice_is_not_even_amber(key):
    result = hear(ArraySource(np.concatenate([calm(), Stream(SOUNDS[key], 10.0, 1).samples()])), "none")
    assert {span.light for span in result.lights} <= {Light.GREY, Light.GREEN}


@pytest.fixture(scope="module")
def inventing(tmp_path_factory):
    """Models that hear a sentence whatever the sound."""
    pytest.importorskip("faster_whisper")
    folder = tmp_path_factory.mktemp("inventing")
    return {
        name: build_scripted(folder / f"{number}.en", sentence, start_s=0.3, end_s=1.8, **options)
        for number, (name, (sentence, options)) in enumerate(INVENTIONS.items())
    }


@pytest.mark.parametrize("key", [key for key in SOUNDS if key not in MOUTHS])
def test_whispers_gate_keeps_an_inventing_model_from_sounds_without_words(key, inventing):
    found = inventions(SOUNDS[key], ALONE_S, inventing["a sure phrase"])
    assert found["flags"] == 0


@pytest.mark.parametrize("key", ["silence", "white", "pink", "babble", "music", "keypad", "keys"])
@pytest.mark.parametrize(
    ("invention", "fate"), [("a credit", Fate.CREDIT), ("a loop", Fate.REPEATS), ("an unsure phrase", Fate.EMPTY)]
)
def test_the_rules_reject_what_is_invented_even_where_the_gate_is_open(key, invention, fate, inventing):
    found = inventions(SOUNDS[key], 3.0, inventing[invention], gate=False)
    assert found["offered"] >= 3
    assert found["fates"].get(fate.value, 0) >= 1
    assert found["flags"] == 0
