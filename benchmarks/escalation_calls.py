"""Calls with a known escalation, made from clips of acted speech, and the score of a monitor's lights on them.

A call is one speaker: calm speech, then raised speech, calm, raised, calm, with natural gaps. The label of a clip
stands for vocal effort; nothing about feelings is scored. Truth says which stretch is calm and which is raised.

Variants: ``raw`` (gain as recorded), ``agc`` (every clip brought to the same active level, as automatic gain control
does), ``phone`` (300-3400 Hz, 8 kHz, mu-law), ``noise`` (pink noise 15 dB under calm speech), ``moved`` (10 dB lower,
and another 6 dB from the middle on, as when a microphone is bent away).

Conventions of the score: only amber and red lights count whose reasons hold one with an id that starts with
``voice.``. A raised part is found when such a light burns at any time from its start to 1 s after its end; the delay
counts from its start. Every light that begins in calm speech is a false one, except in the first ``GRACE_S`` after a
raised part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from benchmarks.data import Clip, Samples, at_rate, read_mono
from benchmarks.sound import PHONE_HZ, RATE_HZ, active_rms, pink, telephone, trimmed

Label = Literal["calm", "raised"]
Plan = tuple[tuple[Label, float], ...]

VARIANTS = ("raw", "agc", "phone", "noise", "moved")
PLAN: Plan = (("calm", 50.0), ("raised", 13.0), ("calm", 28.0), ("raised", 13.0), ("calm", 22.0))
GRACE_S = 4.0  # calm time right after a raised part that is not charged: a light may take this long to clear
COLOURS: dict[str, tuple[str, ...]] = {"any": ("amber", "red"), "red": ("red",)}
_MOST_CLIPS = 40
_CALM_RMS = 0.03  # calm speech at about -30 dBFS leaves room for raised speech
_GAIN_CONTROLLED_RMS = 0.1
_NOISE_RMS = _CALM_RMS * 10 ** (-15 / 20)


class Part(NamedTuple):
    """One stretch of a call, in seconds."""

    start_s: float
    end_s: float
    label: Label


@dataclass(frozen=True, slots=True)
class Call:
    """Samples, their rate, and what is true of them."""

    y: Samples
    rate_hz: int
    parts: tuple[Part, ...]


@dataclass(slots=True)
class Speaker:
    """The clips of one speaker by label."""

    calm: list[Path] = field(default_factory=list)
    raised: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """Counts of one colour: ``hit``, ``clear_s`` per raised part, ``delay_s`` per found one, the rest per calm part."""

    hit: list[float] = field(default_factory=list)
    delay_s: list[float] = field(default_factory=list)
    clear_s: list[float] = field(default_factory=list)
    calm_s: list[float] = field(default_factory=list)
    false_s: list[float] = field(default_factory=list)
    false_n: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another call as well."""
        for each in fields(self):
            getattr(self, each.name).extend(getattr(other, each.name))


Score = dict[str, Tally]
"""A tally for each of ``COLOURS``."""


def effort_label(text: str) -> Label | None:
    """What an emotion label says about vocal effort: neutral and calm are calm, angry is raised."""
    word = text.split("|", maxsplit=1)[0].strip().lower()
    if word in ("neutral", "calm"):
        return "calm"
    return "raised" if word in ("angry", "anger") else None


def speakers_of(clips: Iterable[Clip], label_of: Callable[[str], Label | None]) -> dict[str, Speaker]:
    """Clips of each speaker who has at least 4 calm and 3 raised ones; where strong raised ones exist, only those."""
    found: dict[str, dict[Label, list[tuple[Path, bool]]]] = defaultdict(lambda: {"calm": [], "raised": []})
    for clip in clips:
        label = label_of(clip.text)
        if label:
            found[clip.speaker][label].append((clip.path, "intensity=strong" in clip.text))
    speakers = {}
    for name, by_label in sorted(found.items()):
        calm, raised = by_label["calm"], by_label["raised"]
        if len(calm) >= 4 and len(raised) >= 3:
            strong = [path for path, is_strong in raised if is_strong]
            speakers[name] = Speaker([path for path, _ in calm], strong or [path for path, _ in raised])
    return speakers


def load_clips(paths: Sequence[Path]) -> list[Samples]:
    """At most 40 clips at ``RATE_HZ``, without silence around them."""
    return [trimmed(at_rate(*read_mono(path), RATE_HZ)) for path in paths[:_MOST_CLIPS]]


def build_call(
    clips: Mapping[Label, Sequence[Samples]], variant: str, rng: np.random.Generator, plan: Plan = PLAN
) -> Call:
    """Join clips as the plan says; the same ``rng`` seed gives the same sequence in every variant."""
    scale = _CALM_RMS / float(np.median([active_rms(clip) for clip in clips["calm"]]))
    sounds: list[Samples] = [np.zeros(RATE_HZ)]
    parts, now_s = [], 1.0
    queue: dict[Label, list[Samples]] = {"calm": [], "raised": []}
    for label, wanted_s in plan:
        start_s, got_s = now_s, 0.0
        while got_s < wanted_s:
            if not queue[label]:
                queue[label] = [clips[label][i] for i in rng.permutation(len(clips[label]))]
            clip = queue[label].pop()
            clip = clip * (_GAIN_CONTROLLED_RMS / active_rms(clip) if variant == "agc" else scale)
            gap = np.zeros(int(rng.uniform(0.3, 1.2) * RATE_HZ))
            sounds += [clip, gap]
            got_s += (len(clip) + len(gap)) / RATE_HZ
        now_s += got_s
        parts.append(Part(round(start_s, 3), round(now_s, 3), label))
    y, rate_hz = _on_its_way(np.concatenate(sounds), variant, rng)
    return Call(y, rate_hz, tuple(parts))


def _on_its_way(y: Samples, variant: str, rng: np.random.Generator) -> tuple[Samples, int]:
    y = y + 1e-4 * rng.standard_normal(len(y))  # a quiet room
    if variant == "noise":
        y += pink(len(y), rng) * _NOISE_RMS
    if variant == "moved":
        y *= 10 ** (-10 / 20)
        y[len(y) // 2 :] *= 10 ** (-6 / 20)
    y = np.clip(y, -1, 1)
    return (telephone(y), PHONE_HZ) if variant == "phone" else (y, RATE_HZ)


def lit(result: Mapping[str, Any], colours: Sequence[str]) -> list[tuple[float, float]]:
    """Merged intervals in seconds in which a reason of the voice lit one of the colours.

    Parameters
    ----------
    result : with ``lights`` of the result format, of which times, ``light`` and each reason's ``id`` are read.
    """
    spans = sorted(
        (light["start_s"], light["end_s"])
        for light in result["lights"]
        if light["light"] in colours and any(r["id"].startswith("voice.") for r in light.get("reasons", ()))
    )
    merged: list[tuple[float, float]] = []
    for start_s, end_s in spans:
        if merged and start_s <= merged[-1][1] + 0.05:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_s))
        else:
            merged.append((start_s, end_s))
    return merged


def score_call(parts: Sequence[Part], result: Mapping[str, Any]) -> Score:
    """Count hits, delays and false lights of one call."""
    score = {}
    for name, colours in COLOURS.items():
        spans = lit(result, colours)
        score[name] = tally = Tally()
        for i, part in enumerate(parts):
            if part.label == "raised":
                _count_raised(tally, part, spans)
            else:
                _count_calm(tally, part._replace(start_s=part.start_s + (GRACE_S if i else 0.0)), spans)
    return score


def _count_raised(tally: Tally, part: Part, spans: Sequence[tuple[float, float]]) -> None:
    hits = [max(a, part.start_s) for a, b in spans if b > part.start_s and a < part.end_s + 1]
    tally.hit.append(float(bool(hits)))
    if hits:
        tally.delay_s.append(min(hits) - part.start_s)
    after = [b for a, b in spans if a < part.end_s < b]
    tally.clear_s.append(max(after) - part.end_s if after else 0.0)


def _count_calm(tally: Tally, part: Part, spans: Sequence[tuple[float, float]]) -> None:
    tally.calm_s.append(part.end_s - part.start_s)
    tally.false_s.append(sum(max(0.0, min(b, part.end_s) - max(a, part.start_s)) for a, b in spans))
    tally.false_n.append(float(sum(part.start_s <= a < part.end_s for a, _ in spans)))


def pooled(scores: Iterable[Score]) -> Score:
    """Several calls as one."""
    total = {name: Tally() for name in COLOURS}
    for score in scores:
        for name, tally in score.items():
            total[name].add(tally)
    return total


def summary(score: Score) -> dict[str, float | None]:
    """Rates of a pooled score; None where nothing was there to be counted."""
    lights, red = score["any"], score["red"]
    calm_s = sum(lights.calm_s)
    hours = calm_s / 3600
    delays_s = lights.delay_s
    return {
        "episodes": len(lights.hit),
        "recall": float(np.mean(lights.hit)) if lights.hit else None,
        "red_recall": float(np.mean(red.hit)) if red.hit else None,
        "delay_p50_s": float(np.median(delays_s)) if delays_s else None,
        "delay_p90_s": float(np.percentile(delays_s, 90)) if delays_s else None,
        "false_per_h": sum(lights.false_n) / hours if hours else None,
        "red_false_per_h": sum(red.false_n) / hours if hours else None,
        "calm_lit": sum(lights.false_s) / calm_s if calm_s else None,
        "clear_p50_s": float(np.median(lights.clear_s)) if lights.clear_s else None,
        "calm_hours": hours,
    }
