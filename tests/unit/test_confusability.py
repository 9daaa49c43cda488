"""Rarity of sounds and the evidence made of it."""

import pytest

from models.confusability import Confusability
from models.evidence import (
    ALONE_AT_LEAST,
    ALONE_AT_MOST,
    TEXT_AT_MOST,
    USEFUL_SCORE,
    WORST_SCORE,
    alone_confidence,
    confidence_of,
    joined_confidence,
    least_score,
    text_confidence,
    text_limit,
)
from monitor.errors import EnvironmentProblem

pytest.importorskip("pocketsphinx")

THE_PRO = ("DH", "AH", "P", "R", "AA")
CALM_DOWN = ("K", "AA", "M", "D", "AW", "N")
ODD = ("ZH", "OY", "ZH", "OY", "ZH")


def test_common_sounds_are_less_rare_than_odd_ones():
    rarity = Confusability().rarity
    assert 0 < rarity(THE_PRO) < rarity(CALM_DOWN) < rarity(ODD)
    assert rarity(()) == 0


def test_every_sound_more_makes_a_phrase_rarer():
    rarity = Confusability().rarity
    rarities = [rarity(CALM_DOWN[:n]) for n in range(1, 7)]
    assert rarities == sorted(rarities)
    assert len(set(rarities)) == 6


def test_a_missing_model_of_sounds_names_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr("pocketsphinx.get_model_path", lambda _: str(tmp_path / "none.bin"))
    with pytest.raises(EnvironmentProblem, match="reinstall"):
        Confusability().rarity(CALM_DOWN)


def test_one_view_alone_is_never_sure():
    assert alone_confidence(200.0, 80.0, 0.0) == ALONE_AT_MOST


def test_alone_a_phrase_is_surer_the_better_it_fits_the_rarer_and_the_nearer_it_is():
    usual = alone_confidence(0.0, 25.0, 0.1)
    assert alone_confidence(30.0, 25.0, 0.1) > usual
    assert alone_confidence(0.0, 35.0, 0.1) > usual
    assert alone_confidence(0.0, 25.0, 0.3) < usual


def test_a_second_view_makes_surer_and_its_absence_less_sure():
    for decoder in (0.2, 0.5, 0.8, 0.95):
        alone, both = (joined_confidence(decoder, is_seen_twice=twice) for twice in (False, True))
        assert alone < both
        assert alone <= decoder
    assert joined_confidence(0.7, is_seen_twice=True) > 0.75
    assert joined_confidence(0.99, is_seen_twice=False) < 0.9


def test_the_least_score_is_where_a_phrase_begins_to_be_told():
    rarity = 35.0
    score = least_score(rarity)
    assert WORST_SCORE < score < USEFUL_SCORE
    assert alone_confidence(score, rarity, 0.0) == pytest.approx(ALONE_AT_LEAST, abs=0.002)
    assert least_score(10.0) == USEFUL_SCORE
    assert least_score(90.0) == WORST_SCORE


def test_confidences_stay_within_their_ends():
    assert confidence_of(-1e6) == 0
    assert confidence_of(0) == 0.5
    assert confidence_of(1e6) == 1


def test_words_may_be_farther_from_rarer_phrases_up_to_a_bound():
    assert text_limit(10.0) < 0
    assert 0 < text_limit(25.0) < text_limit(40.0) < text_limit(100.0) == TEXT_AT_MOST


def test_words_that_sound_like_a_phrase_are_a_hint_and_surer_the_nearer():
    assert text_confidence(0.0, 0.2) == ALONE_AT_MOST
    assert text_confidence(0.2, 0.2) == ALONE_AT_LEAST
    assert ALONE_AT_LEAST < text_confidence(0.1, 0.2) < ALONE_AT_MOST
