"""What the replay window analysed, kept in the user's cache folder so that a call opens at once the next time.

One JSON result and one file of packed measures per recording, named by the recording's SHA-256, readable by the user
alone. What was not opened for ``KEPT_DAYS`` goes.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from monitor.errors import EnvironmentProblem, InputProblem
from monitor.events import Event, FramesMeasured
from monitor.private import private_folder, write_private
from monitor.sinks.files import OutputProblem, replacing
from monitor.sinks.json_file import read_json, to_json
from monitor.store import columns
from monitor.types import BoolArray, FloatArray

if TYPE_CHECKING:
    from monitor.result_types import CallResult
    from monitor.store.columns import Columns, Trace

KEPT_DAYS = 30
_DAY_S = 86_400.0


def cache_folder() -> Path:
    """Where it lies."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("evenkeel", appauthor=False)) / "replay"


class KeptCalls:
    """The folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or cache_folder()

    def result(self, sha256: str) -> CallResult | None:
        """The result of this recording, None where there is none that can be read."""
        path = self._folder / f"{sha256}.json"
        try:
            result = read_json(path)
        except InputProblem:
            return None
        for each in (path, path.with_suffix(".npz")):
            with suppress(OSError):
                os.utime(each)  # opened today
        return result

    def traces(self, sha256: str) -> dict[int, Trace]:
        """The measures of each channel; empty where they were not kept."""
        try:
            with np.load(self._folder / f"{sha256}.npz") as found:
                return {int(name): columns.unpack_frames([found[name].tobytes()]) for name in found.files}
        except (OSError, ValueError, KeyError, EnvironmentProblem):
            return {}

    def keep(self, result: CallResult, frames: PackedFrames | None) -> None:
        """Keep a result and its measures.

        Raises
        ------
        EnvironmentProblem
            They cannot be written.
        """
        sha256 = result.source.sha256
        if sha256 is None:
            return
        private_folder(self._folder)
        self._forget()
        path = self._folder / f"{sha256}.npz"
        path.unlink(missing_ok=True)
        if frames is not None:
            self._write(path, frames.packed())
        # Last, as it says that the measures belong to it.
        write_private(self._folder / f"{sha256}.json", to_json(result, ascii_only=True))

    def _write(self, path: Path, packed: dict[int, bytes]) -> None:
        try:
            with replacing(path) as handle:
                arrays: dict[str, Any] = {str(number): np.frombuffer(each, np.uint8) for number, each in packed.items()}
                np.savez(handle, **arrays)
        except OutputProblem as problem:
            raise EnvironmentProblem(
                f"What was measured cannot be kept in {self._folder}: make room there."
            ) from problem

    def sha256(self, path: Path) -> str:
        """The recording's SHA-256; read again only if its size or time changed.

        Raises
        ------
        OSError
            It cannot be read.
        """
        about = path.stat()
        stamp = {"size": about.st_size, "mtime_ns": about.st_mtime_ns}
        name = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:32]
        note = self._folder / f"{name}.known"
        with suppress(OSError, ValueError, AttributeError):
            known = json.loads(note.read_text(encoding="utf-8"))
            if {key: known.get(key) for key in stamp} == stamp and isinstance(known.get("sha256"), str):
                return str(known["sha256"])
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with suppress(EnvironmentProblem):  # it is only slower without
            write_private(note, json.dumps({**stamp, "sha256": sha256}))
        return sha256

    def _forget(self) -> None:
        oldest_s = time.time() - KEPT_DAYS * _DAY_S
        for path in self._folder.iterdir():
            with suppress(OSError):
                if path.suffix in (".json", ".known", ".npz") and path.stat().st_mtime < oldest_s:
                    for each in {path, path.with_suffix(".npz")} if path.suffix == ".json" else {path}:
                        each.unlink(missing_ok=True)


class PackedFrames:
    """A sink that keeps the measures of each channel as columns, a few megabytes for an hour."""

    def __init__(self) -> None:
        self._taken: dict[int, list[Columns]] = {}

    def take(self, event: Event) -> None:
        """Receive one event, in order."""
        if isinstance(event, FramesMeasured) and len(event.features):
            self._taken.setdefault(event.channel, []).append(columns.frame_columns(event.features))

    def packed(self) -> dict[int, bytes]:
        """The columns of each channel."""
        return {
            channel: columns.pack_frames({name: np.concatenate([each[name] for each in parts]) for name in parts[0]})
            for channel, parts in self._taken.items()
        }

    def traces(self) -> dict[int, Trace]:
        """The measures of each channel."""
        return {channel: columns.unpack_frames([part]) for channel, part in self.packed().items()}


def parquet_traces(path: Path, result: CallResult) -> dict[int, Trace]:
    """The measures of each channel from a result's file of frames; empty where it is missing or another result's."""
    from monitor.sinks.parquet_file import frames_match

    if not path.exists() or not frames_match(path, result):
        return {}
    import pyarrow.parquet as pq

    names = ("level_dbfs", "f0_hz", "effort_db", "speech", "nucleus")
    table = pq.read_table(path, columns=["channel", *names], use_threads=False)
    channel = table["channel"].to_numpy()
    found = {name: table[name].to_numpy() for name in names}
    return {int(number): _trace(found, channel == number) for number in np.unique(channel)}


def _trace(found: dict[str, npt.NDArray[Any]], rows: BoolArray) -> Trace:
    from monitor.windows import SPEECH

    def floats(name: str) -> FloatArray:
        return np.ascontiguousarray(found[name][rows], np.float32)

    return columns.Trace(
        level_dbfs=floats("level_dbfs"),
        f0_hz=floats("f0_hz"),
        effort_db=floats("effort_db"),
        speech=found["speech"][rows] > SPEECH,
        nucleus=np.asarray(found["nucleus"][rows], np.bool_),
    )
