"""Why calm reading lights: the reasons that were told, where they began, and what is left when joins are smoothed.

A call of one reader is joined from utterances in any order, which may stem from different recordings. If the joins are
to blame, lights begin soon after one, and become fewer where utterances stay in the order in which they were read, or
are brought to one level and one long-term spectrum. The spectrum is also what vocal effort is measured by: how far
evening it removes recordings that differ, and how far efforts that do, cannot be told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.data import Samples
from benchmarks.escalation_calls import Plan, build_call
from benchmarks.report import Figures, Table, cell
from benchmarks.sound import RATE_HZ, active_rms
from monitor.truth.lights import lit

AFTER_S = 4.0  # a window reaches back 3 s, and evidence takes a while
EVEN, ORDERED = "even", "ordered"
CORPORA = {"libri": "LibriSpeech", "so762": "speechocean"}
CONDITIONS = {
    "raw": "as recorded, in any order",
    ORDERED: "as recorded, in their own order",
    "agc": "in any order, at one level",
    EVEN: "in any order, at one level and with one long-term spectrum",
}
_BINS = 512
_MOST_DB = 12.0
_SMOOTH_OCTAVES = 1 / 3
_GAP_S = 0.6


@dataclass(frozen=True, slots=True)
class Cause:
    """One false light: the leading reason's id and text, and seconds since the utterance before it began."""

    id: str
    text: str
    since_join_s: float


@dataclass(frozen=True, slots=True)
class Told:
    """The false lights of one call, and the share of its time that is close after a join."""

    speaker: str
    variant: str
    causes: tuple[Cause, ...]
    near_share: float
    hours: float


def evened(clips: Sequence[Samples]) -> list[Samples]:
    """The clips with the long-term spectrum that they have on average, level kept; at most ``_MOST_DB`` are changed."""
    from scipy.signal import oaconvolve

    spectra = [_spectrum_db(clip) for clip in clips]
    usual = np.mean(spectra, axis=0)
    found = []
    for clip, own in zip(clips, spectra, strict=True):
        gain = 10 ** (np.clip(usual - own, -_MOST_DB, _MOST_DB) / 20)
        response = np.roll(np.fft.irfft(gain), _BINS // 2) * np.hanning(_BINS)
        y = oaconvolve(clip, response, "same")
        found.append(y * (active_rms(clip) / active_rms(y)))
    return found


def _spectrum_db(clip: Samples) -> Samples:
    """Long-term spectrum of what is loud, smoothed over a third of an octave, its mean at 0 dB; shape (257,)."""
    frames = np.lib.stride_tricks.sliding_window_view(clip, _BINS)[:: _BINS // 2] * np.hanning(_BINS)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    loud = power.sum(axis=1)
    level_db = 10 * np.log10(power[loud > loud.max() / 10**2.5].mean(axis=0) + 1e-12)
    hz = np.arange(len(level_db))
    width = 2 ** (_SMOOTH_OCTAVES / 2)
    low = np.floor(hz / width).astype(int)
    high = np.minimum(np.ceil(hz * width).astype(int) + 1, len(hz))
    total = np.concatenate([[0.0], np.cumsum(level_db)])
    smooth = (total[high] - total[low]) / (high - low)
    return np.asarray(smooth - smooth.mean())


def in_order(clips: Sequence[Samples]) -> list[Samples]:
    """The clips as one, in the order in which they are given, with short pauses."""
    gap = np.zeros(round(_GAP_S * RATE_HZ))
    return [np.concatenate([part for clip in clips for part in (clip, gap)])]


def utterance_starts(clips: Sequence[Samples], variant: str, seed: int, plan: Plan) -> Samples:
    """When each utterance of a calm call begins, s: the call is built once more, with a mark in place of each clip."""
    marks = [np.ones(len(clip)) for clip in clips]
    marks = in_order(marks) if variant == ORDERED else marks
    y = build_call({"calm": marks, "raised": marks}, "raw", np.random.default_rng(seed), plan).y
    on = np.concatenate([[False], y > active_rms(y) / 2])
    return np.flatnonzero(on[1:] & ~on[:-1]) / RATE_HZ


def told_of(speaker: str, variant: str, starts_s: Samples, result: Mapping[str, Any]) -> Told:
    """Why a call of calm speech was lit."""
    end_s = float(result["lights"][-1]["end_s"])
    causes = []
    for begin_s, _ in lit(result, ("amber", "red")):
        first = next(light for light in result["lights"] if light["start_s"] == begin_s)
        reason = next(reason for reason in first["reasons"] if reason["id"].startswith("voice."))
        before = starts_s[starts_s <= begin_s]
        causes.append(Cause(reason["id"], reason["text"], begin_s - float(before[-1]) if len(before) else np.inf))
    lengths_s = np.diff(np.append(starts_s, end_s))
    near = float(np.minimum(lengths_s, AFTER_S).sum() / (end_s - starts_s[0]))
    return Told(speaker, variant, tuple(causes), near, end_s / 3600)


def tables_of(told: Sequence[Told]) -> tuple[list[Table], Figures]:
    """Reasons of the lights on calls as recorded; and false lights per hour by corpus and condition."""
    recorded = [call for call in told if call.variant == "raw"]
    if not recorded:
        return [], {}
    reasons = _reasons(recorded)
    near = float(np.average([call.near_share for call in recorded], weights=[call.hours for call in recorded]))
    rows = [
        (f"{name}: {text}", str(row["lights"]), cell(row["per_h"]), cell(100 * row["near"], 0))
        for (name, text), row in reasons.items()
    ]
    columns = ("reason in front", "lights", "per hour", f"within {AFTER_S:.0f} s of a join %")
    note = f"By chance {100 * near:.0f} % would begin within {AFTER_S:.0f} s after the start of an utterance."
    corpora = _by_corpus(told)
    keys = sorted({key for row in corpora.values() for key in row})
    titles = [CORPORA.get(key, key) for key in keys]
    by_corpus = [(CONDITIONS[name], *(cell(row.get(key)) for key in keys)) for name, row in corpora.items()]
    tables = [
        Table("What lights in calm reading, as recorded", columns, rows, note),
        Table(
            "Lights per hour of calm reading: what is left when joins are smoothed", ("utterances", *titles), by_corpus
        ),
    ]
    figures = {f"{name}: {text}": row for (name, text), row in reasons.items()}
    return tables, {"reasons": figures, "near_by_chance": near, "per_h": corpora}


def _reasons(calls: Sequence[Told]) -> dict[tuple[str, str], Figures]:
    hours = sum(call.hours for call in calls)
    counts: Counter[tuple[str, str]] = Counter()
    near: Counter[tuple[str, str]] = Counter()
    for cause in (cause for call in calls for cause in call.causes):
        key = (cause.id, cause.text)
        counts[key] += 1
        near[key] += cause.since_join_s < AFTER_S
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return {key: {"lights": counts[key], "per_h": counts[key] / hours, "near": near[key] / counts[key]}
            for key in ordered}  # fmt: skip


def _by_corpus(told: Sequence[Told]) -> dict[str, dict[str, float]]:
    """Lights per hour by condition and corpus, which is what a speaker's name begins with."""
    rows: dict[str, dict[str, float]] = {}
    for name in CONDITIONS:
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for call in told:
            if call.variant == name:
                own = sums[call.speaker.partition("_")[0]]
                own[0] += len(call.causes)
                own[1] += call.hours
        if sums:
            rows[name] = {key: lights / hours for key, (lights, hours) in sorted(sums.items())}
    return rows
