"""Patterns over many calls: sums per period and team, never per person, and nothing over fewer than three calls.

Calls are taken one after another and only their sums are kept, so that an archive of any size fits. A group of too few
calls is left out of everything: if it only had no row of its own, the others would tell it by subtraction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from monitor.call_view import counts
from monitor.result_types import CallResult, measure, time_s
from monitor.types import Light

LEAST_CALLS = 3
NO_TEAM = ""
LIT = (Light.GREEN, Light.AMBER, Light.RED)  # grey was not judged
KINDS = ("voice", "say", "turn")  # what it takes to tell a behaviour: the voice alone, words, or two sides
_HOUR_S = 3600.0


class Period(StrEnum):
    """How long one period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def begin(self, day: date) -> date:
        """The first day of the period that holds this one; weeks begin on Monday."""
        if self is Period.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Period.MONTH else day

    def after(self, begin: date) -> date:
        """The first day of the next period."""
        return self.begin(begin + timedelta(days={Period.DAY: 1, Period.WEEK: 7, Period.MONTH: 31}[self]))


@dataclass(frozen=True, slots=True)
class DatedCall:
    """One judged call, the day it was made, and the team that made it where that is known."""

    result: CallResult
    day: date
    team: str | None = None


@dataclass(slots=True)
class Sums:
    """What a group of calls adds up to; of each kind of behaviour also the time in which it could have been told."""

    calls: int = 0
    duration_s: float = 0.0
    lit_s: dict[Light, float] = field(default_factory=lambda: dict.fromkeys(LIT, 0.0))
    heard_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 0.0))
    heard_calls: Counter[str] = field(default_factory=Counter)
    times: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def take(self, result: CallResult) -> None:
        """Add a call."""
        summary = result.summary
        self.calls += 1
        self.duration_s += result.source.duration_s
        lit_s = {Light.GREEN: summary.green_s, Light.AMBER: summary.amber_s, Light.RED: summary.red_s}
        for light, length_s in lit_s.items():
            self.lit_s[light] += length_s
        heard_s = {
            "voice": sum(lit_s.values()),
            "say": result.source.duration_s if result.engine.recogniser != "none" else 0.0,
            "turn": result.source.duration_s if result.conversation is not None else 0.0,
        }
        for kind, length_s in heard_s.items():
            self.heard_s[kind] += length_s
            self.heard_calls[kind] += length_s > 0
        self.times.update(episodes(result))
        for item in result.checklist:
            if item.met is not None:
                self.asked[item.id] += 1
                self.met[item.id] += item.met

    def add(self, other: Sums) -> None:
        """Add another group."""
        self.calls += other.calls
        self.duration_s += other.duration_s
        for light in LIT:
            self.lit_s[light] += other.lit_s[light]
        for kind in KINDS:
            self.heard_s[kind] += other.heard_s[kind]
        self.heard_calls.update(other.heard_calls)
        self.times.update(other.times)
        self.met.update(other.met)
        self.asked.update(other.asked)

    def per_hour(self, behaviour_id: str) -> float | None:
        """How often in an hour of calls in which it could be told; None over too few of them."""
        kind = kind_of(behaviour_id)
        if self.heard_calls[kind] < LEAST_CALLS:
            return None
        return self.times[behaviour_id] * _HOUR_S / self.heard_s[kind]

    def met_share(self, item_id: str) -> float | None:
        """In which share of the calls in which it is known an item was met; None over too few of them."""
        return self.met[item_id] / self.asked[item_id] if self.asked[item_id] >= LEAST_CALLS else None

    def light_share(self, light: Light) -> float | None:
        """The share of this light in the time that was judged; None where nothing was."""
        judged_s = sum(self.lit_s[each] for each in LIT)
        return self.lit_s[light] / judged_s if judged_s else None


@dataclass(frozen=True, slots=True)
class Trends:
    """Sums by the first day of each period and by team, both in their natural order; ``left_out`` calls are in none."""

    by: Period
    periods: dict[date, Sums]
    teams: dict[str, Sums]
    whole: Sums
    left_out: int

    def behaviours(self) -> list[str]:
        """The ids of all behaviours that were found, the most frequent first."""
        return [behaviour_id for behaviour_id, _ in sorted(self.whole.times.items(), key=lambda kv: (-kv[1], kv[0]))]

    def items(self) -> list[str]:
        """The ids of the checklist's items that were known in some calls."""
        return sorted(item_id for item_id, asked in self.whole.asked.items() if asked)


def trends_dict(found: Trends) -> dict[str, Any]:
    """The sums as JSON-safe values; what could not be told is None."""

    def group(sums: Sums) -> dict[str, Any]:
        return {
            "calls": sums.calls,
            "duration_s": time_s(sums.duration_s),
            "lights": {str(light): measure(sums.light_share(light), 4) for light in LIT},
            "per_hour": {each: measure(sums.per_hour(each)) for each in found.behaviours()},
            "met": {item: measure(sums.met_share(item), 4) for item in found.items()},
        }

    return {
        "by": str(found.by),
        "all": group(found.whole),
        "periods": [{"begin": day.isoformat(), **group(sums)} for day, sums in found.periods.items()],
        "teams": [{"team": team, **group(sums)} for team, sums in found.teams.items() if team != NO_TEAM],
        "calls_left_out": found.left_out,
    }


def trends(calls: Iterable[DatedCall], by: Period = Period.WEEK) -> Trends:
    """Add up calls by period and team; a period or team of fewer than ``LEAST_CALLS`` is left out with its calls."""
    cells: dict[tuple[date, str], Sums] = {}
    for call in calls:
        key = by.begin(call.day), call.team or NO_TEAM
        cells.setdefault(key, Sums()).take(call.result)
    taken = sum(sums.calls for sums in cells.values())
    cells = _large_enough(cells)
    periods, teams, whole = _grouped(cells, _period), _grouped(cells, _team), Sums()
    for sums in periods.values():
        whole.add(sums)
    return Trends(
        by,
        {day: periods[day] for day in sorted(periods)},
        {team: teams[team] for team in sorted(teams, key=str.casefold)},
        whole,
        taken - whole.calls,
    )


def episodes(result: CallResult) -> Counter[str]:
    """How often each behaviour came: phrases that count, and measured reasons of amber and red lights.

    A reason that goes on through several lights in a row is counted once.
    """
    found = Counter(flag.id for flag in result.flags if counts(flag.state))
    before: set[str] = set()
    for span in result.lights:
        now = {reason.id for reason in span.reasons} if span.light in (Light.AMBER, Light.RED) else set()
        found.update(reason_id for reason_id in now - before if kind_of(reason_id) != "say")
        before = now
    return found


def kind_of(behaviour_id: str) -> str:
    """What it takes to tell a behaviour: words (``say``), two sides (``turn``) or the ``voice`` alone."""
    kind = behaviour_id.split(".", maxsplit=1)[0]
    if behaviour_id == "voice.mirrored":
        return "turn"
    return kind if kind in ("say", "turn") else "voice"


_Name = TypeVar("_Name")
Cells = dict[tuple[date, str], Sums]


def _large_enough(cells: Cells) -> Cells:
    """Drop periods and teams of too few calls until none is left: dropping one may make another too small."""
    while True:
        days = {day for day, sums in _grouped(cells, _period).items() if sums.calls < LEAST_CALLS}
        teams = {team for team, sums in _grouped(cells, _team).items() if sums.calls < LEAST_CALLS}
        if not days and not teams:
            return cells
        cells = {key: sums for key, sums in cells.items() if key[0] not in days and key[1] not in teams}


def _grouped(cells: Cells, name: Callable[[tuple[date, str]], _Name]) -> dict[_Name, Sums]:
    groups: dict[_Name, Sums] = {}
    for key, sums in cells.items():
        groups.setdefault(name(key), Sums()).add(sums)
    return groups


def _period(key: tuple[date, str]) -> date:
    return key[0]


def _team(key: tuple[date, str]) -> str:
    return key[1]
