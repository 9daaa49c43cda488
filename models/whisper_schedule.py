"""When Whisper decodes, on the sample clock: partial passes while somebody speaks, a final one at a pause or a cut.

Everything counts samples, so passes fall on the same places live and offline, for every block size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from models.speech_gate import FRAMES_PER_S, GATE_FRAME
from monitor.types import RATE_HZ, FloatArray, Word

LEVEL_FLOOR = 1e-10
"""Power below which a frame is simply silent."""


@dataclass(frozen=True, slots=True)
class ScheduleTuning:
    """Times in seconds.

    A partial pass is made every ``interval_s`` of speech; it is put off in a pause of ``pause_begins_s``, since the
    final pass at the end of that pause comes soon and hears more. An utterance is closed at the first such pause
    after ``soft_cut_s`` and cut between two words at ``hard_cut_s``: Whisper's window is 30 s, but the longer the
    audio, the later the words and the likelier a repeat. What touches the last ``unsure_s`` of a pass's audio is still
    being said: half a word is heard as another.
    """

    interval_s: float = 1.0
    pause_begins_s: float = 0.1
    soft_cut_s: float = 9.0
    hard_cut_s: float = 13.0
    unsure_s: float = 0.3


class Due(Enum):
    """What a frame calls for."""

    NOTHING = "nothing"
    PARTIAL = "partial"
    CLOSE = "close"
    CUT = "cut"


class PassSchedule:
    """Says at each frame whether a pass is due."""

    def __init__(self, tuning: ScheduleTuning) -> None:
        self._tuning = tuning
        self._interval_s = tuning.interval_s
        self._planned: list[tuple[int, float]] = []
        self._last = 0

    @property
    def interval_s(self) -> float:
        """Seconds between partial passes now."""
        return self._interval_s

    def set_interval(self, seconds: float, at: int) -> None:
        """Make partial passes every so many seconds from sample ``at`` on; infinity makes none."""
        self._planned = sorted([*(plan for plan in self._planned if plan[0] != at), (at, seconds)])

    def begin(self, clock: int) -> None:
        """An utterance began, or was cut, at this sample."""
        self._last = clock

    def look(self, clock: int, length: int, quiet: int) -> Due:
        """What is due at sample ``clock`` of an utterance of ``length`` samples that ends in ``quiet`` quiet frames."""
        while self._planned and self._planned[0][0] <= clock:
            self._interval_s = self._planned.pop(0)[1]
        tuning, pausing = self._tuning, quiet >= self._tuning.pause_begins_s * FRAMES_PER_S
        if length >= tuning.hard_cut_s * RATE_HZ:
            return Due.CLOSE if pausing else Due.CUT
        if pausing:
            return Due.CLOSE if length >= tuning.soft_cut_s * RATE_HZ else Due.NOTHING
        if clock - self._last < self._interval_s * RATE_HZ:
            return Due.NOTHING
        self._last = clock
        return Due.PARTIAL


@dataclass(frozen=True, slots=True)
class Cut:
    """Where an utterance is cut: the first ``words`` words and ``samples`` samples belong to what ends."""

    words: int
    samples: int


def choose_cut(y: FloatArray, words: Sequence[Word], before: Sequence[Word], unsure_s: float) -> Cut:
    """Cut between two words that two passes agree on, in the quietest such gap of the utterance's second half.

    Parameters
    ----------
    y : the utterance.
    words, before : what this pass and the one before heard, times in seconds from the utterance's start.
    unsure_s : words that touch this much of the end are not cut after.

    Without agreement any gap between heard words will do; without words the quietest moment.
    """
    length_s = len(y) / RATE_HZ
    earliest_s, latest_s = length_s / 2, length_s - unsure_s
    known = [number for number in range(1, len(words) + 1) if earliest_s <= words[number - 1].end_s <= latest_s]
    agreed = sum(1 for _ in _common(words, before))
    places = [number for number in known if number <= agreed] or known
    if not places:
        samples = _quietest(y, earliest_s, latest_s)[1]
        return Cut(sum(word.end_s * RATE_HZ <= samples for word in words), samples)
    starts = [word.start_s for word in words] + [latest_s]
    # Whisper's word times are right to a few hundredths of a second; the quiet is looked for a little around the gap.
    gaps = [(_quietest(y, words[n - 1].end_s - 0.06, max(starts[n], words[n - 1].end_s) + 0.06), n) for n in places]
    (_, samples), number = min(gaps)
    return Cut(number, samples)


def _common(words: Sequence[Word], before: Sequence[Word]) -> list[Word]:
    """The words at the start that both have."""
    same: list[Word] = []
    for word, other in zip(words, before, strict=False):
        if word.text != other.text:
            break
        same.append(word)
    return same


def _quietest(y: FloatArray, from_s: float, to_s: float) -> tuple[float, int]:
    """Power of the quietest 20 ms within some time, and the sample where they start, on the gate's frames."""
    first = max(1, int(from_s * FRAMES_PER_S))
    last = max(first + 1, min(len(y) // GATE_FRAME, int(np.ceil(to_s * FRAMES_PER_S))))
    frames = y[first * GATE_FRAME : last * GATE_FRAME]
    power = np.mean(frames.reshape(-1, GATE_FRAME) ** 2, axis=1) if len(frames) else np.zeros(1)
    at = int(np.argmin(power))
    return max(float(power[at]), LEVEL_FLOOR), (first + at) * GATE_FRAME
