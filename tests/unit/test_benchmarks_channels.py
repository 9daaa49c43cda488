"""What happens to a voice on its way: rooms, people nearby, gain control, codecs, drift; measured on what comes out."""

import numpy as np
import pytest

from benchmarks import channels, sound
from benchmarks.escalation_calls import Call
from monitor.truth.lights import Part
from tests.signals import buzz, noise, silence

RATE_HZ = 16_000


def call(*sounds):
    y = np.concatenate([np.asarray(y, float) for y in sounds])
    return Call(y, RATE_HZ, (Part(0.0, len(y) / RATE_HZ, "calm"),))


def speech(level_dbfs=-30.0, seconds=4.0):
    """Bursts of a voice with gaps, as syllables have."""
    return np.concatenate([*[np.concatenate([buzz(130, 0.3, level_dbfs), silence(0.1)])] * round(seconds / 0.4)])


def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("name", channels.CHANNELS)
def test_every_channel_keeps_the_truth_and_the_time_and_repeats_itself(name):
    before = call(silence(1.0), speech(), silence(1.0), speech())
    others = [speech(-20.0, 2.0).astype(float)]
    after, again = (channels.CHANNELS[name](before, rng(), others) for _ in range(2))
    assert after.parts == before.parts
    assert len(after.y) / after.rate_hz == pytest.approx(len(before.y) / RATE_HZ, abs=1e-3)
    assert np.array_equal(after.y, again.y)
    assert np.abs(after.y).max() <= 1.0
    if name != "babble":
        # nothing comes before its time: the first second is silent and the voice begins after it
        first = round(0.99 * after.rate_hz)
        assert np.abs(after.y[:first]).max() < 1e-2 * np.abs(after.y).max()
        begun = after.y[after.rate_hz : round(1.3 * after.rate_hz)]
        assert np.std(begun) > 0.2 * np.std(after.y)


def test_a_room_decays_by_60_db_in_half_a_second_with_as_much_echo_as_voice():
    click = np.zeros(RATE_HZ)
    click[0] = 0.5
    heard = channels.room(call(click), rng()).y
    direct, echo = heard[0] ** 2, (heard[1:] ** 2).sum()
    assert 10 * np.log10(direct / echo) == pytest.approx(channels.DIRECT_OVER_ECHO_DB, abs=0.1)
    left_db = 10 * np.log10(np.cumsum(heard[::-1] ** 2)[::-1] + 1e-20)
    t_s = np.arange(RATE_HZ) / RATE_HZ
    middle = (t_s > 0.02) & (t_s < 0.25)
    slope_db_s = np.polyfit(t_s[middle], left_db[middle], 1)[0]
    assert -60 / slope_db_s == pytest.approx(channels.RT60_S, rel=0.1)


def test_babble_lies_ten_db_under_the_voice():
    before = call(speech(seconds=12.0))
    added = channels.babble(before, rng(), [noise(3.0, -12).astype(float)]).y - before.y
    assert 20 * np.log10(sound.active_rms(before.y) / sound.rms(added)) == pytest.approx(10.0, abs=0.2)


def test_gain_control_goes_down_soon_and_up_slowly():
    before = call(speech(-30, 30.0), speech(-15, 10.0), speech(-30, 10.0))
    gain_db = 20 * np.log10(np.abs(channels.headset(before, rng()).y) / np.maximum(np.abs(before.y), 1e-9) + 1e-9)

    def at(time_s):
        around = slice(round((time_s - 0.2) * RATE_HZ), round((time_s + 0.2) * RATE_HZ))
        return np.median(gain_db[around][np.abs(before.y[around]) > 1e-3])

    calm = at(29.0)
    assert calm == pytest.approx(10.0, abs=1.5)  # what -30 dBFS needs to reach the target
    assert at(33.0) < calm - 10
    assert at(41.0) < calm - 12
    assert at(41.0) + 4 < at(49.5) < calm - 6  # 0.9 dB for a second of speech


def test_drift_goes_up_and_down():
    before = call(buzz(130, 8.0, -30))
    quarters = np.array_split(channels.drift(before, rng()).y / before.y.std(), 8)
    levels_db = [20 * np.log10(np.std(part)) for part in quarters]
    assert max(levels_db) == pytest.approx(channels.DRIFT_DB, abs=1.0)
    assert min(levels_db) == pytest.approx(-channels.DRIFT_DB, abs=1.0)


def test_codecs_spend_the_bits_that_the_page_says():
    y = sound.narrow_band(speech(seconds=20.0).astype(float) + noise(20.0, -70))
    assert channels.coded(y, "WAV", "GSM610").bits_per_s == pytest.approx(13_000, rel=0.02)
    opus = channels.coded(y, "OGG", "OPUS", compression_level=channels.OPUS_LEVEL)
    assert 7_000 < opus.bits_per_s < 16_000
    assert 0.9 < np.corrcoef(opus.y, y)[0, 1] < 0.9999


def test_a_codec_cuts_what_is_beyond_full_scale_and_lets_nothing_wrap_around():
    y = np.clip(sound.narrow_band(speech(-5.0, 4.0).astype(float)) * 2, -1.4, 1.4)
    assert np.abs(y).max() > 1.3
    for form, codec in (("WAV", "GSM610"), ("OGG", "OPUS")):
        heard = channels.coded(y, form, codec).y
        assert np.corrcoef(heard, np.clip(y, -1, 1))[0, 1] > 0.9
