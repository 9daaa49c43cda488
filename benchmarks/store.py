"""The store: judging a thousand stored hours again, listing a hundred thousand calls, and the size of an hour.

Calls are synthetic: measures as speech gives them, run through the engine's own windows. PostgreSQL is measured where
it is installed, on a server of our own.
"""

from __future__ import annotations

import os
import resource
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_most
from benchmarks.speed import cpu_model
from benchmarks.store_calls import listed_calls, packed_bytes, store_calls, two_sided_call
from monitor.assemble import keeper
from monitor.policy.load import load_policy
from monitor.policy.model import Policy
from monitor.rejudge.call import judge_again
from monitor.rejudge.many import judge_many
from monitor.store.calls import open_store

HOURS, QUICK_HOURS = 500, 40
DISTINCT = 10
LISTED, QUICK_LISTED = 100_000, 20_000
JOBS = 2
TRIES = 9
GOAL_S = 60  # for a thousand hours, on two cores


def run(settings: Settings) -> Report:
    """Measure SQLite, and PostgreSQL where it is."""
    from benchmarks.postgres import PostgresRig, programs

    figures: Figures = {"cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "load": os.getloadavg()[0]}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evenkeel-store-")))
        places = {"SQLite": [str(folder / f"{name}.sqlite") for name in ("again", "listed")]}
        found = programs()
        if found is not None:
            rig = stack.enter_context(PostgresRig(found))
            places["PostgreSQL"] = [rig.fresh(), rig.fresh()]
        for database, (again, listed) in places.items():
            settings.say(f"{database} ...")
            figures[database] = {**_again(again, quick=settings.quick), **_listing(listed, quick=settings.quick)}
    figures["CPU s per hour of two sides"] = _both_sides()
    figures["MB per hour and channel"] = packed_bytes(minutes=10) * 6 / 1e6
    return _report(figures)


def _again(place: str, *, quick: bool) -> dict[str, float]:
    hours = QUICK_HOURS if quick else HOURS
    with open_store(place) as store:
        store_calls(store, hours=hours, distinct=DISTINCT)
        numbers, policy = store.numbers(), _stricter()
        start_s, cpu_s = time.perf_counter(), _cpu_s()
        judged = sum(1 for _ in judge_many(store, place, policy, numbers, jobs=JOBS))
        wall_s, cpu_s = time.perf_counter() - start_s, _cpu_s() - cpu_s
    return {"hours": judged, "wall_s": wall_s, "cpu_s": cpu_s, "for_1000_s": 1000 * wall_s / judged,
            "cpu_for_1000_s": 1000 * cpu_s / judged}  # fmt: skip


def _both_sides() -> float:
    """Processor time for an hour with both sides, in one process, without reading it."""
    call, policy = two_sided_call(60, load_policy()), _stricter()
    taken: list[float] = []
    for _ in range(3):
        start_s = time.process_time()
        judge_again(call, policy, keeper)
        taken.append(time.process_time() - start_s)
    return min(taken)


def _stricter() -> Policy:
    """Another policy, with the same phrases."""
    policy = load_policy()
    raised = policy.thresholds.raised.model_copy(update={"amber": 1.4, "red": 2.5})
    fields = {name: getattr(policy, name) for name in Policy.model_fields}
    return Policy(**{**fields, "thresholds": policy.thresholds.model_copy(update={"raised": raised})})


def _cpu_s() -> float:
    """Processor time of this process and of those that it has ended."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _listing(place: str, *, quick: bool) -> dict[str, float]:
    count = QUICK_LISTED if quick else LISTED
    with open_store(place) as store:
        listed_calls(store, count)
        times: dict[str, float] = {}
        for name, most in (("page", 50), ("all", None)):
            taken: list[tuple[float, float]] = []
            for _ in range(TRIES):
                start_s, cpu_s = time.perf_counter(), time.process_time()
                found = len(store.listed(most=most))
                taken.append((time.perf_counter() - start_s, time.process_time() - cpu_s))
            times[f"{name}_s"], times[f"{name}_cpu_s"] = (min(each) for each in zip(*taken, strict=True))
    return {"listed": found, **times}


def _report(figures: Figures) -> Report:
    databases = {name: each for name, each in figures.items() if isinstance(each, dict)}
    rows = [
        (name, cell(each["hours"], 0), cell(each["cpu_for_1000_s"], 0), cell(each["for_1000_s"], 0),
         cell(each["listed"], 0), cell(each["all_cpu_s"], 2), cell(each["all_s"], 2), cell(each["page_s"], 3))
        for name, each in databases.items()
    ]  # fmt: skip
    columns = (
        "",
        "hours",
        "CPU s per 1000 h",
        "s per 1000 h",
        "calls",
        "list all, CPU s",
        "list all, s",
        "newest 50, s",
    )
    goals: list[Goal] = []
    for name, each in databases.items():
        again = f"{name}: 1,000 stored hours judged again in {GOAL_S} s on two free cores: CPU s"
        listing = f"{name}: listing 100,000 calls in 0.5 s: CPU s"
        goals += [
            goal_at_most(again, each["cpu_for_1000_s"], JOBS * GOAL_S, 0),
            goal_at_most(listing, each["all_cpu_s"] * LISTED / each["listed"], 0.5),
        ]
    goals.append(goal_at_most("4 MB per hour and channel", figures["MB per hour and channel"], 4, 1))
    busy = f"load {figures['load']:.1f} before: on a machine that is busy with other things only processor time tells"
    note = (
        f"{figures['cpu']}, {figures['cores']} cores, {busy}. {JOBS} processes, their start (4 CPU s) included. "
        f"Lists: the best of {TRIES}; of PostgreSQL the client's time. Calls of one side; an hour of two sides takes "
        f"{figures['CPU s per hour of two sides']:.2f} CPU s."
    )
    return Report(
        "store", "store.md", figures, [Table("The store", columns, rows, note)], goals, ("sqlalchemy", "psycopg")
    )
