"""Long rows of values, thinned for drawing at any zoom: lowest, highest and other sums over stretches of the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.types import FloatArray

Row = npt.NDArray[Any]
FACTOR = 4
_LEAST = 64  # a level shorter than this needs no coarser one
_FINENESS = 2  # blocks per stretch at least, as its edges are met to a block


class Pyramid:
    """Rows of one length at coarser and coarser steps.

    Parameters
    ----------
    rows : each row with the ufunc that joins neighbours, such as ``np.fmin``; shape (values,).
    """

    def __init__(self, *rows: tuple[np.ufunc, Row]) -> None:
        self._joins = [join for join, _ in rows]
        level = [row for _, row in rows]
        self._levels = [(1, level)]
        while len(level[0]) > _LEAST:
            level = [_coarser(join, row) for join, row in zip(self._joins, level, strict=True)]
            self._levels.append((FACTOR * self._levels[-1][0], level))

    def columns(self, start: float, end: float, count: int) -> list[FloatArray]:
        """Each row over ``count`` equal stretches from value ``start`` to ``end``; NaN outside of the row.

        Where a stretch is shorter than a value, it is that value.
        """
        wide = (end - start) / count
        size, level = next((each for each in reversed(self._levels) if _FINENESS * each[0] <= wide), self._levels[0])
        return thinned(list(zip(self._joins, level, strict=True)), start / size, end / size, count)


def _coarser(join: np.ufunc, row: Row) -> Row:
    """Each four values joined; the last ones may be fewer."""
    whole = len(row) // FACTOR * FACTOR
    a, b, c, d = row[:whole].reshape(-1, FACTOR).T
    joined: Row = join(join(a, b), join(c, d))
    return joined if whole == len(row) else np.append(joined, join.reduce(row[whole:]))


def thinned(rows: Sequence[tuple[np.ufunc, Row]], start: float, end: float, count: int) -> list[FloatArray]:
    """Rows of one length, each over ``count`` equal stretches; NaN outside of the rows."""
    length = len(rows[0][1])
    edges = start + (end - start) / count * np.arange(count + 1)
    first = np.floor(edges[:-1] + 1e-9).astype(np.intp)
    inside = slice(*np.searchsorted(first, [0, length]).tolist())
    found = [np.full(count, np.nan, np.float32) for _ in rows]
    if inside.start < inside.stop:
        # The end of each is the start of the next; only the last needs to be told where it ends.
        last = max(int(first[inside.stop - 1]) + 1, min(length, int(np.ceil(edges[inside.stop] - 1e-9))))
        for thin, (join, row) in zip(found, rows, strict=True):
            thin[inside] = join.reduceat(row[:last], first[inside])
    return found
