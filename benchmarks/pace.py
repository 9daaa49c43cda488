"""Syllables that the engine finds against syllables of the transcripts, beside a counter made with Praat.

Truth: vowels of the words' pronunciations in the dictionary that ships with pocketsphinx, so what a careful speaker
would say; people swallow some. Utterances with a word that it lacks are left out. The time that both counts are
divided by is the utterance without its pauses, found by Praat's silence detector so that neither counter's own idea of
speech decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.data import Clip, Samples, at_rate, corpus, read_mono
from benchmarks.report import Figures, Report, Settings, Table, cell, goal_at_least
from benchmarks.sound import RATE_HZ

LEAST_S = 3.0
CORPORA = {
    "librispeech": "LibriSpeech, read by native speakers",
    "speechocean": "speechocean, read by Mandarin speakers",
}
VOWELS = frozenset(("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"))
SILENCE_DB, PAUSE_S, SOUND_S = -25.0, 0.3, 0.1
DIP_DB = 2.0  # de Jong and Wempe (2009) for recordings without filtering
OURS, LIGHT, WRITTEN, PRAAT = "evenkeel", "evenkeel, as judged", "evenkeel, as written", "praat, intensity peaks"
COLUMNS = ("counter", "found / true", "mean error %", "r of rate", "utterances")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Syllables by transcript and by each counter; ``own_s`` is the speech by which the engine itself divides.

    ``found`` holds nuclei (``OURS``), those among them that the result file counts (``WRITTEN``), and Praat's.
    """

    true: int
    found: dict[str, int]
    speech_s: float
    own_s: float


def run(settings: Settings) -> Report:
    """Count the syllables of every utterance that is long enough.

    Raises
    ------
    EnvironmentProblem
        A corpus or the dictionary is not here.
    """
    dictionary = read_dictionary()
    figures: Figures = {}
    tables, together = [], []
    for name, title in CORPORA.items():
        clips = [c for c in corpus(settings.data, name) if c.text and c.duration_s >= LEAST_S]
        counted = [(clip, syllables_of(clip.text, dictionary)) for clip in clips[:: 10 if settings.quick else 1]]
        utterances = [_utterance(clip, true) for clip, true in counted if true]
        settings.say(f"pace: {len(utterances)} utterances of {name}")
        together += utterances
        figures[name] = {"left_out": len(counted) - len(utterances), "counters": figures_of(utterances)}
        tables.append(_table(title, figures[name]["counters"]))
    figures["together"] = {"counters": figures_of(together)}
    tables.append(_table("Both together", figures["together"]["counters"]))
    r = figures["together"]["counters"][OURS]["r"]
    goals = [goal_at_least("r of articulation rate ≥ 0.85, both together", r, 0.85)]
    return Report("pace", "accuracy.md", figures, tables, goals, ("praat-parselmouth", "pocketsphinx", "scipy"))


def read_dictionary() -> dict[str, int]:
    """Vowels of each word's first pronunciation in the dictionary of pocketsphinx."""
    from pocketsphinx import get_model_path

    counts: dict[str, int] = {}
    for line in Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines():
        word, *phones = line.split()
        counts.setdefault(word, sum(phone in VOWELS for phone in phones))
    return counts


def syllables_of(text: str, dictionary: dict[str, int]) -> int | None:
    """Syllables of a transcript, None when a word of it is unknown."""
    words = re.findall(r"[a-z']+", text.lower())
    if not words or any(word not in dictionary for word in words):
        return None
    return sum(dictionary[word] for word in words)


def _utterance(clip: Clip, true: int) -> Utterance:
    y = at_rate(*read_mono(clip.path), RATE_HZ)
    mine, written, own_s = count_ours(y)
    found = {OURS: mine, WRITTEN: written, PRAAT: count_with_praat(y)}
    return Utterance(true, found, speech_s(y), own_s)


def count_ours(y: Samples) -> tuple[int, int, float]:
    """All nuclei, those told within speech, which the result file counts, and seconds of speech."""
    from monitor.features.extractor import FeatureExtractor
    from monitor.types import FrameGrid
    from monitor.windows import SPEECH

    extractor = FeatureExtractor()
    nuclei = written = frames = 0
    for part in (*extractor.push(np.asarray(y, np.float32)), *extractor.finish()):
        speech = part.speech > SPEECH
        nuclei += int(part.nucleus.sum())
        written += int((part.nucleus & speech).sum())
        frames += int(speech.sum())
    return nuclei, written, FrameGrid().start_s(frames)


def count_with_praat(y: Samples) -> int:
    """Voiced intensity peaks set off by a dip, after de Jong and Wempe (2009), Behavior Research Methods 41."""
    import parselmouth
    from scipy.signal import argrelmax

    sound = parselmouth.Sound(y, RATE_HZ)
    intensity = sound.to_intensity(minimum_pitch=50)
    level_db, time_s = intensity.values[0], intensity.xs()
    pitch = sound.to_pitch_ac(time_step=0.02, pitch_floor=30, pitch_ceiling=450)
    threshold_db = np.quantile(level_db, 0.99) + SILENCE_DB
    peaks = [int(i) for i in argrelmax(level_db)[0] if level_db[i] > threshold_db]
    count = 0
    for peak, after in zip(peaks, [*peaks[1:], None], strict=True):
        # the last peak is held against what follows it
        dip_db = level_db[peak] - level_db[peak:after].min()
        if dip_db > DIP_DB and not np.isnan(pitch.get_value_at_time(time_s[peak])):
            count += 1
    return count


def speech_s(y: Samples) -> float:
    """Seconds without pauses, by Praat's silence detector."""
    import parselmouth
    from parselmouth.praat import call

    intensity = parselmouth.Sound(y, RATE_HZ).to_intensity(minimum_pitch=100)
    grid = call(intensity, "To TextGrid (silences)", SILENCE_DB, PAUSE_S, SOUND_S, "silent", "sounding")
    count = call(grid, "Get number of intervals", 1)
    return float(sum(
        call(grid, "Get end time of interval", 1, i) - call(grid, "Get start time of interval", 1, i)
        for i in range(1, count + 1)
        if call(grid, "Get label of interval", 1, i) == "sounding"
    ))  # fmt: skip


def figures_of(utterances: Sequence[Utterance]) -> dict[str, dict[str, float | int | None]]:
    """For each counter: share of the syllables found, mean error per utterance, correlation of the rates."""
    true = np.asarray([u.true for u in utterances], float)
    time_s = np.asarray([u.speech_s for u in utterances])
    own_s = np.asarray([u.own_s for u in utterances])
    mine, written, theirs = (np.asarray([u.found[name] for u in utterances], float) for name in (OURS, WRITTEN, PRAAT))
    return {
        OURS: agreement(true, mine, time_s, time_s),
        LIGHT: agreement(true, mine, time_s, own_s),
        WRITTEN: agreement(true, written, time_s, own_s),
        PRAAT: agreement(true, theirs, time_s, time_s),
    }


def agreement(true: Samples, found: Samples, true_s: Samples, found_s: Samples) -> dict[str, float | int | None]:
    """How near rates ``found / found_s`` are to ``true / true_s``; all of shape (utterances,)."""
    said, heard = (np.divide(n, s, out=np.zeros_like(n), where=s > 0) for n, s in ((true, true_s), (found, found_s)))
    varied = len(true) > 2 and np.ptp(said) > 0 and np.ptp(heard) > 0
    return {
        "found_ratio": float(found.sum() / true.sum()) if true.sum() else None,
        "rate_error_pct": float(100 * np.mean(np.abs(heard - said)[said > 0] / said[said > 0])) if said.any() else None,
        "r": float(np.corrcoef(said, heard)[0, 1]) if varied else None,
        "utterances": len(true),
    }


def _table(title: str, counters: dict[str, dict[str, float | int | None]]) -> Table:
    rows = [
        (name, cell(row["found_ratio"], 2), cell(row["rate_error_pct"]), cell(row["r"], 2), str(row["utterances"]))
        for name, row in counters.items()
    ]
    return Table(f"Pace: {title}", COLUMNS, rows)
