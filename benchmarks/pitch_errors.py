"""Errors of an F0 track against a reference: counts that add up, and the percentages made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks import intervals
from benchmarks.data import Samples

FLOOR_HZ, CEILING_HZ = 60.0, 500.0


class Track(NamedTuple):
    """F0 of a tracker: when, and Hz with 0 where unvoiced; both of shape (frames,)."""

    time_s: Samples
    f0_hz: Samples


Tracker = Callable[[Samples, int], Track]


class Errors(NamedTuple):
    """Counts that can be added up, and the cents of the frames that agree."""

    frames: int
    truly_voiced: int
    called_voiced: int
    both: int
    voicing_wrong: int
    gross: int
    cents: Samples


def nearest(track: Track, wanted_s: Samples) -> Samples:
    """The track's F0 at these times, Hz."""
    after = np.clip(np.searchsorted(track.time_s, wanted_s), 1, len(track.time_s) - 1)
    return track.f0_hz[after - (wanted_s - track.time_s[after - 1] < track.time_s[after] - wanted_s)]


def count(f0_hz: Samples, truth_hz: Samples) -> Errors:
    """Errors of these frames; 0 Hz is unvoiced."""
    truth: npt.NDArray[np.bool_] = truth_hz > 0
    called: npt.NDArray[np.bool_] = f0_hz > 0
    both = truth & called
    gross = both & (np.abs(f0_hz - truth_hz) > 0.2 * truth_hz)
    fine = both & ~gross
    cents = np.abs(1200 * np.log2(f0_hz[fine] / truth_hz[fine]))
    voiced, heard, agreed, wrong, wide = (int(v.sum()) for v in (truth, called, both, truth != called, gross))
    return Errors(len(truth_hz), voiced, heard, agreed, wrong, wide, cents)


def summed(parts: Sequence[Errors]) -> Errors:
    """Errors of several recordings as those of one."""
    return Errors(
        frames=sum(part.frames for part in parts),
        truly_voiced=sum(part.truly_voiced for part in parts),
        called_voiced=sum(part.called_voiced for part in parts),
        both=sum(part.both for part in parts),
        voicing_wrong=sum(part.voicing_wrong for part in parts),
        gross=sum(part.gross for part in parts),
        cents=np.concatenate([part.cents for part in parts]),
    )


def rates(errors: Errors) -> dict[str, float | None]:
    """Percentages and medians; None where nothing was there to be counted."""
    voiced = errors.truly_voiced + errors.called_voiced
    return {
        "voicing_error_pct": 100 * errors.voicing_wrong / errors.frames,
        "voicing_f1": 2 * errors.both / voiced if voiced else None,
        "gross_pct": 100 * errors.gross / errors.both if errors.both else None,
        "median_cents": float(np.median(errors.cents)) if len(errors.cents) else None,
        "wrong_pct": 100 * wrong_frames(errors) / errors.frames,
    }


def wrong_frames(errors: Errors) -> int:
    """Frames that are wrong in one way or the other."""
    return errors.voicing_wrong + errors.gross


def percent(bounds: intervals.Bounds | None) -> intervals.Bounds | None:
    """An interval of shares in percent."""
    return None if bounds is None else [round(100 * bound, 2) for bound in bounds]
