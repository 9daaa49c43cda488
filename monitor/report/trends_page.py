"""The page of patterns over many calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from monitor.batch_view import duration_text
from monitor.call_view import number
from monitor.policy.model import Policy
from monitor.report.names import behaviour_name
from monitor.report.page import render
from monitor.report.shapes import Chart, Label, Path, Rect, shape
from monitor.report.trends import LEAST_CALLS, LIT, NO_TEAM, Period, Sums, Trends
from monitor.types import Light

_MOST_COLUMNS = 6
_MOST_CHARTS = 8  # of single behaviours; the table has them all
_WIDE, _NARROW = 960.0, 460.0
_LEFT, _TOP, _BAR_HEIGHT = 56.0, 18.0, 96.0
_MOST_PERIOD_LABELS = 8
_UNKNOWN = "not known"


def trends_page(found: Trends, *, title: str, notes: Sequence[str] = (), policy: Policy | None = None) -> str:
    """Write the page; `notes` say where days and teams came from."""
    days = _all_periods(found)
    behaviours, items = found.behaviours(), found.items()
    names = {each: behaviour_name(each, policy) for each in [*behaviours, *items]}
    values = {
        "title": title,
        "by": str(found.by),
        "calls": found.whole.calls,
        "length": duration_text(found.whole.duration_s),
        "span": f"{_long(days[0])} to {_long(found.by.after(days[-1]) - timedelta(days=1))}",
        "left_out": found.left_out,
        "least": LEAST_CALLS,
        "lights": _lights_chart(found, days),
        "light_table": _light_table(found),
        "behaviour_charts": [_behaviour_chart(i, each, names[each], found, days) for i, each in
                             enumerate(behaviours[:_MOST_CHARTS])],
        "behaviour_tables": _tables(found, [(names[b], partial(_rate, b)) for b in behaviours]),
        "item_tables": _tables(found, [(names[item], partial(_met, item)) for item in items]),
        "team_table": _team_table(found, behaviours, items, names),
        "notes": notes,
    }  # fmt: skip
    return render("trends.html", values)


def period_name(begin: date, by: Period) -> str:
    """A period as people call it: ``week of 2 Nov 2026``, ``Nov 2026``, ``2 Nov 2026``."""
    if by is Period.MONTH:
        return f"{begin:%b %Y}"
    return f"week of {_long(begin)}" if by is Period.WEEK else _long(begin)


def _long(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _all_periods(found: Trends) -> list[date]:
    """Every period from the first to the last, also those without enough calls, so that time runs evenly."""
    days = [min(found.periods)]
    while days[-1] < max(found.periods):
        days.append(found.by.after(days[-1]))
    return days


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


@dataclass(frozen=True, slots=True)
class Table:
    """Texts in rows under heads; ``corner`` is the head of the rows' names."""

    corner: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]


def _light_table(found: Trends) -> Table:
    rows = []
    for name, sums in _period_rows(found):
        shares = [sums.light_share(light) for light in LIT]
        texts = [_UNKNOWN if share is None else _percent(share) for share in shares]
        rows.append((name, [str(sums.calls), duration_text(sums.duration_s), *texts]))
    return Table(str(found.by).capitalize(), ["Calls", "Sound", *(str(light) for light in LIT)], rows)


def _tables(found: Trends, columns: Sequence[tuple[str, Callable[[Sums], str]]]) -> list[Table]:
    """A row for each period and a column for each figure, in tables narrow enough for paper."""
    tables = []
    for start in range(0, len(columns), _MOST_COLUMNS):
        part = columns[start : start + _MOST_COLUMNS]
        rows = [(name, [text_of(sums) for _, text_of in part]) for name, sums in _period_rows(found)]
        tables.append(Table(str(found.by).capitalize(), [head for head, _ in part], rows))
    return tables


def _team_table(found: Trends, behaviours: Sequence[str], items: Sequence[str], names: dict[str, str]) -> Table | None:
    """Figures down, teams across in the order of their names; None where there are no teams."""
    teams = {name: sums for name, sums in found.teams.items() if name != NO_TEAM}
    if not teams:
        return None
    rows: list[tuple[str, Sequence[str]]] = [
        ("Calls", [str(sums.calls) for sums in teams.values()]),
        ("Sound", [duration_text(sums.duration_s) for sums in teams.values()]),
    ]
    for light in (Light.AMBER, Light.RED):
        shares = [sums.light_share(light) for sums in teams.values()]
        rows.append((f"Time {light}", [_UNKNOWN if share is None else _percent(share) for share in shares]))
    rows += [(f"{names[b]}, per hour", [_rate(b, sums) for sums in teams.values()]) for b in behaviours]
    rows += [(f"{names[item]}, share of calls", [_met(item, sums) for sums in teams.values()]) for item in items]
    return Table("What", list(teams), rows)


def _period_rows(found: Trends) -> list[tuple[str, Sums]]:
    return [("All", found.whole), *((period_name(day, found.by), sums) for day, sums in found.periods.items())]


def _rate(behaviour_id: str, sums: Sums) -> str:
    rate = sums.per_hour(behaviour_id)
    return _UNKNOWN if rate is None else number(rate)


def _met(item_id: str, sums: Sums) -> str:
    share = sums.met_share(item_id)
    return _UNKNOWN if share is None else _percent(share)


@dataclass(frozen=True, slots=True)
class _Bars:
    """Places for one bar per period."""

    days: Sequence[date]
    width: float

    @property
    def step(self) -> float:
        return (self.width - _LEFT - 10) / len(self.days)

    def x(self, index: int) -> float:
        return round(_LEFT + self.step * (index + 0.15), 2)

    @property
    def bar(self) -> float:
        return round(min(64.0, 0.7 * self.step), 2)

    def labels(self) -> tuple[Label, ...]:
        every = -(-len(self.days) // (_MOST_PERIOD_LABELS if self.width == _WIDE else _MOST_PERIOD_LABELS // 2))
        y = _TOP + _BAR_HEIGHT + 16
        return tuple(
            Label(round(self.x(i) + self.bar / 2, 2), y, f"{day.day} {day:%b}")
            for i, day in enumerate(self.days)
            if i % every == 0
        )

    def frame(self) -> tuple[Path, ...]:
        bottom = _TOP + _BAR_HEIGHT
        return (Path(f"M{_LEFT} {_TOP}H{self.width - 10}M{_LEFT} {bottom}H{self.width - 10}", "grid"),)


def _lights_chart(found: Trends, days: Sequence[date]) -> Chart:
    """Amber and red as shares of the judged time, one bar per period, red at the bottom."""
    bars = _Bars(days, _WIDE)
    shares = [sums.light_share(light) or 0.0 for sums in found.periods.values() for light in (Light.AMBER, Light.RED)]
    top = max(0.05, *(a + b for a, b in zip(shares[::2], shares[1::2], strict=True)))
    rects, signs = [], []
    for i, day in enumerate(days):
        sums = found.periods.get(day)
        y = _TOP + _BAR_HEIGHT
        for light, sign in ((Light.RED, "square"), (Light.AMBER, "triangle")):
            share = (sums.light_share(light) if sums else None) or 0.0
            height = round(_BAR_HEIGHT * share / top, 2)
            y -= height
            tip = f"{period_name(day, found.by)}: {light} {_percent(share)}"
            rects.append(Rect(bars.x(i), round(y, 2), bars.bar, height, f"bar {light}", tip))
            if height > 14 and bars.bar > 14:
                mark = shape(sign, round(bars.x(i) + bars.bar / 2, 2), round(y + height / 2, 2), 9)
                signs.append(replace(mark, kind=f"{mark.kind} on"))
    whole = found.whole
    texts = [f"{light} for {_percent(whole.light_share(light) or 0.0)}" for light in LIT]
    description = f"Of the time that could be judged the light was {', '.join(texts)}; grey time is left out."
    scale = (Label(_LEFT - 6, _TOP + 10, _percent(top), "end"), Label(_LEFT - 6, _TOP + _BAR_HEIGHT, "0 %", "end"))
    paths = (*bars.frame(), *signs)
    height = _TOP + _BAR_HEIGHT + 26
    title = f"Amber and red by {found.by}"
    return Chart("lights", title, description, height, tuple(rects), paths, (*bars.labels(), *scale))


def _behaviour_chart(index: int, behaviour_id: str, name: str, found: Trends, days: Sequence[date]) -> Chart:
    bars = _Bars(days, _NARROW)
    rates = {day: sums.per_hour(behaviour_id) for day, sums in found.periods.items()}
    top = max([rate for rate in rates.values() if rate is not None], default=0.0) or 1.0
    rects = []
    for i, day in enumerate(days):
        rate = rates.get(day)
        if rate is not None:
            height = max(2.0, round(_BAR_HEIGHT * rate / top, 2))  # zero is seen to be known
            tip = f"{period_name(day, found.by)}: {number(rate)} per hour"
            rects.append(Rect(bars.x(i), round(_TOP + _BAR_HEIGHT - height, 2), bars.bar, height, "bar plain", tip))
    overall = found.whole.per_hour(behaviour_id)
    description = f"{name}: " + (_UNKNOWN if overall is None else f"{number(overall)} per hour of calls overall.")
    scale = (Label(_LEFT - 6, _TOP + 10, number(top), "end"), Label(_LEFT - 6, _TOP + _BAR_HEIGHT, "0", "end"))
    height = _TOP + _BAR_HEIGHT + 26
    return Chart(f"b{index}", name, description, height, tuple(rects), bars.frame(), (*bars.labels(), *scale), _NARROW)
