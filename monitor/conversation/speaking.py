"""Frames of speech of two channels made into stretches of speaking: no leak, no click, no gap between two words.

Everything is decided a fixed ``LAG`` of frames later, so that a short gap can be told from a pause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from monitor.conversation.leak import LOOKAHEAD, MOST_DELAY_S, STEP, LeakFinder
from monitor.types import BoolArray, Features, FloatArray, FrameGrid
from monitor.windows import SPEECH

_FPS = round(FrameGrid().frames_per_s)
BRIDGE = round(0.3 * _FPS)  # a gap up to this is part of speaking: stops, breaths between words
LEAST = round(0.12 * _FPS)  # anything shorter is a click
LAG = LOOKAHEAD + STEP + BRIDGE + LEAST
_CRUMB = round(0.04 * _FPS)  # beside a leak, anything shorter is the leak coming through
# Speech is told by its vowels; what is loud and touches them (a word's first and last consonants) belongs to them.
GROW = LOOKAHEAD
_LOUD_DB = np.float32(8.0)  # over the noise floor
_REACH = round(MOST_DELAY_S * _FPS) + STEP  # how long one side may still be heard in the other's channel


@dataclass(frozen=True, slots=True)
class Speaking:
    """Consecutive frames from ``first``; arrays have shape (2, frames).

    ``own`` are frames of speech that are the channel's own, ``speaking`` the same with gaps bridged and clicks left
    out, ``levels_dbfs`` the levels, ``leaked`` frames that hold the other side's voice.
    """

    first: int
    own: BoolArray
    speaking: BoolArray
    leaked: BoolArray
    levels_dbfs: FloatArray


class SpeakingFinder:
    """Turns the measures of both channels into who speaks when; every answer comes ``LAG`` frames later."""

    def __init__(self) -> None:
        self._leaks = LeakFinder()
        self._speech: BoolArray = np.zeros((2, GROW), np.bool_)  # of frames from ``_told - GROW``
        self._loud: BoolArray = np.zeros((2, GROW), np.bool_)
        self._levels: FloatArray = np.zeros((2, 0), np.float32)
        self._own: BoolArray = np.zeros((2, 0), np.bool_)  # of frames from ``_first``
        self._leaked: BoolArray = np.zeros((2, 0), np.bool_)
        self._told = 0  # the first frame whose leak is not known yet
        self._first = 0  # the first frame whose speaking is not known yet
        self._near = np.full(2, 1_000_000)  # frames since each channel was last active
        # of ``own`` and ``leaked`` before ``_first``
        self._past: BoolArray = np.zeros((2, 2, BRIDGE + LEAST), np.bool_)

    def hear(self, y: FloatArray) -> None:
        """Take the samples that the next measures are of, shape (2, samples)."""
        self._leaks.push(y)

    def push(self, pair: tuple[Features, Features]) -> Iterator[Speaking]:
        """Take the measures of the same frames of both channels."""
        self._speech = np.concatenate([self._speech, np.stack([f.speech > SPEECH for f in pair])], axis=1)
        levels = np.stack([f.level_dbfs for f in pair])
        loud = levels - np.stack([f.noise_dbfs for f in pair]) > _LOUD_DB
        self._loud = np.concatenate([self._loud, loud], axis=1)
        self._levels = np.concatenate([self._levels, levels], axis=1)
        ready = (self._speech.shape[1] - GROW - LOOKAHEAD) // STEP * STEP
        if ready > 0:
            self._tell_own(ready)
            yield from self._tell(LEAST + BRIDGE)

    def finish(self) -> Iterator[Speaking]:
        """Nothing follows: what was waiting for more."""
        left = self._speech.shape[1] - GROW
        if left:
            pad = -left % STEP
            self._speech = np.pad(self._speech, ((0, 0), (0, pad)))
            self._loud = np.pad(self._loud, ((0, 0), (0, pad)))
            self._tell_own(left + pad)
            self._own = self._own[:, : self._own.shape[1] - pad]
            self._leaked = self._leaked[:, : self._leaked.shape[1] - pad]
        yield from self._tell(0)

    def _tell_own(self, count: int) -> None:
        """Settle whose the next frames of speech are."""
        grown = np.stack([_grown(speech, loud) for speech, loud in zip(self._speech, self._loud, strict=True)])
        speech = grown[:, GROW : GROW + count]
        both = self._recently(speech[0], 0) & self._recently(speech[1], 1)
        leaked = self._leaks.leaked(self._told, both) & speech
        self._own = np.concatenate([self._own, speech & ~leaked], axis=1)
        self._leaked = np.concatenate([self._leaked, leaked], axis=1)
        self._speech, self._loud = self._speech[:, count:], self._loud[:, count:]
        self._told += count

    def _recently(self, active: BoolArray, channel: int) -> BoolArray:
        """Whether a channel was active in the last frames, as far back as its voice may still be on its way."""
        at = np.where(active, np.arange(len(active)), -1_000_000)
        at[0] = max(at[0], -int(self._near[channel]))
        last = np.maximum.accumulate(at)
        self._near[channel] = min(1_000_000, len(active) - int(last[-1]))
        return np.asarray(np.arange(len(active)) - last <= _REACH)

    def _tell(self, hold_back: int) -> Iterator[Speaking]:
        """Bridge gaps and leave clicks out, of all frames but the last ``hold_back``."""
        count = self._own.shape[1] - hold_back
        if count <= 0:
            return
        known = np.concatenate([self._past, np.stack([self._own, self._leaked])], axis=2)
        firm = [_without_crumbs(own, leaked) for own, leaked in zip(*known, strict=True)]
        speaking = np.stack([_without_clicks(_bridged(row)) for row in firm])
        keep = slice(self._past.shape[2], self._past.shape[2] + count)
        own = np.stack(firm)[:, keep]
        yield Speaking(self._first, own, speaking[:, keep], self._leaked[:, :count], self._levels[:, :count])
        self._past = known[:, :, count : count + self._past.shape[2]]
        self._own, self._leaked = self._own[:, count:], self._leaked[:, count:]
        self._levels = self._levels[:, count:]
        self._first += count


def _grown(speech: BoolArray, loud: BoolArray) -> BoolArray:
    """Add to speech what is loud without a break up to ``GROW`` frames before and after it."""
    return np.asarray(speech | (loud & (_touches(speech, loud) | _touches(speech[::-1], loud[::-1])[::-1])))


def _touches(speech: BoolArray, loud: BoolArray) -> BoolArray:
    """Whether the last frame of speech is at most ``GROW`` frames ago, and all since then were loud."""
    at = np.arange(len(speech))
    spoke = np.maximum.accumulate(np.where(speech, at, -GROW - 1))
    faint = np.maximum.accumulate(np.where(loud | speech, -1, at))
    return np.asarray((at - spoke <= GROW) & (faint < spoke))


def _runs(row: BoolArray) -> list[tuple[int, int]]:
    if not row.any():
        return []
    padded = np.zeros(len(row) + 2, np.bool_)
    padded[1:-1] = row
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _without_crumbs(own: BoolArray, leaked: BoolArray) -> BoolArray:
    """Drop short stretches beside a leak: moments when it came through louder than usual."""
    kept = own.copy()
    for start, end in _runs(own):
        if end - start < _CRUMB and (leaked[max(0, start - 1)] or leaked[min(end, len(leaked) - 1)]):
            kept[start:end] = False
    return kept


def _bridged(row: BoolArray) -> BoolArray:
    """Fill gaps of up to ``BRIDGE`` frames between two frames of speech."""
    filled = row.copy()
    runs = _runs(row)
    for (_, end), (start, _) in pairwise(runs):
        if start - end <= BRIDGE:
            filled[end:start] = True
    return filled


def _without_clicks(row: BoolArray) -> BoolArray:
    """Drop what is shorter than ``LEAST`` frames."""
    kept = row.copy()
    for start, end in _runs(row):
        if end - start < LEAST:
            kept[start:end] = False
    return kept
