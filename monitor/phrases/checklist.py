"""The call's checklist: which helpful acts were heard, and why one cannot be told."""

from __future__ import annotations

from monitor.phrases.matcher import PhraseMatch
from monitor.policy.model import ChecklistEntry, Policy
from monitor.types import ChecklistItem

WHY_ONE_CHANNEL = "one channel"
WHY_NOT_MEASURED = "turn-taking is not measured yet"
WHY_NO_NAME = "the customer's name is not known"
WHY_NO_WORDS = "words were not heard"
WHY_NOT_HEARD = "not heard"
WHY_NOT_DUE = "the call ended before it was due"


class Checklist:
    """Keeps the first time that each helpful act was heard."""

    def __init__(self, policy: Policy) -> None:
        self._entries = policy.checklist
        self._met: dict[str, ChecklistItem] = {}

    def meet(self, match: PhraseMatch) -> ChecklistItem | None:
        """Return the item that this match meets, None when it was met before."""
        if match.behaviour_id in self._met:
            return None
        item = ChecklistItem(match.behaviour_id, True, at_s=match.start_s, evidence=match.text)
        self._met[match.behaviour_id] = item
        return item

    def items(
        self, duration_s: float, channels: int, *, trouble_at_s: float | None, words_heard: bool
    ) -> list[ChecklistItem]:
        """Every item of the policy's checklist, met or not or unknown, in the policy's order."""
        return [
            self._item(entry, duration_s, channels, trouble_at_s=trouble_at_s, words_heard=words_heard)
            for entry in self._entries
        ]

    def _item(
        self, entry: ChecklistEntry, duration_s: float, channels: int, *, trouble_at_s: float | None, words_heard: bool
    ) -> ChecklistItem:
        met = self._met.get(entry.id)
        start_s = 0.0 if entry.after == "start" else trouble_at_s
        if met is None:
            if entry.needs == "two_channels":
                return ChecklistItem(entry.id, None, why=WHY_ONE_CHANNEL if channels < 2 else WHY_NOT_MEASURED)
            if entry.needs == "customer_name":
                return ChecklistItem(entry.id, None, why=WHY_NO_NAME)
            if not words_heard:
                return ChecklistItem(entry.id, None, why=WHY_NO_WORDS)
            due = entry.deadline_s is None or start_s is None or duration_s >= start_s + entry.deadline_s
            return ChecklistItem(entry.id, False if due else None, why=WHY_NOT_HEARD if due else WHY_NOT_DUE)
        if entry.deadline_s is None or start_s is None or met.at_s is None or met.at_s - start_s <= entry.deadline_s:
            return met
        since = "the start" if entry.after == "start" else "the first sign of trouble"
        why = f"{met.at_s - start_s:.0f} s after {since}; the aim is {entry.deadline_s:.0f} s"
        return ChecklistItem(entry.id, True, at_s=met.at_s, evidence=met.evidence, why=why)
