"""Reading back what a call was judged from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from monitor.policy.model import Policy
from monitor.result_types import CallResult
from monitor.store import columns as packed
from monitor.store.packing import Heard, unpack_heard, unpack_result
from monitor.store.tables import Call, Part, PolicyText, Verdict
from monitor.types import Baseline
from monitor.windows import VoiceTicks

_AT_ONCE = 20  # calls per statement; an hour is about a megabyte


@dataclass(frozen=True, slots=True)
class Recalled:
    """One call as it was measured. ``words`` are the minutes of what was heard, still packed."""

    call_id: int
    samples: int
    usual: Baseline | None
    policy: str
    heard_policy: Policy
    result: CallResult
    agent: VoiceTicks
    customer: VoiceTicks | None
    talk: Sequence[tuple[int, int, int, int, int]]
    words: Sequence[bytes]

    def heard(self, *, passes: bool) -> Heard:
        """What was heard of the agent's words."""
        return unpack_heard(self.words, passes=passes)


def recall(connection: Connection, call_ids: Sequence[int]) -> Iterator[Recalled]:
    """The calls of these numbers that ended, in order."""
    policies: dict[str, Policy] = {}
    for at in range(0, len(call_ids), _AT_ONCE):
        yield from _some(connection, call_ids[at : at + _AT_ONCE], policies)


def _some(connection: Connection, call_ids: Sequence[int], policies: dict[str, Policy]) -> Iterator[Recalled]:
    columns = (Part.call_id, Part.side, Part.ticks, Part.talk, Part.words)
    parts = select(*columns).where(Part.call_id.in_(call_ids)).order_by(Part.call_id, Part.side, Part.minute)
    found: dict[int, list[tuple[int, bytes | None, bytes | None, bytes | None]]] = {}
    for call_id, side, ticks, talk, words in connection.execute(parts):
        found.setdefault(call_id, []).append((side, ticks, talk, words))
    verdicts = select(Verdict.call_id, Verdict.document).where(Verdict.call_id.in_(call_ids)).order_by(Verdict.number)
    documents: dict[int, bytes] = {}
    for number, document in connection.execute(verdicts):
        documents.update({number: document})  # the last is the newest
    calls = select(Call.id, Call.samples, Call.usual, Call.policy, Call.heard_policy).where(Call.id.in_(call_ids))
    for call_id, samples, usual, policy, heard_policy in connection.execute(calls.order_by(Call.id)):
        if call_id not in documents or call_id not in found:
            continue
        if heard_policy not in policies:
            text = select(PolicyText.text).where(PolicyText.fingerprint == heard_policy)
            policies[heard_policy] = Policy.model_validate_json(connection.execute(text).scalar_one())
        rows = found[call_id]
        sides = [packed.unpack_ticks([part[1] for part in rows if part[0] == side and part[1]]) for side in (0, 1)]
        yield Recalled(
            call_id,
            samples,
            None if usual is None else Baseline(**json.loads(usual)),
            policy,
            policies[heard_policy],
            unpack_result(documents[call_id]),
            sides[0],
            sides[1] if any(part[0] == 1 for part in rows) else None,
            packed.unpack_talk([part[2] for part in rows if part[2]]),
            [part[3] for part in rows if part[3]],
        )
