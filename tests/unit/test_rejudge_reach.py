"""How far further samples can move a usual voice: judging again leaves speech out only where nothing can change."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.baseline import BaselineLearner, _Middle
from tests.talks import MINE

VALUES = st.lists(st.floats(-60, 60, width=32), min_size=1, max_size=60)


@given(VALUES, st.lists(st.floats(-60, 60, width=32), max_size=8), st.integers(4, 40))
def test_the_middle_stays_within_its_reach(heard, further, memory):
    known = _Middle(memory)
    known.add_all(heard)
    low, high = known.reach(len(further))
    least = known.least_spread(len(further))
    for value in further:
        known.add(value)
        assert low <= known.middle <= high
        assert known.spread >= least - 1e-9


@given(VALUES, VALUES, st.integers(4, 40))
def test_values_at_once_are_values_in_turn(before, new, memory):
    at_once, in_turn = _Middle(memory), _Middle(memory)
    for value in before:
        at_once.add(value)
    at_once.add_all(new)
    for value in [*before, *new]:
        in_turn.add(value)
    assert (at_once.middle, at_once.spread, len(at_once)) == (in_turn.middle, in_turn.spread, len(in_turn))


@given(st.lists(st.tuples(*[st.floats(-60, 60, width=32)] * 3), min_size=4, max_size=40),
       st.lists(st.tuples(*[st.floats(-60, 60, width=32)] * 3), min_size=1, max_size=6),
       st.sampled_from([None, MINE]))  # fmt: skip
def test_the_usual_voice_stays_within_its_reach(heard, further, usual):
    learner = BaselineLearner(memory=20, profile=usual)
    learner.learn_all(heard)
    learner.hear(25.0)
    reach = learner.reach(len(further))
    for sample in further:
        learner.learn(sample)
        for at in range(3):
            assert reach.low[at] - 1e-9 <= learner.centre[at] <= reach.high[at] + 1e-9
            assert learner.spread[at] >= reach.least_spread[at] - 1e-9


@given(VALUES, st.lists(st.floats(0, 20, width=32), min_size=1, max_size=6))
def test_swing_and_pace_stay_over_their_least(heard, further):
    learner = BaselineLearner(memory=20)
    learner.learn_swings(heard)
    learner.learn_paces(heard)
    least = learner.least_swing(len(further)), learner.least_pace(len(further))
    for value in further:
        learner.learn_swing(value)
        learner.learn_pace(value)
        assert learner.swing_st >= least[0] - 1e-9
        assert learner.pace_syl_s >= least[1] - 1e-9


def test_a_few_values_may_be_moved_anywhere():
    known = _Middle(240)
    known.add_all([1.0, 2.0, 3.0])
    assert known.reach(2) == (-math.inf, math.inf)
    assert known.least_spread(2) == 0.0
    assert known.reach(1) == pytest.approx((1.0, 3.0))
