"""One policy file: read, guarded against what would take long, and checked by itself with every mistake at its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from monitor.policy.document import Document, keys_at
from monitor.policy.locate import Locator
from monitor.policy.problems import PolicyError, Problem, printable, sentence, visible

BUILTIN_FOLDER = Path(__file__).parent / "builtin"

MOST_BYTES = 500_000
MOST_LINE_CHARACTERS = 20_000
MOST_PROBLEMS = 1_000
# tomllib takes quadratic time for keys with thousands of dots, so they never reach it.
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){12}""")
_DEEP = re.compile(r"(?:[\[{][ \t\r\n]*){24}")


@dataclass(slots=True)
class Read:
    """One file that was read and is valid by itself."""

    file: str
    text: str
    document: Document
    problems: list[Problem] = field(default_factory=list)
    _locator: Locator | None = None

    def complain(self, place: tuple[str | int, ...], text: str) -> None:
        """Note a mistake at the line of this place."""
        if self._locator is None:
            self._locator = Locator(self.text)
        self.problems.append(Problem(self.file, self._locator.line(place), text))


def read_document(path: Path) -> Read:
    """One file, checked by itself."""
    file = shown_path(path)
    text = _text(path, file)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([_syntax_problem(file, text, str(error))]) from None
    except (RecursionError, ValueError) as error:
        raise PolicyError([Problem(file, 1, _unreadable(error))]) from None
    try:
        return Read(file, text, Document.model_validate(raw))
    except ValidationError as error:
        locator = Locator(text)
        raise PolicyError(_problems(file, locator, error)) from None


def _unreadable(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "tables or lists are nested too deeply; a policy needs two levels"
    return "a number or date in it cannot be read"


def _text(path: Path, file: str) -> str:
    """Read the file's text, refused when it is too big or shaped to take long."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise PolicyError(
            [Problem(file, 1, f"cannot be read: {(error.strerror or 'unknown reason').lower()}")]
        ) from None
    if len(raw) > MOST_BYTES:
        raise PolicyError([Problem(file, 1, f"is too big: a policy has at most {MOST_BYTES // 1_000} kB")])
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PolicyError([Problem(file, line, "is not UTF-8 text; save the file as UTF-8")]) from None
    for number, line_text in enumerate(text.split("\n"), start=1):
        if len(line_text) > MOST_LINE_CHARACTERS:
            raise PolicyError(
                [Problem(file, number, f"is too long: a line has at most {MOST_LINE_CHARACTERS} characters")]
            )
    for pattern in (_LONG_KEY, _DEEP):
        if found := pattern.search(text):
            line = text.count("\n", 0, found.start()) + 1
            raise PolicyError([Problem(file, line, "tables or lists are nested too deeply; a policy needs two levels")])
    return text


def _syntax_problem(file: str, text: str, message: str) -> Problem:
    """Turn a complaint of tomllib into a problem, with its line taken out of the sentence."""
    where = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(where[1]) if where and where[1] else text.count("\n") + 1
    reason = message[: where.start()] if where else message
    return Problem(file, line, f"is not valid TOML: {reason[:1].lower()}{printable(reason[1:], 200)}")


def _problems(file: str, locator: Locator, error: ValidationError) -> list[Problem]:
    """Every complaint of pydantic with its line, in the order of the file."""
    found = []
    for item in error.errors(include_url=False)[:MOST_PROBLEMS]:
        place = tuple(item["loc"])
        text = sentence(item, keys_at(place))
        if place == ("policy",) and item["type"] == "missing":
            text = "the table [policy] with a name is missing"
        if len(place) > 2 and place[0] in ("behaviour", "checklist") and item["type"] == "missing":
            text = f"this [[{place[0]}]] has no {visible(place[-1])}"
        found.append(Problem(file, locator.line(place), text))
    return sorted(set(found), key=lambda problem: (problem.line, problem.text))


def shown_path(path: Path) -> str:
    """How a file is called in messages: a built-in one by its name alone."""
    return printable(path.name if path.parent == BUILTIN_FOLDER else path, 200)
