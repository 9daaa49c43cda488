"""A usual voice in a file: small JSON, written by the program, one per speaker and microphone."""

from __future__ import annotations

import math
from dataclasses import asdict, astuple
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from monitor.errors import ParameterError
from monitor.types import Baseline


def read_profile(path: Path) -> Baseline:
    """Read a stored usual voice.

    Raises
    ------
    ParameterError
        The file is missing or holds something else.
    """
    try:
        baseline = TypeAdapter(Baseline).validate_json(path.read_bytes())
    except OSError as error:
        raise ParameterError(f"The profile {path.name} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        raise ParameterError(_no_voice(path)) from error
    if not all(math.isfinite(value) for value in astuple(baseline)):
        raise ParameterError(_no_voice(path))
    return baseline


def _no_voice(path: Path) -> str:
    return f"The profile {path.name} holds no usual voice; leave --profile out to learn it from the call."


def profile_text(baseline: Baseline) -> str:
    """The usual voice as the JSON that ``read_profile`` reads."""
    import json

    return json.dumps(asdict(baseline), indent=1) + "\n"
