"""What several commands share."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
policy_option = click.option("--policy", metavar="F", help="Policy file, or the name of a built-in policy.")
recogniser_option = click.option(
    "--recogniser",
    type=click.Choice(["auto", "whisper", "pocketsphinx", "none"]),
    default="auto",
    show_default=True,
    help="What listens for words, where something is analysed.",
)
model_option = click.option(
    "--model", metavar="NAME|FOLDER", help="Which Whisper model listens; see: evenkeel models list."
)
profile_option = click.option(
    "--profile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="F",
    help="The agent's usual voice, saved earlier.",
)
channel_option = click.option(
    "--agent-channel", type=click.IntRange(min=0), default=0, show_default=True, help="The agent's channel."
)


def print_json(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print a value as JSON to standard output, readable there whatever its encoding."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    click.echo(json.dumps(value, indent=2, ensure_ascii=encoding != "utf8", allow_nan=False))


def setup_command() -> str:
    """The command that installs everything anew: ``run.py`` of this checkout, else pip."""
    if getattr(sys, "frozen", False):
        return "install Evenkeel again from where it came from"
    run = Path(__file__).resolve().parents[2] / "run.py"
    if run.exists():
        return f"{'py' if os.name == 'nt' else 'python3'} {shlex.quote(str(run))} setup"
    return f"{shlex.quote(sys.executable)} -m pip install --force-reinstall evenkeel"
