"""F0 and voicing against a laryngograph: the FDA recordings, clean, in noise, and over a telephone in noise.

Reference: one value per 15 ms, 0 where unvoiced, one speaker (Bagshaw 1993). A tracker's frame nearest in time answers
for each reference frame. Voicing error: share of all frames whose voicing differs. Gross error: share of the frames
that both call voiced whose F0 differs by more than 20 %. Wrong frames: either of both, of all frames. Cents: median
over the frames that both call voiced and that are not gross.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import intervals, pitch_voices
from benchmarks.data import Samples, at_rate, corpus, read_mono
from benchmarks.pitch_errors import (
    CEILING_HZ,
    FLOOR_HZ,
    Errors,
    Track,
    Tracker,
    count,
    nearest,
    percent,
    rates,
    summed,
    wrong_frames,
)
from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_least, goal_at_most
from benchmarks.sound import PHONE_HZ, RATE_HZ, pink, rms, telephone
from monitor.errors import EnvironmentProblem

STEP_S = 0.015
NOISE_SNR_DB = 10.0
CONDITIONS = {"clean": "clean", "noise": "pink noise 10 dB", "phone": "telephone with that noise"}
OFFSETS_S = np.arange(-10, 11) / 1000
GATE_DB = 25.0  # librosa.yin gives an F0 for every frame; here it counts where the level is this near the loudest
LIBROSA_FRAME_S = 0.064  # its default of 2048 samples is meant for 22 kHz and errs twice as often here
PYIN_EVERY = 5  # pyin is slow: one recording in so many
OURS, PRAAT = "evenkeel", "praat ac"


@dataclass(frozen=True, slots=True)
class Recording:
    """One recording in one condition, with the reference F0."""

    y: Samples
    rate_hz: int
    truth_hz: Samples
    name: str = ""


def run(settings: Settings) -> Report:
    """Measure every tracker on every condition.

    Raises
    ------
    EnvironmentProblem
        The FDA recordings or their reference are not here.
    """
    speech = _conditions(settings)
    offset_s = best_offset_s(track_all(praat, speech["clean"])[0], speech["clean"])
    figures: Figures = {"offset_s": offset_s, "seconds": _seconds(speech["clean"]), "conditions": {}}
    tables = []
    for key, title in CONDITIONS.items():
        rows: Figures = {}
        counts: dict[str, dict[str, Errors]] = {}
        for name, (tracker, every) in TRACKERS.items():
            chosen = speech[key][::every]
            tracker(chosen[0].y, chosen[0].rate_hz)  # what is loaded or compiled at first use is not the tracker's cost
            tracks, cpu_s = track_all(tracker, chosen)
            each = {r.name: compare(t, r.truth_hz, offset_s) for t, r in zip(tracks, chosen, strict=True)}
            rows[name] = {**rates(summed(list(each.values()))), **spread_of(each)}
            rows[name]["cpu_s_per_h"] = 3600 * cpu_s / _seconds(chosen)
            rows[name]["own_best_offset_s"] = best_offset_s(tracks, chosen)
            counts[name] = each
        settings.say(f"pitch: {title} done")
        rows[OURS]["wrong_less_praat"] = less_than(counts[OURS], counts[PRAAT])
        figures["conditions"][key] = rows
        tables.append(Table(f"F0, {title}", COLUMNS, [_cells(*row) for row in rows.items()]))
    voices = {name: TRACKERS[name][0] for name in (OURS, PRAAT)}
    figures["voices"] = pitch_voices.measure(settings, voices, NOISE_SNR_DB)
    tables.append(pitch_voices.table(figures["voices"], CONDITIONS))
    notes = (_note(figures),)
    libraries = ("praat-parselmouth", "librosa", "soxr", "scipy")
    return Report("pitch", "accuracy.md", figures, tables, goals_of(figures["conditions"]), libraries, notes)


COLUMNS = (
    "tracker", "voicing error %", "voicing F1", "gross %", "cents", "wrong frames %", "worst recording", "CPU s/h"
)  # fmt: skip


def _conditions(settings: Settings) -> dict[str, list[Recording]]:
    speech: dict[str, list[Recording]] = {key: [] for key in CONDITIONS}
    clips = corpus(settings.data, "fda")
    for number, clip in enumerate(clips[::10] if settings.quick else clips):
        truth = read_reference(clip.path.with_suffix(".f0ref"))
        clean = at_rate(*read_mono(clip.path), RATE_HZ)
        noise = pink(len(clean), np.random.default_rng(number))
        noisy = clean + noise * rms(clean) * 10 ** (-NOISE_SNR_DB / 20)
        speech["clean"].append(Recording(clean, RATE_HZ, truth, clip.path.stem))
        speech["noise"].append(Recording(noisy, RATE_HZ, truth, clip.path.stem))
        speech["phone"].append(Recording(telephone(noisy), PHONE_HZ, truth, clip.path.stem))
    return speech


def read_reference(path: Path) -> Samples:
    """Reference F0, Hz, 0 where unvoiced; shape (frames,).

    Raises
    ------
    EnvironmentProblem
        The file is not there or holds something else.
    """
    try:
        return np.atleast_1d(np.loadtxt(path, dtype=np.float64))
    except (OSError, ValueError) as error:
        raise EnvironmentProblem(f"{path} does not hold one F0 a line; fetch the FDA recordings again.") from error


def ours(y: Samples, rate_hz: int) -> Track:
    """The engine's own measures, from audio at its rate as every recording reaches it."""
    import soxr

    from monitor.features.extractor import FeatureExtractor
    from monitor.types import HOP, FrameGrid

    samples = np.asarray(y if rate_hz == RATE_HZ else soxr.resample(y, rate_hz, RATE_HZ), np.float32)
    extractor = FeatureExtractor()
    f0 = np.concatenate([part.f0_hz for part in (*extractor.push(samples), *extractor.finish())])
    middle_s = FrameGrid().start_s(1) / 2
    return Track(np.arange(len(f0)) * HOP / RATE_HZ + middle_s, np.nan_to_num(f0.astype(np.float64)))


def praat(y: Samples, rate_hz: int) -> Track:
    """Praat's autocorrelation with its standard costs (Boersma 1993)."""
    import parselmouth

    pitch = parselmouth.Sound(y, rate_hz).to_pitch_ac(time_step=0.01, pitch_floor=FLOOR_HZ, pitch_ceiling=CEILING_HZ)
    return Track(np.asarray(pitch.xs()), np.asarray(pitch.selected_array["frequency"]))


def librosa_yin(y: Samples, rate_hz: int) -> Track:
    """YIN, which knows no voicing: voiced where the level is within ``GATE_DB`` of the recording's loudest frame."""
    import librosa

    hop, length = rate_hz // 100, round(LIBROSA_FRAME_S * rate_hz)
    f0 = librosa.yin(y, fmin=FLOOR_HZ, fmax=CEILING_HZ, sr=rate_hz, frame_length=length, hop_length=hop)
    level = librosa.feature.rms(y=y, frame_length=length // 2, hop_length=hop)[0][: len(f0)]
    loud = level > level.max() * 10 ** (-GATE_DB / 20)
    return Track(np.arange(len(f0)) * hop / rate_hz, np.where(loud, f0, 0.0))


def librosa_pyin(y: Samples, rate_hz: int) -> Track:
    """Probabilistic YIN, with its defaults but for the frame length."""
    import librosa

    hop, length = rate_hz // 100, round(LIBROSA_FRAME_S * rate_hz)
    f0, voiced, _ = librosa.pyin(y, fmin=FLOOR_HZ, fmax=CEILING_HZ, sr=rate_hz, frame_length=length, hop_length=hop)
    return Track(np.arange(len(f0)) * hop / rate_hz, np.where(voiced, np.nan_to_num(f0), 0.0))


TRACKERS: dict[str, tuple[Tracker, int]] = {
    OURS: (ours, 1),
    PRAAT: (praat, 1),
    "librosa yin": (librosa_yin, 1),
    "librosa pyin": (librosa_pyin, PYIN_EVERY),
}


def track_all(tracker: Tracker, speech: Sequence[Recording]) -> tuple[list[Track], float]:
    """Tracks of all recordings, and the processor seconds that they took."""
    start_s = time.process_time()
    tracks = [tracker(recording.y, recording.rate_hz) for recording in speech]
    return tracks, time.process_time() - start_s


def _seconds(speech: Iterable[Recording]) -> float:
    return sum(len(recording.y) / recording.rate_hz for recording in speech)


def compare(track: Track, truth_hz: Samples, offset_s: float) -> Errors:
    """Errors of one track; reference frame ``i`` stands at ``i * STEP_S + offset_s``."""
    wanted_s = np.arange(len(truth_hz), dtype=np.float64) * STEP_S + offset_s
    return count(nearest(track, wanted_s), truth_hz)


def errors_of(tracks: Sequence[Track], speech: Sequence[Recording], offset_s: float) -> Errors:
    """Errors of several tracks as those of one."""
    return summed(
        [compare(track, recording.truth_hz, offset_s) for track, recording in zip(tracks, speech, strict=True)]
    )


def spread_of(each: Mapping[str, Errors]) -> Figures:
    """Intervals over recordings of the gross error and the wrong frames, and the recording with most wrong frames."""
    worst = max(sorted(each), key=lambda name: wrong_frames(each[name]) / each[name].frames)
    return {
        "gross_pct_interval": percent(intervals.of_ratio({n: (e.gross, e.both) for n, e in each.items()})),
        "wrong_pct_interval": percent(intervals.of_ratio({n: (wrong_frames(e), e.frames) for n, e in each.items()})),
        "worst": worst,
        "worst_pct": 100 * wrong_frames(each[worst]) / each[worst].frames,
    }


def less_than(mine: Mapping[str, Errors], theirs: Mapping[str, Errors]) -> Figures:
    """Ours less theirs on the same recordings, in percent of the frames: wrong ones, and those off by far."""
    both = {name: (mine[name], theirs[name]) for name in mine}
    wrong = {n: (float(wrong_frames(a) - wrong_frames(b)), float(a.frames)) for n, (a, b) in both.items()}
    gross = {n: (float(a.gross - b.gross), float(a.frames)) for n, (a, b) in both.items()}
    return {
        name: {
            "pct": 100 * sum(above for above, _ in parts.values()) / sum(below for _, below in parts.values()),
            "interval": percent(intervals.of_ratio(parts)),
        }
        for name, parts in (("wrong", wrong), ("gross", gross))
    }


def best_offset_s(tracks: Sequence[Track], speech: Sequence[Recording]) -> float:
    """The offset of the reference frames that fits these tracks: fewest wrong frames, then least cents."""

    def cost(offset_s: float) -> tuple[int, float]:
        errors = errors_of(tracks, speech, offset_s)
        return wrong_frames(errors), float(errors.cents.mean()) if len(errors.cents) else 0.0

    return float(min(OFFSETS_S.tolist(), key=cost))


def _cells(name: str, row: Figures) -> tuple[str, ...]:
    return (
        name, cell(row["voicing_error_pct"]), cell(row["voicing_f1"], 3),
        intervals.told(row["gross_pct"], row["gross_pct_interval"], 2), cell(row["median_cents"]),
        intervals.told(row["wrong_pct"], row["wrong_pct_interval"], 1),
        f"{row['worst']}: {row['worst_pct']:.0f} %", cell(row["cpu_s_per_h"]),
    )  # fmt: skip


def _note(figures: Figures) -> str:
    own = figures["conditions"]["clean"][OURS]["own_best_offset_s"]
    less = {key: figures["conditions"][key][OURS]["wrong_less_praat"] for key in CONDITIONS}
    wrong, gross = (
        "; ".join(intervals.told(less[key][name]["pct"], less[key][name]["interval"], 2) for key in CONDITIONS)
        for name in ("wrong", "gross")
    )
    return (
        f"In brackets the 95 % interval over recordings. Ours less Praat's, in percent of all frames, clean, noise, "
        f"telephone: wrong frames {wrong}; gross errors {gross}. "
        f"{figures['seconds']:.0f} s of one speaker. Reference frame i is taken to stand at 15 i + "
        f"{1000 * figures['offset_s']:.0f} ms, where Praat errs least on clean speech (ours would err least at "
        f"{1000 * own:.0f} ms). librosa pyin: one recording in {PYIN_EVERY}. Without loading and decoding."
    )


def goals_of(conditions: dict[str, Figures]) -> list[Goal]:
    """The design's goal: no worse than Praat on the same recordings."""
    goals = []
    for key, title in CONDITIONS.items():
        mine, theirs = conditions[key][OURS], conditions[key][PRAAT]
        wrong, gross, f1 = theirs["wrong_pct"], theirs["gross_pct"] or 0.0, theirs["voicing_f1"] or 0.0
        goals.append(goal_at_most(f"wrong frames ≤ Praat's {wrong:.1f} %, {title}", mine["wrong_pct"], wrong, 1, " %"))
        goals.append(goal_at_most(f"gross error ≤ Praat's {gross:.2f} %, {title}", mine["gross_pct"], gross, 2, " %"))
        goals.append(goal_at_least(f"voicing F1 ≥ Praat's {f1:.3f}, {title}", mine["voicing_f1"], f1, 3))
    return goals
