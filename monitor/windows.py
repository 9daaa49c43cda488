"""Rolling windows of voiced speech: what the judgement looks at, one row per tick.

Only firm frames count: voiced speech whose effort could be measured, in a stretch that lasts (``monitor.likeness``). A
window holds the last ``VOICE_FRAMES`` of them but none older than ``MAX_AGE_S``, so that a pause is not bridged with
what was said before it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from monitor.features.pace import SpokenTime
from monitor.likeness import DIP_DB, Likeness, VowelFinder, Vowels
from monitor.types import TICK, BoolArray, Features, FloatArray, FrameGrid, IntArray

_FPS = round(FrameGrid().frames_per_s)
VOICE_FRAMES = 60  # 0.6 s of vowels
LEAST_FRAMES = 40  # fewer say nothing
MAX_AGE_S = 3.0  # nothing older is in a window
UPPER = 0.67  # the percentile that stands for how loud, high and strained a stretch of speech was
_SWING_FRAMES = 300  # 3 s of vowels for the spread of F0
_SWING_LEAST = 200  # fewer say nothing
SWING_AGE_S = 10.0  # nothing older counts for it
_PACE_FRAMES = 800  # 8 s of call for the pace
_PACE_LEAST_S = 4.0  # of them spoken; less says nothing
_PACE_VOWEL = 5  # firm frames that a syllable has on average at the least; clicks that pass for syllables have 3
_SLOW = 5  # ticks between two looks at the slow measures
SPEECH = np.float32(0.5)  # probability from which on a frame is speech


@dataclass(frozen=True, slots=True)
class VoiceTicks:
    """Consecutive ticks; arrays have shape (ticks,) unless said otherwise.

    ``upper`` has shape (ticks, 3): upper percentile of level (dBFS), F0 (semitones over 55 Hz) and effort (dB), NaN
    where too little was voiced lately, or where it was no speech (``monitor.likeness``). ``firm`` counts firm frames so
    far, ``speech_s`` speech so far. ``swing_st`` is the spread of F0 and ``pace_syl_s`` the articulation rate; both NaN
    where unknown or between two slow looks.
    """

    first: int
    upper: FloatArray
    fresh: BoolArray
    firm: IntArray
    speech_s: FloatArray
    swing_st: FloatArray
    pace_syl_s: FloatArray
    level_dbfs: FloatArray
    snr_db: FloatArray
    speaking: BoolArray
    clipped: FloatArray

    def __len__(self) -> int:
        return len(self.fresh)


class RollingWindows:
    """Turns the measures of one channel into windows, tick by tick."""

    def __init__(self) -> None:
        self._values = np.full((max(VOICE_FRAMES, _SWING_FRAMES), 3), -np.inf, np.float32)
        self._frames = np.full(len(self._values), -1_000_000, np.intp)
        self._firm = 0
        self._tick = 0
        # up to each frame: frames of speech, syllable nuclei, firm frames, frames spoken
        self._counts = np.zeros((4, _PACE_FRAMES + 1), np.intp)
        self._spoken_time = SpokenTime()
        self._vowels = VowelFinder()
        self._likeness = Likeness(len(self._values))
        self._since = 0

    def push(self, features: Features) -> VoiceTicks:
        """Windows that end with each tick of ``features``, which must hold whole ticks."""
        count = len(features) // TICK
        speech = features.speech > SPEECH
        firm: BoolArray = features.voiced & speech & ~np.isnan(features.effort_db)
        ends = features.start_frame + TICK * np.arange(1, count + 1)
        vowels = self._vowels.push(features, firm)
        new = np.bincount(vowels.known, minlength=len(features))
        newly = new.reshape(count, TICK).sum(axis=1)
        known = np.concatenate([self._values, vowels.values])
        self._frames = np.concatenate([self._frames, vowels.frame])
        seen = len(self._values) + np.cumsum(newly)
        slow = (self._tick + 1 + np.arange(count)) % _SLOW == 0
        spoken = self._spoken_time.push(features.voiced & speech)
        speech_s, pace = self._pace(np.stack([speech, features.nucleus, new]), spoken)
        since = self._speaker_since(vowels, seen, ends)
        upper = self._upper(known, seen, np.maximum(ends - round(MAX_AGE_S * _FPS), since))
        swing_since = np.maximum(ends - round(SWING_AGE_S * _FPS), since)
        pauses = upper[:, 0] - self._likeness.dips(features.level_dbfs) >= DIP_DB
        ticks = VoiceTicks(
            first=self._tick,
            upper=np.where(pauses[:, None], upper, np.float32(np.nan)),
            fresh=newly > 0,
            firm=self._firm + np.cumsum(newly),
            speech_s=speech_s,
            swing_st=np.where(slow & pauses, self._swing(known, seen, swing_since, slow), np.float32(np.nan)),
            pace_syl_s=np.where(slow, pace, np.float32(np.nan)),
            level_dbfs=features.level_dbfs.reshape(count, TICK).max(axis=1),
            snr_db=(features.level_dbfs - features.noise_dbfs).reshape(count, TICK).max(axis=1),
            speaking=np.logical_or.reduce(speech.reshape(count, TICK), axis=1),
            clipped=features.clipped.reshape(count, TICK).mean(axis=1, dtype=np.float32),
        )
        self._firm += len(vowels.frame)
        self._tick += count
        keep = max(VOICE_FRAMES, _SWING_FRAMES)
        self._values, self._frames = known[-keep:], self._frames[-keep:]
        return ticks

    def _speaker_since(self, vowels: Vowels, seen: IntArray, ends: IntArray) -> IntArray:
        """The frame from which on each tick's window may begin: what sounded like no speaker is left out."""
        held = seen - np.searchsorted(self._frames, ends - round(MAX_AGE_S * _FPS))
        since = np.maximum.accumulate(np.where(self._likeness.push(vowels, seen, held), self._since, ends))
        self._since = int(since[-1])
        return since

    def _window(self, known: FloatArray, seen: IntArray, starts: IntArray, frames: int) -> tuple[FloatArray, IntArray]:
        """Sorted windows, shape (ticks, measures, frames), padded with -inf in front, and how many each holds.

        None begins before its frame of ``starts``.
        """
        oldest = np.searchsorted(self._frames, starts)
        held = np.minimum(seen - oldest, frames)
        windows = np.lib.stride_tricks.sliding_window_view(known, frames, axis=0)[seen - frames]
        absent = np.arange(frames) < (frames - held)[:, None]
        windows = np.where(absent[:, None, :], np.float32(-np.inf), windows)
        windows.sort(axis=2)
        return windows, held

    def _upper(self, known: FloatArray, seen: IntArray, starts: IntArray) -> FloatArray:
        windows, held = self._window(known, seen, starts, VOICE_FRAMES)
        at = VOICE_FRAMES - held + np.minimum((UPPER * held).astype(np.intp), np.maximum(held - 1, 0))
        upper = windows[np.arange(len(held)), :, np.minimum(at, VOICE_FRAMES - 1)]
        return np.where((held >= LEAST_FRAMES)[:, None], upper, np.float32(np.nan))

    def _swing(self, known: FloatArray, seen: IntArray, starts: IntArray, slow: BoolArray) -> FloatArray:
        """Spread of F0 between its 10th and 90th percentile, as a standard deviation; semitones."""
        spread = np.full(len(seen), np.nan, np.float32)
        if slow.any():
            windows, held = self._window(known[:, 1:2], seen[slow], starts[slow], _SWING_FRAMES)
            start = _SWING_FRAMES - held
            low, high = (np.minimum(start + (share * held).astype(np.intp), _SWING_FRAMES - 1) for share in (0.1, 0.9))
            rows = np.arange(len(held))
            enough = held >= _SWING_LEAST
            top, bottom = windows[rows, 0, high], windows[rows, 0, low]
            spread[slow] = np.where(enough, (top - np.where(enough, bottom, 0)) / np.float32(2.563), np.float32(np.nan))
        return spread

    def _pace(self, new: IntArray, spoken: IntArray) -> tuple[FloatArray, FloatArray]:
        """Speech so far and the articulation rate over the last seconds, at the end of each tick.

        ``new`` holds speech, nuclei and firm frames of each frame, shape (3, frames); ``spoken`` counts frames so far.
        """
        so_far = np.concatenate([self._counts[:3, -1:] + np.cumsum(new, axis=1), spoken[None]])
        counts = np.concatenate([self._counts, so_far], axis=1)
        self._counts = counts[:, -_PACE_FRAMES - 1 :]
        latest = counts[:, _PACE_FRAMES + TICK :: TICK]
        _, nuclei, firm, frames = latest - counts[:, TICK:-_PACE_FRAMES:TICK]
        spoken_s = frames / _FPS
        enough = (spoken_s >= _PACE_LEAST_S) & (firm >= _PACE_VOWEL * nuclei)
        pace = np.where(enough, nuclei / np.where(enough, spoken_s, 1.0), np.nan)
        return (latest[0] / _FPS).astype(np.float32), pace.astype(np.float32)


def rows(ticks: VoiceTicks) -> dict[str, list[float]]:
    """The arrays as plain lists, for a loop over ticks: reading a list is far cheaper than reading an array."""
    return {field.name: getattr(ticks, field.name).tolist() for field in fields(ticks) if field.name != "first"}
