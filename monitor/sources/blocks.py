"""Cutting a stream of samples anew, and bringing it to the engine's rate.

Blocks are (channels, samples), float32, full scale 1.0. Chunks are what decoders hand over: (samples, channels).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from monitor.errors import ParameterError
from monitor.types import RATE_HZ, FloatArray


def reblock(blocks: Iterable[FloatArray], block: int) -> Iterator[FloatArray]:
    """Deliver the same samples in blocks of exactly ``block`` samples; only the last may be shorter.

    Every block that comes out is contiguous. Nothing is read ahead beyond what one block needs.

    Raises
    ------
    ParameterError
        ``block`` is less than one sample.
    """
    if block < 1:
        raise ParameterError(f"A block must hold at least one sample, not {block}.")
    return _cut(blocks, block)


def _cut(blocks: Iterable[FloatArray], block: int) -> Iterator[FloatArray]:
    held: list[FloatArray] = []
    held_samples = 0
    for y in blocks:
        start = 0
        while held_samples + y.shape[1] - start >= block:
            end = start + block - held_samples
            yield _joined([*held, y[:, start:end]])
            held, held_samples, start = [], 0, end
        if start < y.shape[1]:
            held.append(y[:, start:])
            held_samples += y.shape[1] - start
    if held:
        yield _joined(held)


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1))


def resampled(chunks: Iterable[FloatArray], rate_hz: float, channels: int) -> Iterator[FloatArray]:
    """Bring chunks of shape (samples, channels) at ``rate_hz`` to blocks of (channels, samples) at ``RATE_HZ``.

    soxr's linear-phase filter at its HQ setting, its delay taken out, so that a click stays where it was; n samples
    become n * RATE_HZ / rate_hz within one sample. The samples depend on the chunks, so whoever wants equal samples
    for every block size cuts afterwards, with ``reblock``.
    """
    if rate_hz == RATE_HZ:
        yield from (np.ascontiguousarray(chunk.T) for chunk in chunks if len(chunk))
        return
    import soxr

    stream = soxr.ResampleStream(rate_hz, RATE_HZ, channels, dtype="float32", quality="HQ")
    heard = False
    for chunk in chunks:
        heard = heard or len(chunk) > 0
        y = stream.resample_chunk(np.ascontiguousarray(chunk))
        if len(y):
            yield np.ascontiguousarray(y.T)
    if heard:
        y = stream.resample_chunk(np.zeros((0, channels), np.float32), last=True)
        if len(y):
            yield np.ascontiguousarray(y.T)
