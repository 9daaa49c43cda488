"""An agent's own notes on this machine: one line for each call, and what was disputed. Never audio, never a transcript.

Of what was said only the flagged words are kept. Lines are JSON, one file a day; days older than ``KEPT_DAYS`` go.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import EnvironmentProblem
from monitor.private import append_private

if TYPE_CHECKING:
    from monitor.result_types import CallResult

KEPT_DAYS = 30
_COUNTED = ("tentative", "confirmed")


@dataclass(frozen=True, slots=True)
class DaySummary:
    """One day's calls: how many, seconds of each light, and how often each phrase was flagged."""

    calls: int = 0
    duration_s: float = 0.0
    green_s: float = 0.0
    amber_s: float = 0.0
    red_s: float = 0.0
    grey_s: float = 0.0
    flags: dict[str, int] = field(default_factory=dict)
    met: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dispute:
    """What the agent found not right: a reason's or flag's id, the text that was shown, and a note of theirs."""

    call: str | None
    call_s: float | None
    subject: str
    text: str
    note: str | None
    light: str


class Diary:
    """Reads and writes the files; ``folder`` is the program's data folder."""

    def __init__(self, folder: Path) -> None:
        self._days = folder / "days"
        self._disputes = folder / "disputes.jsonl"

    def note_call(self, call: str, began: datetime, result: CallResult) -> None:
        """Add a call to the day on which it began.

        Raises
        ------
        EnvironmentProblem
            The file cannot be written.
        """
        line = {
            "call": call,
            "began": began.isoformat(timespec="seconds"),
            "duration_s": result.source.duration_s,
            "summary": asdict(result.summary),
            "flags": [
                {"id": flag.id, "state": str(flag.state), "text": flag.text, "at_s": flag.start_s}
                for flag in result.flags
            ],
            "met": [item.id for item in result.checklist if item.met],
        }
        append_private(self._day(began.date()), json.dumps(line))
        self._forget(began.date())

    def note_dispute(self, dispute: Dispute, at: datetime) -> None:
        """Add what was disputed.

        Raises
        ------
        EnvironmentProblem
            The file cannot be written.
        """
        line = {"at": at.isoformat(timespec="seconds"), **asdict(dispute)}
        append_private(self._disputes, json.dumps(line))

    def summary(self, day: date) -> DaySummary:
        """Sum one day up; a line that cannot be read is left out.

        Raises
        ------
        EnvironmentProblem
            The file is there but cannot be read.
        """
        try:
            text = self._day(day).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return DaySummary()
        except OSError as error:
            raise EnvironmentProblem(f"Today's notes cannot be read: {error.strerror or error}.") from error
        return _summed([found for line in text.splitlines() if (found := _parsed(line)) is not None])

    def _day(self, day: date) -> Path:
        return self._days / f"{day.isoformat()}.jsonl"

    def _forget(self, today: date) -> None:
        oldest = self._day(today - timedelta(days=KEPT_DAYS)).name
        for path in self._days.glob("????-??-??.jsonl"):
            if path.name < oldest:
                path.unlink(missing_ok=True)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
        _summed([value])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return dict(value)


def _summed(lines: list[dict[str, Any]]) -> DaySummary:
    lights = ("green_s", "amber_s", "red_s", "grey_s")
    seconds = {name: round(sum(float(line["summary"][name]) for line in lines), 3) for name in lights}
    return DaySummary(
        calls=len(lines),
        duration_s=round(sum(float(line["duration_s"]) for line in lines), 3),
        **seconds,
        flags=dict(Counter(str(f["id"]) for line in lines for f in line["flags"] if f["state"] in _COUNTED)),
        met=dict(Counter(str(item) for line in lines for item in line["met"])),
    )
