"""A usual voice in a file: small JSON, written by the program, one per speaker and microphone."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from monitor.errors import ParameterError
from monitor.types import Baseline


@dataclass(frozen=True, slots=True)
class StoredVoice:
    """A usual voice with the label that results name it by: the file's stem and what it held."""

    baseline: Baseline
    label: str


def read_profile(path: Path) -> Baseline:
    """Read a stored usual voice.

    Raises
    ------
    ParameterError
        The file is missing or holds something else.
    """
    try:
        baseline = TypeAdapter(Baseline).validate_json(path.read_bytes())
    except OSError as error:
        raise ParameterError(f"The profile {path.name} cannot be read: {error.strerror or error}.") from error
    except ValidationError as error:
        raise ParameterError(_no_voice(path)) from error
    if not all(math.isfinite(value) for value in astuple(baseline)):
        raise ParameterError(_no_voice(path))
    return baseline


def _no_voice(path: Path) -> str:
    return f"The profile {path.name} holds no usual voice; leave --profile out to learn it from the call."


def profile_text(baseline: Baseline) -> str:
    """The usual voice as the JSON that ``read_profile`` reads."""
    import json

    return json.dumps(asdict(baseline), indent=1) + "\n"


def profile_label(stem: str, content: bytes) -> str:
    """How results name a profile: its name, and 12 hex digits that change with what it holds."""
    return f"{stem}@{hashlib.sha256(content).hexdigest()[:12]}"


class ProfileStore:
    """The usual voices on this machine, by name; ``folder`` is the program's data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "profiles"

    def path(self, name: str) -> Path:
        """Where the usual voice of this name is kept, whether or not it is there."""
        return self._folder / f"{name}.json"

    def names(self) -> list[str]:
        """Of the voices that are kept."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def load(self, name: str) -> tuple[StoredVoice | None, str | None]:
        """The voice of this name, None when none was learnt; and a sentence when a damaged one was set aside."""
        path = self.path(name)
        if not path.exists():
            return None, None
        try:
            baseline = read_profile(path)
            return StoredVoice(baseline, profile_label(name, path.read_bytes())), None
        except (ParameterError, OSError):
            return None, self._set_aside(path)

    def store(self, name: str, baseline: Baseline) -> None:
        """Keep this voice under this name.

        Raises
        ------
        EnvironmentProblem
            It cannot be written.
        """
        from monitor.private import write_private

        write_private(self.path(name), profile_text(baseline))

    @staticmethod
    def stored(name: str, baseline: Baseline) -> StoredVoice:
        """The voice as ``load`` will give it once it was stored."""
        return StoredVoice(baseline, profile_label(name, profile_text(baseline).encode()))

    @staticmethod
    def _set_aside(path: Path) -> str:
        aside = path.with_name(f"{path.name}.damaged")
        sentence = f"The stored voice “{path.stem}” was damaged; it will be learnt anew"
        try:
            path.replace(aside)
        except OSError:
            return f"{sentence}, but the file cannot be moved: {path}."
        return f"{sentence}. The old file is now {aside.name}."
