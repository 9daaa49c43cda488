"""Which recordings are new: since a day, and in folders that are looked at again and again.

Folders are looked at rather than waited for: that works on network drives, where most archives lie, and costs a listing
every two seconds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.errors import ParameterError
from monitor.recordings import Listing, Recording, list_recordings

SETTLED_S = 5.0  # a recorder that is still writing does so more often
_AGO = re.compile(r"(\d+)\s*([hdw])")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

_Look = tuple[int, int]  # size in bytes and time of change in ns


def since_time(text: str, now: datetime) -> float:
    """Read ``2026-11-01``, ``2026-11-01T08:30`` or ``7d`` (also ``12h``, ``2w``) as seconds since the epoch.

    A day begins at midnight of this machine's time.

    Raises
    ------
    ParameterError
        It is neither.
    """
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        when = now - int(ago[1]) * _UNITS[ago[2]] if ago else datetime.fromisoformat(text.strip())
        return when.timestamp()
    except (ValueError, OverflowError, OSError):
        raise ParameterError(
            f'"{text}" is no time to begin at: give a day such as 2026-11-01, or how far to go back, such as 7d or 12h.'
        ) from None


def newer(listing: Listing, since_s: float) -> Listing:
    """The recordings that were changed at this time or later; one that vanished stays, so that it is told."""
    kept = tuple(r for r in listing.recordings if (look := _look(r.path)) is None or look[1] >= since_s * 1e9)
    return replace(listing, recordings=kept)


class Watch:
    """Finds what came, or changed, since the last look; what is still being written waits until it has settled.

    Parameters
    ----------
    since_s
        Recordings older than this (seconds since the epoch) are passed over.
    out
        Folder of the results, whose files are no recordings even where it lies inside a folder that is watched.
    tell
        Is given a sentence when a folder cannot be used as it is, once until that changes.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        since_s: float | None,
        out: Path,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._paths = paths
        self._since_s = since_s
        self._out = out.absolute()
        self._tell = tell
        self._clock = clock
        self._told = ""
        self._done: dict[Path, _Look] = {}
        self._waiting: dict[Path, tuple[_Look, float]] = {}

    def fresh(self) -> Listing | None:
        """What is to be judged now, None when there is nothing; it is not given again until it changes."""
        try:
            listing = list_recordings(self._paths, none_is_fine=True)
        except ParameterError as problem:
            self._tell_once(str(problem))
            return None
        self._tell_once("; ".join(f"{path}: {why}" for path, why in listing.problems))
        if self._since_s is not None:
            listing = newer(listing, self._since_s)
        now_s = self._clock()
        ready = tuple(r for r in listing.recordings if self._is_ready(r, now_s))
        here = {recording.path for recording in listing.recordings}
        self._done = {path: look for path, look in self._done.items() if path in here}
        self._waiting = {path: seen for path, seen in self._waiting.items() if path in here}
        return Listing(ready, 0, ()) if ready else None

    def _tell_once(self, text: str) -> None:
        if text and text != self._told:
            self._tell(text)
        self._told = text

    def _is_ready(self, recording: Recording, now_s: float) -> bool:
        path = recording.path
        look = _look(path)
        if look is None or look[0] == 0 or self._done.get(path) == look or self._out in path.absolute().parents:
            return False
        seen, since_s = self._waiting.get(path, (None, now_s))
        if seen != look:
            since_s = now_s
        # the other machine's clock may be ahead of ours: then its age tells nothing, and only waiting does
        if now_s - look[1] / 1e9 < SETTLED_S and now_s - since_s < SETTLED_S:
            self._waiting[path] = look, since_s
            return False
        self._waiting.pop(path, None)
        self._done[path] = look
        return True


def _look(path: Path) -> _Look | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
