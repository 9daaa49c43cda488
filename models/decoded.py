"""What the decoder made of an utterance, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass

HOP_S = 0.01


@dataclass(frozen=True, slots=True)
class Decoded:
    """One entry of the decoder's path: ``key`` as in its dictionary, ``way`` counts its pronunciations from 0.

    Frames are 10 ms from the utterance's first sample, ``end`` exclusive. ``fit`` is the mean log likelihood ratio per
    frame against the best sound at each frame: 0 at most, the nearer to 0 the better the sound fits.
    """

    key: str
    way: int
    start: int
    end: int
    fit: float
