"""``evenkeel doctor`` on a machine with a microphone and a screen: it listens for a moment and opens the display."""

import json
import os
import subprocess
import sys

import pytest

from tests.desktop.screen import bare_screen, screen  # noqa: F401


def examined(pulse, on, folder, device):
    settings = folder / "evenkeel" / "settings.toml"
    settings.parent.mkdir()
    settings.write_text(f'agent_device = "{device}"\n', encoding="utf-8")
    env = {**os.environ, **on.env, **pulse.env, "XDG_CONFIG_HOME": str(folder)}
    command = [sys.executable, "-m", "monitor", "doctor", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    return {check["id"]: check for check in json.loads(done.stdout)["checks"]}


@pytest.mark.parametrize(("desktop", "blends"), [("screen", True), ("bare_screen", False)])
def test_what_is_there_is_found(pulse, request, tmp_path, desktop, blends):
    checks = examined(pulse, request.getfixturevalue(desktop), tmp_path, "mouth.monitor")
    assert checks["sound"]["ok"]
    assert checks["microphone"]["ok"], checks["microphone"]
    assert "silent just now" in checks["microphone"]["detail"]
    assert (checks["window"]["ok"], checks["window"]["detail"]) == (True, "X11")
    assert checks["compositor"]["ok"] is blends
    assert not checks["tray"]["ok"]


def test_a_microphone_that_is_not_there_is_told(pulse, request, tmp_path):
    checks = examined(pulse, request.getfixturevalue("screen"), tmp_path, "a headset at home")
    assert not checks["microphone"]["ok"]
    assert "a headset at home" in checks["microphone"]["detail"]
    assert "evenkeel devices" in checks["microphone"]["detail"]
