"""A benchmark's answer: tables for people, figures for programs, and the pages of ``docs`` that quote them."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from monitor.errors import BugError

Figures = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run: folder of the corpora, processes, a short version, where to tell how far we are, and for how long."""

    data: Path
    jobs: int
    quick: bool
    say: Say
    minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are texts, ready to be read."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Goal:
    """What we want, what was measured; ``met`` is None where this run could not tell."""

    text: str
    measured: str
    met: bool | None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run found; ``pictures`` are SVG texts by their name in ``docs/images``."""

    name: str
    page: str
    figures: Figures
    tables: Sequence[Table]
    goals: Sequence[Goal] = ()
    libraries: Sequence[str] = ()
    notes: Sequence[str] = field(default=())
    pictures: Mapping[str, str] = field(default_factory=dict)


def cell(value: float | None, digits: int = 1, unit: str = "") -> str:
    """A number for a table, a dash for what is unknown."""
    return "-" if value is None else f"{value:.{digits}f}{unit}"


def goal_at_most(text: str, value: float | None, limit: float, digits: int = 2, unit: str = "") -> Goal:
    """A goal that is met at or under its limit."""
    return Goal(text, cell(value, digits, unit), None if value is None else value <= limit)


def goal_at_least(text: str, value: float | None, limit: float, digits: int = 2, unit: str = "") -> Goal:
    """A goal that is met at or over its limit."""
    return Goal(text, cell(value, digits, unit), None if value is None else value >= limit)


def verdict(goal: Goal) -> str:
    """Whether a goal was reached, in one word or two."""
    return "not measured" if goal.met is None else ("met" if goal.met else "missed")


def goal_table(goals: Sequence[Goal]) -> Table:
    """Goals as a table."""
    return Table("Goals", ("goal", "measured", ""), [(g.text, g.measured, verdict(g)) for g in goals])


def all_tables(report: Report) -> list[Table]:
    """What is printed: the tables, then the goals."""
    return [*report.tables, *([goal_table(report.goals)] if report.goals else [])]


def plain(table: Table) -> str:
    """The table in columns of text; the first column is a name, the others are numbers."""
    lines = [list(table.columns), *map(list, table.rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(table.columns))]

    def row(texts: Sequence[str]) -> str:
        padded = (text.rjust(width) for text, width in zip(texts[1:], widths[1:], strict=True))
        return "  ".join([texts[0].ljust(widths[0]), *padded]).rstrip()

    return "\n".join([table.title, *map(row, lines), *([table.note] if table.note else [])])


def markdown(table: Table) -> str:
    """The table for a page of ``docs``."""
    rule = ["---", *["---:"] * (len(table.columns) - 1)]
    lines = [list(table.columns), rule, *map(list, table.rows)]
    body = "\n".join("| " + " | ".join(text.replace("|", "/") for text in line) + " |" for line in lines)
    return f"**{table.title}**\n\n{body}" + (f"\n\n{table.note}" if table.note else "")


def machine() -> Figures:
    """What the figures were measured on; no name of the machine."""
    return {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(),
            "python": platform.python_version()}  # fmt: skip


def versions(libraries: Sequence[str]) -> dict[str, str]:
    """Versions of Evenkeel and of the libraries that were measured."""
    return {name: _version(name) for name in ("evenkeel", "numpy", *libraries)}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed" if name != "evenkeel" else "this checkout"


def save(report: Report, results: Path, docs: Path, now: datetime | None = None) -> list[Path]:
    """Write figures and page, and return which files were written.

    Raises
    ------
    BugError
        The page lacks the place for this benchmark's tables.
    """
    date = (now or datetime.now(UTC)).date().isoformat()
    about = {"benchmark": report.name, "date": date, "machine": machine(), "versions": versions(report.libraries)}
    goals = [{"goal": g.text, "measured": g.measured, "met": g.met} for g in report.goals]
    whole = {**about, "figures": report.figures, "goals": goals}
    results.mkdir(parents=True, exist_ok=True)
    figures = results / f"{report.name}.json"
    page = docs / report.page
    text = with_section(page.read_text(encoding="utf-8"), report.name, section(report, about))
    figures.write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    page.write_text(text, encoding="utf-8")
    drawn = []
    for name, picture in report.pictures.items():
        drawn.append(docs / "images" / f"{name}.svg")
        drawn[-1].parent.mkdir(exist_ok=True)
        drawn[-1].write_text(picture, encoding="utf-8")
    return [figures, page, *drawn]


def section(report: Report, about: Figures) -> str:
    """Date, versions and tables as a page quotes them."""
    on = about["machine"]
    used = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    place = f"{on['system']} {on['processor']}, {on['cores']} cores, Python {on['python']}"
    head = f"Measured {about['date']} on {place} ({used})."
    return "\n\n".join([head, *map(markdown, all_tables(report)), *report.notes])


def with_section(page: str, name: str, text: str) -> str:
    """The page with the text between the marks of this name.

    Raises
    ------
    BugError
        There are no such marks.
    """
    start, end = f"<!-- {name}: start -->", f"<!-- {name}: end -->"
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(page):
        raise BugError(f"The page has no place for {name}: it needs the lines {start} and {end}.")
    return pattern.sub(lambda _: f"{start}\n{text}\n{end}", page, count=1)
