"""Files that are there whole or not at all: written beside their place, flushed to the disk, then moved there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from monitor.errors import EnvironmentProblem

_PART_SUFFIX = ".evenkeel-part"  # so that nothing else is taken for a part

_REMEDIES = {
    errno.ENOSPC: "the disk is full; make room and run the same command again",
    errno.EDQUOT: "your share of the disk is used up; make room and run the same command again",
    errno.EROFS: "the disk is read-only; choose another folder with --out",
    errno.EACCES: "you may not write there; choose another folder with --out",
    errno.EPERM: "you may not write there; choose another folder with --out",
    errno.ENAMETOOLONG: "the name is too long for this disk; give the recording a shorter one",
    errno.ENOTDIR: "a file is where a folder should be; choose another folder with --out",
    errno.EEXIST: "a file is where a folder should be; choose another folder with --out",
    errno.EISDIR: "a folder of that name is in the way; choose another folder with --out",
    errno.EFBIG: "the file is too large for this disk; choose another folder with --out",
}


class OutputProblem(EnvironmentProblem):
    """A result cannot be written; the text names the place and the remedy."""


def output_problem(path: Path, error: OSError) -> OutputProblem:
    """Put into a sentence why a file could not be written."""
    other = f"{error.strerror or type(error).__name__}; choose another folder with --out"
    remedy = _REMEDIES.get(error.errno or 0, other)
    return OutputProblem(f"{path} could not be written: {remedy}.")


class PartFile:
    """A file being written, under a name of its own in the folder where it belongs.

    Raises
    ------
    OutputProblem
        From the constructor and from `commit`, when the file cannot be written; the part is gone then.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(f".{path.name}.{os.getpid()}{_PART_SUFFIX}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.handle: BinaryIO = self._part.open("xb")
        except OSError as error:
            raise output_problem(path, error) from error

    def commit(self) -> None:
        """Put the file in its place, in one step, once all of it is on the disk."""
        try:
            self.handle.flush()
            os.fsync(self.handle.fileno())
            self.handle.close()
            self._part.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            self.discard()
            raise output_problem(self.path, error) from error

    def discard(self) -> None:
        """Leave nothing behind; harmless after `commit`."""
        with suppress(OSError):  # closing flushes, which fails again on a full disk
            self.handle.close()
        with suppress(OSError):
            self._part.unlink(missing_ok=True)


def insist_on_folder(folder: Path) -> None:
    """Make the folder if need be, and try that files can be written there, before hours of work rely on it.

    Raises
    ------
    OutputProblem
        They cannot.
    """
    PartFile(folder / "evenkeel").discard()


def _sync_folder(folder: Path) -> None:
    """Make the move itself durable, where a system can do so."""
    if os.name == "posix":
        with suppress(OSError):  # some network disks refuse to sync a folder; the file itself is safe
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def remove_parts(folder: Path, name: str | None = None) -> None:
    """Remove what interrupted runs left in this folder, of the file of this name or of all."""
    start = "." if name is None else f".{name}."
    with suppress(OSError):
        for part in folder.iterdir():
            if part.name.startswith(start) and part.name.endswith(_PART_SUFFIX):
                part.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file as a whole: what is written replaces `path` at the end, or nothing changes.

    Raises
    ------
    OutputProblem
        The file cannot be written.
    """
    part = PartFile(path)
    try:
        yield part.handle
        part.commit()
    except OSError as error:
        raise output_problem(path, error) from error
    finally:
        part.discard()
