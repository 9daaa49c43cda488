"""The pocketsphinx recogniser on synthetic speech made by ``tests/data/make_speech.py``, and on what is not speech."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from models import pocketsphinx_asr
from models.decoded import Decoded
from models.evidence import ALONE_AT_MOST
from models.folding import fold, is_filler, phrase_confidence
from models.phrase_decoder import DecoderPool
from models.pocketsphinx_asr import PassSchedule, PocketsphinxTranscriber, Tuning, to_pcm
from models.registry import available, choose, make_transcriber
from models.vocabulary import PhraseIndex, PhraseWord
from monitor.errors import EnvironmentProblem, ParameterError
from monitor.types import Hypothesis, Word

pytest.importorskip("pocketsphinx")

DATA = Path(__file__).parents[1] / "data"
TRUTH = json.loads((DATA / "speech.json").read_text())
RATE_HZ = 16_000
PHRASES = (
    "calm down", "that's not my department", "I'm sorry", "you're wrong", "I promise", "there's nothing I can do",
    "it's our policy", "thank you for your patience", "obviously",
)  # fmt: skip


def clip(name):
    return sf.read(DATA / f"{name}.flac", dtype="float32")[0]


def hear(y, block=None, transcriber=None):
    transcriber = transcriber or PocketsphinxTranscriber(PHRASES)
    block = block or max(1, len(y))
    passes = [h for at in range(0, len(y), block) for h in transcriber.push(y[at : at + block])]
    return passes + transcriber.finish()


def found(passes, phrase):
    """Every place in final passes where a phrase's words stand in a row, as (start_s, end_s)."""
    wanted = phrase.lower().split()
    n = len(wanted)
    return [
        (h.words[at].start_s, h.words[at + n - 1].end_s)
        for h in passes
        if h.final
        for at in range(len(h.words) - n + 1)
        if [w.text for w in h.words[at : at + n]] == wanted
    ]


def start_of(name):
    """The first sentence and the beginning of the second."""
    return clip(name)[: int(4.9 * RATE_HZ) + 123]


@pytest.fixture(scope="module")
def heard_start():
    return {name: hear(start_of(name)) for name in TRUTH}


@pytest.fixture(scope="module")
def heard():
    return {name: hear(clip(name)) for name in TRUTH}


@pytest.mark.parametrize("name", TRUTH)
def test_phrases_are_found_where_they_were_said(heard, name):
    for entry in TRUTH[name]:
        places = found(heard[name], entry["phrase"])
        assert len(places) == 1, entry["phrase"]
        assert places[0][0] == pytest.approx(entry["start_s"], abs=0.3)
        assert places[0][1] == pytest.approx(entry["end_s"], abs=0.3)


@pytest.mark.parametrize("name", TRUTH)
def test_nothing_else_is_taken_for_a_phrase(heard, name):
    said = {entry["phrase"] for entry in TRUTH[name]}
    others = [phrase for phrase in PHRASES if phrase.lower() not in said]
    assert others
    assert [phrase for phrase in others if found(heard[name], phrase)] == []


def test_passes_come_in_order_and_each_utterance_ends_with_a_final_one(heard):
    for passes in heard.values():
        assert [h.heard_at_s for h in passes] == sorted(h.heard_at_s for h in passes)
        assert [h.utterance for h in passes] == sorted(h.utterance for h in passes)
        last = {h.utterance: h for h in passes}
        assert [h.utterance for h in passes if h.final] == list(last)
        assert all(h.final for h in last.values())


def test_words_lie_within_what_was_heard(heard):
    for h in (h for passes in heard.values() for h in passes):
        assert h.end_s <= h.heard_at_s
        assert all(h.start_s <= w.start_s < w.end_s <= h.end_s + 1e-6 for w in h.words)
        assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(h.words))
        assert all(0.0 <= w.confidence <= 1.0 for w in h.words)
        assert all(w.text.replace("'", "").replace(".", "").replace("-", "").isalpha() for w in h.words)


def test_a_phrase_is_told_before_its_utterance_ends_and_told_again_later(heard):
    for entry in TRUTH["speech_rms"]:
        words = entry["phrase"].split()
        told = [h.heard_at_s for h in heard["speech_rms"] if not h.final and holds(h, words)]
        assert told[0] <= entry["end_s"] + 0.8
        assert len(told) >= 2
        assert all(b - a >= 0.1 for a, b in pairwise(told))


def holds(hypothesis, words):
    texts = [w.text for w in hypothesis.words]
    return any(texts[n : n + len(words)] == words for n in range(len(texts)))


@pytest.mark.parametrize("block", [80, 320, 1600, 1777, 48_000])
def test_answers_do_not_depend_on_the_blocks(heard_start, block):
    assert len(heard_start["speech_rms"]) > 5
    assert hear(start_of("speech_rms"), block) == heard_start["speech_rms"]


def test_what_is_heard_in_loud_noise_is_a_hint_at_most():
    y = clip("speech_rms")[: int(4.9 * RATE_HZ)]
    noise = np.random.default_rng(4).standard_normal(8 * RATE_HZ + len(y)).astype(np.float32)
    noise *= float(np.sqrt(np.mean(y**2))) * 0.3
    # the noise is known, and speech in it, before the phrase that is looked at
    loud = np.concatenate([np.zeros(4 * RATE_HZ, np.float32), y[: 4 * RATE_HZ], y]) + noise
    clean = [word.confidence for h in hear(y) for word in h.words]
    assert max(clean) > 0.8
    heard_late = [word.confidence for h in hear(loud) for word in h.words if word.start_s > 8]
    assert heard_late
    assert max(heard_late) <= ALONE_AT_MOST


def test_an_earlier_recording_leaves_no_trace(monkeypatch):
    monkeypatch.setattr(pocketsphinx_asr, "_pool", DecoderPool())
    alone = hear(start_of("speech_rms"))
    rng = np.random.default_rng(3)
    y = start_of("speech_slt")
    loud = np.clip(y * 8.0 + 0.05 * rng.standard_normal(len(y)), -1, 1).astype(np.float32)
    assert hear(loud) != alone
    assert hear(start_of("speech_rms")) == alone


def test_a_decoder_serves_the_next_recording_and_never_two_at_once():
    pool = DecoderPool(keep=1)
    tuning = Tuning().decoder
    first, second = pool.take(("calm down",), tuning), pool.take(("calm down",), tuning)
    assert first is not second
    pool.give_back(("calm down",), tuning, first)
    pool.give_back(("calm down",), tuning, second)
    assert pool.take(("light roast",), tuning) not in (first, second)
    assert pool.take(("calm down",), tuning) is second
    assert pool.take(("calm down",), tuning) is not first


def test_two_channels_do_not_disturb_each_other(heard_start):
    one, two = PocketsphinxTranscriber(PHRASES), PocketsphinxTranscriber(PHRASES)
    a, b = start_of("speech_rms"), start_of("speech_slt")
    got_a, got_b = [], []
    for at in range(0, max(len(a), len(b)), 8000):
        got_a += one.push(a[at : at + 8000])
        got_b += two.push(b[at : at + 8000])
    assert got_a + one.finish() == heard_start["speech_rms"]
    assert got_b + two.finish() == heard_start["speech_slt"]


@pytest.mark.parametrize("gain_db", [-20, 12])
def test_a_quiet_or_loud_microphone_hears_the_phrase_from_the_first_utterance(gain_db):
    assert found(hear(np.clip(start_of("speech_rms") * np.float32(10 ** (gain_db / 20)), -1, 1)), "calm down")


def unspoken(kind):
    rng = np.random.default_rng(11)
    n = 6 * RATE_HZ
    t = np.arange(n) / RATE_HZ
    signals = {
        "silence": np.zeros(n),
        "dc": np.full(n, 0.5),
        "hiss": 0.01 * rng.standard_normal(n),
        "loud hiss": 0.2 * rng.standard_normal(n),
        "hum": 0.2 * np.sin(2 * np.pi * 50 * t),
        "tone": 0.2 * np.sin(2 * np.pi * 440 * t),
        "clicks": (np.arange(n) % 8000 == 0) * 0.9,
        "chords": sum(0.05 * np.sin(2 * np.pi * f * 2 ** (np.floor(t * 2) % 5 / 12) * t) for f in (220, 277, 330, 880)),
    }
    return signals[kind].astype(np.float32)


@pytest.mark.parametrize("kind", ["silence", "dc", "hiss", "loud hiss", "hum", "tone", "clicks", "chords"])
def test_what_is_not_speech_holds_no_phrase(kind):
    passes = hear(unspoken(kind))
    assert [phrase for phrase in PHRASES if found(passes, phrase)] == []


@pytest.mark.parametrize("kind", ["silence", "dc", "hiss"])
def test_silence_is_not_decoded_at_all(kind):
    assert hear(unspoken(kind)) == []


def test_broken_samples_do_no_harm():
    y = start_of("speech_rms").copy()
    y[100::5000] = np.nan
    y[200::5000] = np.inf
    y[300::5000] = -np.inf
    assert any(h.final for h in hear(y))


def test_long_speech_is_cut_between_words_and_nothing_is_lost():
    y = clip("speech_rms")[int(0.9 * RATE_HZ) : int(3.6 * RATE_HZ)]
    tuning = Tuning(soft_cut_s=2.5, hard_cut_s=3.0)
    passes = hear(np.tile(y, 5), transcriber=PocketsphinxTranscriber(PHRASES, tuning=tuning))
    finals = [h for h in passes if h.final]
    assert len(finals) >= 4
    assert all(h.end_s - h.start_s <= 3.1 for h in finals)
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(finals))
    words = [w for h in finals for w in h.words]
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(words))
    assert len(found(passes, "calm down")) >= 4


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 800])
def test_next_to_no_audio_gives_no_passes(samples):
    assert hear(np.full(samples, 0.1, np.float32)) == []


def test_an_utterance_that_the_end_of_the_audio_cuts_is_still_decoded():
    y = clip("speech_rms")
    passes = hear(y[: int(2.5 * RATE_HZ) + 7])
    assert passes[-1].final
    assert passes[-1].end_s == pytest.approx(2.5, abs=0.001)
    assert found(passes, "calm down")


def test_nothing_is_taken_after_the_end():
    transcriber = PocketsphinxTranscriber(PHRASES)
    assert transcriber.finish() == []
    assert transcriber.finish() == []
    with pytest.raises(ParameterError, match="finished"):
        transcriber.push(np.zeros(320, np.float32))


def test_phrases_that_cannot_be_heard_are_told():
    transcriber = PocketsphinxTranscriber(["calm down", "100 %", "the zibberflux thing"])
    assert transcriber.name == "pocketsphinx"
    assert len(transcriber.warnings) == 2
    assert "'100 %'" in transcriber.warnings[0]
    assert "'zibberflux'" in transcriber.warnings[1]
    transcriber.finish()


def test_many_and_long_phrases_can_be_listened_for():
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    phrases = [f"{a} {b} {c}" for a in numbers for b in numbers for c in numbers[:5]] + [
        " ".join(numbers + numbers[:4])
    ]
    transcriber = PocketsphinxTranscriber(phrases)
    assert transcriber.warnings == ()
    assert any(h.final for h in hear(start_of("speech_slt"), transcriber=transcriber))


def test_no_phrases_still_give_words():
    assert any(h.words for h in hear(start_of("speech_slt"), transcriber=PocketsphinxTranscriber([])))


def test_a_phrase_shares_its_time_by_sounds_and_fillers_go():
    calm_down = PhraseWord(
        "calm_down_kp", ("calm", "down"), ((("K", "AA", "M"), ("D", "AW", "N")), (("K",), ("D", "AW", "N")))
    )
    path = [
        Decoded("<s>", 0, 0, 10, -1.0),
        Decoded("please", 0, 10, 30, -3.0),
        Decoded("[NOISE]", 0, 30, 34, -3.0),
        Decoded("calm_down_kp", 1, 40, 80, -3.0),
        Decoded("</s>", 0, 80, 90, -1.0),
    ]
    words = fold(path, PhraseIndex([calm_down]), 2.0)
    assert [(w.text, w.start_s, w.end_s) for w in words] == [
        ("please", 2.1, 2.3),
        ("calm", 2.4, 2.5),
        ("down", 2.5, 2.8),
    ]


def test_a_phrase_is_surer_the_better_it_fits_and_the_longer_it_is():
    assert phrase_confidence(-3.0, 12) > phrase_confidence(-6.0, 12)
    assert phrase_confidence(-4.0, 16) > 0.9
    assert phrase_confidence(-4.0, 5) < 0.1


def test_a_phrase_heard_word_by_word_is_surer_than_its_words():
    calm_down = PhraseWord("calm_down_kp", ("calm", "down"), ((("K", "AA", "M"), ("D", "AW", "N")),))
    path = [Decoded("calm", 0, 0, 30, -3.0), Decoded("down", 0, 30, 60, -3.0), Decoded("now", 0, 60, 90, -3.0)]
    with_phrase = fold(path, PhraseIndex([calm_down]), 0.0)
    without = fold(path, PhraseIndex([]), 0.0)
    as_one = fold([Decoded("calm_down_kp", 0, 0, 60, -3.0)], PhraseIndex([calm_down]), 0.0)
    assert with_phrase[0].confidence == with_phrase[1].confidence > without[0].confidence
    assert with_phrase[0].confidence > as_one[0].confidence == as_one[1].confidence
    assert with_phrase[2] == without[2]


def test_fillers_are_told_from_words():
    assert [is_filler(k) for k in ("<sil>", "[NOISE]", "++UM++", "</s>", "calm", "'em")] == [True] * 4 + [False] * 2


def test_samples_become_16_bit():
    pcm = to_pcm(np.array([0.0, 0.5, -1.0, 1.0, 7.0, np.nan, -np.inf], np.float32))
    assert np.frombuffer(pcm, "<i2").tolist() == [0, 16384, -32768, 32767, 32767, 0, -32768]


def test_a_pass_is_told_when_it_says_something_new():
    schedule = PassSchedule(PhraseIndex([PhraseWord("calm_down_kp", ("calm", "down"), ())]), repeat_s=0.3)
    said = {
        0.1: "", 0.2: "you", 0.3: "you", 0.4: "you calm", 0.5: "you calm", 0.6: "you calm down", 0.7: "you calm down",
        0.8: "you calm down", 0.9: "you calm down", 1.0: "you calm down", 1.3: "you calm down", 1.4: "you come down",
    }  # fmt: skip
    told = [at for at, text in said.items() if schedule.is_due(reading(at, text))]
    # The first word; its change; a phrase at once; the phrase again; the phrase gone at once.
    assert told == [0.2, 0.5, 0.6, 0.9, 1.4]


def reading(at_s, text):
    words = tuple(Word(0.0, 0.1, word) for word in text.split())
    return Hypothesis(1, 0.0, at_s, at_s, False, words)


def test_importing_loads_nothing_heavy():
    code = "import sys, models.pocketsphinx_asr, models.registry; sys.exit('pocketsphinx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=DATA.parents[1]).returncode == 0


def test_a_missing_model_names_the_remedy(monkeypatch):
    def broken(**_):
        raise RuntimeError("new_Decoder returned -1")

    monkeypatch.setattr("pocketsphinx.Decoder", broken)
    with pytest.raises(EnvironmentProblem, match="reinstall"):
        PocketsphinxTranscriber(["a phrase nobody asked for yet"])


def test_a_missing_package_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(EnvironmentProblem, match="pip install pocketsphinx"):
        PocketsphinxTranscriber(["a phrase nobody asked for yet"])


def test_recognisers_are_chosen_by_name():
    assert "pocketsphinx" in available()
    assert make_transcriber("none", PHRASES) is None
    for name in ("auto", "pocketsphinx"):
        transcriber = make_transcriber(name, PHRASES, "en-GB")
        assert transcriber is not None
        assert transcriber.name == "pocketsphinx"
        transcriber.finish()


def test_a_language_it_does_not_know():
    with pytest.raises(EnvironmentProblem, match="only English, not 'pl'"):
        make_transcriber("pocketsphinx", PHRASES, "pl")
    chosen = choose("auto", PHRASES, "pl")
    assert (chosen.name, chosen.recipe) == ("none", None)
    assert "Words are not heard" in chosen.warnings[0]
    assert "'pl'" in chosen.warnings[0]


def test_recognisers_that_are_not_there():
    with pytest.raises(EnvironmentProblem, match="evenkeel models list"):
        make_transcriber("whisper", PHRASES)
    with pytest.raises(ParameterError, match="'whispr'"):
        make_transcriber("whispr", PHRASES)
