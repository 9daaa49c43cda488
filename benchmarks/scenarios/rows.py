"""What each row of behaviours is, in words: the table that ``docs/behaviours.md`` is made from."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.errors import BugError
from monitor.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Row:
    """One behaviour: what it is, how it is heard, which light it gives, in short."""

    id: str
    what: str
    heard: str
    light: str


_OFF = "amber, off by default"
_ONE = {
    "voice.raised": ("the voice is louder, higher and has more effort than usual", "own usual voice", "amber, red"),
    "voice.rising": ("the voice climbs through the call", "the last minute", "amber"),
    "voice.agitated": ("pitch swings wide and fast", "spread of F0", "amber"),
    "voice.flat": ("pitch hardly moves for long", "spread of F0", _OFF),
    "pace.fast": ("talks too fast", "syllables per second", "amber"),
    "pace.slow": ("drags", "syllables per second", _OFF),
    "voice.mirrored": ("the voice goes up with the customer's", "two channels", "amber"),
    "turn.interrupt": ("cuts in, twice in a minute", "two channels", "amber"),
    "turn.talk_over": ("both speak, more than 3 s in 30 s", "two channels", "amber"),
    "turn.monologue": ("a minute without a word of the customer", "two channels", "amber"),
    "turn.dead_air": ("nobody speaks for 10 s, no hold announced", "two channels", "amber"),
    "turn.slow_reply": ("a late answer", "two channels", "report"),
    "turn.share": ("the agent's share of the talk", "two channels", "report"),
    "do.listen": ("lets the customer finish", "two channels", "checklist"),
    "do.steady": ("keeps an even voice while the customer is loud", "two channels", "checklist"),
    "do.name": ("uses the customer's name, early and later", "agent's words", "checklist"),
}


def row_of(row_id: str, policy: Policy) -> Row:
    """The row of this id; words and acts are described by the policy itself.

    Raises
    ------
    BugError
        Nobody has described it.
    """
    if row_id in _ONE:
        return Row(row_id, *_ONE[row_id])
    behaviour = policy.behaviour(row_id)
    if behaviour is None:
        raise BugError(f"There is no behaviour {row_id}.")
    what = behaviour.title[:1].lower() + behaviour.title[1:]
    return Row(row_id, what, "agent's words", "checklist" if behaviour.is_helpful else "amber, red when sure")


def all_rows(policy: Policy) -> list[str]:
    """Every id that must have its scenarios."""
    spoken = [behaviour.id for behaviour in policy.behaviours]
    return [*_ONE, *(row for row in spoken if row not in _ONE)]
