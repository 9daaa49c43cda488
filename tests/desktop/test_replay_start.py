"""How the replay window comes and goes as a program: on a real screen, without one, and with what it cannot show."""

import os
import subprocess
import sys

import numpy as np
import pytest

from monitor.cli import main
from tests.desktop.screen import screen  # noqa: F401
from tests.media import write_sound
from ui.palette import LIGHTS

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays differ elsewhere")


def evenkeel(*args, **display):
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env.pop("QT_QPA_PLATFORM", None)
    command = [sys.executable, "-m", "monitor", "replay", *args]
    return subprocess.run(command, env={**env, **display}, capture_output=True, text=True, timeout=60)


@pytest.fixture
def recording(root):
    return str(root / "tests" / "data" / "speech_slt.flac")


def test_without_a_display_there_is_one_sentence_and_exit_code_3(recording):
    done = evenkeel(recording)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("There is no display here")
    assert "evenkeel report" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content", "code", "told"),
    [
        ("missing.wav", None, 2, "is no file: give a recording"),
        ("empty.wav", b"", 1, "empty.wav is empty"),
        ("letter.txt", b"Dear customer", 1, "is not a recording that can be read"),
    ],
)
def test_what_is_no_call_is_told_before_any_window(tmp_path, capfd, name, content, code, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert main(["replay", str(tmp_path / name)]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_policy_that_is_none_is_refused_before_any_window(recording, capfd):
    assert main(["replay", recording, "--policy", "of-nobody"]) == 2
    assert "of-nobody" in capfd.readouterr().err


def test_a_recording_is_analysed_shown_and_closed_by_its_key(screen, tmp_path):  # noqa: F811
    rate_hz = 16_000
    at_s = np.arange(8.0, step=1 / rate_hz)
    write_sound(tmp_path / "hum.wav", 0.1 * np.sign(np.sin(2 * np.pi * 140 * at_s)), rate_hz)
    command = [sys.executable, "-m", "monitor", "replay", str(tmp_path / "hum.wav"), "--recogniser", "none"]
    replay = subprocess.Popen(command, env=screen.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    grey = np.array(LIGHTS["grey"])

    def seen(what):
        """Whether it is so; at once an end with the program's own words where that is gone."""
        assert replay.poll() is None, replay.communicate()
        return what()

    try:
        screen.until(lambda: seen(lambda: screen.has_focus("hum.wav - Evenkeel replay")), 60.0)
        screen.until(
            lambda: seen(lambda: (np.abs(screen.pixels().astype(int) - grey).max(axis=2) < 4).sum() > 500), 60.0
        )
        screen.xdotool("key", "ctrl+w")
        told, errors = replay.communicate(timeout=30)
    finally:
        replay.kill()
    assert (replay.returncode, told, errors) == (0, "", "")
