"""What somebody sees who waits for a batch, on standard error: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from monitor.batch_work import Job, Outcome
from monitor.recordings import shown_path
from monitor.sources.names import shown_name

if TYPE_CHECKING:
    from pathlib import Path

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from monitor.batch import Progress, Totals, View

_LINE_EVERY_S = 10.0  # without a terminal, for logs


class QuietView:
    """Shows nothing."""

    def show(self, progress: Progress) -> None:
        """Show nothing."""

    def tell(self, job: Job, outcome: Outcome) -> None:
        """Say nothing; what failed is told at the end."""


class LineView(QuietView):
    """Writes a line every ten seconds."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._next_s = _LINE_EVERY_S

    def show(self, progress: Progress) -> None:
        """Write the line when it is time."""
        if progress.elapsed_s >= self._next_s:
            self._next_s = progress.elapsed_s + _LINE_EVERY_S
            self._write(progress_text(progress))


class BarView(QuietView):
    """Draws one bar, which fills with the time that has passed of the time that it takes."""

    def __init__(self, bar: Bar, task: TaskID) -> None:
        self._bar = bar
        self._task = task

    def show(self, progress: Progress) -> None:
        """Draw the bar; rich limits how often."""
        done = 0.0
        if progress.left_s is not None and progress.elapsed_s > 0:
            done = progress.elapsed_s / (progress.elapsed_s + progress.left_s)
        self._bar.update(self._task, completed=done, description=progress_text(progress))


@contextmanager
def waiting_view(*, quiet: bool, stream: TextIO | None = None) -> Iterator[View]:
    """Choose the view that suits where standard error goes, and clear it away at the end."""
    stream = stream or sys.stderr
    if quiet:
        yield QuietView()
    elif not stream.isatty():
        yield LineView(lambda line: print(line, file=stream, flush=True))
    else:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        one_line = Column(no_wrap=True, overflow="ellipsis")
        columns = (BarColumn(16), TextColumn("{task.description}", markup=False, table_column=one_line))
        with Progress(*columns, console=Console(file=stream), transient=True, refresh_per_second=5) as bar:
            yield BarView(bar, bar.add_task("reading", total=1.0))


def progress_text(progress: Progress) -> str:
    """Put progress into words, such as ``3 of 10 recordings, 4 min left, 120 x real time``."""
    parts = [] if progress.of == 1 else [f"{progress.files} of {progress.of} recordings"]
    if progress.left_s is not None:
        parts.append(f"{duration_text(progress.left_s)} left")
    if progress.audio_s > 0:
        parts.append(speed_text(progress.speed))
        parts.append(f"{duration_text(progress.audio_s)} of audio")
    return ", ".join(parts) or "reading"


def speed_text(speed: float) -> str:
    """Put a speed into words."""
    return f"{speed:,.0f} x real time" if speed >= 10 else f"{speed:.1f} x real time"


def duration_text(seconds: float) -> str:
    """Put a duration into words of two units at most."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def summary_lines(totals: Totals, skipped: int, out: Path) -> list[str]:
    """Say at the end what was done, what was not, and why."""
    lines = []
    if totals.done:
        speed = totals.audio_s / totals.elapsed_s if totals.elapsed_s else 0.0
        lines.append(
            f"{_count(totals.done, 'recording')} analysed ({duration_text(totals.audio_s)} of audio, "
            f"{speed_text(speed)}); results are in {shown_path(out)}."
        )
    lines += [f"{count} of them again: {why}." for why, count in totals.redone.most_common()]
    if totals.kept:
        lines.append(f"{totals.kept:,} already done; --force repeats them.")
    if skipped:
        lines.append(f"{_count(skipped, 'other file')} skipped.")
    return lines + failure_lines(totals)


def failure_lines(totals: Totals) -> list[str]:
    """Name what could not be analysed and why."""
    if not totals.failed:
        return []
    lines = [f"{_count(len(totals.failed), 'recording')} could not be analysed:"]
    for path, why in sorted(totals.failed):
        name = shown_name(path)
        # most reasons begin with the file's name, which then need not stand there twice
        rest = why.removeprefix(name) if why.startswith(name) else f": {why}"
        lines.append(f"  {shown_path(path)}{rest}")
    return lines


def kept_text(jobs: Iterable[Job]) -> str:
    """Say what is left when a batch is stopped on the way; the disk knows also what ended a moment before."""
    count = sum(job.file("json").exists() for job in jobs)
    return f"{_count(count, 'finished result')} {'is' if count == 1 else 'are'} kept."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
