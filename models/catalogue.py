"""The speech models that are known by name, read from ``catalogue.toml``, which is written for people too."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from monitor.errors import ParameterError

# The embedded recogniser: its English model comes with the package, so there is nothing to fetch or remove.
BASIC = "pocketsphinx"
EVERY_LANGUAGE = "*"


@dataclass(frozen=True, slots=True)
class Shape:
    """What the time of a pass depends on: width, attention heads, layers, mel bands and vocabulary entries."""

    width: int
    heads: int
    encoder: int
    decoder: int
    mels: int
    vocabulary: int

    @property
    def work(self) -> int:
        """Rough work of a pass, only to put models in order: the encoder hears 1500 frames, the decoder 25 words."""
        return self.width**2 * (60 * self.encoder + self.decoder)


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the catalogue; sizes in megabytes of 10^6 bytes and millions of parameters."""

    name: str
    repository: str
    languages: tuple[str, ...]
    size_mb: int
    parameters_m: int
    licence: str
    advice: str
    shape: Shape
    aliases: tuple[str, ...] = ()

    def speaks(self, language: str) -> bool:
        """Whether it knows a language, such as ``en`` or ``en-GB``."""
        spoken = language.split("-", maxsplit=1)[0].lower()
        return EVERY_LANGUAGE in self.languages or spoken in self.languages


@cache
def catalogue() -> tuple[Entry, ...]:
    """Every model that can be fetched, smallest first."""
    content = tomllib.loads(files("models").joinpath("catalogue.toml").read_text(encoding="utf-8"))
    return tuple(_entry(row) for row in content["model"])


def _entry(row: dict[str, Any]) -> Entry:
    lists = {key: tuple(row.get(key, ())) for key in ("languages", "aliases")}
    return Entry(**{**row, **lists, "shape": Shape(**row["shape"])})


def find_entry(name: str) -> Entry | None:
    """The entry of a name or of one of its aliases, None when there is none."""
    return next((entry for entry in catalogue() if name == entry.name or name in entry.aliases), None)


def title(folder: Path) -> str:
    """What a model in a folder is called: the folder's name, but that of the model in the hub's cache."""
    if folder.parent.name == "snapshots":
        kept = folder.parent.parent.name
        found = next(
            (entry.name for entry in catalogue() if kept == f"models--{entry.repository.replace('/', '--')}"), ""
        )
        return found or kept.rpartition("--")[2]
    return folder.name


def known_entry(name: str) -> Entry:
    """The entry of a name that must be there.

    Raises
    ------
    ParameterError
        There is no such model; the text says which name may have been meant.
    """
    entry = find_entry(name)
    if entry is None:
        raise ParameterError(f"There is no model called {name!r}. {meant(name, [e.name for e in catalogue()])}")
    return entry


def meant(name: str, names: list[str]) -> str:
    """A sentence that names the closest of some names, or all of them."""
    near = difflib.get_close_matches(name.lower(), names, n=1)
    return f"Did you mean {near[0]}?" if near else f"There are: {', '.join(names)}."
