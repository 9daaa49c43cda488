"""What makes a folder a whole speech model: its files, the hashes that were noted when it came, and that it loads."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MANIFEST, SCHEMA = "manifest.json", "evenkeel.model/1"
# What faster-whisper reads; without tokenizer.json it would go to the network, so that one is not optional.
NEEDED = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json or vocabulary.txt")
_WANTED = re.compile(r"model\.bin|config\.json|preprocessor_config\.json|tokenizer\.json|vocabulary\.(json|txt)")


def is_wanted(file: str) -> bool:
    """Whether a file of this name belongs to a model."""
    return _WANTED.fullmatch(file) is not None


def missing_of(names: Iterable[str]) -> list[str]:
    """Files that a model needs and that are not among these."""
    there = set(names)
    return [need for need in NEEDED if there.isdisjoint(need.split(" or "))]


def missing_files(folder: Path) -> list[str]:
    """Files that a model needs and that are not in a folder."""
    return missing_of(path.name for path in folder.iterdir() if path.is_file())


def damaged_files(folder: Path) -> list[str]:
    """Files whose hash is not that of the manifest; without a manifest nothing can be said."""
    problems = []
    for row in manifest_files(folder):
        file = folder / row["name"]
        if not file.is_file():
            problems.append(f"{row['name']} is missing.")
        elif file.stat().st_size != row["size"] or sha256_of(file) != row["sha256"]:
            problems.append(f"{row['name']} is not as it was when it came.")
    return problems


def has_manifest(folder: Path) -> bool:
    """Whether the hashes of its files were noted when it came."""
    return bool(manifest_files(folder))


def load_problems(folder: Path) -> list[str]:
    """What the real loader says to a folder; it only reads local files."""
    missing = missing_files(folder)
    if missing:
        return [f"{name} is missing." for name in missing]
    from faster_whisper import WhisperModel  # type: ignore[import-untyped,unused-ignore]

    try:
        WhisperModel(str(folder), device="cpu", compute_type="auto", cpu_threads=1, local_files_only=True)
    except MemoryError:
        raise  # says nothing about the files
    except Exception as error:  # noqa: BLE001 - the three libraries below it raise whatever they like on a bad file
        reason = (str(error) or type(error).__name__).splitlines()[0].strip().rstrip(".")
        return [f"It cannot be loaded: {reason}."]
    return []


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: Path, name: str, source: str) -> None:
    """Note origin, size and SHA-256 of every file of a model."""
    files = sorted(file for file in folder.iterdir() if is_wanted(file.name))
    rows = [{"name": file.name, "size": file.stat().st_size, "sha256": sha256_of(file)} for file in files]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    content = {"schema": SCHEMA, "name": name, "source": source, "fetched": now, "files": rows}
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def manifest_files(folder: Path) -> list[dict[str, Any]]:
    """Rows of the manifest that name files of this folder; none when it is absent or unreadable."""
    try:
        rows = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return [row for row in rows if is_wanted(row["name"]) and row["size"] >= 0 and row["sha256"]]
    except (OSError, ValueError, LookupError, TypeError):
        return []
