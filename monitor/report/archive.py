"""Results in folders as dated calls: which day and team, from where the files lie and what they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path, PurePath

from monitor.errors import InputProblem
from monitor.report.trends import DatedCall
from monitor.sinks.json_file import read_json
from monitor.sources.names import shown_name

# 2026-11-05, 2026_11_05 or 20261105, not within a longer row of digits such as a telephone number
_DAY = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d{1,5}(?!\d)|\d{7})")


@dataclass(slots=True)
class Archive:
    """The results below a folder; reading them counts where days came from, and which files could not be read.

    ``teams`` takes the first folder below ``folder`` for the team.
    """

    folder: Path
    teams: bool = False
    days_from: Counter[str] = field(default_factory=Counter)
    problems: list[tuple[Path, str]] = field(default_factory=list)

    def calls(self) -> Iterator[DatedCall]:
        """All calls, one in memory at a time; what is no result of ours is passed over, what is damaged is noted."""
        for path in sorted(self.folder.rglob("*.json")):
            inside = path.relative_to(self.folder)
            try:
                result = read_json(path)
            except InputProblem as problem:
                if _claims_to_be_ours(path):
                    self.problems.append((path, str(problem)))
                continue
            day = day_in(inside)
            self.days_from["names" if day else "file times"] += 1
            team = inside.parts[0] if self.teams and len(inside.parts) > 1 else None
            yield DatedCall(result, day or _day_of_file(path), None if team is None else shown_name(Path(team)))


def day_in(path: PurePath) -> date | None:
    """The day that a file's name tells, else the nearest folder's; None where none does."""
    for part in reversed(path.parts):
        for found in _DAY.finditer(part):
            try:
                return date(int(found[1]), int(found[3]), int(found[4]))
            except ValueError:  # 31 February
                continue
    return None


def _day_of_file(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone().date()


def _claims_to_be_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"evenkeel.call/" in file.read(200)
    except OSError:
        return True  # it may be; the reason was told
