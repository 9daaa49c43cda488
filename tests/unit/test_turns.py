"""Turns from speech probability: pauses bridged, clicks left out, the same however the frames came."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.turns import GAP_S, LEAST_S, TurnFinder
from monitor.types import TICK, Turn
from tests.voices import measures, part


def call(*spans, frames=1000):
    """Speech between these frames."""
    speech = np.zeros(frames, np.float32)
    for start, end in spans:
        speech[start:end] = 0.9
    return measures(frames, speech=speech)


def turns(features, cuts=()):
    finder = TurnFinder("agent")
    edges = [0, *cuts, len(features)]
    pieces = [finder.push(part(features, a, b)) for a, b in pairwise(edges)]
    return [turn for piece in pieces for turn in piece] + finder.finish()


def bounds(features):
    return [(round(turn.start_s, 2), round(turn.end_s, 2)) for turn in turns(features)]


def test_a_turn_begins_a_little_before_its_probability():
    assert turns(call((100, 300))) == [Turn(pytest.approx(0.9), 3.0, "agent")]


def test_a_short_pause_is_bridged_and_a_long_one_is_not():
    gap = round(GAP_S * 100)
    assert bounds(call((100, 200), (200 + gap - 1, 400))) == [(0.9, 4.0)]
    assert bounds(call((100, 200), (200 + gap + 1, 400))) == [(0.9, 2.0), (2.61, 4.0)]


def test_a_click_is_no_turn():
    least = round(LEAST_S * 100)
    assert bounds(call((100, 100 + least - 1))) == []
    assert bounds(call((100, 100 + least))) == [(0.9, 1.25)]


def test_a_turn_cannot_begin_before_the_call():
    assert bounds(call((3, 100))) == [(0.0, 1.0)]


def test_silence_has_no_turns():
    finder = TurnFinder("agent")
    assert finder.push(call()) == []
    assert finder.finish() == []


def test_the_end_of_the_recording_ends_the_turn():
    finder = TurnFinder("agent")
    assert finder.push(call((900, 1000))) == []
    assert finder.finish() == [Turn(pytest.approx(8.9), 10.0, "agent")]
    assert finder.finish() == []


def test_a_turn_is_told_as_soon_as_the_pause_is_long_enough():
    finder = TurnFinder("agent")
    features = call((100, 200))
    told_at = next(
        end for end in range(TICK, 1000, TICK) if finder.push(part(features, end - TICK, end))
    )
    assert told_at / 100 == pytest.approx(2.0 + GAP_S, abs=0.06)


@given(
    st.lists(st.tuples(st.integers(0, 999), st.integers(1, 150)), max_size=8),
    st.lists(st.integers(1, 199), max_size=10, unique=True),
)
def test_cuts_do_not_matter_and_turns_are_apart(spans, cuts):
    features = call(*((start, start + length) for start, length in spans))
    whole = turns(features)
    assert turns(features, [TICK * cut for cut in sorted(cuts)]) == whole
    for one, other in pairwise(whole):
        assert other.start_s - one.end_s >= GAP_S - 0.1 - 1e-9
    assert all(turn.end_s - turn.start_s >= LEAST_S for turn in whole)
