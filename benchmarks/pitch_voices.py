"""F0 of many voices, low and high, in noise and on the telephone.

No laryngograph was worn here. The reference is what two methods of Praat's, autocorrelation and cross-correlation,
agree on in the clean recording; where they differ nothing is counted. That favours Praat, so this shows whether one
kind of voice fares worse than another, not who wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks import intervals
from benchmarks.data import Clip, Samples, at_rate, corpus, read_mono
from benchmarks.pitch_errors import (
    CEILING_HZ,
    FLOOR_HZ,
    Errors,
    Tracker,
    count,
    nearest,
    percent,
    rates,
    summed,
    wrong_frames,
)
from benchmarks.report import Figures, Settings, Table, cell
from benchmarks.sound import PHONE_HZ, RATE_HZ, pink, rms, telephone
from monitor.errors import EnvironmentProblem

EVERY = {"librispeech": 8, "ravdess": 11, "speechocean": 13}  # one recording in so many
HIGH_HZ = 165.0
AGREE_OCTAVES = 0.1
STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class Reference:
    """F0 by two methods: at these times, Hz with 0 where unvoiced, only where they agree; all of shape (frames,)."""

    time_s: Samples
    f0_hz: Samples


def measure(settings: Settings, trackers: Mapping[str, Tracker], snr_db: float) -> Figures:
    """Errors by condition, voice range and tracker; corpora that are not here are left out."""
    heard: dict[tuple[str, str, str], dict[str, list[Errors]]] = {}
    for number, clip in enumerate(_clips(settings)):
        clean = at_rate(*read_mono(clip.path), RATE_HZ)
        truth = reference(clean)
        if not (truth.f0_hz > 0).any():
            continue
        kind = "high" if np.median(truth.f0_hz[truth.f0_hz > 0]) >= HIGH_HZ else "low"
        noise = pink(len(clean), np.random.default_rng(number))
        noisy = clean + noise * rms(clean) * 10 ** (-snr_db / 20)
        for condition, y, rate_hz in (("noise", noisy, RATE_HZ), ("phone", telephone(noisy), PHONE_HZ)):
            for name, tracker in trackers.items():
                found = nearest(tracker(y, rate_hz), truth.time_s)
                speakers = heard.setdefault((condition, kind, name), {})
                speakers.setdefault(clip.speaker, []).append(count(found, truth.f0_hz))
    figures: Figures = {}
    for (condition, kind, name), speakers in heard.items():
        each = {speaker: summed(parts) for speaker, parts in speakers.items()}
        figures.setdefault(condition, {}).setdefault(kind, {})[name] = _row(each)
    return figures


def _clips(settings: Settings) -> list[Clip]:
    clips: list[Clip] = []
    for name, every in EVERY.items():
        try:
            clips += corpus(settings.data, name)[:: every * (8 if settings.quick else 1)]
        except EnvironmentProblem as missing:
            settings.say(f"pitch of other voices goes without {name}: {missing}")
    return clips


def reference(y: Samples) -> Reference:
    """What Praat's two methods agree on."""
    import parselmouth

    sound = parselmouth.Sound(y, RATE_HZ)
    limits = {"time_step": STEP_S, "pitch_floor": FLOOR_HZ, "pitch_ceiling": CEILING_HZ}
    one, other = sound.to_pitch_ac(**limits), sound.to_pitch_cc(**limits)
    time_s = np.asarray(one.xs())
    f0_hz = np.asarray(one.selected_array["frequency"])
    places = np.clip(np.searchsorted(other.xs(), time_s - STEP_S / 2), 0, other.n_frames - 1)
    second_hz = np.asarray(other.selected_array["frequency"])[places]
    voiced = (f0_hz > 0) & (second_hz > 0)
    ratio = np.divide(f0_hz, second_hz, out=np.ones_like(f0_hz), where=voiced)
    agreed: npt.NDArray[np.bool_] = ((f0_hz > 0) == (second_hz > 0)) & (np.abs(np.log2(ratio)) < AGREE_OCTAVES)
    return Reference(time_s[agreed], f0_hz[agreed])


def _row(each: Mapping[str, Errors]) -> Figures:
    worst = max(sorted(each), key=lambda name: wrong_frames(each[name]) / max(1, each[name].frames))
    parts = {name: (float(wrong_frames(errors)), float(errors.frames)) for name, errors in each.items()}
    return {
        **rates(summed(list(each.values()))),
        "wrong_pct_interval": percent(intervals.of_ratio(parts)),
        "speakers": len(each),
        "worst": worst,
        "worst_pct": 100 * wrong_frames(each[worst]) / max(1, each[worst].frames),
    }


def table(figures: Figures, conditions: Mapping[str, str]) -> Table:
    """One row for each condition, voice range and tracker."""
    columns: Sequence[str] = (
        "voices", "in", "tracker", "speakers", "voicing error %", "gross %", "wrong frames %", "worst speaker"
    )  # fmt: skip
    rows = [
        (
            kind, conditions[condition], name, str(row["speakers"]), cell(row["voicing_error_pct"]),
            cell(row["gross_pct"], 2), intervals.told(row["wrong_pct"], row["wrong_pct_interval"], 1),
            f"{row['worst']}: {row['worst_pct']:.0f} %",
        )
        for condition, kinds in figures.items()
        for kind, trackers in sorted(kinds.items(), reverse=True)
        for name, row in trackers.items()
    ]  # fmt: skip
    note = "In brackets the 95 % interval over speakers. The reference is Praat's own on the clean recordings."
    return Table(f"F0 of other voices, low and high (from {HIGH_HZ:.0f} Hz)", columns, rows, note)
