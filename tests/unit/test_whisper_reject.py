"""Each rule by which words count as invented, alone."""

import numpy as np
import pytest

from models.whisper_reject import CREDITS, PLEASANTRIES, Decoding, RejectionRule, compression, sift
from monitor.types import Word

RULE = RejectionRule()
SPEECH = np.ones(500, bool)
PHRASE = "sir you need to calm down"


def decoded(text, *, each_s=0.3, start_s=0.2, logprob=-0.2, no_speech=0.05, sure=0.9):
    parts = text.split()
    heard = [
        Word(start_s + n * each_s, start_s + (n + 1) * each_s, f" {part}", sure) for n, part in enumerate(parts)
    ]
    return Decoding(tuple(heard), logprob, no_speech)


def texts(words):
    return " ".join(word.text for word in words)


def speech_until(seconds):
    return np.arange(500) < seconds * 50


def test_believable_words_pass_unchanged():
    words = sift(decoded(PHRASE), SPEECH)
    assert texts(words) == PHRASE
    assert [word.confidence for word in words] == [0.9] * 6
    assert words[0].start_s == 0.2


def test_words_lose_capitals_and_punctuation_but_keep_apostrophes():
    words = sift(decoded("Well, that\u2019s \u201cnot\u201d MY twenty-one!"), SPEECH)
    assert texts(words) == "well that's not my twenty-one"


def test_contractions_that_a_tokenizer_split_are_joined():
    parts = (Word(0.2, 0.4, " don", 0.9), Word(0.4, 0.5, "'t", 0.7), Word(0.5, 0.9, " worry", 0.8))
    words = sift(Decoding(parts, -0.1, 0.0), SPEECH)
    assert [(w.text, w.end_s, w.confidence) for w in words] == [("don't", 0.5, 0.7), ("worry", 0.9, 0.8)]


@pytest.mark.parametrize("sound", ["[music]", "(loud noise)", "*sighs*", "\u266a"])
def test_sounds_that_are_described_are_no_words(sound):
    assert texts(sift(decoded(f"{sound} hello there"), SPEECH)) == "hello there"


def test_audio_held_for_empty_needs_both_signs():
    assert sift(decoded(PHRASE, no_speech=0.9, logprob=-1.2), SPEECH) == ()
    assert texts(sift(decoded(PHRASE, no_speech=0.9), SPEECH)) == PHRASE
    assert texts(sift(decoded(PHRASE, logprob=-1.2), SPEECH)) == PHRASE


def test_a_text_that_repeats_itself_for_long_is_rejected():
    loop = " ".join(["i am sorry about that"] * 12)
    assert compression(loop) > RULE.most_compression > compression(PHRASE)
    assert sift(decoded(loop, each_s=0.1), SPEECH) == ()


def test_words_without_speech_are_rejected():
    assert sift(decoded(PHRASE), np.zeros(500, bool)) == ()


def test_words_written_after_the_speech_are_left_out():
    words = sift(decoded(PHRASE), speech_until(1.2))
    assert texts(words) == "sir you need to"


def test_most_words_without_speech_reject_all():
    assert sift(decoded(PHRASE), speech_until(0.4)) == ()


def test_words_beyond_the_audio_are_without_speech():
    assert sift(decoded(PHRASE, start_s=20.0), SPEECH) == ()


@pytest.mark.parametrize("change", [{"sure": 0.1}, {"each_s": 0.02}, {"each_s": 2.4}])
def test_implausible_words_reject_the_pass(change):
    assert sift(decoded(PHRASE, **change), SPEECH) == ()


def test_a_doubtful_word_stays_with_no_confidence_so_that_its_neighbours_do_not_meet():
    decoding = decoded("you don't understand")
    words = list(decoding.words)
    words[1] = Word(words[1].start_s, words[1].end_s, words[1].text, 0.1)
    heard = sift(Decoding(tuple(words), -0.2, 0.0), SPEECH)
    assert texts(heard) == "you don't understand"
    assert [word.confidence for word in heard] == [0.9, RULE.untrusted, 0.9]


def test_one_word_squeezed_by_the_alignment_is_forgiven():
    words = (Word(0.2, 0.2, " i", 0.9), Word(0.2, 0.8, " promise", 0.9))
    assert [word.confidence for word in sift(Decoding(words, -0.1, 0.0), SPEECH)] == [0.9, 0.9]


def test_a_loop_is_heard_once_and_as_a_hint():
    words = sift(decoded("well calm down calm down calm down sir"), SPEECH)
    assert texts(words) == "well calm down sir"
    assert [word.confidence for word in words] == [0.9, RULE.loop_confidence, RULE.loop_confidence, 0.9]


def test_saying_it_twice_is_no_loop():
    words = sift(decoded("calm down calm down sir"), SPEECH)
    assert texts(words) == "calm down calm down sir"
    assert {word.confidence for word in words} == {0.9}


@pytest.mark.parametrize(("times", "heard"), [(4, "no no no no"), (5, "no")])
def test_a_single_word_may_be_repeated_more_often(times, heard):
    assert texts(sift(decoded(" ".join(["no"] * times)), SPEECH)) == heard


@pytest.mark.parametrize("text", CREDITS)
def test_credits_of_subtitles_are_rejected(text):
    assert sift(decoded(text), SPEECH) == ()


@pytest.mark.parametrize("text", PLEASANTRIES)
def test_pleasantries_alone_need_a_sure_pass(text):
    assert sift(decoded(text, logprob=-0.7), SPEECH) == ()
    assert sift(decoded(text, no_speech=0.4), SPEECH) == ()
    assert texts(sift(decoded(text), SPEECH)) == text


def test_a_credit_may_name_somebody():
    assert sift(decoded("Untertitel der Amara.org-Community"), SPEECH) == ()
    assert sift(decoded("ご 視聴 ありが とう ござい ました"), SPEECH) == ()


def test_words_of_credits_in_a_sentence_are_words():
    text = "the letter was translated by my colleague"
    assert texts(sift(decoded(text), SPEECH)) == text
    text = "translated by whom do you mean the letter that came on friday"
    assert texts(sift(decoded(text), SPEECH)) == text


def test_a_long_phrase_in_a_loop_is_heard_once():
    phrase = list("abcdefgh")
    rule = RejectionRule(most_compression=99.0)
    assert texts(sift(decoded(" ".join(phrase * 6), each_s=0.15), SPEECH, rule)) == " ".join(phrase)


def test_pleasantries_within_a_text_are_words():
    assert texts(sift(decoded("thank you for your patience", logprob=-0.7), SPEECH)) == "thank you for your patience"


def test_nothing_decoded_is_nothing():
    assert sift(Decoding((), 0.0, 0.0), SPEECH) == ()
    assert sift(decoded("... -- !"), SPEECH) == ()
