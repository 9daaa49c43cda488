"""Start with the system, for this user alone and without rights of an administrator.

Linux: a desktop entry in the user's autostart folder. Windows: a value under the user's ``Run`` key. macOS: a launch
agent. Each is a few lines that anybody can read and delete; the same lines for a whole company lie in
``packaging/autostart``.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import plistlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from monitor.errors import EnvironmentProblem

NAME = "evenkeel"
RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
_RESERVED = set(" \t\n\"'\\><~|&;$*?#()`")  # in an Exec line, by the Desktop Entry Specification


def start_command() -> list[str]:
    """What starts the window: the program beside this Python, else this Python itself."""
    here = Path(sys.executable)
    program = here.with_name("evenkeel-live" + (".exe" if sys.platform == "win32" else ""))
    return [str(program)] if program.exists() else [str(here), "-P", "-m", "monitor", "live"]


def desktop_entry(command: Sequence[str]) -> str:
    """The text of a desktop entry that starts the command when the user's desktop is there."""
    lines = (
        "[Desktop Entry]", "Type=Application", "Name=Evenkeel", "Comment=A quiet light for a calm voice",
        f"Exec={' '.join(map(_exec_word, command))}", "Terminal=false", "StartupNotify=false",
        "X-GNOME-Autostart-enabled=true",
    )  # fmt: skip
    return "".join(line + "\n" for line in lines)


def _exec_word(word: str) -> str:
    """One word of an Exec line: quoted, then escaped once more as every string of the file is."""
    word = word.replace("%", "%%")
    if not _RESERVED & set(word):
        return word
    for sign in '\\"`$':
        word = word.replace(sign, "\\" + sign)
    return f'"{word}"'.replace("\\", "\\\\")


def launch_agent(command: Sequence[str]) -> bytes:
    """The text of a launch agent that starts the command when the user logs in to the desktop."""
    return plistlib.dumps({
        "Label": NAME,
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "ProcessType": "Interactive",
        "LimitLoadToSessionType": "Aqua",
    })  # fmt: skip


class Place(Protocol):
    """Where a system looks for what to start."""

    def read(self) -> bytes | None:
        """What stands there, None when nothing does."""
        ...

    def write(self, content: bytes) -> None:
        """Put it there."""
        ...

    def remove(self) -> None:
        """Take it away; fine when nothing is there."""
        ...

    def content(self, command: Sequence[str]) -> bytes:
        """What has to stand there to start the command."""
        ...


class _File:
    """A file of its own in a folder that the desktop looks through."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def write(self, content: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(self.path.name + ".part")
        part.write_bytes(content)
        part.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def content(self, command: Sequence[str]) -> bytes:
        return launch_agent(command) if self.path.suffix == ".plist" else desktop_entry(command).encode()


class _RunKey:
    """A value in the user's part of the Windows registry."""

    def __init__(self) -> None:
        self._registry: Any = importlib.import_module("winreg")  # which other systems lack

    def _open(self, rights: int) -> Any:  # noqa: ANN401
        return self._registry.CreateKeyEx(self._registry.HKEY_CURRENT_USER, RUN_KEY, 0, rights)

    def read(self) -> bytes | None:
        try:
            with self._open(self._registry.KEY_READ) as key:
                return str(self._registry.QueryValueEx(key, NAME)[0]).encode()
        except FileNotFoundError:
            return None

    def write(self, content: bytes) -> None:
        with self._open(self._registry.KEY_SET_VALUE) as key:
            self._registry.SetValueEx(key, NAME, 0, self._registry.REG_SZ, content.decode())

    def remove(self) -> None:
        with contextlib.suppress(FileNotFoundError), self._open(self._registry.KEY_SET_VALUE) as key:
            self._registry.DeleteValue(key, NAME)

    def content(self, command: Sequence[str]) -> bytes:
        return subprocess.list2cmdline(command).encode()


def place() -> Place:
    """Where this system looks."""
    if sys.platform == "win32":
        return _RunKey()
    if sys.platform == "darwin":
        return _File(Path.home() / "Library" / "LaunchAgents" / f"{NAME}.plist")
    return _File(Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "autostart" / f"{NAME}.desktop")


def starts_with_system() -> bool:
    """Whether this Evenkeel starts with the system; an entry of another one, or a switched off one, does not count."""
    where = place()
    try:
        return where.read() == where.content(start_command())
    except OSError:
        return False


def set_start_with_system(wanted: bool) -> None:
    """Make it start with the system, or not; what is as wanted already is not touched.

    Raises
    ------
    EnvironmentProblem
        The system does not allow it.
    """
    where = place()
    content = where.content(start_command())
    try:
        there = where.read()
        if wanted and there != content:
            where.write(content)
        elif not wanted and there is not None:
            where.remove()
    except OSError as error:
        verb = "started" if wanted else "kept from starting"
        why = error.strerror or error
        raise EnvironmentProblem(
            f"Evenkeel cannot be {verb} with the system ({why}). Ask whoever looks after this computer."
        ) from error
