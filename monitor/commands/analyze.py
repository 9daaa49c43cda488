"""``evenkeel analyze``: judges recordings and leaves one result for each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.commands._common import model_option, policy_option, profile_option, recogniser_option
from monitor.commands._stored import analysing, storing_options
from monitor.errors import ParameterError

if TYPE_CHECKING:
    from monitor.assemble import AnalysisOptions
    from monitor.batch_work import Analyse
    from monitor.recordings import Listing

FORMATS = ("json", "csv", "parquet", "textgrid", "audacity", "elan", "webvtt")


def _formats(_context: click.Context, _option: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    """Split ``--format json,csv`` and ``--format json --format csv`` alike."""
    names = dict.fromkeys(name.strip().lower() for text in value for name in text.split(",") if name.strip())
    for name in names:
        if name not in FORMATS:
            raise ParameterError(f'There is no format "{name}": choose from {", ".join(FORMATS)}.')
    if not names:
        raise ParameterError(f"--format needs a name: choose from {', '.join(FORMATS)}.")
    return tuple(names)


def _channel(_context: click.Context, _option: click.Parameter, value: str) -> int | None:
    """The channel's number, None where it is to be guessed."""
    if value.strip().lower() == "auto":
        return None
    if not value.isdecimal():
        raise ParameterError(f'--agent-channel is a number from 0, or auto, not "{value}".')
    return int(value)


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
    help="json (always written), csv (lights and flags as a table), parquet (measures of each frame), textgrid "
    "(Praat), audacity (labels), elan, webvtt (captions); by commas.",
)
@click.option(
    "--agent-channel",
    metavar="N|auto",
    default="0",
    show_default=True,
    callback=_channel,
    help="The agent's channel; auto guesses which of two it is, and says why.",
)
@click.option("--customer", metavar="NAME", help="The customer's name, to hear whether the agent uses it.")
@policy_option
@profile_option
@recogniser_option
@model_option
@click.option("--jobs", type=click.IntRange(min=0), default=1, show_default=True, help="Processes; 0 for every core.")
@click.option("--force", is_flag=True, help="Analyse again what is done already.")
@click.option("--since", metavar="DAY|AGE", help="Only recordings changed since then: 2026-11-01, or 7d, 12h, 2w ago.")
@click.option("--watch", is_flag=True, help="Go on as more recordings come, until Ctrl-C.")
@storing_options
@click.option("--quiet", is_flag=True, help="Say only what could not be analysed.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON, for programs.")
def analyze(
    *,
    paths: tuple[str, ...],
    out: Path | None,
    formats: tuple[str, ...],
    agent_channel: int | None,
    customer: str | None,
    policy: str | None,
    profile: Path | None,
    recogniser: str,
    model: str | None,
    jobs: int,
    force: bool,
    since: str | None,
    watch: bool,
    store: bool,
    store_at: str | None,
    agent: str | None,
    team: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Judge recordings: files, folders with all that is in them, or patterns such as "calls/*.wav".

    Recordings that cannot be read are named at the end, and the others are done. What is done already is not done
    again, so that a run which was stopped can be repeated.
    """
    from monitor.assemble import AnalysisOptions
    from monitor.batch_watch import newer, since_time
    from monitor.commands._folder import Order, to_folder, watch_folder
    from monitor.recordings import list_recordings

    if watch and out is None:
        raise ParameterError("--watch needs a folder for the results: add --out DIR.")
    since_s = None if since is None else since_time(since, datetime.now().astimezone())
    listing = list_recordings(paths, none_is_fine=watch)
    if since_s is not None:
        listing = newer(listing, since_s)
        if not listing.recordings and not watch:
            click.echo(f"No recording was changed since {since}.", err=True)
            return
    options = AnalysisOptions(
        policy=policy,
        profile=profile,
        recogniser=recogniser,
        model=model,
        agent_channel=agent_channel or 0,
        guess_agent=agent_channel is None,
        customer=customer,
        own_process=len(listing.recordings) == 1 and not watch,  # more of them are judged in worker processes
    )
    analyse = analysing(store_at, agent, team, store=store)
    if out is None:
        _to_standard_output(listing, formats, options, analyse, quiet=quiet)
        return
    order = Order(out, formats, options, analyse, jobs=jobs, force=force, quiet=quiet, as_json=as_json)
    if watch:
        watch_folder(order, paths, since_s=since_s)
    else:
        to_folder(order, listing)


def _to_standard_output(
    listing: Listing, formats: tuple[str, ...], options: AnalysisOptions, analyse: Analyse, *, quiet: bool
) -> None:
    if len(listing.recordings) != 1 or listing.problems:
        raise ParameterError(f"{len(listing.recordings)} recordings need a folder for their results: add --out DIR.")
    if len(formats) != 1 or "parquet" in formats:
        raise ParameterError("Only one format of text fits on standard output: for more, add --out DIR.")
    from monitor.batch import judge
    from monitor.batch_view import waiting_view

    recording = listing.recordings[0]
    with waiting_view(quiet=quiet) as view:
        result = judge(recording.path, recording.size_bytes, options, analyse, view)
    if formats == ("csv",):
        from monitor.sinks.csv_file import to_csv

        data = to_csv(result).encode("utf-8", "backslashreplace")  # a byte order mark is for files
    elif formats != ("json",):
        from monitor.export.files import FORMATS as OTHERS

        data = OTHERS[formats[0]].to_bytes(result)
    else:
        from monitor.sinks.json_file import to_json

        data = to_json(result, ascii_only=True).encode()
    click.echo(data, nl=False)
