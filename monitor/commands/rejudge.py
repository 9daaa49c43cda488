"""``evenkeel rejudge``: what another policy would have shown in stored calls."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from monitor.commands._common import json_option, print_json
from monitor.commands._store import opened, place_of, store_option, who_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from monitor.rejudge.many import Change, Tally
    from monitor.store.calls import Store

_LISTED = 20
_APPLIED_AT_ONCE = 50


@click.command(epilog="Example: evenkeel rejudge --policy my-team.toml 17 18")
@click.argument("numbers", type=int, nargs=-1, metavar="[CALL...]")
@click.option("--policy", required=True, metavar="F", help="Policy file, or the name of a built-in policy.")
@click.option("--apply", "keep", is_flag=True, help="Keep the new lights and flags; what was shown stays beside them.")
@click.option("--jobs", type=click.IntRange(min=0), default=1, show_default=True, help="Processes; 0 for every core.")
@json_option
@store_option
@who_option
def rejudge(
    *, numbers: tuple[int, ...], policy: str, keep: bool, jobs: int, as_json: bool, place: str | None, who: str | None
) -> None:
    """Judge stored calls again under another policy, without audio: all that you may see, or those named.

    New phrases are found in the words that were heard then: what the recogniser did not listen for may be missing.
    """
    from monitor.policy.load import load_policy
    from monitor.rejudge.many import Tally, chosen_calls, cores, judge_many

    wanted = load_policy(policy)
    changes: list[Change] = []
    pending: list[Change] = []
    with opened(place, who) as store:
        chosen = chosen_calls(store, sorted(set(numbers)))
        found = judge_many(store, place_of(place), wanted, chosen, jobs=jobs or cores(), keep=keep)
        with _progress(found, len(chosen)) as running:
            for change in running:
                pending.append(change)
                if len(pending) >= _APPLIED_AT_ONCE or not keep:
                    changes += _settled(store, wanted, pending, keep=keep)
        changes += _settled(store, wanted, pending, keep=keep)
    before, after = Tally(), Tally()
    for change in changes:
        before.add(change.before)
        after.add(change.after)
    if as_json:
        print_json(_report(wanted.fingerprint, changes, before, after, applied=keep))
    else:
        click.echo("\n".join(_table(wanted.fingerprint, changes, before, after, applied=keep)))


def _progress(found: Iterator[Change], of: int) -> AbstractContextManager[Iterator[Change]]:
    """A bar for people who wait; nothing where nobody looks."""
    if not sys.stderr.isatty():
        return nullcontext(found)
    return click.progressbar(found, length=of, label="Judging", file=sys.stderr)


def _settled(store: Store, policy: Any, pending: list[Change], *, keep: bool) -> list[Change]:  # noqa: ANN401
    """Keep what is to be kept, and let the results themselves go."""
    from dataclasses import replace

    from monitor.rejudge.many import apply

    if keep and pending:
        apply(store, policy, pending)
    done = [replace(change, packed=None) for change in pending]
    pending.clear()
    return done


def _table(policy: str, changes: Sequence[Change], before: Tally, after: Tally, *, applied: bool) -> list[str]:
    differ = [change for change in changes if change.differs]
    hours = sum(change.duration_s for change in changes) / 3600
    lines = [f"{len(changes)} calls, {hours:.1f} h, under {policy}: {len(differ)} would change."]
    if applied:
        lines[0] = f"{len(changes)} calls, {hours:.1f} h, now judged by {policy}: {len(differ)} changed."
    lines += ["", f"{'':24}{'BEFORE':>10}{'AFTER':>10}"]
    for light in ("green", "amber", "red", "grey"):
        was, now = before.seconds[light], after.seconds[light]
        lines.append(f"{light + ', s':24}{was:>10.1f}{now:>10.1f}")
    for title, was_of, now_of in (("lights by", before.lights, after.lights), ("flags", before.flags, after.flags)):
        for name in sorted(set(was_of) | set(now_of)):
            lines.append(f"{title + ' ' + name:24}{was_of[name]:>10}{now_of[name]:>10}")
    if differ:
        lines += ["", f"{'CALL':>6}{'AMBER':>16}{'RED':>16}{'FLAGS':>12}"]
        differ.sort(key=lambda change: -sum(abs(v) for v in _moved(change)))
        lines += [_change_line(change) for change in differ[:_LISTED]]
        if len(differ) > _LISTED:
            lines.append(f"and {len(differ) - _LISTED} more; --json lists all of them.")
    return lines


def _moved(change: Change) -> list[float]:
    return [change.after.seconds[light] - change.before.seconds[light] for light in ("amber", "red")]


def _change_line(change: Change) -> str:
    was, now = change.before, change.after
    amber, red = (f"{was.seconds[name]:.1f} → {now.seconds[name]:.1f}" for name in ("amber", "red"))
    flags = f"{was.flags.total()} → {now.flags.total()}"
    return f"{change.call_id:>6}{amber:>16}{red:>16}{flags:>12}"


def _report(policy: str, changes: Sequence[Change], before: Tally, after: Tally, *, applied: bool) -> dict[str, Any]:
    return {
        "policy": policy,
        "applied": applied,
        "calls": len(changes),
        "duration_s": round(sum(change.duration_s for change in changes), 3),
        "before": _tally_dict(before),
        "after": _tally_dict(after),
        "changed": [
            {"call": change.call_id, "before": _tally_dict(change.before), "after": _tally_dict(change.after)}
            for change in changes
            if change.differs
        ],
    }


def _tally_dict(tally: Tally) -> dict[str, Any]:
    seconds = {name: round(value, 3) for name, value in sorted(tally.seconds.items())}
    return {
        "seconds": seconds,
        "lights": dict(sorted(tally.lights.items())),
        "flags": dict(sorted(tally.flags.items())),
    }
