"""Set Evenkeel up on this machine and start it.

    python3 run.py [ARGS]              the program; without ARGS the demo
    python3 run.py test [ARGS]         the whole test suite (ARGS go to pytest)
    python3 run.py benchmark [NAME]    the measurements that we publish
    python3 run.py setup               make everything anew, when something is broken

Needs nothing but Python. Everything goes into ``.venv`` beside this file; packages are installed from the locks in
``requirements/`` with their hashes. pip's own settings (index, proxy, cache) are honoured and never changed.

Exit codes: those of the program; 3 when this machine cannot be set up, 130 when stopped.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLDEST, NEWEST = (3, 11), (3, 13)


def python_problem(version: "tuple[int, ...]") -> str:
    """Say why this Python will not do, or nothing. Runs on old Pythons, so it keeps to old syntax."""
    if OLDEST <= version[:2] <= NEWEST:
        return ""
    this = ".".join(str(part) for part in version[:3])
    wanted = "3.11, 3.12 or 3.13"
    return f"Evenkeel needs Python {wanted}; this is {this}. Start it with one of those, for example: python3.12 run.py"


if python_problem(sys.version_info[:3]):
    sys.stderr.write(python_problem(sys.version_info[:3]) + "\n")
    sys.exit(3)

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STATE = ROOT / ".setup"  # beside .venv, because it must outlive it
STAMP = VENV / "evenkeel.json"
UNFINISHED = VENV / "unfinished"  # there while packages are being written
USES = ("run", "test", "benchmark")

# Debian and Ubuntu packages by use, each with what goes missing without it. Every use includes those of "run".
SYSTEM_PACKAGES: dict[str, dict[str, str]] = {
    "run": {"libportaudio2": "microphones cannot be heard"},
    "test": {},
    "benchmark": {},
}

# What pip or apt print, and what that means for the person who started us. The first that fits is told.
UNREACHABLE = "the package index cannot be reached. Check the network and pip's index settings, and start again."
EXPLANATIONS = {
    "No space left on device": "the disk is full. Free some space and start again.",
    "DO NOT MATCH THE HASHES": "a downloaded package is not the one in the lock, so it was not installed. Start again;"
    " if it stays so, ask whoever runs your package index.",
    "CERTIFICATE_VERIFY_FAILED": "the package index's certificate is not trusted here. Name the right one in PIP_CERT.",
    "ProxyError": "the proxy refused. Check the HTTPS_PROXY setting and start again.",
    "NewConnectionError": UNREACHABLE,
    "NameResolutionError": UNREACHABLE,
    "Failed to establish a new connection": UNREACHABLE,
    "Temporary failure resolving": UNREACHABLE,
    "timed out": "the package index answers too slowly. Start again; what was downloaded is kept.",
    "ermission denied": "a file or folder may not be written. Check who owns the folder of Evenkeel.",
    "No matching distribution found": "pip's index has no fitting build of a package. Check pip's index settings.",
}


class SetupProblem(Exception):
    """Set-up cannot go on; the text is one sentence for the user."""


def say(text: str = "", end: str = "\n") -> None:
    """Write to standard error, so that results on standard output stay clean."""
    print(text, end=end, file=sys.stderr, flush=True)


def venv_python() -> Path:
    """The interpreter inside ``.venv``."""
    return VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def digest(use: str) -> str:
    """Stand for everything that an installation depends on: lock, project, place and interpreter."""
    real = venv_python().resolve()
    facts = real.stat()
    parts = [(ROOT / "requirements" / f"{use}.lock").read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    parts += [str(part).encode() for part in (ROOT, real, facts.st_size, facts.st_mtime_ns)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp() -> dict[str, str]:
    """What was installed, by use; empty when nobody knows."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def is_ready(use: str) -> bool:
    """Whether the installation for this use is complete and current."""
    try:
        return not UNFINISHED.exists() and read_stamp().get(use) == digest(use)
    except OSError:
        return False


def run_logged(command: "list[str]", on_line: "Callable[[str], None]") -> "tuple[int, str]":
    """Run a command, hand each line to ``on_line`` as it comes, add it to the log; return exit code and output."""
    lines = []
    with (STATE / "log").open("a", encoding="utf-8") as log:
        log.write("$ " + " ".join(command) + "\n")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
            encoding="utf-8", errors="replace", env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        with process:
            try:
                for line in process.stdout or ():
                    lines.append(line)
                    log.write(line)
                    on_line(line.strip())
                return process.wait(), "".join(lines)
            finally:
                if process.poll() is None:
                    process.terminate()


class Progress:
    """Tells steps as they go: one line that is rewritten on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self.total = self.number = 0
        self.live = sys.stderr.isatty()
        self.end = "" if self.live else "\n"

    def step(self, what: str, command: "list[str]") -> None:
        """Do one step, showing how long it takes and what it is at.

        Raises
        ------
        SetupProblem
            The command failed; says which step and why.
        """
        self.number += 1
        head, started, at, done = f"[{self.number}/{self.total}] {what}", time.monotonic(), [""], threading.Event()

        def show() -> None:
            while not done.wait(0.5 if self.live else 10):
                text = f"{time.monotonic() - started:.0f} s  {at[0]}"
                say(f"\r{head + ' ... ' + text:<78.78}" if self.live else "      " + text, end=self.end)

        def note(line: str) -> None:
            at[0] = brief(line) or at[0]
            if line.startswith("Installing collected packages"):
                UNFINISHED.touch()  # from here on a kill leaves half a package

        say(head + " ...", end=self.end)
        ticker = threading.Thread(target=show, name="progress", daemon=True)
        ticker.start()
        try:
            code, output = run_logged(command, note)
        except OSError as problem:
            code, output = 1, str(problem)
        finally:
            done.set()
            ticker.join()
            say(f"\r{'':<78}\r" if self.live else "", end="")
        if code:
            raise SetupProblem(f"{head} failed: {explain(output)}")
        say(f"{head if self.live else '     '} done in {time.monotonic() - started:.0f} s")


def brief(line: str) -> str:
    """What pip is at, in two words."""
    if line.startswith("Installing collected packages"):
        return "writing packages"
    word, _, rest = line.partition(" ")
    return f"fetching {rest.split('==')[0]}"[:40] if word == "Collecting" else ""


def explain(output: str) -> str:
    """Turn the output of a failed command into one sentence with a remedy."""
    for sign, meaning in EXPLANATIONS.items():
        if sign in output:
            return meaning
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "fatal"))]
    reason = (errors or lines or ["it said nothing"])[0 if errors else -1].strip()
    return f"{reason} (everything it said is in {STATE / 'log'})"


def is_debian() -> bool:
    """Whether apt-get installs packages here."""
    return sys.platform == "linux" and Path("/usr/bin/apt-get").exists() and Path("/usr/bin/dpkg-query").exists()


def missing_system_packages(use: str) -> dict[str, str]:
    """Debian packages that this use wants and that are not there, each with what goes missing."""
    if not is_debian():
        return {}
    missing = {}
    for package, loss in {**SYSTEM_PACKAGES["run"], **SYSTEM_PACKAGES[use]}.items():
        query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
        found = subprocess.run(query, capture_output=True, text=True, check=False)
        if found.stdout.strip() != "installed":
            missing[package] = loss
    return missing


def is_root() -> bool:
    """Whether system packages may be installed."""
    return sys.platform != "win32" and os.geteuid() == 0


def apt_install(progress: Progress, packages: list[str]) -> None:
    """Install Debian packages; the lists are fetched only when apt does not know the packages yet."""
    install = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", *packages]
    shell = ["sh", "-c", '"$@" || { apt-get update && "$@"; }', "sh", *install]
    progress.step(f"Installing {', '.join(packages)}", shell)


def add_system_packages(progress: Progress, missing: dict[str, str]) -> None:
    """Install what is missing as root, else say how; the program works without, so nothing here is fatal."""
    if missing and is_root():
        try:
            apt_install(progress, list(missing))
            missing = {}
        except SetupProblem as problem:
            say(str(problem))
    for package, loss in missing.items():
        say(f"Note: without {package}, {loss}. To add it: sudo apt-get install -y {package}")


def venv_works() -> bool:
    """Whether ``.venv`` holds a Python of a fitting version, with pip, and no half-written packages."""
    probe = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    try:
        settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8")
        answer = subprocess.run(
            [str(venv_python()), "-c", probe], capture_output=True, text=True, timeout=60, check=False
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return False
    made_for = [line.partition("=")[2].strip() for line in settings.splitlines() if line.startswith("version")]
    version = tuple(int(part) for part in answer.split(".")) if answer else ()
    fits = bool(made_for) and made_for[0].startswith(answer + ".")
    return fits and not (UNFINISHED.exists() or python_problem(version))


def make_venv(progress: Progress) -> None:
    """Make ``.venv`` anew, with pip in it."""
    from importlib.util import find_spec

    if find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not is_debian():
            raise SetupProblem(f"{sys.executable} lacks venv and ensurepip. Install a complete Python from python.org.")
        if not is_root():
            raise SetupProblem(f"Python lacks a part. Start again after: sudo apt-get install -y {package}")
        progress.total += 1
        apt_install(progress, [package])
    if VENV.exists() and not VENV.is_dir():
        raise SetupProblem(f"{VENV} is in the way: it is not a folder. Move it elsewhere and start again.")
    # Not sys.executable: that may be the one inside .venv, which is about to go.
    base = str(getattr(sys, "_base_executable", None) or sys.executable)
    progress.step(f"Making .venv with Python {'.'.join(map(str, sys.version_info[:3]))}",
                  [base, "-m", "venv", "--clear", str(VENV)])


def install(progress: Progress, use: str) -> None:
    """Install the lock of this use with its hashes, then the project itself."""
    lock = ROOT / "requirements" / f"{use}.lock"
    count = sum(line[:1].isalnum() for line in lock.read_text(encoding="utf-8").splitlines())
    pip = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps",
           "--progress-bar", "off"]
    # Ready-made builds only: building from source would fetch build tools that no lock covers.
    progress.step(f"Installing {count} packages from {lock.name}",
                  [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)])
    progress.step("Installing Evenkeel itself",
                  [*pip, "--no-build-isolation", "--config-settings", "editable_mode=compat", "-e", str(ROOT)])
    UNFINISHED.unlink(missing_ok=True)


def write_stamp(use: str) -> None:
    """Remember that the installation for this use is complete."""
    part = STAMP.with_suffix(".part")
    part.write_text(json.dumps({**read_stamp(), use: digest(use)}, indent=1) + "\n", encoding="utf-8")
    part.replace(STAMP)


@contextlib.contextmanager
def one_at_a_time() -> "Iterator[None]":
    """Let one start after the other set up; the system frees the lock even if we are killed."""
    with (STATE / "lock").open("a+b") as lock:
        if not try_lock(lock.fileno()):
            say("Another start of Evenkeel is setting up; waiting for it ...")
            while not try_lock(lock.fileno()):
                time.sleep(0.3)
        yield


def try_lock(descriptor: int) -> bool:
    """Take the lock, or say that somebody has it; file systems without locks count as free."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def set_up(use: str, anew: bool) -> None:
    """Bring ``.venv`` to what this use needs.

    Raises
    ------
    SetupProblem
        A step failed; it can be repeated.
    """
    try:
        STATE.mkdir(exist_ok=True)
        (STATE / "lock").touch()
    except OSError as problem:
        text = f"{ROOT} cannot be written ({problem.strerror}). Put Evenkeel into a folder of your own."
        raise SetupProblem(text) from problem
    with one_at_a_time():
        if is_ready(use) and not anew:
            return  # the start that we waited for did it
        (STATE / "log").write_text("", encoding="utf-8")
        progress, missing = Progress(), missing_system_packages(use)
        fresh = anew or not venv_works()
        progress.total = 2 + fresh + bool(missing and is_root())
        if fresh and VENV.exists() and not anew:
            why = "was left half made" if UNFINISHED.exists() else "does not work"
            say(f"The .venv that is there {why}, so it is made anew.")
        add_system_packages(progress, missing)
        if fresh:
            make_venv(progress)
        install(progress, use)
        write_stamp(use)


def start(arguments: "list[str]") -> int:
    """Go on as the program; returns only on Windows, where a process cannot replace itself."""
    command = [str(venv_python()), *arguments]
    return wait_for(command) if sys.platform == "win32" else os.execv(command[0], command)


def wait_for(command: "list[str]") -> int:
    """Run the program below us; Ctrl-C is for it alone."""
    process = subprocess.Popen(command)
    while process.returncode is None:
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()
    return process.returncode


def main(arguments: list[str]) -> int:
    """Set up what is missing and start what was asked for."""
    first, rest = (arguments[0], arguments[1:]) if arguments else ("demo", [])
    use = first if first in USES[1:] else "run"
    if first == "setup":
        set_up(use, anew=True)
        say("Everything is set up. Start it with: python3 run.py")
        return 0
    if not is_ready(use):
        set_up(use, anew=False)
    if use == "run":
        return start(["-P", "-m", "monitor", first, *rest])
    os.chdir(ROOT)
    return start(["-m", "pytest" if use == "test" else "benchmarks", *rest])


def guarded(arguments: list[str]) -> int:
    """Run ``main`` so that whoever started it reads sentences, never a traceback."""
    try:
        return main(arguments)
    except SetupProblem as problem:
        say(str(problem))
        return 3
    except KeyboardInterrupt:
        say("\nStopped. Start again to go on.")
        return 130
    except Exception as problem:
        if os.environ.get("EVENKEEL_DEBUG"):
            raise
        say(f"Setting up failed: {type(problem).__name__}: {problem}. To make everything anew: python3 run.py setup")
        return 3


if __name__ == "__main__":
    sys.exit(guarded(sys.argv[1:]))
