"""Every row of behaviours, from audio: scripted calls in which it must be heard, and others in which it must not.

The calls are spoken by synthetic voices (``benchmarks/scenarios``); words are found by basic detection (pocketsphinx).
Recall over voices is of the same scripts spoken by each voice of flite that is here. Turn-taking is compared with the
clips' own samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.report import Figures, Goal, Report, Settings, Table, goal_at_least, goal_at_most
from benchmarks.scenarios.hearing import Outcome, hear
from benchmarks.scenarios.rows import row_of
from benchmarks.scenarios.script import load_scenarios, rows_of
from benchmarks.scenarios.truth import TurnTaking, compare
from benchmarks.scenarios.voices import USUAL, can_speak
from monitor.policy.load import load_policy

# Each voice with the one that is on the other side of the line.
OTHER_VOICES = (("rms", "slt"), ("awb", "slt"), ("kal16", "slt"))
_COLUMNS = ("id", "what", "how it is heard", "light", "fired", "silent", "recall over voices")


def run(settings: Settings) -> Report:
    """Hear every scenario, once as it is kept and once in each other voice."""
    scenarios = load_scenarios()
    outcomes = []
    for number, scenario in enumerate(scenarios, 1):
        outcomes.append(hear(scenario))
        wrong = "" if outcomes[-1].as_wanted else "  NOT AS WANTED"
        settings.say(f"{number} of {len(scenarios)}: {scenario.name}{wrong}")
    recall = _over_voices(outcomes, settings)
    rows = [_row(row, outcomes, recall[row]) for row in rows_of(scenarios)]
    turns = _turn_taking(outcomes)
    return Report(
        "behaviours",
        "behaviours.md",
        {"rows": {row["id"]: row for row in rows}, "turn_taking": turns},
        [_table(rows), _turn_table(turns)],
        _goals(rows, turns),
        ("pocketsphinx",),
    )


def _over_voices(outcomes: Sequence[Outcome], settings: Settings) -> dict[str, list[bool]]:
    """For each row, whether its firing scripts fired, voice by voice."""
    found: dict[str, list[bool]] = {outcome.scenario.row: [] for outcome in outcomes}
    voices = [] if settings.quick else [pair for pair in OTHER_VOICES if all(map(can_speak, pair))]
    for outcome in outcomes:
        scenario = outcome.scenario
        if scenario.case != "fires":
            continue
        found[scenario.row].append(outcome.fired)
        for agent, customer in voices:
            there = hear(replace(scenario, between_s=None), {"agent": agent, "customer": customer})
            found[scenario.row].append(there.fired)
            settings.say(f"{scenario.name}, voice {agent}: {'heard' if there.fired else 'not heard'}")
    return found


def _row(row: str, outcomes: Sequence[Outcome], recall: Sequence[bool]) -> Figures:
    about = row_of(row, load_policy())
    cases = {
        case: [
            outcome.as_wanted for outcome in outcomes if (outcome.scenario.row, outcome.scenario.case) == (row, case)
        ]
        for case in ("fires", "silent")
    }
    return {
        "id": row,
        "what": about.what,
        "heard": about.heard,
        "light": about.light,
        **{case: [sum(done), len(done)] for case, done in cases.items()},
        "voices": [sum(recall), len(recall)],
    }


def _table(rows: Sequence[Figures]) -> Table:
    cells = [
        (
            r["id"],
            r["what"],
            r["heard"],
            r["light"],
            *("{} of {}".format(*r[key]) for key in ("fires", "silent", "voices")),
        )
        for r in rows
    ]
    note = f"Agent {USUAL['agent']}, customer {USUAL['customer']}; a hint counts as fired, and as not silent."
    return Table("Every behaviour, from audio", _COLUMNS, cells, note)


def _turn_taking(outcomes: Sequence[Outcome]) -> Figures:
    compared: list[TurnTaking] = [found for found in map(compare, outcomes) if found is not None]
    edges = np.array([edge for found in compared for edge in found.edges_s])
    both, told = (sum(getattr(found, name) for found in compared) for name in ("both_s", "told_both_s"))
    cuts = [found.cuts_right for found in compared if found.cuts_right is not None]
    p50, p90 = (float(np.quantile(edges, share, method="higher")) for share in (0.5, 0.9))
    return {
        "calls": len(compared),
        "boundaries": len(edges),
        "missing_or_extra": int(np.isinf(edges).sum()),
        "p50_s": p50,
        "p90_s": p90 if np.isfinite(p90) else None,
        "talk_over_s": both,
        "talk_over_told_s": told,
        "interruptions_right": sum(cuts),
        "interruptions_calls": len(cuts),
    }


def _turn_table(turns: Figures) -> Table:
    rows = [
        ("calls on two channels", str(turns["calls"])),
        ("turn boundaries, of them missing or extra", f"{turns['boundaries']}, {turns['missing_or_extra']}"),
        ("distance of a boundary, p50", f"{1000 * turns['p50_s']:.0f} ms"),
        ("distance of a boundary, p90", "-" if turns["p90_s"] is None else f"{1000 * turns['p90_s']:.0f} ms"),
        ("talk-over, sounded and told", f"{turns['talk_over_s']:.1f} s, {turns['talk_over_told_s']:.1f} s"),
        (
            "calls with exactly the right interruptions",
            f"{turns['interruptions_right']} of {turns['interruptions_calls']}",
        ),
    ]
    return Table("Turn-taking against the clips' own samples", ("what", "measured"), rows)


def _goals(rows: Sequence[Figures], turns: Figures) -> list[Goal]:
    right = sum(r["fires"][0] == r["fires"][1] and r["silent"][0] == r["silent"][1] for r in rows)
    off = abs(turns["talk_over_told_s"] / turns["talk_over_s"] - 1)
    return [
        goal_at_least(
            f"rows of {len(rows)} that fire in their scenarios and are silent in the others", right, len(rows), 0
        ),
        goal_at_most("turn boundaries, p90", turns["p90_s"], 0.1, 3, " s"),
        goal_at_most("talk-over seconds, off by", 100 * off, 10.0, 1, " %"),
        goal_at_least(
            "calls with exactly the right interruptions", turns["interruptions_right"], turns["interruptions_calls"], 0
        ),
    ]
