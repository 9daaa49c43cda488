"""Changes of the settings: joined with what is in force, and written to the file with nothing else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from monitor.errors import MonitorError

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import Settings

log = logging.getLogger(__name__)


def joined(settings: Settings, fields: dict[str, Any]) -> Settings:
    """The settings with some fields changed, those of the light under ``overlay``."""
    inner = {**settings.overlay.model_dump(), **fields.get("overlay", {})}
    return type(settings).model_validate({**settings.model_dump(), **fields, "overlay": inner})


def keep_change(path: Path, fields: dict[str, Any]) -> str | None:
    """Write the change to the file; what came from the command line for this once stays out of it.

    Returns
    -------
    A sentence when that is impossible, None when it is done.
    """
    from monitor.settings_file import read_settings, write_settings

    try:
        stored, _problems = read_settings(path)
        write_settings(joined(stored, fields), path)
    except MonitorError as problem:
        log.warning("settings were not kept: %s", problem)
        return f"Your settings hold until you quit, but could not be kept. {problem}"
    return None


def settle_autostart(wanted: bool) -> str | None:
    """Start with the system, or not any more; a sentence when that is impossible."""
    from monitor.autostart import set_start_with_system

    try:
        set_start_with_system(wanted)
    except MonitorError as problem:
        return str(problem)
    return None
