"""Where a value stands in a TOML text: tomllib tells no positions, so a mistake is looked up here.

The text has already been read by tomllib, hence only valid TOML arrives; the scanner follows keys, tables and arrays
and skips everything else. It runs only when there is something to complain about.
"""

from __future__ import annotations

import bisect
import contextlib
import tomllib
from collections.abc import Sequence

Path = tuple[str | int, ...]

_BARE_END = ",]}#\n"
_QUOTES = ('"""', "'''", '"', "'")


class Locator:
    """Line numbers, from 1, of every key, table and array entry of a valid TOML text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._newlines = [i for i, ch in enumerate(text) if ch == "\n"]
        self._lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        # Deeper than we follow: what was found so far still helps.
        with contextlib.suppress(RecursionError, IndexError):
            self._document()

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of this value, else of the nearest table around it, else 1."""
        key = tuple(path)
        while key:
            if key in self._lines:
                return self._lines[key]
            key = key[:-1]
        return 1

    def _line_here(self) -> int:
        return bisect.bisect_left(self._newlines, self._at) + 1

    def _peek(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _blank(self) -> None:
        """Step over spaces, line ends and comments."""
        while self._at < len(self._text):
            ch = self._text[self._at]
            if ch == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            elif ch in " \t\r\n":
                self._at += 1
            else:
                return

    def _document(self) -> None:
        table: Path = ()
        self._blank()
        while self._at < len(self._text):
            if self._peek("["):
                table = self._header()
            else:
                self._assignment(table)
            self._blank()

    def _header(self) -> Path:
        line, array = self._line_here(), self._peek("[[")
        self._at += 2 if array else 1
        parts = self._key()
        self._at += 2 if array else 1
        path: Path = ()
        for part in parts[:-1]:
            path = self._inside((*path, part))
        path = (*path, parts[-1])
        if array:
            self._lines.setdefault(path, line)
            self._tables[path] = self._tables.get(path, -1) + 1
            path = (*path, self._tables[path])
        self._lines.setdefault(path, line)
        return path

    def _inside(self, path: Path) -> Path:
        """Return a table's path, or that of the last entry where it is an array of tables."""
        return (*path, self._tables[path]) if path in self._tables else path

    def _assignment(self, table: Path) -> None:
        line = self._line_here()
        path = table
        for part in self._key():
            path = (*path, part)
            self._lines.setdefault(path, line)
        self._at += 1  # the equals sign
        self._value(path)

    def _key(self) -> list[str]:
        """Read a dotted key; stops before ``=`` or ``]``."""
        parts: list[str] = []
        while True:
            self._blank()
            if self._text[self._at] in "\"'":
                start = self._at
                self._string()
                # tomllib knows the escapes better than we do.
                parts.append(str(tomllib.loads(f"k = {self._text[start : self._at]}")["k"]))
            else:
                start = self._at
                while self._text[self._at] not in " \t.=]":
                    self._at += 1
                parts.append(self._text[start : self._at])
            self._blank()
            if not self._peek("."):
                return parts
            self._at += 1

    def _value(self, path: Path) -> None:
        self._blank()
        if self._text[self._at] in "\"'":
            self._string()
        elif self._peek("["):
            self._array(path)
        elif self._peek("{"):
            self._inline_table(path)
        else:
            while self._at < len(self._text) and self._text[self._at] not in _BARE_END:
                self._at += 1

    def _array(self, path: Path) -> None:
        self._at += 1
        index = 0
        self._blank()
        while not self._peek("]"):
            self._lines[(*path, index)] = self._line_here()
            self._value((*path, index))
            index += 1
            self._comma()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._blank()
        while not self._peek("}"):
            self._assignment(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        self._blank()
        if self._peek(","):
            self._at += 1
            self._blank()

    def _string(self) -> None:
        quote = next(quote for quote in _QUOTES if self._peek(quote))
        self._at += len(quote)
        while not self._peek(quote):
            self._at += 2 if quote[0] == '"' and self._text[self._at] == "\\" else 1
            if self._at >= len(self._text):
                raise IndexError
        self._at += len(quote)
        # Up to two quotation marks may stand directly before the closing three.
        while len(quote) == 3 and self._peek(quote[0]):
            self._at += 1
