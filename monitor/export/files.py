"""Which formats there are beside JSON and the frames, and how their files end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.export.audacity import to_audacity
from monitor.export.captions import to_webvtt
from monitor.export.elan import to_elan
from monitor.export.textgrid import to_textgrid
from monitor.result_types import CallResult
from monitor.sinks.csv_file import csv_bytes
from monitor.sinks.files import replacing


@dataclass(frozen=True, slots=True)
class Format:
    """A format that follows from a result alone; ``to_bytes`` gives the whole file."""

    ending: str
    to_bytes: Callable[[CallResult], bytes]


def _utf8(to_text: Callable[[CallResult], str]) -> Callable[[CallResult], bytes]:
    return lambda result: to_text(result).encode("utf-8", "backslashreplace")


FORMATS = {
    "csv": Format(".csv", csv_bytes),
    "textgrid": Format(".TextGrid", _utf8(to_textgrid)),
    "audacity": Format(".labels.txt", _utf8(to_audacity)),
    "elan": Format(".eaf", _utf8(to_elan)),
    "webvtt": Format(".vtt", _utf8(to_webvtt)),
}


def write_format(result: CallResult, kind: str, path: Path) -> None:
    """Write the result in this format, as a whole.

    Raises
    ------
    OutputProblem
        The file cannot be written.
    """
    with replacing(path) as handle:
        handle.write(FORMATS[kind].to_bytes(result))


def mend_format(result: CallResult, kind: str, path: Path) -> None:
    """Write the file when it is missing or belongs to another result; that needs no audio."""
    try:
        same = path.read_bytes() == FORMATS[kind].to_bytes(result)
    except OSError:
        same = False
    if not same:
        write_format(result, kind, path)
