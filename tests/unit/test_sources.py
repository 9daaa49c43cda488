"""Cutting, resampling, arrays and pace: whatever the blocks, the samples and their times stay the same."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParameterError
from monitor.sources.array import ArraySource
from monitor.sources.blocks import reblock, resampled
from monitor.sources.names import shown_name
from monitor.sources.paced import PacedSource
from monitor.types import RATE_HZ
from tests.signals import click, level_of, noise, tone

BLOCKS = (80, 320, 1600, 48_000)


def heard(source):
    return np.concatenate(list(source.blocks()), axis=1)


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 50))
@settings(max_examples=80, deadline=None)
def test_reblocking_keeps_every_sample_and_the_asked_size(sizes, block):
    total = sum(sizes)
    y = np.arange(2 * total, dtype=np.float32).reshape(2, total)
    cuts = np.cumsum([0, *sizes])
    out = list(reblock((y[:, a:b] for a, b in pairwise(cuts)), block))
    assert [b.shape[1] for b in out[:-1]] == [block] * (len(out) - 1)
    assert all(b.flags.c_contiguous and b.dtype == np.float32 for b in out)
    assert sum(b.shape[1] for b in out) == total
    if out:
        assert 1 <= out[-1].shape[1] <= block
        np.testing.assert_array_equal(np.concatenate(out, axis=1), y)


def test_reblocking_reads_no_further_than_the_block_needs():
    asked = []

    def pieces():
        for number in range(5):
            asked.append(number)
            yield np.zeros((1, 100), np.float32)

    next(reblock(pieces(), 150))
    assert asked == [0, 1]


def test_a_block_of_no_samples_is_refused():
    with pytest.raises(ParameterError, match="at least one sample"):
        reblock([], 0)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_a_resampled_tone_is_the_analytic_tone(rate_hz):
    y = heard(ArraySource(tone(440.0, 2.0, -9.0, rate_hz), rate_hz))[0]
    expected = tone(440.0, 2.0, -9.0)
    assert abs(len(y) - len(expected)) <= 1
    inside = slice(1600, 30_400)  # the tone starts and ends abruptly, which no band-limited signal can
    error = y[: len(expected)][inside] - expected[inside]
    assert level_of(error) < -100.0


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 192_000])
def test_a_click_stays_where_it_was(rate_hz):
    y = heard(ArraySource(click(0.75, 1.5, rate_hz=rate_hz), rate_hz))[0]
    assert np.argmax(np.abs(y)) == pytest.approx(0.75 * RATE_HZ, abs=1)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 12_345, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("samples", [1, 7, 400, 65_536, 65_537, 150_001])
def test_the_length_is_kept_within_one_sample(rate_hz, samples):
    source = ArraySource(np.full(samples, 0.1, np.float32), rate_hz)
    heard_samples = sum(block.shape[1] for block in source.blocks())
    assert abs(heard_samples - samples * RATE_HZ / rate_hz) <= 1


def test_sound_above_the_new_band_is_removed_not_folded():
    y = heard(ArraySource(tone(9_000.0, 1.0, -6.0, 48_000), 48_000))[0]
    assert level_of(y[1600:-1600]) < -100.0


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
def test_the_samples_do_not_depend_on_the_block(rate_hz):
    y = np.stack([noise(3.3, seed=1, rate_hz=rate_hz), noise(3.3, seed=2, rate_hz=rate_hz)])
    reference = heard(ArraySource(y, rate_hz))
    for block in BLOCKS:
        np.testing.assert_array_equal(heard(ArraySource(y, rate_hz, block=block)), reference)


def test_channels_are_resampled_independently():
    y = np.stack([noise(1.0, seed=1, rate_hz=44_100), noise(1.0, seed=2, rate_hz=44_100)])
    both = heard(ArraySource(y, 44_100))
    np.testing.assert_array_equal(heard(ArraySource(y[1], 44_100))[0], both[1])


def test_nothing_in_is_nothing_out():
    assert list(ArraySource(np.zeros(0)).blocks()) == []
    assert list(ArraySource(np.zeros((2, 0)), 8_000).blocks()) == []
    assert list(resampled([], 8_000, 1)) == []


def test_an_array_tells_what_it_is_and_can_be_heard_twice():
    source = ArraySource(noise(0.5, rate_hz=8_000), 8_000, name="demo")
    info = source.info
    assert (info.name, info.channels, info.rate_hz, info.duration_s) == ("demo", 1, 8_000, 0.5)
    np.testing.assert_array_equal(heard(source), heard(source))


@pytest.mark.parametrize(
    ("y", "options"),
    [
        (np.zeros((1, 2, 3)), {}),
        (np.zeros((0, 5)), {}),
        (np.zeros(5), {"rate_hz": 0}),
        (np.zeros(5), {"block": 0}),
    ],
)
def test_unusable_arrays_are_refused(y, options):
    with pytest.raises(ParameterError):
        ArraySource(y, **options)


class FakeClock:
    """Time that passes only while somebody sleeps or works."""

    def __init__(self):
        self.now_s = 100.0
        self.slept_s = []

    def __call__(self):
        return self.now_s

    def sleep(self, wait_s):
        assert wait_s > 0
        self.slept_s.append(wait_s)
        self.now_s += wait_s


def test_paced_blocks_come_when_their_last_sample_was_spoken():
    clock = FakeClock()
    y = noise(1.0)
    paced = PacedSource(ArraySource(y), block=1600, clock=clock, sleep=clock.sleep)
    due = [(clock.now_s - 100.0, block.shape[1]) for block in paced.blocks()]
    assert [samples for _, samples in due] == [1600] * 10
    np.testing.assert_allclose([at for at, _ in due], np.arange(1, 11) / 10, atol=1e-9)


def test_twice_the_speed_takes_half_the_time():
    clock = FakeClock()
    list(PacedSource(ArraySource(noise(2.0)), speed=2.0, clock=clock, sleep=clock.sleep).blocks())
    assert clock.now_s - 100.0 == pytest.approx(1.0)


def test_a_late_consumer_loses_nothing_and_catches_up():
    clock = FakeClock()
    y = noise(1.0)
    blocks = []
    for number, block in enumerate(PacedSource(ArraySource(y), block=1600, clock=clock, sleep=clock.sleep).blocks()):
        blocks.append(block)
        if number == 1:
            clock.now_s += 0.45
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1)[0], y)
    assert clock.now_s - 100.0 == pytest.approx(1.0)
    assert len(clock.slept_s) == 6  # the four blocks that were due meanwhile came at once


def test_pace_passes_on_what_the_source_tells():
    class Telling(ArraySource):
        warnings = ("the file ends early",)

    source = Telling(noise(0.1))
    assert PacedSource(source).info == source.info
    assert list(PacedSource(source).warnings) == ["the file ends early"]
    assert list(PacedSource(ArraySource(noise(0.1))).warnings) == []


@pytest.mark.parametrize("options", [{"block": 0}, {"speed": 0.0}, {"speed": float("nan")}])
def test_impossible_paces_are_refused(options):
    with pytest.raises(ParameterError, match="above zero"):
        PacedSource(ArraySource(noise(0.1)), **options)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("call.wav", "call.wav"),
        ("Gespräch 呼.wav", "Gespräch 呼.wav"),
        ("a\nb\x1b[31m.wav", "a\\x0ab\\x1b[31m.wav"),
        ("\u202egpj.wav", "\\u202egpj.wav"),
        ("\udcff.wav", "\\udcff.wav"),
    ],
)
def test_names_are_shown_without_what_a_terminal_would_obey(tmp_path, name, shown):
    assert shown_name(tmp_path / name) == shown
    shown_name(tmp_path / name).encode()
