"""Who has the floor, on stretches of speaking drawn by hand; times in seconds."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.conversation.floor import Floor, Kind
from monitor.conversation.speaking import Speaking

AGENT, CUSTOMER = 0, 1


def speaking(agent=(), customer=(), duration_s=20.0):
    rows = np.zeros((2, round(100 * duration_s)), np.bool_)
    for side, spans in enumerate((agent, customer)):
        for start_s, end_s in spans:
            rows[side, round(100 * start_s) : round(100 * end_s)] = True
    return rows


def happenings(rows, cuts=(), busy_until=0):
    floor, found = Floor(), []
    edges = [0, *sorted(set(cuts)), rows.shape[1]]
    for start, end in pairwise(edges):
        piece = rows[:, start:end]
        part = Speaking(start, piece, piece, np.zeros_like(piece), np.zeros(piece.shape, np.float32))
        found += floor.push(part, busy_until)
    return [*found, *floor.finish(rows.shape[1])]


def of(kind, *args, **kwargs):
    return [h for h in happenings(speaking(*args, **kwargs)) if h.kind is kind]


def cuts(agent, customer):
    return [(h.side, h.start / 100) for h in of(Kind.INTERRUPTION, agent, customer)]


@pytest.mark.parametrize(
    ("agent", "customer", "expected"),
    [
        ([(3, 6)], [(0, 4)], [(AGENT, 3.0)]),  # the customer stops
        ([(3, 6)], [(0, 8)], [(AGENT, 3.0)]),  # the customer goes on, spoken over for three seconds
        ([(3, 6)], [(0, 3.15)], []),  # just as the other ends: how turns change hands
        ([(3, 6)], [(0, 3.3)], [(AGENT, 3.0)]),
        ([(3, 3.6)], [(0, 8)], []),  # a sound of listening
        ([(3, 3.6), (5, 5.5)], [(0, 8)], []),
        ([(3, 3.75)], [(0, 8)], [(AGENT, 3.0)]),
        ([(0, 4)], [(3, 6)], [(CUSTOMER, 3.0)]),
        ([(3, 6)], [(2.8, 6)], []),  # both begin at once: nobody had the floor
        ([(3, 6)], [(0, 2.6), (2.9, 6)], [(AGENT, 3.0)]),  # a breath keeps the floor
        ([(3, 6)], [(0, 2.0), (2.9, 6)], []),  # a pause does not
        ([(2.65, 2.8), (3, 6)], [(0, 2.6), (2.9, 6)], []),  # nor a breath in which the other spoke
        ([(3, 6)], [(0, 2.9)], []),
        ([], [(0, 4)], []),
        ([(3, 20)], [(0, 20)], [(AGENT, 3.0)]),  # until the end of the call
    ],
)
def test_interruptions(agent, customer, expected):
    assert cuts(agent, customer) == expected


def test_an_interruption_is_told_when_it_is_clear():
    (cut,) = of(Kind.INTERRUPTION, [(3, 6)], [(0, 8)])
    assert cut.told == 370  # longer than a sound of listening
    (cut,) = of(Kind.INTERRUPTION, [(3, 6)], [(0, 5.9)])
    assert cut.told <= 380


def test_talk_over_is_the_time_in_which_both_speak():
    found = of(Kind.OVERLAP, [(3, 6), (8, 9)], [(0, 4), (7, 12)])
    assert sum(h.end - h.start for h in found) == 200
    assert all(h.end - h.start <= 10 for h in found)  # told while it goes on


def test_quiet_counts_from_the_last_word_and_from_the_end_of_music():
    assert max(h.end - h.start for h in of(Kind.QUIET, [(0, 2)], [(2, 5)])) == 1500
    late = [h for h in happenings(speaking([(0, 2)], [(2, 5)]), busy_until=900) if h.kind is Kind.QUIET]
    assert {h.start for h in late} == {900}


def test_the_time_alone_ends_with_a_word_of_the_customer_and_a_long_pause():
    alone = of(Kind.ALONE, [(2, 8), (9, 12), (16, 19)], [(0, 1.5)])
    assert {h.start for h in alone} == {200, 1600}
    assert max(h.end - h.start for h in alone) == 1000


def test_who_was_never_heard_may_be_on_no_channel():
    assert of(Kind.ALONE, [(2, 18)]) == []


def test_a_reply_is_timed_from_the_end_of_the_question():
    assert [(h.start, h.end) for h in of(Kind.REPLY, [(6, 8)], [(0, 4)])] == [(400, 600)]
    assert of(Kind.REPLY, [(3, 8)], [(0, 4)]) == []  # began before it ended
    assert of(Kind.REPLY, [(6, 8)]) == []


def test_nothing_happens_in_an_empty_call():
    assert happenings(speaking(duration_s=0.0)) == []
    assert {h.kind for h in happenings(speaking())} == {Kind.QUIET}


spans = st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 300)), max_size=6).map(
    lambda found: [(start / 100, (start + length) / 100) for start, length in found]
)


@given(spans, spans, st.lists(st.integers(1, 1999), max_size=12))
def test_what_happens_does_not_depend_on_blocks(agent, customer, cut):
    rows = speaking(agent, customer)
    assert happenings(rows, cut) == happenings(rows)


@given(spans, spans)
def test_sides_are_treated_alike(agent, customer):
    def by_side(found, turned):
        return {(h.side ^ turned, h.start) for h in found if h.kind is Kind.INTERRUPTION}

    assert by_side(happenings(speaking(agent, customer)), 0) == by_side(happenings(speaking(customer, agent)), 1)
