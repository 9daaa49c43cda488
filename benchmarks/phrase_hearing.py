"""Letting a recogniser hear recordings, and what becomes of its passes: flags, as shipped and at every threshold.

A recording is decoded once. Its passes, with the confidence of every word, are then followed by as many trackers as
there are thresholds to compare.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.data import Samples, at_rate, read_mono
from benchmarks.phrase_recall import SURE, SURE_OR_HINT
from benchmarks.sound import RATE_HZ
from monitor.errors import EnvironmentProblem
from monitor.phrases.flags import ConfirmationRule, FlagTracker, rule_for
from monitor.phrases.matcher import PhraseMatch, PhraseMatcher
from monitor.policy.model import Policy
from monitor.types import FlagState, Hypothesis, Word

CHUNK = 20  # recordings per task
MOST_WORDINGS = 500  # as the program asks a recogniser to listen for
LADDER = (0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Thresholds of confidence at which flags are counted; ``ConfirmationRule`` ships 0.3 for a hint and 0.8 for sure."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording to hear: a file, or samples at ``RATE_HZ``."""

    name: str
    sound: Path | Samples


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag as it was in the end, and when it was first told and confirmed, in seconds of its recording."""

    id: str
    text: str
    state: FlagState
    told_s: float
    sure_s: float | None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording's flags, and what hearing it cost.

    ``sure`` and ``hinted`` hold, for every threshold of ``LADDER``, the ids that would have been confirmed there and
    those that would at least have been told.
    """

    name: str
    flags: tuple[Flagged, ...]
    audio_s: float
    cpu_s: float
    sure: tuple[tuple[str, ...], ...] = ()
    hinted: tuple[tuple[str, ...], ...] = ()


def hear_in_processes(name: str, policy: Policy, recordings: Sequence[Recording], jobs: int) -> list[Heard]:
    """Hear recordings in processes of their own, in order."""
    chunks = [recordings[at : at + CHUNK] for at in range(0, len(recordings), CHUNK)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return [*chain(*pool.map(hear_all, [name] * len(chunks), [policy] * len(chunks), chunks))]


def hear_all(name: str, policy: Policy, recordings: Sequence[Recording]) -> list[Heard]:
    """Hear recordings one after the other, with a recogniser that is loaded once."""
    matcher = RememberingMatcher(policy)
    return [hear(name, policy, recording, matcher) for recording in recordings]


def hear(name: str, policy: Policy, recording: Recording, matcher: PhraseMatcher | None = None) -> Heard:
    """Let a recogniser hear a recording, and follow the flags of its passes."""
    from models.registry import make_transcriber

    y = recording.sound
    if isinstance(y, Path):
        y = at_rate(*read_mono(y), RATE_HZ)
    transcriber = make_transcriber(name, policy.phrases(most=MOST_WORDINGS), policy.language)
    if transcriber is None:
        raise EnvironmentProblem(f"The recogniser {name} is not on this machine.")
    start_s = time.process_time()
    passes = [*transcriber.push(np.asarray(y, np.float32)), *transcriber.finish()]
    cpu_s = time.process_time() - start_s
    matcher = matcher or RememberingMatcher(policy)
    flags = flags_of(policy, passes, rule_for(name), matcher)
    sure, hinted = on_ladder(policy, passes, rule_for(name), matcher)
    return Heard(recording.name, flags, len(y) / RATE_HZ, cpu_s, sure, hinted)


class RememberingMatcher(PhraseMatcher):
    """Matches each row of words once, however many trackers ask."""

    def __init__(self, policy: Policy, most: int = 2000) -> None:
        super().__init__(policy)
        self._answer = lru_cache(most)(super().explain)

    def explain(self, words: Sequence[Word]) -> list[PhraseMatch]:
        """As ``PhraseMatcher.explain``; nobody may change the answer."""
        return self._answer(tuple(words))


def flags_of(
    policy: Policy,
    passes: Sequence[Hypothesis],
    rule: ConfirmationRule | None = None,
    matcher: PhraseMatcher | None = None,
) -> tuple[Flagged, ...]:
    """What becomes of the passes: each flag that was ever told."""
    from monitor.events import FlagChanged

    tracker = FlagTracker(policy, rule, matcher=matcher)
    flags: dict[int, Flagged] = {}
    for event in (event for heard in passes for event in tracker.take(heard)):
        if isinstance(event, FlagChanged):
            flag, before = event.flag, flags.get(event.flag.key)
            told_s = before.told_s if before else event.at_s
            sure_s = before.sure_s if before and before.sure_s is not None else None
            if sure_s is None and flag.state is FlagState.CONFIRMED:
                sure_s = event.at_s
            flags[flag.key] = Flagged(flag.id, flag.text, flag.state, told_s, sure_s, flag.confidence)
    return tuple(flags.values())


Rungs = tuple[tuple[str, ...], ...]


def on_ladder(
    policy: Policy, passes: Sequence[Hypothesis], rule: ConfirmationRule, matcher: PhraseMatcher
) -> tuple[Rungs, Rungs]:
    """The ids that are sure, and those that are at least hints, at every threshold of ``LADDER``."""
    few = rule.few_words_confidence - rule.final_confidence

    def ids(at: ConfirmationRule, states: Sequence[FlagState]) -> tuple[str, ...]:
        return tuple(flag.id for flag in flags_of(policy, passes, at, matcher) if flag.state in states)

    sure = tuple(
        ids(replace(rule, agree_confidence=t, final_confidence=t, few_words_confidence=t + few), SURE) for t in LADDER
    )
    return sure, tuple(ids(replace(rule, least_confidence=t), SURE_OR_HINT) for t in LADDER)
