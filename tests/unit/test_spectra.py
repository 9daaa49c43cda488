"""Frames and their spectra: where a frame looks, how much it holds, and how the samples came."""

import numpy as np
import pytest

from monitor.features.spectra import (
    BIN_HZ,
    FFT_SIZE,
    LAG_RATE_HZ,
    LOOKAHEAD,
    WINDOW,
    SpectralFramer,
    band,
    window_lag_weights,
)
from monitor.types import HOP, RATE_HZ, TICK
from tests import signals


def framed(y, *, finish=True):
    framer = SpectralFramer()
    parts = list(framer.push(y))
    return parts + list(framer.finish()) if finish else parts


def stacked(parts, name):
    return np.concatenate([getattr(part, name) for part in parts])


def level_db(parts):
    return 10 * np.log10(stacked(parts, "power").sum(axis=1) + 1e-20)


@pytest.mark.parametrize("frequency_hz", [100, 441, 1000, 3400, 7000])
@pytest.mark.parametrize("level_dbfs", [-3.0103, -40])
def test_power_sums_to_the_mean_square(frequency_hz, level_dbfs):
    inside = level_db(framed(signals.tone(frequency_hz, 1.0, level_dbfs)))[3:-3]
    np.testing.assert_allclose(inside, level_dbfs, atol=0.02)


def test_power_of_independent_sounds_adds():
    mix = signals.tone(300, 1, -20) + signals.tone(2000, 1, -20)
    np.testing.assert_allclose(level_db(framed(mix))[3:-3], -20 + 10 * np.log10(2), atol=0.05)


def test_power_lies_in_the_band_of_the_tone():
    power = stacked(framed(signals.tone(2000, 0.5)), "power")[5:-5]
    share = power[:, band(1900, 2100)].sum(axis=1) / power.sum(axis=1)
    assert (share > 0.999).all()
    assert (power[:, band(2100, 8000)].sum(axis=1) < 1e-3 * power.sum(axis=1)).all()


def test_band_holds_its_lower_edge_and_not_its_upper_one():
    bins = range(FFT_SIZE // 2 + 1)[band(300, 1000)]
    assert [bins[0] * BIN_HZ, bins[-1] * BIN_HZ] == [300, pytest.approx(1000 - BIN_HZ)]
    assert band(300, 1000).stop == band(1000, 3400).start


@pytest.mark.parametrize("frame", [0, 1, 7, 19])
def test_a_frame_is_centred_on_its_hop(frame):
    y = signals.silence(0.5)
    y[frame * HOP + HOP // 2] = 1.0
    power = stacked(framed(y), "power").sum(axis=1)
    assert power.argmax() == frame
    if frame:
        assert power[frame - 1] == pytest.approx(power[frame + 1], rel=1e-3)


@pytest.mark.parametrize(("sample", "frame"), [(0, 0), (HOP - 1, 0), (HOP, 1), (5 * HOP, 5), (7999, 49)])
@pytest.mark.parametrize("amplitude", [0.7, -0.7])
def test_peak_is_the_largest_sample_of_the_hop_alone(sample, frame, amplitude):
    y = signals.silence(0.5)
    y[sample] = amplitude
    peak = stacked(framed(y), "peak")
    assert peak[frame] == np.float32(0.7)
    assert np.count_nonzero(peak) == 1


@pytest.mark.parametrize("samples", [0, 1, 159, 799, 800, 801, 1039, 1040, 1041, 16_000, 16_001])
def test_every_sample_is_in_a_frame_and_frames_come_in_whole_ticks(samples):
    parts = framed(signals.noise(2)[:samples])
    assert sum(len(part) for part in parts) == -(-samples // (TICK * HOP)) * TICK
    assert [part.start_frame for part in parts] == list(np.cumsum([0, *map(len, parts)]))[:-1]


def test_a_tick_leaves_when_its_look_ahead_has_come():
    framer = SpectralFramer()
    needed = TICK * HOP + LOOKAHEAD
    assert list(framer.push(signals.noise(1)[: needed - 1])) == []
    assert [len(part) for part in framer.push(signals.noise(1)[needed - 1 : needed])] == [TICK]


def test_long_pushes_are_cut_so_that_memory_stays_flat():
    parts = framed(signals.noise(20))
    assert len(parts) > 5
    assert max(map(len, parts)) <= 500


def test_autocorrelation_peaks_at_the_period():
    parts = framed(signals.buzz(200, 0.5))
    lags = stacked(parts, "autocorrelation")[5:-5]
    lags = lags / lags[:, :1] / window_lag_weights()
    period = LAG_RATE_HZ // 200
    assert (lags[:, period - 8 : period + 9].argmax(axis=1) == 8).all()


def test_lag_weights_are_the_autocorrelation_of_the_window():
    window = np.hanning(WINDOW + 1)[:-1]
    full = np.correlate(window, window, "full")[WINDOW - 1 :: RATE_HZ // LAG_RATE_HZ]
    weights = window_lag_weights()
    assert weights[0] == 1
    assert weights.shape == (FFT_SIZE // 4 + 1,)
    longest = LAG_RATE_HZ // 60 + 1
    np.testing.assert_allclose(weights[:longest], full[:longest] / full[0], atol=1e-3)
