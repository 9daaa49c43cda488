"""Keeping the calls of a session in the store, where the agent or the policy wants it so.

During a call only its journal is written (``monitor.store.journal``). When it is over, another process takes it into
the store: the database's libraries never come into this one.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.own_program import own_command

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.policy.model import Policy
    from monitor.result_types import EngineInfo
    from monitor.settings import Settings
    from monitor.store.journal import Journal
    from monitor.types import Baseline, SourceInfo

log = logging.getLogger(__name__)

STORE_NAME = "calls.sqlite"


def is_kept(settings: Settings, policy: Policy) -> bool:
    """Whether calls are kept: as the policy says, and where it says nothing, as the agent wants it."""
    said = policy.recording.keep_calls
    return settings.keep_calls if said is None else said


class Keeping:
    """Owned by the engine's thread; ``on_problem`` is told a sentence from another one."""

    def __init__(self, folder: Path, on_problem: Callable[[str], None]) -> None:
        self._folder, self._on_problem = folder, on_problem

    def begin(
        self, settings: Settings, policy: Policy, info: SourceInfo, engine: EngineInfo, *, began: datetime,
        usual: Baseline | None, sound: Path | None,
    ) -> Journal | None:  # fmt: skip
        """What keeps this call, None where it is not to be kept."""
        if not is_kept(settings, policy):
            return None
        from monitor.store.head import CallHead, user
        from monitor.store.journal import ENDING, FOLDER, Journal

        origin = uuid.uuid4().hex
        head = CallHead(
            info=info, engine=engine, policy=policy, agent=user(), began=began, team=settings.team, usual=usual,
            sound=None if sound is None else str(sound), origin=origin, shared=policy.recording.share_calls,
        )  # fmt: skip
        name = f"{began:%Y%m%d-%H%M%S}-{origin[:8]}{ENDING}"
        return Journal(self._folder / FOLDER / name, head, on_problem=self._on_problem)

    def settle(self, settings: Settings) -> None:
        """Have the calls that are over taken into the store, soon; returns at once."""
        from monitor.store.journal import waiting

        if not waiting(self._folder):
            return
        order = {
            "folder": str(self._folder),
            "store": settings.store or str(self._folder / STORE_NAME),
            "keep_days": settings.keep_days,
        }
        try:
            process = _started(json.dumps(order))
        except OSError:
            log.exception("calls could not be taken into the store")
            self._on_problem("Calls wait to be stored; the program's log tells why.")
            return
        threading.Thread(target=self._await, args=(process,), name="evenkeel-settle", daemon=True).start()

    def _await(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what the other process says of what went wrong."""
        _, said = process.communicate()
        lines = said.decode("utf-8", "replace").strip().splitlines()
        if process.returncode and lines:
            self._on_problem(lines[-1])


def _started(order: str) -> subprocess.Popen[bytes]:
    """Start the other process, which goes on when this one ends.

    It is told by its input what to do, rather than by its arguments, which every user of the machine may read.
    """
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
    process = subprocess.Popen(
        own_command("calls", "absorb"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        creationflags=flags, start_new_session=os.name == "posix",
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(order.encode())
    process.stdin.close()
    process.stdin = None
    return process
