"""Turn-taking against its limits: lights, holds and sums, from happenings made by hand."""

import pytest

from monitor.conversation.floor import Happening, Kind
from monitor.conversation.judge import TurnJudge
from monitor.policy.thresholds import Thresholds
from monitor.types import Light
from monitor.voice import STEADY


class Call:
    """A judge whose time is given in seconds."""

    def __init__(self, **changes):
        self.judge = TurnJudge(Thresholds.model_validate(changes))

    def happen(self, kind, start_s, end_s, side=0):
        end = round(100 * end_s)
        self.judge.take(Happening(kind, round(100 * start_s), end, end, side), end_s)
        return self

    def with_customer(self):
        return self.happen(Kind.UTTERANCE, 0, 1, side=1)

    def goes_on(self, kind, start_s, end_s):
        for tenth in range(round(10 * start_s) + 5, round(10 * end_s) + 1, 5):
            self.happen(kind, start_s, tenth / 10)
        return self

    def ids(self, now_s):
        return [reason.id for reason in self.judge.look(now_s).reasons]


def test_one_interruption_is_none_too_many_and_two_are():
    call = Call().happen(Kind.INTERRUPTION, 3, 4)
    assert call.judge.look(4.0) is STEADY
    call.happen(Kind.INTERRUPTION, 20, 21)
    state = call.judge.look(21.0)
    assert (state.light, state.cue) == (Light.AMBER, "let them finish")
    assert (state.reasons[0].value, state.reasons[0].limit) == (2, 2)
    assert call.ids(26.9) == ["turn.interrupt"]
    assert call.ids(27.0) == []


def test_interruptions_of_long_ago_do_not_count():
    assert Call().happen(Kind.INTERRUPTION, 3, 4).happen(Kind.INTERRUPTION, 63, 64).ids(64.0) == []


def test_the_customer_may_interrupt():
    call = Call().happen(Kind.INTERRUPTION, 3, 4, side=1).happen(Kind.INTERRUPTION, 5, 6, side=1)
    assert call.ids(6.0) == []


def test_talk_over_is_summed_over_half_a_minute():
    call = Call().happen(Kind.OVERLAP, 0, 2).happen(Kind.OVERLAP, 10, 11)
    assert call.ids(11.0) == []
    assert call.happen(Kind.OVERLAP, 12, 12.1).ids(12.1) == ["turn.talk_over"]
    assert call.judge.sums.talk_over_s == pytest.approx(3.1)
    assert Call().happen(Kind.OVERLAP, 0, 2).happen(Kind.OVERLAP, 31, 33).ids(33.0) == []


def test_a_monologue_lights_while_it_lasts():
    call = Call().goes_on(Kind.ALONE, 0, 60)
    assert call.ids(60.0) == []
    call.happen(Kind.ALONE, 0, 60.5)
    assert call.ids(60.5) == ["turn.monologue"]
    assert call.ids(61.6) == []
    assert call.judge.sums.longest_monologue_s == 60.5


def test_dead_air_counts_what_is_over_the_limit():
    call = Call().with_customer().goes_on(Kind.QUIET, 5, 18)
    assert call.ids(18.0) == ["turn.dead_air"]
    assert call.judge.sums.dead_air_s == pytest.approx(3.0)
    call.goes_on(Kind.QUIET, 30, 42)
    assert call.judge.sums.dead_air_s == pytest.approx(5.0)


def test_a_customer_who_was_never_heard_may_be_speaking():
    call = Call().happen(Kind.UTTERANCE, 0, 5).goes_on(Kind.QUIET, 5, 40)
    assert call.ids(40.0) == []
    assert call.judge.sums.dead_air_s == 0


def test_an_announced_hold_is_no_dead_air():
    call = Call()
    call.judge.announce_hold(4.8)
    call.happen(Kind.UTTERANCE, 5.5, 6.0, side=1)  # "all right"
    call.goes_on(Kind.QUIET, 6, 30)
    assert call.ids(30.0) == []
    assert call.judge.sums.dead_air_s == 0


@pytest.mark.parametrize("side", [0, 1])
def test_a_hold_ends_when_somebody_speaks_again(side):
    call = Call().with_customer()
    call.judge.announce_hold(4.8)
    call.happen(Kind.UTTERANCE, 20, 21, side=side).goes_on(Kind.QUIET, 21, 32)
    assert call.ids(32.0) == ["turn.dead_air"]


def test_a_hold_does_not_last_for_ever():
    call = Call(**{"turn.dead_air": {"announced_s": 30}}).with_customer()
    call.judge.announce_hold(1.0)
    call.goes_on(Kind.QUIET, 1, 31)
    assert call.ids(31.0) == []
    call.happen(Kind.QUIET, 1, 31.5)
    assert call.ids(31.5) == ["turn.dead_air"]


@pytest.mark.parametrize("row", ["turn.interrupt", "turn.talk_over", "turn.monologue", "turn.dead_air"])
def test_a_policy_may_turn_each_off(row):
    call = Call(**{row: {"on": False}}).with_customer()
    call.happen(Kind.INTERRUPTION, 1, 2).happen(Kind.INTERRUPTION, 3, 4).happen(Kind.OVERLAP, 1, 8)
    call.goes_on(Kind.ALONE, 0, 70).goes_on(Kind.QUIET, 0, 70)
    lit = {"turn.interrupt", "turn.talk_over", "turn.monologue", "turn.dead_air"}
    assert set(call.judge._lit) == lit - {row}


def test_sums_tell_talk_and_sounds_of_listening():
    call = Call().happen(Kind.UTTERANCE, 0, 4).happen(Kind.UTTERANCE, 5, 5.5).happen(Kind.UTTERANCE, 5, 9, side=1)
    assert call.judge.sums.talk_s == pytest.approx([4.5, 4.0])
    assert call.judge.sums.back_channels == 1
    assert call.happen(Kind.REPLY, 9, 9.8).judge.sums.replies_s == pytest.approx([0.8])
