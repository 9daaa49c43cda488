"""Phrases that occur in the transcripts of real speech, and the score of a monitor's flags on them.

Conventions of the score: a phrase counts once per recording in which its words were spoken, however often; a false
alarm is a phrase flagged in a recording whose transcript lacks its words. Flags that were withdrawn or quoted never
count, tentative ones only where they are asked for.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from monitor.types import FlagState

WORDS_PER_PHRASE = (2, 3, 4)
LEAST_LETTERS = 8
SEED = 7
SURE = (FlagState.CONFIRMED,)
SURE_OR_HINT = (FlagState.CONFIRMED, FlagState.TENTATIVE)

Flagged = Mapping[str, Collection[tuple[str, FlagState]]]
"""The flags of each recording, as id and last state."""


@dataclass(frozen=True, slots=True)
class PhraseTruth:
    """Each phrase by the id of its behaviour, and the recordings in which its words were spoken."""

    phrases: dict[str, str]
    spoken_in: dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class RecallScore:
    """How many phrases were spoken, found, and flagged where they were not spoken."""

    spoken: int
    found: int
    false_alarms: int
    hours: float

    @property
    def recall(self) -> float | None:
        """Share of the spoken phrases that was found."""
        return self.found / self.spoken if self.spoken else None

    @property
    def false_per_h(self) -> float | None:
        """False alarms per hour of recordings."""
        return self.false_alarms / self.hours if self.hours else None


def words_of(text: str) -> list[str]:
    """The words of a transcript in small letters."""
    return re.findall(r"[a-z']+", text.lower())


def choose_phrases(transcripts: Mapping[str, str], count: int, seed: int = SEED) -> PhraseTruth:
    """Some of the phrases of two to four words that occur in the transcripts, which are given by recording."""
    where: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for recording, text in transcripts.items():
        words = words_of(text)
        for n in WORDS_PER_PHRASE:
            for at in range(len(words) - n + 1):
                where[tuple(words[at : at + n])].add(recording)
    fit = sorted(p for p in where if sum(map(len, p)) >= LEAST_LETTERS and all(len(word) > 1 for word in p))
    random.Random(seed).shuffle(fit)
    named = {f"say.p{n:03d}": phrase for n, phrase in enumerate(fit[:count])}
    return PhraseTruth(
        phrases={key: " ".join(phrase) for key, phrase in named.items()},
        spoken_in={key: frozenset(where[phrase]) for key, phrase in named.items()},
    )


def score(truth: PhraseTruth, flagged: Flagged, hours: float, states: Sequence[FlagState] = SURE) -> RecallScore:
    """Score the flags of every recording against what was spoken in it."""
    found = spoken = false = 0
    for recording, flags in flagged.items():
        counted = {key for key, state in flags if state in states}
        said = {key for key, places in truth.spoken_in.items() if recording in places}
        spoken += len(said)
        found += len(said & counted)
        false += len((counted & truth.phrases.keys()) - said)
    return RecallScore(spoken, found, false, hours)
