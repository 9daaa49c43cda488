"""``evenkeel call``: drives the running program, so that a softphone or a customer database can."""

from __future__ import annotations

from typing import Any

import click

from monitor.commands._common import json_option, print_json
from monitor.errors import ParameterError

WINDOW_PARTS = ("card", "menu", "settings")  # as monitor.live.events has them, whose import takes long
_STATES = {"ready": "Waiting for a call", "in_call": "In a call", "paused": "Paused", "ended": "Ended"}


@click.group(epilog='Example: evenkeel call start --customer "Ms Smith"')
def call() -> None:
    """Start, stop and name calls in the running Evenkeel. It answers with how things stand afterwards."""


@call.command()
@click.option("--customer", metavar="NAME", help="The customer's name; it is kept in memory only.")
@json_option
def start(customer: str | None, as_json: bool) -> None:
    """Begin a call now. In a call that is under way, only its customer is named."""
    _do("start", as_json=as_json, name=_name(customer) if customer is not None else None)


@call.command()
@json_option
def stop(as_json: bool) -> None:
    """End the call under way."""
    _do("stop", as_json=as_json)


@call.command()
@json_option
def pause(as_json: bool) -> None:
    """Close the microphone until "resume"; a call under way ends."""
    _do("pause", as_json=as_json)


@call.command()
@json_option
def resume(as_json: bool) -> None:
    """Open the microphone again."""
    _do("resume", as_json=as_json)


@call.command()
@click.argument("name")
@json_option
def name(name: str, as_json: bool) -> None:
    """Tell the customer's name."""
    _do("name", as_json=as_json, name=_name(name))


@call.command(epilog="Example: evenkeel call show menu")
@click.argument("part", type=click.Choice(WINDOW_PARTS))
@json_option
def show(part: str, as_json: bool) -> None:
    """Open a part of the window with the keyboard in it. Give a key of your desktop to this command."""
    _do("show", as_json=as_json, name=part)


@call.command()
@json_option
def status(as_json: bool) -> None:
    """Say how things stand."""
    _do("status", as_json=as_json)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > 100 or not name.isprintable():
        raise ParameterError("A customer's name has 1 to 100 letters.")
    return name


def _do(command: str, *, as_json: bool, name: str | None = None) -> None:
    from monitor.live.control import ask

    found = ask(command, name)
    if command == "start" and found["state"] == "paused":
        raise ParameterError("Evenkeel is paused, so no call began. To go on: evenkeel call resume")
    if command == "name" and found["call"] is None:
        raise ParameterError("There is no call to name. With the next one: evenkeel call start --customer NAME")
    if as_json:
        print_json({"schema": "evenkeel.status/1", **found})
        return
    for line in _lines(found):
        click.echo(line)


def _lines(status: dict[str, Any]) -> list[str]:
    head = _STATES.get(status["state"], status["state"])
    if status["call"] is not None:
        minutes, seconds = divmod(int(status["call_s"] or 0), 60)
        of = f" with {status['customer']}" if status["customer"] else ""
        head += f"{of}, for {minutes}:{seconds:02d}; the light is {status['light'] or 'not known yet'}"
    if status["quiet_s"]:
        head += f"; quiet for {round(status['quiet_s'] / 60)} min"
    devices = [f"{device['device'] or 'Microphone'}: {device['text']}" for device in status["devices"]]
    words = [status["words_text"]] if status["words_text"] and status["state"] in ("ready", "in_call") else []
    return [f"{head}.", *devices, *words]
