"""Passes are declared a little later than they were made, alike in a child process and in this one."""

from dataclasses import replace

from models.allowance import Allowance, Allowed, Declared
from monitor.types import RATE_HZ, Hypothesis
from tests.host_fakes import CALL, FakeTranscriber


def heard(at_s, *, final=False):
    return Hypothesis(1, 0.0, at_s, at_s, final, ())


def test_partial_and_final_passes_have_their_own_allowance():
    declared = Declared(Allowance(0.25, 1.0))
    declared.add(heard(1.0))
    declared.add(heard(2.0, final=True))
    assert declared.due(RATE_HZ) == []
    assert [h.heard_at_s for h in declared.due(5 * RATE_HZ // 4)] == [1.25]
    assert declared.due(3 * RATE_HZ - 1) == []
    assert [h.heard_at_s for h in declared.due(3 * RATE_HZ)] == [3.0]


def test_no_pass_is_declared_before_the_one_before_it():
    declared = Declared(Allowance(0.25, 1.0))
    declared.add(heard(2.0, final=True))
    declared.add(heard(2.5))
    declared.add(heard(3.0))
    assert [h.heard_at_s for h in declared.due(4 * RATE_HZ)] == [3.0, 3.0, 3.25]


def test_at_the_end_nothing_is_declared_after_the_last_sample():
    declared = Declared(Allowance(0.25, 1.0))
    declared.add(heard(1.0))
    declared.add(heard(2.0, final=True))
    assert [h.heard_at_s for h in declared.rest(2 * RATE_HZ)] == [1.25, 2.0]
    assert declared.rest(2 * RATE_HZ) == []


def test_the_shorter_one_says_how_far_back_to_wait():
    assert Allowance(0.5, 0.25).least == Allowance(0.25, 1.0).least == RATE_HZ // 4


def test_in_this_process_passes_come_when_they_are_due():
    allowed, plain = Allowed(FakeTranscriber(), Allowance(0.2, 0.5)), FakeTranscriber()
    expected = [replace(h, heard_at_s=h.heard_at_s + (0.5 if h.final else 0.2)) for h in plain.push(CALL)]
    told = []
    for at in range(0, len(CALL), 800):
        for h in allowed.push(CALL[at : at + 800]):
            assert at < round(h.heard_at_s * RATE_HZ) <= at + 800
            told.append(h)
    assert len(told) > 30
    assert [h.words for h in told] == [h.words for h in expected[: len(told)]]
    rest = allowed.finish()
    assert all(h.heard_at_s <= len(CALL) / RATE_HZ for h in rest)
    assert (allowed.name, allowed.warnings) == (plain.name, plain.warnings)
