"""Thresholds that would not have given the lights and flags that people disputed, and what else they would have cost.

A threshold is tried by judging the stored calls again with it, so that everything that depends on it is seen: learning,
hysteresis, the budget of changes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from monitor.assemble import keeper
from monitor.policy.model import Behaviour, Policy
from monitor.rejudge.call import judge_again
from monitor.result_types import CallResult
from monitor.store.calls import Store
from monitor.store.recall import Recalled, recall
from monitor.store.tables import StoredDispute, StoredFlag
from monitor.store.troubles import told
from monitor.types import FlagState, Light

FACTORS = (1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0)
_NEAR_S = 2.0  # a dispute is made while the light shows, or a moment later
_LIT = (Light.AMBER, Light.RED)

_PHRASE_NEAR_S = 8.0  # a phrase's light stays six seconds

# By the id of a reason: its table in a policy, the field of ``Thresholds``, and which values are moved.
_MOVES = {
    "voice.raised": ("raised", ("amber", "red")),
    "voice.rising": ("rising", ("strain",)),
    "voice.agitated": ("agitated", ("above_st",)),
    "voice.mirrored": ("mirrored", ("strain",)),
    "pace.fast": ("fast", ("share", "least_syl_s", "ceiling_syl_s")),
    "turn.interrupt": ("interrupt", ("count",)),
    "turn.talk_over": ("talk_over", ("seconds",)),
    "turn.monologue": ("monologue", ("seconds",)),
    "turn.dead_air": ("dead_air", ("seconds",)),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One change of a policy: ``removed`` of ``disputed`` would be gone, and with them ``lost`` of ``others``.

    ``toml`` is what to write into a policy, None where no value that is allowed would help.
    """

    subject: str
    toml: str | None
    disputed: int
    removed: int
    others: int
    lost: int


@dataclass(frozen=True, slots=True)
class _Disputed:
    call_id: int
    subject: str
    at_s: float


def suggest(store: Store, policy: Policy, call_ids: Sequence[int]) -> list[Suggestion]:
    """What disputes of these calls suggest for this policy, one suggestion for each behaviour or phrase.

    Raises
    ------
    StoreProblem
        The store cannot be read.
    """
    with told(store.name), store.engine.connect() as connection:
        columns = select(StoredDispute.call_id, StoredDispute.subject, StoredDispute.at_s)
        wanted = set(call_ids)
        disputes = [_Disputed(*row) for row in connection.execute(columns) if row[0] in wanted]
        if not disputes:
            return []
        calls = list(recall(connection, call_ids))
        flags = select(StoredFlag.call_id, StoredFlag.behaviour, StoredFlag.phrase, StoredFlag.start_s).where(
            StoredFlag.state == str(FlagState.CONFIRMED)
        )
        said = [row for row in connection.execute(flags).all() if row[0] in wanted]
    subjects = sorted({each.subject for each in disputes})
    found: list[Suggestion] = []
    for subject in subjects:
        about = [each for each in disputes if each.subject == subject]
        if subject in _MOVES:
            found.append(_threshold(policy, calls, subject, about))
        elif policy.behaviour(subject) is not None:
            found += _phrases(policy, subject, about, [(c, p, s) for c, b, p, s in said if b == subject])
    return found


def _threshold(policy: Policy, calls: Sequence[Recalled], subject: str, about: Sequence[_Disputed]) -> Suggestion:
    """The smallest change that removes the most of what was disputed."""
    before = _lit(calls, policy, subject)
    is_disputed = {key: _meets(key, about) for key in before}
    disputed = sum(is_disputed.values())
    others = len(before) - disputed
    best = Suggestion(subject, None, disputed, 0, others, 0)
    if not disputed:
        return best
    for factor in FACTORS:
        moved = _moved(policy, subject, factor)
        if moved is None:
            break
        changed, toml = moved
        after = _lit(calls, changed, subject)
        gone = [key for key in before if not any(_overlap(key, kept) for kept in after)]
        removed = sum(is_disputed[key] for key in gone)
        if removed > best.removed:
            best = Suggestion(subject, toml, disputed, removed, others, len(gone) - removed)
        if removed == disputed:
            break
    return best


_Span = tuple[int, float, float]


def _lit(calls: Sequence[Recalled], policy: Policy, subject: str) -> list[_Span]:
    """Where this reason lit: call, start and end; neighbouring lights with the same reason are one."""
    found: list[_Span] = []
    for call in calls:
        for start_s, end_s in spans(judge_again(call, policy, keeper), subject):
            found.append((call.call_id, start_s, end_s))
    return found


def spans(result: CallResult, subject: str) -> list[tuple[float, float]]:
    """Where this reason lit in one result."""
    found: list[tuple[float, float]] = []
    for span in result.lights:
        if span.light not in _LIT or all(reason.id != subject for reason in span.reasons):
            continue
        if found and found[-1][1] == span.start_s:
            found[-1] = (found[-1][0], span.end_s)
        else:
            found.append((span.start_s, span.end_s))
    return found


def _meets(key: _Span, about: Sequence[_Disputed]) -> bool:
    call_id, start_s, end_s = key
    return any(each.call_id == call_id and start_s - _NEAR_S <= each.at_s <= end_s + _NEAR_S for each in about)


def _overlap(one: _Span, other: _Span) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _moved(policy: Policy, subject: str, factor: float) -> tuple[Policy, str] | None:
    """The policy with this behaviour's limits so much further away, and its lines; None beyond what is allowed."""
    from pydantic import ValidationError

    name, values = _MOVES[subject]
    group = getattr(policy.thresholds, name)
    new = {value: _further(subject, value, getattr(group, value), factor) for value in values}
    try:
        changed = type(group).model_validate({**group.model_dump(), **new})
    except ValidationError:
        return None
    fields = {field: getattr(policy, field) for field in Policy.model_fields}
    limits = policy.thresholds.model_copy(update={name: changed})
    lines = [f'[thresholds."{subject}"]', *(f"{key} = {value:g}" for key, value in new.items())]
    return Policy(**{**fields, "thresholds": limits}), "\n".join(lines)


def _further(subject: str, name: str, value: float, factor: float) -> float:
    if name == "share":
        return round(1 + (value - 1) * factor, 3)
    return math.ceil(value * factor) if subject == "turn.interrupt" else round(value * factor, 3)


def _phrases(
    policy: Policy, subject: str, about: Sequence[_Disputed], said: Sequence[tuple[int, str, float]]
) -> list[Suggestion]:
    """For each disputed wording: as a hint it would have lit amber at most; the cost is every other time."""
    total: Counter[str] = Counter(phrase for _, phrase, _ in said)
    disputed: Counter[str] = Counter()
    near: Callable[[_Disputed, tuple[int, str, float]], bool] = lambda each, flag: (  # noqa: E731
        each.call_id == flag[0] and abs(each.at_s - flag[2]) <= _PHRASE_NEAR_S
    )
    for each in about:
        close = sorted((flag for flag in said if near(each, flag)), key=lambda flag: abs(flag[2] - each.at_s))
        disputed.update(flag[1] for flag in close[:1])
    behaviour = policy.behaviour(subject)
    assert behaviour is not None
    found = []
    for phrase, count in disputed.most_common():
        toml = _as_hint(behaviour, phrase) if phrase in behaviour.phrases else None
        found.append(Suggestion(f"{subject}: {phrase}", toml, count, count if toml else 0, total[phrase] - count,
                                total[phrase] - count if toml else 0))  # fmt: skip
    return found or [Suggestion(subject, None, len(about), 0, len(said), 0)]


def _as_hint(behaviour: Behaviour, phrase: str) -> str:
    """The lines that make a hint of one wording; the lists are complete, for they replace those before."""
    import json

    firm = [each for each in behaviour.phrases if each != phrase]
    weak = [*behaviour.weak_phrases, phrase]
    lists = {"phrases": firm, "weak_phrases": weak}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in lists.items()]
    return "\n".join(["[[behaviour]]", f'id = "{behaviour.id}"', *lines])
