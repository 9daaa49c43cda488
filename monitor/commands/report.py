"""``evenkeel report``: one call as a page that can be kept, sent and printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.commands._common import channel_option, policy_option, recogniser_option
from monitor.commands._store import opened, store_option, who_option
from monitor.errors import ParameterError

if TYPE_CHECKING:
    from monitor.policy.model import Policy
    from monitor.report.tracks import Measures
    from monitor.result_types import CallResult


@click.command(epilog="Example: evenkeel report results/call.json --out call.html")
@click.argument("call", metavar="RESULT.json|RECORDING|CALL")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where the page goes; STEM.html in this folder unless given.",
)
@policy_option
@recogniser_option
@channel_option
@store_option
@who_option
@click.option("--quiet", is_flag=True, help="Say nothing.")
def report(
    *,
    call: str,
    out: Path | None,
    policy: str | None,
    recogniser: str,
    agent_channel: int,
    place: str | None,
    who: str | None,
    quiet: bool,
) -> None:
    """Write the page of one call: its lights, voice, phrases and checklist, in one file without script or network.

    A result's page also shows the voice over time when the frames lie beside it (analyze --format parquet). A
    recording is analysed first. CALL is the number of a stored call; its agent can see that the page was made.
    """
    from monitor.policy.load import load_policy
    from monitor.recordings import shown_path
    from monitor.report.call_page import call_page, voice_of
    from monitor.report.page import write_page

    path = Path(call)
    judged_by = None if policy is None else load_policy(policy)
    if call.isdecimal() and not path.exists():
        result, measures, stored_policy = _recalled(int(call), place, who)
        judged_by = judged_by or stored_policy
    elif not path.is_file():
        raise ParameterError(
            f"{shown_path(path)} is no file: give a result (STEM.json), a recording or a stored call's number."
        )
    elif path.suffix.lower() == ".json":
        result, measures = _stored(path)
    else:
        result, measures = _analysed(path, policy, recogniser, agent_channel, quiet=quiet)
    out = out or Path(f"{_stem(path)}.html")
    write_page(call_page(result, policy=judged_by or load_policy(None), voice=voice_of(measures)), out)
    if not quiet:
        click.echo(f"The page is {shown_path(out)}.", err=True)


def _stem(path: Path) -> str:
    return path.name.removesuffix(path.suffix) or path.name


def _recalled(number: int, place: str | None, who: str | None) -> tuple[CallResult, Measures | None, Policy | None]:
    """A stored call as it is judged now, its measures, and the policy that judged it."""
    import numpy as np

    from monitor.store.columns import unpack_frames
    from monitor.store.whole import whole

    with opened(place, who) as store:
        call = whole(store, number, "report")
    trace = call.traces[0] if call.traces else unpack_frames([])
    measures = {
        name: np.asarray(getattr(trace, name), np.float64) for name in ("speech", "level_dbfs", "f0_hz", "effort_db")
    }
    return call.now, measures, call.policy


def _stored(path: Path) -> tuple[CallResult, Measures | None]:
    from monitor.batch_work import ENDINGS
    from monitor.report.tracks import read_measures
    from monitor.sinks.json_file import read_json

    result = read_json(path)
    return result, read_measures(path.with_name(_stem(path) + ENDINGS["parquet"]), result)


def _analysed(
    path: Path, policy: str | None, recogniser: str, agent_channel: int, *, quiet: bool
) -> tuple[CallResult, Measures | None]:
    from tempfile import TemporaryDirectory

    from monitor.assemble import AnalysisOptions, analyse
    from monitor.batch import judge
    from monitor.batch_view import waiting_view
    from monitor.report.tracks import read_measures
    from monitor.sinks.parquet_file import FramesFile

    options = AnalysisOptions(policy=policy, recogniser=recogniser, agent_channel=agent_channel)
    with TemporaryDirectory(prefix="evenkeel-") as folder:
        place = Path(folder) / "frames.parquet"
        with FramesFile(place) as frames, waiting_view(quiet=quiet) as view:
            result = judge(path, path.stat().st_size, options, analyse, view, sinks=[frames])
            frames.finish(result)
        return result, read_measures(place, result)
