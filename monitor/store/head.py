"""What is known of a call when it begins, and whose it is; nothing here needs a database."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import datetime

from monitor.policy.model import Policy
from monitor.result_types import EngineInfo
from monitor.types import Baseline, SourceInfo


@dataclass(frozen=True, slots=True)
class CallHead:
    """What is known of a call when it begins.

    ``usual`` is the stored voice that it is judged by, None for none; ``sound`` the path of its recording; ``origin``
    names the journal that it is written from. A ``shared`` call is seen by the team from the start.
    """

    info: SourceInfo
    engine: EngineInfo
    policy: Policy
    agent: str
    began: datetime
    team: str | None = None
    usual: Baseline | None = None
    sound: str | None = None
    origin: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Disputed:
    """What the agent found not right during a call: a reason's or flag's id, and the text that was shown."""

    made_ms: int
    subject: str
    at_s: float
    text: str
    note: str | None = None


def user() -> str:
    """The user of this system."""
    try:
        return clean(getpass.getuser())
    except (OSError, KeyError, ImportError):
        return "agent"


def clean(text: str) -> str:
    """Text that both databases take: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
