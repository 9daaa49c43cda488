"""``evenkeel doctor`` and ``evenkeel devices``: what they say when parts are there, and when they are not."""

import builtins
import json
import shutil
import sys
import types
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import evenkeel
from monitor.commands import doctor
from monitor.errors import EnvironmentProblem
from monitor.sources import microphone


class PortAudioError(Exception):
    """As sounddevice's own."""


def fake_sounddevice(devices):
    def query_devices():
        if isinstance(devices, Exception):
            raise devices
        return devices

    return types.SimpleNamespace(
        query_devices=query_devices,
        query_hostapis=lambda: ({"name": "ALSA"},),
        default=types.SimpleNamespace(device=[1, -1]),
        PortAudioError=PortAudioError,
    )


def device(name, inputs):
    return {"name": name, "hostapi": 0, "max_input_channels": inputs, "default_samplerate": 44100.0}


@pytest.fixture
def sound(monkeypatch):
    """Put devices, or an error, in the place of the sound system."""
    return lambda devices: monkeypatch.setitem(sys.modules, "sounddevice", fake_sounddevice(devices))


@pytest.fixture
def broken_import(monkeypatch):
    """Make the import of a module fail as it would on a machine that lacks it."""
    real = builtins.__import__

    def install(module, error):
        def importing(name, *args, **kwargs):
            if name == module:
                raise error
            return real(name, *args, **kwargs)

        monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.setattr(builtins, "__import__", importing)

    return install


def run(*arguments):
    return CliRunner().invoke(evenkeel, arguments)


def report():
    done = run("doctor", "--json")
    found = json.loads(done.stdout)
    return done.exit_code, found, {check["id"]: check for check in found["checks"]}


def test_devices_are_listed_with_the_default_marked(sound):
    sound([device("Speaker", 0), device("Headset", 1), device("Line", 2)])
    done = run("devices")
    assert done.exit_code == 0
    assert "* Headset  (ALSA, 1 channel, 44100 Hz)\n  Line  (ALSA, 2 channels, 44100 Hz)\n" in done.stdout
    assert "Speaker" not in done.stdout


def test_devices_as_json(sound):
    sound([device("Speaker", 0), device("Headset", 1)])
    expected = {"name": "Headset", "system": "ALSA", "channels": 1, "rate_hz": 44100, "is_default": True}
    assert json.loads(run("devices", "--json").stdout)["devices"] == [expected]


@pytest.mark.parametrize("devices", [[], [device("Speaker", 0)]])
def test_no_microphone_is_told_kindly(sound, devices):
    sound(devices)
    done = run("devices")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr == "No microphone is there. Connect one and try again.\n"


def test_a_sound_system_that_does_not_answer(sound):
    sound(PortAudioError("Error querying device -1"))
    done = run("devices", "--json")
    assert done.exit_code == 3
    assert "does not answer" in json.loads(done.stdout)["problem"]


def test_missing_portaudio_comes_with_the_command_that_adds_it(broken_import, monkeypatch):
    broken_import("sounddevice", OSError("PortAudio library not found"))
    monkeypatch.setattr(microphone, "portaudio_command", lambda: "sudo apt-get install -y libportaudio2")
    done = run("devices")
    assert done.exit_code == 3
    assert "sudo apt-get install -y libportaudio2" in done.stderr


@pytest.mark.parametrize("error", [ImportError("no"), PortAudioError("Host API not found")])
def test_other_sound_trouble_is_of_this_machine(broken_import, error):
    broken_import("sounddevice", error)
    with pytest.raises(EnvironmentProblem):
        microphone.input_devices()


@pytest.mark.parametrize(
    ("tool", "user", "command"),
    [
        ("apt-get", 1000, "sudo apt-get install -y libportaudio2"),
        ("dnf", 1000, "sudo dnf install -y portaudio"),
        ("apk", 0, "apk add portaudio"),
        ("none", 0, None),
    ],
)
def test_portaudio_command_fits_the_system(monkeypatch, tool, user, command):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: user, raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == tool else None)
    assert microphone.portaudio_command() == command


def test_this_machine_can_analyse(sound):
    sound([device("Headset", 1)])
    code, found, checks = report()
    assert found["packages"]
    assert (code, found["ok"]) == ((0, True) if checks["packages"]["ok"] else (3, False))
    for part in ("python", "mathematics", "decoders", "tables", "recogniser", "sound"):
        assert checks[part]["ok"], checks[part]
    assert "libsndfile" in checks["decoders"]["detail"]


def test_every_check_says_what_for():
    for check in doctor.examine():
        assert check.title
        assert check.detail
        assert check.needed_for


def test_a_missing_package_is_essential_and_mended_by_one_command(monkeypatch):
    requirements = ["av>=14", "librosa>=0.11; sys_platform != 'x'", "pytest>=8; extra == 'test'"]
    monkeypatch.setattr(metadata, "requires", lambda _name: requirements)
    real = metadata.version

    def version(name):
        if name == "av":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    code, found, checks = report()
    assert (code, found["ok"]) == (3, False)
    assert set(found["packages"]) == {"av", "librosa"}
    assert checks["packages"]["detail"] == "missing: av"
    assert "run.py setup" in found["mend"]
    done = run("doctor")
    assert done.exit_code == 3
    assert "MISSING" in done.stdout
    assert f"To mend it: {found['mend']}" in done.stdout


def test_a_broken_decoder_is_essential(broken_import):
    broken_import("av", ImportError("libavcodec.so.62: cannot open shared object file"))
    code, found, checks = report()
    assert (code, found["ok"]) == (3, False)
    assert "libavcodec.so.62" in checks["decoders"]["detail"]


def test_a_missing_recogniser_or_sound_system_is_not_essential(broken_import):
    broken_import("pocketsphinx", ImportError("no pocketsphinx"))
    check = next(check for check in doctor.examine() if check.id == "recogniser")
    assert (check.ok, check.essential) == (False, False)


def test_screen_is_found_by_the_session(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert not doctor.check_display().ok
    monkeypatch.setenv("DISPLAY", ":7")
    assert doctor.check_display().detail == "DISPLAY=:7"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert doctor.check_display().ok


def test_folders_that_do_not_exist_yet_are_judged_by_where_they_would_be(tmp_path, monkeypatch):
    folder = tmp_path / "new" / "deeper"
    assert doctor.check_folder("calls", folder).ok
    assert not folder.exists()
    (tmp_path / "new").write_text("a file in the way")
    assert not doctor.check_folder("calls", folder).ok
    monkeypatch.setattr("os.access", lambda *_: False)
    assert "cannot be written" in doctor.check_folder("calls", tmp_path).detail


def test_a_full_disk_is_noticed(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: types.SimpleNamespace(free=1e6))
    assert not doctor.check_folder("calls", Path.cwd()).ok
