"""The lights on calls with a known escalation: the whole engine, judged by what it writes.

Calls and score are those of ``benchmarks.escalation_calls``. A naive level meter and the usual academic answer
(``benchmarks.usual_answer``) are scored on the same calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from benchmarks import calm_causes, usual_answer
from benchmarks.data import corpus
from benchmarks.escalation_figures import by_voice, climb_rows, costs_of, groups_of, row_of, speakers_rows
from benchmarks.escalation_judging import OURS, USUAL, Found, Scored, Task, all_found, judge_speaker
from benchmarks.escalation_sets import tasks_of
from benchmarks.escalation_tables import (
    TITLES,
    climb_table,
    cost_table,
    goals_of,
    readers_table,
    set_table,
    spread_table,
    voices_table,
)
from benchmarks.report import Figures, Report, Settings, Table
from monitor.errors import EnvironmentProblem

LIBRARIES = ("scipy", "soundfile", "opensmile", "scikit-learn", "praat-parselmouth")


def run(settings: Settings) -> Report:
    """Build, judge and score every set.

    Raises
    ------
    EnvironmentProblem
        RAVDESS, LibriSpeech or speechocean is not here.
    """
    acted = corpus(settings.data, "ravdess")
    read = [*corpus(settings.data, "librispeech"), *corpus(settings.data, "speechocean")]
    tasks = tasks_of(acted, read, quick=settings.quick)
    return report_of(all_found(_judged(tasks, settings)))


def _judged(tasks: Sequence[Task], settings: Settings) -> Iterator[Found]:
    with ProcessPoolExecutor(settings.jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(judge_speaker, task) for task in tasks]
        try:
            for done, future in enumerate(as_completed(futures), 1):
                yield future.result()
                if done % 10 == 0 or done == len(tasks):
                    settings.say(f"escalation: {done} of {len(tasks)} speakers' sets")
        except BrokenProcessPool as error:
            raise EnvironmentProblem("A process ended by itself, perhaps for want of memory; try --jobs 1.") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def usual_scores(found: Found) -> list[Scored]:
    """The usual answer's lights, each made by a regression that did not hear the judged speaker."""
    acted = [call for dataset, call in found.heard if dataset == "acted"]
    if len({call.speaker for call in acted}) < 3:
        return []  # too few to train on some and to choose a limit on others
    others = [call for dataset, call in found.heard if dataset != "acted"]
    names = {id(call): dataset for dataset, call in found.heard}
    return [
        Scored(names[id(call)], call.variant, USUAL, call.speaker, score)
        for call, score in usual_answer.judged(acted, others)
    ]


def report_of(found: Found) -> Report:
    """Tables and figures of judged calls."""
    scored = [*found.scored, *usual_scores(found)]
    figures: Figures = {}
    tables: list[Table] = []
    for dataset in TITLES:
        groups = groups_of([s for s in scored if s.dataset == dataset])
        if groups:
            figures[dataset] = {name: row_of(calls) for name, calls in groups.items()}
    figures |= _voices(found)
    tables += [set_table(dataset, figures[dataset]) for dataset in TITLES if dataset in figures]
    tables.insert(1, voices_table(figures["by_voice"], figures["by_speaker"], found.f0_hz))
    tables.insert(2, spread_table({name: figures[name]["all"] for name in ("acted", "mild", "calm-read")}))
    tables.append(readers_table(figures["by_voice"]["calm-read"], figures["by_speaker"]["calm-read"]))
    causes, figures["causes"] = calm_causes.tables_of(found.told)
    tables += causes
    if found.climbs:
        figures["climb"] = climb_rows(found.climbs, set(figures["by_speaker"]["acted"]))
        tables.append(climb_table(figures["climb"]))
    figures["cpu_s_per_h"] = costs_of(scored, [call for _, call in found.heard])
    tables.append(cost_table(figures["cpu_s_per_h"]))
    return Report("escalation", "accuracy.md", figures, tables, goals_of(figures), LIBRARIES)


def _voices(found: Found) -> Figures:
    """Our own figures by sex, by range of the voice and by speaker."""
    ours = {name: [s for s in found.scored if s.dataset == name and s.monitor == OURS] for name in TITLES}
    return {
        "by_voice": {name: by_voice(calls, found.f0_hz) for name, calls in ours.items() if calls},
        "by_speaker": {name: speakers_rows(calls) for name, calls in ours.items() if calls},
        "f0_hz": found.f0_hz,
    }
