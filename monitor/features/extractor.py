"""All measures of one channel, frame by frame: samples in, ``Features`` out.

Look-ahead, fixed and declared: the measures of a tick are known ``LATENCY_S`` after its end (half a window, and the
next tick for the pitch path). ``Features.nucleus`` marks a syllable nucleus ``NUCLEUS_DELAY_S`` after its peak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from monitor.features import loudness, pace, pitch, spectra
from monitor.features.noise import NoiseFloor
from monitor.features.sliding import windows
from monitor.features.spectra import Spectra, SpectralFramer, band
from monitor.types import HOP, RATE_HZ, TICK, BoolArray, Features, FloatArray

LATENCY_S = (spectra.LOOKAHEAD + TICK * HOP) / RATE_HZ
NUCLEUS_DELAY_S = pace.DELAY * HOP / RATE_HZ

EFFORT_LOW_HZ = (300.0, 1000.0)  # the band that effort is measured against, within every telephone's
EFFORT_HIGH_HZ = (1000.0, 3400.0)  # the band that effort lifts, as far as a telephone carries it
VOICE_HZ = (100.0, 1000.0)  # where the power of vowels lies, and that of breath and fricatives does not
_FAINT_MEMORY = 100  # frames over which the loudest vowel is remembered, to tell voiced from unvoiced
_FIRM_MEMORY = 300  # and to tell which vowels are firm enough to measure: an audible breath comes after a pause
_FIRM_DB = np.float32(15.0)  # only vowels within this of the loudest one lately are measured: they carry the effort
_EFFORT_SNR = np.float32(2.0)  # a band must stand this far (power ratio) over its floor to be measured
_FULL_SCALE = np.float32(0.9989)  # -0.01 dBFS: 16-bit full scale after resampling
_TINY = np.float32(1e-12)  # power of digital silence

# Speech is heard above the noise floor and is voiced now and then.
_SPEECH_SNR_DB = np.float32(6.0)
_SPEECH_SLOPE_DB = np.float32(2.0)  # how gradually that becomes likely, either side of it
_SPEECH_MEMORY = 30  # frames in which some voicing must have been heard
_SPEECH_VOICED = np.float32(0.15)  # share of them that is enough

# No voice holds its pitch as keypads, dial tones and most music do: within 5 cents over 100 ms. In read and acted
# speech one voiced frame in a thousand does, by chance and alone; of a keypad's tones nearly all do.
_TONE_FRAMES = 10
_TONE_RANGE = np.float32(0.05 / 12)  # octaves
_TONE_MEMORY = 100  # frames over which such frames are counted
_TONE_MANY = 8  # of them make a tone


@dataclass(frozen=True, slots=True)
class _Bands:
    """Per frame; powers are mean squares."""

    level_dbfs: FloatArray
    snr_db: FloatArray
    noise_dbfs: FloatArray
    loudness_ms: FloatArray
    effort_db: FloatArray
    pace_db: FloatArray
    below_peak_db: FloatArray
    clipped: BoolArray

    def part(self, frames: slice) -> _Bands:
        return _Bands(*(getattr(self, name)[frames] for name in _Bands.__slots__))

    def then(self, other: _Bands) -> _Bands:
        return _Bands(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in _Bands.__slots__))


def _db(power: FloatArray) -> FloatArray:
    return np.asarray(np.float32(10.0) * np.log10(power + _TINY), np.float32)


def _sum(power: FloatArray, bins: slice) -> FloatArray:
    return np.asarray(power[:, bins].sum(axis=1), np.float32)


class FeatureExtractor:
    """Measures one channel of a stream."""

    def __init__(self) -> None:
        self._framer = SpectralFramer()
        self._floor = NoiseFloor(bands=3)
        self._pitch = pitch.PitchTracker()
        self._nuclei = pace.NucleusFinder()
        self._loudness = loudness.k_weights(spectra.FFT_SIZE, RATE_HZ)
        self._low, self._high = band(*EFFORT_LOW_HZ), band(*EFFORT_HIGH_HZ)
        self._vowels = band(*pace.BAND_HZ)
        self._voice = band(*VOICE_HZ)
        self._voice_past = np.full(_FIRM_MEMORY - 1, -120.0, np.float32)
        self._late: _Bands | None = None  # of the frames whose F0 is not known yet
        self._f0_left: tuple[FloatArray, FloatArray] = (np.zeros(0, np.float32), np.zeros(0, np.float32))
        self._voiced_past = np.zeros(_SPEECH_MEMORY, np.bool_)
        self._octaves_past = np.full(_TONE_FRAMES - 1, np.inf, np.float32)
        self._tone_past = np.zeros(_TONE_MEMORY, np.bool_)
        self._next_frame = 0

    def push(self, y: FloatArray) -> Iterator[Features]:
        """Take samples, shape (samples,), and yield the measures that are complete, whole ticks at a time."""
        yield from self._measure(self._framer.push(y))

    def finish(self) -> Iterator[Features]:
        """The stream ended: the measures of the frames that are left."""
        yield from self._measure(self._framer.finish())
        f0 = self._pitch.finish()
        yield from self._emit(f0, last=True)

    def _measure(self, frames: Iterable[Spectra]) -> Iterator[Features]:
        for part in frames:
            bands = self._bands(part)
            self._late = bands if self._late is None else self._late.then(bands)
            yield from self._emit(self._pitch.push(part.autocorrelation, bands.snr_db, bands.below_peak_db))

    def _bands(self, part: Spectra) -> _Bands:
        power = part.power
        total = np.asarray(power.sum(axis=1), np.float32)
        low, high = _sum(power, self._low), _sum(power, self._high)
        floor = self._floor.push(np.stack([total, low, high], axis=1))
        level, noise = _db(total), _db(floor[:, 0])
        audible = np.maximum(noise, np.float32(pitch.PitchParameters().lowest_dbfs))
        # Noise is taken away from both bands; where the upper one drowns, half its floor bounds what it may hold.
        low_clean = low - floor[:, 1]
        high_clean = np.maximum(high - floor[:, 2], floor[:, 2] / 2)
        below_peak, below_firm = self._below_peaks(_db(_sum(power, self._voice)))
        measurable = (low_clean > (_EFFORT_SNR - 1) * floor[:, 1]) & (below_firm < _FIRM_DB)
        effort = np.where(measurable, _db(high_clean) - _db(np.maximum(low_clean, 0)), np.float32(np.nan))
        return _Bands(
            level_dbfs=level,
            snr_db=level - audible,
            noise_dbfs=noise,
            loudness_ms=np.einsum("ij,j->i", power, self._loudness),
            effort_db=np.asarray(effort, np.float32),
            pace_db=_db(_sum(power, self._vowels)),
            below_peak_db=below_peak,
            clipped=part.peak >= _FULL_SCALE,
        )

    def _below_peaks(self, voice_db: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How far each frame lies under the loudest of the last second, and of the last three; dB, shape (frames,)."""
        history = np.concatenate([self._voice_past, voice_db])
        self._voice_past = history[-(_FIRM_MEMORY - 1) :]
        faint = windows(history[_FIRM_MEMORY - _FAINT_MEMORY :], _FAINT_MEMORY).max(axis=1) - voice_db
        return faint, windows(history, _FIRM_MEMORY).max(axis=1) - voice_db

    def _emit(self, f0: tuple[FloatArray, FloatArray], last: bool = False) -> Iterator[Features]:
        """Join bands with the F0 that came later; whole ticks only."""
        f0_hz, voicing = (np.concatenate([a, b]) for a, b in zip(self._f0_left, f0, strict=True))
        ready = len(f0_hz) if last else len(f0_hz) // TICK * TICK
        if ready and self._late is not None:
            yield self._join(self._late.part(slice(None, ready)), f0_hz[:ready], voicing[:ready])
            self._late = self._late.part(slice(ready, None))
        self._f0_left = (f0_hz[ready:], voicing[ready:])

    def _join(self, bands: _Bands, f0_hz: FloatArray, voicing: FloatArray) -> Features:
        voiced = ~np.isnan(f0_hz)
        snr_db = bands.snr_db
        effort = np.where(voiced, bands.effort_db, np.float32(np.nan))
        features = Features(
            start_frame=self._next_frame,
            level_dbfs=bands.level_dbfs,
            loudness_ms=bands.loudness_ms,
            f0_hz=f0_hz,
            voicing=voicing,
            effort_db=np.asarray(effort, np.float32),
            noise_dbfs=bands.noise_dbfs,
            speech=self._speech(voiced, snr_db) * ~self._is_tonal(f0_hz),
            clipped=bands.clipped,
            nucleus=self._nuclei.push(bands.pace_db, voiced, snr_db),
        )
        self._next_frame += len(f0_hz)
        return features

    def _speech(self, voiced: BoolArray, snr_db: FloatArray) -> FloatArray:
        """Probability of speech: audible over the floor, times some voicing lately; shape (frames,), 0 to 1."""
        history = np.concatenate([self._voiced_past, voiced])
        self._voiced_past = history[-_SPEECH_MEMORY:]
        counts = np.concatenate([[0], np.cumsum(history)])
        share = (counts[_SPEECH_MEMORY + 1 :] - counts[1:-_SPEECH_MEMORY]).astype(np.float32) / _SPEECH_MEMORY
        audible = 1.0 / (1.0 + np.exp(-(snr_db - _SPEECH_SNR_DB) / _SPEECH_SLOPE_DB))
        return np.asarray(audible * np.minimum(1.0, share / _SPEECH_VOICED), np.float32)

    def _is_tonal(self, f0_hz: FloatArray) -> BoolArray:
        """Whether what was heard in the last second held its pitch as machines do; shape (frames,)."""
        octaves = np.where(np.isnan(f0_hz), np.float32(np.inf), np.log2(f0_hz))
        history = np.concatenate([self._octaves_past, octaves])
        self._octaves_past = history[-(_TONE_FRAMES - 1) :]
        around = windows(history, _TONE_FRAMES)
        held = np.concatenate([self._tone_past, around.max(axis=1) <= around.min(axis=1) + _TONE_RANGE])
        held[_TONE_MEMORY:] &= np.isfinite(octaves)
        self._tone_past = held[-_TONE_MEMORY:]
        counts = np.concatenate([[0], np.cumsum(held)])
        return np.asarray(counts[_TONE_MEMORY + 1 :] - counts[1:-_TONE_MEMORY] >= _TONE_MANY)
