"""The operating curve: threshold of confidence against phrases found and false flags, and whether confidence is true.

Half of the speakers choose a threshold, the other half confirms it. A confidence is true when of the flags that claim
0.7 seven in ten are right: shown in bins, with their mean distance, the expected calibration error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.phrase_hearing import LADDER, Heard
from benchmarks.phrase_recall import SURE_OR_HINT, PhraseTruth
from benchmarks.report import Figures

KINDS = ("sure", "hinted")
CHOSEN, CHECKED, BOTH = "chosen", "checked", "both"
BINS = (0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 1.001)


@dataclass(frozen=True, slots=True)
class Spoken:
    """Recordings of one corpus whose words are known, with the speaker of each."""

    heard: Sequence[Heard]
    truth: PhraseTruth
    speakers: Mapping[str, str]


def halves(speakers: Collection[str]) -> dict[str, frozenset[str]]:
    """Every other speaker by name, and all of them."""
    names = sorted(set(speakers))
    return {CHOSEN: frozenset(names[0::2]), CHECKED: frozenset(names[1::2]), BOTH: frozenset(names)}


def curve(spoken: Mapping[str, Spoken], other: Sequence[Heard], speakers: Mapping[str, str]) -> Figures:
    """Recall by corpus and false flags per hour of ``other`` speech at every threshold, for halves of the speakers."""
    figures: Figures = {"ladder": list(LADDER)}
    for kind in KINDS:
        recall = {
            corpus: {half: _recalls(one, names, kind) for half, names in halves(one.speakers.values()).items()}
            for corpus, one in spoken.items()
        }
        false = {half: _false(other, speakers, names, kind) for half, names in halves(speakers.values()).items()}
        figures[kind] = {"recall": recall, "false_per_h": false}
    return figures


def _recalls(one: Spoken, names: Collection[str], kind: str) -> list[float] | None:
    found, said = np.zeros(len(LADDER)), 0
    for h in one.heard:
        if one.speakers[h.name] in names:
            wanted = {key for key, places in one.truth.spoken_in.items() if h.name in places}
            said += len(wanted)
            found += [len(wanted & set(ids)) for ids in _rungs(h, kind)]
    return (found / said).tolist() if said else None


def _false(
    other: Sequence[Heard], speakers: Mapping[str, str], names: Collection[str], kind: str
) -> list[float] | None:
    mine = [h for h in other if speakers[h.name] in names]
    hours = sum(h.audio_s for h in mine) / 3600
    flags = sum((np.array([len(ids) for ids in _rungs(h, kind)]) for h in mine), np.zeros(len(LADDER)))
    return (flags / hours).tolist() if hours else None


def _rungs(heard: Heard, kind: str) -> Sequence[Sequence[str]]:
    return heard.sure if kind == "sure" else heard.hinted


def trust(spoken: Mapping[str, Spoken], other: Sequence[Heard], speakers: Mapping[str, str]) -> Figures:
    """Whether the confidences of flags are true, in bins, for halves of all speakers together.

    Of ``other`` speech every flag is wrong. How many are right depends on how often phrases are said, so that is told.
    """
    told = [
        (one.speakers[h.name], flag.confidence, h.name in one.truth.spoken_in[flag.id])
        for one in spoken.values()
        for h in one.heard
        for flag in h.flags
        if flag.state in SURE_OR_HINT
    ]
    told += [
        (speakers[h.name], flag.confidence, False) for h in other for flag in h.flags if flag.state in SURE_OR_HINT
    ]
    everyone = [name for one in spoken.values() for name in one.speakers.values()]
    figures: Figures = {half: _trust(told, names) for half, names in halves([*everyone, *speakers.values()]).items()}
    said = sum(len(places) for one in spoken.values() for places in one.truth.spoken_in.values())
    audio_s = sum(h.audio_s for one in spoken.values() for h in one.heard) + sum(h.audio_s for h in other)
    figures["said_per_h"] = 3600 * said / audio_s if audio_s else None
    return figures


def _trust(told: Sequence[tuple[str, float, bool]], names: Collection[str]) -> Figures:
    mine = [(confidence, right) for speaker, confidence, right in told if speaker in names]
    confidence, right = np.array([c for c, _ in mine]), np.array([r for _, r in mine], float)
    place = np.digitize(confidence, BINS) - 1
    rows: list[Figures] = []
    for n in range(len(BINS) - 1):
        inside = place == n
        count = int(inside.sum())
        rows.append({
            "from": BINS[n], "to": min(1.0, BINS[n + 1]), "flags": count,
            "stated": float(confidence[inside].mean()) if count else None,
            "right": float(right[inside].mean()) if count else None,
        })  # fmt: skip
    error = sum(row["flags"] * abs(row["stated"] - row["right"]) for row in rows if row["flags"])
    return {"flags": len(mine), "bins": rows, "error": error / len(mine) if mine else None}
