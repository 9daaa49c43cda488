"""Keeping in the store what ``analyze`` judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from monitor.assemble import AnalysisOptions
    from monitor.batch_work import Analyse
    from monitor.ports import Sink
    from monitor.result_types import CallResult
    from monitor.sinks.store import StoreSink
    from monitor.store.calls import Store


def storing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--store`` and what belongs to it."""
    for option in (
        click.option("--team", metavar="NAME", help="With --store: the agent's team."),
        click.option("--agent", metavar="NAME", help="With --store: whose calls these are; the user of this system."),
        click.option("--store-at", metavar="FILE|URL", help="Store calls there; see docs/store.md."),
        click.option("--store", is_flag=True, help="Keep calls in the store, to list, share and judge again."),
    ):
        command = option(command)
    return command


def analysing(place: str | None, agent: str | None, team: str | None, *, store: bool) -> Analyse:
    """What judges a recording, and keeps the call where that was asked for.

    Raises
    ------
    EnvironmentProblem
        The store cannot be used; better told before the first recording than after it.
    """
    from monitor.assemble import analyse

    if not store and place is None:
        return analyse
    from monitor.commands._store import opened, place_of

    opened(place, agent).close()
    return AnalyseAndStore(place_of(place), agent, team)


@dataclass(frozen=True, slots=True)
class AnalyseAndStore:
    """Does what ``assemble.analyse`` does, and keeps the call; its day is that of the file."""

    place: str | None = None
    agent: str | None = None
    team: str | None = None

    def __call__(
        self,
        path: Path,
        options: AnalysisOptions,
        *,
        sinks: Sequence[Sink] = (),
        progress: Callable[[float], None] | None = None,
    ) -> CallResult:
        """Judge and keep one recording."""
        from monitor.assemble import analyse
        from monitor.store.calls import open_store

        with open_store(self.place, who=self.agent) as store:
            sink = recording_sink(store, path, options, self.team)
            try:
                result = analyse(path, options, sinks=[*sinks, sink], progress=progress)
            except BaseException:
                sink.discard()
                raise
            sink.finish(result)
        return result

    def lacks(self, result: CallResult) -> bool:
        """Whether this call is not in the store, judged or heard under the same policy."""
        from monitor.store.calls import open_store

        with open_store(self.place, who=self.agent) as store:
            return not store.holds(result)


def recording_sink(store: Store, path: Path, options: AnalysisOptions, team: str | None) -> StoreSink:
    """What keeps the call of one recording."""
    from monitor.assemble import chosen_policy, engine_info
    from monitor.profile import read_profile
    from monitor.sinks.store import StoreSink
    from monitor.store.head import CallHead
    from monitor.types import RATE_HZ, SourceInfo

    # Channels, length and hash are known at the end, with the result.
    info = SourceInfo(path.name, 1, RATE_HZ)
    usual = None if options.profile is None else read_profile(options.profile)
    began = datetime.fromtimestamp(path.stat().st_mtime if path.exists() else 0.0, tz=UTC)
    sound = str(path.resolve())
    head = CallHead(info, engine_info(options), chosen_policy(options), store.who, began, team, usual, sound)
    return StoreSink(store.begin(head))
