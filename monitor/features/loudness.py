"""Loudness by ITU-R BS.1770-5, for display: K-weighting as weights on the power spectrum, momentary over 400 ms.

The standard weights with two filters in time; on the mean square of stationary parts the same weights on the spectrum
give the same answer, and the spectrum is already there. Agreement with a time-domain meter is tested on tones and
speech.
"""

from __future__ import annotations

import numpy as np

from monitor.types import FloatArray

MOMENTARY_S = 0.4
SHORT_TERM_S = 3.0
_OFFSET_LUFS = -0.691

# Analog prototypes behind the standard's 48 kHz coefficients, so that any rate can be served (as libebur128 does).
_SHELF = {"f_hz": 1681.974450955533, "gain_db": 3.999843853973347, "q": 0.7071752369554196}
_HIGH_PASS = {"f_hz": 38.13547087602444, "q": 0.5003270373238773}


def k_weights(fft_size: int, rate_hz: int) -> FloatArray:
    """Power gain of the K filter at each bin; shape (fft_size // 2 + 1,)."""
    z = np.exp(-2j * np.pi * np.arange(fft_size // 2 + 1) / fft_size)
    k = np.tan(np.pi * _SHELF["f_hz"] / rate_hz)
    high = 10 ** (_SHELF["gain_db"] / 20)
    middle = high**0.4996667741545416
    q = _SHELF["q"]
    shelf = _response(
        [high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k],
        [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k],
        z,
    )
    k, q = np.tan(np.pi * _HIGH_PASS["f_hz"] / rate_hz), _HIGH_PASS["q"]
    norm = 1 + k / q + k * k
    # The standard's numerator is 1, -2, 1 at 48 kHz and passes a little more than it got; so it does at every rate.
    k48 = np.tan(np.pi * _HIGH_PASS["f_hz"] / 48_000)
    gain = (1 + k48 / q + k48 * k48) / norm
    high_pass = _response([gain, -2 * gain, gain], [1.0, 2 * (k * k - 1) / norm, (1 - k / q + k * k) / norm], z)
    return np.asarray(np.abs(shelf * high_pass) ** 2, np.float32)


def loudness_lufs(mean_square: float) -> float:
    """Loudness of a K-weighted mean square; -inf for silence."""
    return _OFFSET_LUFS + 10 * float(np.log10(mean_square)) if mean_square > 0 else float("-inf")


def _response(b: list[float], a: list[float], z: np.typing.NDArray[np.complex128]) -> np.typing.NDArray[np.complex128]:
    return np.asarray((b[0] + b[1] * z + b[2] * z * z) / (a[0] + a[1] * z + a[2] * z * z))
