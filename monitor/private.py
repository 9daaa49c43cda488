"""Small files that are nobody else's business: readable by their owner alone, whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from monitor.errors import EnvironmentProblem

MODE, FOLDER_MODE = 0o600, 0o700


def data_folder() -> Path:
    """Where the program keeps what it learnt of its user."""
    import platformdirs

    return Path(platformdirs.user_data_dir("evenkeel", appauthor=False))


def private_folder(folder: Path) -> Path:
    """Make this folder if need be, for its owner alone, and return it.

    Raises
    ------
    EnvironmentProblem
        It cannot be made.
    """
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise _problem(folder, error) from error
    return folder


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step.

    Raises
    ------
    EnvironmentProblem
        It cannot be written; what was there before is still there.
    """
    private_folder(path.parent)
    part = None
    try:
        handle, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(part).replace(path)
    except OSError as error:
        if part is not None:
            with suppress(OSError):
                Path(part).unlink(missing_ok=True)
        raise _problem(path, error) from error


def append_private(path: Path, line: str) -> None:
    """Add one line, without its line break, to a file that is made if need be.

    Raises
    ------
    EnvironmentProblem
        It cannot be written.
    """
    private_folder(path.parent)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, MODE), "wb") as stream:
            stream.write(line.encode("utf-8", "backslashreplace") + b"\n")
    except OSError as error:
        raise _problem(path, error) from error


def part_of(path: Path) -> Path:
    """The name of a large file while it grows."""
    return path.with_name(f"{path.name}.part")


def _problem(path: Path, error: OSError) -> EnvironmentProblem:
    why = error.strerror or type(error).__name__
    return EnvironmentProblem(f"{path} could not be written ({why}); make room, or check who owns the folder.")
