"""How sure a figure is: speakers, or recordings, are drawn with replacement, each with everything that belongs to it.

Percentile bootstrap over groups (Efron and Tibshirani 1993). Within a group nothing is drawn, for two recordings of one
speaker are not two speakers. An interval of no width says that the groups do not differ, not that there is no doubt.
Groups are sorted by name first, so that no interval depends on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

SEED = 1
DRAWS = 4000
SLOW_DRAWS = 1000  # of figures that are computed anew for every draw
Bounds = list[float]
"""Lower and upper end of a 95 % interval."""

_Group = TypeVar("_Group")
_Counts = npt.NDArray[np.int64]


def of_ratio(parts: Mapping[str, tuple[float, float]], draws: int = DRAWS) -> Bounds | None:
    """Interval of a ratio of sums; each group brings what it adds above and below.

    None where fewer than two groups can be counted, that is, add anything below.
    """
    table = np.asarray([parts[name] for name in sorted(parts)], float).reshape(-1, 2)
    if np.count_nonzero(table[:, 1]) < 2:
        return None
    above, below = (_counts(len(table), draws) @ table).T
    return _middle(above[below > 0] / below[below > 0])


def of_quantile(values: Mapping[str, Sequence[float]], share: float, draws: int = DRAWS) -> Bounds | None:
    """Interval of a quantile, as ``numpy.quantile`` finds it, of all groups' values together.

    None where fewer than two groups hold any value.
    """
    names = [name for name in sorted(values) if len(values[name])]
    if len(names) < 2:
        return None
    pooled = np.concatenate([np.asarray(values[name], float) for name in names])
    owner = np.repeat(np.arange(len(names)), [len(values[name]) for name in names])
    order = np.argsort(pooled, kind="stable")
    pooled, owner = pooled[order], owner[order]
    last = np.cumsum(_counts(len(names), draws)[:, owner], axis=1)  # how many of the drawn values lie up to this one
    at = share * (last[:, -1] - 1)
    low, high = np.floor(at), np.ceil(at)
    below, above = (pooled[(last <= position[:, None]).sum(axis=1)] for position in (low, high))
    return _middle(below + (at - low) * (above - below))


def of_figure(
    groups: Mapping[str, _Group], figure: Callable[[Sequence[_Group]], float | None], draws: int = SLOW_DRAWS
) -> Bounds | None:
    """Interval of any figure of several groups; draws for which it is unknown (None) are left out.

    None where fewer than two groups are there, or where it is unknown for every draw.
    """
    names = sorted(groups)
    if len(names) < 2:
        return None
    drawn = np.random.default_rng(SEED).integers(len(names), size=(draws, len(names)))
    found = [figure([groups[names[i]] for i in row]) for row in drawn.tolist()]
    known = [value for value in found if value is not None and np.isfinite(value)]
    return _middle(np.asarray(known)) if known else None


def without_one(
    groups: Mapping[str, _Group], figure: Callable[[Sequence[_Group]], float | None]
) -> dict[str, float | None]:
    """The figure with each group left out in turn, by the name of the one left out."""
    return {out: figure([groups[name] for name in sorted(groups) if name != out]) for out in sorted(groups)}


def of_events(events: float, hours: float) -> Bounds | None:
    """Interval of a rate of one speaker, who cannot be drawn: the events as a Poisson process (Garwood 1936).

    Lights in calls that share their clips are not independent, so that it is rather too narrow.
    """
    from scipy.stats import chi2

    if not hours:
        return None
    low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return [round(float(low) / hours, 4), round(float(chi2.ppf(0.975, 2 * events + 2)) / 2 / hours, 4)]


def most_by_chance(events: float, hours: float) -> float:
    """Events per hour that a rate may have, with 95 % certainty, after so many: the upper bound of Garwood (1936)."""
    from scipy.stats import chi2

    return float(chi2.ppf(0.95, 2 * (events + 1)) / 2 / hours)


def told(value: float | None, bounds: Bounds | None, digits: int, factor: float = 1.0) -> str:
    """A figure with its interval, such as "0.71 (0.49-0.90)"; the interval is left out where it is unknown."""
    if value is None:
        return "-"
    text = f"{value * factor:.{digits}f}"
    return text if bounds is None else f"{text} ({bounds[0] * factor:.{digits}f}-{bounds[1] * factor:.{digits}f})"


def _counts(groups: int, draws: int) -> _Counts:
    """How often each group is in each draw, shape (draws, groups)."""
    rng = np.random.default_rng(SEED)
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=draws)


def _middle(values: npt.NDArray[Any]) -> Bounds:
    low, high = np.percentile(values, [2.5, 97.5])
    return [round(float(low), 4), round(float(high), 4)]
