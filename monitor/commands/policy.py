"""``evenkeel policy``: checks, shows, starts and tries policies."""

from __future__ import annotations

import json
import re
import shutil
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.errors import EnvironmentProblem, ParameterError
from monitor.policy.wording import word_set

if TYPE_CHECKING:
    from monitor.phrases.matcher import PhraseMatch
    from monitor.phrases.near import NearMiss

AUDIO_SUFFIXES = word_set(
    ".wav .flac .mp3 .m4a .aac .ogg .opus .oga .wma .mp4 .mkv .webm .mov .amr .aiff .aif .au .caf .gsm"
)
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
@click.argument("text", nargs=-1, required=True, metavar="TEXT")
@click.option("--policy", "name", metavar="F", help="Policy file or name; the built-in one unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print the matches as JSON, for programs.")
def try_(text: tuple[str, ...], *, name: str | None, as_json: bool) -> None:
    """Show what a policy would flag in a text, and why or why not."""
    from monitor.phrases.matcher import PhraseMatcher
    from monitor.phrases.near import near_misses, spoken
    from monitor.policy.load import load_policy

    said = " ".join(text)
    _refuse_recording(said)
    if len(said) > 20_000:
        raise ParameterError("The text is too long to try: give at most 20000 characters.")
    loaded = load_policy(name)
    utterances = spoken(said)
    if not utterances:
        raise ParameterError('There are no words to try; give a sentence in quotes, such as "please calm down".')
    matcher = PhraseMatcher(loaded)
    matches = [match for words in utterances for match in matcher.explain(words)]
    near = near_misses(loaded, list(chain.from_iterable(utterances)), [match.behaviour_id for match in matches])
    instead = {behaviour.id: behaviour.say_instead for behaviour in loaded.behaviours}
    if as_json:
        _print_json(
            {
                "policy": loaded.fingerprint,
                "matches": [{**_match_row(match), "say_instead": instead[match.behaviour_id]} for match in matches],
                "near": [{name: getattr(miss, name) for name in miss.__slots__} for miss in near],
            }
        )
        return
    for match in matches:
        _print_match(match, instead[match.behaviour_id])
    for miss in near:
        _print_near(miss)
    if not any(_verdict(match) in ("flagged", "hint", "counts") for match in matches):
        click.echo("Nothing in it would be flagged.")


def _refuse_recording(said: str) -> None:
    try:
        is_file = len(said) < 1_000 and Path(said).is_file()
    except (OSError, ValueError):
        return
    if is_file and Path(said).suffix.lower() in AUDIO_SUFFIXES:
        raise ParameterError(
            f'"{said}" is a recording, and only texts can be tried so far; to judge it run: evenkeel analyze "{said}"'
        )


def _verdict(match: PhraseMatch) -> str:
    """Say in one word what becomes of a match."""
    if match.harmless:
        return "fine"
    if match.quoted:
        return "quoted"
    if match.behaviour_id.startswith("do."):
        return "counts"
    return "hint" if match.weak else "flagged"


def _match_row(match: PhraseMatch) -> dict[str, Any]:
    return {
        "id": match.behaviour_id,
        "verdict": _verdict(match),
        "text": match.text,
        "phrase": match.phrase,
        "closeness": round(match.closeness, 3),
        "why": match.why,
    }


def _print_match(match: PhraseMatch, say_instead: str | None) -> None:
    verdict = _verdict(match)
    click.echo(f'{verdict:<8} {match.behaviour_id:<20} "{match.text}"')
    notes = {
        "fine": f"does not count: {match.why}",
        "quoted": f"does not light: {match.why}",
        "hint": "is also said in friendly calls, so it is never more than a hint",
    }
    lines = [f"by the wording: {match.phrase}", notes.get(verdict)]
    if say_instead and verdict in ("flagged", "hint"):
        lines.append(f"say instead: {say_instead}")
    if match.closeness < 1:
        lines.append(f"not quite the same words: closeness {match.closeness:.2f} of 1")
    for line in lines:
        if line:
            click.echo(f"         {line}")


def _print_near(miss: NearMiss) -> None:
    click.echo(f"not      {miss.behaviour_id:<20} nearly: {miss.phrase}")
    parts = [f'it has "{miss.expected}"' if miss.expected else "", f'the text has "{miss.heard}"' if miss.heard else ""]
    click.echo(f"         {', '.join(part for part in parts if part)}")


def _many(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _print_json(content: dict[str, Any]) -> None:
    click.echo(json.dumps(content, indent=2, ensure_ascii=True))
