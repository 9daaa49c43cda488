"""The house's form: ruff and mypy have nothing to say, files stay short, nothing of one machine is written down."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST, HARD_LIMIT = 400, 450
CODE = [
    path
    for where in ("monitor", "models", "ui", "benchmarks", "tests")
    for path in sorted((ROOT / where).rglob("*.py"))
] + [ROOT / "run.py"]  # fmt: skip
TEXTS = [
    *CODE, ROOT / "pyproject.toml", ROOT / ".ci" / "run", *sorted((ROOT / "requirements").iterdir()),
    *sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")),
]  # fmt: skip


def tool(*command):
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=170)


def test_ruff_is_content():
    done = tool("ruff", "check", "--output-format", "concise", ".")
    assert done.returncode == 0, f"ruff check:\n{done.stdout}{done.stderr}"


def test_mypy_is_content():
    done = tool("mypy", "--strict")
    assert done.returncode == 0, f"mypy --strict:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_is_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= HARD_LIMIT, f"{lines} lines: split it (goal {LONGEST}, limit {HARD_LIMIT})"


def test_most_files_keep_to_the_goal():
    long = [path.name for path in CODE if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST]
    assert len(long) <= len(CODE) // 20, f"over {LONGEST} lines: {', '.join(long)}"


def test_nothing_of_one_machine_is_written_down():
    own = re.compile(r"(?<![\w.])/(?:work|home|root)/|(?:index|pypi|files\.pythonhosted)[\w.-]*\.(?:org|io)/")
    found = [f"{path.relative_to(ROOT)}: {hit.group()}" for path in TEXTS
             for hit in own.finditer(path.read_text(encoding="utf-8")) if path.name != Path(__file__).name]
    assert not found, "\n".join(found)
