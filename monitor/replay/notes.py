"""Remarks on a call: comments on a moment, and disputes of a light or flag with their reason.

They go to the store where the call is stored, and to the user's own data folder otherwise.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from monitor.errors import EnvironmentProblem
from monitor.private import append_private, data_folder

if TYPE_CHECKING:
    from monitor.result_types import CallResult
    from monitor.store.calls import Remark as StoredRemark
    from monitor.store.calls import Store

LONGEST_TEXT = 2000  # characters of a remark


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment, or a dispute of what ``subject`` (a behaviour's id) says; ``reason`` is why it was not right.

    ``text`` is the comment, or what was shown and is disputed.
    """

    made: datetime
    who: str
    at_s: float | None
    text: str
    subject: str | None = None
    reason: str | None = None


class Notebook(Protocol):
    """Where remarks on one call are kept."""

    def remarks(self) -> tuple[Remark, ...]:
        """All of them, oldest first."""
        ...

    def comment(self, text: str, at_s: float | None = None) -> None:
        """Remark on the call or a moment of it."""
        ...

    def dispute(self, subject: str, at_s: float, text: str, reason: str | None = None) -> None:
        """Say that a flag or a light's reason was not right, and why."""
        ...


class FileNotebook:
    """Lines of JSON in a file of the user's data folder, one file per call, readable by the user alone."""

    def __init__(self, result: CallResult, folder: Path | None = None) -> None:
        about = f"{result.source.name} {result.source.duration_s}"
        name = result.source.sha256 or hashlib.sha256(about.encode("utf-8", "backslashreplace")).hexdigest()
        self._path = (folder or data_folder() / "replay") / f"{name}.jsonl"

    def remarks(self) -> tuple[Remark, ...]:
        """All of them; a line that cannot be read is left out.

        Raises
        ------
        EnvironmentProblem
            The file is there but cannot be read.
        """
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise EnvironmentProblem(f"Your remarks cannot be read ({error.strerror}): {self._path}.") from error
        return tuple(found for line in text.splitlines() if (found := _parsed(line)) is not None)

    def comment(self, text: str, at_s: float | None = None) -> None:
        """Remark on the call or a moment of it.

        Raises
        ------
        EnvironmentProblem
            It cannot be written.
        """
        self._append(at_s, text, None, None)

    def dispute(self, subject: str, at_s: float, text: str, reason: str | None = None) -> None:
        """Say that a flag or a light's reason was not right, and why.

        Raises
        ------
        EnvironmentProblem
            It cannot be written.
        """
        self._append(at_s, text, subject, reason)

    def _append(self, at_s: float | None, text: str, subject: str | None, reason: str | None) -> None:
        from monitor.store.head import user

        now = datetime.now(UTC).isoformat(timespec="seconds")
        line = {"made": now, "who": user(), "at_s": at_s, "text": text[:LONGEST_TEXT], "subject": subject,
                "reason": reason and reason[:LONGEST_TEXT]}  # fmt: skip
        append_private(self._path, json.dumps(line))


class StoreNotebook:
    """The store's own comments and disputes."""

    def __init__(self, store: Store, call_id: int, remarks: tuple[StoredRemark, ...]) -> None:
        self._store, self._call_id = store, call_id
        self._remarks = [
            Remark(
                datetime.fromtimestamp(each.made_ms / 1000, UTC),
                each.who,
                each.at_s,
                each.text,
                each.subject,
                each.note,
            )
            for each in remarks
        ]

    def remarks(self) -> tuple[Remark, ...]:
        """Those that were there when the call was opened, and what was added since."""
        return tuple(self._remarks)

    def comment(self, text: str, at_s: float | None = None) -> None:
        """Remark on the call or a moment of it."""
        self._store.comment(self._call_id, text[:LONGEST_TEXT], at_s)
        self._remarks.append(Remark(datetime.now(UTC), self._store.who, at_s, text[:LONGEST_TEXT]))

    def dispute(self, subject: str, at_s: float, text: str, reason: str | None = None) -> None:
        """Say that a flag or a light's reason was not right, and why."""
        self._store.dispute(self._call_id, subject, at_s, text, reason)
        self._remarks.append(Remark(datetime.now(UTC), self._store.who, at_s, text, subject, reason))


def _parsed(line: str) -> Remark | None:
    try:
        value = json.loads(line)
        at_s, subject, reason = value["at_s"], value["subject"], value["reason"]
        return Remark(
            datetime.fromisoformat(value["made"]),
            str(value["who"]),
            None if at_s is None else float(at_s),
            str(value["text"]),
            None if subject is None else str(subject),
            None if reason is None else str(reason),
        )
    except (ValueError, TypeError, KeyError):
        return None
