"""Syllables of an utterance by its transcript, as it was said, as the engine and Praat find them; and its time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.data import Samples
from benchmarks.sound import RATE_HZ

VOWELS = frozenset(("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"))
ADDED = "AH"  # the vowel that learners put after a final consonant
PAUSE_MS = 300
SILENCE_DB = -25.0
DIP_DB = 2.0  # de Jong and Wempe (2009) for recordings without filtering
# Wider than the decoder's own beams: a learner's sentence is far from the model, and must be aligned all the same.
BEAMS = {"beam": 1e-100, "wbeam": 1e-80, "pbeam": 1e-100}


class Ours(NamedTuple):
    """What the engine hears: nuclei, seconds of speech by which it divides them, and the median F0."""

    nuclei: int
    spoken_s: float
    f0_hz: float


def read_dictionary() -> dict[str, list[list[str]]]:
    """The pronunciations of each word in the dictionary of pocketsphinx, as lists of phones."""
    from pocketsphinx import get_model_path

    words: dict[str, list[list[str]]] = {}
    for line in Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines():
        name, *phones = line.split()
        words.setdefault(re.sub(r"\(\d+\)$", "", name), []).append(phones)
    return words


def words_of(text: str) -> list[str]:
    """The words of a transcript as the dictionary spells them."""
    return re.findall(r"[a-z']+", text.lower())


def vowels(phones: Iterable[str]) -> int:
    """One vowel, one syllable."""
    return sum(phone in VOWELS for phone in phones)


def syllables_of(text: str, dictionary: dict[str, list[list[str]]]) -> int | None:
    """Syllables of a transcript by each word's first pronunciation, None when a word of it is unknown."""
    words = words_of(text)
    if not words or any(word not in dictionary for word in words):
        return None
    return sum(vowels(dictionary[word][0]) for word in words)


def count_ours(y: Samples) -> Ours:
    """As the light for pace and the result count and divide."""
    from monitor.features.extractor import FeatureExtractor
    from monitor.features.pace import SpokenTime
    from monitor.types import FrameGrid
    from monitor.windows import SPEECH

    extractor, time = FeatureExtractor(), SpokenTime()
    nuclei, f0_hz = 0, [np.zeros(0, np.float32)]
    for part in (*extractor.push(np.asarray(y, np.float32)), *extractor.finish()):
        voiced = part.voiced & (part.speech > SPEECH)
        time.push(voiced)
        nuclei += int(part.nucleus.sum())
        f0_hz.append(part.f0_hz[voiced])
    heard = np.concatenate(f0_hz)
    return Ours(nuclei, FrameGrid().start_s(time.frames), float(np.median(heard)) if len(heard) else 0.0)


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
    """Seconds without pauses, by Silero's detector of speech."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(min_silence_duration_ms=PAUSE_MS, speech_pad_ms=0)
    found = get_speech_timestamps(np.asarray(y, np.float32), options)
    return float(sum(stretch["end"] - stretch["start"] for stretch in found)) / RATE_HZ


def praat_speech_s(y: Samples) -> float:
    """Seconds without pauses, by Praat's silence detector, which knows the level only."""
    import parselmouth
    from parselmouth.praat import call

    intensity = parselmouth.Sound(y, RATE_HZ).to_intensity(minimum_pitch=100)
    grid = call(intensity, "To TextGrid (silences)", SILENCE_DB, PAUSE_MS / 1000, 0.1, "silent", "sounding")
    count = call(grid, "Get number of intervals", 1)
    return float(sum(
        call(grid, "Get end time of interval", 1, i) - call(grid, "Get start time of interval", 1, i)
        for i in range(1, count + 1)
        if call(grid, "Get label of interval", 1, i) == "sounding"
    ))  # fmt: skip


class Aligner:
    """Fits a transcript to its recording, where after a word's final consonant a vowel may follow."""

    def __init__(self, dictionary: dict[str, list[list[str]]]) -> None:
        from pocketsphinx import Decoder

        self._decoder = Decoder(lm=None, loglevel="FATAL", **BEAMS)
        self._dictionary = dictionary
        self._syllables: dict[str, int] = {}

    def align(self, y: Samples, text: str) -> tuple[int, float] | None:
        """Syllables said, and seconds within words; None where the words do not fit."""
        words = words_of(text)
        self._learn(sorted(set(words) - self._syllables.keys()))
        raw = (np.clip(y, -1, 1) * 32767).astype("<i2").tobytes()
        self._decoder.set_align_text(" ".join(words))
        self._decoder.start_utt()
        self._decoder.process_raw(raw, full_utt=True)
        self._decoder.end_utt()
        if self._decoder.hyp() is None:
            return None
        said = [part for part in self._decoder.seg() if part.word in self._syllables]
        seconds = sum(part.end_frame - part.start_frame + 1 for part in said) / 100
        return sum(self._syllables[part.word] for part in said), seconds

    def _learn(self, words: list[str]) -> None:
        for word in words:
            for number, phones in enumerate(self._dictionary[word], 1):
                self._syllables[word if number == 1 else f"{word}({number})"] = vowels(phones)
                if phones[-1] not in VOWELS:
                    name = f"{word}({50 + number})"  # far behind the dictionary's own
                    self._decoder.add_word(name, " ".join([*phones, ADDED]), True)
                    self._syllables[name] = vowels(phones) + 1
