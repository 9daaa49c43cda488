"""Whether a recogniser's child still works, and how often one that does not is started again. No thread, no clock.

A child beats twice a second and says with each beat how much processor time it has used. So one that is frozen (no
beat), one that sleeps (beats, but no work) and one that goes round in circles (work, but no answer) are told from one
that only waits for its turn on a busy machine. All times are wall time in seconds unless they say otherwise.
"""

from __future__ import annotations

from collections import deque

LEAST_WORK_S = 0.05
"""Processor time that counts as work; beating itself takes less than this in a minute."""

FIRST_PASS_S = 30.0
"""What the first pass of a model may take, before any was measured."""

PASSES = 6
"""An answer may take so many times the dearest of the last passes; a final pass takes two to three partial ones."""

CHUNKS = 3
"""And so many times the length of the audio it is about."""


class Pulse:
    """Tells a hung child from a busy one.

    Parameters
    ----------
    still_s : float
        How long it may owe an answer without any sign of work.
    hang_s : float
        How long it may work on one answer, in wall time and in processor time, beyond what its passes cost.
    """

    def __init__(self, still_s: float, hang_s: float) -> None:
        self._still_s, self._hang_s = still_s, hang_s
        self.begin(0.0)

    def begin(self, now_s: float) -> None:
        """A new child starts; nothing is known of it."""
        self._cpu_s = 0.0
        self._cost_s: float | None = 0.0
        self.sign(now_s)

    def sign(self, now_s: float) -> None:
        """It answered, or it had nothing to do until now."""
        self._answered_s, self._answered_cpu_s = now_s, self._cpu_s
        self._moved_s, self._moved_cpu_s = now_s, self._cpu_s

    def learn_cost(self, cost_s: float | None) -> None:
        """The dearest of its last passes, 0 before the first; None when its work is not cut into passes."""
        self._cost_s = cost_s

    def beat(self, now_s: float, cpu_s: float) -> None:
        """It lives, and has used so much processor time since it was started."""
        self._cpu_s = cpu_s
        if cpu_s - self._moved_cpu_s >= LEAST_WORK_S:
            self._moved_s, self._moved_cpu_s = now_s, cpu_s

    def excuse(self, now_s: float) -> None:
        """We were held up ourselves, and so perhaps was the child."""
        self._answered_s = self._moved_s = now_s

    def silent_s(self, now_s: float) -> float:
        """Time since its last answer."""
        return now_s - self._answered_s

    def is_hung(self, now_s: float, owed_s: float) -> bool:
        """Whether to give up a child whose next answer is about ``owed_s`` of audio."""
        if now_s - self._moved_s > self._still_s:
            return True
        worked_s = min(self.silent_s(now_s), self._cpu_s - self._answered_cpu_s)
        return worked_s > self._most_work_s + CHUNKS * owed_s

    @property
    def _most_work_s(self) -> float:
        if self._cost_s is None:
            return self._hang_s
        return self._hang_s + PASSES * self._cost_s if self._cost_s else max(self._hang_s, FIRST_PASS_S)


class Restarts:
    """How long to wait before each new start, and when to give up.

    Parameters
    ----------
    back_off_s : tuple of float
        Pauses before the first start after a failure, before the second, and so on; the last one stays.
    most : int
        So many within ``healthy_s`` are too many.
    """

    def __init__(self, back_off_s: tuple[float, ...], most: int, healthy_s: float) -> None:
        self._back_off_s, self._most, self._healthy_s = back_off_s, most, healthy_s
        self._at_s: deque[float] = deque()
        self._attempts = 0

    def next_pause_s(self, now_s: float) -> float | None:
        """A child failed: the pause before the next start, None when there shall be none."""
        while self._at_s and now_s - self._at_s[0] > self._healthy_s:
            self._at_s.popleft()
        if not self._at_s:
            self._attempts = 0
        if len(self._at_s) >= self._most:
            return None
        self._at_s.append(now_s)
        pause_s = self._back_off_s[min(self._attempts, len(self._back_off_s) - 1)]
        self._attempts += 1
        return pause_s
