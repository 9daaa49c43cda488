"""Drives a pipeline from a source and hands its events to sinks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from monitor.errors import MonitorError
from monitor.events import Event
from monitor.pipeline import CallPipeline
from monitor.ports import Sink, Source

log = logging.getLogger(__name__)


class Fanout:
    """Hands every event to every sink. A sink that fails is logged and left out from then on, the others go on."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = list(sinks)

    def send(self, events: Sequence[Event]) -> None:
        """Deliver events in order.

        Raises
        ------
        MonitorError
            A sink's own trouble that the user can mend, such as a full disk.
        """
        for event in events:
            for sink in tuple(self._sinks):
                try:
                    sink.take(event)
                except MonitorError:
                    raise
                except Exception:
                    log.exception("a listener failed and is left out: %s", type(sink).__name__)
                    self._sinks.remove(sink)


def run_inline(
    source: Source,
    pipeline: CallPipeline,
    sinks: Sequence[Sink],
    *,
    row: int = 0,
    customer_row: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> None:
    """Hear the source to its end in this thread; ``row`` is the agent's row of its blocks.

    ``customer_row`` is the customer's, for a pipeline that hears both.

    Raises
    ------
    MonitorError
        The source cannot be read, or a sink cannot go on.
    """
    fanout = Fanout(sinks)
    for block in source.blocks():
        fanout.send(pipeline.push(block[row], None if customer_row is None else block[customer_row]))
        if progress is not None:
            progress(pipeline.duration_s)
    fanout.send(pipeline.finish())
    if progress is not None:
        progress(pipeline.duration_s)
