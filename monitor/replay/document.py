"""Everything that the replay window shows of one call, and where it comes from: a recording, a result, the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from monitor.errors import InputProblem, MonitorError
from monitor.replay.kept import KeptCalls, PackedFrames, parquet_traces
from monitor.replay.notes import FileNotebook, Notebook, Remark, StoreNotebook
from monitor.replay.recording import Waveform, open_waveform
from monitor.replay.tracks import Track, tracks_of
from monitor.sinks.json_file import read_json

if TYPE_CHECKING:
    from monitor.assemble import AnalysisOptions
    from monitor.policy.model import Policy
    from monitor.result_types import CallResult, EngineInfo, FlagRecord
    from monitor.store.calls import Store
    from monitor.store.columns import Trace
    from monitor.types import ChecklistItem, LightSpan, Turn, Word

AGENT, CUSTOMER = "agent", "customer"
_SIDES = 2


class Stopped(Exception):
    """The analysis was given up on request."""


@dataclass(frozen=True, slots=True)
class CallView:
    """One judged call as it is shown.

    ``result`` is how it is judged now, ``then`` how it was judged and shown in the call, None where that is the same or
    not known. ``waveform`` is None where there is no audio, ``tracks`` is empty where no measures were kept. ``notes``
    are sentences on what is missing and why. ``call_id`` is the number in the store, ``policy`` what judged it there.
    """

    result: CallResult
    then: CallResult | None
    waveform: Waveform | None
    tracks: tuple[Track, ...]
    notebook: Notebook
    remarks: tuple[Remark, ...] = ()
    recording: Path | None = None
    call_id: int | None = None
    policy: Policy | None = None
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The recording's name."""
        return self.result.source.name

    @property
    def duration_s(self) -> float:
        """Length of the call."""
        return self.result.source.duration_s

    @property
    def channels(self) -> int:
        """Channels of the recording."""
        return self.result.source.channels

    @property
    def agent_channel(self) -> int:
        """The agent's channel, counted from 0."""
        return self.result.engine.agent_channel

    @property
    def lights_now(self) -> tuple[LightSpan, ...]:
        """Lights as judged now, from 0 to the end without gap."""
        return self.result.lights

    @property
    def lights_then(self) -> tuple[LightSpan, ...] | None:
        """Lights as they were shown in the call."""
        return None if self.then is None else self.then.lights

    @property
    def flags(self) -> tuple[FlagRecord, ...]:
        """Flagged phrases."""
        return self.result.flags

    @property
    def words(self) -> tuple[Word, ...]:
        """What was heard."""
        return self.result.words

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Who spoke when."""
        return self.result.turns

    @property
    def checklist(self) -> tuple[ChecklistItem, ...]:
        """Acts that help."""
        return self.result.checklist

    @property
    def comments(self) -> tuple[Remark, ...]:
        """Comments on the call or moments of it."""
        return tuple(remark for remark in self.remarks if remark.subject is None)

    @property
    def disputes(self) -> tuple[Remark, ...]:
        """What was disputed."""
        return tuple(remark for remark in self.remarks if remark.subject is not None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader should know, of the recording and of this view."""
        return (*self.result.warnings, *self.notes)

    def speaker(self, channel: int) -> str:
        """Who speaks on a channel."""
        from monitor.export.tiers import speaker_of

        return speaker_of(self.result, channel)

    def with_remarks(self) -> CallView:
        """The same with the remarks as they are now."""
        return replace(self, remarks=self.notebook.remarks())

    def with_tracks(self, tracks: tuple[Track, ...]) -> CallView:
        """The same with these measures."""
        return replace(self, tracks=tracks)

    def close(self) -> None:
        """Let go of the recording."""
        if self.waveform is not None:
            self.waveform.close()


def from_recording(path: Path, wanted: EngineInfo | None = None, *, kept: KeptCalls | None = None) -> CallView | None:
    """A recording that was analysed: its result lies beside it as ``STEM.json``, or in the cache. Else None.

    Parameters
    ----------
    wanted : what must have judged it; anything where it is None.

    Raises
    ------
    InputProblem
        The recording cannot be read.
    """
    kept = kept or KeptCalls()
    waveform = open_waveform(path)
    try:
        sha256 = _sha256(kept, path)
        found = _beside(path, sha256, wanted, kept)
        if found is None:
            result = kept.result(sha256)
            if result is not None and wanted in (None, result.engine):
                found = result, kept.traces(sha256)
    except BaseException:
        waveform.close()
        raise
    if found is None:
        waveform.close()
        return None
    result, traces = found
    return _view(result, _both(traces, result), waveform=waveform, recording=path)


def from_result(path: Path, recording: Path | None = None, *, kept: KeptCalls | None = None) -> CallView:
    """A result that ``evenkeel analyze`` left, with its frames where they lie beside it, and its recording if found.

    The recording is looked for beside the result, one folder up, and here.

    Raises
    ------
    InputProblem
        The result cannot be read, or the recording that was given is another one.
    """
    result = read_json(path)
    kept = kept or KeptCalls()
    traces = _traces(path, result, kept)
    name = PurePath(result.source.name).name
    given = [recording] if recording is not None else [path.parent / name, path.parent.parent / name, Path(name)]
    for place in given:
        if place.is_file() and _sha256(kept, place) == result.source.sha256:
            return _view(result, _both(traces, result), waveform=open_waveform(place), recording=place)
    if recording is not None:
        raise InputProblem(f"{recording.name} is not the recording of this result: give the one that was analysed.")
    note = "The recording is not beside its result, so there is no sound and no waveform."
    return _view(result, _both(traces, result), notes=(note,))


def from_store(store: Store, call_id: int, recording: Path | None = None) -> CallView:
    """A stored call; that it was opened is written down. Keep the store open for remarks.

    Raises
    ------
    ParameterError
        There is no such call, or this person may not see it.
    InputProblem
        The recording that was given is another one.
    StoreProblem
        The store cannot be read.
    """
    from monitor.store.whole import whole

    call = whole(store, call_id)
    if recording is not None and _sha256(KeptCalls(), recording) != call.now.source.sha256:
        raise InputProblem(f"{recording.name} is not the recording of call {call_id}: give the one that was judged.")
    recording = recording or call.sound
    return _view(
        call.now,
        dict(zip((AGENT, CUSTOMER), call.traces, strict=False)),
        then=None if call.then is call.now else call.then,
        waveform=None if recording is None else open_waveform(recording),
        recording=recording,
        notebook=StoreNotebook(store, call_id, call.remarks),
        call_id=call_id,
        policy=call.policy,
        notes=() if recording is not None else ("There is no recording of this stored call, so no sound to hear.",),
    )


def analyse(
    path: Path,
    options: AnalysisOptions,
    on_progress: Callable[[float], None] | None = None,
    *,
    kept: KeptCalls | None = None,
) -> CallView:
    """Judge a recording and keep what was found, so that ``from_recording`` finds it.

    ``on_progress`` is told the seconds of audio done so far; to give up it raises `Stopped`.

    Raises
    ------
    The errors of ``monitor.assemble.analyse``.
    """
    from monitor.assemble import analyse as judge

    frames = PackedFrames()
    result = judge(path, options, sinks=[frames], progress=on_progress)
    notes: tuple[str, ...] = ()
    try:
        (kept or KeptCalls()).keep(result, frames)
    except MonitorError as problem:
        notes = (str(problem),)
    return _view(result, _both(frames.traces(), result), waveform=open_waveform(path), recording=path, notes=notes)


def measured(
    view: CallView, on_progress: Callable[[float], None] | None = None, *, kept: KeptCalls | None = None
) -> tuple[Track, ...]:
    """The tracks of a call whose measures were not kept, measured from its recording; some seconds for an hour.

    They are kept from then on. ``on_progress`` is told the seconds done so far; to give up it raises `Stopped`.
    """
    from monitor.assemble import AnalysisOptions
    from monitor.assemble import analyse as judge

    if view.recording is None:
        return ()
    frames = PackedFrames()
    options = AnalysisOptions(recogniser="none", agent_channel=view.agent_channel)
    judge(view.recording, options, sinks=[frames], progress=on_progress)
    with suppress(MonitorError):  # they are made again then
        (kept or KeptCalls()).keep(view.result, frames)
    return _tracks(_both(frames.traces(), view.result))


def _view(
    result: CallResult,
    traces: Mapping[str, Trace],
    *,
    then: CallResult | None = None,
    waveform: Waveform | None = None,
    recording: Path | None = None,
    notebook: Notebook | None = None,
    call_id: int | None = None,
    policy: Policy | None = None,
    notes: tuple[str, ...] = (),
) -> CallView:
    notebook = notebook or FileNotebook(result)
    return CallView(
        result, then, waveform, _tracks(traces), notebook, notebook.remarks(), recording, call_id, policy, notes
    )


def _tracks(traces: Mapping[str, Trace]) -> tuple[Track, ...]:
    return tuple(track for speaker, trace in traces.items() for track in tracks_of(trace, speaker))


def _both(traces: Mapping[int, Trace], result: CallResult) -> dict[str, Trace]:
    """Measures by speaker, the agent first, from those by channel."""
    agent = result.engine.agent_channel
    by_speaker = {AGENT: traces[agent]} if agent in traces else {}
    others = [trace for channel, trace in traces.items() if channel != agent]
    if others and result.source.channels == _SIDES:
        by_speaker[CUSTOMER] = others[0]
    return by_speaker


def _frames_of(path: Path) -> Path:
    from monitor.batch_work import ENDINGS

    return path.with_name(path.name.removesuffix(ENDINGS["json"]) + ENDINGS["parquet"])


def _traces(path: Path, result: CallResult, kept: KeptCalls) -> Mapping[int, Trace]:
    """The measures of a result that lies there: from the file beside it, else what was measured for it before."""
    traces = parquet_traces(_frames_of(path), result)
    if not traces and result.source.sha256 is not None and kept.result(result.source.sha256) == result:
        return kept.traces(result.source.sha256)
    return traces


def _beside(
    path: Path, sha256: str, wanted: EngineInfo | None, kept: KeptCalls
) -> tuple[CallResult, Mapping[int, Trace]] | None:
    place = path.with_suffix(".json")
    if not place.is_file():
        return None
    try:
        result = read_json(place)
    except InputProblem:
        return None  # another program's file, or a damaged one: the call is judged again
    if result.source.sha256 != sha256 or (wanted is not None and result.engine != wanted):
        return None
    return result, _traces(place, result, kept)


def _sha256(kept: KeptCalls, path: Path) -> str:
    try:
        return kept.sha256(path)
    except OSError as error:
        raise InputProblem(
            f"{path.name} cannot be read ({error.strerror}): check the disk, or copy it again."
        ) from error
