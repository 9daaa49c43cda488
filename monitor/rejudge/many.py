"""Many stored calls under another policy, in several processes, and what would change."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import func, insert, select

from monitor.assemble import engine_version, keeper
from monitor.errors import EnvironmentProblem, ParameterError
from monitor.policy.model import Policy
from monitor.rejudge.call import judge_again
from monitor.result_types import CallResult
from monitor.store.calls import Store, open_store
from monitor.store.packing import pack_result, unpack_result
from monitor.store.recall import recall
from monitor.store.tables import Access, Call, Verdict
from monitor.store.troubles import told
from monitor.store.writing import keep_policy, write_result
from monitor.types import FlagState, Light

_SHARE = 20  # calls that a worker takes at a time, at most
_COUNTED = (FlagState.TENTATIVE, FlagState.CONFIRMED)
LIT = (Light.AMBER, Light.RED)


@dataclass(slots=True)
class Tally:
    """What calls came to: seconds of each light, and how often each reason lit and each phrase was flagged."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    lights: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Sum up."""
        for light, seconds in other.seconds.items():
            self.seconds[light] += seconds
        self.lights.update(other.lights)
        self.flags.update(other.flags)


@dataclass(frozen=True, slots=True)
class Change:
    """One call before and after; ``packed`` is the new result where it is asked for and another one."""

    call_id: int
    duration_s: float
    before: Tally
    after: Tally
    packed: bytes | None = None

    @property
    def differs(self) -> bool:
        """Whether any light or flag is another one."""
        return self.before != self.after


def tally(result: CallResult) -> Tally:
    """What one result comes to. A reason that stays while another comes and goes counts once."""
    found = Tally()
    previous: set[str] = set()
    for span in result.lights:
        found.seconds[str(span.light)] += round(span.end_s - span.start_s, 3)
        ids = {reason.id for reason in span.reasons} if span.light in LIT else set()
        found.lights.update(ids - previous)
        previous = ids
    found.flags.update(flag.id for flag in result.flags if flag.state in _COUNTED)
    return found


def judge_many(
    store: Store, place: str | None, policy: Policy, call_ids: Sequence[int], *, jobs: int = 1, keep: bool = False
) -> Iterator[Change]:
    """Judge these calls under this policy, in order; ``keep`` brings the new results along.

    Raises
    ------
    StoreProblem
        The store cannot be read.
    """
    size = max(1, min(_SHARE, len(call_ids) // (4 * max(1, jobs))))
    shares = [call_ids[at : at + size] for at in range(0, len(call_ids), size)]
    if jobs <= 1 or len(shares) <= 1:
        for share in shares:
            yield from _judged(store, policy, share, keep=keep)
        return
    context = multiprocessing.get_context("spawn")
    work = _Share(place, store.who, policy.model_dump_json(), keep)
    try:
        with ProcessPoolExecutor(min(jobs, len(shares)), mp_context=context, initializer=gc.freeze) as pool:
            for found in pool.map(work, shares):
                yield from found
    except BrokenProcessPool as error:
        raise EnvironmentProblem("A process that judged calls was ended; use fewer --jobs.") from error


@dataclass(frozen=True, slots=True)
class _Share:
    """What a worker process is told: it opens the store by itself."""

    place: str | None
    who: str
    policy: str
    keep: bool

    def __call__(self, call_ids: Sequence[int]) -> list[Change]:
        with open_store(self.place, who=self.who) as store:
            return list(_judged(store, _policy(self.policy), call_ids, keep=self.keep))


@cache
def _policy(text: str) -> Policy:
    """The policy of this text; a worker reads it once."""
    return Policy.model_validate_json(text)


def _judged(store: Store, policy: Policy, call_ids: Sequence[int], *, keep: bool) -> Iterator[Change]:
    version = engine_version()
    with told(store.name), store.engine.connect() as connection:
        for call in recall(connection, call_ids):
            after = judge_again(call, policy, keeper, version=version)
            packed = pack_result(after) if keep else None
            yield Change(call.call_id, call.result.source.duration_s, tally(call.result), tally(after), packed)


def apply(store: Store, policy: Policy, changes: Sequence[Change]) -> None:
    """Make these the newest results of their calls; what was shown stays beside them.

    Raises
    ------
    StoreProblem
        The store cannot be written.
    """
    with told(store.name), store.engine.begin() as connection:
        keep_policy(connection, policy)
        for change in changes:
            if change.packed is None:
                continue
            newest = select(func.max(Verdict.number)).where(Verdict.call_id == change.call_id)
            number = int(connection.execute(newest).scalar() or 0) + 1
            result = unpack_result(change.packed)
            write_result(connection, change.call_id, result, policy.fingerprint, number=number)


def chosen_calls(store: Store, asked: Sequence[int]) -> list[int]:
    """The calls that were asked for, or all that this person may see; written down as judged again.

    Raises
    ------
    ParameterError
        One of them is none that this person may see.
    """
    numbers = store.numbers()
    missing = set(asked) - set(numbers)
    if missing:
        raise ParameterError(f"There is no finished call {min(missing)} that you may open; see: evenkeel calls list")
    chosen = list(asked) or numbers
    with told(store.name), store.engine.begin() as connection:
        for at in range(0, len(chosen), 500):
            owners = select(Call.id, Call.agent).where(Call.id.in_(chosen[at : at + 500]))
            rows = [store.visit(number, agent, "rejudge") for number, agent in connection.execute(owners)]
            connection.execute(insert(Access), rows)
    return chosen


def cores() -> int:
    """Processes that this machine can run at once."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
