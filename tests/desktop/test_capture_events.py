"""What happens to devices in a day: each is noticed, nobody else is heard instead, and the device is heard again."""

import ctypes
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import soundfile

from monitor.live.events import CaptureState
from monitor.sources import microphone
from monitor.types import RATE_HZ
from tests.desktop.listening import Listening, tone_share
from tests.desktop.rig import until

# Promised: noticed within 1.5 s, heard again within 3 s. A busy machine with two cores is given as long again.
NOTICED_S, BACK_S = 3.0, 6.0
CUSTOMER_HZ = 1000


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """A minute of the agent, 300 Hz, and of the customer, 1000 Hz."""
    folder = tmp_path_factory.mktemp("voices")
    at = np.arange(60 * RATE_HZ) / RATE_HZ
    for name, tone_hz in (("agent", 300), ("customer", CUSTOMER_HZ)):
        wave = 0.3 * np.sin(2 * np.pi * tone_hz * at)
        soundfile.write(folder / f"{name}.wav", wave, RATE_HZ, subtype="PCM_16")
    return folder


class Day:
    """A microphone ``mic`` at which the agent speaks, while the customer is heard from the loudspeaker."""

    def __init__(self, rig, voices):
        self.rig, self._voices = rig, voices
        self.speak()

    def speak(self):
        self.microphone = self.rig.add_microphone("mic")
        self._players = [self.rig.play(self._voices / "agent.wav"), self.rig.play(self._voices / "customer.wav", "spk")]

    def end(self):
        self.rig.pactl("unload-module", str(self.microphone), check=False)
        for player in self._players:
            player.terminate()
            player.wait(10)


@pytest.fixture
def day(pulse, voices):
    assert pulse.is_running, pulse.log.read_text()
    day = Day(pulse, voices)
    yield day
    day.end()


def assert_customer_is_not_heard(listening):
    """Not even in a block of 20 ms: the customer's tone stands in every window in which the customer is heard."""
    shares = tone_share(listening.audio()[0], CUSTOMER_HZ)
    # A tone of 300 Hz that begins or ends inside a window leaves less than 0.05 at 1000 Hz.
    assert shares.max() < 0.1


def assert_pace_was_kept(listening):
    arrivals_s = np.array(listening.arrivals_s)
    assert listening.heard_s() == pytest.approx(arrivals_s[-1] - arrivals_s[0], abs=0.5)
    assert np.diff(arrivals_s).max() < 2.0


def assert_voice_is_back(listening):
    until(lambda: tone_share(np.concatenate(listening.blocks[-4:], axis=1)[0], 300).min() > 0.2)


def test_unplugged_microphone(day):
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        gone_s = time.monotonic()
        day.rig.unload(day.microphone)
        lost = listening.wait_for(CaptureState.LOST, since_s=gone_s)
        assert lost.at_s - gone_s < NOTICED_S
        assert "as soon as it is back" in lost.text
        time.sleep(1.5)
        back_s = time.monotonic()
        day.microphone = day.rig.add_microphone("mic")
        assert listening.wait_for(CaptureState.HEARING, since_s=back_s).at_s - back_s < BACK_S
        assert_voice_is_back(listening)
    assert_customer_is_not_heard(listening)
    assert_pace_was_kept(listening)
    assert sum(gap.duration_s for gap in listening.source.gaps if gap.start_s > 0) >= lost.at_s - gone_s + 1.4


def test_suspended_microphone(day):
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        gone_s = time.monotonic()
        day.rig.suspend("mic")
        assert listening.wait_for(CaptureState.LOST, since_s=gone_s).at_s - gone_s < NOTICED_S
        time.sleep(1.0)
        back_s = time.monotonic()
        day.rig.suspend("mic", False)
        assert listening.wait_for(CaptureState.HEARING, since_s=back_s).at_s - back_s < BACK_S
        assert_voice_is_back(listening)
    assert_pace_was_kept(listening)


def test_sound_system_that_dies(day):
    with Listening("mic", "spk.monitor") as listening:
        for channel in (0, 1):
            listening.wait_for(CaptureState.HEARING, channel)
        gone_s = time.monotonic()
        day.rig.kill()
        for channel in (0, 1):
            assert listening.wait_for(CaptureState.LOST, channel, since_s=gone_s).at_s - gone_s < NOTICED_S
        time.sleep(1.0)
        day.rig.start()
        back_s = time.monotonic()
        day.speak()
        for channel in (0, 1):
            assert listening.wait_for(CaptureState.HEARING, channel, since_s=back_s).at_s - back_s < BACK_S
        assert_voice_is_back(listening)
    assert_pace_was_kept(listening)


@pytest.mark.parametrize("mark", ["handed on", "lost"])
def test_stream_that_is_moved_to_the_customer(day, monkeypatch, mark):
    """Also where a server does not hand on the mark by which streams of ours are known."""
    if mark == "lost":
        monkeypatch.setattr(microphone, "TOKEN", "some.other.property")
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        for _ in range(3):
            listed = day.rig.pactl("list", "short", "source-outputs").stdout.splitlines()
            newest = max(int(line.split()[0]) for line in listed)
            gone_s = time.monotonic()
            day.rig.pactl("move-source-output", str(newest), "spk.monitor")
            wrong = listening.wait_for(CaptureState.WRONG, since_s=gone_s)
            assert wrong.at_s - gone_s < NOTICED_S
            assert "not judged" in wrong.text
            assert listening.wait_for(CaptureState.HEARING, since_s=gone_s).at_s - gone_s < BACK_S
            assert_voice_is_back(listening)
    assert_customer_is_not_heard(listening)


def test_stream_that_is_moved_while_the_program_is_held_up(day):
    """Neither the news of the move nor the sound are looked at while another library holds Python's lock."""
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        for _ in range(3):
            listed = day.rig.pactl("list", "short", "source-outputs").stdout.splitlines()
            newest = max(int(line.split()[0]) for line in listed)
            gone_s = time.monotonic()
            mover = subprocess.Popen(
                ["pactl", "move-source-output", str(newest), "spk.monitor"], env={**os.environ, **day.rig.env}
            )
            ctypes.PyDLL(None).usleep(700_000)
            assert mover.wait(10) == 0
            listening.wait_for(CaptureState.WRONG, since_s=gone_s)
            listening.wait_for(CaptureState.HEARING, since_s=gone_s)
            assert_voice_is_back(listening)
    assert_customer_is_not_heard(listening)


def test_other_default_does_not_concern_a_chosen_microphone(day):
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        day.rig.pactl("set-default-source", "spk.monitor")
        time.sleep(1.5)
        assert_voice_is_back(listening)
    assert listening.told[-1].state is CaptureState.HEARING
    assert_customer_is_not_heard(listening)


def test_the_systems_choice_is_followed_but_never_to_a_monitor(day):
    other = day.rig.add_microphone("other_mic")
    try:
        day.rig.pactl("set-default-source", "mic")
        with Listening(None) as listening:
            assert listening.wait_for(CaptureState.HEARING).device == "Mic"
            changed_s = time.monotonic()
            day.rig.pactl("set-default-source", "other_mic")
            assert listening.wait_for(CaptureState.HEARING, since_s=changed_s).device == "Other_Mic"
            changed_s = time.monotonic()
            day.rig.pactl("set-default-source", "spk.monitor")
            time.sleep(1.5)
            assert_voice_is_back(listening)
        assert_customer_is_not_heard(listening)
    finally:
        day.rig.unload(other)


def test_muted_microphone(day):
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        muted_s = time.monotonic()
        day.rig.mute("mic")
        silent = listening.wait_for(CaptureState.SILENT, since_s=muted_s)
        assert silent.at_s - muted_s < 2.0 + NOTICED_S
        assert "muted" in silent.text
        back_s = time.monotonic()
        day.rig.mute("mic", False)
        assert listening.wait_for(CaptureState.HEARING, since_s=back_s).at_s - back_s < BACK_S


def test_sound_system_that_hangs(day):
    with Listening("mic") as listening:
        listening.wait_for(CaptureState.HEARING)
        gone_s = time.monotonic()
        day.rig.freeze()
        try:
            assert listening.wait_for(CaptureState.LOST, since_s=gone_s).at_s - gone_s < NOTICED_S
            assert listening.close() < 1.5
        finally:
            day.rig.thaw()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("capture")])


def test_sound_system_that_hangs_from_the_start(day):
    day.rig.freeze()
    try:
        with Listening("mic") as listening:
            assert "does not answer" in listening.wait_for(CaptureState.LOST).text
            until(lambda: listening.heard_s() > 0.5)
            back_s = time.monotonic()
            day.rig.thaw()
            assert listening.wait_for(CaptureState.HEARING).at_s - back_s < BACK_S
            assert_voice_is_back(listening)
    finally:
        day.rig.thaw()


def test_loss_of_one_device_leaves_the_other_alone(day):
    # PulseAudio moves streams that stand on the default source when another becomes it, whoever chose them.
    day.rig.pactl("set-default-source", "mouth.monitor")
    with Listening("mic", "spk.monitor") as listening:
        for channel in (0, 1):
            listening.wait_for(CaptureState.HEARING, channel)
        gone_s = time.monotonic()
        day.rig.unload(day.microphone)
        listening.wait_for(CaptureState.LOST, 0, since_s=gone_s)
        time.sleep(1.0)
        day.microphone = day.rig.add_microphone("mic")
        listening.wait_for(CaptureState.HEARING, 0, since_s=gone_s)
        time.sleep(0.5)
    assert [one.state for one in listening.told if one.channel == 1] == [CaptureState.STARTING, CaptureState.HEARING]
    assert {gap.why for gap in listening.source.gaps if gap.channel == 1} == {"starting"}


@pytest.mark.parametrize("state", ["before", "starting", "hearing", "lost"])
def test_closing_is_quick_and_leaves_nothing(day, state):
    before = threading.active_count()
    listening = Listening("nobody" if state == "lost" else "mic")
    with listening:
        if state != "before":
            listening.wait_for(CaptureState(state))
        assert listening.close() < 1.5
    until(lambda: threading.active_count() == before)


QUIETLY = """
import threading, time
from monitor.sources.live import LiveSource
source = LiveSource("mic", None, on_change=lambda *told: print(told[1].value, flush=True))
thread = threading.Thread(target=lambda: [None for _ in source.blocks()])
thread.start()
input()
source.close()
thread.join()
"""


def test_a_lost_device_writes_nothing_on_standard_error(day, child_environment):
    child = subprocess.Popen(
        [sys.executable, "-c", QUIETLY], env={**child_environment, **day.rig.env}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        assert [child.stdout.readline().strip() for _ in range(2)] == ["starting", "hearing"]
        day.rig.kill()
        assert child.stdout.readline().strip() == "lost"
        time.sleep(1.5)
        _, errors = child.communicate("\n", timeout=20)
    finally:
        child.kill()
        child.wait(10)
        day.rig.start()
        day.speak()
    assert errors == ""
    assert child.returncode == 0
