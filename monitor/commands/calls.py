"""``evenkeel calls``: what the store knows of calls, and what is to be kept of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.commands._common import json_option, print_json
from monitor.commands._store import clock_text, day, opened, store_option, who_option
from monitor.errors import ParameterError

if TYPE_CHECKING:
    from monitor.store.calls import Listed, StoredCall

_WIDEST_NAME = 32
_NEAR_S, _FLAG_NEAR_S = 1.0, 10.0  # a moment given by hand; a flag lights for some seconds after its words


@click.group(epilog="Example: evenkeel calls list --since 7d")
def calls() -> None:
    """List, show, share, export and delete stored calls. A call is seen by its agent alone, unless it is shared."""


@calls.command("list", epilog="Example: evenkeel calls list --since 7d")
@click.option("--since", metavar="DAY", help="From this day on: 2026-11-01, or 7d for a week ago.")
@click.option("--until", metavar="DAY", help="Before this day.")
@click.option("--agent", metavar="NAME", help="Only this agent's calls.")
@click.option("--most", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the newest first.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@json_option
@store_option
@who_option
def list_(
    *, since: str | None, until: str | None, agent: str | None, most: int, everything: bool, as_json: bool,
    place: str | None, who: str | None,
) -> None:  # fmt: skip
    """List calls, the newest first."""
    with opened(place, who) as store:
        found = store.listed(agent=agent, since=day(since), until=day(until), most=None if everything else most)
        of = len(found) if everything or len(found) < most else store.count()
    if as_json:
        print_json([_listed_dict(call) for call in found])
        return
    if not found:
        click.echo("No calls are stored that you may see. To store one: evenkeel analyze call.wav --store")
        click.echo("Live calls are stored where the settings say keep_calls = true, or the policy does.")
        return
    click.echo(f"{'CALL':>6}  {'BEGAN':16}  {'LENGTH':>7}  {'AMBER':>6}  {'RED':>5}  FLAGS  NAME")
    click.echo("\n".join(map(_line, found)))
    if of > len(found):
        click.echo(f"{len(found)} of {of}; --all lists all of them.", err=True)


@calls.command(epilog="Example: evenkeel calls show 17")
@click.argument("call", type=int)
@click.option("--shown", is_flag=True, help="As it was shown during the call, where it was judged again since.")
@json_option
@store_option
@who_option
def show(*, call: int, shown: bool, as_json: bool, place: str | None, who: str | None) -> None:
    """Show one call: lights, flags, checklist, comments and disputes."""
    with opened(place, who) as store:
        found = store.open(call, "show")
    result = found.shown if shown else found.result
    if as_json:
        print_json(_call_dict(found) | {"result": None if result is None else result.to_dict()})
        return
    listed = found.listed
    shared = "shared with the team" if listed.shared else "seen by its agent alone"
    click.echo(_plain(f"Call {listed.id}: {listed.name}, {clock_text(listed.began_ms)}, {listed.agent}, {shared}"))
    if result is None:
        click.echo("The program was stopped in this call; what was judged until then is kept.")
    else:
        from monitor.call_summary import summary_lines

        click.echo("\n".join(summary_lines(result)))
    for remark in found.remarks:
        what = f"disputes {remark.subject}" if remark.subject else "says"
        at = "" if remark.at_s is None else f" at {remark.at_s:.1f} s"
        note = f" ({remark.note})" if remark.note else ""
        click.echo(_plain(f"{remark.who} {what}{at}: {remark.text}{note}"))


@calls.command(epilog="Example: evenkeel calls share 17")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="CALL...")
@click.option("--undo", is_flag=True, help="Let the team no longer see them.")
@store_option
@who_option
def share(*, numbers: tuple[int, ...], undo: bool, place: str | None, who: str | None) -> None:
    """Let the team see calls of your own; you can see who opens them: evenkeel calls visits."""
    with opened(place, who) as store:
        for number in numbers:
            store.share(number, shared=not undo)
    click.echo(f"{_many(len(numbers))} {'no longer shared' if undo else 'shared'}.")


@calls.command(epilog="Example: evenkeel calls visits")
@click.option("--most", type=click.IntRange(min=1), default=50, show_default=True, help="How many, the newest first.")
@json_option
@store_option
@who_option
def visits(*, most: int, as_json: bool, place: str | None, who: str | None) -> None:
    """List who did what with your calls."""
    with opened(place, who) as store:
        found = store.visits(most=most)
    if as_json:
        print_json([{"at": _iso(v.made_ms), "call": v.call_id, "who": v.who, "did": v.deed} for v in found])
        return
    for visit in found:
        click.echo(_plain(f"{clock_text(visit.made_ms)}  call {visit.call_id:>6}  {visit.deed:9}  {visit.who}"))
    if not found:
        click.echo("Nobody has opened a call of yours.")


@calls.command(epilog='Example: evenkeel calls dispute 17 voice.raised --at 64.5 "the door slammed"')
@click.argument("call", type=int)
@click.argument("subject", metavar="ID")
@click.argument("reason")
@click.option("--at", "at_s", type=click.FloatRange(min=0), required=True, metavar="S", help="Where, in seconds.")
@store_option
@who_option
def dispute(*, call: int, subject: str, reason: str, at_s: float, place: str | None, who: str | None) -> None:
    """Say that a flag or a light's reason was not right; `evenkeel policy suggest` learns from it."""
    with opened(place, who) as store:
        _insist_on(store.open(call, "dispute"), subject, at_s)
        store.dispute(call, subject, at_s, reason)
    click.echo(f"Noted: {subject} at {at_s:g} s in call {call}.")


@calls.command(epilog='Example: evenkeel calls comment 17 --at 64.5 "well solved"')
@click.argument("call", type=int)
@click.argument("text")
@click.option("--at", "at_s", type=click.FloatRange(min=0), metavar="S", help="Where, in seconds.")
@store_option
@who_option
def comment(*, call: int, text: str, at_s: float | None, place: str | None, who: str | None) -> None:
    """Remark on a call."""
    with opened(place, who) as store:
        if at_s is not None:
            _insist_on_time(store.open(call, "comment"), at_s)
        store.comment(call, text, at_s)
    click.echo(f"Noted on call {call}.")


@calls.command(epilog="Example: evenkeel calls delete 17 18")
@click.argument("numbers", type=int, nargs=-1, required=True, metavar="CALL...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
@who_option
def delete(*, numbers: tuple[int, ...], yes: bool, place: str | None, who: str | None) -> None:
    """Delete calls of your own, with everything that was measured."""
    with opened(place, who) as store:
        store.insist_on_own(sorted(set(numbers)))  # before a question that would come to nothing
        if not yes:
            click.confirm(f"Delete {_many(len(set(numbers)))} for good?", abort=True)
        gone = store.delete(sorted(set(numbers)))
    click.echo(f"{_many(gone)} deleted.")


@calls.command(epilog="Example: evenkeel calls purge --days 90")
@click.option("--days", type=click.IntRange(min=0), help="Keep calls so long; keep_days of the settings otherwise.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
@who_option
def purge(*, days: int | None, yes: bool, place: str | None, who: str | None) -> None:
    """Delete every call that is older than the time for which calls are kept, whoever's it is."""
    from datetime import timedelta

    from monitor.settings_file import default_settings_path, read_settings

    days = read_settings(default_settings_path())[0].keep_days if days is None else days
    if days is None:
        raise ParameterError("Calls are kept without end; say for how long: --days 90, or keep_days in the settings.")
    if not yes:
        click.confirm(f"Delete all calls that are older than {days} days for good?", abort=True)
    with opened(place, who) as store:
        gone = store.purge(datetime.now(tz=UTC) - timedelta(days=days))
    click.echo(f"{_many(gone)} deleted.")


@calls.command(epilog="Example: evenkeel calls export mine.zip")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@store_option
@who_option
def export(*, file: Path, place: str | None, who: str | None) -> None:
    """Write everything that is stored about you into one zip of JSON files: calls, measures, remarks, accesses."""
    from monitor.store.export import export_agent

    with opened(place, who) as store:
        count = export_agent(store, file)
    click.echo(f"{_many(count)} of {store.who} in {file}.")


@calls.command(hidden=True)
def absorb() -> None:
    """Take the live calls that are over into the store, as standard input says; for evenkeel live itself."""
    import os
    import sys

    from monitor.commands._store import absorbed

    if hasattr(os, "nice"):
        os.nice(10)  # nobody waits for it, and a call may be under way
    problems = absorbed(sys.stdin.read())
    if problems:
        click.echo("\n".join(problems), err=True)
        raise SystemExit(1)


def _insist_on(found: StoredCall, subject: str, at_s: float) -> None:
    """Refuse to dispute what was not there: nobody would ever learn from it."""
    _insist_on_time(found, at_s)
    results = [result for result in (found.result, found.shown) if result is not None]
    there = {reason.id for result in results for span in result.lights
             if span.start_s - _NEAR_S <= at_s <= span.end_s + _NEAR_S for reason in span.reasons}  # fmt: skip
    there |= {flag.id for result in results for flag in result.flags if abs(flag.start_s - at_s) <= _FLAG_NEAR_S}
    if results and subject not in there:
        known = f"there is {', '.join(sorted(there))}" if there else "there is nothing to dispute"
        raise ParameterError(f"At {at_s:g} s of call {found.listed.id} {known}; evenkeel calls show lists all of it.")


def _insist_on_time(found: StoredCall, at_s: float) -> None:
    if at_s > found.listed.duration_s:
        raise ParameterError(f"Call {found.listed.id} ends at {found.listed.duration_s:.1f} s.")


def _plain(text: str) -> str:
    """A line for a terminal, which would obey what other people's texts hold."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _many(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def _iso(made_ms: int) -> str:
    return datetime.fromtimestamp(made_ms / 1000, tz=UTC).isoformat(timespec="milliseconds")


def _line(call: Listed) -> str:
    minutes, seconds = divmod(round(call.duration_s), 60)
    name = _plain(call.name)
    name = name if len(name) <= _WIDEST_NAME else name[: _WIDEST_NAME - 1] + "…"
    marks = ("" if call.ended else " (not ended)") + (" (shared)" if call.shared else "")
    return (
        f"{call.id:>6}  {clock_text(call.began_ms)}  {minutes:>4}:{seconds:02d}  {call.amber_s:>4.0f} s  "
        f"{call.red_s:>3.0f} s  {call.flags:>5}  {name}{marks}"
    )


def _listed_dict(call: Listed) -> dict[str, Any]:
    return {**call._asdict(), "began": _iso(call.began_ms)}


def _call_dict(found: StoredCall) -> dict[str, Any]:
    remarks = [
        {"made": _iso(r.made_ms), "who": r.who, "subject": r.subject, "at_s": r.at_s, "text": r.text, "note": r.note}
        for r in found.remarks
    ]
    return {"call": _listed_dict(found.listed), "remarks": remarks}
