"""Fundamental frequency and voicing, after Boersma (1993), made causal with a short fixed look-ahead.

"Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", IFA
Proceedings 17. Two things differ. The path over candidates is searched in a window of frames around each frame, so that
a value depends on ``HISTORY`` frames before and ``LOOKAHEAD`` frames after it and on nothing else; and what counts as
silence is told by the noise floor that was heard so far, never by the loudest frame of the recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.features.spectra import LAG_RATE_HZ, window_lag_weights
from monitor.types import FloatArray, IntArray

LOOKAHEAD = 4  # frames; 10 changed less than 0.1 % of the decisions
HISTORY = 8  # frames
_CANDIDATES = 4  # periods that compete in each frame
_NEVER = np.float32(-1e3)  # strength of a candidate that must not win


@dataclass(frozen=True, slots=True)
class PitchParameters:
    """Costs of the path search, in units of autocorrelation strength, named as Boersma names them.

    The voicing threshold belongs to the magnitude spectrum's autocorrelation, whose strengths are lower than those of
    the power spectrum that Boersma's 0.45 was chosen for. Chosen on the FDA recordings in quiet, noise and telephone
    band.
    """

    floor_hz: float = 60.0
    ceiling_hz: float = 500.0
    voicing_threshold: float = 0.18
    octave_cost: float = 0.01
    decay_allowed: float = 0.15  # how much weaker the peak at twice the lag may be before it counts against a candidate
    octave_jump_cost: float = 0.35
    voicing_change_cost: float = 0.14
    silence_snr_db: float = 2.5  # from here down to the noise floor, being unvoiced gains strength, up to
    silence_strength: float = 0.5  # this much: noise is seldom more periodic, while a steady tone is
    lowest_dbfs: float = -70.0  # no floor is taken to be lower
    faint_db: float = 22.0  # a frame this far under the loudest vowel band of the last second begins to gain
    faint_slope_db: float = 15.0  # the same strength, and has gained it all this much further down


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Per frame the unvoiced candidate (column 0) and the best voiced ones: log2 of Hz, and strength."""

    log_f0: FloatArray
    strength: FloatArray

    def __len__(self) -> int:
        return len(self.strength)

    def __getitem__(self, frames: slice) -> _Candidates:
        return _Candidates(self.log_f0[frames], self.strength[frames])

    def then(self, other: _Candidates) -> _Candidates:
        return _Candidates(np.concatenate([self.log_f0, other.log_f0]), np.concatenate([self.strength, other.strength]))


class PitchTracker:
    """F0 of a stream of frames; ``push`` answers ``LOOKAHEAD`` frames late."""

    def __init__(self, parameters: PitchParameters | None = None) -> None:
        self.parameters = p = parameters or PitchParameters()
        self._low = int(np.ceil(LAG_RATE_HZ / p.ceiling_hz))
        self._high = int(LAG_RATE_HZ / p.floor_hz)
        lags = np.arange(self._low - 1, self._high + 2)
        self._taper = 1.0 / window_lag_weights()[lags]
        self._lags = lags[1:-1].astype(np.float32)
        # "(OctaveCost) x log2(floor x lag)" of eq. 24, at whole lags: the peak between them changes it by nothing
        # that counts
        self._octave = np.asarray(p.octave_cost * np.log2(p.floor_hz * self._lags / LAG_RATE_HZ), np.float32)
        self._context = self._silence(HISTORY)

    def push(
        self, autocorrelation: FloatArray, snr_db: FloatArray, below_peak_db: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """F0 and periodicity of the frames that have enough look-ahead.

        Parameters
        ----------
        autocorrelation : shape (frames, lags), of ``Spectra``.
        snr_db : shape (frames,), level over the noise floor.
        below_peak_db : shape (frames,), how far the vowel band lies under its loudest frame of the last second.

        Returns
        -------
        f0_hz : shape (frames,), NaN where unvoiced; the first call returns ``LOOKAHEAD`` frames fewer, all later ones
        as
            many as they were given.
        strength : shape (frames,), height of the best autocorrelation peak, 0 to 1.
        """
        self._context = self._context.then(self._find(autocorrelation, snr_db, below_peak_db))
        count = len(self._context) - HISTORY - LOOKAHEAD
        if count <= 0:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        f0_hz, strength = self._search(self._context, count)
        self._context = self._context[slice(count, None)]
        return f0_hz, strength

    def finish(self) -> tuple[FloatArray, FloatArray]:
        """The stream ended: the last ``LOOKAHEAD`` frames, as if silence followed."""
        self._context = self._context.then(self._silence(LOOKAHEAD))
        return self._search(self._context, len(self._context) - HISTORY - LOOKAHEAD)

    @staticmethod
    def _silence(frames: int) -> _Candidates:
        strength = np.full((frames, _CANDIDATES + 1), _NEVER, np.float32)
        strength[:, 0] = 1.0
        return _Candidates(np.zeros_like(strength), strength)

    def _find(self, autocorrelation: FloatArray, snr_db: FloatArray, below_peak_db: FloatArray) -> _Candidates:
        """The strongest peaks of each frame's autocorrelation, with parabolic interpolation."""
        p = self.parameters
        found = self._silence(len(snr_db))
        silent = 1.0 - snr_db / np.float32(p.silence_snr_db)
        faint = (below_peak_db - np.float32(p.faint_db)) / np.float32(p.faint_slope_db)
        found.strength[:, 0] = p.voicing_threshold + np.float32(p.silence_strength) * np.clip(
            np.maximum(silent, faint), 0.0, 1.0
        )
        # What lies far under the speech of the last second is no voice of it: nothing need be searched there.
        near = np.flatnonzero(faint < 1.0)
        power = autocorrelation[near, :1] + np.float32(1e-12)
        rho = autocorrelation[near, self._low - 1 : self._high + 2] * self._taper / power
        left, middle, right = rho[:, :-2], rho[:, 1:-1], rho[:, 2:]
        score = np.where((middle > left) & (middle >= right), middle - self._octave, _NEVER)
        rows = np.arange(len(score))
        for k in range(1, _CANDIDATES + 1):
            best = score.argmax(axis=1)
            value = score[rows, best]
            score[rows, best] = _NEVER
            a, b, c = left[rows, best], middle[rows, best], right[rows, best]
            curve = a - 2 * b + c
            shift = np.where(curve < 0, 0.5 * (a - c) / np.where(curve < 0, curve, -1), 0)
            shift = np.clip(shift, -0.5, 0.5).astype(np.float32)  # where nothing peaks the parabola means nothing
            lag = self._lags[best] + shift
            height = np.minimum(b - np.float32(0.25) * (a - c) * shift, self._echo(rho, lag))
            height -= self._octave[best]
            found.strength[near, k] = np.where(value > _NEVER, np.minimum(height, 1.0), _NEVER)
            found.log_f0[near, k] = np.log2(LAG_RATE_HZ / lag)
        return found

    def _echo(self, rho: FloatArray, lag: FloatArray) -> FloatArray:
        """How strong a candidate may be, judged by the autocorrelation near twice its lag; shape (frames,).

        Band-limited noise (breath, fricatives) correlates with itself at short lags, but only a periodic sound does so
        again one period later. Where twice the lag is too long to look up, nothing is held against the candidate.
        """
        rows = np.arange(len(lag))
        first = np.rint(2 * lag).astype(np.intp) - (self._low - 1)
        known = first + 1 < rho.shape[1]
        at = np.where(known, first, 1)
        again = np.maximum(np.maximum(rho[rows, at - 1], rho[rows, at]), rho[rows, at + 1])
        return np.where(known, again + np.float32(self.parameters.decay_allowed), np.float32(1.0))

    def _search(self, context: _Candidates, count: int) -> tuple[FloatArray, FloatArray]:
        """Best candidate of ``count`` frames, each by a path over its own HISTORY + 1 + LOOKAHEAD frames."""
        strength = context.strength[HISTORY : HISTORY + count]
        best_voiced = strength[:, 1:].max(axis=1)
        f0_hz = np.full(count, np.nan, np.float32)
        # A frame none of whose candidates comes near the unvoiced one cannot win by its neighbours: they could at most
        # spare it two changes of voicing.
        open_ = np.flatnonzero(best_voiced > strength[:, 0] - 2 * self.parameters.voicing_change_cost)
        if len(open_):
            best = self._path(context, open_)
            voiced = best > 0
            chosen = open_[voiced]
            f0_hz[chosen] = np.exp2(context.log_f0[HISTORY + chosen, best[voiced]])
        return f0_hz, np.asarray(np.clip(best_voiced, 0.0, 1.0), np.float32)

    def _path(self, context: _Candidates, frames: IntArray) -> IntArray:
        """Index of the winning candidate of each frame: forward costs of its past plus backward costs of its future."""
        step = self._transitions(context)
        ahead = context.strength[frames]
        for k in range(1, HISTORY + 1):
            ahead = context.strength[frames + k] + (ahead[:, :, None] - step[frames + k - 1]).max(axis=1)
        here = frames + HISTORY
        back = context.strength[here + LOOKAHEAD]
        for k in range(LOOKAHEAD - 1, 0, -1):
            back = context.strength[here + k] + (back[:, None, :] - step[here + k]).max(axis=2)
        total = ahead + (back[:, None, :] - step[here]).max(axis=2)
        return np.asarray(total.argmax(axis=1))

    def _transitions(self, context: _Candidates) -> FloatArray:
        """Cost from each candidate of a frame to each of the next; shape (frames - 1, from, to)."""
        p = self.parameters
        now, then = context.log_f0[:-1, :, None], context.log_f0[1:, None, :]
        cost = np.float32(p.octave_jump_cost) * np.abs(then - now)
        cost[:, 0, :] = p.voicing_change_cost
        cost[:, :, 0] = p.voicing_change_cost
        cost[:, 0, 0] = 0.0
        return np.asarray(cost, np.float32)
