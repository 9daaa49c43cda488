"""What ``evenkeel policy try`` finds in a text or a recording, and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.errors import EnvironmentProblem, ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.assemble import AnalysisOptions
    from monitor.phrases.near import NearMiss
    from monitor.phrases.trial import Finding, Near, Trial, TrialSink
    from monitor.result import CallResult
    from monitor.types import Segment, Word

LONGEST_TEXT = 20_000


def recording_in(arguments: Sequence[str]) -> Path | None:
    """The recording that is meant, None where the arguments are a text.

    Raises
    ------
    ParameterError
        More than one recording is given.
    """
    from monitor.recordings import EXTENSIONS

    named = [text for text in arguments if " " not in text and Path(text).suffix.lower().lstrip(".") in EXTENSIONS]
    there = [text for text in arguments if text not in named and Path(text).suffix and _is_file(text)]
    if len(arguments) == 1 and (named or there):
        return Path(arguments[0])
    if any(_is_file(text) for text in named):
        raise ParameterError("One recording can be tried at a time; for more of them use: evenkeel analyze.")
    return Path(joined) if _is_file(joined := " ".join(arguments)) and Path(joined).suffix else None


def _is_file(text: str) -> bool:
    try:
        return len(text) < 1_000 and Path(text).is_file()
    except (OSError, ValueError):
        return False


def try_text(policy: str | None, text: str, *, as_json: bool) -> None:
    """Try a written text and print what would be flagged in it."""
    from monitor.commands._common import print_json
    from monitor.phrases import trial
    from monitor.policy.load import load_policy

    if len(text) > LONGEST_TEXT:
        raise ParameterError(f"The text is too long to try: give at most {LONGEST_TEXT} characters.")
    loaded = load_policy(policy)
    tried = trial.try_text(loaded, text)
    if tried is None:
        raise ParameterError('There are no words to try; give a sentence in quotes, such as "please calm down".')
    if as_json:
        print_json({"policy": loaded.fingerprint, **_rows(tried)})
    else:
        _print(tried)


def try_recording(path: Path, options: AnalysisOptions, *, as_json: bool) -> None:
    """Let the engine hear a recording and print what it made of the words."""
    from monitor.commands._common import print_json
    from monitor.phrases.flags import rule_for
    from monitor.phrases.trial import TrialSink, try_heard
    from monitor.policy.load import load_policy

    loaded = load_policy(options.policy)
    sink = TrialSink()
    result = _hear(path, options, sink, quiet=as_json)
    tried = try_heard(loaded, rule_for(result.engine.recogniser), sink.utterances, sink.flags.values())
    if as_json:
        head = {
            "policy": loaded.fingerprint,
            "recording": result.source.name,
            "duration_s": result.source.duration_s,
            "recogniser": result.engine.recogniser,
            "agent_channel": result.engine.agent_channel,
            "utterances": [_utterance_row(words) for words in tried.utterances],
        }
        print_json({**head, **_rows(tried), "warnings": list(result.warnings)})
        return
    _print_heard(result, tried)
    if tried.utterances:
        _print(tried)
    for warning in result.warnings:
        click.echo(f"Note: {warning}")


def _hear(path: Path, options: AnalysisOptions, sink: TrialSink, *, quiet: bool) -> CallResult:
    """Judge the recording with a recogniser, whatever else is on this machine."""
    from monitor.assemble import analyse, engine_info
    from monitor.batch import judge
    from monitor.batch_view import waiting_view

    if engine_info(options).recogniser == "none":
        raise EnvironmentProblem(
            "No recogniser on this machine knows the language of this policy; see: evenkeel models list."
        )
    with waiting_view(quiet=quiet) as view:
        size_bytes = path.stat().st_size if path.is_file() else 0
        result = judge(path, size_bytes, options, analyse, view, sinks=[sink])
    if result.engine.recogniser == "none":
        raise EnvironmentProblem(" ".join(result.warnings))
    return result


def _print_heard(result: CallResult, tried: Trial) -> None:
    """Say what was heard, with times."""
    from monitor.batch_view import duration_text
    from monitor.call_view import clock

    by = "basic detection (pocketsphinx)" if result.engine.recogniser == "pocketsphinx" else result.engine.recogniser
    click.echo(f"{result.source.name}, {duration_text(result.source.duration_s)}, heard by {by}:")
    for words in tried.utterances:
        text = " ".join(word.text for word in words)
        click.echo(f'{clock(words[0].start_s):>8} "{text}"')
    if not tried.utterances:
        channel = result.engine.agent_channel
        spoke = any(turn.speaker == "agent" for turn in result.turns)
        what = "Speech was heard, but no words" if spoke else "No speech was heard"
        other = f"; the agent may be on another channel: --agent-channel {0 if channel else 1}"
        click.echo(f"{what} in channel {channel}{other if result.source.channels > 1 else ''}.")
    click.echo()


def _print(tried: Trial) -> None:
    for finding in tried.findings:
        _print_finding(finding)
    for near in tried.near:
        _print_near(near)
    if not any(finding.verdict in ("flagged", "hint", "counts") for finding in tried.findings):
        click.echo("Nothing in it would be flagged.")


def _print_finding(finding: Finding) -> None:
    from monitor.call_view import clock

    at = f"{clock(finding.place.start_s)} " if finding.place is not None else ""
    click.echo(f'{finding.verdict:<8} {finding.behaviour_id:<20} {at}"{finding.text}"')
    label = {"fine": "does not count: ", "quoted": "does not light: "}.get(finding.verdict, "")
    lines = [f"by the wording: {finding.phrase}", f"{label}{finding.why}" if finding.why else None]
    if finding.state is not None and finding.confidence is not None:
        light = f"{finding.light} light" if finding.light is not None else "no light"
        lines.append(f"{finding.state}, confidence {finding.confidence:.2f}, {light}")
    if finding.say_instead and finding.verdict in ("flagged", "hint"):
        lines.append(f"say instead: {finding.say_instead}")
    if finding.closeness is not None and finding.closeness < 1:
        lines.append(f"not quite the same words: closeness {finding.closeness:.2f} of 1")
    for line in lines:
        if line:
            click.echo(f"         {line}")


def _print_near(near: Near) -> None:
    from monitor.call_view import clock

    miss, at = near.miss, f"{clock(near.place.start_s)} " if near.place is not None else ""
    click.echo(f"not      {miss.behaviour_id:<20} {at}nearly: {miss.phrase}")
    whose = "the text has" if near.place is None else "what was heard has"
    parts = [f'{who} "{words}"' for who, words in (("it has", miss.expected), (whose, miss.heard)) if words]
    click.echo(f"         {', '.join(parts)}")


def _rows(tried: Trial) -> dict[str, Any]:
    return {
        "matches": [_finding_row(finding) for finding in tried.findings],
        "near": [{**_place_row(near.place), **_miss_row(near.miss)} for near in tried.near],
    }


def _finding_row(finding: Finding) -> dict[str, Any]:
    row = {
        "id": finding.behaviour_id,
        "verdict": finding.verdict,
        "text": finding.text,
        "phrase": finding.phrase,
        "closeness": None if finding.closeness is None else round(finding.closeness, 3),
        "why": finding.why,
        "say_instead": finding.say_instead,
    }
    if finding.place is None:
        return row
    more = {"state": finding.state, "confidence": finding.confidence, "light": finding.light}
    if finding.confidence is not None:
        more["confidence"] = round(finding.confidence, 3)
    return {**row, **_place_row(finding.place), **more}


def _miss_row(miss: NearMiss) -> dict[str, str]:
    return {
        "behaviour_id": miss.behaviour_id,
        "phrase": miss.phrase,
        "expected": miss.expected,
        "heard": miss.heard,
    }


def _place_row(place: Segment | None) -> dict[str, float]:
    return {} if place is None else {"start_s": round(place.start_s, 3), "end_s": round(place.end_s, 3)}


def _utterance_row(words: tuple[Word, ...]) -> dict[str, Any]:
    rows = [
        {
            "start_s": round(word.start_s, 3),
            "end_s": round(word.end_s, 3),
            "text": word.text,
            "confidence": round(word.confidence, 3),
        }
        for word in words
    ]
    return {"start_s": rows[0]["start_s"], "end_s": rows[-1]["end_s"], "words": rows}
