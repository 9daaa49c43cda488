"""When a live call on a slow machine steps down, and how: a policy in made-up time."""

import math

import pytest

from models.host_pace import Kind, Pace, PaceTuning, Step

TUNING = PaceTuning(lag_s=1.5, patience_s=3.0, settle_s=4.0, passes=6)


def steps(pace, lag_of, until_s, *, from_s=0.0, late=0, on_time=0, cost_s=0.0):
    """Steps and when they are taken; ``lag_of`` a time is the audio that waits. Passes come once a second."""
    taken = []
    for twentieth in range(round(20 * from_s), round(20 * until_s)):
        now_s = twentieth / 20
        passes = (late, on_time) if twentieth % 20 == 0 else (0, 0)
        step = pace.look(now_s, lag_of(now_s), *passes, cost_s)
        if step is not None:
            taken.append((now_s, step))
    return taken


def kinds(taken):
    return [step.kind for _, step in taken]


@pytest.fixture
def pace():
    pace = Pace(TUNING)
    pace.begin(0.0, 1.0, can_shrink=True)
    return pace


def test_who_keeps_up_is_left_alone(pace):
    assert steps(pace, lambda s: s % 1.4, 600, on_time=1) == []


def test_what_keeps_growing_leads_down_step_by_step(pace):
    taken = steps(pace, lambda s: min(0.5 * s, 10.0), 60)
    assert kinds(taken) == [Kind.SLOWER, Kind.SMALLER, Kind.PAUSES]
    assert taken[0][0] == pytest.approx(TUNING.settle_s + TUNING.patience_s, abs=0.1)
    assert taken[1][0] - taken[0][0] == pytest.approx(TUNING.settle_s + TUNING.patience_s, abs=0.1)


def test_what_is_being_caught_up_is_left_alone(pace):
    """A long start, or a machine that slept for a moment."""
    assert steps(pace, lambda s: max(0.0, 9.0 - 0.3 * s), 120) == []


def test_a_short_delay_is_left_alone(pace):
    assert steps(pace, lambda s: 3.0 if s % 10 < 2.5 else 0.2, 120) == []


def test_passes_that_are_mostly_late_lead_down_though_little_waits(pace):
    taken = steps(pace, lambda _: 0.6, 12, late=1)
    assert kinds(taken) == [Kind.SLOWER]
    assert taken[0][0] == pytest.approx(TUNING.settle_s + TUNING.passes - 1, abs=0.1)


def test_a_late_pass_now_and_then_does_no_harm(pace):
    taken = []
    for second in range(300):
        late = second % 3 == 0
        taken.append(pace.look(float(second), 0.3, int(late), int(not late)))
    assert set(taken) == {None}


def test_the_new_interval_leaves_time_between_passes(pace):
    ((_, step), *_) = steps(pace, lambda s: s, 20, cost_s=3.0)
    assert step == Step(Kind.SLOWER, 4.5)


def test_a_new_recogniser_may_step_down_again_but_one_without_choice_never(pace):
    assert kinds(steps(pace, lambda s: s, 15)) == [Kind.SLOWER, Kind.SMALLER]
    pace.begin(15.0, 0.5, can_shrink=False)
    assert kinds(steps(pace, lambda s: s, 60, from_s=15)) == [Kind.SLOWER, Kind.PAUSES]
    pace.begin(60.0, None, can_shrink=False)
    assert steps(pace, lambda s: s, 120, from_s=60, late=1) == []
    pace.begin(120.0, math.inf, can_shrink=True)
    assert kinds(steps(pace, lambda s: s, 180, from_s=120)) == [Kind.SMALLER]


def test_each_step_is_told_in_a_sentence():
    start = "this machine is too slow for the recogniser, so from 1:05 on "
    assert Step(Kind.SLOWER, 1.5).told("1:05") == start + "words are looked for every 1.5 s"
    assert Step(Kind.SMALLER).told("1:05", "tiny.en") == start + "it goes on with the smaller model tiny.en"
    assert Step(Kind.PAUSES).told("1:05") == start + "words are looked for at pauses only"
