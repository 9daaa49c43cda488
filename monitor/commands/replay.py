"""``evenkeel replay``: a call on a time line, to be heard, searched and remarked on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from monitor.commands._common import channel_option, model_option, policy_option, recogniser_option
from monitor.commands._store import opened, store_option, who_option
from monitor.errors import ParameterError
from monitor.recordings import shown_path


@click.command(epilog="Example: evenkeel replay call.wav")
@click.argument("call", metavar="RECORDING|RESULT.json|CALL")
@click.option(
    "--recording",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The recording of a result or of a stored call, where it is not found by itself.",
)
@policy_option
@recogniser_option
@model_option
@channel_option
@store_option
@who_option
def replay(
    *,
    call: str,
    recording: Path | None,
    policy: str | None,
    recogniser: str,
    model: str | None,
    agent_channel: int,
    place: str | None,
    who: str | None,
) -> None:
    """Open the replay window: hear a call, see why the light was what it was, comment and dispute.

    A recording that was analysed before opens at once; another one is analysed first. CALL is the number of a stored
    call; its agent can see that it was opened. With none of the options, whatever judged a recording before is shown.
    """
    from monitor.assemble import AnalysisOptions, chosen_policy

    options = AnalysisOptions(
        policy=policy, recogniser=recogniser, model=model, agent_channel=agent_channel, own_process=False
    )
    if policy is not None:
        chosen_policy(options)  # better refused here than in the window
    stored = call.isdecimal() and not Path(call).exists()
    if not stored:
        _insist_on_a_call(Path(call))
    if recording is not None and not recording.is_file():
        raise ParameterError(f"{shown_path(recording)} is no file: give the recording of this call.")
    from ui.replay_app import run_replay
    from ui.replay_child import Request

    if stored:
        request = Request(None, options, int(call), recording, open_store=partial(opened, place, who))
    else:
        particular = options != AnalysisOptions(own_process=False)
        request = Request(Path(call), options, recording=recording, particular=particular)
    run_replay(request)


def _insist_on_a_call(path: Path) -> None:
    """Refuse what cannot be shown before a window comes."""
    if not path.is_file():
        raise ParameterError(
            f"{shown_path(path)} is no file: give a recording, a result (STEM.json) or a stored call's number."
        )
    if path.suffix.lower() != ".json":
        from monitor.replay.recording import open_waveform

        open_waveform(path).close()
