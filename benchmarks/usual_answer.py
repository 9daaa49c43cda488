"""The usual academic answer on the same calls: openSMILE's eGeMAPS and a logistic regression, as a sliding light.

Functionals (eGeMAPSv02, 88 of them) of the last 2 s, every 0.5 s; z-scores against the call's own first 20 s; a
regression trained on the other speakers' calls, in every channel that is judged; and a limit chosen on those speakers
as well, by scoring the lights of regressions that had not heard them. The limit is the one with the fewest false
lights among those with enough recall. It hears what came before only, as a light must.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from benchmarks.data import Samples
from monitor.truth.lights import Part, Score, pooled, score_call, summary

WINDOW_S, STEP_S, KNOWN_S, HOLD_S = 2.0, 0.5, 20.0, 3.0
LEAST_SPEECH = 0.25  # share of a window; in less of it there is nobody to judge
RECALL = 0.98
LASTS = (1, 2, 3)  # windows in a row over the limit
_LIMITS = 20
_FOLDS = 4
_LEAST_SPREAD = 1e-6
_FRAME_S = 0.025
GATE_DBFS = -50.0  # calm speech lies 20 dB over it in every call that this hears


@dataclass(frozen=True, slots=True)
class Heard:
    """One call as openSMILE heard it: ends of its windows of speech, z-scores (windows, 88), and what that cost."""

    speaker: str
    variant: str
    parts: tuple[Part, ...]
    end_s: Samples
    z: Samples
    duration_s: float
    cpu_s: float

    @property
    def raised(self) -> npt.NDArray[np.bool_]:
        """Whether the middle of each window lies in a raised part."""
        middle_s = self.end_s - WINDOW_S / 2
        found = np.zeros(len(middle_s), np.bool_)
        for part in self.parts:
            found |= (part.label == "raised") & (part.start_s <= middle_s) & (middle_s < part.end_s)
        return found


class Regression(Protocol):
    """What was fitted: logits of a raised voice for rows of z-scores."""

    def decision_function(self, rows: Samples, /) -> Samples:
        """One logit for each row."""
        ...


@dataclass(frozen=True, slots=True)
class Light:
    """A regression with its limit and how many windows in a row must be over it."""

    model: Regression
    limit: float
    lasts: int

    def score(self, call: Heard) -> Score:
        """How its lights score on a call."""
        return score_call(call.parts, lights(call.end_s, decisions(self.model, call), self.limit, self.lasts))


def hear(speaker: str, variant: str, parts: Sequence[Part], y: Samples, rate_hz: int) -> Heard:
    """Windows of one call, against its first ``KNOWN_S``."""
    began = time.process_time()
    end_s, features = _functionals(y, rate_hz)
    spoken = _spoken(y, rate_hz, end_s)
    end_s, features = end_s[spoken], features[spoken]
    known = end_s <= KNOWN_S
    # without speech in its first seconds a call has no usual voice, and its own windows stand for it
    usual = features[known] if known.sum() >= 2 else features
    z = (features - usual.mean(axis=0)) / np.maximum(usual.std(axis=0), _LEAST_SPREAD)
    later = end_s > KNOWN_S
    cpu_s = time.process_time() - began
    return Heard(speaker, variant, tuple(parts), end_s[later], np.clip(z[later], -20, 20), len(y) / rate_hz, cpu_s)


def _functionals(y: Samples, rate_hz: int) -> tuple[Samples, Samples]:
    """Ends of all windows and their functionals, shape (windows, 88)."""
    import opensmile as smile

    with tempfile.TemporaryDirectory(prefix="evenkeel-") as folder:
        mode = Path(folder) / "windows.conf.inc"
        mode.write_text(
            f"frameMode = fixed\nframeSize = {WINDOW_S}\nframeStep = {STEP_S}\nframeCenterSpecial = left\n",
            encoding="ascii",
        )
        extractor = smile.Smile(
            feature_set=smile.FeatureSet.eGeMAPSv02,
            feature_level=smile.FeatureLevel.Functionals,
            options={"frameModeFunctionalsConf": str(mode)},
        )
        table = extractor.process_signal(y, rate_hz)
    starts_s = table.index.get_level_values("start").total_seconds().to_numpy()
    return starts_s + WINDOW_S, np.nan_to_num(table.to_numpy(dtype=float))


def _spoken(y: Samples, rate_hz: int, end_s: Samples) -> npt.NDArray[np.bool_]:
    """Windows with enough that is louder than ``GATE_DBFS``."""
    step = round(_FRAME_S * rate_hz)
    power = (y[: len(y) // step * step].reshape(-1, step) ** 2).mean(axis=1) + 1e-12
    speech = power > 10 ** (GATE_DBFS / 10)
    count = np.concatenate([[0], np.cumsum(speech)])
    last = np.clip(np.round(end_s / _FRAME_S).astype(int), 0, len(speech))
    first = np.clip(last - round(WINDOW_S / _FRAME_S), 0, None)
    return np.asarray((count[last] - count[first]) * _FRAME_S >= LEAST_SPEECH * WINDOW_S)


def decisions(model: Regression, call: Heard) -> Samples:
    """How much each window speaks for a raised voice, in logits."""
    return np.asarray(model.decision_function(call.z)) if len(call.z) else np.zeros(0)


def lights(end_s: Samples, logits: Samples, limit: float, lasts: int) -> dict[str, Any]:
    """Amber from the last of ``lasts`` windows in a row over the limit, held for ``HOLD_S`` after the latest."""
    over = logits >= limit
    row = 0
    spans: list[dict[str, Any]] = []
    for at_s, is_over in zip(end_s.tolist(), over.tolist(), strict=True):
        row = row + 1 if is_over else 0
        if row >= lasts:
            if spans and at_s <= spans[-1]["end_s"]:
                spans[-1]["end_s"] = at_s + HOLD_S
            else:
                reasons = [{"id": "voice.egemaps"}]
                spans.append({"start_s": at_s, "end_s": at_s + HOLD_S, "light": "amber", "reasons": reasons})
    return {"lights": spans}


def trained(calls: Sequence[Heard]) -> Light:
    """A regression on these calls, with the limit that suits their speakers.

    Speakers are dealt into folds, and the limit is chosen on lights that were made without the judged speaker.
    """
    names = sorted({call.speaker for call in calls})
    folds = [names[i::_FOLDS] for i in range(min(_FOLDS, len(names)))]
    logits: list[tuple[Heard, Samples]] = []
    for fold in folds:
        model = _fitted([call for call in calls if call.speaker not in fold])
        logits += [(call, decisions(model, call)) for call in calls if call.speaker in fold]
    limit, lasts = _chosen(logits)
    return Light(_fitted(calls), limit, lasts)


def _fitted(calls: Iterable[Heard]) -> Regression:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    chosen = list(calls)
    z, raised = np.concatenate([call.z for call in chosen]), np.concatenate([call.raised for call in chosen])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000))
    with threadpool_limits(1):  # so small a problem only gets slower by threads that wait for each other
        fitted: Regression = model.fit(z, raised)
    return fitted


def _chosen(logits: Sequence[tuple[Heard, Samples]]) -> tuple[float, int]:
    """The limit with the fewest false lights among those with enough recall, else with the most recall."""
    values = np.concatenate([found for _, found in logits])
    best: tuple[float, float] = (np.inf, np.inf)
    chosen = (float(np.median(values)), 1)
    for limit, lasts in product(np.quantile(values, np.linspace(0.5, 0.995, _LIMITS)).tolist(), LASTS):
        scores = (score_call(call.parts, lights(call.end_s, found, limit, lasts)) for call, found in logits)
        row = summary(pooled(scores))
        cost = (max(0.0, RECALL - (row["recall"] or 0.0)), row["false_per_h"] or 0.0)
        if cost < best:
            best, chosen = cost, (limit, lasts)
    return chosen


def judged(calls: Sequence[Heard], others: Sequence[Heard] = ()) -> list[tuple[Heard, Score]]:
    """Each call scored by a light trained without its speaker; ``others`` by one trained on all of ``calls``."""
    found = []
    for name in sorted({call.speaker for call in calls}):
        light = trained([call for call in calls if call.speaker != name])
        found += [(call, light.score(call)) for call in calls if call.speaker == name]
    if others:
        light = trained(calls)
        found += [(call, light.score(call)) for call in others]
    return found


def cost_s_per_h(calls: Sequence[Heard]) -> float:
    """Processor seconds per hour of audio."""
    return 3600 * sum(call.cpu_s for call in calls) / sum(call.duration_s for call in calls)
