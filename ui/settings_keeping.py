"""Changes of the settings: joined with what is in force, and written to the file with nothing else."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.policy.model import Policy
    from monitor.settings import Settings

log = logging.getLogger(__name__)


def joined(settings: Settings, fields: dict[str, Any]) -> Settings:
    """The settings with some fields changed, those of the light under ``overlay``."""
    inner = {**settings.overlay.model_dump(), **fields.get("overlay", {})}
    return type(settings).model_validate({**settings.model_dump(), **fields, "overlay": inner})


def was_never_asked(settings: Settings, path: Path | None) -> bool:
    """Whether the first start is still to come: a file may be there all the same, with the policy that IT chose."""
    return path is not None and settings.learn_from_calls is None and (not path.exists() or os.access(path, os.W_OK))


def keep_change(path: Path, fields: dict[str, Any]) -> str | None:
    """Write the change to the file; what came from the command line for this once stays out of it.

    Returns
    -------
    A sentence when that is impossible, None when it is done.
    """
    from monitor.settings_file import read_settings, write_settings

    try:
        stored, _problems = read_settings(path)
        aside = write_settings(joined(stored, fields), path, before=stored)
    except MonitorError as problem:
        log.warning("settings were not kept: %s", problem)
        return f"Your settings hold until you quit, but could not be kept. {problem}"
    if aside is not None:
        return f"The file of your settings was damaged. A new one was begun; the old one is now {aside}."
    return None


class Keeper:
    """Writes changes to the file, where there is one; what keeps going wrong is told once."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._told: str | None = None

    def keep(self, fields: dict[str, Any]) -> str | None:
        """Write a change; a sentence for the agent when there is something new to tell."""
        problem = keep_change(self._path, fields) if self._path is not None else None
        before, self._told = self._told, problem
        return problem if problem != before else None


def policy_in_force(settings: Settings) -> Policy:
    """The policy that the next call is judged by; the session tells why where it is not the one that was chosen."""
    from monitor.policy.load import load_policy

    try:
        return load_policy(settings.policy)
    except MonitorError:
        return load_policy()


def items_of(policy: Policy) -> list[str]:
    """Ids of the checklist that can be heard."""
    return [entry.id for entry in policy.checklist if entry.needs == "words"]


def settle_autostart(wanted: bool) -> str | None:
    """Start with the system, or not any more; a sentence when that is impossible."""
    from monitor.autostart import set_start_with_system

    try:
        set_start_with_system(wanted)
    except MonitorError as problem:
        return str(problem)
    return None
