"""Sliding windows over a row, as a view: numpy's ``sliding_window_view`` without its checks.

A live call looks through a handful of windows twenty times a second, five frames each; the checks cost more there than
the work.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Kind = TypeVar("_Kind", bound=np.generic)


def windows(row: npt.NDArray[_Kind], length: int, step: int = 1) -> npt.NDArray[_Kind]:
    """Windows of ``length`` values, one per ``step`` values of the row; shape (windows, length). Do not write."""
    row = np.ascontiguousarray(row)
    count = (len(row) - length) // step + 1
    size = row.itemsize
    return np.ndarray((max(0, count), length), row.dtype, row, 0, (step * size, size))
