"""What is heard, where the cursor stands and which light shows agree; found by recording the sound device."""

import hashlib
import os
import subprocess
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.rig import ROOT
from monitor.result_types import CallResult, EngineInfo, Pace, Recording, Summary
from monitor.sinks.json_file import write_json
from monitor.types import RATE_HZ, Light, LightSpan
from tests.desktop.rig import PulseRig, missing, until
from tests.desktop.screen import Program
from tests.media import write_sound

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing()), reason=str(missing()))]
LENGTH_S, TONE_S, PITCH_HZ = 40.0, 0.06, 300
GOAL_S = 0.04
GAP_S = 0.005
MOST = 0.8  # of all moments: a busy machine is late now and then
OFTEN = 4  # every so manyth tone comes with another light


@pytest.fixture(scope="module")
def tones():
    """When short tones begin, at distances that tell them apart."""
    at_s = np.cumsum(np.random.default_rng(1).uniform(0.3, 0.6, 100)) + 0.2
    return at_s[at_s < LENGTH_S - 1]


@pytest.fixture(scope="module")
def recording(tones, tmp_path_factory):
    """A recording of the tones with its result beside it; every fourth tone begins another light."""
    y = np.zeros(round(LENGTH_S * RATE_HZ))
    tone = 0.5 * np.sin(2 * np.pi * PITCH_HZ * np.arange(round(TONE_S * RATE_HZ)) / RATE_HZ)
    for at_s in tones:
        start = round(at_s * RATE_HZ)
        y[start : start + len(tone)] = tone * np.linspace(1, 0, len(tone))
    path = write_sound(tmp_path_factory.mktemp("replay") / "tones.wav", y, RATE_HZ)
    edges = [0.0, *tones[::OFTEN].round(3), LENGTH_S]
    spans = tuple(
        LightSpan(start_s, end_s, Light.RED if number % 2 else Light.GREEN)
        for number, (start_s, end_s) in enumerate(pairwise(edges))
    )
    write_json(_result(path, spans), path.with_suffix(".json"))
    return path


def _result(path, spans):
    source = Recording(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), LENGTH_S, 1, RATE_HZ)
    summary = Summary(0.0, 0.0, 0.0, 0.0, 0, None, None)
    return CallResult(source, EngineInfo("0", "p", "none"), None, spans, (), (), (), (), Pace(None, None), summary, ())


class Ear:
    """Records a device, and knows when each sample was played."""

    def __init__(self, device):
        command = ["parec", "--latency-msec=10", "-d", device, f"--rate={RATE_HZ}", "--channels=1", "--format=s16le"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._parts, self._arrivals = [], []
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        heard = 0
        while data := os.read(self._process.stdout.fileno(), 65_536):
            self._parts.append(data)
            heard += len(data) // 2
            self._arrivals.append(time.monotonic() - heard / RATE_HZ)

    @property
    def hears(self):
        return bool(self._parts)

    def close(self):
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        self._process.stdout.close()

    def tones_s(self):
        """When tones were played, by the clock: the parts that came soonest tell when the recording began."""
        return min(self._arrivals) + self._firsts()[1] / RATE_HZ

    def pitches_hz(self):
        """How high each tone was: the strongest frequency of its beginning."""
        y, firsts = self._firsts()
        beginnings = [y[first : first + round(TONE_S / 2 * RATE_HZ)] for first in firsts]
        spectra = [np.abs(np.fft.rfft(part * np.hanning(len(part)), RATE_HZ)) for part in beginnings]
        return np.array([spectrum.argmax() for spectrum in spectra])

    def _firsts(self):
        y = np.frombuffer(b"".join(self._parts), np.int16) / 32_768
        loud = np.flatnonzero(np.abs(y) > 0.15)
        return y, loud[np.flatnonzero(np.diff(loud, prepend=-RATE_HZ) > 0.1 * RATE_HZ)]


@pytest.fixture
def program(pulse, recording):
    started = Program("replayed", [str(recording)], {**os.environ, "PULSE_SINK": "spk", "PYTHONPATH": str(ROOT)})
    started.hear("opened")
    yield started
    started.tell(end=True)
    assert started.process.wait(20) == 0
    started.close()


def within_goal(errors_s):
    """Whether nearly all agree; what does not is shown where the test fails."""
    errors_s = np.asarray(errors_s)
    return len(errors_s) >= 3 and np.mean(np.abs(errors_s) <= GOAL_S) >= MOST, np.round(1000 * errors_s)


def test_sound_cursor_and_light_agree_also_after_a_seek(program, tones):
    ear = Ear("spk.monitor")
    until(lambda: ear.hears)
    program.tell(do="play")
    time.sleep(3)
    program.tell(seek=20.1)
    time.sleep(2.6)
    program.tell(do="pause")
    program.tell(tell=True)
    told = program.hear("told")
    clock_s, position_s = np.array(told["positions"]).T
    ear.close()
    heard_s = ear.tones_s()
    cursor_s = np.interp(heard_s, clock_s, position_s)
    which = np.abs(cursor_s[:, None] - tones).argmin(axis=1)
    assert len(heard_s) >= 6
    assert cursor_s.max() > 21
    for part in (cursor_s < 20, cursor_s > 20):
        fine, errors_ms = within_goal((cursor_s - tones[which])[part])
        assert fine, f"cursor against sound: {errors_ms} ms"
    gaps_s = np.diff(heard_s) - np.diff(tones[which])  # one of them is the seek
    assert np.mean(np.abs(gaps_s) < GAP_S) >= MOST - 1 / len(gaps_s), f"gaps: {np.round(1000 * gaps_s)} ms"
    fine, errors_ms = within_goal(light_errors_s(told["lights"], heard_s, tones[which], tones[::OFTEN]))
    assert fine, f"light against sound: {errors_ms} ms"


def light_errors_s(lights, heard_s, of_s, changes_s):
    """How far the sound was from where a light changes when that light was painted; what a seek brought is left out."""
    errors_s = []
    for clock_s, _light in lights:
        last = np.searchsorted(heard_s, clock_s) - 1
        if last < 0:
            continue
        now_s = of_s[last] + clock_s - heard_s[last]
        error_s = now_s - changes_s[np.abs(changes_s - now_s).argmin()]
        if abs(error_s) < 0.3:
            errors_s.append(error_s)
    return errors_s


def test_another_speed_keeps_pitch_and_place(program, tones):
    ear = Ear("spk.monitor")
    until(lambda: ear.hears)
    program.tell(rate=1.5)
    program.tell(seek=5.0)
    program.tell(do="play")
    time.sleep(3)
    program.tell(do="pause")
    program.tell(tell=True)
    clock_s, position_s = np.array(program.hear("told")["positions"]).T
    ear.close()
    assert np.median(ear.pitches_hz()) == pytest.approx(PITCH_HZ, abs=12)
    cursor_s = np.interp(ear.tones_s(), clock_s, position_s)
    errors_s = np.abs(cursor_s[:, None] - tones).min(axis=1)
    assert len(errors_s) >= 4
    assert np.median(errors_s) <= GOAL_S


@pytest.mark.parametrize("when", ["from the start", "on the way"])
def test_without_a_device_it_says_so_and_plays_on(recording, tmp_path, when):
    rig = PulseRig(tmp_path / "own")
    if when == "on the way":
        rig.start()
    program = Program("replayed", [str(recording)], {**os.environ, **rig.env, "PYTHONPATH": str(ROOT)})
    try:
        program.hear("opened")
        program.tell(do="play")
        if when == "on the way":
            time.sleep(1.2)
            rig.kill()
        assert "sound device" in program.hear("trouble")
        time.sleep(0.7)
        program.tell(tell=True)
        clock_s, position_s = np.array(program.hear("told")["positions"]).T
        last = clock_s > clock_s[-1] - 0.5
        assert np.polyfit(clock_s[last], position_s[last], 1)[0] == pytest.approx(1.0, abs=0.2)
        program.tell(end=True)
        assert program.process.wait(20) == 0
    finally:
        program.close()
        rig.stop()
