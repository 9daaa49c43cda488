"""Devices found by name, opened, lost and found again: with a sound system made of paper."""

import threading
import time
import types

import numpy as np
import pytest

from monitor.errors import EnvironmentProblem
from monitor.sources import live, live_device, microphone
from monitor.sources import pulse as pulse_view
from monitor.sources.live import LiveSource
from monitor.sources.live_device import Trouble, choose
from monitor.sources.live_stream import InputDevice, OpenStream
from monitor.sources.pulse import PulseView
from monitor.sources.states import AGENT, CUSTOMER, CaptureState
from monitor.types import RATE_HZ
from tests.desktop.listening import Listening
from tests.desktop.rig import until


def device(name, label=None, *, default=False, monitor=False, rate_hz=RATE_HZ, channels=1, system="Core Audio"):
    return InputDevice(name, system, channels, rate_hz, default, label or name, monitor)


HEADSET = device("alsa_input.usb", "USB Headset")
HEADSET_HEARD = device("alsa_output.usb.monitor", "Monitor of USB Headset", monitor=True)
BUILT_IN = device("alsa_input.pci", "Built-in Audio", default=True)
SPEAKER_HEARD = device("alsa_output.pci.monitor", "Monitor of Built-in Audio", monitor=True, default=True)
ALL = (HEADSET_HEARD, HEADSET, SPEAKER_HEARD, BUILT_IN)


@pytest.mark.parametrize(
    ("name", "channel", "meant"),
    [
        ("alsa_input.usb", AGENT, HEADSET),
        ("USB Headset", AGENT, HEADSET),
        ("usb headset", CUSTOMER, HEADSET),  # its whole label, so what the agent says is meant
        ("usb", AGENT, HEADSET),
        ("usb", CUSTOMER, HEADSET_HEARD),
        ("Monitor of USB", AGENT, HEADSET_HEARD),  # nothing else fits
        (None, AGENT, BUILT_IN),
    ],
)
def test_name_means_one_device(name, channel, meant):
    assert choose(name, ALL, channel=channel) == meant


def test_name_that_fits_several_is_told_with_all_of_them():
    found = choose("audio", [BUILT_IN, device("b", "HD Audio")], channel=AGENT)
    assert isinstance(found, Trouble)
    assert found.text == "“audio” could be any of Built-in Audio, HD Audio: choose one by its full name."


def test_system_choice_is_never_a_monitor():
    assert choose(None, [SPEAKER_HEARD, HEADSET], channel=AGENT) == HEADSET
    found = choose(None, [SPEAKER_HEARD], channel=AGENT)
    assert isinstance(found, Trouble)
    assert found.state is CaptureState.LOST


@pytest.mark.parametrize(
    ("streams", "unmarked", "heard"),
    [
        ({"1": "mic", "2": "spk"}, (), True),
        ({"1": "spk", "2": "mic"}, ("mic",), False),
        ({"2": "mic"}, (), None),  # opened, and not told of yet
        ({}, ("spk", "mic"), True),  # a server that does not hand tokens on
        ({}, ("spk", "spk"), False),
    ],
)
def test_stream_is_known_to_hear_its_source(streams, unmarked, heard):
    assert PulseView(streams=streams, unmarked=unmarked).is_heard_by("1", "mic") is heard


class PaperStream:
    """A stream of sounddevice that lets the test call back."""

    def __init__(self):
        self.aborted = threading.Event()

    def start(self):
        pass

    def abort(self, ignore_errors=True):
        self.aborted.set()

    def close(self, ignore_errors=True):
        pass


class PaperSystem:
    """A sound system without a server; a thread calls back every 20 ms for each open stream."""

    def __init__(self, devices):
        self.devices, self.renewed, self.opened = list(devices), 0, []
        self.frozen = threading.Event()
        self.silent = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="paper")
        self._thread.start()

    def open_stream(self, wanted, take):
        while self.frozen.is_set():
            time.sleep(0.02)
        if wanted not in self.devices:
            raise EnvironmentProblem(f"{wanted.label} cannot be opened now.")
        stream = OpenStream(wanted, str(len(self.opened)), take)
        stream.run(PaperStream())
        self.opened.append(stream)
        return stream

    def close_stream(self, stream):
        stream.abort()
        self.opened.remove(stream)

    def renew(self):
        if self.opened:
            return False
        self.renewed += 1
        return True

    def _run(self):
        due_s = time.monotonic()
        while not self._ended.is_set():
            due_s += 0.02
            time.sleep(max(0.0, due_s - time.monotonic()))
            for stream in list(self.opened):
                if stream.device in self.devices:
                    self._deliver(stream)

    def _deliver(self, stream):
        samples = stream.device.rate_hz // 50
        y = np.zeros((samples, stream.device.channels), np.float32)
        if not self.silent:
            y[:] = np.linspace(0.1, 0.2, samples)[:, None] * np.arange(1, y.shape[1] + 1)
        stream.hear(y, samples, types.SimpleNamespace(currentTime=5.0, inputBufferAdcTime=4.9), None)

    def end(self):
        self._ended.set()
        self._thread.join()


def ignore(*_):
    """Nobody is interested."""


MIC, LINE = device("Mic", default=True), device("Line", rate_hz=44_100, channels=2)


@pytest.fixture
def system(monkeypatch):
    system = PaperSystem([MIC, LINE])
    monkeypatch.setattr(pulse_view, "_library", lambda: None)
    monkeypatch.setattr(live_device, "_RENEW_S", 0.2)
    for name in ("open_stream", "close_stream", "renew"):
        monkeypatch.setattr(microphone, name, getattr(system, name))
    monkeypatch.setattr(microphone, "portaudio_devices", lambda: list(system.devices))
    yield system
    system.frozen.clear()
    system.end()


def test_device_that_stops_sending_is_lost_and_found_again(system):
    with Listening("Mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        system.devices.remove(MIC)
        lost = listening.wait_for(CaptureState.LOST)
        assert lost.text == "Mic stopped sending sound. Evenkeel listens again as soon as it is back."
        listening.wait_for(CaptureState.LOST, since_s=lost.at_s + 0.001)
        until(lambda: system.renewed > 0)
        system.devices.append(MIC)
        listening.wait_for(CaptureState.HEARING, since_s=lost.at_s)
    assert not system.opened
    assert "stalled" in {gap.why for gap in listening.source.gaps}


def test_stream_that_the_system_ended_is_noticed_at_once(system):
    with Listening("Mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        system.opened[0].finish()
        assert "was disconnected" in listening.wait_for(CaptureState.LOST).text


def test_two_channels_of_a_device_are_mixed(system):
    with Listening("Line") as listening:
        listening.wait_for(CaptureState.HEARING)
        until(lambda: listening.heard_s() > 1.5)
        y = listening.audio()[0]
    assert y[-RATE_HZ // 2 :].mean() == pytest.approx(0.15 * 1.5, abs=0.01)


def test_agents_device_comes_first_when_the_sound_system_must_look_anew(system):
    """PortAudio finds a device that came back only by closing all streams."""
    with Listening("Mic", "Line") as listening:
        listening.wait_for(CaptureState.HEARING, AGENT)
        listening.wait_for(CaptureState.HEARING, CUSTOMER)
        system.devices.remove(MIC)
        listening.wait_for(CaptureState.LOST, AGENT)
        until(lambda: system.renewed > 0)
        back_s = time.monotonic()
        system.devices.append(MIC)
        listening.wait_for(CaptureState.HEARING, AGENT, since_s=back_s)
        until(lambda: len(system.opened) == 2)


def test_dead_microphone_is_called_silent(system):
    system.silent = True
    with Listening("Mic", "Line") as listening:
        silent = listening.wait_for(CaptureState.SILENT)
        assert silent.text == "Mic gives no sound at all. Is it muted?"
        system.silent = False
        listening.wait_for(CaptureState.HEARING, since_s=silent.at_s)
    assert CaptureState.SILENT not in {one.state for one in listening.told if one.channel == CUSTOMER}


def test_sound_system_that_does_not_answer_is_said_and_does_not_keep_the_program(system, monkeypatch):
    monkeypatch.setattr(live_device, "GRACE_S", 0.3)
    left = []
    monkeypatch.setattr(microphone, "leave_open", lambda: left.append(True))
    system.frozen.set()
    with Listening("Mic") as listening:
        assert "does not answer" in listening.wait_for(CaptureState.LOST).text
        until(lambda: listening.heard_s() > 0.5)
        assert listening.close() < 1.5
    assert left == [True]
    system.frozen.clear()
    until(lambda: not system.opened and not any(t.name.startswith("capture") for t in threading.enumerate()))


def test_mistake_inside_does_not_end_the_session(system, monkeypatch, caplog):
    monkeypatch.setattr(microphone, "portaudio_devices", lambda: 1 / 0)
    with Listening("Mic") as listening:
        assert "cannot be heard now" in listening.wait_for(CaptureState.LOST).text
        monkeypatch.setattr(microphone, "portaudio_devices", lambda: list(system.devices))
        listening.wait_for(CaptureState.HEARING)
    assert "ZeroDivisionError" in caplog.text


def test_blocks_nobody_fetched_are_counted_to_the_sample(system, monkeypatch):
    monkeypatch.setattr(live, "_MOST_QUEUED", 10)
    source = LiveSource("Mic", None, on_change=ignore)
    blocks, heard = source.blocks(), 0
    while heard < 2 * RATE_HZ:
        heard += next(blocks).shape[1]
    time.sleep(0.6)  # 30 blocks come, 10 find room
    while heard < 4 * RATE_HZ:
        heard += next(blocks).shape[1]
    source.close()
    assert list(blocks) == []
    [lost] = [gap for gap in source.gaps if gap.why == "not delivered"]
    assert lost.duration_s % 0.02 == pytest.approx(0, abs=1e-6) or lost.duration_s % 0.02 == pytest.approx(0.02)
    assert 0.2 < lost.duration_s < 0.8
    assert lost.start_s > 1.9


def test_an_hour_without_a_device_comes_in_small_pieces(system):
    system.devices.clear()
    slept_s = 0.0
    source = LiveSource("Mic", None, on_change=ignore, clock=lambda: time.monotonic() + slept_s)
    heard, most = 0, 0
    for block in source.blocks():
        heard, most = heard + block.shape[1], max(most, block.shape[1])
        if heard > RATE_HZ // 2:
            slept_s = 3600.0
        if heard > 3600 * RATE_HZ:
            break
    source.close()
    assert most <= RATE_HZ


def test_close_before_listening_ends_at_once(system):
    source = LiveSource("Mic", None, on_change=ignore)
    source.close()
    assert list(source.blocks()) == []
    assert not system.opened


def test_portaudio_is_left_alone_while_a_stream_is_open(monkeypatch):
    stream = OpenStream(MIC, "1", ignore)
    monkeypatch.setattr(microphone, "_open", {stream})
    monkeypatch.setattr(microphone, "load_sounddevice", lambda: None)
    assert not microphone.renew()


def test_windows_shows_each_device_once(monkeypatch):
    systems = [{"name": "MME", "default_input_device": 0}, {"name": "Windows WASAPI", "default_input_device": 3}]
    names = [("Headset (US", 0), ("Headset (USB Audio)", 1), ("Speakers", 1), ("Array (Realtek)", 1)]
    rows = [
        {"name": name, "hostapi": api, "max_input_channels": int(name != "Speakers"), "default_samplerate": 48e3}
        for name, api in names
    ]
    sound = types.SimpleNamespace(
        query_devices=lambda: rows, query_hostapis=lambda: systems, PortAudioError=RuntimeError,
        default=types.SimpleNamespace(device=[0, 0]),
    )  # fmt: skip
    found = microphone.portaudio_devices(sound)
    assert [(one.name, one.is_default) for one in found] == [("Headset (USB Audio)", False), ("Array (Realtek)", True)]
