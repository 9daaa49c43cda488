"""One recording of a batch, from "is it done already?" to its files; this is what a worker process runs."""

from __future__ import annotations

import hashlib
import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from monitor.errors import EnvironmentProblem, InputProblem, ParameterError
from monitor.export.files import FORMATS, mend_format, write_format
from monitor.result_types import CallResult, EngineInfo
from monitor.sinks.files import remove_parts
from monitor.sinks.json_file import read_json, write_json

if TYPE_CHECKING:
    from monitor.assemble import AnalysisOptions
    from monitor.ports import Sink

ENDINGS = {"json": ".json", "parquet": ".frames.parquet", **{kind: form.ending for kind, form in FORMATS.items()}}


class Analyse(Protocol):
    """What judges a recording; ``progress`` is told the seconds of audio that are done."""

    def __call__(
        self,
        path: Path,
        options: AnalysisOptions,
        *,
        sinks: Sequence[Sink] = (),
        progress: Callable[[float], None] | None = None,
    ) -> CallResult:
        """Judge one recording."""
        ...


@runtime_checkable
class Keeps(Protocol):
    """What judges a recording and also keeps the call somewhere: a result alone does not mean that all is done."""

    def lacks(self, result: CallResult) -> bool:
        """Whether the call of this result is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One recording and what is to be made of it; ``place`` is the path of its results without an ending."""

    path: Path
    place: Path
    size_bytes: int
    formats: tuple[str, ...]
    options: AnalysisOptions
    engine: EngineInfo
    force: bool = False

    def file(self, kind: str) -> Path:
        """Where the result in this format goes."""
        return self.place.with_name(self.place.name + ENDINGS[kind])


class State(StrEnum):
    """What became of a recording."""

    DONE = "done"
    KEPT = "kept"
    FAILED = "failed"
    STOPPED = "stopped"  # by something that would stop every other recording as well


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a recording; ``why`` is one sentence, ``trace`` is there when the fault is ours."""

    state: State
    audio_s: float = 0.0
    why: str | None = None
    trace: str | None = None


def work(job: Job, analyse: Analyse, progress: Callable[[float], None]) -> Outcome:
    """Judge the recording unless that is done already, and write its results; whatever goes wrong is in the outcome."""
    try:
        why = None
        if not job.force:
            kept, why = _kept(job)
            if kept is not None and not (isinstance(analyse, Keeps) and analyse.lacks(kept)):
                return Outcome(State.KEPT, kept.source.duration_s)
            why = why if kept is None else "it was not in the store"
        result = _judge(job, analyse, progress)
        return Outcome(State.DONE, result.source.duration_s, why)
    except (InputProblem, ParameterError) as error:
        return Outcome(State.FAILED, why=str(error))
    except EnvironmentProblem as error:
        return Outcome(State.STOPPED, why=str(error))
    except MemoryError:
        return Outcome(
            State.FAILED, why="There is not enough memory for it: close other programs, or use fewer --jobs."
        )
    except Exception as error:  # noqa: BLE001  one recording must not cost the others; the traceback goes to the log
        return our_fault(error)


def our_fault(error: Exception) -> Outcome:
    """Tell what nobody foresaw, with its traceback."""
    why = f"Something went wrong inside Evenkeel ({type(error).__name__}: {error})."
    return Outcome(State.FAILED, why=why, trace="".join(traceback.format_exception(error)))


def _judge(job: Job, analyse: Analyse, progress: Callable[[float], None]) -> CallResult:
    with ExitStack() as stack:
        frames = None
        if "parquet" in job.formats:
            from monitor.sinks.parquet_file import FramesFile

            frames = stack.enter_context(FramesFile(job.file("parquet")))

        def advance(done_s: float) -> None:
            progress(done_s)
            if frames is not None:
                frames.check()  # a disk that is full now need not wait for the end of the recording

        result = analyse(job.path, job.options, sinks=[frames] if frames else [], progress=advance)
        if frames is not None:
            frames.finish(result)
    for kind in job.formats:
        if kind in FORMATS:
            write_format(result, kind, job.file(kind))
    write_json(result, job.file("json"))  # last: where it stands, the others are finished
    return result


def _wanted(job: Job, result: CallResult) -> EngineInfo:
    """The engine that an existing result must be of; a channel that is guessed is known only once it was heard."""
    guessed = job.options.guess_agent
    return replace(job.engine, agent_channel=result.engine.agent_channel) if guessed else job.engine


def _kept(job: Job) -> tuple[CallResult | None, str | None]:
    """Find the finished result of this job, or say why an existing one must be made again."""
    if not job.file("json").exists():
        return None, None
    try:
        result = read_json(job.file("json"))
    except InputProblem:
        return None, "its result could not be read"
    wanted = _wanted(job, result)
    if result.engine != wanted:
        return None, _difference(result.engine, wanted)
    try:
        with job.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None, None  # analysing it will say what is wrong
    if sha256 != result.source.sha256:
        return None, "the recording changed"
    if "parquet" in job.formats:
        from monitor.sinks.parquet_file import frames_match

        if not frames_match(job.file("parquet"), result):
            return None, "its frames were not kept"
    for kind in job.formats:
        if kind in FORMATS:
            mend_format(result, kind, job.file(kind))
    return result, None


def _difference(made: EngineInfo, wanted: EngineInfo) -> str:
    names = [f.name.replace("_", " ") for f in fields(EngineInfo) if getattr(made, f.name) != getattr(wanted, f.name)]
    return f"it was made with another {' and '.join(names)}"


def promised_s(path: Path) -> float | None:
    """Read from the file's head how long it says it is; a guess for the time left, nothing else."""
    from monitor.sources.decoders import open_decoder

    try:
        decoder = open_decoder(path, path.name)
    except (InputProblem, OSError):
        return None
    decoder.close()
    return None if decoder.promised is None else decoder.promised / decoder.rate_hz


def crashed(exit_code: int | None) -> Outcome:
    """Tell what became of a recording whose worker process ended without an answer."""
    how = f" ({signal.Signals(-exit_code).name})" if exit_code is not None and exit_code < 0 else ""
    why = f"Its process ended without an answer{how}; the recording may be damaged, or need more memory than there is."
    return Outcome(State.FAILED, why=why)


def sweep(job: Job) -> None:
    """Remove the parts of files that a worker left which was stopped."""
    for kind in ENDINGS:
        file = job.file(kind)
        remove_parts(file.parent, file.name)
