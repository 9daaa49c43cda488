"""Set Evenkeel up on this machine and start it.

    python3 run.py [ARGS]              the program; without ARGS the demo
    python3 run.py test [ARGS]         the whole test suite (ARGS go to pytest)
    python3 run.py benchmark [NAME]    the measurements that we publish: one, all, or their list
    python3 run.py package             a folder with Evenkeel that needs no Python
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
    from collections.abc import Callable, Iterator, Sequence

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
# Two at a time, each file as a whole: many tests wait for sound or for a screen. -n 0 runs one after the other.
PYTEST = ["-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
PROGRAMS = {"test": PYTEST, "benchmark": ["-m", "benchmarks"], "package": ["packaging/build.py"]}
USES = ("run", *PROGRAMS)

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
    parts = [(ROOT / "requirements" / f"{use}.lock").read_bytes(), (ROOT / "pyproject.toml").read_bytes()]
    parts += [str(part).encode() for part in (ROOT, real, real.stat().st_size, real.stat().st_mtime_ns)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp() -> "dict[str, str]":
    """What was installed, by use; empty when nobody knows."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return {str(key): str(value) for key, value in json.loads(STAMP.read_text(encoding="utf-8")).items()}
    return {}


def is_ready(use: str, groups: "Sequence[str]" = ()) -> bool:
    """Whether the installation for this use is complete and current, and these system packages were seen to."""
    stamp = read_stamp()
    with contextlib.suppress(OSError):
        current = not UNFINISHED.exists() and stamp.get(use) == digest(use)
        return current and {*groups} <= {*stamp.get("system", "").split()}
    return False


def run_logged(command: "list[str]", on_line: "Callable[[str], None]") -> "tuple[int, str]":
    """Run a command, hand each line to ``on_line`` as it comes, add it to the log; return exit code and output."""
    lines = []
    with (STATE / "log").open("a", encoding="utf-8") as log:
        log.write("$ " + " ".join(command) + "\n")
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
            encoding="utf-8", errors="replace", env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip
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
        """Do one step, showing how long it takes and what it is at; SetupProblem says which failed, and why."""
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
    package = line.partition(" ")[2].split("==")[0] if line.startswith("Collecting ") else ""
    return f"fetching {package}"[:40] if package else "writing packages" if line.startswith("Installing coll") else ""


def explain(output: str) -> str:
    """Turn the output of a failed command into one sentence with a remedy."""
    for sign, meaning in EXPLANATIONS.items():
        if sign in output:
            return meaning
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "fatal"))]
    reason = [*errors, *lines[-1:], "it said nothing"][0]
    return f"{reason} (everything it said is in {STATE / 'log'})"


def is_debian() -> bool:
    """Whether apt-get installs packages here."""
    return sys.platform == "linux" and Path("/usr/bin/apt-get").exists() and Path("/usr/bin/dpkg-query").exists()


def system_groups(use: str, arguments: "list[str]") -> "Sequence[str]":
    """Groups of system packages that there is a point in: none for what runs in a terminal without a screen."""
    if not is_debian():
        return ()
    if use == "test":
        return ("sound", "window", "rig", "pages", "database")
    every = not arguments[1:2] or arguments[1].startswith("-")  # without a name all of them run
    if use == "benchmark" and (every or {"live", "replay", "all"} & {*arguments}):
        return ("sound", "window", "rig")
    if use == "run" and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return ("sound", "window")
    return ("sound",) if arguments[:1] in (["live"], ["devices"]) else ()


def missing_packages(groups: "Sequence[str]") -> "dict[str, list[str]]":
    """The Debian packages of these groups that are not there, by what goes missing without them."""
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status} ${Package} ${Provides}\n"]
    listed = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines() if groups else []
    # a package may go on under another name, which then says that it provides the old one
    there = {word.rstrip(",") for line in listed if line.startswith("installed ") for word in line.split()[1:]}
    known = json.loads((ROOT / "monitor" / "system_packages.json").read_text(encoding="utf-8")) if groups else {}
    missing = {known[group]["without"]: [name for name in known[group]["apt-get"] if name not in there]
               for group in groups}  # fmt: skip
    return {loss: names for loss, names in missing.items() if names}


def is_root() -> bool:
    """Whether system packages may be installed."""
    return sys.platform != "win32" and os.geteuid() == 0


def apt_install(progress: Progress, packages: list[str]) -> None:
    """Install Debian packages; the lists are fetched only when apt does not know the packages yet."""
    install = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", *packages]
    shell = ["sh", "-c", '"$@" || { apt-get update && "$@"; }', "sh", *install]
    more = f" and {len(packages) - 3} more" if len(packages) > 3 else ""
    progress.step(f"Installing {', '.join(packages[:3])}{more} with apt-get", shell)


def add_system_packages(progress: Progress, missing: "dict[str, list[str]]") -> None:
    """Install what is missing as root, else say how; the program works without, so nothing here is fatal."""
    packages = [name for names in missing.values() for name in names]
    if packages and is_root():
        try:
            return apt_install(progress, packages)
        except SetupProblem as failed:
            say(str(failed))
    note = f"Note: {'; '.join(missing)}. To mend it: sudo apt-get install -y {' '.join(packages)}"
    return say(note) if missing else None


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
        if not is_debian():
            raise SetupProblem(f"{sys.executable} lacks venv and ensurepip. Install a complete Python from python.org.")
        package = "python{}.{}-venv".format(*sys.version_info)
        if not is_root():
            raise SetupProblem(f"Python lacks a part. Start again after: sudo apt-get install -y {package}")
        progress.total += 1
        apt_install(progress, [package])
    if VENV.exists() and not VENV.is_dir():
        raise SetupProblem(f"{VENV} is in the way: it is not a folder. Move it elsewhere and start again.")
    base = str(getattr(sys, "_base_executable", "") or sys.executable)  # not the one in .venv, which is about to go
    progress.step(f"Making .venv with Python {'.'.join(map(str, sys.version_info[:3]))}",
                  [base, "-m", "venv", "--clear", str(VENV)])  # fmt: skip


def install(progress: Progress, use: str) -> None:
    """Install the lock of this use with its hashes, then the project itself."""
    lock = ROOT / "requirements" / f"{use}.lock"
    count = sum(line[:1].isalnum() for line in lock.read_text(encoding="utf-8").splitlines())
    pip = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps",
           "--progress-bar", "off"]  # fmt: skip
    # Ready-made builds only: building from source would fetch build tools that no lock covers.
    locked = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    progress.step(f"Installing {count} packages from {lock.name}", [*pip, *locked])
    project = ["--no-build-isolation", "--config-settings", "editable_mode=compat", "-e", str(ROOT)]
    progress.step("Installing Evenkeel itself", [*pip, *project])
    UNFINISHED.unlink(missing_ok=True)


def write_stamp(use: str, groups: "Sequence[str]") -> None:
    """Remember that the installation for this use is complete."""
    stamp, part = read_stamp(), STAMP.with_suffix(".part")
    seen_to = sorted({*stamp.get("system", "").split(), *groups})
    stamp |= {use: digest(use), "system": " ".join(seen_to)}
    part.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")
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
    except OSError as problem:
        return not isinstance(problem, (BlockingIOError, PermissionError))
    return True


def set_up(use: str, groups: "Sequence[str]", anew: bool) -> None:
    """Bring ``.venv`` to what this use needs, and add these groups of system packages; any step can be repeated."""
    try:
        STATE.mkdir(exist_ok=True)
        (STATE / "lock").touch()
    except OSError as error:
        raise SetupProblem(f"{ROOT} cannot be written ({error.strerror}). Put it into a folder of yours.") from error
    with one_at_a_time():
        if is_ready(use, groups) and not anew:
            return  # the start that we waited for did it
        (STATE / "log").write_text("", encoding="utf-8")
        progress, missing = Progress(), missing_packages(groups)
        ready = is_ready(use) and not anew
        fresh = anew or not (ready or venv_works())
        progress.total = 2 * (not ready) + fresh + bool(missing and is_root())
        if fresh and VENV.exists() and not anew:
            why = "was left half made" if UNFINISHED.exists() else "does not work"
            say(f"The .venv that is there {why}, so it is made anew.")
        add_system_packages(progress, missing)
        if fresh:
            make_venv(progress)
        if not ready:
            install(progress, use)
        write_stamp(use, groups)


def start(arguments: "list[str]") -> int:
    """Go on as the program; on Windows, where a process cannot replace itself, wait for it: Ctrl-C is for it alone."""
    command = [str(venv_python()), *arguments]
    if os.name != "nt":
        os.execv(command[0], command)
    process = subprocess.Popen(command)
    while process.returncode is None:
        with contextlib.suppress(KeyboardInterrupt):
            process.wait()
    return process.returncode


def main(arguments: list[str]) -> int:
    """Set up what is missing and start what was asked for."""
    first, rest = (arguments[0], arguments[1:]) if arguments else ("demo", [])
    use = first if first in PROGRAMS else "run"
    groups = system_groups(use, arguments)
    if first == "setup" or not is_ready(use, groups):
        set_up(use, groups, anew=first == "setup")
    if first == "setup":
        say("Everything is set up. Start it with: python3 run.py")
        return 0
    if use == "run":
        return start(["-P", "-m", "monitor", first, *rest])
    os.chdir(ROOT)
    return start([*PROGRAMS[use], *rest])


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
