"""``evenkeel demo``: a bundled call goes through the engine, and the view shows what an agent would see."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event as Signal
from typing import TYPE_CHECKING

import click

from monitor.demo import CALL_PATH, TITLE, checklist_ids, read_truth, script_line
from monitor.errors import EnvironmentProblem
from monitor.events import Event

if TYPE_CHECKING:
    from types import FrameType

    from monitor.assemble import AnalysisOptions
    from monitor.live.events import LiveEvent
    from monitor.ports import Sink, Source
    from monitor.result_types import CallResult
    from monitor.types import FloatArray, SourceInfo


class StoppableSource:
    """A source that ends early once ``stop`` is set, as if the recording were shorter: what was measured is kept."""

    def __init__(self, source: Source, stop: Signal) -> None:
        self._source = source
        self._stop = stop

    @property
    def info(self) -> SourceInfo:
        """What is known of the whole source."""
        return self._source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences of the source within, where it has any."""
        return tuple(getattr(self._source, "warnings", ()))

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (channels, samples), until stopped."""
        for y in self._source.blocks():
            yield y
            if self._stop.is_set():
                return


@click.command(epilog="Example: evenkeel demo --fast")
@click.option(
    "--view",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "window", "terminal"]),
    help="Where to show it: a light on the screen where there is one, or the terminal.",
)
@click.option("--fast", is_flag=True, help="Do not wait for real time; print lines.")
@click.option("--json", "as_json", is_flag=True, help="Print only the result, as JSON.")
@click.option(
    "--recogniser",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", "whisper", "pocketsphinx", "none"]),
    help="What listens for words.",
)
def demo(*, view: str, fast: bool, as_json: bool, recogniser: str) -> None:
    """Play a bundled call and show what an agent would see.

    The agent begins calmly, rises, says two phrases that do not help, and comes back. No microphone is opened, and
    nothing is downloaded.
    """
    from monitor.assemble import AnalysisOptions

    if not CALL_PATH.exists():
        raise EnvironmentProblem("The bundled call is missing; install Evenkeel again.")
    options = AnalysisOptions(recogniser=recogniser)
    if as_json:
        click.echo(json.dumps(_analyse(options, ()).to_dict(), indent=2))
        return
    result, stopped = _choose_view(view, fast=fast)(options)
    _say_goodbye(result, stopped=stopped)


def _choose_view(view: str, *, fast: bool) -> Callable[[AnalysisOptions], tuple[CallResult, bool]]:
    """The view that was asked for, or the one that fits this machine."""
    from monitor.terminal import can_animate

    if view == "window" and not fast:
        return _in_window
    in_text = _in_terminal if not fast and can_animate(sys.stdout) else _in_lines
    if view == "auto" and not fast and _window_is_possible():
        return partial(_in_window_or, in_text)
    return in_text


def _window_is_possible() -> bool:
    """A first look that costs nothing: a person at a terminal, and a display."""
    from ui.display import has_display

    return sys.stdout.isatty() and has_display()


def _in_window_or(
    in_text: Callable[[AnalysisOptions], tuple[CallResult, bool]], options: AnalysisOptions
) -> tuple[CallResult, bool]:
    """In a window; where it turns out that none can be opened, say why and use the terminal."""
    from ui.display import prepare_display

    try:
        server = prepare_display()
    except EnvironmentProblem as problem:
        click.echo(str(problem), err=True)
        return in_text(options)
    if server is not None:
        server.close()
    return _in_window(options)


def _in_window(options: AnalysisOptions) -> tuple[CallResult, bool]:
    """In real time: the light on the screen, with its card open and the script in it, for the call makes no sound."""
    from monitor.commands.demo_window import DemoSession
    from monitor.settings import Settings
    from ui.app import run_demo
    from ui.live_window import DemoScript

    click.echo("The light is on your screen; point at it, drag it, or click it. Ctrl-C ends.")
    truth, stop = read_truth(), Signal()
    sessions: list[DemoSession] = []

    def make(_settings: Settings, listener: Callable[[LiveEvent], None]) -> DemoSession:
        sessions.append(DemoSession(lambda sink: _analyse(options, [sink], stop, paced=True), stop, listener))
        return sessions[0]

    run_demo(Settings(), session_factory=make, script=DemoScript(partial(script_line, truth)))
    problem = sessions[0].problem if sessions else None
    if problem is not None:
        raise problem
    if not sessions or sessions[0].result is None:
        raise KeyboardInterrupt  # the agent quit before the call had begun
    return sessions[0].result, sessions[0].stopped


def _in_lines(options: AnalysisOptions) -> tuple[CallResult, bool]:
    """Without pacing: one line per change, as it happens."""
    stop = Signal()
    printer = _Printer(stop)
    with _stopping_at_ctrl_c(stop):
        result = _analyse(options, [printer], stop)
    if printer.problem is not None:
        raise printer.problem
    return result, stop.is_set()


class _Printer:
    """A sink that prints; when nobody reads any more, or the disk behind standard output is full, it ends the call."""

    def __init__(self, stop: Signal) -> None:
        from monitor.call_view import EventLines

        self._lines = EventLines()
        self._stop = stop
        self.problem: OSError | None = None

    def take(self, event: Event) -> None:
        from monitor.terminal import print_lines

        line = self._lines.line(event)
        if line is None or self.problem is not None:
            return
        try:
            print_lines([line], sys.stdout)
        except OSError as problem:
            self.problem = problem
            self._stop.set()


def _in_terminal(options: AnalysisOptions) -> tuple[CallResult, bool]:
    """In real time: the engine works in its own thread, this one draws."""
    from monitor.call_view import CallView
    from monitor.terminal import show_until

    truth = read_truth()
    view = CallView(truth["duration_s"], items=checklist_ids(options.policy))

    stop = Signal()
    with _stopping_at_ctrl_c(stop), ThreadPoolExecutor(1, "engine") as pool:
        working = pool.submit(_analyse, options, [view], stop, paced=True)
        try:
            caption = partial(script_line, truth)
            show_until(working.done, view.picture, title=TITLE, caption=caption, stop=stop.set)
            stopped = stop.is_set()
        finally:
            stop.set()  # whatever ended the view, the engine must not play on
        return working.result(), stopped


def _analyse(
    options: AnalysisOptions, sinks: Sequence[Sink], stop: Signal | None = None, *, paced: bool = False
) -> CallResult:
    from monitor.assemble import analyse_source
    from monitor.sources.file import open_recording

    source: Source = open_recording(CALL_PATH, pace=paced)
    if stop is not None:
        source = StoppableSource(source, stop)
    return analyse_source(source, options, sinks=sinks)


@contextmanager
def _stopping_at_ctrl_c(stop: Signal) -> Iterator[None]:
    """The first Ctrl-C ends the call and keeps what was measured; the second one ends the program."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _say_goodbye(result: CallResult, *, stopped: bool) -> None:
    from monitor.call_summary import summary_lines
    from monitor.terminal import print_lines

    lines = ["", *(["Stopped early; this is the call so far.", ""] if stopped else []), *summary_lines(result)]
    print_lines(lines, sys.stdout)
