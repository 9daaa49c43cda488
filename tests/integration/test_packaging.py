"""The folder that needs no Python: how it starts its own processes, and, slowly, that it is built and works."""

import io
import os
import subprocess
import sys

import pytest

from models.host_child import read_frame
from models.host_worker import _command
from tests.conftest import ROOT

PACKAGING = ROOT / "packaging"


def test_a_packaged_program_starts_itself_for_the_recogniser(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "evenkeel-live"))
    program, argument = _command()
    assert program == str(tmp_path / ("evenkeel.exe" if sys.platform == "win32" else "evenkeel"))
    assert argument == "--recogniser-process"


def test_its_command_line_is_the_usual_one(child_environment):
    command = [sys.executable, str(PACKAGING / "start.py"), "--help"]
    done = subprocess.run(command, env=child_environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "evenkeel" in done.stdout


def test_its_recogniser_process_answers_its_parent(child_environment):
    command = [sys.executable, str(PACKAGING / "start.py"), "--recogniser-process"]
    with subprocess.Popen(command, env=child_environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        frame = read_frame(child.stdout)  # it says that it lives before it is told anything
        child.stdin.close()
        assert child.wait(timeout=60) == 0
    assert frame is not None


def test_what_reads_the_pipe_tells_its_end():
    assert read_frame(io.BytesIO(b"")) is None


def test_the_recipe_leaves_out_nothing_that_the_project_asks_for():
    import ast
    import tomllib

    recipe = ast.parse((PACKAGING / "evenkeel.spec").read_text(encoding="utf-8"))
    [left_out] = [
        ast.literal_eval(node.value)
        for node in recipe.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "LEFT_OUT"
    ]
    asked = {
        line.split(";")[0].split(">")[0]
        for line in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    }
    assert set(left_out) & asked == {"librosa"}, "librosa serves tests and benchmarks alone"


def test_a_double_click_on_the_mac_starts_the_light():
    import ast

    recipe = ast.parse((PACKAGING / "evenkeel.spec").read_text(encoding="utf-8"))
    [bundle] = [node for node in ast.walk(recipe) if isinstance(node, ast.Call) and ast.unparse(node.func) == "BUNDLE"]
    [facts] = [ast.literal_eval(each.value) for each in bundle.keywords if each.arg == "info_plist"]
    assert facts["CFBundleExecutable"] == "evenkeel-live", "PyInstaller takes the first program by its name"


def test_nothing_that_ships_imports_what_is_left_out():
    import ast

    wrong = []
    for path in [path for package in ("monitor", "models", "ui") for path in (ROOT / package).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            wrong += [f"{path.name}: {name}" for name in names if name.split(".")[0] in ("librosa", "numba", "sklearn")]
    assert not wrong


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tried on Linux")
def test_the_folder_is_built_and_works(tmp_path):
    pytest.importorskip("PyInstaller")
    command = [sys.executable, str(PACKAGING / "build.py"), "--out", str(tmp_path / "dist"), "--work", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=880)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "tried and working" in done.stdout
