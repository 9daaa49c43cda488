"""The Whisper recogniser through the real faster-whisper, on models of our own making (``tests/data/make_whisper.py``).

``whisper_tiny`` really recognises 40 phrases of synthetic voices, but its attention does not tell when a word was said,
so its words share out the speech. Scripted models hear one sentence whatever the sound, with word times.
"""

import json
import math
import pickle
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from models.silero import SileroTuning
from models.whisper_asr import WhisperTranscriber, WhisperTuning, load_recipe
from models.whisper_schedule import ScheduleTuning
from monitor.errors import EnvironmentProblem, ParameterError
from tests import signals
from tests.data.make_whisper import CLIPS, TINY, build_scripted

pytest.importorskip("faster_whisper")

DATA = Path(__file__).parents[1] / "data"
TRUTH = json.loads((DATA / "whisper_clips.json").read_text())
RATE_HZ = 16_000
SENTENCE = "sir you need to calm down"
ALPHABET = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey yankee zulu"
)
GREEDY = WhisperTuning(final_beam=1)
SHARED_OUT = WhisperTuning(aligned=False)
ALWAYS_OPEN = SileroTuning(begins=0.0, ends=0.0)


def clip(name):
    return sf.read(DATA / f"{name}.flac", dtype="float32")[0]


def hear(transcriber, y, block=None):
    block = block or max(1, len(y))
    passes = [h for at in range(0, len(y), block) for h in transcriber.push(y[at : at + block])]
    return passes + transcriber.finish()


def scripted(folder, **options):
    return WhisperTranscriber(folder, **{"threads": 1, "tuning": GREEDY, **options})


def tiny(**options):
    return WhisperTranscriber(TINY, threads=1, **{"tuning": SHARED_OUT, **options})


def texts(hypothesis):
    return " ".join(word.text for word in hypothesis.words)


def speech(seconds):
    """Speech without a pause."""
    phrases = [(clip(name), entry) for name in CLIPS for entry in TRUTH[name]]
    said = [y[round(entry["start_s"] * RATE_HZ) : round(entry["end_s"] * RATE_HZ)] for y, entry in phrases]
    return np.resize(np.concatenate(said), round(seconds * RATE_HZ))


def padded(y, seconds=0.8):
    rest = signals.silence(seconds)
    return np.concatenate((rest, y, rest))


def hold_music(seconds):
    """Chords and a melody, plucked."""
    t = signals.times_s(seconds)
    roots = np.array([261.6, 220.0, 174.6, 196.0])[(t // 2).astype(int) % 4]
    tune = np.array([2.0, 2.5, 3.0, 2.5, 4.0, 3.0])[(t // 0.5).astype(int) % 6]
    y = sum(
        np.sin(2 * np.pi * np.cumsum(roots * ratio * n) / RATE_HZ) / n**1.5
        for ratio in (0.5, 1.0, 1.25, 1.5, tune)
        for n in (1, 2, 3)
    )
    return signals.at_level(y * np.exp(-2 * (t % 0.5)), -22)


def dial_tones(seconds):
    """Keys of a telephone, 0.12 s each."""
    t = signals.times_s(seconds)
    key = (t // 0.25).astype(int)
    low, high = np.array([697, 770, 852, 941])[key % 4], np.array([1209, 1336, 1477])[key % 3]
    y = np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)
    return (0.15 * y * (t % 0.25 < 0.12)).astype(np.float32)


def key_clicks(seconds):
    """Somebody types."""
    random = np.random.default_rng(1)
    y = random.standard_normal(round(seconds * RATE_HZ)) * 0.001
    for at in np.cumsum(random.uniform(0.08, 0.3, round(seconds / 0.2))):
        start = round(at * RATE_HZ)
        burst = y[start : start + 800]
        burst += random.standard_normal(len(burst)) * np.exp(-np.arange(len(burst)) / 120) * random.uniform(0.05, 0.3)
    return y.astype(np.float32)


SOUNDS = {
    "silence": signals.silence(30),
    "white noise": signals.noise(30, -30),
    "quiet white noise": signals.noise(30, -55),
    "pink noise": signals.noise(30, -30, pink=True),
    "hold music": hold_music(30),
    "dial tones": dial_tones(30),
    "a tone": signals.tone(440, 30),
    "key clicks": key_clicks(30),
}


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """A model that always hears the sentence, 0.25 s a word, after the 0.3 s that the gate keeps before speech."""
    return build_scripted(tmp_path_factory.mktemp("calm") / "calm.en", SENTENCE, start_s=0.3, end_s=1.8)


@pytest.fixture(scope="module")
def alphabet(tmp_path_factory):
    """A model that hears 25 words in 12.5 s."""
    return build_scripted(tmp_path_factory.mktemp("alphabet") / "alphabet.en", ALPHABET, start_s=0.3, end_s=12.8)


@pytest.mark.parametrize("name", CLIPS)
def test_phrases_are_heard_where_they_were_said(name):
    finals = [h for h in hear(tiny(), clip(name)) if h.final]
    assert [texts(h) for h in finals] == [entry["phrase"] for entry in TRUTH[name]]
    for heard, entry in zip(finals, TRUTH[name], strict=True):
        assert heard.words[0].start_s == pytest.approx(entry["start_s"], abs=0.25)
        assert heard.words[-1].end_s == pytest.approx(entry["end_s"], abs=0.25)
        assert 0.3 <= heard.heard_at_s - entry["end_s"] <= 0.5


@pytest.mark.parametrize("window_s", [3.5, 8.0])
def test_a_short_window_of_the_encoder_hears_them_too(window_s):
    tuning = WhisperTuning(aligned=False, partial_window_s=window_s, final_window_s=window_s)
    finals = [texts(h) for h in hear(tiny(tuning=tuning), clip("whisper_slt")) if h.final]
    assert finals == [entry["phrase"] for entry in TRUTH["whisper_slt"]]


@pytest.mark.parametrize("block", [160, 777, 16_384])
def test_answers_do_not_depend_on_the_blocks(alphabet, block):
    y = np.concatenate((padded(speech(15.2)), clip("whisper_m1")[: 3 * RATE_HZ + 77]))
    whole = hear(scripted(alphabet), y)
    assert len(whole) > 12
    assert hear(scripted(alphabet), y, block) == whole


def test_partial_passes_come_every_second_and_leave_out_what_is_still_said(calm):
    passes = hear(scripted(calm), padded(speech(2.6)))
    partial = [h for h in passes if not h.final]
    assert len(partial) == 2
    assert partial[1].heard_at_s - partial[0].heard_at_s == pytest.approx(1.0)
    for heard in partial:
        assert heard.end_s == pytest.approx(heard.heard_at_s - 0.3)
        assert all(word.end_s <= heard.end_s for word in heard.words)
    assert len(partial[0].words) < len(partial[1].words)
    assert texts(passes[-1]) == SENTENCE
    assert len({h.utterance for h in passes}) == 1


def test_word_times_are_those_of_the_call(calm):
    y = padded(speech(1.9), 2.0)
    final = hear(scripted(calm), y)[-1]
    assert final.start_s == pytest.approx(1.7, abs=0.15)
    # The first word begins where the audio does, 0.3 s before the speech.
    ends = [word.end_s - final.start_s for word in final.words]
    assert ends == pytest.approx([0.3 + 0.25 * n for n in range(1, 7)], abs=0.1)


@pytest.mark.parametrize("sound", SOUNDS)
def test_what_is_no_speech_gives_no_words_though_the_model_invents_a_sentence(calm, sound):
    assert hear(scripted(calm), SOUNDS[sound]) == []


def test_after_speech_nothing_is_invented_in_the_noise(calm):
    y = np.concatenate((padded(speech(2.0)), SOUNDS["pink noise"] * 0.2, SOUNDS["key clicks"]))
    passes = hear(scripted(calm), y)
    assert passes
    assert max(h.end_s for h in passes) < 4.0


@pytest.mark.parametrize("sound", ["white noise", "hold music", "dial tones"])
def test_behind_a_gate_that_lets_all_through_unsure_words_are_rejected(tmp_path, sound):
    folder = build_scripted(tmp_path / "unsure.en", SENTENCE, end_s=1.8, sure=0.05, empty=True)
    passes = hear(scripted(folder, tuning=WhisperTuning(voice=ALWAYS_OPEN, final_beam=1)), SOUNDS[sound][: 8 * RATE_HZ])
    assert len(passes) >= 7
    assert not any(h.words for h in passes)


def test_a_loop_is_rejected(tmp_path):
    folder = build_scripted(tmp_path / "loop.en", "calm down", end_s=1.0, loop=True)
    passes = hear(scripted(folder), padded(speech(2.5)))
    assert len(passes) == 3
    assert not any(h.words for h in passes)


def test_credits_of_subtitles_are_rejected_on_speech(tmp_path):
    folder = build_scripted(tmp_path / "credits.en", "thanks for watching", end_s=1.5)
    passes = hear(scripted(folder), padded(speech(2.5)))
    assert passes
    assert not any(h.words for h in passes)


def test_long_speech_is_cut_between_words_and_nothing_is_lost(alphabet):
    y = padded(speech(40.0))
    finals = [h for h in hear(scripted(alphabet, partials=False), y) if h.final]
    assert len(finals) >= 3
    assert max(h.end_s - h.start_s for h in finals) <= 13.0
    for before, after in pairwise(finals):
        assert after.start_s == before.end_s
        assert after.utterance > before.utterance
        assert before.words[-1].end_s <= before.end_s + 0.1
        # Half a second a word: the cut is where one ends, not within one.
        assert before.end_s - before.words[-1].end_s <= 0.1
        assert before.heard_at_s - before.end_s >= 0.3


def test_words_are_those_up_to_the_cut(alphabet):
    first = next(h for h in hear(scripted(alphabet), padded(speech(15.0))) if h.final)
    assert 12 <= len(first.words) <= 25
    assert texts(first) == " ".join(ALPHABET.split()[: len(first.words)])


def test_a_pause_closes_a_long_utterance_early(calm):
    # 0.2 s of silence: too short for the gate, long enough for an utterance that is already long.
    y = padded(np.concatenate((speech(4.0), signals.silence(0.24), speech(2.0))))
    tuning = WhisperTuning(final_beam=1, schedule=ScheduleTuning(soft_cut_s=3.0))
    finals = [h for h in hear(scripted(calm, tuning=tuning), y) if h.final]
    assert len(finals) == 2
    assert finals[0].end_s == finals[1].start_s == pytest.approx(4.95, abs=0.12)


def test_the_interval_can_be_changed_while_somebody_speaks(calm):
    def partial_times(**change):
        transcriber = scripted(calm)
        if change:
            transcriber.set_interval(**change)
        return [h.heard_at_s for h in hear(transcriber, padded(speech(7.0))) if not h.final]

    every_second = partial_times()
    assert len(every_second) >= 5
    assert partial_times(seconds=math.inf) == []
    later = partial_times(seconds=3.0, at_s=every_second[0] + 0.1)
    assert later[0] == every_second[0]
    assert np.diff(later) == pytest.approx(3.0)


def test_without_partial_passes_only_final_ones_come(calm):
    passes = hear(scripted(calm, partials=False), padded(speech(4.0)))
    assert [h.final for h in passes] == [True]


def test_the_cost_of_the_last_passes_is_known(calm):
    transcriber = scripted(calm)
    assert (transcriber.cost_s, transcriber.costs) == (0.0, ())
    passes = hear(transcriber, padded(speech(3.0)))
    assert [cost.heard_at_s for cost in transcriber.costs] == [h.heard_at_s for h in passes]
    assert [cost.final for cost in transcriber.costs] == [h.final for h in passes]
    assert transcriber.cost_s == max(cost.cost_s for cost in transcriber.costs) > 0


def test_speech_up_to_the_last_sample_is_heard(calm):
    y = np.concatenate((signals.silence(0.8), speech(2.0)))[: -77]
    final = hear(scripted(calm), y)[-1]
    assert final.final
    assert final.heard_at_s == final.end_s == len(y) / RATE_HZ
    assert texts(final) == SENTENCE


def test_what_is_no_number_does_no_harm(calm):
    y = padded(speech(2.0))
    y[20_000:20_100] = np.nan
    y[21_000] = np.inf
    assert texts(hear(scripted(calm), y)[-1]) == SENTENCE


def test_name_and_warnings_come_with_the_model(calm):
    transcriber = scripted(calm, compute_type="float16")
    assert transcriber.name == "whisper calm.en"
    assert "float16" in transcriber.warnings[0]
    assert scripted(calm).warnings == ()


def test_a_recipe_builds_the_same_recogniser_in_another_process(calm, child_environment):
    recipe = load_recipe(calm, tuning=GREEDY, threads=1, interval_s=2.0)
    y = padded(speech(3.0))
    here = hear(scripted(calm, interval_s=2.0), y)
    program = (
        "import pickle, sys, importlib\n"
        "recipe, y = pickle.load(sys.stdin.buffer)\n"
        "module, name = recipe.factory.split(':')\n"
        "made = getattr(importlib.import_module(module), name)(**recipe.arguments)\n"
        "sys.stdout.buffer.write(pickle.dumps(made.push(y) + made.finish()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=pickle.dumps((recipe, y)), env=child_environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    assert pickle.loads(done.stdout) == here


def test_a_recipe_is_refused_before_a_process_is_started(tmp_path, monkeypatch):
    monkeypatch.setenv("EVENKEEL_MODELS", str(tmp_path))
    with pytest.raises(EnvironmentProblem, match="evenkeel models get"):
        load_recipe("tiny.en")
    with pytest.raises(ParameterError, match="positive number"):
        load_recipe("tiny.en", interval_s=0.0)


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.nan])
def test_an_interval_is_a_positive_number(calm, seconds):
    with pytest.raises(ParameterError, match="positive number"):
        scripted(calm, interval_s=seconds)
    with pytest.raises(ParameterError, match="positive number"):
        scripted(calm).set_interval(seconds)


def test_there_is_at_least_one_thread(calm):
    with pytest.raises(ParameterError, match="at least one thread"):
        scripted(calm, threads=0)


def test_a_search_has_a_width(calm):
    with pytest.raises(ParameterError, match="1 to 20"):
        scripted(calm, tuning=WhisperTuning(final_beam=0))


def test_a_finished_recogniser_takes_no_more(calm):
    transcriber = scripted(calm)
    assert transcriber.finish() == transcriber.finish() == []
    with pytest.raises(ParameterError, match="make another"):
        transcriber.push(signals.silence(0.1))
