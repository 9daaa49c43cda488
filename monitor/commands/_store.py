"""What the commands about stored calls share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from monitor.errors import ParameterError

if TYPE_CHECKING:
    from monitor.store.calls import Store

store_option = click.option(
    "--store", "place", metavar="FILE|URL", help="Another store than the one in the settings; see docs/store.md."
)


def who_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--as``: whose calls."""
    return click.option("--as", "who", metavar="NAME", help="Act as this person; the user of the system otherwise.")(
        command
    )


def place_of(place: str | None) -> str | None:
    """The store that was asked for, else that of the settings; None is the usual one."""
    if place is not None:
        return place
    from monitor.settings_file import default_settings_path, read_settings

    return read_settings(default_settings_path())[0].store


def opened(place: str | None, who: str | None) -> Store:
    """The store that was asked for; the usual one with the live calls that wait to be taken in."""
    from monitor.private import data_folder
    from monitor.store.calls import open_store
    from monitor.store.journal import waiting

    store = open_store(place_of(place), who=who)
    if place is None and waiting(data_folder()):
        from monitor.store.absorb import absorb_all

        for problem in absorb_all(store, data_folder()).problems:
            click.echo(problem, err=True)
    return store


def absorbed(order: str) -> list[str]:
    """Do what ``monitor.live.keeping`` asks of its other process; a sentence for each call that must wait."""
    import json
    from pathlib import Path

    from monitor.store.absorb import absorb_all
    from monitor.store.calls import open_store

    asked = json.loads(order)
    with open_store(asked["store"], wait_s=60.0) as store:
        problems = list(absorb_all(store, Path(asked["folder"])).problems)
        if asked["keep_days"] is not None:
            store.purge(datetime.now(tz=UTC) - timedelta(days=asked["keep_days"]), own_live=True)
    return problems


def day(text: str | None) -> datetime | None:
    """The moment that ``2026-11-01`` or ``30d`` (so many days ago) means.

    Raises
    ------
    ParameterError
        It is neither.
    """
    if text is None:
        return None
    if text.endswith("d") and text[:-1].isdigit() and int(text[:-1]) < 100_000:
        return datetime.now(tz=UTC) - timedelta(days=int(text[:-1]))
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(f'"{text}" is no day: write it like 2026-11-01, or 30d for thirty days ago.') from error
    return found if found.tzinfo else found.astimezone()


def clock_text(made_ms: int) -> str:
    """A moment as people write it here."""
    return datetime.fromtimestamp(made_ms / 1000, tz=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
