"""Results as JSON: one line per light, flag, word and turn, so that files can be read and compared by eye."""

from __future__ import annotations

import json
from pathlib import Path

from monitor.errors import InputProblem
from monitor.result_types import CallResult
from monitor.sinks.files import replacing


def to_json(result: CallResult, *, ascii_only: bool = False) -> str:
    """Write the result as JSON text with a final line break; ``ascii_only`` suits a terminal of unknown encoding."""

    def dump(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, allow_nan=False)

    entries = []
    for key, value in result.to_dict().items():
        text = dump(value)
        if isinstance(value, list) and value:
            text = "[\n  " + ",\n  ".join(map(dump, value)) + "\n ]"
        entries.append(f" {dump(key)}: {text}")
    return "{\n" + ",\n".join(entries) + "\n}\n"


def write_json(result: CallResult, path: Path) -> None:
    """Write the result as a whole.

    Raises
    ------
    OutputProblem
        The file cannot be written.
    """
    with replacing(path) as handle:
        # a lone surrogate (a file name in no known encoding) becomes its JSON escape, which reads back the same
        handle.write(to_json(result).encode("utf-8", "backslashreplace"))


def read_json(path: Path) -> CallResult:
    """Read the result in a file that `write_json` wrote.

    Raises
    ------
    InputProblem
        The file cannot be read or holds no result.
    """
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise InputProblem(f"{path.name} could not be read as a result: {why}; analyse the call again.") from error
    return CallResult.from_dict(data)
