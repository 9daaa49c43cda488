"""How often a Whisper model makes passes, and how much later than made they are declared, by its size.

Both must be the same on every machine and in every mode, or a live call and its recording would differ; so they come
from the catalogue, not from a clock. They are what passes of tiny.en and base.en took on two cores of a server with one
thread (``benchmarks/recogniser_cost.py``), with a tenth to spare. A live call on a slower machine steps down.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.allowance import Allowance
from models.catalogue import find_entry, title

SHORTEST_S = 0.5
"""Passes that follow each other more quickly would be made of nearly the same audio."""

BUSY = 1.5
"""Between passes lies at least so many times what one takes."""

PARTIAL_S = (0.15, 2.2e-9)
FINAL_S = (0.25, 7.0e-9)
"""Time of a pass: at least, and for each unit of ``Shape.work``."""

MOST_S = (1.0, 1.5)
"""Larger models are for recordings and graphics cards: no pass is declared later than this."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of speech between partial passes, and how late passes are declared."""

    interval_s: float
    allowance: Allowance


UNKNOWN = Timing(1.0, Allowance(0.4, 1.0))
"""Of models that are not in the catalogue."""


def timing_of(folder: Path) -> Timing:
    """The timing of the model in a folder."""
    entry = find_entry(title(folder))
    if entry is None:
        return UNKNOWN
    partial_s, final_s = (
        round(min(most, least + slope * entry.shape.work), 2)
        for (least, slope), most in zip((PARTIAL_S, FINAL_S), MOST_S, strict=True)
    )
    return Timing(max(SHORTEST_S, round(BUSY * partial_s, 1)), Allowance(partial_s, final_s))
