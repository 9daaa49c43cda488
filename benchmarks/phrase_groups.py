"""Phrases found and invented, by group of speakers: recordings are counted, groups summed, speakers drawn.

A group is a sex, a range of voice, a speed, or all. Every figure has an interval over its speakers, and the worst
speaker is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.data import Clip, at_rate, read_mono
from benchmarks.intervals import Bounds, of_ratio
from benchmarks.phrase_hearing import Heard
from benchmarks.phrase_recall import SURE, SURE_OR_HINT, PhraseTruth, score, words_of
from benchmarks.report import Figures
from benchmarks.sound import RATE_HZ
from benchmarks.who import median_f0_hz, range_of, sex_of

ALL = "all"
SPEEDS = ("slow third", "middle third", "fast third")
FEWEST_SPOKEN = 4  # of a speaker who may be the worst


@dataclass(frozen=True, slots=True)
class Tally:
    """One recording: phrases spoken in it, found, and flagged though not spoken.

    Pairs count sure flags alone, then with hints.
    """

    speaker: str
    groups: tuple[str, ...]
    hours: float
    spoken: int
    found: tuple[int, int]
    false: tuple[int, int]


def tallies(
    heard: Sequence[Heard], speakers: Mapping[str, str], groups: Mapping[str, Sequence[str]], truth: PhraseTruth
) -> list[Tally]:
    """Count each recording; ``speakers`` and ``groups`` are by recording."""
    counted = []
    for h in heard:
        flags = {h.name: [(flag.id, flag.state) for flag in h.flags]}
        hours = h.audio_s / 3600
        sure, hinted = (score(truth, flags, hours, states) for states in (SURE, SURE_OR_HINT))
        counted.append(
            Tally(speakers[h.name], tuple(groups.get(h.name, ())), hours, sure.spoken,
                  (sure.found, hinted.found), (sure.false_alarms, hinted.false_alarms))
        )  # fmt: skip
    return counted


def told_tallies(
    heard: Sequence[Heard], speakers: Mapping[str, str], groups: Mapping[str, Sequence[str]]
) -> list[Tally]:
    """Count recordings in which no phrase was spoken: every flag is false."""
    counted = []
    for h in heard:
        sure, hinted = (sum(flag.state in states for flag in h.flags) for states in (SURE, SURE_OR_HINT))
        row = Tally(speakers[h.name], tuple(groups.get(h.name, ())), h.audio_s / 3600, 0, (0, 0), (sure, hinted))
        counted.append(row)
    return counted


def groups_of(clips: Sequence[Clip]) -> dict[str, tuple[str, ...]]:
    """By recording: sex where the corpus tells it, range of the voice by its median F0, and speed of the words."""
    ranges = {}
    for speaker, its in _by_speaker(clips).items():
        ranges[speaker] = range_of(median_f0_hz([at_rate(*read_mono(clip.path), RATE_HZ) for clip in its]))
    speeds = speed_groups({clip.path.stem: len(words_of(clip.text)) / clip.duration_s for clip in clips})
    return {
        clip.path.stem: tuple(
            group for group in (sex_of(clip.speaker), ranges[clip.speaker], speeds[clip.path.stem]) if group
        )
        for clip in clips
    }


def speed_groups(words_per_s: Mapping[str, float]) -> dict[str, str]:
    """Recordings in three equal parts by words per second."""
    ranked = sorted(words_per_s, key=lambda name: (words_per_s[name], name))
    return {name: SPEEDS[3 * place // len(ranked)] for place, name in enumerate(ranked)}


def by_group(counted: Sequence[Tally]) -> Figures:
    """Figures of everyone and of each group, in the order of their names."""
    names = sorted({group for tally in counted for group in tally.groups}, key=_rank)
    rows = {ALL: figures_of(counted)}
    rows.update((name, figures_of([tally for tally in counted if name in tally.groups])) for name in names)
    return rows


def figures_of(counted: Sequence[Tally]) -> Figures:
    """Recall and false flags of some recordings, with intervals over their speakers."""
    parts = _sums(counted)
    spoken, hours = sum(t.spoken for t in counted), sum(t.hours for t in counted)
    figures: Figures = {"speakers": len(parts), "spoken": spoken, "hours": hours}
    for at, key in enumerate(("sure", "with_hints")):
        found, false = sum(t.found[at] for t in counted), sum(t.false[at] for t in counted)
        figures[f"recall_{key}"] = found / spoken if spoken else None
        figures[f"recall_{key}_95"] = _interval(parts, at, per="spoken")
        figures[f"false_{key}_per_h"] = false / hours if hours else None
        figures[f"false_{key}_per_h_95"] = _interval(parts, at, per="hours")
    return figures


def worst_speaker(counted: Sequence[Tally]) -> Figures | None:
    """The speaker with the lowest recall with hints, of those who said enough phrases; the first of equals."""
    parts = {name: row for name, row in _sums(counted).items() if row.spoken >= FEWEST_SPOKEN}
    if not parts:
        return None
    name = min(sorted(parts), key=lambda speaker: parts[speaker].found[1] / parts[speaker].spoken)
    row = parts[name]
    return {"speaker": name, "spoken": row.spoken, "recall_with_hints": row.found[1] / row.spoken}


def _sums(counted: Sequence[Tally]) -> dict[str, Tally]:
    rows: dict[str, Tally] = {}
    for t in counted:
        r = rows.get(t.speaker, Tally(t.speaker, (), 0.0, 0, (0, 0), (0, 0)))
        found = (r.found[0] + t.found[0], r.found[1] + t.found[1])
        false = (r.false[0] + t.false[0], r.false[1] + t.false[1])
        rows[t.speaker] = Tally(t.speaker, (), r.hours + t.hours, r.spoken + t.spoken, found, false)
    return rows


def _interval(parts: Mapping[str, Tally], at: int, *, per: str) -> Bounds | None:
    if per == "spoken":
        return of_ratio({name: (row.found[at], row.spoken) for name, row in parts.items()})
    return of_ratio({name: (row.false[at], row.hours) for name, row in parts.items()})


def _by_speaker(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    rows: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        rows[clip.speaker].append(clip)
    return rows


def _rank(group: str) -> tuple[bool, int, str]:
    speed = group in SPEEDS
    return speed, SPEEDS.index(group) if speed else 0, group
