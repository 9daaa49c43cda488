"""How sure a phrase is, given how well this voice fits the model of sounds at large."""

import pytest

from models.decoded import Decoded
from models.folding import TYPICAL_FIT, UsualFit, fold
from models.vocabulary import PhraseIndex, PhraseWord

PHRASES = PhraseIndex([PhraseWord("calm_down_kp", ("calm", "down"), ((("K", "AA", "M"), ("D", "AW", "N")),))])
PHRASE = Decoded("calm_down_kp", 0, 300, 360, -4.5)


def others(fit, frames=300):
    return Decoded("however", 0, 0, frames, fit)


def sureness(*before, usual=None):
    words = fold([*before, PHRASE], PHRASES, 0.0, usual)
    assert [word.text for word in words[-2:]] == ["calm", "down"]
    return words[-1].confidence


def test_a_phrase_that_fits_as_badly_as_the_words_around_it_is_surer():
    assert sureness(others(-5.5)) > sureness(others(TYPICAL_FIT)) > sureness(others(-2.5))


def test_the_typical_voice_and_silence_change_nothing():
    alone = sureness()
    assert sureness(others(TYPICAL_FIT)) == alone
    assert sureness(Decoded("<sil>", 0, 0, 300, -9.0)) == alone


def test_a_phrase_does_not_excuse_itself():
    worse = fold([Decoded("calm_down_kp", 0, 0, 60, -7.0)], PHRASES, 0.0)[0].confidence
    assert worse < fold([Decoded("calm_down_kp", 0, 0, 60, -4.5)], PHRASES, 0.0)[0].confidence
    assert UsualFit().excuse(0.0, 0.0) == pytest.approx(0.0)


def test_a_voice_is_known_from_earlier_utterances():
    usual = UsualFit()
    alone = sureness(usual=usual)
    usual.learn([others(-5.5), Decoded("<sil>", 0, 300, 900, -1.0)])
    assert sureness(usual=usual) > alone
    assert sureness(usual=usual) == sureness(others(-5.5))


def test_one_short_word_says_little_about_a_voice():
    assert sureness(others(-5.5, frames=20)) - sureness() < (sureness(others(-5.5)) - sureness()) / 2


def test_in_noise_words_that_fit_badly_speak_against_the_phrase_among_them():
    noisy = UsualFit()
    noisy.clear = False
    assert sureness(others(-5.5), usual=noisy) < sureness()
    assert sureness(others(-2.5), usual=noisy) == sureness(others(-2.5)) < sureness()
