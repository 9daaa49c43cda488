"""``evenkeel analyze``: judges recordings and leaves one result for each."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from monitor.errors import EnvironmentProblem, ParameterError

if TYPE_CHECKING:
    from types import FrameType

    from monitor.assemble import AnalysisOptions
    from monitor.batch import Totals
    from monitor.recordings import Listing

FORMATS = ("json", "csv", "parquet")


def _formats(_context: click.Context, _option: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Split ``--format json,csv`` and ``--format json --format csv`` alike."""
    names = dict.fromkeys(name.strip().lower() for text in value for name in text.split(",") if name.strip())
    for name in names:
        if name not in FORMATS:
            raise ParameterError(f'There is no format "{name}": choose from {", ".join(FORMATS)}.')
    if not names:
        raise ParameterError(f"--format needs a name: choose from {', '.join(FORMATS)}.")
    return tuple(names)


@click.command(
    epilog="Example: evenkeel analyze calls/ --out results --format json,csv --jobs 2",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the results, STEM.json for each recording. One recording without it goes to standard output.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    default=("json",),
    callback=_formats,
    metavar="LIST",
    help="json (always written), csv (lights and flags as a table), parquet (measures of each frame); by commas.",
)
@click.option("--agent-channel", type=click.IntRange(min=0), default=0, show_default=True, help="The agent's channel.")
@click.option("--policy", metavar="F", help="Policy file, or the name of a built-in policy.")
@click.option(
    "--profile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="F",
    help="The agent's usual voice, saved earlier.",
)
@click.option(
    "--recogniser",
    type=click.Choice(["auto", "whisper", "pocketsphinx", "none"]),
    default="auto",
    show_default=True,
    help="What listens for words.",
)
@click.option("--model", metavar="NAME|FOLDER", help="Which Whisper model listens; see: evenkeel models list.")
@click.option("--jobs", type=click.IntRange(min=0), default=1, show_default=True, help="Processes; 0 for every core.")
@click.option("--force", is_flag=True, help="Analyse again what is done already.")
@click.option("--quiet", is_flag=True, help="Say only what could not be analysed.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON, for programs.")
def analyze(
    *,
    paths: tuple[str, ...],
    out: Path | None,
    formats: tuple[str, ...],
    agent_channel: int,
    policy: str | None,
    profile: Path | None,
    recogniser: str,
    model: str | None,
    jobs: int,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Judge recordings: files, folders with all that is in them, or patterns such as "calls/*.wav".

    Recordings that cannot be read are named at the end, and the others are done. What is done already is not done
    again, so that a run which was stopped can be repeated.
    """
    from monitor.assemble import AnalysisOptions
    from monitor.recordings import list_recordings

    listing = list_recordings(paths)
    options = AnalysisOptions(
        policy=policy,
        profile=profile,
        recogniser=recogniser,
        model=model,
        agent_channel=agent_channel,
        own_process=len(listing.recordings) == 1,  # more of them are judged in worker processes
    )
    if out is None:
        _to_standard_output(listing, formats, options, quiet=quiet)
    else:
        _to_folder(listing, out, formats, options, jobs=jobs, force=force, quiet=quiet, as_json=as_json)


def _to_standard_output(listing: Listing, formats: tuple[str, ...], options: AnalysisOptions, *, quiet: bool) -> None:
    if len(listing.recordings) != 1 or listing.problems:
        raise ParameterError(f"{len(listing.recordings)} recordings need a folder for their results: add --out DIR.")
    if len(formats) != 1 or "parquet" in formats:
        raise ParameterError("Only one of json and csv fits on standard output: for more, add --out DIR.")
    from monitor.assemble import analyse
    from monitor.batch import judge
    from monitor.batch_view import waiting_view

    recording = listing.recordings[0]
    with waiting_view(quiet=quiet) as view:
        result = judge(recording.path, recording.size_bytes, options, analyse, view)
    if "csv" in formats:
        from monitor.sinks.csv_file import to_csv

        data = to_csv(result).encode("utf-8", "backslashreplace")
    else:
        from monitor.sinks.json_file import to_json

        data = to_json(result, ascii_only=True).encode()
    click.echo(data, nl=False)


def _to_folder(
    listing: Listing,
    out: Path,
    formats: tuple[str, ...],
    options: AnalysisOptions,
    *,
    jobs: int,
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    from monitor.assemble import analyse, engine_info
    from monitor.batch import Totals, run
    from monitor.batch_view import failure_lines, kept_text, summary_lines, waiting_view
    from monitor.batch_work import Job
    from monitor.sinks.files import insist_on_folder

    engine = engine_info(options)
    insist_on_folder(out)
    todo = [Job(r.path, out / r.target, r.size_bytes, formats, options, engine, force) for r in listing.recordings]
    totals = Totals(failed=list(listing.problems))
    try:
        with _stoppable(), waiting_view(quiet=quiet) as view:
            run(todo, analyse, view, totals, workers=jobs)
    except KeyboardInterrupt:
        click.echo(f"Stopped. {kept_text(todo)}", err=True)
        raise SystemExit(130) from None
    except EnvironmentProblem as error:
        raise EnvironmentProblem(f"{error} {kept_text(todo)}") from error
    if as_json:
        click.echo(json.dumps(_report(totals, listing, out), indent=1))
    lines = failure_lines(totals) if quiet or as_json else summary_lines(totals, listing.skipped, out)
    for line in [*lines, *_trace_lines(totals)]:
        click.echo(line, err=True)
    if totals.failed:
        raise SystemExit(1)


def _trace_lines(totals: Totals) -> list[str]:
    """Show where our own faults are to those who asked for it."""
    if not totals.traces:
        return []
    return totals.traces if os.environ.get("EVENKEEL_DEBUG") else ["EVENKEEL_DEBUG=1 shows where inside it went wrong."]


def _report(totals: Totals, listing: Listing, out: Path) -> dict[str, object]:
    return {
        "out": str(out),
        "done": totals.done,
        "already_done": totals.kept,
        "failed": [{"path": str(path), "why": why} for path, why in sorted(totals.failed)],
        "other_files": listing.skipped,
        "audio_s": round(totals.audio_s, 3),
        "elapsed_s": round(totals.elapsed_s, 3),
    }


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a polite request to end (a closed terminal, a service manager) stop the run as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    # what is ignored already, as under nohup, stays so
    before = {n: signal.signal(n, stop) for n in wanted if signal.getsignal(n) is not signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
