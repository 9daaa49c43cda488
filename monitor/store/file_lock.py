"""Holding an open file: whoever else asks is told no, and the system lets go when the program ends, however it does."""

from __future__ import annotations

import os
import sys

_FAR = 1 << 30  # Windows keeps others from reading what is locked, so a byte is locked that no file has


def lock(handle: int) -> bool:
    """Hold this open file until it is closed; False where another program holds it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
