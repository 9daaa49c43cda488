"""Rows of values as pictures: each column is covered from a highest to a lowest point, edges included.

Drawing ten thousand short lines by Qt takes longer than a frame; this takes a fraction of a millisecond per lane, as
heights are whole eighths of a pixel and Qt turns one byte per pixel into colour.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QPainter, QPixmap
from PyQt6.sip import voidptr

from ui.palette import Rgb

Rows = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
PARTS = 8  # of a pixel
MOST_HEIGHT = 4000  # pixels, so that eighths fit into 16 bits
_TILE_ROWS = 16
_LINE, _BAND = 31, 12  # strengths of one part: a band shows at two fifths of a line


def covered(top: Rows, bottom: Rows, height: int) -> Bytes:
    """How many eighths of each pixel lie between these heights; shape (height, columns). NaN covers nothing."""
    unknown = np.isnan(top) | np.isnan(bottom)
    first, last = _parts(np.where(unknown, MOST_HEIGHT, top)), _parts(np.where(unknown, -MOST_HEIGHT, bottom))
    rows = PARTS * np.arange(height, dtype=np.int16)[:, None]
    share = np.minimum(rows + np.int16(PARTS), last)
    share -= np.maximum(rows, first)
    found: Bytes = np.maximum(share, 0, out=share).astype(np.uint8)
    return found


def _parts(heights: Rows) -> npt.NDArray[np.int16]:
    whole = np.clip(np.rint(heights * np.float32(PARTS)), -PARTS * MOST_HEIGHT, PARTS * MOST_HEIGHT)
    return np.asarray(whole, np.int16)


def line_edges(y: Rows, thick: float) -> tuple[Rows, Rows]:
    """Top and bottom of a line through these heights, one per column; neighbours meet half way, gaps (NaN) stay."""
    between = (y[:-1] + y[1:]) / 2
    left = np.where(np.isnan(y), y, np.concatenate([y[:1], between]))
    right = np.where(np.isnan(y), y, np.concatenate([between, y[-1:]]))
    half = np.float32(thick / 2)
    return np.fmin(np.fmin(left, right), y) - half, np.fmax(np.fmax(left, right), y) + half


def paint_ink(painter: QPainter, box: QRectF, rgb: Rgb, line: Bytes, band: Bytes | None = None) -> None:
    """Paint what a line covers, and fainter what a band does, into a box of as many dots."""
    strength = line * np.uint8(_LINE)
    if band is not None:
        np.maximum(strength, band * np.uint8(_BAND), out=strength)
    image = picture(strength, _shades(rgb))
    image.setDevicePixelRatio(image.width() / box.width())
    painter.drawImage(box.topLeft(), image)


def picture(values: Bytes, colours: list[int]) -> QImage:
    """Bytes, shape (height, columns), as a picture with the colour that the table has for each value."""
    values = np.ascontiguousarray(values)
    height, width = values.shape
    data: Any = voidptr(values.ctypes.data, values.nbytes)  # PyQt's types know only bytes, which would be a copy
    image = QImage(data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(colours)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # a copy, and quick to draw


def paint_upright(painter: QPainter, box: QRectF, row: Bytes, colours: list[int]) -> None:
    """Paint a row of bytes, one per column of dots, from the top of a box to its bottom; the colours are opaque."""
    image = picture(np.tile(row, (_TILE_ROWS, 1)), colours).convertToFormat(QImage.Format.Format_RGB32)
    pixmap = QPixmap.fromImage(image)  # without transparency it is copied rather than blended
    pixmap.setDevicePixelRatio(len(row) / box.width())
    painter.drawTiledPixmap(box, pixmap)


@lru_cache(maxsize=32)
def _shades(rgb: Rgb) -> list[int]:
    """A colour from nothing to full, for each strength."""
    full = PARTS * _LINE
    return [QColor(*rgb, min(255, round(255 * strength / full))).rgba() for strength in range(full + 1)]
