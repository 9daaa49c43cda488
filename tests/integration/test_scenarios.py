"""Every row of behaviours, from audio: heard in its scenario and silent in the counter-scenario."""

import pytest

from benchmarks.scenarios.hearing import hear
from benchmarks.scenarios.rows import all_rows, row_of
from benchmarks.scenarios.script import FOLDER, Line, Manner, Scenario, load_scenarios, parse_line, parse_manner
from benchmarks.scenarios.truth import edges_s
from monitor.errors import ParameterError
from monitor.policy.load import load_policy
from monitor.types import Segment

SCENARIOS = load_scenarios()


def test_every_row_has_a_scenario_and_a_counter_scenario():
    for case in ("fires", "silent"):
        assert {scenario.row for scenario in SCENARIOS if scenario.case == case} == set(all_rows(load_policy()))


def test_every_row_is_described():
    for row in all_rows(load_policy()):
        about = row_of(row, load_policy())
        assert about.what
        assert about.light


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if not s.words], ids=lambda s: s.name)
def test_voice_and_turns(scenario):
    check(scenario)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.words], ids=lambda s: s.name)
def test_words(scenario):
    check(scenario)


def check(scenario):
    outcome = hear(scenario)
    assert outcome.as_wanted, (outcome.when_s, outcome.result.lights, outcome.result.checklist)
    both = outcome.result.conversation
    if scenario.interruptions is not None:
        assert tuple(cut.by for cut in both.interruptions) == scenario.interruptions
    assert (both is None) == (scenario.channels == 1)


# --- how scenarios are written


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("agent: Yes.", Line("agent", Manner(), "Yes.")),
        ("-0.8 customer (+6 dB, -2 st): No.", Line("customer", Manner(6.0, -2.0), "No.", gap_s=-0.8)),
        ("@12 agent talks 25 s (x1.2)", Line("agent", Manner(speed=1.2), length_s=25.0, at_s=12.0, gap_s=None)),
        ("agent talks 5 s: Again.", Line("agent", Manner(), "Again.", length_s=5.0)),
        ("silence 12.5 s", Line("silence", Manner(), length_s=12.5, gap_s=0.0)),
        ("+1 music 3 s (-6 dB)", Line("music", Manner(-6.0), length_s=3.0, gap_s=1.0)),
    ],
)
def test_a_line_is_understood(text, line):
    assert parse_line(text) == line


def test_a_manner_is_understood():
    assert parse_manner("+9 dB, +6 st, x0.8, effort +5, lively x1.5") == Manner(9.0, 6.0, 0.8, 5.0, 1.5)
    assert parse_manner(None) == Manner()


@pytest.mark.parametrize(
    "text", ["agent", "nobody: Yes.", "silence", "music 3 s: La.", "agent (loud): Yes.", "+x agent: No"]
)
def test_a_line_that_is_not_understood_is_named(text):
    with pytest.raises(ParameterError, match="here"):
        parse_line(text, "here")


def test_a_table_that_is_not_understood_is_named(tmp_path):
    (tmp_path / "x.toml").write_text('[[scenario]]\nrow = "say.joke"\nfires = "agent: Yes."\nloud = true\n')
    with pytest.raises(ParameterError, match=r"x\.toml, say\.joke fires"):
        load_scenarios(tmp_path)


def test_what_is_the_same_for_both_cases_and_what_is_not(tmp_path):
    text = """
[all]
words = true
[[scenario]]
row = "say.joke"
fires = "agent: Yes."
silent = "agent: No."
leak_db = 20
in_fires = { interruptions = ["agent"], words = false }
"""
    (tmp_path / "x.toml").write_text(text)
    fires, silent = load_scenarios(tmp_path)
    assert isinstance(fires, Scenario)
    assert (fires.name, fires.words, fires.leak_db, fires.interruptions) == ("say.joke fires", False, 20, ("agent",))
    assert (silent.case, silent.words, silent.leak_db, silent.interruptions) == ("silent", True, 20, None)


def test_clips_are_kept_for_every_sentence():
    kept = {path.name for path in (FOLDER / "clips").glob("*.opus")}
    assert len(kept) > 60
    assert sum((FOLDER / "clips" / name).stat().st_size for name in kept) < 3_000_000


def test_boundaries_are_matched_turn_by_turn():
    spoken = [Segment(1.0, 2.0), Segment(2.5, 4.0), Segment(8.0, 9.0)]  # a pause of half a second ends no turn
    assert edges_s(spoken, [Segment(1.1, 4.0), Segment(8.0, 9.2)]) == pytest.approx([0.1, 0.0, 0.0, 0.2])
    assert edges_s(spoken, [Segment(1.0, 4.0)]) == [0.0, 0.0, float("inf"), float("inf")]
    assert edges_s([], [Segment(1.0, 4.0)]) == [float("inf")] * 2
