"""The agent's measures over a call, thinned to as many points as a page can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monitor.result_types import CallResult
from monitor.types import FrameGrid
from monitor.windows import SPEECH

POINTS = 240  # on a drawing 960 wide
ROWS = 12  # in the table beside it
_LEAST_FRAMES = 100  # a second: less holds too few syllables
_QUANTILES = (0.2, 0.5, 0.8)  # the upper one is what is judged
_MEASURES = ("level_dbfs", "f0_hz", "effort_db")

Measures = dict[str, npt.NDArray[np.float64]]  # these and ``speech``, of consecutive frames


@dataclass(frozen=True, slots=True)
class Track:
    """One measure over equal stretches of a call; ``low``, ``middle`` and ``high`` are quantiles, NaN without voice."""

    name: str
    edges_s: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    middle: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


def read_measures(path: Path, result: CallResult) -> Measures | None:
    """The agent's measures in a file of frames; None where it is missing or belongs to another result."""
    from monitor.sinks.parquet_file import frames_match

    if not path.exists() or not frames_match(path, result):
        return None
    import pyarrow.parquet as pq

    columns = ["speech", *_MEASURES]
    table = pq.read_table(path, columns=columns, filters=[("channel", "==", result.engine.agent_channel)])
    # null becomes NaN; copies, as arrow's own are read-only where there is no null
    return {name: np.array(table[name].to_numpy(), np.float64) for name in columns}


def thinned(frames: Measures, most: int = POINTS) -> tuple[Track, ...]:
    """Level, F0 and effort of speech as quantiles over at most this many equal stretches of the frames."""
    count = len(frames["speech"])
    stretches = max(1, min(most, count // _LEAST_FRAMES))
    edges = np.linspace(0, count, stretches + 1).astype(int)
    silent = ~(frames["speech"] > SPEECH)
    tracks = []
    for name in _MEASURES:
        values = np.where(silent, np.nan, frames[name])
        rows = np.array([_quantiles(values[a:b]) for a, b in pairwise(edges)]).T
        tracks.append(Track(name, edges / FrameGrid().frames_per_s, *rows))
    return tuple(tracks)


def _quantiles(values: npt.NDArray[np.float64]) -> Sequence[float]:
    found = values[~np.isnan(values)]
    if len(found) < _LEAST_FRAMES // 10:  # a few frames are as likely noise
        return (np.nan,) * len(_QUANTILES)
    return [float(value) for value in np.quantile(found, _QUANTILES)]
