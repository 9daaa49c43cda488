"""Start with the system: the entry is really written and read on Linux; for the others, what they are given to read."""

import configparser
import os
import plistlib
import subprocess
import sys
import types
from pathlib import Path

import pytest

from monitor import autostart
from monitor.errors import EnvironmentProblem
from tests.conftest import ROOT


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A configuration folder that is not there yet."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def entry_of(path):
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read(path, encoding="utf-8")
    return dict(parser["Desktop Entry"])


def words_of(path):
    """The command as a desktop reads it: unescaped as any string, then unquoted as a shell does, then its codes."""
    line = entry_of(path)["Exec"].replace("\\\\", "\\")
    done = subprocess.run(["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True)
    return done.stdout.replace("%%", "%").splitlines()


def test_it_is_added_and_removed_and_both_may_be_repeated(config):
    assert not autostart.starts_with_system()
    for _ in range(2):
        autostart.set_start_with_system(True)
        assert autostart.starts_with_system()
    entry = entry_of(config / "autostart" / "evenkeel.desktop")
    assert (entry["Type"], entry["Terminal"]) == ("Application", "false")
    assert [path.name for path in (config / "autostart").iterdir()] == ["evenkeel.desktop"]
    for _ in range(2):
        autostart.set_start_with_system(False)
        assert not autostart.starts_with_system()
    assert not list((config / "autostart").iterdir())


def test_an_entry_that_is_right_is_not_touched(config):
    autostart.set_start_with_system(True)
    path = config / "autostart" / "evenkeel.desktop"
    os.utime(path, (1, 1))
    autostart.set_start_with_system(True)
    assert path.stat().st_mtime == 1


def test_an_entry_of_a_program_that_moved_is_renewed(config, monkeypatch, tmp_path):
    autostart.set_start_with_system(True)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    assert not autostart.starts_with_system()
    autostart.set_start_with_system(True)
    assert autostart.starts_with_system()
    assert str(tmp_path / "elsewhere") in entry_of(config / "autostart" / "evenkeel.desktop")["Exec"]


@pytest.mark.parametrize(
    "word",
    ["plain", "with blank", "50%", 'a "quoted" $HOME `x`', "back\\slash", "with\\ both", "semi;colon", "üñí"],
)
def test_words_of_the_command_survive_the_desktop_entry(word, tmp_path):
    path = tmp_path / "x.desktop"
    path.write_text(autostart.desktop_entry(["/bin/program", word]), encoding="utf-8")
    assert words_of(path) == ["/bin/program", word]


def test_the_entry_starts_the_program(config, tmp_path, monkeypatch):
    folder = tmp_path / "a program's folder 100%"
    folder.mkdir()
    program = folder / "evenkeel-live"
    program.write_text('#!/bin/sh\necho started > "$(dirname "$0")/seen"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    autostart.set_start_with_system(True)
    subprocess.run(words_of(config / "autostart" / "evenkeel.desktop"), check=True)
    assert (folder / "seen").read_text() == "started\n"


def test_without_the_installed_program_python_starts_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert autostart.start_command() == [str(tmp_path / "python"), "-P", "-m", "monitor", "live"]
    program = "evenkeel-live" + (".exe" if sys.platform == "win32" else "")
    (tmp_path / program).touch()
    assert autostart.start_command() == [str(tmp_path / program)]


def test_a_folder_that_cannot_be_written_is_one_sentence(config):
    config.write_text("a file in the way")
    with pytest.raises(EnvironmentProblem, match="cannot be started with the system"):
        autostart.set_start_with_system(True)
    assert not autostart.starts_with_system()


def test_a_mac_gets_a_launch_agent(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    autostart.set_start_with_system(True)
    agent = plistlib.loads((tmp_path / "Library" / "LaunchAgents" / "evenkeel.plist").read_bytes())
    assert agent["ProgramArguments"] == autostart.start_command()
    assert agent["RunAtLoad"] is True
    assert "KeepAlive" not in agent, "who quits it wants it to stay away"
    assert autostart.starts_with_system()
    autostart.set_start_with_system(False)
    assert not autostart.starts_with_system()


class Registry(types.ModuleType):
    """Stands in for winreg: one key with values."""

    HKEY_CURRENT_USER, KEY_READ, KEY_SET_VALUE, REG_SZ = "HKCU", 1, 2, 3

    def __init__(self):
        super().__init__("winreg")
        self.values, self.opened = {}, []

    def CreateKeyEx(self, root, path, _reserved, rights):  # noqa: N802
        self.opened.append((root, path, rights))
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def QueryValueEx(self, _key, name):  # noqa: N802
        if name not in self.values:
            raise FileNotFoundError
        return self.values[name], self.REG_SZ

    def SetValueEx(self, _key, name, _reserved, kind, value):  # noqa: N802
        assert kind == self.REG_SZ
        self.values[name] = value

    def DeleteValue(self, _key, name):  # noqa: N802
        if self.values.pop(name, None) is None:
            raise FileNotFoundError


def test_windows_gets_a_value_under_the_users_run_key(monkeypatch):
    registry = Registry()
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(autostart, "start_command", lambda: ["C:\\Program Files\\Evenkeel\\evenkeel-live.exe"])
    assert not autostart.starts_with_system()
    autostart.set_start_with_system(False)
    autostart.set_start_with_system(True)
    assert registry.values == {"evenkeel": '"C:\\Program Files\\Evenkeel\\evenkeel-live.exe"'}
    assert autostart.starts_with_system()
    autostart.set_start_with_system(False)
    assert registry.values == {}
    assert {(root, path) for root, path, _ in registry.opened} == {("HKCU", autostart.RUN_KEY)}


def test_the_files_for_a_whole_company_say_the_same():
    folder = ROOT / "packaging" / "autostart"
    assert (folder / "evenkeel.desktop").read_text() == autostart.desktop_entry(["evenkeel-live"])
    program = "/Applications/Evenkeel.app/Contents/MacOS/evenkeel-live"
    assert (folder / "evenkeel.plist").read_bytes() == autostart.launch_agent([program])
    registry = (folder / "evenkeel.reg").read_bytes().decode()
    assert f"[HKEY_LOCAL_MACHINE\\{autostart.RUN_KEY}]" in registry
    assert '"evenkeel"=' in registry
