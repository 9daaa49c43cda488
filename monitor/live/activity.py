"""Who speaks, and how loud: what is measured between calls, and of the customer's side during one."""

from __future__ import annotations

import math
from collections import deque
from itertools import takewhile

import numpy as np

from monitor.features.extractor import FeatureExtractor
from monitor.types import RATE_HZ, Features, FloatArray, FrameGrid
from monitor.windows import SPEECH

KEPT_S = 120.0
SILENCE_DBFS = -120.0
_BATCH = RATE_HZ // 4  # measured in larger pieces than the agent's voice: a quarter of the cost, and no light waits
_LEVELS = RATE_HZ // 20  # samples between two readings of the meter


class LevelMeter:
    """RMS level of each channel in dBFS, at most 20 times a second."""

    def __init__(self) -> None:
        self._power = np.zeros(0)
        self._samples = 0

    def push(self, y: FloatArray) -> tuple[float, ...] | None:
        """Take a block of shape (channels, samples); return the levels when it is time for a reading."""
        if len(self._power) != len(y):
            self._power, self._samples = np.zeros(len(y)), 0
        self._power += np.square(y, dtype=np.float64).sum(axis=1)
        self._samples += y.shape[1]
        if self._samples < _LEVELS:
            return None
        power, self._power, samples, self._samples = self._power, np.zeros(len(y)), self._samples, 0
        return tuple(level_dbfs(float(p) / samples) for p in power)


def level_dbfs(mean_square: float) -> float:
    """Level of a mean square re full scale, never below ``SILENCE_DBFS``."""
    return max(SILENCE_DBFS, 10 * math.log10(mean_square)) if mean_square > 0 else SILENCE_DBFS


class Ear:
    """How much was spoken on one channel lately. Times are those of the session."""

    def __init__(self, since_s: float) -> None:
        self.since_s = since_s
        self.last_s = -math.inf  # when somebody spoke last
        self._lately: deque[tuple[float, float]] = deque()
        self._extractor = FeatureExtractor()
        self._waiting: list[FloatArray] = []

    def hear(self, y: FloatArray, now_s: float) -> None:
        """Take samples that nobody else measures, shape (samples,); ``now_s`` is when they ended."""
        self._waiting.append(y)
        if sum(map(len, self._waiting)) >= _BATCH:
            joined, self._waiting = np.concatenate(self._waiting), []
            for features in self._extractor.push(joined):
                self.note(features, now_s)

    def note(self, features: Features, now_s: float) -> None:
        """Take measures that were made already."""
        speech_s = int((features.speech > SPEECH).sum()) / FrameGrid().frames_per_s
        if speech_s:
            self.last_s = now_s
            self._lately.append((now_s, speech_s))
        while self._lately and self._lately[0][0] < now_s - KEPT_S:
            self._lately.popleft()

    def spoken_s(self, now_s: float, within_s: float) -> float:
        """Seconds of speech within the last so many, at most ``KEPT_S``."""
        lately = takewhile(lambda noted: noted[0] > now_s - within_s, reversed(self._lately))
        return sum(speech_s for _, speech_s in lately)


class Boundaries:
    """Where automatic calls begin and end."""

    BEGIN_SPEECH_S, BEGIN_WITHIN_S = 0.8, 3.0
    REST_S = 5.0  # after a call was ended on request, the next one begins only once nobody spoke for so long

    def __init__(self) -> None:
        self._resting = False

    def rest(self) -> None:
        """A call was ended on request: what is still being said is no new call."""
        self._resting = True

    def begins(self, ears: list[Ear], now_s: float) -> bool:
        """Whether somebody speaks enough for a call to begin."""
        if self._resting:
            self._resting = quiet_s(ears, now_s) < self.REST_S
            return False
        return any(ear.spoken_s(now_s, self.BEGIN_WITHIN_S) >= self.BEGIN_SPEECH_S for ear in ears)


def quiet_s(ears: list[Ear], now_s: float) -> float:
    """For how long nobody has spoken."""
    return now_s - max(max(ear.last_s, ear.since_s) for ear in ears)


class Unheard:
    """Whether the agent's microphone hears something but never the agent, while the customer talks."""

    AGENT_S, CUSTOMER_S = 30.0, 10.0
    KNOWN_S = 120.0  # who was heard before by this microphone may listen for long
    _LEAST_S = 0.3  # a click may look like speech for a moment

    def __init__(self) -> None:
        self.told = False
        self._known = False

    def look(self, agent: Ear, customer: Ear, now_s: float) -> bool:
        """Whether that is so now."""
        speaks = agent.spoken_s(now_s, 3.0) >= self._LEAST_S
        self._known = self._known or speaks
        if self.told:
            self.told = not speaks
        elif not speaks:
            patience_s = self.KNOWN_S if self._known else self.AGENT_S
            long_enough = now_s - max(agent.since_s, customer.since_s) >= patience_s
            silent = long_enough and agent.spoken_s(now_s, patience_s) < self._LEAST_S
            self.told = silent and customer.spoken_s(now_s, self.AGENT_S) > self.CUSTOMER_S
        return self.told
