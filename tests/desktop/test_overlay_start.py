"""How the window comes and goes: without a display, with one that does not answer, politely, soon, and in the demo."""

import json
import os
import signal
import subprocess
import sys

import pytest

from monitor.errors import EnvironmentProblem
from tests.desktop.screen import screen, start  # noqa: F401
from ui.display import has_display, prepare_display

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays differ elsewhere")
SOON_S = 4.0  # on a busy machine; docs/performance.md has what it takes


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Another one that runs on this machine is none of these tests' business."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def evenkeel(*args, **display):
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env.pop("QT_QPA_PLATFORM", None)
    command = [sys.executable, "-m", "monitor", *args]
    return subprocess.run(command, env={**env, **display}, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("display", "told"),
    [
        ({}, "There is no display here"),
        ({"DISPLAY": ":9999"}, "The display :9999 does not answer"),
        ({"DISPLAY": "nonsense"}, "The display nonsense does not answer"),
        ({"WAYLAND_DISPLAY": "wayland-99"}, "The display wayland-99 does not answer"),
    ],
)
def test_without_a_display_there_is_one_sentence_and_exit_code_3(display, told):
    done = evenkeel("live", **display)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith(told)
    assert "evenkeel live --headless" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_demo_asked_to_use_a_window_says_the_same():
    done = evenkeel("demo", "--view", "window")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert "no display" in done.stderr


def test_a_library_that_qt_lacks_is_named(monkeypatch):
    class Loader:
        def __init__(self, path):
            self.path = path

        def load(self):
            return False

        def errorString(self):  # noqa: N802
            return (
                f"Cannot load library {self.path}: (libxcb-cursor.so.0: cannot open shared object file: No such file)"
            )

    monkeypatch.setattr("PyQt6.QtCore.QPluginLoader", Loader)
    with pytest.raises(EnvironmentProblem, match=r"the library libxcb-cursor\.so\.0 is missing"):
        prepare_display({"DISPLAY": ":0"})


def test_under_wayland_an_x_server_is_preferred(screen):  # noqa: F811
    environment = {"DISPLAY": screen.name, "WAYLAND_DISPLAY": "wayland-0"}
    server = prepare_display(environment)
    assert server.blends()
    server.close()
    assert environment["QT_QPA_PLATFORM"] == "xcb"


def test_a_platform_that_was_asked_for_is_left_alone():
    environment = {"QT_QPA_PLATFORM": "offscreen"}
    assert prepare_display(environment) is None
    assert environment == {"QT_QPA_PLATFORM": "offscreen"}


def test_a_display_is_guessed_from_the_environment():
    assert has_display({"DISPLAY": ":0"})
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"})
    assert not has_display({"DISPLAY": ""})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_politely(screen, start, tmp_path, number):  # noqa: F811
    (tmp_path / "settings.toml").touch()
    stage = start(screen, "stage", tmp_path / "settings.toml", "{}")
    stage.hear("started")
    stage.process.send_signal(number)
    assert stage.process.wait(10) == 0


def test_a_session_that_ends_takes_the_window_along(screen, start, tmp_path):  # noqa: F811
    (tmp_path / "settings.toml").touch()
    stage = start(screen, "stage", tmp_path / "settings.toml", "{}")
    stage.hear("started")
    stage.tell(end=True)
    assert stage.process.wait(10) == 0


def test_is_painted_soon_and_before_anything_heavy_is_loaded(screen, start, tmp_path):  # noqa: F811
    (tmp_path / "settings.toml").touch()
    stage = start(screen, "stage", tmp_path / "settings.toml", json.dumps({}))
    told = stage.hear("painted")
    assert told["after_s"] < SOON_S
    assert told["loaded"] == []


def test_the_demo_plays_in_a_window_and_sums_up(screen, tmp_path):  # noqa: F811
    command = [sys.executable, "-m", "monitor", "demo", "--view", "window", "--recogniser", "none"]
    demo = subprocess.Popen(command, env=screen.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        screen.until(lambda: "Evenkeel: why this light" in screen.stacking())
        demo.send_signal(signal.SIGINT)
        told, errors = demo.communicate(timeout=30)
    finally:
        demo.kill()
    assert (demo.returncode, errors) == (0, "")
    assert "Stopped early; this is the call so far." in told
    assert "Lights " in told


def test_the_demo_from_a_terminal_chooses_the_window_where_there_is_a_display(screen):  # noqa: F811
    leader, follower = os.openpty()
    demo = subprocess.Popen(
        [sys.executable, "-m", "monitor", "demo", "--recogniser", "none"],
        env=screen.env, stdin=follower, stdout=follower, stderr=follower,
    )  # fmt: skip
    try:
        screen.until(lambda: "Evenkeel: why this light" in screen.stacking())
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    finally:
        demo.kill()
        demo.wait()
        os.close(follower)
    assert b"The light is on your screen" in os.read(leader, 4096)
    os.close(leader)
