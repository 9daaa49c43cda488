"""``evenkeel policy``: checks, shows, starts and tries policies."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import click

from monitor.commands.policy_suggest import suggest
from monitor.errors import EnvironmentProblem, ParameterError

WIDEST = 100


@click.group(epilog="Example: evenkeel policy check my-team.toml")
def policy() -> None:
    """Check, show, start and try policies: what is listened for, and what to say instead."""


@policy.command(epilog="Example: evenkeel policy check my-team.toml")
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON, for programs.")
def check(file: str, *, as_json: bool) -> None:
    """Check a policy file and list every problem with its line.

    The exit code is 0 for a good file and 2 for one with problems.
    """
    from monitor.policy.advice import advice
    from monitor.policy.load import load_policy
    from monitor.policy.page import counts
    from monitor.policy.problems import PolicyError

    try:
        loaded = load_policy(file)
    except PolicyError as error:
        problems = [{"file": p.file, "line": p.line, "text": p.text} for p in error.problems]
        if as_json:
            _print_json({"ok": False, "problems": problems})
        else:
            click.echo(str(error), err=True)
            click.echo("1 problem." if len(problems) == 1 else f"{len(problems)} problems.", err=True)
        raise SystemExit(2) from None
    hints, numbers = advice(loaded), counts(loaded)
    if as_json:
        _print_json({"ok": True, "policy": loaded.fingerprint, "counts": numbers, "advice": hints, "problems": []})
        return
    click.echo(f"{file} is good: {loaded.fingerprint}")
    click.echo(
        f"{_many(numbers['behaviours'], 'behaviour')}, {_many(numbers['phrases'], 'phrase')}, "
        f"{_many(numbers['weak_phrases'], 'hint')}, {_many(numbers['checklist'], 'checklist item')}."
    )
    for hint in hints:
        click.echo(f"Advice: {hint}")


@policy.command(epilog="Example: evenkeel policy show upset-customer-en")
@click.argument("name", required=False, metavar="[NAME|FILE]")
@click.option("--json", "as_json", is_flag=True, help="Print the whole policy as JSON, for programs.")
def show(name: str | None, *, as_json: bool) -> None:
    """Show a policy: behaviours, wordings, what to say instead, checklist and limits.

    Without NAME or FILE the built-in policy is shown.
    """
    from monitor.policy.load import load_policy
    from monitor.policy.page import page

    loaded = load_policy(name)
    if as_json:
        _print_json({"policy": loaded.fingerprint, **loaded.model_dump(mode="json", by_alias=True)})
    else:
        click.echo(page(loaded, min(WIDEST, shutil.get_terminal_size().columns)))


@policy.command(epilog="Example: evenkeel policy new my-team.toml")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--name", help="The policy's name; the file's name unless given.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def new(file: Path, *, name: str | None, force: bool) -> None:
    """Start a policy of your own that adds to the built-in one."""
    from monitor.policy.template import new_policy

    if file.is_dir():
        raise ParameterError(f'"{file}" is a folder; give the name of a file in it, such as {file / "my-team.toml"}.')
    if file.exists() and not force:
        raise ParameterError(f'"{file}" is there already; choose another name, or add --force to replace it.')
    name = name if name is not None else re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-._") or "my-policy"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise ParameterError("The name may have letters a-z, digits, '.', '_' and '-' only, such as my-team.")
    try:
        file.write_text(new_policy(name, file.name), encoding="utf-8")
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise EnvironmentProblem(
            f'"{file}" cannot be written: {reason}. Choose a folder that you may write to.'
        ) from None
    click.echo(f"Wrote {file}. Change it, then run: evenkeel policy check {file}")


@policy.command(name="try", epilog='Example: evenkeel policy try "You told me to calm down. Calm down yourself!"')
@click.argument("text", nargs=-1, required=True, metavar="TEXT|RECORDING")
@click.option("--policy", "name", metavar="F", help="Policy file or name; the built-in one unless given.")
@click.option(
    "--recogniser", type=click.Choice(["auto", "whisper", "pocketsphinx"]), help="What listens to a recording."
)
@click.option("--model", metavar="NAME|FOLDER", help="Which Whisper model listens; see: evenkeel models list.")
@click.option("--agent-channel", type=click.IntRange(min=0), help="The agent's channel of a recording; 0 unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print the matches as JSON, for programs.")
def try_(
    text: tuple[str, ...],
    *,
    name: str | None,
    recogniser: str | None,
    model: str | None,
    agent_channel: int | None,
    as_json: bool,
) -> None:
    """Show what a policy would flag in a text or a recording, and why or why not.

    A recording is heard as in a call: what was made out with its times, what would light and how sure that is.
    """
    from monitor.commands._try import recording_in, try_recording, try_text

    path = recording_in(text)
    if path is None:
        given = {"--recogniser": recogniser, "--model": model, "--agent-channel": agent_channel}
        for option, value in given.items():
            if value is not None:
                raise ParameterError(f"{option} is for a recording, and this is a text; give the name of a recording.")
        try_text(name, " ".join(text), as_json=as_json)
        return
    from monitor.assemble import AnalysisOptions

    options = AnalysisOptions(
        policy=name, recogniser=recogniser or "auto", model=model, agent_channel=agent_channel or 0
    )
    try_recording(path, options, as_json=as_json)


policy.add_command(suggest)


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _print_json(content: dict[str, Any]) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=True))
