"""Samples that are already in memory, heard as a stream."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from monitor.errors import ParameterError
from monitor.sources.blocks import reblock, resampled
from monitor.types import RATE_HZ, FloatArray, SourceInfo

_CHUNK = 65_536


class ArraySource:
    """A numpy array as a ``monitor.ports.Source``; it may be heard more than once.

    Parameters
    ----------
    y
        Samples with full scale 1.0, shape (samples,) or (channels, samples).
    rate_hz
        Their rate; anything but ``RATE_HZ`` is resampled.
    name
        What the result calls it.
    block
        Samples per delivered block at ``RATE_HZ``; the samples are the same for every choice.

    Raises
    ------
    ParameterError
        The array has neither shape, or the rate or the block is not above zero.
    """

    def __init__(
        self, y: npt.ArrayLike, rate_hz: int = RATE_HZ, *, name: str = "array", block: int = 5 * RATE_HZ
    ) -> None:
        samples = np.atleast_2d(np.asarray(y, dtype=np.float32))
        if samples.ndim != 2 or samples.shape[0] < 1:
            raise ParameterError(f"Samples must have the shape (samples,) or (channels, samples), not {samples.shape}.")
        if rate_hz < 1 or block < 1:
            raise ParameterError(f"Rate and block must be above zero, not {rate_hz} Hz and {block} samples.")
        self._y: FloatArray = samples
        self._block = block
        self._info = SourceInfo(name, samples.shape[0], rate_hz, samples.shape[1] / rate_hz)

    @property
    def info(self) -> SourceInfo:
        """What is known before listening."""
        return self._info

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (channels, samples) at ``RATE_HZ``."""
        cuts = range(0, self._y.shape[1], _CHUNK)
        chunks = (self._y[:, start : start + _CHUNK].T for start in cuts)
        return reblock(resampled(chunks, self._info.rate_hz, self._info.channels), self._block)
