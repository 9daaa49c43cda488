"""Per-frame measures as a Parquet file, written while the recording is judged so that memory does not grow."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from monitor.errors import BugError
from monitor.events import Event, FramesMeasured
from monitor.result_types import CallResult
from monitor.sinks.files import OutputProblem, PartFile, output_problem
from monitor.types import FrameGrid

if TYPE_CHECKING:
    import pyarrow as pa

FRAMES_SCHEMA_ID = "evenkeel.frames/1"
METADATA_KEY = b"evenkeel"
_ROW_GROUP_FRAMES = 60_000  # ten minutes: 3 MB in memory, and a reader that wants a part reads little more
_MEASURES = ("level_dbfs", "loudness_ms", "f0_hz", "voicing", "effort_db", "noise_dbfs", "speech")
_MARKS = ("clipped", "nucleus")
_COLUMNS: dict[str, type[np.generic]] = {
    "time_s": np.float64,
    "channel": np.int8,
    **dict.fromkeys(_MEASURES, np.float32),
    **dict.fromkeys(_MARKS, np.bool_),
}


class FramesFile:
    """Sink that writes `FramesMeasured` events to a file that appears, whole, when `finish` is told the result.

    Use it as a context manager: leaving without `finish` leaves no file. One row per frame and channel: ``time_s`` is
    where the frame's hop starts; measures that do not exist in a frame (F0 where unvoiced) are null, not NaN. The
    file's metadata hold source and engine as JSON under ``evenkeel``.

    Raises
    ------
    OutputProblem
        From the constructor, `check` and `finish`; `take` never raises, as an engine must not stop for a sink.
    """

    def __init__(self, path: Path) -> None:
        self._part = PartFile(path)
        # one row group of columns, filled whatever the size of events, so that row groups do not depend on it
        self._columns = {name: np.empty(_ROW_GROUP_FRAMES, dtype) for name, dtype in _COLUMNS.items()}
        self._filled = 0
        self._writer: Any = None
        self._problem: OutputProblem | None = None
        self._taking = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._writer is not None:
            with suppress(OSError):  # the file is given up anyway
                self._writer.close()
        self._part.discard()

    def take(self, event: Event) -> None:
        """Keep the frames of this event and write them when a row group is full."""
        if not isinstance(event, FramesMeasured) or self._problem is not None:
            return
        self._taking = True
        taken = 0
        while taken < len(event.features):
            taken += self._fill(event, taken)
            if self._filled == _ROW_GROUP_FRAMES:
                try:
                    self._write()
                except OSError as error:
                    self._problem = output_problem(self._part.path, error)
                    return
        self._taking = False

    def _fill(self, event: FramesMeasured, start: int) -> int:
        """Copy frames of the event from this one on, as many as fit, and return how many."""
        features = event.features
        count = min(len(features) - start, _ROW_GROUP_FRAMES - self._filled)
        here = slice(self._filled, self._filled + count)
        grid = FrameGrid()
        frames = features.start_frame + start + np.arange(count)
        self._columns["time_s"][here] = frames * grid.hop / grid.rate_hz
        self._columns["channel"][here] = event.channel
        for name in (*_MEASURES, *_MARKS):
            self._columns[name][here] = getattr(features, name)[start : start + count]
        self._filled += count
        return count

    def check(self) -> None:
        """Raise what went wrong while writing, if anything did."""
        if self._problem is not None:
            raise self._problem

    def finish(self, result: CallResult) -> None:
        """Write the rest and put the file in its place."""
        self.check()
        if self._taking:  # `take` failed in a way that nobody foresaw, and what came after it is missing
            raise BugError(f"{self._part.path.name} would be incomplete.")
        try:
            self._write()
            self._writer.add_key_value_metadata({METADATA_KEY: _about(result)})
            self._writer.close()
        except OSError as error:
            raise output_problem(self._part.path, error) from error
        self._writer = None
        self._part.commit()

    def _write(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is None:
            self._writer = pq.ParquetWriter(self._part.handle, _schema(), compression="zstd")
        if self._filled:
            arrays = []
            for name, column in self._columns.items():
                values = column[: self._filled]
                arrays.append(pa.array(values, mask=~np.isfinite(values) if name in _MEASURES else None))
            self._writer.write_table(pa.table(arrays, schema=_schema()))
        self._filled = 0


def frames_match(path: Path, result: CallResult) -> bool:
    """Whether this file is whole and holds the frames that this result was judged by."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        return False
    return bool(metadata.get(METADATA_KEY) == _about(result))


def _about(result: CallResult) -> bytes:
    about = {"schema": FRAMES_SCHEMA_ID, "source": asdict(result.source), "engine": asdict(result.engine)}
    return json.dumps(about).encode("ascii")


def _schema() -> pa.Schema:
    import pyarrow as pa

    types = {name: pa.from_numpy_dtype(dtype) for name, dtype in _COLUMNS.items()}
    return pa.schema([pa.field(name, kind, nullable=name in _MEASURES) for name, kind in types.items()])
