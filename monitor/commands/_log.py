"""The log of a program that runs all day and has no terminal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOG, MOST_BYTES = "live.log", 300_000


@contextmanager
def logged() -> Iterator[None]:
    """What goes wrong is kept in a file for whoever looks after this computer; neither sound nor words come into it."""
    from logging.handlers import RotatingFileHandler

    import platformdirs

    handlers: list[logging.Handler] = [] if logging.lastResort is None else [logging.lastResort]  # standard error
    path = Path(platformdirs.user_log_dir("evenkeel", appauthor=False)) / LOG
    kept = None
    with suppress(OSError):  # no place for it: standard error is all there is
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = RotatingFileHandler(path, maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8", delay=True)
        kept.setLevel(logging.WARNING)
        kept.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handlers.append(kept)
    root = logging.getLogger()
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
        if kept is not None:
            kept.close()
