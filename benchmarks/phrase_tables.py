"""Tables and goals of the benchmark of phrases, from its figures by recogniser."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.intervals import most_by_chance, told
from benchmarks.phrase_curve import BOTH, CHECKED, CHOSEN
from benchmarks.phrase_picture import Line, draw
from benchmarks.report import Figures, Goal, Table, cell, goal_at_least, goal_at_most
from monitor.phrases.flags import rule_for

NAMES = {"pocketsphinx": "basic detection (pocketsphinx)"}
BASIC = "pocketsphinx"
BEST_VOICES = 6
RECALL = (
    "recogniser", "recall sure", "with hints", "false sure /h", "with hints /h", "spoken", "hours", "CPU of one core",
)  # fmt: skip
OTHER = ("recogniser", "sure /h", "hints /h", "withdrawn /h", "hours", "CPU of one core")
GROUPS = (
    "", "recall sure", "with hints", "false sure /h", "with hints /h", "spoken", "speakers", "hours",
)  # fmt: skip
TRUST = ("confidence", "flags", "stated", "right", "first half", "second half")
DELAYS = ("recogniser", "recall sure", "with hints", "hint p50 s", "p90 s", "sure p50 s", "p90 s", "phrases")


def all_of(figures: Figures, corpora: dict[str, str]) -> list[Table]:
    """Recall by corpus, group and condition, false alarms, thresholds, and synthetic voices where they were heard."""
    tables = [*recall_tables(figures, corpora), *group_tables(figures, corpora), *condition_tables(figures)]
    tables += [other_table(figures), *other_groups(figures)]
    return [*tables, *curve_tables(figures, corpora), *trust_tables(figures), *voice_tables(figures)]


def recall_tables(figures: Figures, corpora: dict[str, str]) -> list[Table]:
    """Phrases of the recordings' own transcripts, one table for each corpus."""
    tables = []
    for corpus, title in corpora.items():
        rows = []
        for name, found in figures.items():
            one = found["recall"][corpus]
            cells = [told(one[key], one[f"{key}_95"], 2) for key in ("recall_sure", "recall_with_hints")]
            cells += false_cells(one)
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


def group_tables(figures: Figures, corpora: dict[str, str]) -> list[Table]:
    """Recall by sex, range of the voice and speed, with intervals over speakers, and the worst speaker."""
    tables = []
    for name, found in figures.items():
        for corpus, title in corpora.items():
            rows = [group_row(group, one) for group, one in found["groups"][corpus].items()]
            worst = found["worst"][corpus]
            note = (
                worst
                and f"Worst: {worst['speaker']}, {worst['recall_with_hints']:.2f} of {worst['spoken']}, with hints."
            )
            tables.append(Table(f"Phrases by speaker, {called(name)}: {title}", GROUPS, rows, note or ""))
    return tables


def group_row(group: str, one: Figures) -> tuple[str, ...]:
    """One group's cells; intervals are over its speakers."""
    recall = [told(one[f"recall_{key}"], one[f"recall_{key}_95"], 2) for key in ("sure", "with_hints")]
    return (group, *recall, *false_cells(one), str(one["spoken"]), str(one["speakers"]), cell(one["hours"], 2))


def false_cells(one: Figures) -> list[str]:
    """False flags per hour, sure and with hints; where there was none, the most that chance would still hide."""
    cells = []
    for key in ("false_sure_per_h", "false_with_hints_per_h"):
        if one[key] == 0:
            cells.append(f"0.0 (< {most_by_chance(0, one['hours']):.1f})")
        else:
            cells.append(told(one[key], one[f"{key}_95"], 1))
    return cells


def condition_tables(figures: Figures) -> list[Table]:
    """The same recordings as they are, in noise and through a telephone."""
    return [
        Table(
            f"Phrases in noise and by telephone, {called(name)}: some of LibriSpeech", GROUPS,
            [group_row(condition, one) for condition, one in found["conditions"].items()],
        )
        for name, found in figures.items()
    ]  # fmt: skip


def other_groups(figures: Figures) -> list[Table]:
    """False flags on other speech by who speaks."""
    tables = []
    for name, found in figures.items():
        rows = []
        for group, one in found["other"]["groups"].items():
            rows.append((group, *false_cells(one), str(one["speakers"]), cell(one["hours"], 2)))
        columns = ("who", "sure /h", "with hints /h", "speakers", "hours")
        tables.append(Table(f"Phrases: the same by who speaks, {called(name)}", columns, rows))
    return tables


def curve_tables(figures: Figures, corpora: dict[str, str]) -> list[Table]:
    """Every threshold: phrases found and false flags, on the half that chose it and on the half that confirms it."""
    tables = []
    for name, found in figures.items():
        for kind, meaning in (("sure", "sure from this confidence on"), ("hinted", "told from this confidence on")):
            one = found["curve"][kind]
            columns = ("threshold", *(title.split(",")[0] for title in corpora.values()), "false /h")
            rows = []
            for n, threshold in enumerate(found["curve"]["ladder"]):
                recalls = [_halves(one["recall"][corpus], n, 2) for corpus in corpora]
                mark = ", shipped" if threshold == shipped(name, kind) else ""
                rows.append((f"{threshold:g}{mark}", *recalls, _halves(one["false_per_h"], n, 1)))
            note = "The half of the speakers that thresholds are chosen on / the other half."
            tables.append(Table(f"Phrases by threshold, {called(name)}: {meaning}", columns, rows, note))
    return tables


def _halves(one: Figures, n: int, digits: int) -> str:
    return " / ".join(cell(None if one[half] is None else one[half][n], digits) for half in (CHOSEN, CHECKED))


def shipped(name: str, kind: str) -> float:
    """The threshold in use."""
    rule = rule_for(name)
    return rule.final_confidence if kind == "sure" else rule.least_confidence


def pictures(figures: Figures) -> dict[str, str]:
    """The operating curve of basic detection, all speakers together."""
    if BASIC not in figures:
        return {}
    found = figures[BASIC]["curve"]
    lines = []
    for kind, called_so, colour in (("hinted", "told at least as a hint", "#b26a00"), ("sure", "sure", "#b00020")):
        one = found[kind]
        recall, false = one["recall"]["librispeech"][BOTH], one["false_per_h"][BOTH]
        if recall is not None and false is not None:
            points = list(zip(found["ladder"], false, recall, strict=True))
            lines.append(Line(called_so, colour, points, shipped(BASIC, kind)))
    return {"phrase-curve": draw("Basic detection: thresholds of confidence", lines)} if lines else {}


def trust_tables(figures: Figures) -> list[Table]:
    """Whether a stated confidence is the share that is right."""
    tables = []
    for name, found in figures.items():
        rows = []
        both = found["trust"][BOTH]
        for n, row in enumerate(both["bins"]):
            cells = [
                f"{row['from']:g} to {row['to']:g}",
                str(row["flags"]),
                cell(row["stated"], 2),
                cell(row["right"], 2),
            ]
            cells += [cell(found["trust"][half]["bins"][n]["right"], 2) for half in (CHOSEN, CHECKED)]
            rows.append(tuple(cells))
        errors = " / ".join(cell(found["trust"][half]["error"], 2) for half in (BOTH, CHOSEN, CHECKED))
        said = cell(found["trust"]["said_per_h"], 0)
        note = (
            f"Expected calibration error, all speakers / the first half / the second: {errors}. "
            f"Phrases were said {said} times an hour; where they are said less often, fewer flags are right."
        )
        tables.append(Table(f"Phrases: confidence of flags, {called(name)}", TRUST, rows, note))
    return tables


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
    speeds = list(next(iter(heard.values()))["by_speed"])
    by_speed = [(called(name), *(cell(one["by_speed"].get(v), 2) for v in speeds)) for name, one in heard.items()]
    worst = "; ".join(f"{called(name)}: {_worst(one['by_voice'])}" for name, one in heard.items())
    note = "Delays from the end of the phrase's sound; below 0: told before its last sound had died away."
    return [
        Table("Phrases: the built-in policy's, said by synthetic voices", DELAYS, rows, note),
        Table("Phrases: recall with hints by voice", ("recogniser", *voices), by_voice, f"Worst voice, {worst}."),
        Table("Phrases: recall with hints by speed of the voice", ("recogniser", *speeds), by_speed),
    ]


def _worst(by_voice: Figures) -> str:
    voice = min(by_voice, key=lambda name: by_voice[name])
    return f"{voice}, {by_voice[voice]:.2f}"


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
