"""The command line's frame: finds the command, and turns whatever goes wrong into one sentence and an exit code.

Commands are imported only when they are used, so ``evenkeel --help`` stays quick. To add one, write a click command in
``monitor/commands`` and name it in ``COMMANDS``. A command leaves by returning, by ``ctx.exit(code)`` or by raising an
error of ``monitor.errors``; it never prints a traceback.

Exit codes: 0 done, 1 some input failed, 2 wrong use, 3 this machine lacks something; 70 our own mistake (logged), 130
stopped by Ctrl-C, 141 the reader of our output went away.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from monitor.errors import BugError, EnvironmentProblem, InputProblem, MonitorError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DONE, INPUT_FAILED, WRONG_USE, MACHINE_LACKS, OUR_MISTAKE, STOPPED, READER_GONE = 0, 1, 2, 3, 70, 130, 141
KEPT_LOGS = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives (``module:attribute``) and its line in the overview."""

    where: str
    help: str


COMMANDS = {
    "demo": Entry("monitor.commands.demo:demo", "Play a bundled call and watch the light."),
    "live": Entry("monitor.commands.live:live", "Listen during calls and show one quiet light."),
    "call": Entry("monitor.commands.call:call", "Start, stop or name a call in the running program."),
    "analyze": Entry("monitor.commands.analyze:analyze", "Judge recordings and leave a result for each."),
    "replay": Entry("monitor.commands.replay:replay", "Hear a call on a time line and see why the light changed."),
    "report": Entry("monitor.commands.report:report", "Write one call as a page to keep, send or print."),
    "trends": Entry("monitor.commands.trends:trends", "Write a page of patterns over many calls."),
    "calls": Entry("monitor.commands.calls:calls", "List, share, export and delete stored calls."),
    "rejudge": Entry("monitor.commands.rejudge:rejudge", "Show what another policy would change in stored calls."),
    "selftest": Entry("monitor.commands.selftest:selftest", "Measure how well it hears on your own labelled calls."),
    "policy": Entry("monitor.commands.policy:policy", "Check, show, start or try a policy: what is listened for."),
    "models": Entry("monitor.commands.models:models", "List, fetch, check and delete speech models."),
    "devices": Entry("monitor.commands.devices:devices", "List the microphones that can be heard."),
    "doctor": Entry("monitor.commands.doctor:doctor", "Say what is missing on this machine and how to mend it."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used, and listed without being imported."""

    def __init__(self, *, entries: Mapping[str, Entry], **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table, which is the order of use."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command by its name; None when there is none."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.where.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise BugError(f"{entry.where} is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names, or say which one it may have meant."""
        name = args[0]
        if name not in self.entries and not name.startswith("-"):
            near = difflib.get_close_matches(name, self.entries, n=1)
            meant = f'Did you mean "{near[0]}"?' if near else f"There are: {', '.join(self.entries)}."
            ctx.fail(f'There is no command "{name}". {meant}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.entries.items()])


def _print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"evenkeel {version()}")
        ctx.exit()


evenkeel = LazyGroup(
    name="evenkeel",
    entries=COMMANDS,
    help="A calm voice on difficult calls: measures how an agent speaks and shows one quiet light.",
    epilog="Example: evenkeel analyze call.wav   (evenkeel COMMAND --help tells more)",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        click.Option(
            ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
            help="Show the version and leave.",
        )
    ],
)  # fmt: skip


def version() -> str:
    """The installed version."""
    from importlib import metadata

    try:
        return metadata.version("evenkeel")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``evenkeel`` and return its exit code; with no arguments given, those of the process."""
    _settle_streams()
    try:
        answer = _run(list(sys.argv[1:] if arguments is None else arguments))
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt, SystemExit) as stop:
        if os.environ.get("EVENKEEL_DEBUG") and isinstance(stop, Exception) and not isinstance(stop, click.Abort):
            raise
        return _explained(stop)
    return answer


def _run(arguments: list[str]) -> int:
    """Find and run the command. click's own ``main`` would answer a closed pipe with an exit code that means more."""
    if "_EVENKEEL_COMPLETE" in os.environ:
        evenkeel.main(arguments, prog_name="evenkeel")  # the shell asks for completions
    try:
        with evenkeel.make_context("evenkeel", arguments) as context:
            answer = evenkeel.invoke(context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    return answer if isinstance(answer, int) else DONE


def _settle_streams() -> None:
    """Let no odd character and no library's warning get between the user and the text."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    if not sys.warnoptions and not os.environ.get("EVENKEEL_DEBUG"):
        warnings.simplefilter("ignore")


def _explained(stop: BaseException) -> int:
    """Tell the user what happened and return the exit code."""
    if isinstance(stop, SystemExit):
        return _code_of(stop)
    if isinstance(stop, BrokenPipeError):
        return _reader_gone()
    if isinstance(stop, (KeyboardInterrupt, click.Abort)):
        # A new line, because the terminal has just written ^C.
        return _tell("\nStopped." if sys.stderr is not None and sys.stderr.isatty() else "Stopped.", STOPPED)
    if isinstance(stop, click.ClickException):
        return _explained_use(stop)
    if isinstance(stop, MonitorError) and not isinstance(stop, BugError):
        return _tell(str(stop), _code_of_error(stop))
    return _explained_unexpected(stop)


def _code_of(stop: SystemExit) -> int:
    if isinstance(stop.code, str):
        return _tell(stop.code, INPUT_FAILED)
    return stop.code or DONE


def _code_of_error(error: MonitorError) -> int:
    if isinstance(error, ParameterError):
        return WRONG_USE
    if isinstance(error, EnvironmentProblem) and not isinstance(error, InputProblem):
        return MACHINE_LACKS
    return INPUT_FAILED


def _explained_use(error: click.ClickException) -> int:
    """One sentence for a wrong call, with the way to the help; a bare group shows its help."""
    text = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None and text == context.get_help():
        return _tell(text, WRONG_USE)
    see = f" (See: {context.command_path} --help)" if context is not None else ""
    return _tell(text + see, error.exit_code)


def _explained_unexpected(error: BaseException) -> int:
    """Say what nobody foresaw, and where the traceback is."""
    if isinstance(error, MemoryError):
        return _tell("This machine ran out of memory; close other programs or use fewer --jobs.", MACHINE_LACKS)
    log = _write_log(error)
    where = f" Details: {log}" if log is not None else " EVENKEEL_DEBUG=1 shows more."
    if isinstance(error, ImportError):
        from monitor.commands._common import setup_command

        part = error.name or str(error)
        return _tell(f"A part of Evenkeel is missing: {part}. To mend it: {setup_command()}.{where}", MACHINE_LACKS)
    if isinstance(error, OSError):
        of = f" ({error.filename})" if error.filename else ""
        return _tell(f"The system refused: {error.strerror or error}{of}.{where}", MACHINE_LACKS)
    return _tell(f"Something went wrong inside Evenkeel ({type(error).__name__}); sorry.{where}", OUR_MISTAKE)


def _tell(text: str, code: int) -> int:
    with contextlib.suppress(OSError):  # nobody reads it; the exit code still tells
        click.echo(text, err=True)
    return code


def _reader_gone() -> int:
    """Leave quietly: what is still in the buffer goes nowhere instead of raising once more at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_GONE


def _write_log(error: BaseException) -> Path | None:
    """Keep the traceback of an unexpected error; None when that is impossible too."""
    import platform
    import time
    import traceback
    from pathlib import Path

    import platformdirs

    folder = Path(platformdirs.user_log_dir("evenkeel", appauthor=False))
    head = f"evenkeel {version()}, Python {platform.python_version()}, {platform.platform()}\n{sys.argv}\n\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / f"error-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
        log.write_text(head + "".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
        for old in sorted(folder.glob("error-*.log"))[:-KEPT_LOGS]:
            old.unlink()
    except OSError:
        return None
    return log
