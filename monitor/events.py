"""Everything that the engine can tell: a closed list of frozen events, in the order of the sample clock.

``at_s`` is the sample clock at which the engine knew, never the wall clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from monitor.types import (
    Baseline,
    ChecklistItem,
    Conversation,
    Features,
    Flag,
    Interruption,
    Light,
    Reason,
    Turn,
    Word,
)


@dataclass(frozen=True, slots=True)
class FramesMeasured:
    """Measures of the frames that became complete; ``channel`` says of which side of the call."""

    at_s: float
    channel: int
    features: Features


@dataclass(frozen=True, slots=True)
class LightChanged:
    """The light, its reasons or its cue word changed; ``cue`` is at most one or two words, None when silent."""

    at_s: float
    light: Light
    reasons: tuple[Reason, ...]
    cue: str | None


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """The final words of one utterance."""

    at_s: float
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class FlagChanged:
    """A phrase was flagged, or a flag's state changed; ``flag.key`` tells which."""

    at_s: float
    flag: Flag


@dataclass(frozen=True, slots=True)
class ItemChecked:
    """An item of the call's checklist has another state; the newest counts.

    Met, missed (``met`` is False), open (neither ``met`` nor ``why``, as every item begins) or not applicable (``why``
    says for what reason). One that was missed may still be met later.
    """

    at_s: float
    item: ChecklistItem


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """One party stopped speaking."""

    at_s: float
    turn: Turn


@dataclass(frozen=True, slots=True)
class BaselineLearned:
    """The speaker's usual voice is known well enough to judge by, or the call ended with it."""

    at_s: float
    baseline: Baseline


@dataclass(frozen=True, slots=True)
class Interrupted:
    """One party cut in on the other."""

    at_s: float
    interruption: Interruption


@dataclass(frozen=True, slots=True)
class CustomerRaised:
    """The customer's voice went over its own first minute, or came back; measured, never judged."""

    at_s: float
    raised: bool


@dataclass(frozen=True, slots=True)
class ConversationMeasured:
    """The call ended with this turn-taking; only where both channels were heard."""

    at_s: float
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that the reader of the result should know; told once per ``id`` and call."""

    at_s: float
    id: str
    text: str


Event = (
    FramesMeasured
    | LightChanged
    | WordsHeard
    | FlagChanged
    | ItemChecked
    | TurnEnded
    | BaselineLearned
    | Interrupted
    | CustomerRaised
    | ConversationMeasured
    | Warned
)
