"""Measures as compact columns: what the judgement needs in order to judge again, and what a picture of the call needs.

A *part* holds one minute of one side. Levels, pitch and effort are whole numbers of 1/256 dB or semitone, counts are
bytes; columns are stored as differences along time and compressed. A light depends on limits of tenths of a spread, so
that 1/512 of a dB moves it by a tick at the very most.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from monitor.errors import BugError, EnvironmentProblem
from monitor.types import TICK, Features, FloatArray
from monitor.windows import SPEECH, VoiceTicks

PART_TICKS = 1200  # a minute
PART_FRAMES = PART_TICKS * TICK
_STEP = 256.0
_UNKNOWN = -32768
_MOST = 32767
_FORMAT = 1
_HEAD = struct.Struct("<BxHI")
_FPS = 100
_QUICK = 3  # of zlib: a part is written anew every second while it grows

# Name and type of each column, in the order in which they are stored.
_TICKS = (("level", "<i2"), ("f0", "<i2"), ("effort", "<i2"), ("swing", "<i2"), ("pace", "<i2"), ("loud", "<i2"),
          ("snr", "<i2"), ("firm", "u1"), ("speech", "u1"), ("clipped", "u1"))  # fmt: skip
_FRAMES = (("level", "<i2"), ("f0", "<i2"), ("effort", "<i2"), ("marks", "u1"))
_TALK = (("kind", "u1"), ("side", "u1"), ("start", "<i4"), ("end", "<i4"), ("told", "<i4"))

Columns = dict[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Trace:
    """Measures of consecutive frames for a picture, shape (frames,); NaN where there is none."""

    level_dbfs: FloatArray
    f0_hz: FloatArray
    effort_db: FloatArray
    speech: npt.NDArray[np.bool_]
    nucleus: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.level_dbfs)


def tick_columns(ticks: VoiceTicks, firm_before: int, speech_before: int) -> Columns:
    """The columns of these ticks; the counts before them make differences of what is counted since the start."""
    speech = np.rint(ticks.speech_s.astype(np.float64) * _FPS).astype(np.int64)
    return {
        "level": _whole(ticks.upper[:, 0]),
        "f0": _whole(ticks.upper[:, 1]),
        "effort": _whole(ticks.upper[:, 2]),
        "swing": _whole(ticks.swing_st),
        "pace": _whole(ticks.pace_syl_s),
        "loud": _whole(ticks.level_dbfs),
        "snr": _whole(ticks.snr_db),
        "firm": np.diff(ticks.firm, prepend=firm_before).astype(np.uint8),
        "speech": np.diff(speech, prepend=speech_before).astype(np.uint8),
        "clipped": np.rint(ticks.clipped * TICK).astype(np.uint8),
    }


def counted(ticks: VoiceTicks) -> tuple[int, int]:
    """Firm frames and frames of speech up to the end of these ticks."""
    return int(ticks.firm[-1]), round(float(ticks.speech_s[-1]) * _FPS)


def frame_columns(features: Features) -> Columns:
    """The columns of these frames, for a picture."""
    marks = (features.speech > SPEECH).astype(np.uint8) | (features.nucleus.astype(np.uint8) << 1)
    f0_hz = np.where(np.isnan(features.f0_hz), 0.0, features.f0_hz * 16)
    return {
        "level": _whole(features.level_dbfs, 100.0),
        "f0": np.clip(np.rint(f0_hz), 0, _MOST).astype(np.int16),
        "effort": _whole(features.effort_db, 16.0),
        "marks": marks,
    }


def length(columns: Columns) -> int:
    """How many rows these columns have."""
    return len(next(iter(columns.values())))


def joined(pieces: Sequence[Columns]) -> Columns:
    """Consecutive columns as one."""
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


def pack_ticks(columns: Columns) -> bytes:
    """Ticks as bytes."""
    return _pack(columns, _TICKS)


def pack_frames(columns: Columns) -> bytes:
    """Frames as bytes."""
    return _pack(columns, _FRAMES)


def pack_talk(rows: Sequence[tuple[int, int, int, int, int]]) -> bytes:
    """Happenings between the two sides as bytes: kind, side, start, end, told."""
    table = np.array(rows, np.int64).reshape(-1, len(_TALK))
    return _pack({name: table[:, i].astype(kind) for i, (name, kind) in enumerate(_TALK)}, _TALK)


def unpack_talk(parts: Sequence[bytes]) -> list[tuple[int, int, int, int, int]]:
    """What ``pack_talk`` was given, of all parts."""
    columns = _joined(parts, _TALK)
    return list(zip(*(columns[name].tolist() for name, _ in _TALK), strict=True))


def read_ticks(part: bytes) -> Columns:
    """The columns that ``pack_ticks`` was given."""
    return _unpack(part, _TICKS)


def read_frames(part: bytes) -> Columns:
    """The columns that ``pack_frames`` was given."""
    return _unpack(part, _FRAMES)


def unpack_ticks(parts: Sequence[bytes]) -> VoiceTicks:
    """The windows of one side of a call, from its parts in order."""
    columns = _joined(parts, _TICKS)
    firm, speech = (columns[name].astype(np.intp) for name in ("firm", "speech"))
    return VoiceTicks(
        first=0,
        upper=np.stack([_measure(columns[name]) for name in ("level", "f0", "effort")], axis=1),
        fresh=firm > 0,
        firm=np.cumsum(firm),
        speech_s=(np.cumsum(speech) / _FPS).astype(np.float32),
        swing_st=_measure(columns["swing"]),
        pace_syl_s=_measure(columns["pace"]),
        level_dbfs=_measure(columns["loud"]),
        snr_db=_measure(columns["snr"]),
        speaking=speech > 0,
        clipped=columns["clipped"].astype(np.float32) / np.float32(TICK),
    )


def unpack_frames(parts: Sequence[bytes]) -> Trace:
    """The measures of one side of a call for a picture, from its parts in order."""
    return trace_of(_joined(parts, _FRAMES))


def trace_of(columns: Columns) -> Trace:
    """The measures for a picture that these columns hold."""
    f0 = columns["f0"].astype(np.float32)
    marks = columns["marks"].astype(np.uint8)
    return Trace(
        level_dbfs=_measure(columns["level"], 100.0),
        f0_hz=np.where(f0 > 0, f0 / np.float32(16), np.float32(np.nan)),
        effort_db=_measure(columns["effort"], 16.0),
        speech=(marks & 1) > 0,
        nucleus=(marks & 2) > 0,
    )


def _whole(values: FloatArray, step: float = _STEP) -> npt.NDArray[np.int16]:
    with np.errstate(invalid="ignore"):
        whole = np.clip(np.rint(values * np.float32(step)), _UNKNOWN + 1, _MOST)
    return np.where(np.isnan(values), _UNKNOWN, whole).astype(np.int16)


def _measure(whole: npt.NDArray[np.generic], step: float = _STEP) -> FloatArray:
    values = whole.astype(np.float32) / np.float32(step)
    values[whole == _UNKNOWN] = np.nan
    return values


def _pack(columns: Columns, spec: Sequence[tuple[str, str]]) -> bytes:
    sizes = {len(columns[name]) for name, _ in spec}
    if len(sizes) != 1:
        raise BugError("Columns of one part must be of one length.")
    count = sizes.pop()
    steps = [np.diff(columns[name].astype(kind), prepend=columns[name].dtype.type(0)) for name, kind in spec]
    body = b"".join(step.astype(kind).tobytes() for step, (_, kind) in zip(steps, spec, strict=True))
    return _HEAD.pack(_FORMAT, len(spec), count) + zlib.compress(body, _QUICK)


def _joined(parts: Sequence[bytes], spec: Sequence[tuple[str, str]]) -> Columns:
    """The columns of consecutive parts; neighbours of one length, as whole minutes are, are read together."""
    bodies = [_body(part, spec) for part in parts]
    pieces = [
        _columns(b"".join(body for _, body in same), count, spec)
        for count, same in groupby(bodies, key=lambda each: each[0])
    ]
    if not pieces:
        return {name: np.zeros(0, kind) for name, kind in spec}
    return joined(pieces)


def _unpack(part: bytes, spec: Sequence[tuple[str, str]]) -> Columns:
    count, body = _body(part, spec)
    return _columns(body, count, spec)


def _body(part: bytes, spec: Sequence[tuple[str, str]]) -> tuple[int, bytes]:
    """How many rows a part has, and its columns one after the other."""
    try:
        kind, fields, count = _HEAD.unpack_from(part)
        body = zlib.decompress(part[_HEAD.size :])
    except (struct.error, zlib.error) as error:
        raise _damaged() from error
    if kind != _FORMAT or fields != len(spec):
        raise EnvironmentProblem("The stored measures of this call were written by a newer Evenkeel; update this one.")
    if len(body) != count * sum(np.dtype(each).itemsize for _, each in spec):
        raise _damaged()
    return count, body


def _columns(bodies: bytes, count: int, spec: Sequence[tuple[str, str]]) -> Columns:
    """The columns of parts that have so many rows each; within each part they are differences."""
    width = sum(np.dtype(kind).itemsize for _, kind in spec)
    parts = np.frombuffer(bodies, np.uint8).reshape(-1, count * width) if count else np.zeros((0, 0), np.uint8)
    columns: Columns = {}
    at = 0
    for name, kind in spec:
        end = at + count * np.dtype(kind).itemsize
        steps = np.ascontiguousarray(parts[:, at:end]).view(kind)
        columns[name] = np.cumsum(steps, axis=1, dtype=steps.dtype).ravel()
        at = end
    return columns


def _damaged() -> EnvironmentProblem:
    return EnvironmentProblem("The stored measures of this call are damaged; analyse its recording again.")
