"""The tables of the escalation benchmark and the goals that it measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.climbs import CLIMB_S
from benchmarks.escalation_calls import VARIANTS
from benchmarks.escalation_judging import METER, USUAL
from benchmarks.escalation_sets import ADDED, FEW
from benchmarks.intervals import most_by_chance, told
from benchmarks.report import Goal, Table, cell, goal_at_least, goal_at_most
from benchmarks.who import HIGH, LOW, MEN, WOMEN

Rows = Mapping[str, Mapping[str, Any]]

TITLES = {
    "acted": "Raised voice, acted strongly (RAVDESS)",
    "mild": "Raised voice, acted with normal intensity (RAVDESS)",
    "lively": "Lively speech (happy, normal intensity) instead of raised: amber may be, red is wrong (RAVDESS)",
    "calm-read": "Calm read speech alone (LibriSpeech and speechocean)",
    "start": "Raised after 8 s: without a profile, and with one learnt from other calm clips (RAVDESS)",
    "long": "Ten minutes, three raised parts: gain as recorded, and drifting by 6 dB up and down (RAVDESS)",
}
COLUMNS = (
    "calls", "episodes", "recall", "red recall", "delay p50 s", "p90 s", "false/h", "red false/h", "calm lit %",
    "clear s", "grey %", "calm h", "worst recall", "worst false/h",
)  # fmt: skip
VOICES = (WOMEN, MEN, HIGH, LOW)
MOST_MOVED = 0.03


def set_table(dataset: str, rows: Rows) -> Table:
    """One set: a row for each variant and for each monitor."""
    note = "; ".join(note for name in ("all", "all added") if name in rows for note in _notes(name, rows[name]))
    # on lively speech amber may be, so that finding much or little of it is neither good nor bad
    worst = "red_recall" if dataset == "lively" else "recall"
    columns = [name if name != "worst recall" else f"worst {worst.replace('_', ' ')}" for name in COLUMNS]
    return Table(TITLES[dataset], columns, [_cells(name, row, worst) for name, row in rows.items()], note)


def _notes(name: str, row: Mapping[str, Any]) -> list[str]:
    notes = []
    if not row["false_per_h"] or not row["red_false_per_h"]:
        what = "reds" if row["false_per_h"] else "lights"
        notes.append(f"{name}: no false {what} in {row['calm_hours']:.1f} h may still be up to "
                     f"{most_by_chance(0, row['calm_hours']):.1f} per hour (95 % bound)")  # fmt: skip
    if moved := row["without_one"]:
        notes.append(f"{name}: leaving out one speaker moves recall by at most {moved['moved']:.3f}")
    return notes


def _figure(row: Mapping[str, Any], name: str, digits: int, factor: float = 1.0) -> str:
    return told(row[name], row.get(f"{name}_95"), digits, factor)


def _worst(row: Mapping[str, Any], name: str, digits: int) -> str:
    worst = row["worst"][name]
    if worst is None:
        return "-"
    return f"{worst['value']:.{digits}f} {worst['speaker'] or 'all alike'}"


def _cells(name: str, row: Mapping[str, Any], worst: str) -> tuple[str, ...]:
    one_light = name.startswith((METER, USUAL))  # they know no red
    red, red_false = (
        "-" if one_light else _figure(row, key, n) for key, n in (("red_recall", 2), ("red_false_per_h", 1))
    )
    return (
        name, str(row["episodes"]), _figure(row, "recall", 2), red,
        _figure(row, "delay_p50_s", 2), _figure(row, "delay_p90_s", 2), _figure(row, "false_per_h", 1),
        red_false, _figure(row, "calm_lit", 1, 100), _figure(row, "clear_p50_s", 1),
        _figure(row, "grey", 0, 100), cell(row["calm_hours"], 2), _worst(row, worst, 2),
        _worst(row, "false_per_h", 1),
    )  # fmt: skip


def voices_table(
    by_voice: Mapping[str, Rows], speakers: Mapping[str, Rows], f0_hz: Mapping[str, float | None]
) -> Table:
    """Every actor, then sexes and ranges: the strong set in all channels, the mild and the lively one."""
    columns = (
        "voice", "median F0 Hz", "strong: recall", "delay p50 s", "p90 s", "false/h", "normal: recall", "false/h ",
        "lively: lit", "red",
    )  # fmt: skip
    sets = ("acted", "mild", "lively")
    rows = [
        (who, cell(f0_hz.get(who), 0), *_voice_cells(*(speakers[name].get(who) for name in sets)))
        for who in sorted(speakers["acted"], key=lambda name: (f0_hz.get(name) or 0.0, name))
    ]
    rows += [
        (name, "-", *_voice_cells(*(by_voice[key].get(name) for key in sets)))
        for name in VOICES
        if name in by_voice["acted"]
    ]
    title = "By voice, from the lowest to the highest: strong acting in all channels, and the other sets"
    return Table(title, columns, rows)


def _voice_cells(
    strong: Mapping[str, Any] | None, mild: Mapping[str, Any] | None, lively: Mapping[str, Any] | None
) -> tuple[str, ...]:
    def figure(row: Mapping[str, Any] | None, name: str, digits: int) -> str:
        return "-" if row is None else _figure(row, name, digits)

    return (
        figure(strong, "recall", 2), figure(strong, "delay_p50_s", 2), figure(strong, "delay_p90_s", 2),
        figure(strong, "false_per_h", 1), figure(mild, "recall", 2), figure(mild, "false_per_h", 1),
        figure(lively, "recall", 2), figure(lively, "red_recall", 2),
    )  # fmt: skip


def spread_table(rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """How far speakers differ, and who is worst."""
    columns = ("set", "figure", "lowest", "highest", "standard deviation", "worst speaker")
    names = {"recall": ("recall", 2), "delay_p90_s": ("delay p90 s", 2), "false_per_h": ("false/h", 1)}
    lines = [
        (title, label, cell(worst["low"], digits), cell(worst["high"], digits), cell(worst["sd"], digits),
         worst["speaker"] or "all alike")
        for title, row in rows.items()
        for name, (label, digits) in names.items()
        if (worst := row["worst"][name]) is not None
    ]  # fmt: skip
    return Table("Spread over speakers", columns, lines)


def readers_table(by_voice: Rows, speakers: Rows, most: int = 5) -> Table:
    """Calm reading by sex and range, then the readers with the most false lights."""
    columns = ("voices", "readers", "false/h", "red false/h", "calm lit %", "calm h")

    def line(name: str, row: Mapping[str, Any], readers: str) -> tuple[str, ...]:
        return (name, readers, _figure(row, "false_per_h", 1), _figure(row, "red_false_per_h", 1),
                _figure(row, "calm_lit", 1, 100), cell(row["calm_hours"], 2))  # fmt: skip

    rows = [line(name, by_voice[name], str(by_voice[name]["speakers"])) for name in VOICES if name in by_voice]
    worst = sorted(speakers, key=lambda who: (-speakers[who]["false_per_h"], who))[:most]
    rows += [line(who, speakers[who], "1") for who in worst]
    without = sum(not row["false_per_h"] for row in speakers.values())
    note = f"{without} of {len(speakers)} readers had no false light at all."
    return Table(f"Calm reading by voice, and the {most} readers with the most false lights", columns, rows, note)


def climb_table(rows: Rows) -> Table:
    """When a slow climb is noticed."""
    columns = (
        "calls", "n", "voice.rising lit, share", "after min, p50", "at dB", "at st", "latest min",
        "voice.raised lit, share", "after min, p50 ", "rising lights/h",
    )  # fmt: skip
    lines = [
        (
            name, str(row["calls"]), _figure(row, "rising_share", 2), _figure(row, "rising_p50_min", 1),
            *_heights(name, row), cell(row["rising_latest_min"]), _figure(row, "raised_share", 2),
            _figure(row, "raised_p50_min", 1), _figure(row, "rising_per_h", 1),
        )
        for name, row in rows.items()
    ]  # fmt: skip
    note = f"Minutes from where the climb begins, of {CLIMB_S / 60:.0f}; below 0 before it began."
    return Table("Slow climbs: 1 dB and half a semitone a minute over calm speech", columns, lines, note)


def _heights(name: str, row: Mapping[str, Any]) -> tuple[str, str]:
    if "no climb" in name:
        return "-", "-"
    return cell(row["rising_at_db"]), cell(row["rising_at_st"])


def cost_table(costs: Mapping[str, float | None]) -> Table:
    """What hearing costs."""
    rows = [(name, cell(value)) for name, value in costs.items()]
    note = "In processes that did this and nothing else between; start-up of the first call included."
    return Table("Processor seconds per hour of these calls", ("monitor", "CPU s/h"), rows, note)


def _end(rows: Rows, names: Sequence[str], key: str, choose: Callable[[list[float]], float]) -> float | None:
    values = [rows[name][key] for name in names if name in rows]
    # without a value in some variant the worst is unknown, such as the delay where nothing was found
    return None if None in values or not values else choose(values)


def goals_of(figures: Mapping[str, Any]) -> list[Goal]:
    """The design's goals for lights, against the worst variant where it says every variant."""
    acted, mild, lively = figures["acted"], figures["mild"]["all"], figures["lively"]["all"]
    calm, both = figures["calm-read"]["all"], figures["acted"]["all"]
    goals = [
        goal_at_least("recall ≥ 0.98, worst variant", _end(acted, VARIANTS, "recall", min), 0.98, 3),
        goal_at_most("false ambers ≤ 3 per hour at that recall, acted", both["false_per_h"], 3.0, 1),
        goal_at_most("the same in the worst variant", _end(acted, VARIANTS, "false_per_h", max), 3.0, 1),
        goal_at_most("false reds ≤ 0.3 per hour, acted", both["red_false_per_h"], 0.3),
        goal_at_most("amber after ≤ 0.8 s, p50", both["delay_p50_s"], 0.8),
        goal_at_most("amber after ≤ 1.5 s, p90", both["delay_p90_s"], 1.5),
        goal_at_most("p50 in the worst variant", _end(acted, VARIANTS, "delay_p50_s", max), 0.8),
        goal_at_most("p90 in the worst variant", _end(acted, VARIANTS, "delay_p90_s", max), 1.5),
        goal_at_least("recall ≥ 0.98, worst added channel", _end(acted, ADDED, "recall", min), 0.98, 3),
        goal_at_most("false ambers ≤ 3 per hour, worst added channel", _end(acted, ADDED, "false_per_h", max), 3.0, 1),
        goal_at_least("mild acting: recall ≥ 0.6 (the goal is for foreign corpora)", mild["recall"], 0.6, 3),
        goal_at_most("lively speech: never red", lively["red_recall"], 0.0, 3),
        goal_at_most("calm reading: false ambers ≤ 3 per hour", calm["false_per_h"], 3.0, 1),
        goal_at_most("calm reading: false reds ≤ 0.3 per hour", calm["red_false_per_h"], 0.3),
        goal_at_least("recall ≥ 0.98 of women, men, high and low voices", _least_voice(figures), 0.98, 3),
    ]
    for title, row in (("strong", both), ("normal intensity", mild)):
        moved = row["without_one"]
        text = f"leaving out one speaker moves recall by ≤ {MOST_MOVED}, {title}"
        goals.append(goal_at_most(text, moved["moved"] if moved else None, MOST_MOVED, 3))
    return [*goals, *_against(acted)]


def _least_voice(figures: Mapping[str, Any]) -> float | None:
    return _end(figures["by_voice"]["acted"], VOICES, "recall", min)


def _against(acted: Rows) -> list[Goal]:
    """Ours beside the usual answer, on the channels that both heard."""
    theirs = acted.get(f"{USUAL}, all")
    if theirs is None:
        return []
    goals = []
    for key, label, choose in (("recall", "recall", goal_at_least), ("false_per_h", "false/h", goal_at_most)):
        ours = _mean(acted, key)
        limit = theirs[key]
        sign = "≥" if choose is goal_at_least else "≤"
        if limit is not None:
            goals.append(choose(f"{label} {sign} that of {USUAL} ({limit:.2f}), same calls", ours, limit, 2))
    return goals


def _mean(acted: Rows, key: str) -> float | None:
    """Over the variants that the usual answer hears; each has as many episodes and as much calm."""
    values = [acted[name][key] for name in FEW if name in acted]
    return None if not values or None in values else float(sum(values) / len(values))
