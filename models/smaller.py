"""Which model on this machine a live call goes on with when its own is too slow."""

from __future__ import annotations

from pathlib import Path

from models.catalogue import EVERY_LANGUAGE, find_entry, title
from models.store import Installed, whisper_models_here

LESS = 0.7
"""A model is smaller when it has at most so much of the work, else changing to it is not worth the words it costs."""


def next_smaller(folder: Path, language: str) -> Installed | None:
    """The largest model that is smaller than the one in ``folder`` and knows the language; None when there is none.

    Of two that are as large, the one that knows one language only, because it hears that one better.
    """
    name = title(folder)
    shares = [
        (_share(model.name, model.path, name, folder), EVERY_LANGUAGE not in model.languages, model)
        for model in whisper_models_here(language)
    ]
    return max((each for each in shares if each[0] <= LESS), key=lambda each: each[:2], default=(0, False, None))[2]


def _share(name: str, folder: Path, other_name: str, other: Path) -> float:
    """The work of one model as a share of another's; by their sizes where the catalogue does not know both."""
    entry, other_entry = find_entry(name), find_entry(other_name)
    if entry is not None and other_entry is not None:
        return entry.shape.work / other_entry.shape.work
    return _bytes(folder) / _bytes(other)


def _bytes(folder: Path) -> int:
    return (folder / "model.bin").stat().st_size
