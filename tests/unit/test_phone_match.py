"""Distances between rows of sounds, against what a phonetician would say."""

import numpy as np
import pytest

from models.phone_match import GAP, SOUNDS, WEAK_GAP, PhoneSearch, confusion, distance, nearest

SORRY = ("AY", "M", "S", "AA", "R", "IY")


def test_there_are_the_39_sounds_of_english():
    assert len(set(SOUNDS)) == len(SOUNDS) == 39


def test_every_pair_of_sounds_has_a_cost_and_both_ways_the_same():
    for one in SOUNDS:
        for other in SOUNDS:
            cost = confusion(one, other)
            assert cost == confusion(other, one)
            assert (cost == 0) if one == other else (0 < cost <= 1), (one, other)


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (("P", "B"), ("P", "M")), (("P", "B"), ("P", "L")), (("S", "Z"), ("S", "G")), (("M", "N"), ("M", "K")),
        (("IH", "IY"), ("IY", "AA")), (("AA", "AO"), ("AA", "UW")), (("R", "ER"), ("R", "IY")),
        (("TH", "F"), ("TH", "NG")), (("EY", "EH"), ("EY", "OY")),
    ],
)  # fmt: skip
def test_sounds_that_are_made_alike_cost_less(near, far):
    assert confusion(*near) < confusion(*far)


def test_vowels_and_consonants_share_nothing_but_their_halves():
    assert confusion("AA", "K") == 1
    assert confusion("UW", "W") < 0.5


def test_a_phrase_is_found_anywhere_in_what_was_heard():
    assert distance(SORRY, SORRY) == 0
    assert distance(("DH", "EH", "N", *SORRY, "T", "UW"), SORRY) == 0


def test_i_m_sorry_is_near_and_sorry_and_far_from_other_words():
    and_sorry = ("AE", "N", "D", "S", "AA", "R", "IY")
    good_morning = ("G", "UH", "D", "M", "AO", "R", "N", "IH", "NG")
    assert 0 < distance(and_sorry, SORRY) < 0.25
    assert distance(good_morning, SORRY) > 0.4


def test_a_sound_too_many_or_too_few_costs_a_gap():
    assert distance(("AY", "M", "S", "AA", "R", "IY")[1:], SORRY) == pytest.approx(GAP / 6)
    assert distance(("K", "AA", "T", "M"), ("K", "AA", "M")) == pytest.approx(WEAK_GAP / 3)
    assert distance(("K", "AA", "G", "M"), ("K", "AA", "M")) == pytest.approx(GAP / 3)


def test_the_distance_is_at_most_one_and_nothing_is_everywhere():
    assert distance((), ("ZH", "OY", "ZH")) == pytest.approx(GAP)
    assert distance(("T",), ()) == 0


def test_the_nearest_stretch_is_told_with_its_ends():
    place = nearest(("DH", "EH", "N", "AE", "N", "S", "AA", "R", "IY", "T", "UW"), SORRY)
    assert (place.first, place.end) == (3, 9)
    assert nearest((), SORRY).first == nearest((), SORRY).end == 0


def test_many_phrases_are_searched_as_one_by_one():
    rng = np.random.default_rng(5)
    wanted = [tuple(rng.choice(SOUNDS, rng.integers(1, 14))) for _ in range(60)]
    limits = rng.uniform(0.1, 0.7, 60)
    found = missed = 0
    for _ in range(20):
        heard = tuple(rng.choice(SOUNDS, rng.integers(1, 40)))
        apart = [distance(heard, row) for row in wanted]
        near = PhoneSearch(wanted, limits).near(heard)
        assert near == [n for n in range(60) if apart[n] <= limits[n]]
        found, missed = found + len(near), missed + 60 - len(near)
    assert found > 100
    assert missed > 100


def test_a_search_that_goes_on_finds_what_a_new_one_finds():
    rng = np.random.default_rng(5)
    wanted = [tuple(rng.choice(SOUNDS, int(rng.integers(3, 9)))) for _ in range(40)]
    limits = [0.45] * len(wanted)
    search, heard, answers = PhoneSearch(wanted, limits), [], set()
    for _ in range(30):
        # as an utterance grows: some of its end is taken back, more is added
        heard = heard[: len(heard) - int(rng.integers(0, 12))] if len(heard) > 12 else heard
        heard = [*heard, *(str(sound) for sound in rng.choice(SOUNDS, int(rng.integers(0, 15))))]
        near = search.near(heard)
        assert near == PhoneSearch(wanted, limits).near(heard)
        answers.add(tuple(near))
    assert len(answers) > 5


def test_no_phrases_are_near_to_nothing():
    assert PhoneSearch([], []).near(SORRY) == []
    assert PhoneSearch([SORRY], [0.2]).near(()) == []
