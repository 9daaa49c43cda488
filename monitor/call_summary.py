"""The page at the end of a call: its lights, flags and checklist in words, one thing to keep and one to try."""

from __future__ import annotations

from collections.abc import Iterable

from monitor.call_view import STATE_WORDS, clock, counts, item_name
from monitor.result_types import CallResult
from monitor.types import ChecklistItem, FlagState, Light

ENOUGH_S = 10.0  # advice after less than this is no advice
# What is worth saying first, when several items were met or missed.
KEEP = {
    "do.apologise": "You said sorry in plain words.",
    "do.own": "You took it into your own hands.",
    "do.options": "You gave the customer a choice.",
    "do.empathise": "You showed that you see why this matters.",
    "do.follow_up": "You agreed what happens next.",
    "do.hand_over": "You brought in someone who can help, and stayed with the customer.",
    "do.boundary": "You said plainly what you need, and stayed kind.",
    "do.ask": "You asked what would put it right.",
    "do.listen": "You let the customer finish.",
    "do.steady": "Your voice stayed even while the customer was loud.",
    "do.name": "You used the customer's name.",
    "do.thank": "You thanked the customer.",
}
TRY = {
    "do.apologise": "Say sorry early, before you explain.",
    "do.empathise": 'Say first what you see: "I can see why this matters."',
    "do.ask": 'Ask what would help: "What can I do to make this right?"',
    "do.options": 'Offer two ways: "You could either ..., or ..."',
    "do.own": 'Take it on: "Let me take care of this."',
    "do.follow_up": "Say when the customer will hear from you.",
    "do.name": "Use the customer's name, once early and once later.",
    "do.listen": "Let the customer finish, and count to two before you answer.",
    "do.thank": "Thank the customer for telling you.",
}
VOICE_TRIES = {
    "voice.raised": "When your voice goes up, breathe out once before you answer, and begin softer.",
    "voice.rising": "Your voice climbed slowly; a sip of water and one slow breath bring it back.",
    "voice.agitated": "Shorter sentences keep the melody of your voice even.",
    "pace.fast": "Leave a short pause after each sentence.",
    "turn.interrupt": "Let the customer finish, and count to two before you answer.",
}


def summary_lines(result: CallResult) -> list[str]:
    """The end of a call as lines of plain text, without colour; some are long and may be wrapped."""
    lines = [f"The call, {clock(result.source.duration_s, 0)} long", "", _lights(result)]
    lines += _flags(result) + _checklist(result.checklist)
    if result.source.duration_s - result.summary.grey_s >= ENOUGH_S:
        lines += [f"Keep       {keep(result)}", f"Try        {to_try(result)}"]
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


def keep(result: CallResult) -> str:
    """One thing that went well."""
    met = {item.id for item in result.checklist if item.met}
    for item_id, text in KEEP.items():
        if item_id in met:
            return text
    return f"Your voice was as usual for {round(result.summary.green_s)} s of this call."


def to_try(result: CallResult) -> str:
    """One thing for the next call: another wording first, then the voice, then the checklist."""
    for flag in result.flags:
        if flag.state is FlagState.CONFIRMED and flag.say_instead:
            return f'Instead of "{flag.text}": {flag.say_instead}'
    lit = [reason.id for span in result.lights if span.light in (Light.AMBER, Light.RED) for reason in span.reasons]
    for reason_id, text in VOICE_TRIES.items():
        if reason_id in lit:
            return text
    missed = {item.id for item in result.checklist if item.met is False}
    for item_id, text in TRY.items():
        if item_id in missed:
            return text
    return "Nothing stands out; do it again like this."
