"""The page at the end of a call: its lights, flags and checklist in words, one thing to keep and one to try."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from monitor.call_view import STATE_WORDS, clock, counts, item_name, number
from monitor.policy.fields import ADVICE_FIELDS
from monitor.result_types import CallResult
from monitor.types import ChecklistItem, FlagState, Light

if TYPE_CHECKING:
    from monitor.policy.model import Coaching

ENOUGH_S = 10.0  # advice after less than this is no advice


def summary_lines(result: CallResult, coaching: Coaching | None = None) -> list[str]:
    """The end of a call as lines of plain text, without colour; some are long and may be wrapped."""
    lines = [f"The call, {clock(result.source.duration_s, 0)} long", "", _lights(result)]
    lines += _flags(result) + _checklist(result.checklist)
    if result.source.duration_s - result.summary.grey_s >= ENOUGH_S:
        lines += [f"Keep       {keep(result, coaching)}", f"Try        {to_try(result, coaching)}"]
    return lines + [f"Note       {warning}" for warning in result.warnings]


def _lights(result: CallResult) -> str:
    s = result.summary
    spent = ((Light.GREEN, s.green_s), (Light.AMBER, s.amber_s), (Light.RED, s.red_s), (Light.GREY, s.grey_s))
    return "Lights     " + ", ".join(f"{light} {round(time_s)} s" for light, time_s in spent)


def _flags(result: CallResult) -> list[str]:
    if not result.flags:
        words_were_heard = result.engine.recogniser != "none"
        return ["Flags      none" if words_were_heard else "Flags      not known: words were not listened to"]
    lines: list[str] = []
    for flag in result.flags:
        head = "Flags      " if not lines else " " * 11
        lines.append(f'{head}{clock(flag.start_s)} "{flag.text}" {STATE_WORDS[flag.state]}')
        if flag.say_instead and counts(flag.state):
            lines.append(f"{'':11}  say instead: {flag.say_instead}")
    return lines


def _checklist(items: Iterable[ChecklistItem]) -> list[str]:
    rows: dict[str, list[str]] = {"met": [], "not yet": []}
    for item in items:
        if item.met:
            at = f" {clock(item.at_s, 0)}" if item.at_s is not None else ""
            rows["met"].append(item_name(item.id) + at)
        elif item.met is None:
            because = f" ({item.why})" if item.why else ""
            rows.setdefault(f"not known{because}", []).append(item_name(item.id))
        else:
            rows["not yet"].append(item_name(item.id))
    lines = [f"{name}: {', '.join(names)}" for name, names in rows.items() if names]
    return [("Checklist  " if i == 0 else " " * 11) + line for i, line in enumerate(lines)]


def keep(result: CallResult, coaching: Coaching | None = None) -> str:
    """One thing that went well, in the words of the policy's coaching, by default the built-in one."""
    met = {item.id: item for item in result.checklist if item.met}
    for item_id, text in (coaching or _built_in()).keep.items():
        if item_id in met:
            item = met[item_id]
            return fill(text, evidence=item.evidence, time=None if item.at_s is None else clock(item.at_s, 0))
    return f"Your voice was as usual for {round(result.summary.green_s)} s of this call."


def to_try(result: CallResult, coaching: Coaching | None = None) -> str:
    """One thing for the next call: the first of the policy's coaching that this call gives a reason for."""
    reasons = _reasons(result)
    for key, text in (coaching or _built_in()).attempt.items():
        if key in reasons:
            return fill(text, **reasons[key])
    return "Nothing stands out; do it again like this."


def fill(text: str, **known: str | float | None) -> str:
    """Put what is known into a text; brackets and quotation marks around what is not are left out with it."""
    for name in (name for name in ADVICE_FIELDS if known.get(name) is None):
        text = re.sub(rf'\s*\(\{{{name}\}}\)|[:,]?\s*"?\{{{name}\}}"?', "", text)
    return text.format_map(
        {name: number(value) if isinstance(value, float) else value for name, value in known.items()}
    )


def _reasons(result: CallResult) -> dict[str, dict[str, str | float | None]]:
    """What could be better, by the ids of coaching, each with what the call tells of it."""
    found: dict[str, dict[str, str | float | None]] = {}
    told: dict[str, str | float | None]
    for flag in result.flags:
        if flag.state is FlagState.CONFIRMED and flag.say_instead:
            told = {"evidence": flag.text, "say_instead": flag.say_instead, "time": clock(flag.start_s, 0)}
            for key in ("say", flag.id):
                found.setdefault(key, {**told})
    for span in result.lights:
        for reason in span.reasons if span.light in (Light.AMBER, Light.RED) else ():
            told = {"value": reason.value, "unit": reason.unit, "limit": reason.limit, "time": clock(span.start_s, 0)}
            found.setdefault(reason.id, {**told, "count": result.summary.interruptions})
    for item in result.checklist:
        if item.met is False:
            found[item.id] = {"evidence": item.why}
    if result.conversation is not None and result.conversation.slow_replies:
        both = result.conversation
        found["turn.slow_reply"] = {"count": both.slow_replies, "value": both.reply_delay_s, "unit": "s"}
    return found


@cache
def _built_in() -> Coaching:
    from monitor.policy.load import load_policy

    return load_policy().coaching
