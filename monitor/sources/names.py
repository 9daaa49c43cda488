"""File names as they may be shown."""

from __future__ import annotations

import unicodedata
from pathlib import Path

# Control, format (such as right-to-left overrides), surrogate, private and unassigned characters, line separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shown_name(path: Path) -> str:
    """Return the file's name without its folder, with characters that a terminal or reader would obey made visible.

    What was no valid text (on Linux a name is bytes) and hidden characters come out as backslash escapes.
    """
    return shown_text(path.name) or str(path)


def shown_text(text: str) -> str:
    """Return the text with characters that a terminal or reader would obey made visible."""
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if unicodedata.category(char) in _HIDDEN:
        return char.encode("ascii", "backslashreplace").decode() if ord(char) > 0x7F else f"\\x{ord(char):02x}"
    return char
