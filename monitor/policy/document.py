"""A policy file as people write it, before it is joined with the policy that it extends."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.policy.fields import ADVICE_FIELDS
from monitor.policy.model import FlagLight, Needs
from monitor.policy.wording import expand, expand_context

MOST_BEHAVIOURS = 400
MOST_PHRASES_EACH = 400
MOST_PHRASES = 3_000
MOST_WORDINGS = 10_000

_ID = re.compile(r"(say|do)\.[a-z0-9][a-z0-9_]*")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.IGNORECASE)


def _behaviour_id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise ValueError("must be 'say.' or 'do.' and then small letters, digits or _, such as 'say.light_roast'")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("may have letters a-z, digits, '.', '_' and '-' only, such as 'my-team'")
    return value


def _phrase(value: str) -> str:
    expand(value)
    return value


def _context(value: str) -> str:
    expand_context(value)
    return value


def _shown(value: str) -> str:
    # Cf holds marks that turn the direction of the text around; joiners inside emoji and scripts are fine.
    if any(
        unicodedata.category(ch) in ("Cc", "Cs") or ch in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
        for ch in value
    ):
        raise ValueError("holds a control character; please type it anew")
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _advice(value: str) -> str:
    _shown(value)
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(value) if name is not None]
    except ValueError:
        raise ValueError("has a brace without its other half; a field looks like {value}") from None
    unknown = [name for name in fields if name not in ADVICE_FIELDS]
    if unknown:
        raise ValueError(f"may have only the fields {', '.join(f'{{{name}}}' for name in ADVICE_FIELDS)}")
    return value


def _cue(value: str) -> str:
    if len(_shown(value).split()) > 3:
        raise ValueError("is read at a glance: at most three words")
    return value


Id = Annotated[str, Field(max_length=64), AfterValidator(_behaviour_id)]
Name = Annotated[str, Field(max_length=64), AfterValidator(_name)]
Phrase = Annotated[str, AfterValidator(_phrase)]
Context = Annotated[str, AfterValidator(_context)]
Line = Annotated[str, Field(max_length=300), AfterValidator(_shown)]
Advice = Annotated[str, Field(max_length=300), AfterValidator(_advice)]
Phrases = Annotated[list[Phrase], Field(max_length=MOST_PHRASES_EACH)]


class _Strict(BaseModel):
    # Strict: a number in quotes is a slip worth telling, not something to guess about.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Header(_Strict):
    """``[policy]``."""

    name: Name
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"
    extends: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    description: Annotated[str, Field(max_length=4_000)] = ""
    remove: list[str] = []


class BehaviourTable(_Strict):
    """``[[behaviour]]``; with ``more_phrases`` and without ``phrases`` it adds to an extended behaviour."""

    id: Id
    title: Line | None = None
    phrases: Phrases | None = None
    more_phrases: Phrases | None = None
    weak_phrases: Phrases | None = None
    say_instead: Line | None = None
    weight: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None
    unless: Annotated[list[Context], Field(max_length=200)] | None = None
    inflect: bool | None = None
    light: FlagLight | None = None
    cue: Annotated[str, Field(max_length=24), AfterValidator(_cue)] | None = None


class ChecklistTable(_Strict):
    """``[[checklist]]``."""

    id: Id
    title: Line | None = None
    deadline_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] | None = None
    after: Literal["start", "trouble"] | None = None
    needs: Needs | None = None


class ConversationTable(_Strict):
    """``[conversation]``; ``more_hold_phrases`` adds to those of an extended policy."""

    hold_phrases: Phrases | None = None
    more_hold_phrases: Phrases | None = None


class CoachingTable(_Strict):
    """``[coaching]``: texts by id."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    keep: dict[str, Advice] = {}
    attempt: dict[str, Advice] = Field(default={}, alias="try")


class RecordingTable(_Strict):
    """``[recording]``."""

    keep_audio: bool | None = None
    keep_calls: bool | None = None
    share_calls: bool | None = None


class Document(_Strict):
    """A whole policy file; thresholds and alerts are judged after joining, by the models that own them."""

    policy: Header
    remove: list[str] = []
    behaviour: Annotated[list[BehaviourTable], Field(max_length=MOST_BEHAVIOURS)] = []
    checklist: Annotated[list[ChecklistTable], Field(max_length=MOST_BEHAVIOURS)] = []
    thresholds: dict[str, Any] = {}
    alerts: dict[str, Any] = {}
    recording: RecordingTable = RecordingTable()
    conversation: ConversationTable = ConversationTable()
    coaching: CoachingTable = CoachingTable()


def keys_at(place: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the table around this place may have, for suggestions."""
    tables: dict[str, type[BaseModel]] = {
        "policy": Header,
        "behaviour": BehaviourTable,
        "checklist": ChecklistTable,
        "recording": RecordingTable,
        "conversation": ConversationTable,
        "coaching": CoachingTable,
    }
    model = tables.get(str(place[0]), Document) if len(place) > 1 else Document
    return [info.alias or name for name, info in model.model_fields.items()]
