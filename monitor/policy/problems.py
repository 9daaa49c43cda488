"""What is wrong with a policy file, as sentences that point to a line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.errors import ParameterError

# A file with hundreds of mistakes has one cause; the first ones show it.
MOST_SHOWN = 50

_KIND_NAMES = {
    "string_type": "must be text in quotes",
    "list_type": "must be a list in square brackets",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "bool_type": "must be true or false, without quotes",
    "float_type": "must be a number, without quotes",
    "int_type": "must be a whole number, without quotes",
    "int_from_float": "must be a whole number",
    "finite_number": "must be an ordinary number",
}
_BOUNDS = {
    "greater_than": ("gt", "must be more than {}"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "string_too_long": ("max_length", "is too long: at most {} characters are taken"),
    "too_long": ("max_length", "has too many entries: at most {} are taken"),
    "string_too_short": ("min_length", "must not be empty"),
    "too_short": ("min_length", "must not be empty"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a policy file; ``line`` counts from 1."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class PolicyError(ParameterError):
    """A policy cannot be used; ``problems`` lists every mistake, one ``file:line: sentence`` each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems: list[Problem] = list(problems)
        lines = [str(problem) for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"... and {len(self.problems) - MOST_SHOWN} more")
        super().__init__("\n".join(lines))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'phrases'?`` for a near miss, else an empty string."""
    near = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


def printable(value: object, longest: int) -> str:
    """Shorten a text and make control and direction characters in it visible."""
    text = str(value)
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(ch if ch.isprintable() else f"\\u{ord(ch):04x}" for ch in shown)


def visible(value: object) -> str:
    """Put a short text in quotes, with control and direction characters made visible."""
    return f"'{printable(value, 40)}'"


def sentence(error: Mapping[str, Any], known: Sequence[str]) -> str:
    """One plain sentence for one pydantic error; ``known`` are the keys that the table at fault may have."""
    kind, place = str(error["type"]), list(error["loc"])
    names = [part for part in place if isinstance(part, str)]
    key = visible(names[-1]) if names else "the file"
    if place and isinstance(place[-1], int):
        key = f"entry {place[-1] + 1} of {key}"
    if kind == "extra_forbidden":
        hint = did_you_mean(names[-1], known)
        return f"{key} is not known here{hint}" if hint else f"{key} is not known here; possible are {_listed(known)}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "value_error":
        return f"{key} {error['ctx']['error']}"
    if kind in ("literal_error", "enum"):
        return f"{key} must be {error['ctx']['expected']}, not {visible(error['input'])}"
    if kind in _KIND_NAMES:
        return f"{key} {_KIND_NAMES[kind]}"
    if kind in _BOUNDS:
        bound, text = _BOUNDS[kind]
        limit = error["ctx"][bound]
        return f"{key} {text.format(f'{limit:g}' if isinstance(limit, float) else limit)}"
    return f"{key}: {error['msg']}"


def _listed(known: Sequence[str]) -> str:
    return ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
