"""Which recordings are meant by files, folders and patterns, and where below the output folder each result goes."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from monitor.errors import ParameterError
from monitor.sources.names import shown_name

# What is taken from a folder; a file that is named on the command line is tried whatever it is called.
EXTENSIONS = frozenset(
    {
        *("wav", "wave", "w64", "rf64", "bwf", "aif", "aiff", "aifc", "au", "snd", "caf", "flac"),
        *("mp3", "mp2", "m4a", "m4b", "aac", "ogg", "oga", "opus", "wma", "amr", "awb", "gsm", "g722"),
        *("mp4", "mkv", "mka", "webm", "mov", "avi", "asf", "wmv", "3gp"),
    }
)


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording to judge; ``target`` is its result's place below the output folder, without an ending."""

    path: Path
    target: PurePath
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The recordings found, how many other files lay in the folders, and which folders could not be listed and why."""

    recordings: tuple[Recording, ...]
    skipped: int
    problems: tuple[tuple[Path, str], ...]


def list_recordings(arguments: Sequence[str], *, none_is_fine: bool = False) -> Listing:
    """Find the recordings that the arguments mean, each once, in the order of the arguments, folders sorted by name.

    A file is named flat; what lies in a folder keeps its place in it. An argument with ``*``, ``?`` or ``[`` that is
    no file's name is a pattern, as not every shell expands them.

    Raises
    ------
    ParameterError
        An argument means nothing, there is no recording at all (unless that is fine, as where more will come), or two
        recordings would have one result.
    """
    finder = _Finder()
    for argument in arguments:
        for path, by_name in _expanded(argument):
            if path.is_dir():
                finder.add_folder(path)
            elif by_name or _is_media(path.name):
                finder.add(path, PurePath(path.stem))
            else:
                finder.skipped += 1
    if not finder.taken and not finder.problems and not none_is_fine:
        named = ", ".join(arguments[:3]) + (" and others" if len(arguments) > 3 else "")
        others = f" (other files skipped: {finder.skipped})" if finder.skipped else ""
        raise ParameterError(f"There is no recording in {named}{others}: give audio or video files.")
    return Listing(tuple(finder.taken.values()), finder.skipped, tuple(finder.problems))


def shown_path(path: PurePath) -> str:
    """Show a path with characters that a terminal would obey made visible."""
    return str(Path(*(shown_name(Path(part)) for part in path.parts)))


def _is_media(name: str) -> bool:
    # "._call.wav" is what macOS leaves on foreign disks, not a recording
    return not name.startswith("._") and PurePath(name).suffix[1:].lower() in EXTENSIONS


def _expanded(argument: str) -> list[tuple[Path, bool]]:
    """Paths that the argument means, and whether their kind of file was asked for by name."""
    path = Path(argument)
    if os.path.lexists(path):
        return [(path, True)]
    if not glob.has_magic(argument):
        raise ParameterError(f"{argument} is not there: check the name, or whether it was moved.")
    by_name = path.suffix != "" and not glob.has_magic(path.suffix)
    matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207  pathlib refuses absolute patterns
    if not matches:
        raise ParameterError(f"No file matches {argument}: check the pattern.")
    return [(Path(match), by_name) for match in matches]


class _Finder:
    """Gathers recordings by the place of their results."""

    def __init__(self) -> None:
        self.taken: dict[str, Recording] = {}
        self.skipped = 0
        self.problems: list[tuple[Path, str]] = []
        self._seen: set[str] = set()

    def add_folder(self, folder: Path) -> None:
        for parent, folders, names in os.walk(folder, onerror=self._note):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                if _is_media(name):
                    self.add(path, path.relative_to(folder).with_name(path.stem))
                else:
                    self.skipped += 1

    def add(self, path: Path, target: PurePath) -> None:
        absolute = os.path.normcase(path.absolute())
        if absolute in self._seen:
            return
        self._seen.add(absolute)
        # where a system takes "A" and "a" for one name, so does normcase
        other = self.taken.setdefault(os.path.normcase(target), Recording(path, target, _size_bytes(path)))
        if other.path != path:
            raise ParameterError(
                f"{shown_path(other.path)} and {shown_path(path)} would both become {shown_path(target)}.json: rename "
                "one, or analyse them into two folders."
            )

    def _note(self, error: OSError) -> None:
        self.problems.append((Path(error.filename), f"the folder cannot be listed ({error.strerror})"))


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it vanished, or may not be looked at; analysing it will say so
