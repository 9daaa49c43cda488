"""Keeping freed memory for the next block instead of giving it back to the system each time."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library
_KEPT_BYTES = 32 << 20  # the most that the library accepts for the second one


def keep_freed_memory() -> None:
    """Ask the C library to keep what numpy's work arrays free; harmless where it cannot be asked.

    The arrays of one batch of frames, about 1 MB each, are otherwise mapped and unmapped for every batch: half a
    million page faults and a quarter of the CPU time for an hour of audio. The memory in use stays the same.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 2 * _KEPT_BYTES)
