"""A policy as the engine uses it: resolved, frozen, complete."""

from __future__ import annotations

import hashlib
import itertools
import json
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict

from monitor.policy.thresholds import Alerts, Thresholds
from monitor.policy.wording import ANY_WORD, expand

FlagLight = Literal["red", "amber", "none"]
Needs = Literal["words", "two_channels", "customer_name"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Behaviour(_Frozen):
    """Something said that makes a call worse (``say.``) or better (``do.``).

    ``weak_phrases`` and every phrase of a behaviour with ``weight`` below 1 are hints: they never go beyond tentative.
    ``unless`` are contexts that make a match not count; ``cue`` is shown with the light.
    """

    id: str
    title: str = ""
    phrases: tuple[str, ...] = ()
    weak_phrases: tuple[str, ...] = ()
    say_instead: str | None = None
    weight: float = 1.0
    unless: tuple[str, ...] = ()
    inflect: bool = False
    light: FlagLight = "red"
    cue: str | None = None

    @property
    def is_helpful(self) -> bool:
        """Whether saying this is good: an item of the checklist, never a flag."""
        return self.id.startswith("do.")


class ChecklistEntry(_Frozen):
    """One act that helps. ``needs`` says what must be known to judge it; ``deadline_s`` counts from ``after``."""

    id: str
    title: str = ""
    deadline_s: float | None = None
    after: Literal["start", "trouble"] = "start"
    needs: Needs = "words"


class Recording(_Frozen):
    """What is kept of a live call; the agent is told by a mark on the light.

    ``keep_calls`` says whether measures, lights, flags and words go into the store, None leaves it to the agent's
    settings; with ``share_calls`` the team may see them there from the start.
    """

    keep_audio: bool = False
    keep_calls: bool | None = None
    share_calls: bool = False


class TalkWords(_Frozen):
    """What the agent's words say of the call itself; neither a flag nor an item of the checklist.

    After one of ``hold_phrases`` a silence is no dead air.
    """

    hold_phrases: tuple[str, ...] = ()


class Coaching(_Frozen):
    """What to say after the call, by the id of a behaviour or an item of the checklist, the most useful first.

    ``keep`` is for what went well, ``attempt`` (``try`` in a file) for what to do otherwise. A text may hold fields in
    braces: {value} {unit} {limit} {count} {time} {evidence} {say_instead}.
    """

    keep: dict[str, str] = {}
    attempt: dict[str, str] = {}


class Policy(_Frozen):
    """What one team wants said and not said, and from when on a voice is too much."""

    name: str
    language: str = "en"
    description: str = ""
    behaviours: tuple[Behaviour, ...] = ()
    checklist: tuple[ChecklistEntry, ...] = ()
    thresholds: Thresholds = Thresholds()
    alerts: Alerts = Alerts()
    recording: Recording = Recording()
    conversation: TalkWords = TalkWords()
    coaching: Coaching = Coaching()

    @cached_property
    def fingerprint(self) -> str:
        """``name@`` and 12 hex digits that change with all that it judges by, not with its file's layout."""
        # What is kept of a call, and advised after it, changes nothing about how it is judged.
        fields = self.model_dump(mode="json", exclude={"recording", "coaching"})
        content = json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return f"{self.name}@{hashlib.sha256(content.encode()).hexdigest()[:12]}"

    def behaviour(self, behaviour_id: str) -> Behaviour | None:
        """Return the behaviour of this id, None where the policy has none."""
        return next((behaviour for behaviour in self.behaviours if behaviour.id == behaviour_id), None)

    def phrases(self, *, weak: bool = True, most: int | None = None) -> tuple[str, ...]:
        """Plain wordings to listen for, in small letters as spoken, without duplicates.

        What makes a call worse comes before what helps, and that before what announces a hold. The first wording of
        every phrase comes before the second of any, so that ``most`` leaves no phrase out before it thins their
        variants; hints come after everything else.
        Wordings with a place for any word are left out: they are found in the recognised words.
        """
        ordered = sorted(self.behaviours, key=lambda behaviour: behaviour.is_helpful)
        meant = [phrase for behaviour in ordered for phrase in behaviour.phrases]
        lists = [[*meant, *self.conversation.hold_phrases]]
        lists += [[phrase for behaviour in ordered for phrase in behaviour.weak_phrases]] if weak else []
        wordings: dict[str, None] = {}
        for phrases in lists:
            spoken = ([w.lower() for w in expand(phrase) if ANY_WORD not in w] for phrase in phrases)
            for turn in itertools.zip_longest(*spoken):
                wordings.update(dict.fromkeys(wording for wording in turn if wording is not None))
        return tuple(itertools.islice(wordings, most))
