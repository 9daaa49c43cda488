"""What ``evenkeel analyze`` does with an output folder: once over what is there, or again and again as more comes."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from monitor.errors import EnvironmentProblem

if TYPE_CHECKING:
    from types import FrameType

    from monitor.assemble import AnalysisOptions
    from monitor.batch import Totals
    from monitor.batch_work import Analyse, Job
    from monitor.recordings import Listing
    from monitor.result_types import EngineInfo


@dataclass(frozen=True, slots=True)
class Order:
    """Where results go and how they are made and told; ``jobs`` is the number of processes, 0 for every core."""

    out: Path
    formats: tuple[str, ...]
    options: AnalysisOptions
    analyse: Analyse
    jobs: int = 1
    force: bool = False
    quiet: bool = False
    as_json: bool = False

    def todo(self, listing: Listing, engine: EngineInfo) -> list[Job]:
        """The recordings as jobs."""
        from monitor.batch_work import Job

        return [
            Job(r.path, self.out / r.target, r.size_bytes, self.formats, self.options, engine, self.force)
            for r in listing.recordings
        ]


def to_folder(order: Order, listing: Listing) -> None:
    """Judge what is listed, once, and leave with exit code 1 if anything failed."""
    from monitor.assemble import engine_info
    from monitor.batch import Totals
    from monitor.batch_view import kept_text
    from monitor.sinks.files import insist_on_folder

    engine = engine_info(order.options)
    insist_on_folder(order.out)
    todo = order.todo(listing, engine)
    totals = Totals(failed=list(listing.problems))
    try:
        with stoppable():
            _round(order, listing, todo, totals)
    except KeyboardInterrupt:
        click.echo(f"Stopped. {kept_text(todo)}", err=True)
        raise SystemExit(130) from None
    if totals.failed:
        raise SystemExit(1)


def watch_folder(order: Order, paths: Sequence[str], *, since_s: float | None = None, pause_s: float = 2.0) -> None:
    """Judge what is there and what comes, until stopped; leave with exit code 1 if anything failed on the way."""
    from monitor.assemble import engine_info
    from monitor.batch import Totals
    from monitor.batch_watch import Watch
    from monitor.recordings import shown_path
    from monitor.sinks.files import insist_on_folder

    engine = engine_info(order.options)
    insist_on_folder(order.out)
    done = failed = 0
    watch = Watch(paths, since_s=since_s, out=order.out, tell=partial(click.echo, err=True))
    try:
        with stoppable():
            if not (order.quiet or order.as_json):
                click.echo(f"Watching {', '.join(shown_path(Path(p)) for p in paths)}; Ctrl-C ends it.", err=True)
            while True:
                listing = watch.fresh()
                if listing is None:
                    time.sleep(pause_s)
                    continue
                totals = Totals()
                try:
                    _round(order, listing, order.todo(listing, engine), totals, apart=True)
                finally:  # also when stopped on the way
                    done, failed = done + totals.done, failed + len(totals.failed)
    except KeyboardInterrupt:
        if not (order.quiet or order.as_json):
            click.echo(f"Stopped watching; {done} {'recording' if done == 1 else 'recordings'} analysed.", err=True)
        raise SystemExit(1 if failed else 0) from None


def _round(order: Order, listing: Listing, todo: list[Job], totals: Totals, *, apart: bool = False) -> None:
    """Do the jobs and tell what they came to."""
    from monitor.batch import run
    from monitor.batch_view import failure_lines, kept_text, summary_lines, waiting_view

    try:
        with waiting_view(quiet=order.quiet) as view:
            run(todo, order.analyse, view, totals, workers=order.jobs, apart=apart)
    except EnvironmentProblem as error:
        raise EnvironmentProblem(f"{error} {kept_text(todo)}") from error
    if order.as_json:
        click.echo(json.dumps(_report(totals, listing, order.out), indent=None if apart else 1))
    brief = order.quiet or order.as_json
    lines = failure_lines(totals) if brief else summary_lines(totals, listing.skipped, order.out)
    for line in [*lines, *_trace_lines(totals)]:
        click.echo(line, err=True)


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
def stoppable() -> Iterator[None]:
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
