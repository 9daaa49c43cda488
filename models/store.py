"""The speech models on this machine: where they lie, whether they are whole, and which suits best.

Layout of the folder (``EVENKEEL_MODELS``, else ``models`` in the user's data folder)::

    NAME/               a whole model, with manifest.json: origin, size and SHA-256 of every file
    .partial/NAME/      what has come so far; renamed to NAME in one step when it is whole and checked
    .partial/NAME.lock  held while one program writes

The hub's shared cache is read and never written. Nothing here touches the network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from models.catalogue import BASIC, EVERY_LANGUAGE, Entry, catalogue, find_entry, meant
from models.model_folder import damaged_files, load_problems, manifest_files, missing_files, write_manifest
from models.speed import measured
from monitor.errors import EnvironmentProblem, InputProblem, ParameterError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
MB = 1_000_000


class State(StrEnum):
    """How much of a model is there."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    DAMAGED = "damaged"


class Place(StrEnum):
    """Whose folder a model lies in: ours, the hub's shared cache, or the package of the recogniser."""

    OURS = "evenkeel"
    HUB = "hub cache"
    PACKAGE = "package"


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that is on this machine, whole or not; ``problem`` says what is amiss."""

    name: str
    path: Path
    place: Place
    state: State
    size_bytes: int
    languages: tuple[str, ...]
    problem: str | None = None


def models_folder() -> Path:
    """Where our models lie; the folder need not exist."""
    import platformdirs

    chosen = os.environ.get("EVENKEEL_MODELS")
    if chosen:
        return Path(chosen).expanduser().absolute()
    return platformdirs.user_data_path("evenkeel", appauthor=False) / "models"


def safe_name(name: str) -> str:
    """The name a model is kept under: that of the catalogue, or one that cannot lead out of the folder.

    Raises
    ------
    ParameterError
        The name could not be that of a folder of ours.
    """
    entry = find_entry(name)
    if entry is not None:
        return entry.name
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise ParameterError(
            f"A model's name has letters, digits, '.', '_' and '-' only, such as base.en; {name!r} has others."
        )
    return name


def installed() -> list[Installed]:
    """Everything on this machine, the embedded recogniser first, then by the catalogue's order."""
    ours = {model.name: model for model in (*_partial(), *_ours())}
    cached = [model for entry in catalogue() if (model := _in_hub_cache(entry)) is not None]
    order = {entry.name: number for number, entry in enumerate(catalogue())}
    found = sorted([*ours.values(), *cached], key=lambda model: (order.get(model.name, len(order)), model.name))
    basic = _basic()
    return [basic, *found] if basic is not None else found


def whisper_models_here(language: str) -> list[Installed]:
    """Whole Whisper models on this machine that know a language, such as ``en`` or ``en-GB``."""
    spoken = language.split("-", maxsplit=1)[0].lower()
    return [
        model
        for model in installed()
        if model.place is not Place.PACKAGE
        and model.state is State.COMPLETE
        and (not model.languages or {spoken, EVERY_LANGUAGE} & set(model.languages))
    ]


def find_model(name_or_path: str | Path) -> Path | None:
    """Folder of a whole model by its name, or the folder itself; None when there is none. Never fetches.

    Our own folder comes before the hub's cache. A folder given as a path only has to hold ``model.bin``.
    """
    text = str(name_or_path)
    entry = find_entry(text)
    name = entry.name if entry is not None else text
    if _NAME.fullmatch(name):
        folder = models_folder() / name
        if folder.is_dir() and _state(folder)[0] is State.COMPLETE:
            return folder
        cached = _in_hub_cache(entry) if entry is not None else None
        if cached is not None and cached.state is State.COMPLETE:
            return cached.path
    folder = Path(name_or_path).expanduser()
    return folder if (folder / "model.bin").is_file() else None


def recommended(language: str = "en") -> str | None:
    """The largest model of the catalogue that keeps up live here, by measurement; None while nothing is measured.

    Of two that are as large, the one that knows one language only, because it hears that one better.
    """
    fitting = [
        entry
        for entry in catalogue()
        if entry.speaks(language) and (speed := measured(entry.name)) is not None and speed.keeps_up
    ]
    best = max(fitting, key=lambda entry: (entry.parameters_m, EVERY_LANGUAGE not in entry.languages), default=None)
    return best.name if best is not None else None


def verify(name: str) -> list[str]:
    """What is wrong with a model, one sentence each, naming the file: hashes against the manifest, then the loader.

    Raises
    ------
    ParameterError
        No model of that name is on this machine.
    """
    if name == BASIC:
        return _load_basic()
    model = _one_installed(name)
    if model.state is State.INCOMPLETE:
        return [f"{model.problem}."]
    return damaged_files(model.path) or load_problems(model.path)


def remove(name: str) -> int:
    """Delete a model of ours, whole or partial; the bytes that were freed.

    Raises
    ------
    ParameterError
        It is none of ours: not there, in the hub's cache, or part of a package.
    EnvironmentProblem
        It is just being fetched, or cannot be deleted.
    """
    kept = removable(name)
    with being_written(safe_name(name), wait=False) as partial:
        freed = 0
        for folder in (kept, partial):
            freed += _size(folder)
            try:
                # A link is taken away itself: what it leads to is not ours.
                folder.unlink() if folder.is_symlink() else shutil.rmtree(folder) if folder.exists() else None
            except OSError as error:
                raise EnvironmentProblem(
                    f"{folder} cannot be deleted: {(error.strerror or 'unknown reason').lower()}. "
                    "Close programs that use it, or delete it by hand."
                ) from None
    return freed


def removable(name: str) -> Path:
    """The folder that ``remove`` would delete.

    Raises
    ------
    ParameterError
        There is none that is ours.
    """
    if name == BASIC:
        raise ParameterError("Basic detection is part of the program and takes little room, so it stays.")
    kept = models_folder() / safe_name(name)
    if kept.is_symlink() or kept.exists() or partial_folder(kept.name).exists():
        return kept
    model = _one_installed(name)
    raise ParameterError(f"{model.name} lies in the hub's shared cache ({model.path}), which other programs may use; "
                         "Evenkeel does not delete there.")  # fmt: skip


@contextmanager
def being_written(name: str, *, wait: bool = True) -> Iterator[Path]:
    """Hold the right to write a model, alone among programs; gives its partial folder, which need not exist.

    Raises
    ------
    EnvironmentProblem
        The folder cannot be written, or another program is at it and ``wait`` is False.
    """
    from filelock import FileLock, Timeout

    partial = partial_folder(name)
    with writable(partial.parent):
        partial.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(partial.with_name(f"{name}.lock"), timeout=-1 if wait else 0)
        try:
            lock.acquire()
        except Timeout:
            raise EnvironmentProblem(f"{name} is being fetched by another program; try again later.") from None
    try:
        yield partial
    finally:
        lock.release()


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn what the system says about a folder that cannot be written into a sentence with the remedy."""
    import errno

    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise EnvironmentProblem(
                "The disk is full; what came so far is kept. Free some room, or set EVENKEEL_MODELS to a folder on "
                "another disk, and run the same command again."
            ) from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise EnvironmentProblem(
                f"{folder} cannot be written; set EVENKEEL_MODELS to a folder that you may write to."
            ) from None
        raise


def partial_folder(name: str) -> Path:
    """Where a model lies until it is whole."""
    return models_folder() / ".partial" / name


def settle(partial: Path, name: str, source: str) -> Path:
    """Make a partial folder the model NAME, in one step: check that it loads, note its hashes, rename it.

    Call it within ``being_written``. A model of that name that was there before goes.

    Raises
    ------
    InputProblem
        The folder does not hold a model that can be loaded; it is deleted.
    """
    problems = load_problems(partial)
    if problems:
        shutil.rmtree(partial)
        raise InputProblem(f"What came for {name} is not a model that can be used. {problems[0]}")
    final, old = models_folder() / name, partial.with_name(f"{name}.old")
    with writable(partial.parent):
        write_manifest(partial, name, source)
        shutil.rmtree(old, ignore_errors=True)
        if final.is_symlink():
            final.unlink()
        elif final.exists():
            final.rename(old)
        partial.rename(final)
    shutil.rmtree(old, ignore_errors=True)
    return final


def _state(folder: Path) -> tuple[State, str | None]:
    """Look at names and sizes only; ``verify`` looks at the content."""
    missing = missing_files(folder)
    if missing:
        return State.DAMAGED, f"{missing[0]} is missing"
    for row in manifest_files(folder):
        file = folder / row["name"]
        if not file.is_file() or file.stat().st_size != row["size"]:
            return State.DAMAGED, f"{row['name']} has not its size"
    return State.COMPLETE, None


def _ours() -> Iterator[Installed]:
    folder = models_folder()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and _NAME.fullmatch(path.name):
            state, problem = _state(path)
            yield Installed(path.name, path, Place.OURS, state, _size(path), _languages(path), problem)


def _partial() -> Iterator[Installed]:
    folder = partial_folder("x").parent
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_dir() and _NAME.fullmatch(path.name) and path.suffix != ".old":
            text = f"only a part of it has come; go on with: evenkeel models get {path.name}"
            yield Installed(path.name, path, Place.OURS, State.INCOMPLETE, _size(path), _languages(path), text)


def _in_hub_cache(entry: Entry) -> Installed | None:
    from huggingface_hub.constants import HF_HUB_CACHE

    if not Path(HF_HUB_CACHE, f"models--{entry.repository.replace('/', '--')}").is_dir():
        return None  # what looks further takes 13 MB, which a live call that finds nothing does without
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(entry.repository, "config.json")
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    missing = missing_files(folder)
    state, problem = (State.INCOMPLETE, f"{missing[0]} has not come") if missing else (State.COMPLETE, None)
    return Installed(entry.name, folder, Place.HUB, state, _size(folder), entry.languages, problem)


def _basic() -> Installed | None:
    from importlib.util import find_spec

    if find_spec(BASIC) is None:
        return None
    import pocketsphinx

    folder = Path(pocketsphinx.get_model_path("en-us"))
    state = State.COMPLETE if (folder / "en-us" / "mdef").is_file() else State.DAMAGED
    problem = None if state is State.COMPLETE else "its English model is missing"
    return Installed(BASIC, folder, Place.PACKAGE, state, _size(folder), ("en",), problem)


def _load_basic() -> list[str]:
    try:
        import pocketsphinx

        pocketsphinx.Decoder(loglevel="FATAL")
    except (ImportError, RuntimeError, ValueError) as error:
        return [f"Basic detection cannot be loaded: {error}."]
    return []


def _one_installed(name: str) -> Installed:
    wanted = safe_name(name)
    here = [model for model in installed() if model.name == wanted]
    if not here:
        names = [model.name for model in installed()]
        raise ParameterError(f"{wanted} is not on this machine. {meant(wanted, names) if names else ''}".strip())
    return here[0]


def _languages(folder: Path) -> tuple[str, ...]:
    """By the catalogue; for a model of one's own by whether its settings name tokens for languages."""
    entry = find_entry(folder.name)
    if entry is not None:
        return entry.languages
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return (EVERY_LANGUAGE,) if config.get("lang_ids") else ("en",)
    except (OSError, ValueError, AttributeError):
        return ()


def _size(folder: Path) -> int:
    """Bytes of the files in a folder; what a linked folder holds is not counted as ours."""
    if folder.is_symlink() or not folder.is_dir():
        return 0
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
