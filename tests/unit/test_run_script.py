"""``run.py``: sets up once, mends what is half made, explains what fails. A fake plays installing: no network."""

import importlib.util
import json
import subprocess
import sys
import threading
import time

import pytest

from tests.conftest import ROOT


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Load ``run.py`` as a fresh module that believes to live in a small project of its own."""
    spec = importlib.util.spec_from_file_location("run_under_test", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    home = tmp_path / "project"
    (home / "requirements").mkdir(parents=True)
    (home / "pyproject.toml").write_text("[project]\n")
    for use in module.USES:
        (home / "requirements" / f"{use}.lock").write_text("one==1 \\\n    --hash=sha256:0\ntwo==2\n")
    for name, path in {
        "ROOT": "",
        "VENV": ".venv",
        "STATE": ".setup",
        "STAMP": ".venv/evenkeel.json",
        "UNFINISHED": ".venv/unfinished",
    }.items():
        monkeypatch.setattr(module, name, home / path)
    monkeypatch.setattr(module, "missing_packages", lambda _groups: {})
    return module


@pytest.fixture
def steps(run, monkeypatch):
    """Replace the outside commands: making .venv puts a Python there, pip does what ``steps.pip`` says."""

    class Steps:
        def __init__(self):
            self.done = []
            self.output, self.code = "", 0

        def __call__(self, command, on_line):
            self.done.append(command)
            if "venv" in command:
                (run.VENV / "bin").mkdir(parents=True, exist_ok=True)
                run.venv_python().parent.mkdir(exist_ok=True)
                run.venv_python().write_text("")
                run.UNFINISHED.unlink(missing_ok=True)
                return 0, ""
            for line in self.output.splitlines():
                on_line(line)
            return self.code, self.output

        def count(self):
            found = len(self.done)
            self.done.clear()
            return found

    fake = Steps()
    fake.done = []
    monkeypatch.setattr(run, "run_logged", fake)
    monkeypatch.setattr(run, "venv_works", lambda: run.venv_python().exists() and not run.UNFINISHED.exists())
    monkeypatch.setattr(run, "start", lambda arguments: fake.done.append(["start", *arguments]) or 0)
    return fake


@pytest.mark.parametrize(
    ("version", "fine"),
    [
        ((3, 9, 18), False),
        ((3, 10, 13), False),
        ((3, 11, 0), True),
        ((3, 13, 9), True),
        ((3, 14, 0), False),
        ((), False),
    ],
)
def test_fitting_pythons(run, version, fine):
    problem = run.python_problem(version)
    assert (problem == "") is fine
    if not fine:
        assert "3.11, 3.12 or 3.13" in problem


def test_old_python_gets_one_sentence(tmp_path):
    text = (ROOT / "run.py").read_text(encoding="utf-8")
    old = tmp_path / "run.py"
    old.write_text(text.replace("import sys\n", "import sys\nsys.version_info = (3, 9, 18, 'final', 0)\n", 1), "utf-8")
    done = subprocess.run([sys.executable, str(old)], capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stderr.startswith("Evenkeel needs Python 3.11, 3.12 or 3.13; this is 3.9.18.")
    assert done.stderr.count("\n") == 1


def test_syntax_is_read_by_old_pythons():
    import ast

    ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_first_start_makes_everything_and_the_second_nothing(run, steps):
    assert run.guarded([]) == 0
    venv, packages, project, start = steps.done
    assert venv[1:4] == ["-m", "venv", "--clear"]
    assert "--require-hashes" in packages
    assert {"--no-deps", "--no-build-isolation", "-e"} <= set(project)
    assert start == ["start", "-P", "-m", "monitor", "demo"]
    steps.count()
    assert run.guarded(["analyze", "x.wav"]) == 0
    assert steps.done == [["start", "-P", "-m", "monitor", "analyze", "x.wav"]]


@pytest.mark.parametrize(
    ("arguments", "lock", "started"),
    [
        (
            ["test", "-k", "x"],
            "test.lock",
            ["-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-k", "x"],
        ),
        (["benchmark", "speed"], "benchmark.lock", ["-m", "benchmarks", "speed"]),
        (["package"], "package.lock", ["packaging/build.py"]),
        (["doctor"], "run.lock", ["-P", "-m", "monitor", "doctor"]),
    ],
)
def test_each_use_has_its_lock_and_its_program(run, steps, monkeypatch, arguments, lock, started):
    monkeypatch.chdir(ROOT)  # what the program changes comes back after the test
    run.guarded(arguments)
    assert steps.done[1][-1].endswith(lock)
    assert steps.done[-1] == ["start", *started]


@pytest.mark.parametrize("change", ["requirements/run.lock", "pyproject.toml", ".venv/bin/python"])
def test_what_the_installation_depends_on_renews_it(run, steps, change):
    run.guarded([])
    steps.count()
    changed = run.venv_python() if "python" in change and "toml" not in change else run.ROOT / change
    changed.write_text(changed.read_text() + "# changed\n")
    run.guarded([])
    assert steps.count() == 3


def test_a_copied_checkout_is_not_taken_for_ready(run, steps, monkeypatch, tmp_path):
    run.guarded([])
    assert run.is_ready("run")
    monkeypatch.setattr(run, "ROOT", run.ROOT.rename(tmp_path / "moved"))
    for name in ("VENV", "STAMP", "UNFINISHED"):
        monkeypatch.setattr(run, name, run.ROOT / getattr(run, name).relative_to(tmp_path / "project"))
    assert not run.is_ready("run")


@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"run": 1}', "\x00"])
def test_a_broken_stamp_is_no_stamp(run, steps, stamp):
    run.guarded([])
    run.STAMP.write_text(stamp)
    steps.count()
    assert run.guarded([]) == 0
    assert steps.count() == 3
    assert "run" in json.loads(run.STAMP.read_text())


@pytest.mark.parametrize(
    ("output", "meaning"),
    [
        ("WARNING: NewConnectionError(...)\nERROR: No matching distribution found for av==18", "cannot be reached"),
        ("ERROR: No matching distribution found for av==18", "no fitting build"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one in the lock"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ProxyError('Cannot connect to proxy.', ...)", "HTTPS_PROXY"),
        ("note\nERROR: something odd\nmore", "ERROR: something odd"),
        ("", "it said nothing"),
    ],
)
def test_failed_step_says_which_and_why_and_can_be_repeated(run, steps, capfd, output, meaning):
    steps.output, steps.code = output, 1
    assert run.guarded([]) == 3
    err = capfd.readouterr().err
    assert "[2/3] Installing 2 packages from run.lock failed: " in err
    assert meaning in err
    assert "Traceback" not in err
    steps.output, steps.code = "", 0
    steps.count()
    assert run.guarded([]) == 0
    assert steps.count() == 3, "the .venv that was made is kept"


def test_a_kill_while_packages_are_written_makes_everything_anew(run, steps, capfd):
    steps.output, steps.code = "Installing collected packages: one, two", 1
    run.guarded([])
    steps.output, steps.code = "", 0
    steps.count()
    assert run.guarded([]) == 0
    assert steps.count() == 4
    assert "half made" in capfd.readouterr().err


def test_setup_makes_everything_anew(run, steps):
    run.guarded([])
    steps.count()
    assert run.guarded(["setup"]) == 0
    assert steps.count() == 3


def test_ctrl_c_is_told(run, steps, monkeypatch, capfd):
    def stopped(_command, _on_line):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run_logged", stopped)
    assert run.guarded([]) == 130
    assert "Stopped. Start again to go on." in capfd.readouterr().err


def test_the_unforeseen_is_a_sentence(run, monkeypatch, capfd):
    def broken(*_):
        raise RuntimeError("odd")

    monkeypatch.setattr(run, "is_ready", broken)
    assert run.guarded([]) == 3
    assert "RuntimeError: odd" in capfd.readouterr().err


def test_a_file_in_the_way_is_named(run, capfd):
    run.VENV.write_text("not a folder")
    assert run.guarded([]) == 3
    assert f"{run.VENV} is in the way" in capfd.readouterr().err


def test_two_starts_at_once_set_up_once(run, steps):
    slow = steps.__call__

    def slowly(command, on_line):
        time.sleep(0.2)
        return slow(command, on_line)

    run.run_logged = slowly
    starts = [threading.Thread(target=run.guarded, args=([],)) for _ in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert sum("--require-hashes" in command for command in steps.done) == 1
    assert sum(command[0] == "start" for command in steps.done) == 2


@pytest.mark.parametrize("root", [True, False])
def test_missing_system_packages_never_stop_the_start(run, steps, monkeypatch, capfd, root):
    monkeypatch.setattr(run, "is_debian", lambda: True)
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setattr(run, "missing_packages", lambda _groups: {"microphones cannot be heard": ["libportaudio2"]})
    monkeypatch.setattr(run, "is_root", lambda: root)
    monkeypatch.setattr(run, "apt_install", lambda *_: (_ for _ in ()).throw(run.SetupProblem("apt failed")))
    assert run.guarded([]) == 0
    err = capfd.readouterr().err
    assert "microphones cannot be heard. To mend it: sudo apt-get install -y libportaudio2" in err
    assert ("apt failed" in err) is root
    assert run.guarded([]) == 0
    assert not capfd.readouterr().err, "told once"


@pytest.mark.parametrize(
    ("use", "arguments", "screen", "groups"),
    [
        ("run", [], "", ()),
        ("run", ["analyze", "live"], "", ()),
        ("run", ["live", "--headless"], "", ("sound",)),
        ("run", [], "DISPLAY", ("sound", "window")),
        ("run", ["live"], "WAYLAND_DISPLAY", ("sound", "window")),
        ("test", ["test", "-q"], "", ("sound", "window", "rig", "pages", "database")),
        ("benchmark", ["benchmark", "live"], "", ("sound", "window", "rig")),
        ("benchmark", ["benchmark"], "", ("sound", "window", "rig")),
        ("benchmark", ["benchmark", "speed"], "DISPLAY", ()),
        ("package", ["package"], "DISPLAY", ()),
    ],
)
def test_system_packages_are_asked_for_where_there_is_a_point(run, monkeypatch, use, arguments, screen, groups):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if screen:
        monkeypatch.setenv(screen, "7")
    monkeypatch.setattr(run, "is_debian", lambda: True)
    assert run.system_groups(use, arguments) == groups
    monkeypatch.setattr(run, "is_debian", lambda: False)
    assert run.system_groups(use, arguments) == ()


def test_a_screen_that_comes_later_adds_its_packages_and_nothing_else(run, steps, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(run, "is_debian", lambda: True)
    monkeypatch.setattr(run, "is_root", lambda: True)
    monkeypatch.setattr(run, "missing_packages", lambda groups: {"x": ["libegl1"]} if "window" in groups else {})
    run.guarded([])
    assert steps.count() == 4
    monkeypatch.setenv("DISPLAY", ":7")
    run.guarded([])
    assert steps.done[0][-1] == "libegl1"
    assert steps.count() == 2
    run.guarded([])
    assert steps.count() == 1


def test_packages_under_a_new_name_are_there(monkeypatch, run):
    spec = importlib.util.spec_from_file_location("run_again", ROOT / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    listed = "installed libglib2.0-0t64 libglib2.0-0 (= 2.80)\ninstalled libegl1 \nconfig-files libgl1 \n"
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, listed, ""))
    [(loss, missing)] = module.missing_packages(["window"]).items()
    assert loss == "no window can be shown"
    assert "libgl1" in missing
    assert not {"libglib2.0-0", "libegl1"} & set(missing)
    assert module.missing_packages([]) == {}


@pytest.mark.parametrize(
    ("debian", "root", "words"),
    [(False, False, "complete Python"), (True, False, "sudo apt-get install -y python3"), (True, True, "")],
)
def test_a_python_without_venv(run, steps, monkeypatch, capfd, debian, root, words):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    monkeypatch.setattr(run, "is_debian", lambda: debian)
    monkeypatch.setattr(run, "is_root", lambda: root)
    assert run.guarded([]) == (0 if root else 3)
    assert words in capfd.readouterr().err
    if root:
        assert steps.done[0][-1].endswith("-venv")


def test_a_working_venv_is_recognised(run, monkeypatch):
    assert not run.venv_works()
    run.VENV.mkdir()
    this = "{}.{}.{}".format(*sys.version_info)
    (run.VENV / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {this}\n")
    monkeypatch.setattr(run, "venv_python", lambda: sys.executable)
    assert run.venv_works()
    (run.VENV / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.9.1\n")
    assert not run.venv_works(), "the system's Python moved on"
    (run.VENV / "pyvenv.cfg").write_text("")
    assert not run.venv_works(), "cut short"


def test_commands_are_logged_and_killed_with_us(run):
    run.STATE.mkdir()
    run.ROOT.mkdir(exist_ok=True)
    seen = []
    code, output = run.run_logged([sys.executable, "-c", "print('one'); print('two'); exit(4)"], seen.append)
    assert (code, output.split(), seen) == (4, ["one", "two"], ["one", "two"])
    assert "one\ntwo\n" in (run.STATE / "log").read_text()


def locked(use):
    names = {}
    for entry in (ROOT / "requirements" / f"{use}.lock").read_text(encoding="utf-8").split("\n"):
        if entry[:1].isalnum():
            name, _, rest = entry.partition("==")
            names[name] = rest.split()[0]
    return names


@pytest.mark.parametrize("use", ["run", "test", "benchmark", "package"])
def test_locks_hold_every_dependency_with_hashes_and_no_address(use):
    import re
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    wanted += project["project"]["optional-dependencies"].get(use, [])
    names = {re.split(r"[^\w-]", spec)[0].lower() for spec in wanted}
    assert names <= set(locked(use))
    text = (ROOT / "requirements" / f"{use}.lock").read_text(encoding="utf-8")
    assert "://" not in text
    entries = re.split(r"^(?=\w)", text.split("\n", 2)[2], flags=re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in entries if entry.strip())


def test_locks_agree_on_versions():
    run_lock = locked("run")
    for use in ("test", "benchmark", "package"):
        assert run_lock.items() <= locked(use).items()
