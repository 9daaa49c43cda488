"""Calls with a known escalation, made from clips of acted speech, and the score of a monitor's lights on them.

A call is one speaker: calm speech, then raised speech, calm, raised, calm, with natural gaps. The label of a clip
stands for vocal effort; nothing about feelings is scored. Truth says which stretch is calm and which is raised.

Variants: ``raw`` (gain as recorded), ``agc`` (every clip brought to the same active level, as automatic gain control
does), ``phone`` (300-3400 Hz, 8 kHz, mu-law), ``noise`` (pink noise 15 dB under calm speech), ``moved`` (10 dB lower,
and another 6 dB from the middle on, as when a microphone is bent away).

The score is that of ``evenkeel selftest`` (``monitor.truth.lights``), so that anyone can have it of own calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.data import Clip, Samples, at_rate, read_mono
from benchmarks.sound import PHONE_HZ, RATE_HZ, active_rms, pink, telephone, trimmed
from monitor.truth.lights import Label, Part

Plan = tuple[tuple[Label, float], ...]

VARIANTS = ("raw", "agc", "phone", "noise", "moved")
PLAN: Plan = (("calm", 50.0), ("raised", 13.0), ("calm", 28.0), ("raised", 13.0), ("calm", 22.0))
_MOST_CLIPS = 40
_CALM_RMS = 0.03  # calm speech at about -30 dBFS leaves room for raised speech
_GAIN_CONTROLLED_RMS = 0.1
_NOISE_RMS = _CALM_RMS * 10 ** (-15 / 20)


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
    clips: Mapping[Label, Sequence[Samples]],
    variant: str,
    rng: np.random.Generator,
    plan: Plan = PLAN,
    calm_rms: float = _CALM_RMS,
) -> Call:
    """Join clips as the plan says; the same ``rng`` seed gives the same sequence in every variant."""
    scale = calm_rms / float(np.median([active_rms(clip) for clip in clips["calm"]]))
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
