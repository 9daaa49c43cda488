"""Takes a speech model from a folder or an archive on disk, for machines without network.

Of an archive only the files of a model are read, by name, straight into our folder. One that tries to write elsewhere
(absolute paths, ``..``), holds links or devices, or would unpack to more than any model has, is refused.
"""

from __future__ import annotations

import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from models.model_folder import is_wanted, missing_of
from models.store import being_written, safe_name, settle, writable
from monitor.errors import InputProblem, ParameterError

# Twice the largest model of the catalogue.
MOST_BYTES = 8_000_000_000
# More entries than this is no model; listing them would only take time.
MOST_MEMBERS = 10_000
CHUNK = 1 << 20

_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the model: its name, its size in bytes, and how to read it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def copy_model(name: str, source: Path, progress: Progress) -> Path:
    """Make the model in a folder or archive the model NAME of ours; ``progress`` is told bytes done and in all.

    Raises
    ------
    ParameterError
        There is nothing at that path, or the name is no name.
    InputProblem
        What is there is no whole model.
    EnvironmentProblem
        Our folder cannot be written.
    """
    name = safe_name(name)
    with _files(source) as files, being_written(name) as partial:
        total = sum(file.size for file in files)
        # What an interrupted download left is of no use here, and may be of another version.
        shutil.rmtree(partial, ignore_errors=True)
        with writable(partial.parent):
            partial.mkdir()
        try:
            done = 0
            for file in files:
                _copy(file, partial / file.name, source, lambda now, before=done: progress(before + now, total))  # type: ignore[misc]
                done += file.size
            return settle(partial, name, str(source.absolute()))
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _copy(file: _File, to: Path, source: Path, tell: Callable[[int], None]) -> None:
    """Copy one file and tell its bytes so far; one longer than announced is refused, not followed."""
    left = file.size
    with writable(to.parent), to.open("wb") as out, _readable(source), file.open() as stream:
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                break
            out.write(chunk)
            tell(file.size - left)
    if left:
        raise InputProblem(f'{file.name} in "{source}" has not the size that it should have; copy it anew.')


@contextmanager
def _readable(source: Path) -> Iterator[None]:
    """Say in one sentence what cannot be read; errors of a full disk pass, being about our folder."""
    try:
        yield
    except OSError as error:
        # A decompressor gives no number; our own output, of which the name was given before, names no file.
        if error.errno is not None and error.filename is None:
            raise
        raise _unreadable(source, error.strerror or _reason(error)) from None
    except (*_BROKEN, EOFError, RuntimeError, ValueError) as error:
        raise _unreadable(source, _reason(error)) from None


def _unreadable(source: Path, reason: str) -> InputProblem:
    reason = reason[:1].lower() + reason[1:]
    return InputProblem(f'"{source}" cannot be read: {reason}. Copy it anew, or unpack it first.')


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(".")


@contextmanager
def _files(source: Path) -> Iterator[list[_File]]:
    """The files of the model at a path, which is open as long as they are needed."""
    if source.is_dir():
        yield _checked(source, _in_folder(source))
    elif not source.is_file():
        raise ParameterError(f'There is nothing at "{source}"; give the folder or archive of a model.')
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            yield _checked(source, _in_zip(archive, source))
    elif _is_tar(source):
        with _readable(source):
            tar = tarfile.open(source)  # noqa: SIM115 - the ``with`` below closes it
        with tar:
            yield _checked(source, _in_tar(tar, source))
    else:
        raise InputProblem(f'"{source}" is neither a folder nor a .zip, .tar or .tar.gz archive that is whole.')


def _is_tar(source: Path) -> bool:
    try:
        return tarfile.is_tarfile(source)
    except (OSError, EOFError):
        return False


def _in_folder(source: Path) -> list[_File]:
    return [
        _File(path.name, path.stat().st_size, lambda path=path: path.open("rb"))  # type: ignore[misc]
        for path in sorted(source.iterdir())
        if is_wanted(path.name) and path.is_file()
    ]


def _in_zip(archive: zipfile.ZipFile, source: Path) -> list[_File]:
    found = {}
    for member in archive.infolist():
        # The upper half of the attributes is the Unix mode; 0o12 of its type bits is a symbolic link.
        is_link = (member.external_attr >> 28) == 0o12
        path = _safe_path(source, member.filename, is_odd=is_link)
        if not member.is_dir():
            found[path] = _File(path.name, member.file_size, lambda member=member: archive.open(member))  # type: ignore[misc]
        _refuse_many(source, found)
    return _beside_model(found)


def _in_tar(archive: tarfile.TarFile, source: Path) -> list[_File]:
    found = {}
    with _readable(source):
        for member in archive:
            path = _safe_path(source, member.name, is_odd=not (member.isfile() or member.isdir()))
            if member.isfile():
                found[path] = _File(path.name, member.size, lambda member=member: _tar_stream(archive, member))  # type: ignore[misc]
            _refuse_many(source, found)
    return _beside_model(found)


def _tar_stream(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise tarfile.ReadError(f"{member.name} is no file")
    return stream


def _refuse_many(source: Path, found: dict[PurePosixPath, _File]) -> None:
    """Refuse while still listing: to list what is compressed it must be unpacked."""
    if len(found) > MOST_MEMBERS:
        raise InputProblem(f'"{source}" holds more than {MOST_MEMBERS} files, so it is no model.')
    if sum(file.size for file in found.values()) > MOST_BYTES:
        raise InputProblem(f'"{source}" would unpack to more than {MOST_BYTES // 10**9} GB, so it is no model.')


def _safe_path(source: Path, name: str, *, is_odd: bool) -> PurePosixPath:
    """The path of a member, when it stays within the archive and is a plain file or folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if is_odd or path.is_absolute() or ".." in path.parts or ":" in (path.parts or ("",))[0]:
        raise InputProblem(f'"{source}" is refused: it holds a link, or a path that leads out of it ({name}).')
    return path


def _beside_model(found: dict[PurePosixPath, _File]) -> list[_File]:
    """Of all files in an archive those that lie beside its ``model.bin``, the one nearest to the top."""
    models = sorted((path for path in found if path.name == "model.bin"), key=lambda path: (len(path.parts), path))
    home = models[0].parent if models else PurePosixPath()
    return [file for path, file in sorted(found.items()) if path.parent == home and is_wanted(path.name)]


def _checked(source: Path, files: list[_File]) -> list[_File]:
    missing = missing_of(file.name for file in files)
    if missing:
        raise InputProblem(
            f'"{source}" is no model for faster-whisper: {", ".join(missing)} {"is" if len(missing) == 1 else "are"} '
            "missing. Give the folder that holds model.bin and the files beside it."
        )
    return files
