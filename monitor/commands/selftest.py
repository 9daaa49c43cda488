"""``evenkeel selftest``: the published figures, of a customer's own calls."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.commands._common import (
    channel_option,
    json_option,
    model_option,
    policy_option,
    print_json,
    profile_option,
    recogniser_option,
)
from monitor.errors import InputProblem, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.assemble import AnalysisOptions
    from monitor.truth.figures import Figure
    from monitor.truth.trial import Tested


@click.command(epilog="Example: evenkeel selftest call.wav --truth call-labels.txt")
@click.argument(
    "recordings", nargs=-1, required=True, metavar="RECORDING...", type=click.Path(dir_okay=False, path_type=Path)
)
@click.option(
    "--truth",
    "truths",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="LABELS.txt",
    help="Audacity labels of what is true; once for each recording, in their order. STEM.txt beside it unless given.",
)
@channel_option
@policy_option
@profile_option
@recogniser_option
@model_option
@click.option("--quiet", is_flag=True, help="Show no progress.")
@json_option
@click.pass_context
def selftest(
    ctx: click.Context,
    *,
    recordings: tuple[Path, ...],
    truths: tuple[Path, ...],
    agent_channel: int,
    policy: str | None,
    profile: Path | None,
    recogniser: str,
    model: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Compare what the program makes of recordings with labels that you set: how much it finds, and how much too much.

    Labels are made in Audacity (File, Export Other, Export Labels): "raised" or "calm" for the agent's voice, the
    words or the id of a phrase, "agent" and "customer" for turns. docs/selftest.md tells the rest.
    """
    from monitor.assemble import AnalysisOptions
    from monitor.policy.load import load_policy

    pairs = _pairs(recordings, truths)
    options = AnalysisOptions(
        policy=policy,
        profile=profile,
        recogniser=recogniser,
        model=model,
        agent_channel=agent_channel,
        own_process=True,
    )
    ids_of = _ids_of(load_policy(policy))
    tested: list[Tested] = []
    failed = 0
    for recording, labels in pairs:
        try:
            tested.append(_trial(recording, labels, options, ids_of, quiet=quiet))
        except InputProblem as error:
            failed += 1
            click.echo(str(error) if len(pairs) == 1 else f"{recording.name}: {error}", err=True)
    if tested:
        _show(tested, as_json=as_json)
    if failed:
        ctx.exit(1)


def _pairs(recordings: Sequence[Path], truths: Sequence[Path]) -> list[tuple[Path, Path]]:
    if truths and len(truths) != len(recordings):
        raise ParameterError(
            f"{len(recordings)} recordings and {len(truths)} label files: give --truth once for each recording, in "
            "their order, or lay STEM.txt beside each."
        )
    found = list(zip(recordings, truths or [path.with_suffix(".txt") for path in recordings], strict=True))
    for recording, labels in found:
        if not recording.is_file():
            raise ParameterError(f"{recording} is no file: give a recording.")
        if not labels.is_file():
            raise ParameterError(f"{labels} is not there: give the labels of {recording.name} with --truth.")
    return found


def _ids_of(policy: Any) -> Callable[[str], frozenset[str]]:  # noqa: ANN401 - Policy; pydantic is not loaded for --help
    """What a label's text names: an id of the policy, or the words of one of its phrases."""
    from monitor.phrases.trial import try_text

    known = {behaviour.id for behaviour in policy.behaviours if not behaviour.is_helpful}

    def ids_of(text: str) -> frozenset[str]:
        if text.casefold() in known:
            return frozenset((text.casefold(),))
        trial = try_text(policy, text)
        found = trial.findings if trial else ()
        return frozenset(finding.behaviour_id for finding in found) & known

    return ids_of


def _trial(
    recording: Path,
    labels: Path,
    options: AnalysisOptions,
    ids_of: Callable[[str], frozenset[str]],
    *,
    quiet: bool,
) -> Tested:
    from monitor.assemble import analyse
    from monitor.batch import judge
    from monitor.batch_view import waiting_view
    from monitor.truth.labels import read_labels
    from monitor.truth.trial import scored

    marks = read_labels(labels)  # before the minutes that judging takes
    with waiting_view(quiet=quiet) as view:
        result = judge(recording, recording.stat().st_size, options, analyse, view)
    return scored(marks, result, ids_of)


def _show(tested: Sequence[Tested], *, as_json: bool) -> None:
    from monitor.truth.figures import figures_of
    from monitor.truth.trial import notes_on, pooled_counts, pooled_score

    figures = figures_of(pooled_score(tested), pooled_counts(tested))
    hours = sum(each.result.source.duration_s for each in tested) / 3600
    if as_json:
        print_json(
            {
                "recordings": [each.result.source.name for each in tested],
                "hours": round(hours, 4),
                "engine": asdict(tested[0].result.engine),
                "figures": [asdict(figure) for figure in figures],
                "notes": notes_on(tested),
            }
        )
        return
    click.echo(f"{len(tested)} recording{'s' * (len(tested) > 1)}, {hours * 60:.1f} minutes, judged by "
               f"{tested[0].result.engine.policy} with {tested[0].result.engine.recogniser}.")  # fmt: skip
    click.echo(f"\n{'':58}{'FIGURE':>10}  {'95 % INTERVAL':>16}  COUNTED")
    for figure in figures:
        click.echo(_line(figure))
    for note in notes_on(tested):
        click.echo(f"\n{note}")


def _line(figure: Figure) -> str:
    interval = "" if figure.low is None or figure.high is None else f"{_number(figure.low)} to {_number(figure.high)}"
    value = "-" if figure.value is None else _number(figure.value) + (" s" if figure.unit == "s" else "")
    return f"{figure.text:58}{value:>10}  {interval:>16}  {_counted(figure)}".rstrip()


def _counted(figure: Figure) -> str:
    if figure.unit == "1/h":
        return f"{figure.count:.0f} in {figure.total:.2f} h"
    if figure.count is None:
        return f"of {figure.total:.2f} h"
    return f"{figure.count:.0f}" + ("" if figure.total is None else f" of {figure.total:.0f}")


def _number(value: float) -> str:
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
