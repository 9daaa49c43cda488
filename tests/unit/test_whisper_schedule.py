"""When passes are made and where a long utterance is cut, on the sample clock."""

import math

import numpy as np
import pytest

from models.speech_gate import GATE_FRAME
from models.whisper_schedule import Due, PassSchedule, ScheduleTuning, choose_cut
from monitor.types import RATE_HZ, Word

TUNING = ScheduleTuning(interval_s=1.0, pause_begins_s=0.1, soft_cut_s=5.0, hard_cut_s=7.0)
FRAME_S = GATE_FRAME / RATE_HZ


def walk(schedule, seconds, quiet=lambda _: 0, start_s=0.0):
    """What is due at which second of an utterance."""
    schedule.begin(round(start_s * RATE_HZ))
    found = []
    for frame in range(1, round(seconds / FRAME_S) + 1):
        clock = round(start_s * RATE_HZ) + frame * GATE_FRAME
        due = schedule.look(clock, frame * GATE_FRAME, quiet(frame * FRAME_S))
        if due is not Due.NOTHING:
            found.append((round(frame * FRAME_S, 2), due))
    return found


def test_a_partial_pass_every_second():
    assert walk(PassSchedule(TUNING), 3.5) == [(1.0, Due.PARTIAL), (2.0, Due.PARTIAL), (3.0, Due.PARTIAL)]


def test_a_pause_puts_a_pass_off():
    def quiet(at_s):
        return 5 if 0.9 < at_s < 1.5 else 0

    assert walk(PassSchedule(TUNING), 2.6, quiet) == [(1.5, Due.PARTIAL), (2.5, Due.PARTIAL)]


def test_a_very_short_gap_does_not_count_as_a_pause():
    assert walk(PassSchedule(TUNING), 1.5, lambda _: 4) == [(1.0, Due.PARTIAL)]


def test_a_long_utterance_is_closed_in_its_next_pause():
    found = walk(PassSchedule(TUNING), 6.0, lambda at_s: 5 if at_s > 5.5 else 0)
    assert found[-1][1] is Due.CLOSE
    assert next(at for at, due in found if due is Due.CLOSE) == pytest.approx(5.52)


def test_without_a_pause_it_is_cut():
    assert walk(PassSchedule(TUNING), 7.0)[-1] == (7.0, Due.CUT)


def test_a_pause_at_the_very_limit_closes():
    assert walk(PassSchedule(TUNING), 7.0, lambda at_s: 5 if at_s > 6.99 else 0)[-1] == (7.0, Due.CLOSE)


def test_the_interval_changes_at_its_sample():
    schedule = PassSchedule(TUNING)
    schedule.set_interval(2.0, round(1.5 * RATE_HZ))
    assert walk(schedule, 5.5) == [(1.0, Due.PARTIAL), (3.0, Due.PARTIAL), (5.0, Due.PARTIAL)]


def test_of_two_intervals_for_one_sample_the_later_told_holds():
    schedule = PassSchedule(TUNING)
    schedule.set_interval(2.0, 0)
    schedule.set_interval(0.5, 0)
    assert [at for at, _ in walk(schedule, 1.6)] == [0.5, 1.0, 1.5]


def test_no_partial_passes():
    schedule = PassSchedule(TUNING)
    schedule.set_interval(math.inf, 0)
    assert walk(schedule, 4.9) == []


def words(*ends_s, start_s=0.0):
    """Words a, b, c ... that end at these times and touch each other."""
    starts = [start_s, *ends_s[:-1]]
    return [Word(a, b, chr(97 + n)) for n, (a, b) in enumerate(zip(starts, ends_s, strict=True))]


def loud(seconds, *gaps_s):
    """Noise with silence around these times."""
    y = np.random.default_rng(0).standard_normal(round(seconds * RATE_HZ)).astype(np.float32)
    for at_s in gaps_s:
        y[round((at_s - 0.03) * RATE_HZ) : round((at_s + 0.03) * RATE_HZ)] = 0
    return y


def test_the_cut_is_between_two_agreed_words():
    heard = words(2, 4, 6, 8, 9)
    cut = choose_cut(loud(10, 6.0, 8.0), heard, heard[:3], 0.3)
    assert cut.words == 3
    assert cut.samples / RATE_HZ == pytest.approx(6.0, abs=0.04)
    assert cut.samples % GATE_FRAME == 0


def test_the_cut_takes_the_quietest_gap():
    heard = words(2, 4, 6, 8, 9.6)
    cut = choose_cut(loud(10, 8.0), heard, heard, 0.3)
    assert (cut.words, round(cut.samples / RATE_HZ)) == (4, 8)


def test_the_cut_is_never_early_and_never_at_what_is_still_said():
    heard = words(2, 4, 7, 9.9)
    cut = choose_cut(loud(10, 2.0, 9.9), heard, heard, 0.3)
    assert (cut.words, round(cut.samples / RATE_HZ)) == (3, 7)


def test_without_agreement_any_gap_between_words_will_do():
    assert choose_cut(loud(10, 6.0), words(2, 4, 6, 8, 9), [Word(0, 2, "other")], 0.3).words == 3


def test_without_words_the_cut_is_in_the_quietest_moment():
    cut = choose_cut(loud(10, 8.5), [], [], 0.3)
    assert (cut.words, cut.samples / RATE_HZ) == (0, pytest.approx(8.5, abs=0.03))


def test_words_that_end_before_a_cut_without_gaps_are_kept():
    cut = choose_cut(loud(10, 8.5), words(1, 2), [], 0.3)
    assert cut.words == 2
