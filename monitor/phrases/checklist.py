"""The call's checklist: which helpful acts were heard, which are open or were missed, and why one cannot be told.

An item is *met*, *missed* (``met`` is False), *open* (``met`` is None and there is no ``why``) or *not applicable*
(``met`` is None and ``why`` says for what reason).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitor.phrases.customer_name import CustomerName, NameUse
from monitor.phrases.matcher import PhraseMatch
from monitor.policy.model import ChecklistEntry, Policy
from monitor.types import ChecklistItem

WHY_ONE_CHANNEL = "one channel"
WHY_MORE_CHANNELS = "more than two channels"
WHY_ONE_SIDE = "only the agent's channel was measured"
WHY_NO_NAME = "the customer's name is not known"
WHY_NO_WORDS = "words were not heard"
WHY_NO_TROUBLE = "there was no sign of trouble"
WHY_NOT_HEARD = "not heard"
WHY_NOT_DUE = "the call ended before it was due"
LATE_S = 5.0  # a recogniser may tell words so much later; an item is called missed after that
NAME_EARLY_S = 60.0  # the first use of the name, where the policy has no deadline (behaviours.md)
NAME_AGAIN_S = 10.0  # a use so much later is another one, not the same breath


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the call: ``measured`` channels of all, the first sign of trouble, whether words are heard."""

    channels: int
    trouble_at_s: float | None
    words_heard: bool
    measured: int = 1


class Checklist:
    """Keeps the first time that each helpful act was heard."""

    def __init__(self, policy: Policy, customer: CustomerName) -> None:
        self._entries = policy.checklist
        self._customer = customer
        self._met: dict[str, ChecklistItem] = {}
        self._told = {entry.id: ChecklistItem(entry.id, None) for entry in self._entries}

    def meet(self, match: PhraseMatch) -> ChecklistItem | None:
        """Return the item that this match meets, None when it was met before."""
        if match.behaviour_id in self._met:
            return None
        item = ChecklistItem(match.behaviour_id, True, at_s=match.start_s, evidence=match.text)
        self._met[match.behaviour_id] = self._told[match.behaviour_id] = item
        return item

    def look(self, now_s: float, known: Known) -> list[ChecklistItem]:
        """Items whose state is another than last told, while the call goes on."""
        items = [
            self._item(entry, known, lambda due_s: None if now_s >= due_s + LATE_S else "") for entry in self._entries
        ]
        news = [item for item in items if item != self._told[item.id]]
        self._told.update({item.id: item for item in news})
        return news

    def items(self, duration_s: float, known: Known) -> list[ChecklistItem]:
        """Every item of the policy's checklist, met or not or unknown, in the policy's order, once the call ended."""
        return [
            self._item(entry, known, lambda due_s: None if duration_s >= due_s else WHY_NOT_DUE, ended=True)
            for entry in self._entries
        ]

    def _item(
        self, entry: ChecklistEntry, known: Known, waits: Callable[[float], str | None], *, ended: bool = False
    ) -> ChecklistItem:
        """One item; ``waits`` says why what is due at a time cannot be called missed yet, None where it can."""
        if entry.needs == "customer_name":
            return self._name_item(entry, known, waits, ended=ended)
        met = self._met.get(entry.id)
        start_s = 0.0 if entry.after == "start" else known.trouble_at_s
        if met is not None:
            return _in_time(met, entry, start_s)
        why = _why_not(entry, known)
        if why is not None:
            return ChecklistItem(entry.id, None, why=why)
        if entry.needs == "two_channels" or (entry.deadline_s is None and not ended):
            return ChecklistItem(entry.id, None)
        if start_s is None:
            return ChecklistItem(entry.id, None, why=WHY_NO_TROUBLE if ended else None)
        wait = None if entry.deadline_s is None else waits(start_s + entry.deadline_s)
        if wait is None:
            return ChecklistItem(entry.id, False, why=WHY_NOT_HEARD)
        return ChecklistItem(entry.id, None, why=wait or None)

    def _name_item(
        self, entry: ChecklistEntry, known: Known, waits: Callable[[float], str | None], *, ended: bool
    ) -> ChecklistItem:
        """The customer's name: once early and once later."""
        if not known.words_heard:
            return ChecklistItem(entry.id, None, why=WHY_NO_WORDS)
        if not self._customer.known:
            return ChecklistItem(entry.id, None, why=WHY_NO_NAME)
        uses = self._customer.uses
        early_s = entry.deadline_s or NAME_EARLY_S
        first = uses[0] if uses and uses[0].at_s <= early_s else None
        if first is None:
            wait = waits(early_s)
            why = wait if wait is not None else f"not used in the first {early_s:.0f} s"
            return ChecklistItem(entry.id, False if wait is None else None, why=why or None)
        again = next((use for use in uses if use.at_s - first.at_s >= NAME_AGAIN_S), None)
        if again is None:
            return ChecklistItem(entry.id, False if ended else None, why="used once only" if ended else None)
        return ChecklistItem(entry.id, True, at_s=again.at_s, evidence=_evidence(first, again))


def _evidence(first: NameUse, again: NameUse) -> str:
    return f"{first.text}, {again.text}"


def _why_not(entry: ChecklistEntry, known: Known) -> str | None:
    """Why this item cannot be told in this call, None where it can."""
    if entry.needs != "two_channels":
        return None if known.words_heard else WHY_NO_WORDS
    if known.channels < 2:
        return WHY_ONE_CHANNEL
    if known.channels > 2:
        return WHY_MORE_CHANNELS
    return WHY_ONE_SIDE if known.measured < 2 else None


def _in_time(met: ChecklistItem, entry: ChecklistEntry, start_s: float | None) -> ChecklistItem:
    """The item, with a remark where it was met after its deadline."""
    if entry.deadline_s is None or start_s is None or met.at_s is None or met.at_s - start_s <= entry.deadline_s:
        return met
    since = "the start" if entry.after == "start" else "the first sign of trouble"
    why = f"{met.at_s - start_s:.0f} s after {since}; the aim is {entry.deadline_s:.0f} s"
    return ChecklistItem(entry.id, True, at_s=met.at_s, evidence=met.evidence, why=why)
