"""Recordings with labels, tested: what the program made of each against what is true of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from monitor.errors import InputProblem
from monitor.result_types import CallResult
from monitor.truth.labels import Mark, Truth, truth_of
from monitor.truth.lights import Score, pooled, score_call
from monitor.truth.said import Counts, count


@dataclass(frozen=True, slots=True)
class Tested:
    """One recording: what is true, what the program made of it, and the score."""

    truth: Truth
    result: CallResult
    score: Score
    counts: Counts


def scored(marks: Iterable[Mark], result: CallResult, ids_of: Callable[[str], frozenset[str]]) -> Tested:
    """Score a result against labels.

    Raises
    ------
    InputProblem
        None of the labels says anything that the program judges.
    """
    truth = truth_of(marks, result.source.duration_s, ids_of)
    if not truth.parts and truth.phrases is None and not truth.turns:
        raise InputProblem(
            f"No label of {result.source.name} says what the program judges; use raised, calm, agent, customer, no "
            "phrases, or the words of a phrase of the policy."
        )
    return Tested(truth, result, score_call(truth.parts, result.to_dict()), count(truth, result))


def pooled_score(calls: Iterable[Tested]) -> Score:
    """The lights of all of them as of one call."""
    return pooled(call.score for call in calls)


def pooled_counts(calls: Iterable[Tested]) -> Counts:
    """Phrases and turns of all of them as of one call."""
    total = Counts()
    for call in calls:
        total.add(call.counts)
    return total


def notes_on(calls: Sequence[Tested]) -> list[str]:
    """Sentences on what the figures leave out, for people."""
    notes = []
    if any(call.truth.parts and not call.truth.calm_told for call in calls):
        notes.append("Without a label calm, all that is not labelled as raised counts as calm; label grey leaves out.")
    if not any(call.truth.parts for call in calls):
        notes.append("No label raised or calm: nothing is said of the lights.")
    if all(call.truth.phrases is None for call in calls):
        notes.append("No phrase is labelled: nothing is said of them; the label no phrases says that none was spoken.")
    elif any(call.result.engine.recogniser == "none" for call in calls):
        notes.append("No recogniser listened: nothing is said of phrases.")
    if any(call.truth.turns for call in calls) and not any(call.result.turns for call in calls):
        notes.append("Turns are known where agent and customer have a channel each.")
    ignored = [text for call in calls for text in call.truth.ignored]
    if ignored:
        shown = ", ".join(f'"{text}"' for text in list(dict.fromkeys(ignored))[:10])
        notes.append(f"Not understood and left out: {shown}{' and more' if len(set(ignored)) > 10 else ''}.")
    return notes
