"""Articulation rate by the engine against syllables of the transcripts, beside a counter made with Praat.

Truth: vowels of the words' pronunciations in the dictionary that ships with pocketsphinx, so what a careful speaker
would say, over the utterance without its pauses of 0.3 s and more, as Silero's detector finds them. Utterances with a
word that the dictionary lacks are left out. What limits the agreement is told apart: the time, the counting, and
transcripts that do not hold what was said, for which each utterance is aligned with its text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks import intervals
from benchmarks.data import Clip, Samples, at_rate, corpus, read_mono
from benchmarks.pace_counts import (
    Aligner,
    count_ours,
    count_with_praat,
    praat_speech_s,
    read_dictionary,
    speech_s,
    syllables_of,
)
from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_least
from benchmarks.sound import RATE_HZ

LEAST_S = 3.0
WINDOW_S = 10.0
HIGH_HZ = 165.0  # between the usual voices of men and women
SLOW_SYL_S = 2.5  # by transcript; no fluent reader is slower
CORPORA = {
    "librispeech": "LibriSpeech, read by native speakers",
    "speechocean": "speechocean, read by Mandarin speakers",
}
TOGETHER = "together"
SHOWN, OURS, PRAAT = "evenkeel, as shown", "evenkeel, true time", "praat, true time"
COUNTERS = {SHOWN: ("nuclei", "own_s"), OURS: ("nuclei", "speech_s"), PRAAT: ("peaks", "speech_s")}
COLUMNS = ("counter", "found / true", "mean error %", "r per utterance", "r per 10 s", "utterances", "windows")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Syllables and seconds of one utterance, or of several that follow each other.

    ``true`` is by the transcript, ``said`` as aligned (None where it does not fit), ``nuclei`` and ``own_s`` are the
    engine's, ``peaks`` Praat's; ``speech_s``, ``praat_s`` and ``words_s`` are three opinions of how long was spoken.
    """

    speaker: str
    duration_s: float
    true: int
    said: int | None
    nuclei: int
    peaks: int
    speech_s: float
    own_s: float
    praat_s: float
    words_s: float
    f0_hz: float


def run(settings: Settings) -> Report:
    """Count the syllables of every utterance that is long enough.

    Raises
    ------
    EnvironmentProblem
        A corpus or the dictionary is not here.
    """
    dictionary = read_dictionary()
    aligner = Aligner(dictionary)
    figures: Figures = {}
    sets: dict[str, list[Utterance]] = {}
    for name in CORPORA:
        clips = [c for c in corpus(settings.data, name) if c.text and c.duration_s >= LEAST_S]
        counted = [(clip, syllables_of(clip.text, dictionary)) for clip in clips[:: 10 if settings.quick else 1]]
        sets[name] = [_utterance(clip, true, aligner) for clip, true in counted if true]
        settings.say(f"pace: {len(sets[name])} utterances of {name}")
        figures[name] = {"left_out": len(counted) - len(sets[name])}
    sets[TOGETHER] = [utterance for part in sets.values() for utterance in part]
    tables = []
    for name, utterances in sets.items():
        figures.setdefault(name, {})["counters"] = figures_of(utterances)
        tables.append(_table(CORPORA.get(name, "both together"), figures[name]["counters"]))
    figures["readers"] = {name: readers_of(part) for name, part in kinds_of(sets[TOGETHER]).items() if part}
    figures["limits"] = limits_of(sets[TOGETHER])
    figures["time"] = {name: time_of(part) for name, part in sets.items()}
    tables += [_reader_table(figures["readers"]), _limit_table(figures["limits"])]
    libraries = ("praat-parselmouth", "pocketsphinx", "faster-whisper", "scipy")
    return Report("pace", "accuracy.md", figures, tables, goals_of(figures), libraries, (_note(figures["time"]),))


def _utterance(clip: Clip, true: int, aligner: Aligner) -> Utterance:
    y = at_rate(*read_mono(clip.path), RATE_HZ)
    ours = count_ours(y)
    said, words_s = aligner.align(y, clip.text) or (None, 0.0)
    return Utterance(
        clip.speaker, clip.duration_s, true, said, ours.nuclei, count_with_praat(y),
        speech_s(y), ours.spoken_s, praat_speech_s(y), words_s, ours.f0_hz,
    )  # fmt: skip


def joined(utterances: Sequence[Utterance]) -> Utterance:
    """Several utterances of one reader as one."""
    said = [u.said for u in utterances if u.said is not None]
    total = {
        name: sum(getattr(u, name) for u in utterances)
        for name in ("duration_s", "true", "nuclei", "peaks", "speech_s", "own_s", "praat_s", "words_s")
    }
    known = sum(said) if len(said) == len(utterances) else None
    f0_hz = float(np.median([u.f0_hz for u in utterances]))
    return Utterance(speaker=utterances[0].speaker, said=known, f0_hz=f0_hz, **total)


def windows(utterances: Sequence[Utterance], least_s: float = WINDOW_S) -> list[Utterance]:
    """Consecutive utterances of one reader joined until they last so long; what is left over is left out."""
    found: list[Utterance] = []
    held: list[Utterance] = []
    for utterance in utterances:
        if held and held[0].speaker != utterance.speaker:
            held = []
        held.append(utterance)
        if sum(u.duration_s for u in held) >= least_s:
            found.append(joined(held))
            held = []
    return found


def by_speaker(utterances: Sequence[Utterance]) -> dict[str, list[Utterance]]:
    """The utterances of each reader, in their order."""
    groups: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        groups.setdefault(utterance.speaker, []).append(utterance)
    return groups


def column(utterances: Sequence[Utterance], name: str) -> Samples:
    """One number of each utterance."""
    return np.asarray([getattr(u, name) for u in utterances], float)


def agreement(true: Samples, found: Samples, true_s: Samples, found_s: Samples) -> dict[str, float | int | None]:
    """How near rates ``found / found_s`` are to ``true / true_s``; all of shape (utterances,)."""
    said, heard = _rates(true, true_s), _rates(found, found_s)
    return {
        "found_ratio": float(found.sum() / true.sum()) if true.sum() else None,
        "rate_error_pct": float(100 * np.mean(np.abs(heard - said)[said > 0] / said[said > 0])) if said.any() else None,
        "r": correlation(said, heard),
        "utterances": len(true),
    }


def _rates(count: Samples, seconds: Samples) -> Samples:
    return np.divide(count, seconds, out=np.zeros_like(count), where=seconds > 0)


def correlation(one: Samples, other: Samples) -> float | None:
    """Pearson's r, None where one of them does not vary."""
    varied = len(one) > 2 and np.ptp(one) > 0 and np.ptp(other) > 0
    return float(np.corrcoef(one, other)[0, 1]) if varied else None


def r_of(
    utterances: Sequence[Utterance], count: str, seconds: str, truth: str = "true", truth_s: str = "speech_s"
) -> tuple[float | None, intervals.Bounds | None]:
    """Correlation of the rates ``count / seconds`` with the true ones, and its interval over readers."""

    def rates(part: Sequence[Utterance]) -> tuple[Samples, Samples]:
        true = _rates(column(part, truth), column(part, truth_s))
        return true, _rates(column(part, count), column(part, seconds))

    def figure(parts: Sequence[tuple[Samples, Samples]]) -> float | None:
        return correlation(np.concatenate([a for a, _ in parts]), np.concatenate([b for _, b in parts]))

    groups = {name: rates(part) for name, part in by_speaker(utterances).items()}
    return figure(list(groups.values())) if groups else None, intervals.of_figure(groups, figure)


def figures_of(utterances: Sequence[Utterance]) -> Figures:
    """For each counter: share of the syllables found, mean error per utterance, correlation of the rates."""
    longer = windows(utterances)
    found: Figures = {}
    for name, (count, seconds) in COUNTERS.items():
        truth = column(utterances, "true"), column(utterances, "speech_s")
        row = agreement(truth[0], column(utterances, count), truth[1], column(utterances, seconds))
        row["windows"] = len(longer)
        found[name] = row
        for key, part in (("r", utterances), ("r_10s", longer)):
            found[name][key], found[name][f"{key}_interval"] = r_of(part, count, seconds)
    return found


def kinds_of(utterances: Sequence[Utterance]) -> dict[str, list[Utterance]]:
    """The readers by voice range, and by how fast they read; a reader is one or the other as a whole."""
    readers = {name: joined(part) for name, part in by_speaker(utterances).items()}
    tests: dict[str, Callable[[Utterance], bool]] = {
        "low voices": lambda u: u.f0_hz < HIGH_HZ,
        "high voices": lambda u: u.f0_hz >= HIGH_HZ,
        f"readers of {SLOW_SYL_S} syllables/s and more": lambda u: u.true >= SLOW_SYL_S * u.speech_s,
        "slower readers": lambda u: u.true < SLOW_SYL_S * u.speech_s,
    }
    return {kind: [u for u in utterances if test(readers[u.speaker])] for kind, test in tests.items()}


def readers_of(utterances: Sequence[Utterance]) -> Figures:
    """As shown, for some of the readers: what is found, by whom, and the reader for whom the rate is furthest off."""
    longer = windows(utterances)
    aligned = [u for u in utterances if u.said is not None]
    errors = {name: _error_pct(joined(part)) for name, part in by_speaker(utterances).items()}
    worst = max(sorted(errors), key=lambda name: abs(errors[name]))
    r, interval = r_of(longer, *COUNTERS[SHOWN])
    true = column(utterances, "true").sum()
    return {
        "readers": len(errors),
        "windows": len(longer),
        "found_ratio": float(column(utterances, "nuclei").sum() / true),
        "praat_ratio": float(column(utterances, "peaks").sum() / true),
        "said_ratio": float(column(aligned, "said").sum() / column(aligned, "true").sum()) if aligned else None,
        "rate_error_pct": float(np.mean([abs(_error_pct(u)) for u in longer])) if longer else None,
        "r_10s": r,
        "r_10s_interval": interval,
        "worst": worst,
        "worst_error_pct": errors[worst],
    }


def _error_pct(utterance: Utterance) -> float:
    """How far the rate shown is off, of the true one."""
    true = utterance.true / utterance.speech_s if utterance.speech_s else 0.0
    shown = utterance.nuclei / utterance.own_s if utterance.own_s else 0.0
    return 100 * (shown / true - 1) if true else 0.0


def limits_of(utterances: Sequence[Utterance]) -> Figures:
    """Correlation per window with one source of error at a time."""
    longer = windows(utterances)
    aligned = [u for u in longer if u.said is not None]
    cases: dict[str, tuple[Sequence[Utterance], tuple[str, ...]]] = {
        "as shown": (longer, ("nuclei", "own_s")),
        "our syllables, true time": (longer, ("nuclei", "speech_s")),
        "true syllables, our time": (longer, ("true", "own_s")),
        "as shown, against what was said": (aligned, ("nuclei", "own_s", "said")),
        "what was said, against the transcript": (aligned, ("said", "speech_s")),
        "as shown, with Praat's time for the true one": (longer, ("nuclei", "own_s", "true", "praat_s")),
    }
    found: Figures = {}
    for name, (part, names) in cases.items():
        r, interval = r_of(part, *names)
        found[name] = {"r_10s": r, "r_10s_interval": interval, "windows": len(part)}
    return found


def time_of(utterances: Sequence[Utterance]) -> dict[str, float | None]:
    """Spread of each opinion of how long was spoken about the time within words, as a share, per utterance."""
    fitting = [u for u in utterances if u.said is not None and u.words_s > 0]
    return {
        name: float(np.std(np.log(column(fitting, name)[column(fitting, name) > 0] / words)))
        if len(words := column(fitting, "words_s")[column(fitting, name) > 0]) > 1
        else None
        for name in ("speech_s", "own_s", "praat_s")
    }


def goals_of(figures: Figures) -> list[Goal]:
    """The design's goal, where users see it: per 10 s, by our own count and our own time."""
    return [
        goal_at_least(
            f"r of articulation rate ≥ 0.85 per 10 s, {title}", figures[name]["counters"][SHOWN]["r_10s"], 0.85
        )
        for name, title in {
            TOGETHER: "both together",
            "librispeech": "LibriSpeech",
            "speechocean": "speechocean",
        }.items()
    ]


def _table(title: str, counters: Figures) -> Table:
    rows = [
        (
            name, cell(row["found_ratio"], 2), cell(row["rate_error_pct"]),
            intervals.told(row["r"], row["r_interval"], 2), intervals.told(row["r_10s"], row["r_10s_interval"], 2),
            str(row["utterances"]), str(row["windows"]),
        )
        for name, row in counters.items()
    ]  # fmt: skip
    return Table(f"Pace: {title}", COLUMNS, rows, "In brackets the 95 % interval over readers.")


def _reader_table(kinds: Figures) -> Table:
    columns = (
        "readers",
        "number",
        "found / true",
        "praat / true",
        "said / true",
        "mean error %",
        "r per 10 s",
        "worst",
    )
    rows = [
        (
            name, str(row["readers"]), cell(row["found_ratio"], 2), cell(row["praat_ratio"], 2),
            cell(row["said_ratio"], 2), cell(row["rate_error_pct"]),
            intervals.told(row["r_10s"], row["r_10s_interval"], 2), f"{row['worst']}: {row['worst_error_pct']:+.0f} %",
        )
        for name, row in kinds.items()
    ]  # fmt: skip
    return Table("Pace, as shown, by voice and by reader", columns, rows)


def _limit_table(limits: Figures) -> Table:
    rows = [
        (name, intervals.told(row["r_10s"], row["r_10s_interval"], 2), str(row["windows"]))
        for name, row in limits.items()
    ]
    return Table("Pace: what limits it, both together", ("rate", "r per 10 s", "windows"), rows)


def _note(time: Figures) -> str:
    spread = {name: ", ".join(f"{cell(time[part][name], 2)} {part}" for part in CORPORA) for name in time[TOGETHER]}
    return (
        f"Seconds of speech against the time within aligned words, spread of the ratio: Silero, which is the true time "
        f"here, {spread['speech_s']}; ours {spread['own_s']}; Praat's silences {spread['praat_s']}."
    )
