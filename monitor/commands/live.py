"""``evenkeel live``: the agent's desktop, with a window or as lines of JSON for other programs."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.errors import BugError, EnvironmentProblem, ParameterError

if TYPE_CHECKING:
    from types import FrameType

    from monitor.live.events import LiveEvent
    from monitor.live.session import LiveSession
    from monitor.policy.model import Policy
    from monitor.settings import Settings

_MOST_WAITING = 2_000  # lines that nobody read; after that, meters and measures are left out
_PAUSE_S = 0.1
_READ_S = 2.0  # a reader that takes nothing for so long, when the program is to end, takes nothing any more
_PIECE = 4096  # bytes: a pipe takes so many at once


@click.command(epilog="Example: evenkeel live --agent-device Headset")
@click.option("--agent-device", metavar="NAME", help="The agent's microphone; see: evenkeel devices.")
@click.option("--customer-device", metavar="NAME", help="What the agent hears, such as a monitor of the headset.")
@click.option("--policy", metavar="F", help="Policy file, or the name of a built-in policy.")
@click.option("--profile", metavar="NAME", help="Whose usual voice; it is kept under this name.")
@click.option(
    "--recogniser", type=click.Choice(["auto", "whisper", "pocketsphinx", "none"]), help="What listens for words."
)
@click.option("--model", metavar="NAME|FOLDER", help="Which Whisper model listens; see: evenkeel models list.")
@click.option("--calls", type=click.Choice(["manual", "automatic"]), help="What begins and ends a call.")
@click.option(
    "--settings",
    "settings_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="F",
    help="Another settings file than the usual one.",
)
@click.option("--headless", is_flag=True, help="No window: for servers and other programs, with --json.")
@click.option("--json", "as_json", is_flag=True, help="With --headless: print every event as a line of JSON.")
@click.option("--measures", is_flag=True, help="With --json: measures too, 10 lines a second.")
@click.pass_context
def live(
    ctx: click.Context,
    /,
    *,
    settings_path: Path | None,
    headless: bool,
    as_json: bool,
    measures: bool,
    **options: str | None,
) -> None:
    """Listen to the agent's microphone during calls and show one quiet light.

    What is not given here comes from the settings. Nothing is recorded unless the policy asks for it, and nothing
    leaves this machine. While it runs, "evenkeel call" starts and stops calls.
    """
    from monitor.memory import do_without_openssl, share_memory_among_threads

    do_without_openssl()
    share_memory_among_threads()
    from monitor.commands._log import logged
    from monitor.live.control import insist_on_none_running
    from monitor.settings_file import default_settings_path, read_settings

    if (as_json or measures) and not headless:
        raise ParameterError("--json and --measures go with --headless.")
    if measures and not as_json:
        raise ParameterError("--measures goes with --json.")
    path = settings_path or default_settings_path()
    settings, problems = read_settings(path)
    settings = _with_options(settings, options)
    if headless and settings_path is not None and not settings_path.exists():  # the window would write it
        problems = (f"There is no file {settings_path}; the usual settings are used.",)
    insist_on_none_running()
    for problem in problems:
        click.echo(problem, err=True)
    with logged():
        if headless:
            _check(settings)
            _run_headless(settings, _Printer(sys.stdout, measures=measures) if as_json else None)
            return
        if options["policy"] is not None:  # one in the settings that cannot be used is told by the window
            _check_policy(settings)
        from ui.app import run_live

        with _Sessions(problems) as sessions:  # nobody reads standard error of a program that starts with the desktop
            ctx.exit(run_live(settings, path, session_factory=sessions.make))


def _check_policy(settings: Settings) -> Policy:
    from monitor.policy.load import load_policy

    return load_policy(settings.policy)


def _with_options(settings: Settings, options: dict[str, str | None]) -> Settings:
    """The settings with what was given on the command line."""
    from pydantic import ValidationError

    given = {name: value for name, value in options.items() if value is not None}
    try:
        return type(settings)(**{**dict(settings), **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise ParameterError(f"--{str(first['loc'][0]).replace('_', '-')} {reason}.") from error


def _check(settings: Settings) -> None:
    """Refuse at once what cannot work; with a window it would be told there.

    Raises
    ------
    MonitorError
        Policy, recogniser or sound system is unusable.
    """
    from models.registry import choose
    from monitor.sources.microphone import load_sounddevice

    policy = _check_policy(settings)
    choose(settings.recogniser, (), policy.language, settings.model)
    load_sounddevice()


class _Sessions:
    """Makes the session, and the door through which other programs drive it; closes both at the end."""

    def __init__(self, problems: Sequence[str] = ()) -> None:
        self._problems = problems
        self._closers: list[Callable[[], None]] = []

    def make(self, settings: Settings, listener: Callable[[LiveEvent], None]) -> LiveSession:
        """A session, not started yet."""
        from monitor.events import Warned
        from monitor.live.control import ControlServer
        from monitor.live.session import LiveSession

        session = LiveSession(settings, listener=listener)
        if self._problems:
            listener(Warned(0.0, "settings", " ".join(self._problems)))
        self._closers.append(session.close)
        try:
            self._closers.insert(0, ControlServer(session).close)
        except EnvironmentProblem as problem:  # other programs have to do without it; the agent need not
            click.echo(str(problem), err=True)
        return session

    def __enter__(self) -> _Sessions:
        return self

    def __exit__(self, *_: object) -> None:
        for close in self._closers:
            close()


class _Printer:
    """Lines of JSON on standard output, written by a thread of its own, so that a slow reader holds nothing up."""

    def __init__(self, stream: Any, *, measures: bool) -> None:  # noqa: ANN401  a text stream
        from monitor.live.lines import Measures

        self.problem: OSError | None = None  # why nothing more can be written
        self._output = stream.fileno()  # past the stream itself, whose lock would keep the program from ending
        self._written = 0  # bytes
        self._measures = {channel: Measures() for channel in (0, 1)} if measures else {}
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="evenkeel-lines", daemon=True)
        self._thread.start()

    def take(self, event: LiveEvent) -> None:
        """Note one event, in the engine's thread."""
        from monitor.events import FramesMeasured
        from monitor.live.events import LevelsMeasured
        from monitor.live.lines import to_line

        if isinstance(event, LevelsMeasured | FramesMeasured) and self._lines.qsize() > _MOST_WAITING:
            return
        if isinstance(event, FramesMeasured):
            thinned = self._measures.get(event.channel)
            lines = [] if thinned is None else thinned.lines(event)
        else:
            lines = [to_line(event)]
        for line in lines:
            self._lines.put(line)

    def close(self) -> None:
        """Write what waits, for as long as somebody reads it."""
        self._lines.put(None)
        before = -1
        while self._thread.is_alive() and self._written > before:
            before = self._written
            self._thread.join(_READ_S)
        if self._thread.is_alive():
            self.problem = BrokenPipeError("nobody reads")

    def _work(self) -> None:
        try:
            while (line := self._lines.get()) is not None:
                data = f"{line}\n".encode()
                for at in range(0, len(data), _PIECE):
                    self._write(data[at : at + _PIECE])
        except OSError as problem:
            self.problem = problem

    def _write(self, data: bytes) -> None:
        while data:
            done = os.write(self._output, data)
            self._written += done
            data = data[done:]


def _run_headless(settings: Settings, printer: _Printer | None) -> None:
    """Until a signal asks to end; the result of a call under way comes last."""
    from monitor.events import Warned
    from monitor.live.events import CaptureChanged, CaptureState, SessionChanged, SessionState

    fine = (CaptureState.STARTING, CaptureState.HEARING, CaptureState.CLOSED)
    ended, failed = threading.Event(), threading.Event()

    def listen(event: LiveEvent) -> None:
        if printer is not None:
            printer.take(event)
        elif isinstance(event, CaptureChanged) and event.state not in fine:
            click.echo(event.text, err=True)
        if isinstance(event, SessionChanged) and event.state is SessionState.ENDED:
            ended.set()
        elif isinstance(event, Warned) and event.id == "session":
            failed.set()

    with _Sessions() as sessions, _stopping() as stop:
        session = sessions.make(settings, listen)
        session.start()
        while not (stop.wait(_PAUSE_S) or ended.is_set() or (printer is not None and printer.problem)):
            pass
        session.finish()
        if printer is not None:
            printer.close()
    if printer is not None and printer.problem is not None:
        raise printer.problem
    if failed.is_set():
        raise BugError("the session failed; its traceback was logged")


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Set at the first Ctrl-C or polite request to end; the second one ends at once."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    before = {n: signal.signal(n, handle) for n in wanted if signal.getsignal(n) is not signal.SIG_IGN}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
