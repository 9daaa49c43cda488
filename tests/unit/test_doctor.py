"""``evenkeel doctor`` and ``evenkeel devices``: what they say when parts are there, and when they are not."""

import builtins
import json
import shutil
import sys
import types
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from monitor.cli import evenkeel
from monitor.commands import doctor, doctor_live
from monitor.errors import EnvironmentProblem
from monitor.live.events import CaptureState
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
    monkeypatch.setattr(microphone, "view_now", lambda: None)
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
    [found] = json.loads(run("devices", "--json").stdout)["devices"]
    assert expected.items() <= found.items()


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


def test_this_machine_can_analyse(sound, monkeypatch):
    sound([device("Headset", 1)])
    monkeypatch.setattr(doctor_live, "_listen", lambda: ("Headset", -40.0))
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
    monkeypatch.setattr(doctor_live, "look_apart", lambda: ("xcb", True, True))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert [check.ok for check in doctor.check_screen()] == [False]
    monkeypatch.setenv("DISPLAY", ":7")
    assert [check.id for check in doctor.check_screen()] == ["display", "window", "compositor", "tray"]
    assert doctor.check_screen()[0].detail == "DISPLAY=:7"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert all(check.ok for check in doctor.check_screen())


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


@pytest.mark.parametrize(
    ("heard", "ok", "words"),
    [
        (("Headset", -31.4), True, "Headset: -31 dBFS just now"),
        (("Headset", -120.0), True, "is it muted?"),
        (("Headset is gone.", None), False, "Headset is gone. (What there is: evenkeel devices)"),
    ],
)
def test_the_microphone_is_listened_to(sound, monkeypatch, heard, ok, words):
    sound([device("Headset", 1)])
    monkeypatch.setattr(doctor_live, "_listen", lambda: heard)
    inputs, microphone_check = doctor.check_sound()
    assert (inputs.ok, microphone_check.ok, microphone_check.essential) == (True, ok, False)
    assert words in microphone_check.detail


def test_listening_takes_the_loudest_moment_and_stops(monkeypatch):
    closed = []

    class Source:
        def __init__(self, agent, customer, on_change):
            assert (agent, customer) == (None, None)
            self.on_change = on_change

        def blocks(self):
            yield np.ones((1, 320), np.float32)  # before the device is there: not its sound
            self.on_change(0, CaptureState.HEARING, "Headset", "")
            while True:
                yield np.full((1, 320), 0.1, np.float32)

        def close(self):
            closed.append(True)

    monkeypatch.setattr("monitor.sources.live.LiveSource", Source)
    device_name, level_dbfs = doctor_live._listen()
    assert (device_name, round(level_dbfs, 3)) == ("Headset", -20.0)
    assert closed


def test_a_microphone_that_is_gone_is_told_in_its_own_words(monkeypatch):
    class Source:
        def __init__(self, _agent, _customer, on_change):
            self.on_change = on_change

        def blocks(self):
            self.on_change(0, CaptureState.LOST, "Headset", "Headset is not there.")
            yield np.zeros((1, 320), np.float32)

        def close(self):
            pass

    monkeypatch.setattr("monitor.sources.live.LiveSource", Source)
    assert doctor_live._listen() == ("Headset is not there.", None)


def test_a_window_without_compositor_and_tray_is_still_a_window():
    checks = {check.id: check for check in doctor_live.check_window(lambda: ("xcb", False, False))}
    assert checks["window"].ok
    assert not checks["compositor"].ok
    assert "plain background" in checks["compositor"].detail
    assert not checks["tray"].ok
    assert not any(check.mend for check in checks.values())


def test_a_missing_library_comes_with_the_command_that_adds_it(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    text = "The window cannot be opened, because the library libxcb-cursor.so.0 is missing. To see how to add it: x"
    for found in (text, None):
        [check] = doctor_live.check_window(lambda found=found: found)
        assert not check.ok
        assert check.mend.startswith("sudo apt-get install -y libegl1 ")
    assert "To see how" not in doctor_live.check_window(lambda: text)[0].detail
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert doctor_live.check_window(lambda: text)[0].mend is None


@pytest.mark.parametrize("group", ["sound", "window"])
@pytest.mark.parametrize("tool", ["apt-get", "dnf"])
def test_each_installer_that_is_known_has_its_packages(monkeypatch, group, tool):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    monkeypatch.setattr(shutil, "which", lambda name: name if name == tool else None)
    assert doctor_live.system_packages_command(group).startswith(f"{tool} install -y ")


def test_the_desktop_is_looked_at_from_another_process(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert doctor_live.look_apart() == ("offscreen", True, False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
def test_a_display_that_is_gone_is_a_sentence(monkeypatch):
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":987")
    found = doctor_live.look_apart()
    assert isinstance(found, str)
    assert "does not answer" in found
    [check] = doctor_live.check_window(lambda: found)
    assert (check.ok, check.mend) == (False, None)


@pytest.mark.parametrize(
    ("fine", "words"),
    [
        ((), "cannot be analysed yet"),
        (("python",), "Recordings can be analysed."),
        (("python", "microphone"), "without a window (evenkeel live --headless)"),
        (("python", "microphone", "window"), "with a light on the screen"),
    ],
)
def test_the_conclusion_says_what_can_be_done(fine, words):
    ids = ("python", "microphone", "window")
    checks = [doctor.Check(name, name, name in fine, name == "python", "", "") for name in ids]
    assert words in doctor._conclusion(checks)
