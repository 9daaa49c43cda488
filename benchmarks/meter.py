"""The naive meter that we compare with: level alone, against the speaker's own running median.

It knows its speaker, which a plain loudness meter does not, and it forgets nothing: the median is over the whole call
so far. What it cannot know is why the level changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.data import Samples

STEP_S = 0.05
WINDOW_S = 1.0
OVER_DB = 6.0
LEARN_S = 10.0  # speech before it judges
HOLD_S = 1.0  # so that the gap between two words does not make two lights of one
SPEECH_RANGE_DB = 25.0  # what lies further under the loudest so far is a pause


def meter_result(y: Samples, rate_hz: int) -> dict[str, Any]:
    """Lights in the result format: amber where the short-term level is ``OVER_DB`` over its median so far."""
    over = _over(_short_term_db(y, rate_hz))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], over.astype(int), [0]])))
    reasons = [{"id": "voice.level"}]
    return {
        "lights": [
            {"start_s": start * STEP_S, "end_s": end * STEP_S, "light": "amber", "reasons": reasons}
            for start, end in edges.reshape(-1, 2).tolist()
        ]
    }


def _short_term_db(y: Samples, rate_hz: int) -> Samples:
    """Level of the speech within the last ``WINDOW_S``, dBFS, -inf in a pause; shape (steps,)."""
    step = round(STEP_S * rate_hz)
    power = (y[: len(y) // step * step].reshape(-1, step) ** 2).mean(axis=1) + 1e-12
    active = power > np.maximum.accumulate(power) / 10 ** (SPEECH_RANGE_DB / 10)
    width = round(WINDOW_S / STEP_S)
    kernel = np.ones(width)
    count = np.convolve(active, kernel)[: len(power)]
    total = np.convolve(np.where(active, power, 0.0), kernel)[: len(power)]
    enough = active & (count >= width / 4)
    return np.where(enough, 10 * np.log10(np.maximum(total, 1e-12) / np.maximum(count, 1)), -np.inf)


def _over(level_db: Samples) -> npt.NDArray[np.bool_]:
    """Whether the meter is lit at the end of each step."""
    over = np.zeros(len(level_db), np.bool_)
    heard: list[float] = []
    last = -np.inf
    for i, level in enumerate(level_db):
        if np.isfinite(level):
            heard.append(float(level))
            if len(heard) * STEP_S > LEARN_S and level > np.median(heard) + OVER_DB:
                last = i
        over[i] = (i - last) * STEP_S <= HOLD_S
    return np.concatenate([[False], over[:-1]])  # known at the end of the step, so lit in the next
