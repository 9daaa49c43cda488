"""The usual voice: from a prior towards what is heard, robust, and kept between calls."""

import numpy as np
import pytest

from models.baseline import PRIOR, BaselineLearner
from monitor.policy.thresholds import RaisedVoice
from monitor.types import Baseline

MINE = Baseline(
    level_dbfs=-25.0,
    level_spread_db=3.0,
    f0_st=14.0,
    f0_spread_st=1.5,
    effort_db=-9.0,
    effort_spread_db=2.0,
    liveliness_st=2.0,
    articulation_syl_s=4.5,
    speech_s=300.0,
)


def teach(learner, samples, speech_s=None):
    for i, sample in enumerate(samples):
        learner.learn(sample)
        if speech_s is not None:
            learner.hear(speech_s * (i + 1) / len(samples))


def calm(count, centre=(-30, 14, -8), seed=0):
    random = np.random.default_rng(seed)
    return [tuple(random.normal(c, s) for c, s in zip(centre, (2, 1, 1.5), strict=True)) for _ in range(count)]


def test_it_starts_from_the_prior_and_knows_nothing():
    learner = BaselineLearner()
    assert not learner.known
    assert learner.baseline == PRIOR


def test_enough_speech_makes_it_known():
    learner = BaselineLearner(speech_s=20)
    teach(learner, calm(40), speech_s=19.9)
    assert not learner.known
    learner.hear(20.0)
    assert learner.known


def test_speech_of_which_nothing_was_calm_teaches_nothing():
    learner = BaselineLearner(speech_s=20)
    learner.hear(60)
    assert not learner.known
    teach(learner, calm(3))
    learner.hear(61)
    assert not learner.known
    teach(learner, calm(1))
    learner.hear(62)
    assert learner.known


def test_belief_moves_from_the_prior_to_what_is_heard():
    learner = BaselineLearner(speech_s=20)
    distances = []
    for heard_s in range(1, 21):
        learner.hear(heard_s)
        learner.learn((-30, 10, -15))
        distances.append((abs(learner.centre[1] - 10), abs(learner.centre[2] + 15), learner.spread[1]))
    steps = np.diff(np.array(distances), axis=0)
    assert (steps <= 1e-9).all()
    assert distances[0][0] > 9
    assert distances[-1] == pytest.approx((0, 0, 0), abs=1e-6)


def test_level_of_an_unknown_microphone_is_believed_at_once_and_widely():
    learner = BaselineLearner()
    learner.hear(0.5)
    learner.learn((-12, 14, -8))
    assert learner.centre[0] == -12
    assert learner.spread[0] > 40


def test_centre_and_spread_are_robust():
    learner = BaselineLearner(memory=240)
    teach(learner, calm(200), speech_s=100)
    teach(learner, [(0, 40, 30)] * 20)
    assert learner.centre == pytest.approx((-30, 14, -8), abs=0.7)
    assert learner.spread == pytest.approx((2, 1, 1.5), rel=0.35)


@pytest.mark.parametrize("moved_db", [-12, 12])
def test_a_moved_microphone_is_followed(moved_db):
    learner = BaselineLearner(memory=240)
    teach(learner, calm(240), speech_s=120)
    before = learner.centre
    teach(learner, calm(240, centre=(-30 + moved_db, 14, -8), seed=1), speech_s=240)
    assert learner.centre[0] == pytest.approx(-30 + moved_db, abs=0.7)
    assert learner.centre[1:] == pytest.approx(before[1:], abs=0.5)


def test_swing_and_pace_need_more_than_a_handful():
    learner = BaselineLearner()
    learner.learn_swing(6.0)
    learner.learn_pace(8.0)
    assert PRIOR.liveliness_st < learner.swing_st < 4
    assert PRIOR.articulation_syl_s < learner.pace_syl_s < 6
    for _ in range(200):
        learner.learn_swing(6.0)
        learner.learn_pace(8.0)
    assert learner.swing_st == pytest.approx(6, abs=0.1)
    assert learner.pace_syl_s == pytest.approx(8, abs=0.1)


def test_a_profile_is_known_from_the_start_and_moves_slowly():
    learner = BaselineLearner(profile=MINE, profile_weight=60)
    assert learner.known
    assert learner.baseline == MINE
    teach(learner, [(-20, 18, -4)] * 30)
    assert learner.centre == pytest.approx((-25 + 5 / 3, 14 + 4 / 3, -9 + 5 / 3))
    learner.learn_pace(7.5)
    assert learner.pace_syl_s == pytest.approx(4.5 + 3 / 61)


def test_a_profile_stays_known_when_speech_is_counted():
    learner = BaselineLearner(profile=MINE)
    learner.hear(25)
    assert learner.known
    assert learner.baseline.speech_s == 325


def test_what_was_learnt_can_be_kept():
    first = BaselineLearner()
    teach(first, calm(100), speech_s=50)
    second = BaselineLearner(profile=first.baseline)
    assert second.centre == pytest.approx(first.centre)
    assert second.spread == pytest.approx(first.spread)
    assert second.baseline == first.baseline


def test_from_the_prior_only_a_clear_shout_stands_out():
    """The level says nothing at first; any adult's calm F0 and effort stay within two spreads."""
    learner = BaselineLearner()
    for f0_st in (9, 14, 21, 26, 30):
        assert abs(f0_st - learner.centre[1]) / learner.spread[1] <= 2.4
    limits = RaisedVoice()
    assert (20 + 60) / learner.spread[0] < limits.red
