"""``evenkeel live --headless`` as another program sees it: lines of JSON, one door, a clean end."""

import json
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from monitor.cli import main
from monitor.commands._log import logged
from tests.live_fakes import until

# The devices are a recording heard at the pace of a microphone; everything else is the program as it is.
PROGRAM = """
import sys
import numpy as np
import monitor.live.session, monitor.sources.microphone
from monitor.live.events import CaptureState
from monitor.sources.array import ArraySource
from monitor.sources.paced import PacedSource
from tests.live_fakes import call_audio


class Source:
    def __init__(self, settings, on_change):
        self._open = True
        y = np.tile(call_audio(0, 30), (1, 20))
        self._source = PacedSource(ArraySource(y), block=320)
        self.info = self._source.info
        on_change(0, CaptureState.HEARING, settings.agent_device or "system", "Hearing.")

    def blocks(self):
        for block in self._source.blocks():
            if not self._open:
                return
            yield block

    def close(self):
        self._open = False


monitor.live.session._devices = Source
monitor.sources.microphone.load_sounddevice = lambda: None
from monitor.cli import main
sys.exit(main(sys.argv[1:]))
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="ends programs by signals")


@pytest.fixture
def environment(child_environment, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return {**child_environment, "XDG_RUNTIME_DIR": str(tmp_path), "PYTHONWARNINGS": "error"}


@pytest.fixture
def start(environment, tmp_path):
    running = []

    def started(*arguments):
        program = [sys.executable, "-c", PROGRAM, "live", "--headless", "--recogniser", "none", *arguments]
        with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
            process = subprocess.Popen(program, env=environment, stdout=out, stderr=err)
        running.append(process)
        until(lambda: (tmp_path / "evenkeel" / "control").exists() or process.poll() is not None)
        return process

    yield started
    for process in running:
        process.kill()
        process.wait()


def lines(tmp_path):
    return [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]


def seen(tmp_path):
    return {line["event"] for line in lines(tmp_path)} if (tmp_path / "out").stat().st_size else set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_call_driven_from_outside_ends_with_its_result(start, tmp_path, capsys, number):
    process = start("--json", "--measures", "--calls", "manual", "--agent-device", "Headset")
    assert main(["call", "start", "--customer", "Ms Smith", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "in_call"
    assert main(["live", "--headless"]) == 2
    assert "runs already" in capsys.readouterr().err
    time.sleep(2)
    assert main(["call", "name", "Dr Jones"]) == 0
    process.send_signal(number)
    assert process.wait(30) == 0
    assert (tmp_path / "err").read_text() == ""
    told = lines(tmp_path)
    assert told[-1]["event"] == "call_ended"
    assert told[-1]["result"]["source"]["duration_s"] > 1.5
    kinds = [line["event"] for line in told]
    assert {"levels_measured", "measures", "customer_named", "light_changed"} <= set(kinds)
    assert "frames_measured" not in kinds
    changes = [line["state"] for line in told if line["event"] == "session_changed"]
    assert changes == ["ready", "in_call", "ended"]
    device = next(line for line in told if line["event"] == "capture_changed")
    assert (device["device"], device["state"], device["channel"]) == ("Headset", "hearing", 0)
    assert not list((tmp_path / "evenkeel").iterdir())
    assert main(["call", "status"]) == 3


def test_a_call_that_begins_by_itself(start, tmp_path):
    process = start("--json")
    until(lambda: "call_began" in seen(tmp_path))
    process.terminate()
    assert process.wait(30) == 0
    began = next(line for line in lines(tmp_path) if line["event"] == "call_began")
    assert began["automatic"] is True
    assert lines(tmp_path)[-1]["event"] == "call_ended"


def test_without_json_nothing_is_printed(start, tmp_path):
    process = start()
    process.terminate()
    assert process.wait(30) == 0
    assert (tmp_path / "out").read_bytes() == b""


def test_settings_with_mistakes_are_told_and_used(start, tmp_path):
    settings = tmp_path / "mine.toml"
    settings.write_text('calls = "never"\nagent_device = "Desk"\n')
    process = start("--json", "--settings", str(settings))
    until(lambda: "capture_changed" in seen(tmp_path))
    process.terminate()
    assert process.wait(30) == 0
    assert (tmp_path / "err").read_text() == (
        "mine.toml, line 1: 'calls' should be 'manual' or 'automatic'; its usual value is used.\n"
    )
    assert next(line for line in lines(tmp_path) if line["event"] == "capture_changed")["device"] == "Desk"


def test_settings_that_are_not_there_are_told(start, tmp_path):
    process = start("--settings", str(tmp_path / "mistyped.toml"))
    until(lambda: "mistyped.toml" in (tmp_path / "err").read_text())
    process.terminate()
    assert process.wait(30) == 0
    assert (tmp_path / "err").read_text().endswith("mistyped.toml; the usual settings are used.\n")


def test_what_goes_wrong_is_kept_in_a_log(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with logged():
        try:
            raise ValueError("odd")
        except ValueError:
            logging.getLogger("monitor.live.engine").exception("a call could not begin")
        logging.getLogger("ui.app").info("Qt: nothing of interest")
    [log] = tmp_path.rglob("live.log")
    text = log.read_text(encoding="utf-8")
    assert "a call could not begin" in text
    assert "ValueError: odd" in text
    assert "nothing of interest" not in text


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--json"], "--json and --measures go with --headless."),
        (["--headless", "--measures"], "--measures goes with --json."),
        (["--headless", "--profile", "../x"], "--profile may have letters, digits, spaces and - . _ ( ) only, "),
        (["--headless", "--policy", "nowhere.toml"], "nowhere.toml"),
        (["--headless", "--model", "nowhere"], "nowhere"),
        (["--headless", "--calls", "never"], "never"),
    ],
)
def test_wrong_use(capsys, arguments, sentence, monkeypatch):
    monkeypatch.setattr("monitor.sources.microphone.load_sounddevice", lambda: None)
    assert main(["live", *arguments]) in (2, 3)
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.out == ""


def test_a_reader_that_goes_away_ends_it(environment):
    program = [sys.executable, "-c", PROGRAM, "live", "--headless", "--recogniser", "none", "--json"]
    process = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 141
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="makes a pipe small")
def test_a_reader_that_stopped_reading_keeps_it_from_nothing(environment, tmp_path):
    import fcntl

    hasty = "import monitor.commands.live; monitor.commands.live._READ_S = 0.3\n" + PROGRAM
    program = [sys.executable, "-c", hasty, "live", "--headless", "--recogniser", "none", "--json", "--measures"]
    environment = {**environment, "XDG_DATA_HOME": str(tmp_path / "data")}
    process = subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        until(lambda: '"call_began"' in process.stdout.readline().decode())
        time.sleep(1)
        process.terminate()
        assert process.wait(30) == 141
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    assert list((tmp_path / "data" / "evenkeel" / "days").iterdir())
