"""How a scenario is written: TOML tables, each with a script of lines that say who sounds when, and how.

A line is ``[when] who [talks SECONDS s] [(manner)] [: text]``::

    agent: Good morning, how can I help you?
    +0.6 customer: My parcel did not come.
    -0.8 agent (+6 dB, +4 st, effort +5): It did.
    @12 customer talks 25 s (x1.2)
    music 15 s (-6 dB)
    silence 12 s

``+0.6`` starts so long after everything before has ended (``+0.5`` where nothing is said), ``-0.8`` so long before
that, ``@12`` at that second. A manner is told against the speaker's calm voice: level in dB, height in semitones, speed
as a factor (``x1.2`` is faster), ``effort`` in dB of 1-4 kHz, ``lively`` as a factor of the melody's range. ``talks``
says stock sentences for so long, or the text over and over. ``music`` and ``ring`` are on the customer's side, ``hum``
is on the agent's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from monitor.errors import ParameterError

FOLDER = Path(__file__).parent
Case = Literal["fires", "silent"]
CASES: tuple[Case, ...] = ("fires", "silent")
SPEAKERS = ("agent", "customer")
SOUNDS = ("music", "ring", "hum", "silence")
_USUAL_GAP_S = 0.5

_LINE = re.compile(
    r"^(?:@(?P<at>\d+(?:\.\d+)?)\s+|(?P<gap>[+-]\d+(?:\.\d+)?)\s+)?"
    r"(?P<who>agent|customer|music|ring|hum|silence)"
    r"(?: talks)?(?: (?P<length>\d+(?:\.\d+)?) s)?"
    r"(?:\s+\((?P<manner>[^)]*)\))?"
    r"(?::\s*(?P<text>.+))?$"
)
_MANNER = re.compile(
    r"^(?:(?P<level>[+-]\d+(?:\.\d+)?) dB|(?P<height>[+-]\d+(?:\.\d+)?) st|x(?P<speed>\d+(?:\.\d+)?)"
    r"|effort (?P<effort>[+-]\d+(?:\.\d+)?)|lively x(?P<lively>\d+(?:\.\d+)?))$"
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said, against the speaker's calm voice."""

    level_db: float = 0.0
    height_st: float = 0.0
    speed: float = 1.0
    effort_db: float = 0.0
    lively: float = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One sound: ``at_s`` is absolute, ``gap_s`` counts from the end of all before it; one of them is None."""

    who: str
    manner: Manner
    text: str = ""
    length_s: float | None = None
    at_s: float | None = None
    gap_s: float | None = _USUAL_GAP_S


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scripted call and what must come of it.

    ``row`` is the behaviour's id, ``case`` whether it must fire or stay silent. ``profile`` gives the agent's usual
    voice beforehand. ``leak_db`` lets each side into the other's channel, so much fainter and ``leak_s`` later.
    ``interruptions`` lists who cuts in, in order, None where that is not looked at. ``words`` says whether a recogniser
    listens. The row must fire ``between_s``, where that is given.
    """

    name: str
    row: str
    case: Case
    lines: tuple[Line, ...]
    channels: int = 2
    profile: bool = True
    words: bool = False
    leak_db: float | None = None
    leak_s: float = 0.0
    customer: str | None = None
    customer_gain_db: float = 0.0
    policy: str = ""
    interruptions: tuple[str, ...] | None = None
    between_s: tuple[float, float] | None = None


def load_scenarios(folder: Path = FOLDER) -> list[Scenario]:
    """Every scenario of the library, in the order of files and tables.

    Raises
    ------
    ParameterError
        A table or a line cannot be understood; the text names it.
    """
    found: list[Scenario] = []
    for path in sorted(folder.glob("*.toml")):
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        common = tables.get("all", {})
        for table in tables.get("scenario", []):
            cases: list[Case] = [case for case in CASES if case in table]
            found += [_scenario({**common, **table}, case, path.name) for case in cases]
    return found


def _scenario(table: Mapping[str, Any], case: Case, file: str) -> Scenario:
    row = str(table.get("row", ""))
    given = {key: value for key, value in table.items() if key not in ("fires", "silent", "row", "about")}
    own = given.pop(f"in_{case}", {})
    given = {key: value for key, value in given.items() if not key.startswith("in_")}
    name = f"{row} {case}" + (f" ({given.pop('name')})" if "name" in given else "")
    lines = tuple(parse_line(text, f"{file}, {name}") for text in str(table[case]).strip().splitlines())
    fields = {**given, **own}
    lists: dict[str, Any] = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
    try:
        return Scenario(name, row, case, lines, **{**fields, **lists})
    except TypeError as error:
        raise ParameterError(f"{file}, {name}: {error}.") from error


def parse_line(text: str, where: str = "") -> Line:
    """One line of a script.

    Raises
    ------
    ParameterError
        It cannot be understood.
    """
    found = _LINE.match(text.strip())
    if found is None:
        raise ParameterError(f"{where}: this line cannot be understood: {text.strip()!r}.")
    part = found.groupdict()
    spoken = part["who"] in SPEAKERS
    if (part["text"] is None and part["length"] is None) or (part["text"] is not None and not spoken):
        raise ParameterError(f"{where}: a line has a length, or a text that somebody says: {text.strip()!r}.")
    gap_s = None if part["at"] else float(part["gap"] or (_USUAL_GAP_S if spoken else 0.0))
    return Line(
        part["who"],
        parse_manner(part["manner"], where),
        part["text"] or "",
        None if part["length"] is None else float(part["length"]),
        None if part["at"] is None else float(part["at"]),
        gap_s,
    )


def parse_manner(text: str | None, where: str = "") -> Manner:
    """The words in brackets."""
    names = {"level": "level_db", "height": "height_st", "speed": "speed", "effort": "effort_db", "lively": "lively"}
    values: dict[str, float] = {}
    for each in text.split(",") if text else ():
        found = _MANNER.match(each.strip())
        if found is None:
            raise ParameterError(f"{where}: this manner cannot be understood: {each.strip()!r}.")
        values |= {names[key]: float(value) for key, value in found.groupdict().items() if value is not None}
    return Manner(**values)


def rows_of(scenarios: Sequence[Scenario]) -> list[str]:
    """Ids in the order in which they come first."""
    return list(dict.fromkeys(scenario.row for scenario in scenarios))
