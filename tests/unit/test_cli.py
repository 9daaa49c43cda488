"""The command line's frame: quick help, one sentence for whatever goes wrong, the right exit code."""

import importlib
import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from monitor import cli
from monitor.errors import BugError, EnvironmentProblem, InputProblem, ParameterError


@pytest.fixture
def failing(monkeypatch, tmp_path):
    """A command that raises what it is told to; logs go into the test's own folder."""
    monkeypatch.setattr("platformdirs.user_log_dir", lambda *_args, **_options: str(tmp_path / "logs"))

    def run(error):
        @click.command()
        def fails():
            raise error

        monkeypatch.setattr(cli.evenkeel, "get_command", lambda _context, _name: fails)
        return cli.main(["doctor"])

    return run


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ParameterError("Give a number."), 2, "Give a number."),
        (InputProblem("call.wav is empty."), 1, "call.wav is empty."),
        (EnvironmentProblem("The disk is full."), 3, "The disk is full."),
        (KeyboardInterrupt(), 130, "Stopped."),
        (click.Abort(), 130, "Stopped."),
        (click.exceptions.Exit(1), 1, ""),
        (SystemExit(3), 3, ""),
        (SystemExit("No."), 1, "No."),
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (MemoryError(), 3, "This machine ran out of memory; close other programs or use fewer --jobs."),
    ],
)
def test_failures_become_a_sentence_and_a_code(failing, capfd, error, code, text):
    assert failing(error) == code
    out, err = capfd.readouterr()
    assert (out, err.strip()) == ("", text)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ValueError("secret detail"), 70, "inside Evenkeel (ValueError)"),
        (BugError("broken promise"), 70, "inside Evenkeel (BugError)"),
        (OSError(28, "No space left on device"), 3, "No space left on device"),
        (ModuleNotFoundError("no av", name="av"), 3, "A part of Evenkeel is missing: av."),
    ],
)
def test_the_unforeseen_is_logged_and_told_in_one_line(failing, capfd, tmp_path, *, error, code, words):
    assert failing(error) == code
    err = capfd.readouterr().err
    logs = list((tmp_path / "logs").glob("error-*.log"))
    assert words in err
    assert "Traceback" not in err
    assert err.count("\n") == 1
    assert str(logs[0]) in err
    assert "Traceback" in logs[0].read_text(encoding="utf-8")


def test_without_a_place_for_the_log_the_way_to_see_more_is_told(failing, capfd, tmp_path):
    (tmp_path / "logs").write_text("in the way")
    assert failing(ValueError("x")) == 70
    assert "EVENKEEL_DEBUG=1 shows more" in capfd.readouterr().err


def test_old_logs_are_dropped(failing, tmp_path):
    (tmp_path / "logs").mkdir()
    for number in range(15):
        (tmp_path / "logs" / f"error-2020{number:02}.log").write_text("old")
    failing(ValueError("x"))
    assert len(list((tmp_path / "logs").iterdir())) == cli.KEPT_LOGS


def test_debugging_shows_the_traceback(failing, monkeypatch):
    monkeypatch.setenv("EVENKEEL_DEBUG", "1")
    with pytest.raises(ValueError, match="secret"):
        failing(ValueError("secret detail"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["analyse"], 'There is no command "analyse". Did you mean "analyze"?'),
        (["frobnicate"], "There are: demo, live, call, analyze"),
        (["doctor", "--jsn"], "(See: evenkeel doctor --help)"),
        (["doctor", "too", "much"], "(See: evenkeel doctor --help)"),
        (["--nope"], "(See: evenkeel --help)"),
    ],
)
def test_wrong_use_is_one_sentence_with_the_way_to_the_help(capfd, arguments, words):
    assert cli.main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_without_arguments_the_help_is_shown(capfd):
    assert cli.main([]) == 2
    assert "Commands:" in capfd.readouterr().err


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_an_example(name):
    done = CliRunner().invoke(cli.evenkeel, [name, "--help"], prog_name="evenkeel")
    assert done.exit_code == 0
    assert f"Example: evenkeel {name}" in done.output


@pytest.mark.parametrize("entry", cli.COMMANDS.values(), ids=cli.COMMANDS)
def test_every_line_of_the_overview_is_a_short_sentence(entry):
    module, _, attribute = entry.where.partition(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)
    assert entry.help.endswith(".")
    assert len(entry.help) <= 60


def test_a_table_that_names_no_command_is_our_mistake(monkeypatch):
    monkeypatch.setitem(cli.COMMANDS, "bad", cli.Entry("monitor.errors:MonitorError", "Bad."))
    with pytest.raises(BugError):
        cli.evenkeel.get_command(click.Context(cli.evenkeel), "bad")


def started(child_environment, *arguments, **settings):
    command = [sys.executable, "-m", "monitor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=child_environment, timeout=60, **settings)


def test_help_loads_nothing_heavy(child_environment):
    code = "import sys; from monitor.cli import main; main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=child_environment)
    loaded = done.stderr
    assert "Commands:" in done.stdout
    for module in ("numpy", "rich", "pydantic", "pyarrow", "av", "platformdirs", "monitor.commands.demo"):
        assert f"'{module}'" not in loaded


def test_version_is_that_of_the_project(child_environment, root):
    import tomllib

    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    done = started(child_environment, "--version")
    assert done.stdout in (f"evenkeel {declared}\n", "evenkeel (not installed)\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")  # noqa: PTH110
def test_full_output_is_told(child_environment):
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path of ours
        command = [sys.executable, "-m", "monitor", "doctor", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=child_environment)
    assert done.returncode == 3
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_a_reader_that_leaves_is_no_error(child_environment):
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "monitor", "doctor", "--json"]
    with os.fdopen(write_end, "w") as gone:
        done = subprocess.run(command, stdout=gone, stderr=subprocess.PIPE, text=True, env=child_environment)
    assert (done.returncode, done.stderr) == (141, "")


def test_json_is_readable_whatever_the_encoding(child_environment):
    done = started({**child_environment, "PYTHONIOENCODING": "ascii"}, "doctor", "--json")
    assert json.loads(done.stdout)["schema"] == "evenkeel.doctor/1"
