"""``evenkeel models``: which speech models are here, how quick they are, and fetching, checking and deleting them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from monitor.commands._common import json_option, print_json
from monitor.errors import EnvironmentProblem, ParameterError

Progress = Callable[[int, int], None]
LINES = 10  # of progress where there is no terminal


@click.group(epilog="Example: evenkeel models get base.en")
def models() -> None:
    """List, fetch, check and delete speech models: what hears the words. Nothing is fetched unless get asks for it."""


@models.command(name="list", epilog="Example: evenkeel models list --measure")
@json_option
@click.option("--measure", is_flag=True, help="Measure again how long a pass takes on this machine (a minute or so).")
def list_(as_json: bool, measure: bool) -> None:
    """List the speech models. Tells which are here or can be fetched, their speed here, and which one suits."""
    from models.overview import measure_everything, rows_of_all
    from models.speed import processor
    from models.store import models_folder, recommended

    if measure:
        click.echo("Measuring; close other programs for a fair answer.", err=True)
        for name, pass_s in measure_everything():
            click.echo(f"{name}: {pass_s:.2f} s", err=True)
    rows = rows_of_all()
    best = recommended()
    if as_json:
        head = {"schema": "evenkeel.models/1", "folder": str(models_folder()), "processor": processor()}
        print_json({**head, "recommended": best, "models": rows})
        return
    click.echo(f"On this machine ({processor()}):")
    for row in rows:
        if row["state"]:
            _print_row(row, f"{row['state']}, {row['place']}" + (f": {row['problem']}" if row["problem"] else ""))
    click.echo("\nCan be fetched with evenkeel models get NAME:")
    for row in rows:
        if not row["state"]:
            _print_row(row, row["advice"])
    click.echo(f"\nThe times are those of one pass over 10 s of speech. {_recommendation(best, rows)}")


def _recommendation(best: str | None, rows: list[dict[str, Any]]) -> str:
    if best is not None:
        here = any(row["name"] == best and row["state"] == "complete" for row in rows)
        return f"Recommended here, live: {best}." + ("" if here else f" To have it: evenkeel models get {best}")
    if any(row["pass_s"] for row in rows):
        return "None is quick enough to be recommended live here; recordings can still use any."
    return "To measure them, and to learn which suits this machine: evenkeel models list --measure"


def _print_row(row: dict[str, Any], note: str) -> None:
    from models.catalogue import BASIC

    languages = "English" if row["languages"] == ["en"] else "many languages" if "*" in row["languages"] else "unknown"
    if row["name"] == BASIC:
        speed = "basic detection"
    elif row["pass_s"] is None:
        speed = "not measured"
    else:
        speed = f"{row['pass_s']:.2f} s, {row['x_real_time']:.0f} x real time"
    click.echo(f"  {row['name']:<17} {row['size_mb']:>5.0f} MB  {languages:<14}  {speed:<24}  {note}")


@models.command(epilog="Example: evenkeel models get base.en --from /media/stick/base.en.zip")
@click.argument("name", metavar="NAME")
@click.option("--from", "source", type=click.Path(path_type=Path), metavar="FOLDER|ARCHIVE",
              help="Take it from a folder, .zip, .tar or .tar.gz on disk instead of the network.")  # fmt: skip
@click.option("--mirror", metavar="URL", help="Fetch it from this mirror of the hub.")
@click.option("--json", "as_json", is_flag=True, help="Print how far it is as lines of JSON, for programs.")
def get(name: str, *, source: Path | None, mirror: str | None, as_json: bool) -> None:
    """Fetch a speech model. Its size is told first; an interrupted one is taken up where it stopped."""
    from models.catalogue import BASIC, known_entry
    from models.local_copy import copy_model

    if source is not None and mirror is not None:
        raise ParameterError("Give either --from or --mirror, not both.")
    if name == BASIC:
        click.echo("Basic detection comes with Evenkeel, so there is nothing to fetch.", err=as_json)
        return
    if source is not None:
        with _bar(f"copying {name}", as_json=as_json) as progress:
            folder = copy_model(name, source, progress)
    else:
        name = known_entry(name).name
        already = _already_here(name)
        if already is not None:
            click.echo(f"{name} is here already: {already}", err=as_json)
            return
        folder = _fetched(name, mirror, as_json=as_json)
    click.echo(f"{name} is ready: {folder}", err=as_json)
    _tell_speed(name, folder, as_json=as_json)


def _already_here(name: str) -> Path | None:
    """The folder of a model that needs no fetching: whole, and as it was when it came."""
    from models.model_folder import damaged_files
    from models.store import find_model

    folder = find_model(name)
    return folder if folder is not None and not damaged_files(folder) else None


def _fetched(name: str, mirror: str | None, *, as_json: bool) -> Path:
    from models.catalogue import known_entry
    from models.download import fetch, list_remote

    entry = known_entry(name)
    listing = list_remote(entry, mirror)
    where = listing.endpoint or "the hub"
    size = f"{listing.size_bytes / 1e6:.1f} MB"
    click.echo(f"{name}: {size} from {where} ({entry.repository}, {entry.licence})", err=as_json)
    try:
        with _bar(f"fetching {name}", as_json=as_json) as progress:
            return fetch(listing, progress)
    except KeyboardInterrupt:
        again = f"evenkeel models get {name}" + (f" --mirror {mirror}" if mirror else "")
        click.echo(f"\nWhat came so far is kept. To go on: {again}", err=True)
        raise


def _tell_speed(name: str, folder: Path, *, as_json: bool) -> None:
    """Measure the new model once, as the advice of ``list`` rests on it."""
    from models.speed import PASS_LIMIT_S, measure

    try:
        speed = measure(name, folder)
    except EnvironmentProblem as problem:
        click.echo(str(problem), err=True)
        return
    verdict = "quick enough to be used live" if speed.keeps_up else f"over {PASS_LIMIT_S} s, so it suits recordings"
    click.echo(f"One pass over 10 s of speech takes {speed.pass_s:.2f} s here: {verdict}.", err=as_json)


@contextmanager
def _bar(what: str, *, as_json: bool) -> Iterator[Progress]:
    """Show bytes on standard error: a bar in a terminal, else a line for every tenth; or on standard output as JSON."""
    if as_json:
        yield _json_lines()
        return
    if not sys.stderr.isatty():
        yield _lines(what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(20), DownloadColumn(), TransferSpeedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Bar(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _json_lines() -> Progress:
    """A line for every percent."""
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        percent = 100 * done // max(1, total)
        if percent > told:
            told = percent
            click.echo(json.dumps({"done_bytes": done, "size_bytes": total}))

    return tell


def _lines(what: str) -> Progress:
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        tenth = LINES * done // max(1, total)
        if tenth > told:
            told = tenth
            click.echo(f"{what}: {100 * tenth // LINES} % of {total / 1e6:.1f} MB", err=True)

    return tell


@models.command(epilog="Example: evenkeel models verify base.en")
@click.argument("name", required=False, metavar="[NAME]")
@json_option
@click.pass_context
def verify(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Check one model, or all. Every file is held against its hash, then it is loaded. Exit code 1: damaged."""
    from models.catalogue import find_entry
    from models.model_folder import has_manifest
    from models.store import find_model, installed
    from models.store import verify as problems_of

    outcome = {each: problems_of(each) for each in ([name] if name else [model.name for model in installed()])}
    if as_json:
        rows = [{"name": each, "ok": not problems, "problems": problems} for each, problems in outcome.items()]
        print_json({"schema": "evenkeel.models.verify/1", "ok": not any(outcome.values()), "models": rows})
    for each, problems in outcome.items() if not as_json else ():
        folder = find_model(each)
        checked = "every file is as it came, and it loads" if folder and has_manifest(folder) else "it loads"
        click.echo(f"{each}: {'good, ' + checked + '.' if not problems else 'damaged. ' + ' '.join(problems)}")
        if problems and each != "pocketsphinx":
            source = "" if find_entry(each) else " --from FOLDER"
            click.echo(f"To mend it: evenkeel models get {each}{source}", err=True)
    ctx.exit(1 if any(outcome.values()) else 0)


@models.command(epilog="Example: evenkeel models remove large-v3")
@click.argument("name", metavar="NAME")
@click.option("--yes", is_flag=True, help="Delete without asking.")
def remove(name: str, yes: bool) -> None:
    """Delete a model. Only those in Evenkeel's own folder are ever touched."""
    from models.store import removable
    from models.store import remove as delete

    folder = removable(name)
    if not yes and not click.confirm(f"Delete {folder}?"):
        click.echo("It stays.")
        return
    click.echo(f"{folder.name} is deleted; {delete(name) / 1e6:.1f} MB are free again.")
