"""Tables and goals of the benchmark of phrases, from its figures by recogniser."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.report import Figures, Goal, Table, cell, goal_at_least, goal_at_most

NAMES = {"pocketsphinx": "basic detection (pocketsphinx)"}
BASIC = "pocketsphinx"
BEST_VOICES = 6
RECALL = (
    "recogniser", "recall sure", "with hints", "false sure /h", "with hints /h", "spoken", "hours", "CPU of one core",
)  # fmt: skip
OTHER = ("recogniser", "sure /h", "hints /h", "withdrawn /h", "hours", "CPU of one core")
DELAYS = ("recogniser", "recall sure", "with hints", "hint p50 s", "p90 s", "sure p50 s", "p90 s", "phrases")


def all_of(figures: Figures, corpora: dict[str, str]) -> list[Table]:
    """Recall by corpus, false alarms, and synthetic voices where they were heard."""
    return [*recall_tables(figures, corpora), other_table(figures), *voice_tables(figures)]


def recall_tables(figures: Figures, corpora: dict[str, str]) -> list[Table]:
    """Phrases of the recordings' own transcripts, one table for each corpus."""
    tables = []
    for corpus, title in corpora.items():
        rows = []
        for name, found in figures.items():
            one = found["recall"][corpus]
            cells = [cell(one[key], 2) for key in ("recall_sure", "recall_with_hints")]
            cells += [cell(one[key]) for key in ("false_sure_per_h", "false_with_hints_per_h")]
            share = cell(_pct(one["cpu_per_audio"]), 0, " %")
            rows.append((called(name), *cells, str(one["spoken"]), cell(one["hours"], 2), share))
        tables.append(Table(f"Phrases: {title}", RECALL, rows))
    return tables


def other_table(figures: Figures) -> Table:
    """Flags of the whole built-in policy where none of its phrases was said."""
    rows = []
    for name, found in figures.items():
        one = found["other"]
        rates = [cell(per_hour(one, state)) for state in ("confirmed", "tentative", "withdrawn")]
        share = cell(_pct(one["cpu_per_audio"]), 0, " %")
        rows.append((called(name), *rates, cell(one["hours"], 2), share))
    note = "Withdrawn: a hint that lit amber until the words after it spoke against it."
    return Table("Phrases: false flags of the whole built-in policy on other speech", OTHER, rows, note)


def voice_tables(figures: Figures) -> list[Table]:
    """Recall and delay on synthetic voices, and recall voice by voice."""
    heard = {name: found["voices"] for name, found in figures.items() if "voices" in found}
    if not heard:
        return []
    rows = []
    for name, one in heard.items():
        delays = [cell(one[of] and one[of][which], 2) for of in ("told_s", "sure_s") for which in ("p50", "p90")]
        recall = [cell(one[key], 2) for key in ("recall_sure", "recall_with_hints")]
        rows.append((called(name), *recall, *delays, str(one["phrases"])))
    voices = list(next(iter(heard.values()))["by_voice"])
    by_voice = [(called(name), *(cell(one["by_voice"].get(v), 2) for v in voices)) for name, one in heard.items()]
    note = "Delays from the end of the phrase's sound; below 0: told before its last sound had died away."
    return [
        Table("Phrases: the built-in policy's, said by synthetic voices", DELAYS, rows, note),
        Table("Phrases: recall with hints by voice", ("recogniser", *voices), by_voice),
    ]


def goals(figures: Figures) -> list[Goal]:
    """What we want of basic detection."""
    if BASIC not in figures:
        return []
    found = figures[BASIC]
    real, other = found["recall"]["librispeech"]["recall_with_hints"], found["other"]
    wanted = [
        goal_at_least("recall on LibriSpeech ≥ 0.6, with hints, basic detection", real, 0.6),
        goal_at_most("sure false flags per hour ≤ 2, basic detection", per_hour(other, "confirmed"), 2.0, 1),
        goal_at_most("false hints per hour ≤ 10, basic detection", per_hour(other, "tentative"), 10.0, 1),
    ]
    if "voices" in found:
        one = found["voices"]
        best = sorted(one["by_voice"].values())[-BEST_VOICES:]
        wanted += [
            goal_at_least(_best_of(len(best), len(one["by_voice"])), sum(best) / len(best), 0.9),
            *_delay_goals(one),
        ]
    return wanted


def _best_of(best: int, heard: int) -> str:
    return f"recall of the {best} best of {heard} synthetic voices ≥ 0.9, with hints"


def _delay_goals(one: Figures) -> Sequence[Goal]:
    limits = (("phrase end → hint", "told_s", "p50", 0.5), ("phrase end → sure", "sure_s", "p50", 0.8),
              ("phrase end → sure", "sure_s", "p90", 1.5))  # fmt: skip
    return [
        goal_at_most(f"{text}, {which} ≤ {limit} s", one[of] and one[of][which], limit, 2, " s")
        for text, of, which, limit in limits
    ]


def per_hour(other: Figures, state: str) -> float | None:
    """Flags that ended in this state, per hour."""
    return float(other["counts"][state] / other["hours"]) if other["hours"] else None


def called(name: str) -> str:
    """What people call a recogniser."""
    return NAMES.get(name, name)


def _pct(share: float | None) -> float | None:
    return None if share is None else 100 * share
