"""``evenkeel policy suggest``: what disputes say about a policy's thresholds."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from monitor.commands._common import json_option, print_json
from monitor.commands._store import opened, store_option, who_option

if TYPE_CHECKING:
    from monitor.rejudge.suggest import Suggestion


@click.command(epilog="Example: evenkeel policy suggest my-team.toml")
@click.argument("name", required=False, metavar="[NAME|FILE]")
@json_option
@store_option
@who_option
def suggest(*, name: str | None, as_json: bool, place: str | None, who: str | None) -> None:
    """Suggest thresholds that would not have given what was disputed, with what else they would have cost.

    Every suggestion is tried on all stored calls that you may see; nothing is changed.
    """
    from monitor.policy.load import load_policy
    from monitor.rejudge.many import chosen_calls
    from monitor.rejudge.suggest import suggest as suggestions

    policy = load_policy(name)
    with opened(place, who) as store:
        found = suggestions(store, policy, chosen_calls(store, ()))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        click.echo("Nothing was disputed in the calls that you may see.")
    for each in found:
        click.echo("\n".join(_lines(each)))


def _lines(each: Suggestion) -> list[str]:
    head = f"{each.subject}: {each.disputed} disputed, {each.others} not."
    if each.toml is None:
        return [
            head,
            "  No allowed value would have helped; a phrase's contexts or the speaker's stored voice may.",
            "",
        ]
    lines = [head, f"  This would have removed {each.removed} of the disputed, and {each.lost} of the others:"]
    return [*lines, *(f"    {line}" for line in each.toml.splitlines()), ""]
