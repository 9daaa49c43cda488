"""Figures of judged calls: rates with intervals over speakers, who is worst, and what one speaker more or less does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks import intervals
from benchmarks.climbs import CLIMB, DB_PER_MIN, RAISED, RISING, ST_PER_MIN, STEADY, Noticed
from benchmarks.escalation_calls import VARIANTS
from benchmarks.escalation_judging import METER, OURS, USUAL, Scored
from benchmarks.escalation_sets import ADDED
from benchmarks.report import Figures
from benchmarks.usual_answer import Heard
from benchmarks.who import range_of, sex_of
from monitor.truth.lights import Score, pooled, summary

Parts = tuple[float, float]
# Rates that are a sum over a sum, by what a score adds above and below.
RATIOS: Mapping[str, Callable[[Score], Parts]] = {
    "recall": lambda score: (sum(score["any"].hit), len(score["any"].hit)),
    "red_recall": lambda score: (sum(score["red"].hit), len(score["red"].hit)),
    "false_per_h": lambda score: (sum(score["any"].false_n), sum(score["any"].calm_s) / 3600),
    "red_false_per_h": lambda score: (sum(score["red"].false_n), sum(score["red"].calm_s) / 3600),
    "calm_lit": lambda score: (sum(score["any"].false_s), sum(score["any"].calm_s)),
}
RATES = ("false_per_h", "red_false_per_h")
QUANTILES = {"delay_p50_s": ("delay_s", 0.5), "delay_p90_s": ("delay_s", 0.9), "clear_p50_s": ("clear_s", 0.5)}
WORST = {"recall": min, "red_recall": max, "false_per_h": max, "delay_p90_s": max}
"""Which end of each figure is the bad one; a red light is bad on lively speech, the one set where it is shown."""


def groups_of(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Calls of one set by row: ours by variant, those of the shared script together, the added ones, then others'."""
    groups: dict[str, list[Scored]] = {}
    for monitor, prefix in ((OURS, ""), (METER, f"{METER}, "), (USUAL, f"{USUAL}, ")):
        calls = [s for s in scored if s.monitor == monitor]
        names = dict.fromkeys([*VARIANTS, *ADDED, *(s.variant for s in calls)])
        for variant in names:
            of_variant = [s for s in calls if s.variant == variant]
            if of_variant:
                groups[prefix + variant] = of_variant
        together = [s for s in calls if s.variant in VARIANTS]
        if len({s.variant for s in together}) > 1:
            groups[f"{prefix}all"] = together
        added = [s for s in calls if s.variant in ADDED]
        if added:
            groups[f"{prefix}all added"] = added
    return groups


def by_speaker(calls: Iterable[Scored]) -> dict[str, Score]:
    """The calls of each speaker as one, by name."""
    scores: dict[str, list[Score]] = defaultdict(list)
    for call in calls:
        scores[call.speaker].append(call.score)
    return {name: pooled(scores[name]) for name in sorted(scores)}


def row_of(calls: Sequence[Scored]) -> Figures:
    """Rates of some calls, each with its interval as ``NAME_95``, the worst speaker, and leaving one out."""
    scores = by_speaker(calls)
    greys = [(call.speaker, call.grey) for call in calls if call.grey is not None]
    row: Figures = {**summary(pooled(scores.values())), "speakers": len(scores)}
    for name, parts_of in RATIOS.items():
        row[f"{name}_95"] = intervals.of_ratio({who: parts_of(score) for who, score in scores.items()})
    for name, (values, share) in QUANTILES.items():
        own = {who: getattr(score["any"], values) for who, score in scores.items()}
        row[f"{name}_95"] = intervals.of_quantile(own, share)
    row["grey"] = float(np.mean([grey for _, grey in greys])) if greys else None
    row["grey_95"] = intervals.of_ratio(_sums(greys))
    row["worst"] = {name: worst_of(scores, name) for name in WORST}
    row["without_one"] = without_one(scores)
    return row


def _sums(pairs: Sequence[tuple[str, float]]) -> dict[str, Parts]:
    sums: dict[str, Parts] = defaultdict(lambda: (0.0, 0.0))
    for who, value in pairs:
        sums[who] = (sums[who][0] + value, sums[who][1] + 1)
    return sums


def worst_of(scores: Mapping[str, Score], name: str) -> dict[str, Any] | None:
    """The speaker with the worst value, and the spread over speakers; None where it is unknown for all.

    ``speaker`` is None where all speakers have the same value.
    """
    known = {who: value for who, score in scores.items() if (value := summary(score)[name]) is not None}
    if not known:
        return None
    values = list(known.values())
    worst = WORST[name](values)
    who = min(speaker for speaker, value in known.items() if value == worst)
    same = max(values) == min(values)
    return {"speaker": None if same else who, "value": worst, "low": min(values), "high": max(values),
            "sd": float(np.std(values))}  # fmt: skip


def without_one(scores: Mapping[str, Score]) -> dict[str, Any] | None:
    """How far recall moves at most when one speaker is left out, and which one."""
    parts = {who: RATIOS["recall"](score) for who, score in scores.items()}

    def recall(chosen: Sequence[Parts]) -> float | None:
        below = sum(part[1] for part in chosen)
        return sum(part[0] for part in chosen) / below if below else None

    whole = recall(list(parts.values()))
    left = {who: value for who, value in intervals.without_one(parts, recall).items() if value is not None}
    if whole is None or len(left) < 2:
        return None
    moved = {who: abs(value - whole) for who, value in left.items()}
    who = max(sorted(moved), key=lambda name: moved[name])
    return {"speaker": who, "moved": moved[who]}


def by_voice(calls: Sequence[Scored], f0_hz: Mapping[str, float | None]) -> dict[str, Figures]:
    """Rows of our own calls by sex and by range of the voice."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for call in calls:
        for group in (sex_of(call.speaker), range_of(f0_hz.get(call.speaker))):
            if group:
                groups[group].append(call)
    return {name: row_of(groups[name]) for name in sorted(groups)}


def speakers_rows(calls: Sequence[Scored]) -> dict[str, Figures]:
    """Rates of each speaker's own calls; only what is counted per hour has an interval, for one cannot be drawn."""
    return {
        who: {**summary(score), **{f"{key}_95": intervals.of_events(*RATIOS[key](score)) for key in RATES}}
        for who, score in by_speaker(calls).items()
    }


def climbs_row(climbs: Sequence[tuple[str, Noticed]]) -> Figures:
    """How often and when ``voice.rising`` and ``voice.raised`` lit on climbing or on steady calls."""
    own = dict(climbs)
    hours = {who: (float(call.rising_lights), call.hours) for who, call in own.items()}
    lights, total = (sum(column) for column in zip(*hours.values(), strict=True))
    row: Figures = {"calls": len(own), "rising_per_h": lights / total, "rising_per_h_95": intervals.of_ratio(hours)}
    for name in (RISING, RAISED):
        minutes = {who: call.minutes(name) for who, call in own.items()}
        lit = {who: [value] for who, value in minutes.items() if value is not None}
        shares = {who: (float(value is not None), 1.0) for who, value in minutes.items()}
        key = name.removeprefix("voice.")
        row[f"{key}_share"] = len(lit) / len(own)
        row[f"{key}_share_95"] = intervals.of_ratio(shares)
        p50 = float(np.median(np.concatenate(list(lit.values())))) if lit else None
        row[f"{key}_p50_min"] = p50
        row[f"{key}_p50_min_95"] = intervals.of_quantile(lit, 0.5)
        row[f"{key}_latest_min"] = max(values[0] for values in lit.values()) if lit else None
        row[f"{key}_at_db"], row[f"{key}_at_st"] = (
            None if p50 is None else max(0.0, p50) * slope for slope in (DB_PER_MIN, ST_PER_MIN)
        )
        row[f"{key}_never"] = sorted(who for who, value in minutes.items() if value is None)
    return row


def climb_rows(climbs: Sequence[tuple[str, str, Noticed]], actors: Collection[str]) -> dict[str, Figures]:
    """Rows of acted and of read speech, with and without a climb."""
    rows = {}
    for title, acted in (("acted", True), ("read", False)):
        for name in (CLIMB, STEADY):
            own = [(who, call) for kind, who, call in climbs if kind == name and (who in actors) == acted]
            if own:
                rows[f"{title}, {name}"] = climbs_row(own)
    return rows


def costs_of(scored: Sequence[Scored], heard: Sequence[Heard]) -> Figures:
    """Processor seconds per hour of audio, of both on calls of the same length."""
    own = [s for s in scored if s.monitor == OURS and s.audio_s]
    ours = 3600 * sum(s.cpu_s for s in own) / sum(s.audio_s for s in own) if own else None
    theirs = 3600 * sum(h.cpu_s for h in heard) / sum(h.duration_s for h in heard) if heard else None
    return {OURS: ours, USUAL: theirs}
