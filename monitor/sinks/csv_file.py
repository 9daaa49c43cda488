"""Results as a table for spreadsheets: one line per light and per flag, in the order of time."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from monitor.result_types import CallResult, FlagRecord
from monitor.sinks.files import replacing
from monitor.types import LightSpan

COLUMNS = (
    "recording",
    "kind",
    "start_s",
    "end_s",
    "light",
    "id",
    "text",
    "value",
    "unit",
    "usual",
    "limit",
    "state",
    "confidence",
    "channel",
    "say_instead",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | float | int | None


def to_csv(result: CallResult) -> str:
    """Write the table as text, lines ended as RFC 4180 has them; docs/results.md describes the columns."""
    rows = [_light_row(span) for span in result.lights] + [_flag_row(flag) for flag in result.flags]
    rows.sort(key=lambda row: (row["start_s"], row["kind"] != "light", row["end_s"]))
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    for row in rows:
        row["recording"] = result.source.name
        writer.writerow({key: _safe(value) for key, value in row.items()})
    return out.getvalue()


def csv_bytes(result: CallResult) -> bytes:
    """Encode the table as a file holds it: UTF-8 with a byte order mark, as spreadsheets guess wrongly without."""
    return to_csv(result).encode("utf-8-sig", "backslashreplace")


def write_csv(result: CallResult, path: Path) -> None:
    """Write the table as a whole.

    Raises
    ------
    OutputProblem
        The file cannot be written.
    """
    with replacing(path) as handle:
        handle.write(csv_bytes(result))


def _safe(value: Cell) -> Cell:
    """Text that a spreadsheet would run as a formula, made plain text; numbers stay numbers."""
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _light_row(span: LightSpan) -> dict[str, Cell]:
    first = span.reasons[0] if span.reasons else None
    return {
        "kind": "light",
        "start_s": span.start_s,
        "end_s": span.end_s,
        "light": str(span.light),
        "id": " ".join(dict.fromkeys(reason.id for reason in span.reasons)),
        "text": "; ".join(reason.text for reason in span.reasons),
        "value": first.value if first else None,
        "unit": first.unit if first else None,
        "usual": first.usual if first else None,
        "limit": first.limit if first else None,
    }


def _flag_row(flag: FlagRecord) -> dict[str, Cell]:
    return {
        "kind": "flag",
        "start_s": flag.start_s,
        "end_s": flag.end_s,
        "id": flag.id,
        "text": flag.text,
        "state": str(flag.state),
        "confidence": flag.confidence,
        "channel": flag.channel,
        "say_instead": flag.say_instead,
    }
