"""The player: the same samples, in order, at any speed and the same pitch; a position that is true; loops; the end."""

from itertools import pairwise

import numpy as np
import pytest

from monitor.replay.recording import open_waveform
from ui.player import PAUSED, PLAYING, RATES, Player
from ui.player_feed import Feed, Form, Silence

RATE_HZ = 16_000
MONO = Form(RATE_HZ, 1)


class Samples:
    """A recording in memory; ``ready_s`` is how far it was decoded."""

    rate_hz = RATE_HZ

    def __init__(self, y, ready_s=1e9):
        self.y, self.ready_s = np.atleast_2d(np.asarray(y, np.float32)), ready_s

    @property
    def channels(self):
        return len(self.y)

    @property
    def complete(self):
        return self.ready_s > self.y.shape[1] / RATE_HZ

    def samples(self, start_s, end_s):
        return self.y[:, round(start_s * self.rate_hz) : round(min(end_s, self.ready_s) * self.rate_hz)]


def ramp(seconds, channels=1):
    """Every sample tells its place: 1/16 s repeats, which is longer than any mistake looked for."""
    y = (np.arange(round(seconds * RATE_HZ)) % 1000 - 500) / 1000
    return Samples(np.tile(y, (channels, 1)))


def drained(feed, piece=240):
    parts = []
    while part := feed.read(piece):
        parts.append(part)
    return np.frombuffer(b"".join(parts), np.int16)


def test_the_usual_speed_hands_over_the_very_samples():
    sound = ramp(1.0, channels=2)
    feed = Feed(sound, 1.0, Form(RATE_HZ, 2), start_s=0.25)
    y = drained(feed).reshape(-1, 2).T
    np.testing.assert_array_equal(y, np.rint(sound.y[:, 4000:] * 32_767).astype(np.int16))
    assert feed.ended
    assert feed.source_s(1600) == pytest.approx(0.35)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate != 1.0])
def test_other_speeds_keep_the_pitch_and_the_place(rate):
    at_s = np.arange(3.0, step=1 / RATE_HZ)
    # A buzz of 150 Hz that is interrupted for 0.2 s from 1.5 s on: pitch and place can both be heard.
    buzz = 0.3 * np.sign(np.sin(2 * np.pi * 150 * at_s)) * ((at_s < 1.5) | (at_s > 1.7))
    feed = Feed(Samples(buzz), 3.0, MONO, start_s=0.0, tempo=rate)
    y = drained(feed) / 32_767
    assert len(y) / RATE_HZ == pytest.approx(3.0 / rate, rel=0.02)
    part = y[RATE_HZ // 4 :][:8000]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    assert spectrum.argmax() * RATE_HZ / len(part) == pytest.approx(150, abs=4)
    level = np.convolve(np.abs(y), np.ones(160) / 160, "same")
    middle = np.flatnonzero(level[RATE_HZ // 4 : -RATE_HZ // 4] < 0.05).mean() + RATE_HZ // 4
    assert feed.source_s(middle) == pytest.approx(1.6, abs=0.04)


def test_a_device_of_another_kind_gets_what_it_takes():
    feed = Feed(ramp(1.0), 1.0, Form(48_000, 2), start_s=0.0)
    y = drained(feed).reshape(-1, 2)
    assert len(y) == pytest.approx(48_000, abs=100)
    np.testing.assert_array_equal(y[:, 0], y[:, 1])


def test_of_many_channels_all_are_heard():
    sound = Samples(np.zeros((4, RATE_HZ)))
    sound.y[3] = 0.5
    y = drained(Feed(sound, 1.0, Form(RATE_HZ, 2), start_s=0.0)).reshape(-1, 2)
    assert (y[0, 0], y[0, 1]) == (0, round(0.25 * 32_767))


def test_a_loop_goes_back_without_a_gap():
    sound = ramp(1.0)
    feed = Feed(sound, 1.0, MONO, start_s=0.1, loop=(0.2, 0.5))
    y = np.frombuffer(feed.read(RATE_HZ), np.int16)
    whole = np.rint(sound.y[0] * 32_767).astype(np.int16)
    wanted = np.concatenate([whole[1600:8000], whole[3200:8000], whole[3200:]])[: len(y)]
    np.testing.assert_array_equal(y[:11_200], wanted[:11_200])
    assert not feed.ended
    assert feed.source_s(6400 + 160) == pytest.approx(0.21)


def test_what_is_not_decoded_yet_is_waited_for():
    sound = ramp(1.0)
    sound.ready_s = 0.3
    feed = Feed(sound, 1.0, MONO, start_s=0.0)
    assert len(drained(feed)) == 4800
    assert not feed.ended
    sound.ready_s = 1.1
    assert len(drained(feed)) == RATE_HZ - 4800
    assert feed.ended


def test_a_recording_that_is_a_little_shorter_than_its_result_says_ends_all_the_same():
    feed = Feed(ramp(1.0), 1.0005, MONO, start_s=0.9)
    assert len(drained(feed)) == 1600
    assert feed.ended


@pytest.fixture
def player(qtbot):
    made = Player(silent=True)
    made.states = []
    made.state_changed.connect(made.states.append)
    yield made
    made.close()


def test_plays_seeks_and_stops_at_the_end(player, qtbot):
    player.open(ramp(30.0), 30.0)
    assert not player.playing
    player.play()
    qtbot.waitUntil(lambda: player.position_s() > 0.3)
    player.seek(20.0)
    assert player.position_s() == pytest.approx(20.0, abs=0.05)
    qtbot.waitUntil(lambda: player.position_s() > 20.2)
    player.pause()
    at_s = player.position_s()
    qtbot.wait(100)
    assert player.position_s() == at_s
    player.seek(29.8)
    player.toggle()
    qtbot.waitUntil(lambda: not player.playing)
    assert player.position_s() == 30.0
    assert player.states == [PLAYING, PAUSED, PLAYING, PAUSED]
    player.play()  # from the start again
    assert player.position_s() < 1.0


def test_runs_at_its_speed_and_stays_within_its_loop(player, qtbot):
    player.open(ramp(30.0), 30.0)
    told = []
    player.position_changed.connect(told.append)
    player.set_rate(2.0)
    player.play()
    player.set_loop(1.0, 1.1)  # too short to be told apart from a hum
    assert player.loop == (1.0, 1.2)
    player.seek(0.9)
    qtbot.wait(1200)
    played = [at_s for at_s in told if at_s >= 0.9]
    assert max(played) < 1.25
    assert sum(later < earlier for earlier, later in pairwise(played)) >= 3
    player.set_loop(None)
    qtbot.waitUntil(lambda: player.position_s() > 1.5)
    player.set_rate(9.0)
    assert player.rate == RATES[-1]


def test_a_call_without_a_recording_passes_in_silence(player, qtbot):
    player.open(None, 10.0)
    assert not player.available
    player.play()
    qtbot.waitUntil(lambda: player.position_s() > 0.2)
    assert Silence().samples(0.0, 0.5).shape == (1, 4000)


def test_formats_of_all_kinds_are_played_from_their_samples(root, player, qtbot):
    waveform = open_waveform(root / "tests" / "data" / "speech_rms.flac")
    for _ in waveform.read():
        pass
    feed = Feed(waveform, 11.54, MONO, start_s=5.0)
    y = drained(feed)
    np.testing.assert_allclose(y / 32_767, waveform.samples(5.0, 11.54)[0][: len(y)], atol=1e-4)
    waveform.close()
