"""What must hold on calls of two voices whose clips tell who speaks when: boundaries, talk-over, cuts, leak."""

import functools
import random
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.scenarios.hearing import hear
from benchmarks.scenarios.scene import both_s, render
from benchmarks.scenarios.script import Line, Manner, Scenario
from benchmarks.scenarios.truth import compare
from benchmarks.scenarios.voices import STOCK
from monitor.conversation.floor import BACK_CHANNEL_S, LEAST_OVERLAP_S, OVERLAP_S
from monitor.conversation.two_sides import SIDES

CALLS = 6
FAR = 0.05  # seconds from a limit within which nobody can say


def random_call(seed, gaps, **how):
    rng = random.Random(seed)
    lines = [
        Line(
            SIDES[number % 2],
            Manner(level_db=rng.uniform(-3, 3)),
            rng.choice(STOCK),
            gap_s=rng.choice(gaps) if number else 0.5,
        )
        for number in range(14)
    ]
    return Scenario(f"random {seed}", "turn.interrupt", "fires", tuple(lines), profile=False, **how)


def true_cuts(scene):
    """Who cut in, by the definition, from the clips alone; None where one is too near to a limit to say."""
    found = []
    for side in (0, 1):
        for mine in scene.spoken[side]:
            for other in scene.spoken[1 - side]:
                both = mine.overlap_s(other)
                if not other.start_s < mine.start_s < other.end_s or mine.duration_s < BACK_CHANNEL_S:
                    continue
                stopped = other.end_s <= mine.end_s
                limit = LEAST_OVERLAP_S if stopped else OVERLAP_S
                if abs(both - limit) < FAR or abs(mine.start_s - other.start_s - 0.3) < FAR:
                    return None
                if both > limit and mine.start_s - other.start_s > 0.3:
                    found.append((mine.start_s, SIDES[side]))
    return [by for _, by in sorted(found)]


@functools.cache
def heard(seed, kind):
    gaps, how = {
        "lively": ((-1.6, -1.1, -0.8, 0.15, 0.4, 0.9), {}),
        "lively leak": ((-1.6, -1.1, -0.8, 0.15, 0.4, 0.9), {"leak_db": 20, "leak_s": 0.15}),
        "polite leak": ((0.1, 0.2, 0.4, 0.9), {"leak_db": 20, "leak_s": 0.15}),
        "polite loud leak": ((0.1, 0.2, 0.4, 0.9), {"leak_db": 12, "leak_s": 0.3}),
        "unequal": ((-1.6, -1.1, 0.15, 0.4), {"customer_gain_db": -18.0}),
    }[kind]
    return hear(random_call(seed, gaps, **how))


# Where one side's last consonants sink into the other's leak, they are taken for it.
@pytest.mark.parametrize(("kind", "most_s"), [("lively", 0.1), ("lively leak", 0.15), ("unequal", 0.1)])
def test_turn_boundaries_and_talk_over(kind, most_s):
    found = [compare(heard(seed, kind)) for seed in range(CALLS)]
    edges = np.array([edge for each in found for edge in each.edges_s])
    assert len(edges) > 60
    assert np.quantile(edges, 0.9, method="higher") <= most_s
    both, told = (sum(getattr(each, name) for each in found) for name in ("both_s", "told_both_s"))
    assert both > 10
    assert told == pytest.approx(both, rel=0.1)


@pytest.mark.parametrize("kind", ["lively", "lively leak", "unequal"])
def test_interruptions_are_exact(kind):
    outcomes = [heard(seed, kind) for seed in range(CALLS)]
    pairs = [(true_cuts(each.scene), [c.by for c in each.result.conversation.interruptions]) for each in outcomes]
    sure = [(true, told) for true, told in pairs if true is not None]
    assert len(sure) >= CALLS // 2
    assert [told for _, told in sure] == [true for true, _ in sure]


@pytest.mark.parametrize("kind", ["polite leak", "polite loud leak"])
def test_a_leak_makes_no_interruption(kind):
    for seed in range(CALLS):
        outcome = heard(seed, kind)
        assert both_s(outcome.scene) == 0
        assert outcome.result.conversation.interruptions == ()
        assert outcome.result.conversation.talk_over_s < 0.5


def test_one_channel_tells_nothing_of_the_conversation_and_says_why():
    scenario = random_call(0, (0.2, 0.4), channels=1)
    result = hear(scenario).result
    assert result.conversation is None
    for path in ("conversation", "summary.talk_share", "summary.interruptions"):
        assert result.unknown[path] == "one channel"
    whys = {item.id: item.why for item in result.checklist if item.id in ("do.listen", "do.steady")}
    assert set(whys.values()) == {"one channel"}


def test_the_scripts_sound_as_they_are_written():
    scene = render(random_call(1, (0.4,)))
    assert scene.y.shape[0] == 2
    assert all(a.end_s < b.start_s for spans in scene.spoken for a, b in pairwise(spans))
