"""What is heard is what was said: real streams of a real sound system, by every kind of name."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from monitor.live.events import CaptureState
from monitor.sources import pulse as pulse_view
from monitor.sources.microphone import input_devices
from monitor.types import RATE_HZ
from tests.conftest import ROOT
from tests.desktop.listening import Listening
from tests.desktop.rig import until


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """Five seconds of noise at 16 kHz, as a file and as the samples in it."""
    samples = np.random.default_rng(0).integers(-9000, 9000, 5 * RATE_HZ).astype(np.int16)
    path = tmp_path_factory.mktemp("noise") / "noise.wav"
    # The sink swallows the first few milliseconds of whatever begins to play.
    soundfile.write(path, np.concatenate([np.zeros(RATE_HZ // 2, np.int16), samples]), RATE_HZ, subtype="PCM_16")
    return path, samples


def place_of(samples, heard):
    """Where a short run of samples stands in what was heard."""
    shifts = np.lib.stride_tricks.sliding_window_view(heard, len(samples))
    found = np.flatnonzero((shifts == samples).all(axis=1))
    assert len(found) == 1, f"found {len(found)} times"
    return int(found[0])


FIRST_LOAD = """
import os
from monitor.sources.microphone import input_devices, load_sounddevice, renew
asked = os.environ["ALSA_CONFIG_PATH"]
assert "mouth.monitor" in {device.name for device in input_devices()}
print(*(device["name"] for device in load_sounddevice().query_devices()))
assert os.environ["ALSA_CONFIG_PATH"] == asked
assert renew()
print(*(device["name"] for device in load_sounddevice().query_devices()))
"""


@pytest.mark.usefixtures("pulse")
def test_only_the_way_to_the_server_is_loaded_while_there_is_one():
    """A new process, as PortAudio looks around when it starts; looking anew by itself it sees everything again."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_LOAD], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, anew = done.stdout.splitlines()
    assert set(first.split()) == {"pulse", "default"}
    assert "agent_mic" in anew.split()


def test_samples_of_a_16_khz_device_are_heard_bit_for_bit(pulse, noise):
    path, samples = noise
    with Listening("mouth.monitor") as listening:
        listening.wait_for(CaptureState.HEARING)
        assert pulse.play(path).wait(20) == 0
        time.sleep(0.5)
        heard = listening.audio()[0] * 32768
    assert np.array_equal(heard, np.rint(heard))
    start = place_of(samples[:32], heard)
    assert np.array_equal(heard[start : start + len(samples)], samples)
    assert [gap.why for gap in listening.source.gaps] == ["starting"]


def test_a_48_khz_device_is_converted(pulse, tmp_path):
    module = pulse.add_sink("studio", 48_000)
    try:
        at = np.arange(4 * 48_000) / 48_000
        wave = 0.25 * np.sin(2 * np.pi * 440 * at) + 0.25 * np.sin(2 * np.pi * 12_000 * at)
        soundfile.write(tmp_path / "tones.wav", wave, 48_000, subtype="PCM_16")
        with Listening("studio.monitor") as listening:
            listening.wait_for(CaptureState.HEARING)
            start = listening.heard_s()
            assert pulse.play(tmp_path / "tones.wav", "studio").wait(20) == 0
            y = listening.audio()[0]
    finally:
        pulse.unload(module)
    y = y[round((start + 1.5) * RATE_HZ) :][: 2 * RATE_HZ]
    at = np.arange(len(y)) / RATE_HZ
    basis = np.stack([np.sin(2 * np.pi * 440 * at), np.cos(2 * np.pi * 440 * at)], axis=1)
    weights, _, _, _ = np.linalg.lstsq(basis, y.astype(float), rcond=None)
    rest = y - basis @ weights
    assert np.hypot(*weights) == pytest.approx(0.25, abs=0.001)
    assert 10 * np.log10(np.mean(rest**2) / np.mean(y**2)) < -60


def test_a_device_is_heard_without_asking_the_server(pulse, noise, monkeypatch):
    """As on systems that have none: by PortAudio's own names, at the rate it gives."""
    monkeypatch.setattr(pulse_view, "_library", lambda: None)
    assert "agent_mic" in [device.name for device in input_devices()]
    with Listening("agent_mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        assert pulse.play(noise[0]).wait(20) == 0
        y = listening.audio()[0]
    assert np.abs(y).max() > 0.2
    assert {gap.why for gap in listening.source.gaps} == {"starting"}


def test_two_devices_are_told_apart(pulse, noise, tmp_path):
    path, samples = noise
    # Not up to the highest frequencies, where a conversion by half a sample makes all the difference.
    other = np.convolve(np.random.default_rng(1).normal(0, 6000, 5 * RATE_HZ), np.ones(8) / 8, "same").astype(np.int16)
    soundfile.write(tmp_path / "other.wav", other, RATE_HZ, subtype="PCM_16")
    with Listening("mouth.monitor", "spk.monitor") as listening:
        listening.wait_for(CaptureState.HEARING, 0)
        listening.wait_for(CaptureState.HEARING, 1)
        players = [pulse.play(path), pulse.play(tmp_path / "other.wav", "spk")]
        assert [player.wait(20) for player in players] == [0, 0]
        time.sleep(0.5)
        agent, customer = listening.audio()

    def likeness(y, played):
        spectrum = np.fft.rfft(y, 2**18) * np.conj(np.fft.rfft(played / 32768, 2**18))
        return np.abs(np.fft.irfft(spectrum)).max() / np.sqrt(np.sum(y**2) * np.sum((played / 32768) ** 2))

    assert likeness(agent, samples) > 0.7, listening.source.gaps
    assert likeness(customer, other) > 0.7, listening.source.gaps
    assert likeness(agent, other) < 0.1
    assert likeness(customer, samples) < 0.1


def test_two_devices_stand_together(pulse, noise):
    """The same sound by two ways comes to stand at the same time."""
    module = pulse.add_microphone("mic")
    try:
        with Listening("mic", "mouth.monitor") as listening:
            listening.wait_for(CaptureState.HEARING, 0)
            listening.wait_for(CaptureState.HEARING, 1)
            assert pulse.play(noise[0]).wait(20) == 0
            time.sleep(0.5)
            agent, customer = (np.fft.rfft(y, 2**19) for y in listening.audio())
    finally:
        pulse.unload(module)
    alike = np.fft.irfft(agent * np.conj(customer))
    apart = int(np.argmax(alike))
    apart -= len(alike) if apart > len(alike) // 2 else 0
    assert abs(apart) / RATE_HZ < 0.03  # 20 ms after a minute; before it, the place of the first blocks counts


@pytest.mark.parametrize("name", ["mouth.monitor", "MOUTH.MONITOR", "Monitor of Mouth", "of mouth", "mouth"])
def test_devices_are_known_by_many_names(pulse, name):
    with Listening(name) as listening:
        assert listening.wait_for(CaptureState.HEARING).device == "Monitor of Mouth"


@pytest.mark.parametrize(
    ("name", "told"), [("Headset 3000", "Headset 3000 is not connected"), ("monitor", "Monitor of Spk, Monitor of M")]
)
def test_a_name_that_fits_nothing_or_too_much_is_said(pulse, name, told):
    with Listening(name) as listening:
        assert told in listening.wait_for(CaptureState.LOST).text
        until(lambda: listening.heard_s() > 0.6)
        assert not listening.audio().any()
    start_s, end_s = listening.arrivals_s[0], listening.arrivals_s[-1]
    assert listening.heard_s() == pytest.approx(end_s - start_s, abs=0.3)


def test_a_microphone_that_comes_later_is_heard(pulse):
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.LOST)
        module = pulse.add_microphone("mic")
        try:
            listening.wait_for(CaptureState.HEARING)
        finally:
            pulse.unload(module)


def test_no_monitor_is_taken_for_a_microphone(pulse):
    with Listening(None) as listening:
        assert listening.wait_for(CaptureState.LOST).text.startswith("No microphone is connected")


def test_devices_are_listed_with_what_they_are(pulse):
    module = pulse.add_microphone("mic")
    try:
        found = {device.name: device for device in input_devices()}
    finally:
        pulse.unload(module)
    assert list(found) == ["spk.monitor", "mouth.monitor", "mic"]
    assert [device.is_monitor for device in found.values()] == [True, True, False]
    assert found["spk.monitor"].label == "Monitor of Spk"
    assert found["mic"].rate_hz == RATE_HZ
