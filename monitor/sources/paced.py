"""Any source, heard at the pace at which it was spoken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from monitor.errors import ParameterError
from monitor.ports import Source
from monitor.sources.blocks import reblock
from monitor.types import RATE_HZ, FloatArray, SourceInfo


class PacedSource:
    """Replays a source as a microphone would deliver it: each block comes when its last sample was spoken.

    Parameters
    ----------
    source
        What is replayed.
    block
        Samples per block at ``RATE_HZ``.
    speed
        1.0 is real time, 2.0 twice as fast.
    clock, sleep
        Seconds that only grow, and a way to wait for some; tests give their own.

    A consumer that falls behind gets the waiting blocks at once: nothing is dropped, and the pace is kept from the
    first block on, so that small delays do not add up.

    Raises
    ------
    ParameterError
        ``block`` or ``speed`` is not above zero.
    """

    def __init__(
        self,
        source: Source,
        *,
        block: int = RATE_HZ // 50,
        speed: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if block < 1 or not speed > 0:
            raise ParameterError(f"Block and speed must be above zero, not {block} samples and {speed}.")
        self._source = source
        self._block = block
        self._speed = speed
        self._clock = clock
        self._sleep = sleep

    @property
    def info(self) -> SourceInfo:
        """What is known of the replayed source."""
        return self._source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the replayed source, where it has any."""
        return tuple(getattr(self._source, "warnings", ()))

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (channels, samples) at ``RATE_HZ``, each when it is due."""
        cut = reblock(self._source.blocks(), self._block)
        return paced(cut, speed=self._speed, clock=self._clock, sleep=self._sleep)


def paced(
    blocks: Iterable[FloatArray],
    *,
    speed: float = 1.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[FloatArray]:
    """Hold each block back until its last sample was spoken; time starts when the first block is asked for."""
    start_s = clock()
    samples = 0
    for y in blocks:
        samples += y.shape[1]
        wait_s = start_s + samples / (RATE_HZ * speed) - clock()
        if wait_s > 0:
            sleep(wait_s)
        yield y
