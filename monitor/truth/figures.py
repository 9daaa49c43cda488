"""The figures of a self-test: the same names as those that are published, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitor.truth.lights import Score, summary
from monitor.truth.said import Counts

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: ``value`` None where nothing was there to be counted; ``low`` and ``high`` of its 95 % interval.

    ``count`` of ``total``: found of labelled, false ones of hours, or how many values a delay was taken of.
    """

    id: str
    text: str
    value: float | None
    unit: str | None = None
    low: float | None = None
    high: float | None = None
    count: float | None = None
    total: float | None = None


def figures_of(score: Score, counts: Counts) -> list[Figure]:
    """Every figure that the labels allow."""
    return [*_of_lights(score), *_of_phrases(counts), *_of_turns(counts)]


def _of_lights(score: Score) -> list[Figure]:
    if not (score["any"].hit or score["any"].calm_s):
        return []
    every, red = score["any"], score["red"]
    row = summary(score)
    hours = sum(every.calm_s) / 3600
    return [
        _share("recall", "raised parts with an amber or red light", every.hit),
        _share("red_recall", "raised parts with a red light", red.hit),
        _spread("delay_p50_s", "start of a raised part to its light, median", every.delay_s, 50),
        _spread("delay_p90_s", "the same, 90 of 100 are faster", every.delay_s, 90),
        _rate("false_per_h", "lights that begin in calm speech, per hour", sum(every.false_n), hours),
        _rate("red_false_per_h", "red ones among them, per hour", sum(red.false_n), hours),
        Figure("calm_lit", "share of calm time under such a light", row["calm_lit"], total=hours),
    ]


def _of_phrases(counts: Counts) -> list[Figure]:
    if not counts.hours:
        return []
    hours = sum(counts.hours)
    return [
        _share("phrase_recall_sure", "phrases found, sure ones", counts.sure),
        _share("phrase_recall", "phrases found, hints too", counts.hinted),
        _spread("phrase_delay_p50_s", "end of a phrase to its flag, median", counts.delay_s, 50),
        _spread("phrase_delay_p90_s", "the same, 90 of 100 are faster", counts.delay_s, 90),
        _rate("phrase_false_sure_per_h", "sure flags that no label bears out, per hour", sum(counts.sure_false), hours),
        _rate("phrase_false_per_h", "the same, hints too, per hour", sum(counts.hint_false), hours),
    ]


def _of_turns(counts: Counts) -> list[Figure]:
    if not counts.boundary_found:
        return []
    return [
        _share("boundary_recall", "turn boundaries found within 1 s", counts.boundary_found),
        _spread("boundary_p50_s", "how far off they are, median", counts.boundary_s, 50),
        _spread("boundary_p90_s", "the same, 90 of 100 are closer", counts.boundary_s, 90),
    ]


def _share(name: str, text: str, hits: Sequence[float]) -> Figure:
    """A share with the exact interval of Clopper and Pearson (Biometrika 1934)."""
    found, total = int(sum(hits)), len(hits)
    if not total:
        return Figure(name, text, None, count=0, total=0)
    from scipy.stats import binomtest  # a second to import

    interval = binomtest(found, total).proportion_ci(LEVEL, method="exact")
    return Figure(name, text, found / total, None, float(interval.low), float(interval.high), found, total)


def _rate(name: str, text: str, events: float, hours: float) -> Figure:
    """Events per hour with the exact interval of Garwood (Biometrika 1936)."""
    if not hours:
        return Figure(name, text, None, "1/h", count=events, total=0.0)
    from scipy.stats import chi2

    tail = (1 - LEVEL) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    high = float(chi2.ppf(1 - tail, 2 * events + 2)) / 2
    return Figure(name, text, events / hours, "1/h", low / hours, high / hours, events, hours)


def _spread(name: str, text: str, values_s: Sequence[float], percent: int) -> Figure:
    value = float(np.percentile(values_s, percent)) if values_s else None
    return Figure(name, text, value, "s", count=len(values_s), total=None)
