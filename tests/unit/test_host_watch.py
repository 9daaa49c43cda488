"""A hung child is told from a busy one by its answers, its heart-beat and what it computes."""

import pytest

from models.host_watch import CHUNKS, FIRST_PASS_S, PASSES, Pulse, Restarts


def lived(pulse, until_s, *, from_s=0.0, cpu_per_s=0.0, beats=True, owed_s=0.05):
    """When the child is held for hung, None if it is not; ``cpu_per_s`` of a core is what it computes."""
    cpu_s = pulse._cpu_s
    for tenth in range(round(10 * from_s), round(10 * until_s)):
        now_s = tenth / 10
        cpu_s += cpu_per_s / 10
        if beats and tenth % 5 == 0:
            pulse.beat(now_s, cpu_s)
        if pulse.is_hung(now_s, owed_s):
            return now_s
    return None


@pytest.fixture
def pulse():
    pulse = Pulse(still_s=2.0, hang_s=3.0)
    pulse.begin(0.0)
    pulse.learn_cost(None)
    return pulse


def test_a_frozen_child_is_noticed_after_its_stillness(pulse):
    assert lived(pulse, 10, beats=False) == pytest.approx(2.1)


def test_a_child_that_sleeps_beats_but_does_nothing(pulse):
    assert lived(pulse, 10, cpu_per_s=0.001) == pytest.approx(2.1)


def test_a_child_that_goes_round_in_circles_is_given_its_time(pulse):
    assert lived(pulse, 60, cpu_per_s=1.0) == pytest.approx(3.0 + CHUNKS * 0.05, abs=0.6)


def test_a_child_that_waits_for_its_turn_on_a_busy_machine_is_left_alone(pulse):
    """It gets a twelfth of a core: what takes it 2 s of work lasts for 24 s."""
    assert lived(pulse, 24, cpu_per_s=1 / 12) is None
    assert lived(pulse, 60, from_s=24, cpu_per_s=1 / 12) == pytest.approx(12 * 3.15, abs=7)


def test_several_threads_do_not_make_time_pass_faster(pulse):
    assert lived(pulse, 60, cpu_per_s=4.0) == pytest.approx(3.0 + CHUNKS * 0.05, abs=0.2)


def test_an_answer_begins_anew(pulse):
    assert lived(pulse, 2, cpu_per_s=1.0) is None
    pulse.sign(2.0)
    assert lived(pulse, 4, from_s=2, cpu_per_s=1.0) is None
    pulse.sign(4.0)
    assert lived(pulse, 10, from_s=4, beats=False) == pytest.approx(6.1)


def test_we_forgive_when_we_were_held_up_ourselves(pulse):
    pulse.excuse(30.0)
    assert lived(pulse, 40, from_s=30, beats=False) == pytest.approx(32.1)
    assert pulse.silent_s(31.0) == 1.0


def test_passes_get_as_long_as_they_are_known_to_take(pulse):
    pulse.learn_cost(0.0)
    assert lived(pulse, FIRST_PASS_S, cpu_per_s=1.0) is None
    pulse.sign(FIRST_PASS_S)
    pulse.learn_cost(1.5)
    limit_s = 3.0 + PASSES * 1.5 + CHUNKS * 0.05
    assert lived(pulse, 60, from_s=FIRST_PASS_S, cpu_per_s=1.0) == pytest.approx(FIRST_PASS_S + limit_s, abs=0.6)


def test_a_new_child_is_not_judged_by_the_old_one(pulse):
    assert lived(pulse, 2, cpu_per_s=1.0) is None
    pulse.begin(100.0)
    pulse.learn_cost(None)
    assert lived(pulse, 103, from_s=100, cpu_per_s=1.0) is None


def test_pauses_grow_until_it_is_given_up_and_health_is_rewarded():
    restarts = Restarts((0.1, 0.2), most=3, healthy_s=60.0)
    assert [restarts.next_pause_s(now_s) for now_s in (0, 1, 2, 3)] == [0.1, 0.2, 0.2, None]
    assert restarts.next_pause_s(60.5) == 0.2
    assert restarts.next_pause_s(200) == 0.1
