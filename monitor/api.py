"""Evenkeel from Python: judge a recording, get the result as typed values and as tables.

>>> from monitor.api import analyze
>>> call = analyze("call.wav")                                # doctest: +SKIP
>>> call.result.summary.red_s, call.lights_frame()            # doctest: +SKIP

`monitor` itself stays empty, so that importing one of its modules loads nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from monitor.errors import EnvironmentProblem, InputProblem, MonitorError, ParameterError
from monitor.events import Event, FramesMeasured
from monitor.result_types import CallResult
from monitor.types import Features, FrameGrid

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Analysis",
    "CallResult",
    "EnvironmentProblem",
    "InputProblem",
    "MonitorError",
    "ParameterError",
    "analyze",
    "load",
]


@dataclass(frozen=True, slots=True)
class Analysis:
    """One judged call: ``result`` as typed values, and tables of it for pandas, one row per thing.

    Every table raises EnvironmentProblem where pandas is not installed.
    """

    result: CallResult
    _measures: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    def lights_frame(self) -> pd.DataFrame:
        """Lights: ``start_s``, ``end_s``, ``length_s``, ``light``, ``ids`` and ``text`` of the reasons."""
        rows = [
            {
                "start_s": span.start_s,
                "end_s": span.end_s,
                "length_s": round(span.end_s - span.start_s, 3),
                "light": str(span.light),
                "ids": " ".join(dict.fromkeys(reason.id for reason in span.reasons)),
                "text": "; ".join(reason.text for reason in span.reasons),
            }
            for span in self.result.lights
        ]
        return _table(rows, ("start_s", "end_s", "length_s", "light", "ids", "text"))

    def flags_frame(self) -> pd.DataFrame:
        """Flagged phrases, a column for each field of `FlagRecord`."""
        from monitor.result_types import FlagRecord

        rows = [{**asdict(flag), "state": str(flag.state)} for flag in self.result.flags]
        return _table(rows, [f.name for f in fields(FlagRecord)])

    def words_frame(self) -> pd.DataFrame:
        """Words: ``start_s``, ``end_s``, ``text``, ``confidence``, ``channel``."""
        return _table(
            [asdict(word) for word in self.result.words], ("start_s", "end_s", "text", "confidence", "channel")
        )

    def turns_frame(self) -> pd.DataFrame:
        """Turns: ``start_s``, ``end_s``, ``speaker``."""
        return _table([asdict(turn) for turn in self.result.turns], ("start_s", "end_s", "speaker"))

    def frames(self) -> pd.DataFrame:
        """The measures of every 10 ms and channel, with the columns of ``STEM.frames.parquet``.

        Raises
        ------
        ParameterError
            They were not kept.
        """
        if self._measures is None:
            raise ParameterError("The frames of this call were not kept: analyze it with frames=True.")
        return _pandas().DataFrame(dict(self._measures))


def analyze(
    recording: str | os.PathLike[str],
    *,
    policy: str | None = None,
    profile: str | os.PathLike[str] | None = None,
    recogniser: str = "auto",
    model: str | None = None,
    agent_channel: int | Literal["auto"] = 0,
    customer: str | None = None,
    frames: bool = True,
) -> Analysis:
    """Judge a recording as ``evenkeel analyze`` does.

    Parameters
    ----------
    policy
        A policy file, or the name of a built-in policy.
    profile
        The agent's usual voice, saved earlier.
    recogniser
        What listens for words: auto, whisper, pocketsphinx or none.
    model
        Which Whisper model listens, by name or folder.
    agent_channel
        The agent's channel, counted from 0; ``auto`` guesses which of two it is, and says why in the warnings.
    customer
        The customer's name, to hear whether the agent uses it.
    frames
        Whether to keep the measures of every 10 ms, 13 MB for an hour and channel.

    Raises
    ------
    InputProblem
        The recording cannot be read.
    ParameterError
        Policy, profile, recogniser or channel is unusable.
    EnvironmentProblem
        A recogniser that was asked for is not on this machine.
    """
    from monitor.assemble import AnalysisOptions, analyse

    options = AnalysisOptions(
        policy=policy,
        profile=None if profile is None else Path(profile),
        recogniser=recogniser,
        model=model,
        agent_channel=0 if agent_channel == "auto" else agent_channel,
        guess_agent=agent_channel == "auto",
        customer=customer,
    )
    kept = _Measures()
    result = analyse(Path(recording), options, sinks=[kept] if frames else [])
    return Analysis(result, kept.columns() if frames else None)


def load(result: str | os.PathLike[str]) -> Analysis:
    """Read a result that ``evenkeel analyze`` left, with its frames where they lie beside it and belong to it.

    Raises
    ------
    InputProblem
        The file cannot be read or holds no result.
    """
    from monitor.batch_work import ENDINGS
    from monitor.sinks.json_file import read_json

    path = Path(result)
    found = read_json(path)
    beside = path.with_name(path.name.removesuffix(ENDINGS["json"]) + ENDINGS["parquet"])
    return Analysis(found, _stored_measures(beside, found) if beside.exists() else None)


def _stored_measures(path: Path, result: CallResult) -> Mapping[str, Any] | None:
    import pyarrow.parquet as pq

    from monitor.sinks.parquet_file import frames_match

    if not frames_match(path, result):
        return None
    table = pq.read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}


class _Measures:
    """Sink that keeps the measures of all frames."""

    def __init__(self) -> None:
        self._taken: list[FramesMeasured] = []

    def take(self, event: Event) -> None:
        if isinstance(event, FramesMeasured) and len(event.features):
            self._taken.append(event)

    def columns(self) -> dict[str, Any]:
        """All frames, under the names and with the types of the Parquet file."""
        import numpy as np

        grid = FrameGrid()
        starts = [event.features.start_frame + np.arange(len(event.features)) for event in self._taken]
        channels = [np.full(len(event.features), event.channel, np.int8) for event in self._taken]
        columns = {
            "time_s": _joined(starts) * grid.hop / grid.rate_hz,
            "channel": _joined(channels).astype(np.int8),
        }
        for name in (f.name for f in fields(Features) if f.name != "start_frame"):
            columns[name] = _joined([getattr(event.features, name) for event in self._taken])
        return columns


def _joined(arrays: Sequence[Any]) -> Any:  # noqa: ANN401 - arrays of any type
    import numpy as np

    return np.concatenate(arrays) if arrays else np.empty(0)


def _table(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    return _pandas().DataFrame(list(rows), columns=list(columns))


def _pandas() -> Any:  # noqa: ANN401 - pandas ships no types of its own
    try:
        import pandas as pd
    except ImportError as error:
        raise EnvironmentProblem(
            "Tables need pandas, which is not installed; to add it: pip install pandas."
        ) from error
    return pd
