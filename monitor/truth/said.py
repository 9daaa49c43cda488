"""Flags and turns of a call scored against what people labelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from monitor.result_types import CallResult, FlagRecord
from monitor.truth.labels import SpokenPhrase, Truth
from monitor.truth.lights import Pooled
from monitor.turns import GAP_S
from monitor.types import FlagState, Turn

AROUND_S = 1.0  # a label set by hand and a flag belong together when they come this close
BOUNDARY_S = 1.0  # a turn's boundary further off than this was not found


@dataclass(slots=True)
class Counts(Pooled):
    """What was found and what was not, of one or several calls.

    ``sure`` and ``hinted`` hold one value per labelled phrase, ``delay_s`` from the end of its label to the moment at
    which the flag was raised, of the found ones. ``sure_false`` and ``hint_false`` are flags that no label bears out,
    in ``hours``. ``boundary_s`` is how far each labelled boundary of a turn lies from the nearest found one of that
    speaker, of those within ``BOUNDARY_S``; ``boundary_found`` has one value for each.
    """

    sure: list[float] = field(default_factory=list)
    hinted: list[float] = field(default_factory=list)
    delay_s: list[float] = field(default_factory=list)
    sure_false: list[float] = field(default_factory=list)
    hint_false: list[float] = field(default_factory=list)
    hours: list[float] = field(default_factory=list)
    boundary_s: list[float] = field(default_factory=list)
    boundary_found: list[float] = field(default_factory=list)


def count(truth: Truth, result: CallResult) -> Counts:
    """Count what labels say of phrases and turns, where they say it and somebody listened."""
    counts = Counts()
    if truth.phrases is not None and result.engine.recogniser != "none":
        _count_phrases(counts, truth.phrases, result)
    for speaker in sorted({turn.speaker for turn in truth.turns}):
        labelled = _joined(turn for turn in truth.turns if turn.speaker == speaker)
        _count_boundaries(counts, labelled, [turn for turn in result.turns if turn.speaker == speaker])
    return counts


def _count_phrases(counts: Counts, phrases: Sequence[SpokenPhrase], result: CallResult) -> None:
    raised = [flag for flag in result.flags if flag.state in (FlagState.CONFIRMED, FlagState.TENTATIVE)]
    borne_out = [(flag, _labels_of(flag, phrases)) for flag in raised]
    for phrase in phrases:
        found = [flag for flag, labels in borne_out if phrase in labels]
        counts.sure.append(float(any(flag.state is FlagState.CONFIRMED for flag in found)))
        counts.hinted.append(float(bool(found)))
        if found:
            counts.delay_s.append(min(flag.heard_at_s for flag in found) - phrase.end_s)
    left = [flag for flag, labels in borne_out if not labels]
    counts.sure_false.append(float(sum(flag.state is FlagState.CONFIRMED for flag in left)))
    counts.hint_false.append(float(len(left)))
    counts.hours.append(result.source.duration_s / 3600)


def _labels_of(flag: FlagRecord, phrases: Sequence[SpokenPhrase]) -> list[SpokenPhrase]:
    """The labels that a flag belongs to: the nearest of its behaviour, several only where they overlap."""
    gaps = [(max(0.0, phrase.start_s - flag.end_s, flag.start_s - phrase.end_s), phrase) for phrase in phrases]
    near = [(gap_s, phrase) for gap_s, phrase in gaps if gap_s <= AROUND_S and flag.id in phrase.ids]
    least_s = min((gap_s for gap_s, _ in near), default=0.0)
    return [phrase for gap_s, phrase in near if gap_s <= least_s]


def _joined(turns: Iterable[Turn]) -> list[Turn]:
    """Turns of one speaker as the program knows them: people also label each sentence by itself."""
    joined: list[Turn] = []
    for turn in sorted(turns, key=lambda turn: turn.start_s):
        if joined and turn.start_s - joined[-1].end_s < GAP_S:
            joined[-1] = replace(joined[-1], end_s=max(joined[-1].end_s, turn.end_s))
        else:
            joined.append(turn)
    return joined


def _count_boundaries(counts: Counts, labelled: Iterable[Turn], found: Sequence[Turn]) -> None:
    for side in ("start_s", "end_s"):
        own = [getattr(turn, side) for turn in found]
        for turn in labelled:
            off_s = min((abs(getattr(turn, side) - at_s) for at_s in own), default=BOUNDARY_S + 1)
            counts.boundary_found.append(float(off_s <= BOUNDARY_S))
            if off_s <= BOUNDARY_S:
                counts.boundary_s.append(off_s)
