"""A policy as a page of text that people read in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.policy.model import Behaviour, ChecklistEntry, Policy

_NEEDS = {
    "words": "",
    "two_channels": "needs a recording with both sides on their own channels",
    "customer_name": "needs the customer's name",
}
_SINCE = {"start": "of the call", "trouble": "after the first sign of trouble"}


def page(policy: Policy, width: int) -> str:
    """Write out the whole policy, ``width`` characters wide."""
    worse = [behaviour for behaviour in policy.behaviours if not behaviour.is_helpful]
    better = [behaviour for behaviour in policy.behaviours if behaviour.is_helpful]
    lines = [f"{policy.fingerprint} (language: {policy.language})"]
    lines += textwrap.wrap(policy.description, width)
    lines += _section("Words that make it worse", (_behaviour(behaviour, width) for behaviour in worse))
    lines += _section("Words that make it better", (_behaviour(behaviour, width) for behaviour in better))
    lines += _section("Checklist", (_entry(entry, width) for entry in policy.checklist))
    lines += _section("Announces a hold", [textwrap.wrap("; ".join(policy.conversation.hold_phrases), width)])
    advice = [(f"keep {key}", text) for key, text in policy.coaching.keep.items()]
    advice += [(f"try {key}", text) for key, text in policy.coaching.attempt.items()]
    lines += _section("Advice after the call", (_advice(name, text, width) for name, text in advice))
    lines += _section("Limits", [list(_numbers(policy.thresholds.model_dump(mode="json", by_alias=True)))])
    lines += _section("Alerts", [list(_numbers(policy.alerts.model_dump(mode="json", by_alias=True)))])
    return "\n".join(lines)


def counts(policy: Policy) -> dict[str, int]:
    """How much there is of what."""
    return {
        "behaviours": len(policy.behaviours),
        "phrases": sum(len(behaviour.phrases) for behaviour in policy.behaviours),
        "weak_phrases": sum(len(behaviour.weak_phrases) for behaviour in policy.behaviours),
        "wordings": len(policy.phrases()),
        "checklist": len(policy.checklist),
    }


def _section(title: str, blocks: Iterable[list[str]]) -> list[str]:
    body = [line for block in blocks for line in block]
    return ["", title, "-" * len(title), *body] if body else []


def _behaviour(behaviour: Behaviour, width: int) -> list[str]:
    lines = [f"{behaviour.id}: {behaviour.title}"]
    notes = [("say instead", behaviour.say_instead), ("cue", behaviour.cue)]
    if not behaviour.is_helpful and behaviour.light != "red":
        notes.append(("light", behaviour.light))
    if behaviour.weight < 1:
        notes.append(("weight", f"{behaviour.weight:g}: hints only"))
    for name, phrases in (
        ("phrases", behaviour.phrases),
        ("hints", behaviour.weak_phrases),
        ("not when", behaviour.unless),
    ):
        notes.append((name, "; ".join(phrases)))
    for name, text in notes:
        if text:
            lines += textwrap.wrap(text, width, initial_indent=f"  {name + ':':<13}", subsequent_indent=" " * 15)
    return [*lines, ""]


def _entry(entry: ChecklistEntry, width: int) -> list[str]:
    notes = [entry.title or entry.id.partition(".")[2].replace("_", " "), _NEEDS[entry.needs]]
    if entry.deadline_s is not None:
        notes.append(f"within {entry.deadline_s:g} s {_SINCE[entry.after]}")
    text = "; ".join(note for note in notes if note)
    return textwrap.wrap(text, width, initial_indent=f"{entry.id:<15}", subsequent_indent=" " * 15)


def _advice(name: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=f"{name:<22} ", subsequent_indent=" " * 23)


def _numbers(table: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name}: ")
        elif isinstance(value, bool):
            yield f"{prefix}{name} = {str(value).lower()}"
        elif value is not None:
            yield f"{prefix}{name} = {value:g}" if isinstance(value, float) else f"{prefix}{name} = {value}"
