"""``evenkeel trends``: patterns over many calls, by period and team, never by person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.commands._common import print_json
from monitor.commands._store import opened, store_option, who_option
from monitor.errors import InputProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.report.archive import Archive
    from monitor.report.trends import DatedCall


@click.command(epilog="Example: evenkeel trends results --by month --out november.html")
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="[FOLDER]", required=False
)
@click.option(
    "--by", type=click.Choice(["day", "week", "month"]), default="week", show_default=True, help="How long a period is."
)
@click.option("--teams", is_flag=True, help="By team: the first folder below FOLDER, or that of stored calls.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("trends.html"),
    show_default=True,
    metavar="FILE",
    help="Where the page goes.",
)
@click.option("--policy", metavar="F", help="Policy file or built-in policy whose titles are shown.")
@store_option
@who_option
@click.option("--quiet", is_flag=True, help="Say only what could not be read.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON instead, for programs.")
def trends(
    *,
    folder: Path | None,
    by: str,
    teams: bool,
    out: Path,
    policy: str | None,
    place: str | None,
    who: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write a page of patterns over the results in a folder, as analyze leaves them, or over the stored calls.

    The day of a result is taken from its file's name or folder (2026-11-05 or 20261105), else from the time of its
    file. A period or team of fewer than three calls is left out. Of stored calls those count that you may see, and
    their agents can see that they were counted.
    """
    from monitor.policy.load import load_policy
    from monitor.recordings import shown_path
    from monitor.report.page import write_page
    from monitor.report.trends import Period, trends_dict
    from monitor.report.trends import trends as add_up
    from monitor.report.trends_page import trends_page

    loaded = load_policy(policy)
    archive = None
    if folder is None:
        found = add_up(_stored_calls(place, who, teams=teams), Period(by))
        title = "Stored calls"
    else:
        from monitor.report.archive import Archive

        archive = Archive(folder, teams=teams)
        found = add_up(archive.calls(), Period(by))
        title = folder.resolve().name or "Calls"
    problems = [] if archive is None else sorted(archive.problems)
    for path, why in problems:
        click.echo(f"{shown_path(path)}: {why}", err=True)
    if not found.whole.calls:
        raise _too_few(by, "the store" if folder is None else shown_path(folder))
    if as_json:
        print_json(trends_dict(found))
    else:
        write_page(trends_page(found, title=title, notes=_notes(archive), policy=loaded), out)
    if not (quiet or as_json):
        click.echo(f"The page is {shown_path(out)}.", err=True)
    if problems:
        raise SystemExit(1)


def _too_few(by: str, where: str) -> InputProblem:
    from monitor.report.trends import LEAST_CALLS

    return InputProblem(
        f"There is no {by} with at least {LEAST_CALLS} results in {where}, and fewer would tell of one person: analyse "
        "more calls into it, or choose a longer period with --by."
    )


def _stored_calls(place: str | None, who: str | None, *, teams: bool) -> Iterator[DatedCall]:
    """The stored calls that this person may see and that have a result, one in memory at a time."""
    from datetime import UTC, datetime

    from monitor.report.trends import DatedCall

    with opened(place, who) as store:
        for listed in store.listed():
            result = store.open(listed.id, "trends").result if listed.ended else None
            if result is not None:
                day = datetime.fromtimestamp(listed.began_ms / 1000, UTC).astimezone().date()
                yield DatedCall(result, day, listed.team if teams else None)


def _notes(archive: Archive | None) -> list[str]:
    if archive is None:
        return ["Of the stored calls those are counted that whoever made this page may see."]
    notes = []
    if archive.days_from["file times"]:
        notes.append(
            f"The days of {archive.days_from['file times']} calls are those of their results' files, as neither name "
            "nor folder told one."
        )
    if archive.problems:
        notes.append(f"{len(archive.problems)} results could not be read.")
    return notes
