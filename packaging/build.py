"""Make a folder with Evenkeel that needs no Python, and try it: ``python packaging/build.py [--out FOLDER]``.

``python3 run.py package`` installs what this takes and runs it. The folder is for systems like the one it was made on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = Path(__file__).with_name("evenkeel.spec")
TRY_S = 120.0  # at most, for each try of the finished program
WORKING = ("packages", "mathematics", "decoders", "tables", "recogniser")  # of evenkeel doctor
SHOW_S = 2.0  # long enough for the window to fail, if it does


class BuildProblem(Exception):
    """The folder could not be made or does not work; the text says what was tried and what came of it."""


def write_metadata(folder: Path) -> None:
    """Write what ``evenkeel --version`` reads, without installing the project."""
    folder.mkdir(parents=True, exist_ok=True)
    say = "import sys, setuptools.build_meta as b; b.prepare_metadata_for_build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", say, str(folder)], cwd=ROOT, check=True, capture_output=True)


def build(out: Path, work: Path) -> Path:
    """Run PyInstaller; return the folder with the programs."""
    write_metadata(work)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", str(out),
               "--workpath", str(work / "pyinstaller"), str(SPEC)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "EVENKEEL_METADATA": str(work)}, check=False)
    if done.returncode:
        raise BuildProblem("PyInstaller could not make the folder; what it said stands above.")
    return out / "evenkeel"


def size_mb(folder: Path) -> float:
    """Size of a folder; what is linked counts once."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 1e6


def program(folder: Path, name: str) -> str:
    """Path of a program in the folder."""
    return str(folder / (name + (".exe" if sys.platform == "win32" else "")))


def bare_environment() -> dict[str, str]:
    """An environment without a Python, a checkout or a screen, as on the machine of somebody else."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "QT_"))}
    return {**kept, "QT_QPA_PLATFORM": "offscreen"}


def answer_of(command: Sequence[str], what: str) -> str:
    """What a program prints.

    Raises
    ------
    BuildProblem
        It failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, timeout=TRY_S, env=bare_environment(), check=False)
    if done.returncode:
        raise BuildProblem(f"{what} ends with code {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def try_command(folder: Path) -> None:
    """The version, its parts, the demo with the recogniser in its own process, a batch with workers, a store."""
    evenkeel = program(folder, "evenkeel")
    version = answer_of([evenkeel, "--version"], "evenkeel --version").split()[-1]
    if not version[:1].isdigit():
        raise BuildProblem(f"evenkeel --version says {version}")
    answer_of([evenkeel, "models", "list", "--json"], "evenkeel models")  # as the window asks
    checks = json.loads(answer_of([evenkeel, "doctor", "--json"], "evenkeel doctor"))["checks"]
    lacking = [check["detail"] for check in checks if check["id"] in WORKING and not check["ok"]]
    if lacking:
        raise BuildProblem(f"parts are missing: {'; '.join(lacking)}")
    result = json.loads(answer_of([evenkeel, "demo", "--fast", "--json"], "evenkeel demo"))
    seen = {light["light"] for light in result["lights"]}
    if not {"green", "red"} <= seen:
        raise BuildProblem(f"the demo shows {', '.join(sorted(seen))}, not every light")
    call, out = ROOT / "monitor" / "demo" / "call.flac", folder.parent / "tried"
    store = ["--store-at", str(out / "calls.sqlite")]
    batch = [evenkeel, "analyze", str(call), "--out", str(out), "--format", "json,parquet", "--jobs", "2", "--force"]
    answer_of([*batch, *store], "evenkeel analyze")
    judged = json.loads((out / "call.json").read_text(encoding="utf-8"))
    if judged["lights"] != result["lights"] or not judged["words"] or not list(out.glob("*.parquet")):
        raise BuildProblem("evenkeel analyze and the demo disagree about the same call")
    try_store(evenkeel, out)


def try_store(evenkeel: str, out: Path) -> None:
    """What was stored is listed, judged again and written as a page."""
    store = ["--store", str(out / "calls.sqlite")]
    stored = json.loads(answer_of([evenkeel, "calls", "list", *store, "--json"], "evenkeel calls"))
    if not stored:
        raise BuildProblem("evenkeel calls lists nothing of what evenkeel analyze stored")
    answer_of([evenkeel, "rejudge", "--policy", "upset-customer-en", *store], "evenkeel rejudge")
    answer_of([evenkeel, "report", str(out / "call.json"), "--out", str(out / "call.html")], "evenkeel report")


def try_window(folder: Path) -> None:
    """The window starts, stays, and ends when it is told to."""
    window = subprocess.Popen([program(folder, "evenkeel-live")], env=bare_environment(), stderr=subprocess.PIPE)
    try:
        _, errors = window.communicate(timeout=SHOW_S)
        raise BuildProblem(f"the window ended by itself with code {window.returncode}: {errors.decode()[-2000:]}")
    except subprocess.TimeoutExpired:
        window.terminate()
        window.communicate(timeout=TRY_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, try and tell; exit code 0 when everything works."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where the folder goes (dist)")
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="where intermediate files go (build)")
    parser.add_argument("--no-window", action="store_true", help="do not try the window")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        folder = build(options.out.resolve(), options.work.resolve())
        built_s = time.monotonic() - started
        try_command(folder)
        if not options.no_window:
            try_window(folder)
    except BuildProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    sys.stdout.write(f"{folder}: {size_mb(folder):.0f} MB, built in {built_s:.0f} s, tried and working\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
