"""``evenkeel devices``: what can be heard on this machine."""

from __future__ import annotations

from dataclasses import asdict

import click

from monitor.commands._common import json_option, print_json
from monitor.errors import EnvironmentProblem


@click.command(epilog="Example: evenkeel devices --json")
@json_option
@click.pass_context
def devices(ctx: click.Context, as_json: bool) -> None:
    """List the microphones and other inputs that can be heard, by the names that --agent-device takes."""
    from monitor.sources.microphone import input_devices

    try:
        found = input_devices()
        problem = None if found else "No microphone is there. Connect one and try again."
    except EnvironmentProblem as error:
        found, problem = [], str(error)
    if as_json:
        rows = [asdict(device) for device in found]
        print_json({"schema": "evenkeel.devices/1", "devices": rows, "problem": problem})
    for device in [] if as_json else found:
        mark = "*" if device.is_default else " "
        plural = "channel" if device.channels == 1 else "channels"
        label = f"  {device.label}" if device.label != device.name else ""
        heard = ", what you hear" if device.is_monitor else ""
        what = f"{device.system}, {device.channels} {plural}, {device.rate_hz} Hz{heard}"
        click.echo(f"{mark} {device.name}{label}  ({what})")
    if problem:
        click.echo(problem, err=True)
        ctx.exit(3)
    if not as_json and any(device.is_default for device in found):
        click.echo("* the one that is used unless you choose another")
