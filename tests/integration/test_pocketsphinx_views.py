"""Keyphrase search as second view on synthetic speech, and how the two views become one row of words."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile as sf

from models.agreement import Agreement
from models.cepstral_mean import CepstralMean
from models.confusability import Confusability
from models.decoded import Decoded
from models.evidence import ALONE_AT_LEAST, ALONE_AT_MOST, least_score
from models.folding import fold
from models.keyphrase_view import Hit, KeyphraseView
from models.lexicon import Lexicon
from models.near_text import NearText
from models.phrase_decoder import PhraseDecoder
from models.pocketsphinx_asr import to_pcm
from models.vocabulary import PhraseIndex, build_vocabulary
from monitor.errors import EnvironmentProblem

pytest.importorskip("pocketsphinx")

DATA = Path(__file__).parents[1] / "data"
TRUTH = json.loads((DATA / "speech.json").read_text())
MEAN = "55,2.5,2.0,8.0,-5.0,-1.0,-3.5,-5.0,-4.0,0.0,2.0,-1.0,1.5"
SOUNDS = {
    "i'm": "AY M", "sorry": "S AA R IY", "and": "AE N D", "you're": "Y UH R", "wrong": "R AO NG", "calm": "K AA M",
    "down": "D AW N", "please": "P L IY Z", "now": "N AW", "light": "L AY T", "roast": "R OW S T", "come": "K AH M",
}  # fmt: skip


def phrases(*texts):
    found = build_vocabulary(texts, Lexicon(lambda word: (tuple(SOUNDS[word].split()),)))
    assert found.warnings == ()
    return found.phrases


def pcm(name):
    return to_pcm(sf.read(DATA / f"{name}.flac", dtype="float32")[0])


def view(audio, *texts, piece=64_000):
    search = KeyphraseView(phrases(*texts), Confusability())
    return hits_of(search, audio, piece)


def hits_of(search, audio, piece=64_000):
    search.start(MEAN)
    for at in range(0, len(audio), piece):
        search.feed(audio[at : at + piece])
    search.end()
    return search.hits()


@pytest.mark.parametrize("name", TRUTH)
def test_a_phrase_is_found_where_it_was_said_and_another_nowhere(name):
    said = next((entry for entry in TRUTH[name] if entry["phrase"] == "calm down"), None)
    hits = view(pcm(name), "calm down", "light roast")
    assert "light_roast_kp" not in [hit.phrase.key for hit in hits]
    if said is not None:
        best = max(hits, key=lambda hit: hit.score)
        assert best.start / 100 == pytest.approx(said["start_s"], abs=0.3)
        assert best.end / 100 == pytest.approx(said["end_s"], abs=0.3)
    assert any(entry["phrase"] == "calm down" for entries in TRUTH.values() for entry in entries)


def test_hits_do_not_depend_on_the_pieces_and_leave_no_trace_in_the_next_recording():
    search = KeyphraseView(phrases("calm down", "you're wrong"), Confusability())
    first = hits_of(search, pcm("speech_rms"))
    search.reset()
    hits_of(search, pcm("speech_slt"))
    search.reset()
    assert first
    assert hits_of(search, pcm("speech_rms"), piece=1280) == first


def test_a_recording_may_end_while_somebody_speaks():
    search = KeyphraseView(phrases("calm down"), Confusability())
    search.start(MEAN)
    search.feed(pcm("speech_rms")[:64_000])
    search.reset()
    assert hits_of(search, b"") == []


def test_the_same_audio_is_heard_the_same_to_the_last_bit_whatever_was_heard_before():
    wordings, names = ["calm down", "you're wrong", "and the"], [*TRUTH]
    used = PhraseDecoder(wordings)
    later = [heard_by(used, pcm(name)[:80_000]) for name in (*names, *names[::-1])]
    assert later == [*later[: len(names)], *later[len(names) - 1 :: -1]]
    new = PhraseDecoder(wordings)
    assert [heard_by(new, pcm(name)[:80_000]) for name in names[::-1]] == later[len(names) :]


def heard_by(decoder, audio):
    decoder.reset()
    decoder.start(audio[:32_000])
    decoder.feed(audio)
    decoder.end()
    return decoder.path(), decoder.hits()


def test_the_mean_of_an_opening_is_measured_without_a_trace():
    search, audio = KeyphraseView(phrases("calm down"), Confusability()), pcm("speech_rms")
    before = hits_of(search, audio)
    search.reset()
    means = [search.measure_mean(audio[:length], MEAN) for length in (32_000, 64_000)]
    assert [frames for _, frames in means] == pytest.approx([100, 200], abs=4)
    assert hits_of(search, audio) == before
    known = CepstralMean()
    known.start_at(-25.0)
    flat = known.text
    known.learn(*search.measure_mean(audio[:32_000], known.text))
    assert known.is_known
    assert known.text != flat
    assert KeyphraseView([], Confusability()).measure_mean(audio, MEAN) == (MEAN, 0)


def test_every_hit_is_good_enough_to_matter():
    hits = view(pcm("speech_rms"), *[f"{a} {b}" for a in SOUNDS for b in SOUNDS])
    assert len(hits) > 3
    assert all(hit.score >= least_score(hit.rarity) - 1 for hit in hits)
    assert all(hit.start < hit.end for hit in hits)


def test_no_phrases_no_hits():
    assert view(pcm("speech_rms")) == []


def test_both_views_hear_the_phrase_of_a_recording():
    decoder = PhraseDecoder(["calm down"])
    audio = pcm("speech_rms")[: int(4.9 * 32_000)]
    decoder.start(audio[16_000:48_000])
    decoder.feed(audio)
    decoder.end()
    path, hits = decoder.path(), decoder.hits()
    heard = fold(path, decoder.phrases, 0.0)
    joined = Agreement(decoder.phrases, decoder.sounds, decoder.near_text).join(heard, path, hits, 0.0)
    assert [word.text for word in joined] == [word.text for word in heard]
    sure = {word.text: word.confidence for word in joined}
    assert sure["calm"] == sure["down"] > 0.8


def test_sounds_of_the_path_are_those_of_the_dictionary():
    decoder = PhraseDecoder(["calm down"])
    assert decoder.sounds(Decoded("sorry", 0, 0, 1, 0.0)) == ("S", "AA", "R", "IY")
    assert decoder.sounds(Decoded("calm_down_kp", 0, 0, 1, 0.0)) == ("K", "AA", "M", "D", "AW", "N")
    assert decoder.sounds(Decoded("[NOISE]", 0, 0, 1, 0.0)) == ()
    assert decoder.sounds(Decoded("sorry", 7, 0, 1, 0.0)) == ()


def heard(*entries):
    """A path of ``(text, start, end)`` in frames."""
    return [Decoded(text, 0, start, end, -4.0) for text, start, end in entries]


def sounds_of(entry):
    return tuple(SOUNDS.get(entry.key, "").split())


def join(index, path, *hits, near=()):
    agreement = Agreement(index, sounds_of, NearText(near, Confusability()))
    words = fold(path, index, 10.0)
    joined = agreement.join(words, path, hits, 10.0)
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(joined))
    assert all(word.start_s < word.end_s for word in joined)
    return words, joined


def hit(index, key, start, end, score=80.0, rarity=24.0):
    return Hit(index.get(key), 0, start, end, score, rarity)


def test_a_phrase_that_both_heard_is_surer_than_one_that_only_the_decoder_heard():
    index = PhraseIndex(phrases("calm down"))
    path = heard(("please", 0, 30), ("calm", 30, 60), ("down", 60, 90))
    _, both = join(index, path, hit(index, "calm_down_kp", 31, 88, score=-30.0))
    _, elsewhere = join(index, path, hit(index, "calm_down_kp", 300, 360, score=-30.0))
    assert both[1].confidence == both[2].confidence > elsewhere[1].confidence
    assert both[0] == elsewhere[0]
    assert [word.text for word in both] == ["please", "calm", "down"]


def test_words_that_sound_like_a_phrase_give_way_to_it_as_a_hint():
    index = PhraseIndex(phrases("i'm sorry"))
    path = heard(("please", 0, 30), ("and", 30, 55), ("sorry", 55, 100), ("now", 100, 130))
    _, joined = join(index, path, hit(index, "i'm_sorry_kp", 33, 98))
    assert [word.text for word in joined] == ["please", "i'm", "sorry", "now"]
    assert 0.3 <= joined[1].confidence == joined[2].confidence <= ALONE_AT_MOST
    assert joined[1].start_s == pytest.approx(10.33)
    assert joined[2].end_s == pytest.approx(10.98)


def test_words_that_sound_otherwise_stay():
    index = PhraseIndex(phrases("i'm sorry"))
    path = heard(("please", 0, 30), ("calm", 30, 55), ("down", 55, 100))
    words, joined = join(index, path, hit(index, "i'm_sorry_kp", 33, 98))
    assert joined == words


def test_a_common_row_of_sounds_needs_a_better_score():
    index = PhraseIndex(phrases("i'm sorry"))
    path = heard(("and", 30, 55), ("sorry", 55, 100))
    words, joined = join(index, path, hit(index, "i'm_sorry_kp", 33, 98, rarity=12.0))
    assert joined == words


def test_a_phrase_of_the_decoder_that_is_as_sure_stays():
    index = PhraseIndex(phrases("come down now", "calm down"))
    path = heard(("come", 0, 40), ("down", 40, 80), ("now", 80, 120))
    both = hit(index, "come_down_now_kp", 0, 120)
    words, joined = join(index, path, both, hit(index, "calm_down_kp", 2, 78))
    assert [word.text for word in joined] == [word.text for word in words]


def test_of_two_hits_in_one_place_the_surer_is_told():
    index = PhraseIndex(phrases("i'm sorry", "you're sorry"))
    path = heard(("and", 30, 55), ("sorry", 55, 100))
    pair = hit(index, "you're_sorry_kp", 20, 98, rarity=22.0), hit(index, "i'm_sorry_kp", 33, 98, rarity=26.0)
    _, joined = join(index, path, *pair)
    assert [word.text for word in joined] == ["i'm", "sorry"]


def test_words_at_the_edge_of_a_hint_are_shortened():
    index = PhraseIndex(phrases("i'm sorry"))
    path = heard(("please", 0, 40), ("and", 40, 55), ("sorry", 55, 95), ("now", 95, 130))
    _, joined = join(index, path, hit(index, "i'm_sorry_kp", 33, 98))
    assert [word.text for word in joined] == ["please", "i'm", "sorry", "now"]
    assert joined[0].end_s == pytest.approx(10.33)
    assert joined[-1].start_s == pytest.approx(10.98)


def test_a_long_phrase_is_a_hint_when_other_words_sound_like_it():
    wanted = phrases("please calm down now sorry", "calm down")
    index = PhraseIndex(wanted)
    path = heard(("light", 0, 30), ("please", 30, 60), ("come", 60, 85), ("down", 85, 110), ("now", 110, 140),
                 ("sorry", 140, 180), ("roast", 180, 220))  # fmt: skip
    _, joined = join(index, path, near=wanted)
    assert [word.text for word in joined] == ["light", "please", "calm", "down", "now", "sorry", "roast"]
    assert {word.confidence for word in joined[1:6]} == {joined[1].confidence}
    assert ALONE_AT_LEAST < joined[1].confidence < ALONE_AT_MOST
    assert joined[1].start_s == pytest.approx(10.3)
    assert joined[5].end_s == pytest.approx(11.8)


def test_a_phrase_that_was_heard_as_such_is_not_looked_for_in_other_words():
    wanted = phrases("please calm down now sorry")
    path = heard(("please", 0, 30), ("calm", 30, 60), ("down", 60, 90), ("now", 90, 120), ("sorry", 120, 160),
                 ("please", 200, 230), ("come", 230, 260), ("down", 260, 290), ("now", 290, 320),
                 ("sorry", 320, 360))  # fmt: skip
    _, joined = join(PhraseIndex(wanted), path, near=wanted)
    assert [word.text for word in joined] == [entry.key for entry in path]


def test_nothing_heard_is_near_to_nothing():
    wanted = phrases("please calm down now sorry")
    assert join(PhraseIndex(wanted), [], near=wanted) == ((), ())


def test_a_missing_model_names_the_remedy(monkeypatch):
    def broken(**_):
        raise RuntimeError("new_Decoder returned -1")

    monkeypatch.setattr("pocketsphinx.Decoder", broken)
    with pytest.raises(EnvironmentProblem, match="reinstall"):
        KeyphraseView(phrases("calm down"), Confusability())
