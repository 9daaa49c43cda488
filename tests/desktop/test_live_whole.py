"""A call played into virtual microphones: what the light says live is what the captured samples say afterwards.

Three agents hear the same call at once: one judged by voice alone and one whose words are heard, both under a policy
that keeps the sound, so that it can be judged again; and one as shipped, that is watched for files and connections.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile as sf

from benchmarks.rig import PulseRig, missing_sound, until
from monitor.demo import CALL_PATH
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(420),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="virtual microphones are PulseAudio's"),
]
HEARD_S = 75.0  # of the bundled call: both phrases, and the raised voice calm again
KEEPING = '[policy]\nname = "kept"\nlanguage = "en"\nextends = "upset-customer-en"\n\n[recording]\nkeep_audio = true\n'
SOUND = {".wav", ".flac", ".ogg", ".mp3", ".raw", ".pcm", ".opus", ".m4a", ".aiff"}
HELD = ("baseline", "lights", "flags", "checklist", "turns", "words", "pace", "summary")
# The program as it is, but for one thing: passes are declared 8 s after their audio rather than 0.2 s, live and
# afterwards. What is heard is held to be equal here, not how soon, and no machine is so busy that 8 s are too few.
PATIENT = """
import sys
from models.allowance import Allowance
Allowance.__init__.__defaults__ = (8.0, 8.0)
from monitor.cli import main
sys.exit(main(sys.argv[1:]))
"""
MOST_GROWTH_MB = 4


class Agent:
    """One ``evenkeel live --headless --json`` with folders of its own."""

    def __init__(self, folder, rig, recogniser, policy=None):
        self.folder = folder
        run = folder / "run"
        run.mkdir(mode=0o700, parents=True)
        kinds = ("CONFIG", "DATA", "CACHE", "STATE")
        homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in kinds}
        self.env = {**os.environ, **rig.env, **homes, "XDG_RUNTIME_DIR": str(run), "PYTHONPATH": str(ROOT)}
        command = ["live", "--headless", "--json", "--calls", "manual", "--recogniser", recogniser]
        command += ["--agent-device", "mouth.monitor", "--customer-device", "spk.monitor"]
        if policy is not None:
            command += ["--policy", str(policy)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PATIENT, *command],
            env=self.env, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.lines = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.inet, self.written, self.rss_mb, self.left = set(), set(), [], {}

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def hear(self, kind, limit_s=60.0, **wanted):
        """Wait until an event of this kind has said what is wanted."""
        try:
            until(lambda: any(wanted.items() <= event.items() for event in self.all(kind)), limit_s)
        except AssertionError as problem:
            last = [event for event in self.lines if event["event"] != "levels_measured"][-5:]
            raise AssertionError(f"{self.folder.name}: no {kind} {wanted}, but {last}") from problem

    def all(self, kind):
        return [event for event in list(self.lines) if event["event"] == kind]

    def call(self, *words):
        """Drive it as a softphone does; how things stand afterwards."""
        command = [sys.executable, "-m", "monitor", "call", *words, "--json"]
        done = subprocess.run(command, env=self.env, check=True, capture_output=True, timeout=60)
        return json.loads(done.stdout)

    def look(self):
        """Note memory, connections, and files that are being written, of the program and what it started."""
        own = psutil.Process(self.process.pid)
        self.rss_mb.append(own.memory_info().rss / 1e6)
        for process in (own, *own.children(recursive=True)):
            try:
                self.inet |= {str(found) for found in process.net_connections(kind="inet")}
                self.written |= {each.path for each in process.open_files() if set(each.mode) & set("wa+")}
            except psutil.NoSuchProcess:
                continue

    def end(self):
        """Ask it to end; its exit code and what it wrote to standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self._reader.join(10)
        errors = self.process.stderr.read()
        for stream in (self.process.stdout, self.process.stderr):
            stream.close()
        return self.process.returncode, errors

    @property
    def result(self):
        [ended] = self.all("call_ended")
        return ended["result"]

    def sound(self):
        """The samples that it kept."""
        [path] = (self.folder / "data" / "evenkeel" / "recordings").glob("*.flac")
        return path

    def judged_again(self, recogniser, policy):
        """What ``evenkeel analyze`` says of the captured samples."""
        command = ["analyze", str(self.sound()), "--recogniser", recogniser, "--policy", str(policy)]
        done = subprocess.run(
            [sys.executable, "-c", PATIENT, *command], env=self.env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    path = tmp_path_factory.mktemp("policy") / "kept.toml"
    path.write_text(KEEPING, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def agents(tmp_path_factory, policy):
    """The three agents, after the call."""
    reason = missing_sound()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("live")
    call, rate_hz = sf.read(CALL_PATH, dtype="int16", always_2d=True)
    call = call[: round(HEARD_S * rate_hz)]
    rig = PulseRig(folder / "sound").start()
    made = {}
    try:
        made = {
            "voice": Agent(folder / "voice", rig, "none", policy),
            "words": Agent(folder / "words", rig, "pocketsphinx", policy),
            "shipped": Agent(folder / "shipped", rig, "none"),
        }
        for agent in made.values():
            for channel in (0, 1):
                agent.hear("capture_changed", channel=channel, state="hearing")
        made["words"].hear("words_changed", state="hearing")
        for agent in made.values():
            agent.call("start")
        for channel, sink in enumerate(("mouth", "spk")):
            sf.write(folder / f"{sink}.wav", call[:, channel], rate_hz, subtype="PCM_16")
        players = [rig.play(folder / f"{sink}.wav", sink) for sink in ("mouth", "spk")]
        while any(player.poll() is None for player in players):
            for agent in made.values():
                agent.look()
            time.sleep(1)
        for agent in made.values():
            agent.call("stop")
            agent.hear("call_ended")
            agent.left = agent.call("status")
        yield {name: (agent, agent.end()) for name, agent in made.items()}
    finally:
        for agent in made.values():
            agent.end() if not agent.process.stdout.closed else None
        rig.stop()


def captured(agent):
    return sf.read(agent.sound(), dtype="float32", always_2d=True)[0]


@pytest.mark.parametrize("name", ["voice", "words", "shipped"])
def test_it_ends_well_and_without_a_word_on_standard_error(agents, name):
    agent, (code, errors) = agents[name]
    assert (code, errors) == (0, "")
    assert agent.all("session_changed")[-1]["state"] == "ended"


PIECE = 4 * 16_000


def likenesses(played, heard):
    """How like each audible piece of what was played is to the most alike place of what was heard, -1 to 1."""
    size = 2 ** int(np.ceil(np.log2(len(heard) + PIECE)))
    spectrum = np.fft.rfft(heard, size)
    powers = np.concatenate([[0.0], np.cumsum(heard.astype(float) ** 2)])
    for start in range(0, len(played) - PIECE + 1, PIECE):
        piece = played[start : start + PIECE]
        if np.abs(piece).max() < 0.02:
            continue
        products = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)), size)[: len(heard) - PIECE + 1]
        best = int(products.argmax())
        power = powers[best + PIECE] - powers[best]
        yield products[best] / np.sqrt(power * float(np.sum(piece.astype(float) ** 2)))


def test_what_was_captured_is_what_was_played(agents):
    """Piece by piece: two devices are kept in step by resampling one of them. test_capture_* has it to the last bit."""
    played = sf.read(CALL_PATH, dtype="float32", always_2d=True)[0][: round(HEARD_S * 16_000)]
    heard = captured(agents["voice"][0])
    for channel in (0, 1):
        found = list(likenesses(played[:, channel], heard[:, channel]))
        assert len(found) >= 3
        assert np.median(found) > 0.97


def test_the_light_of_the_voice_is_that_of_the_captured_samples(agents, policy):
    agent = agents["voice"][0]
    again = agent.judged_again("none", policy)
    for key in HELD:
        assert agent.result[key] == again[key], key
    assert agent.result["source"]["duration_s"] == again["source"]["duration_s"]
    assert {light["light"] for light in again["lights"]} >= {"grey", "green", "amber"}


def test_the_words_are_those_of_the_captured_samples(agents, policy):
    agent = agents["words"][0]
    again = agent.judged_again("pocketsphinx", policy)
    assert agent.result["warnings"] == again["warnings"]
    for key in HELD:
        assert agent.result[key] == again[key], key
    assert {flag["id"] for flag in again["flags"] if flag["state"] == "confirmed"} >= {"say.calm_down"}


@pytest.mark.parametrize("name", ["voice", "words"])
def test_what_was_told_during_the_call_is_its_result(agents, name):
    agent = agents[name][0]
    told = [(event["at_s"], event["light"]) for event in agent.all("light_changed")]
    lights = [(span["start_s"], span["light"]) for span in agent.result["lights"]]
    changes = [light for i, (_, light) in enumerate(lights) if i == 0 or light != lights[i - 1][1]]
    seen = [light for i, (_, light) in enumerate(told) if i == 0 or light != told[i - 1][1]]
    assert seen[-len(changes) :] == changes or changes[-len(seen) :] == seen


def test_no_sound_was_lost_and_nothing_was_warned_of(agents):
    agent = agents["shipped"][0]
    assert agent.result["warnings"] == []
    assert agent.result["source"]["duration_s"] > HEARD_S
    assert (agent.left["lost_s"], agent.left["warnings"]) == (0.0, [])
    assert {event["state"] for event in agent.all("capture_changed")} <= {"starting", "hearing", "silent"}


@pytest.mark.parametrize("name", ["voice", "words", "shipped"])
def test_no_connection_is_opened(agents, name):
    assert agents[name][0].inet == set()


def test_no_file_with_sound_is_written(agents):
    agent = agents["shipped"][0]
    files = [path for path in agent.folder.rglob("*") if path.is_file()]
    assert files, "it keeps its day"
    assert not [path for path in files if path.suffix.lower() in SOUND or path.stat().st_size > 100_000]
    outside = {path for path in agent.written if not Path(path).is_relative_to(agent.folder)}
    assert not outside


def test_memory_stays_flat(agents):  # benchmarks live measures it for as long as wanted
    for agent, _ in agents.values():
        quarter = len(agent.rss_mb) // 4
        early, late = np.median(agent.rss_mb[quarter : 2 * quarter]), np.median(agent.rss_mb[-quarter:])
        assert late - early < MOST_GROWTH_MB, f"{early:.1f} MB, then {late:.1f} MB"
