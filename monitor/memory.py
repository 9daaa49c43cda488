"""What the C libraries hold: freed memory kept for the next block, and a library that is not needed left out."""

from __future__ import annotations

import ctypes
import sys
from importlib.util import find_spec

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of the GNU C library
_KEPT_BYTES = 32 << 20  # the most that the library accepts for the second one


def keep_freed_memory() -> None:
    """Ask the C library to keep what numpy's work arrays free; harmless where it cannot be asked.

    The arrays of one batch of frames, about 1 MB each, are otherwise mapped and unmapped for every batch: half a
    million page faults and a quarter of the CPU time for an hour of audio. The memory in use stays the same.
    """
    _set(_M_MMAP_THRESHOLD, _KEPT_BYTES)
    _set(_M_TRIM_THRESHOLD, 2 * _KEPT_BYTES)


def share_memory_among_threads() -> None:
    """Ask the C library for one heap for all threads, to be called before they start; harmless elsewhere.

    The few threads of a live call hardly ever ask at once, and with a heap for each, what one has freed is of no use to
    the others: in ten minutes memory grew by twice as much.
    """
    _set(_M_ARENA_MAX, 1)


def _set(what: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(what, value)


def do_without_openssl() -> None:
    """Let ``hashlib`` use Python's own hashes from here on: OpenSSL's would be 3 MB in memory for nothing.

    To be called before anything imports ``hashlib``; harmless after that, and where Python has no hashes of its own.
    """
    own = find_spec("_md5") and find_spec("_sha1") and (find_spec("_sha256") or find_spec("_sha2"))
    if own and "hashlib" not in sys.modules:
        # None stands for a module that is not there, as the import system has it.
        sys.modules.setdefault("_hashlib", None)  # type: ignore[arg-type]
