"""``evenkeel doctor``: what works on this machine, what is missing, and the one command that mends it."""

from __future__ import annotations

import importlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

import click

from monitor.commands._check import Check
from monitor.commands._common import json_option, print_json, setup_command

OLDEST_PYTHON = (3, 11)
ENOUGH_SPACE_GB = 0.5


def check_python() -> Check:
    """The interpreter."""
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    detail = f"{platform.python_version()} on {platform.platform(terse=True)}, {platform.machine()}"
    return Check("python", "Python", ok, True, detail, "everything", None if ok else "Install Python 3.11 or newer.")


def required_packages() -> dict[str, str | None]:
    """Versions of the packages that the program declares, None where one is missing."""
    from importlib import metadata

    try:
        requirements = metadata.requires("evenkeel") or []
    except metadata.PackageNotFoundError:
        return {"evenkeel": None}
    versions: dict[str, str | None] = {}
    for requirement in requirements:
        spec, _, marker = requirement.partition(";")
        name = re.split(r"[^A-Za-z0-9._-]", spec.strip())[0]
        if "extra ==" in marker or (marker and not _is_wanted_here(marker)):
            continue
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def _is_wanted_here(marker: str) -> bool:
    """Our own markers only ask for the system and the processor; ``packaging`` need not be there to read them."""
    if "== 'linux'" in marker or '== "linux"' in marker:
        return sys.platform == "linux"
    return not ("darwin" in marker and sys.platform == "darwin" and platform.machine() == "x86_64")


def check_packages() -> Check:
    """The Python packages, by what is installed."""
    if getattr(sys, "frozen", False):
        return Check("packages", "Packages", True, True, "all within the program", "everything")
    versions = required_packages()
    missing = [name for name, version in versions.items() if version is None]
    detail = f"missing: {', '.join(missing)}" if missing else f"all {len(versions)} there (--json names their versions)"
    return Check("packages", "Packages", not missing, True, detail, "everything", setup_command() if missing else None)


def _check_import(check_id: str, title: str, needed_for: str, essential: bool, look: Callable[[], str]) -> Check:
    """Run something that loads libraries; whatever it raises is the detail of a missing part."""
    try:
        return Check(check_id, title, True, essential, look(), needed_for)
    except Exception as problem:  # noqa: BLE001 - a broken library may raise anything, and the others are still looked at
        text = f"{type(problem).__name__}: {problem}".strip().splitlines()[0]
        return Check(check_id, title, False, essential, text, needed_for, setup_command())


def _decoders() -> str:
    import av
    import soundfile

    ffmpeg = ".".join(str(part) for part in av.library_versions["libavcodec"])
    return f"libsndfile {soundfile.__libsndfile_version__}, FFmpeg (libavcodec {ffmpeg})"


def _mathematics() -> str:
    names = ("numpy", "soxr", "pydantic")
    return ", ".join(f"{name} {importlib.import_module(name).__version__}" for name in names)


def _writers() -> str:
    import pyarrow.parquet

    return f"pyarrow {pyarrow.__version__}"


def _pocketsphinx() -> str:
    import pocketsphinx

    model = Path(pocketsphinx.get_model_path("en-us")) / "en-us"
    if not (model / "mdef").exists():
        raise FileNotFoundError(f"its English model is not at {model}")
    return "pocketsphinx with its English model (basic detection)"


def check_sound() -> list[Check]:
    """The sound system, by asking it for its inputs, and the microphone, by listening for a moment."""
    from monitor.commands.doctor_live import LIVE, check_microphone, system_packages_command
    from monitor.errors import EnvironmentProblem
    from monitor.sources.microphone import input_devices

    title = "Sound system"
    try:
        inputs = input_devices()
    except EnvironmentProblem as problem:
        missing = "PortAudio is missing" in str(problem)
        mend = system_packages_command("sound") if missing else setup_command()
        return [Check("sound", title, False, False, str(problem).split(" To add")[0], LIVE, mend)]
    if not inputs:
        return [Check("sound", title, False, False, "PortAudio works, but no microphone is connected", LIVE)]
    return [Check("sound", title, True, False, f"PortAudio works, {len(inputs)} inputs", LIVE), check_microphone()]


def check_screen() -> list[Check]:
    """Whether a window can be shown; looked at closely only where there is a screen."""
    from monitor.commands.doctor_live import check_window

    needed_for = "the light on the screen (the demo and analysis work in a terminal)"
    if sys.platform in ("win32", "darwin"):
        return [Check("display", "Screen", True, False, "of the desktop", needed_for), *check_window()]
    shown = [f"{name}={os.environ[name]}" for name in ("WAYLAND_DISPLAY", "DISPLAY") if os.environ.get(name)]
    if not shown:
        return [Check("display", "Screen", False, False, "no screen in this session", needed_for)]
    return [Check("display", "Screen", True, False, ", ".join(shown), needed_for), *check_window()]


def check_folder(purpose: str, folder: Path) -> Check:
    """Whether a folder of ours can be written, or could be made, and has room."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    needed_for, title = f"keeping {purpose}", f"Folder for {purpose}"
    check_id = f"folder.{purpose.split(maxsplit=1)[0]}"
    if not (existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)):
        mend = None if sys.platform == "win32" else f'sudo chown -R "$USER" "{existing}"'
        return Check(check_id, title, False, False, f"{existing} cannot be written", needed_for, mend)
    free_gb = shutil.disk_usage(existing).free / 1e9
    detail = f"{folder}, {free_gb:.1f} GB free"
    return Check(check_id, title, free_gb >= ENOUGH_SPACE_GB, False, detail, needed_for)


def check_folders() -> list[Check]:
    """Where settings, calls, models and logs go."""
    import platformdirs

    from models.store import models_folder

    folders = {
        "settings": platformdirs.user_config_path("evenkeel", appauthor=False),
        "calls": platformdirs.user_data_path("evenkeel", appauthor=False),
        "models": models_folder(),
        "logs": platformdirs.user_log_path("evenkeel", appauthor=False),
    }
    return [check_folder(purpose, folder) for purpose, folder in folders.items()]


def examine() -> list[Check]:
    """Look at everything, cheapest first; a part that fails never stops the others."""
    return [
        check_python(),
        check_packages(),
        _check_import("mathematics", "Mathematics", "every measure", True, _mathematics),
        _check_import("decoders", "Decoders", "reading recordings", True, _decoders),
        _check_import("tables", "Table writer", "--format parquet", False, _writers),
        _check_import("recogniser", "Recogniser", "spotting phrases (lights work without)", False, _pocketsphinx),
        *check_sound(),
        *check_screen(),
        *check_folders(),
    ]


def mending(checks: Iterable[Check]) -> list[str]:
    """The commands that mend what is missing, essential ones first, none twice."""
    broken = sorted((check for check in checks if check.mend and not check.ok), key=lambda check: not check.essential)
    return list(dict.fromkeys(check.mend for check in broken if check.mend))


def _show(checks: list[Check]) -> None:
    width = max(len(check.title) for check in checks)
    for check in checks:
        state = "ok     " if check.ok else "MISSING" if check.essential else "absent "
        click.echo(f"{state}  {check.title:<{width}}  {check.detail}")
        if not check.ok:
            click.echo(f"{'':9}{'':{width}}  for: {check.needed_for}")
    commands = mending(checks)
    if commands:
        click.echo(f"\nTo mend it: {' && '.join(commands)}")
    click.echo(f"\n{_conclusion(checks)}")


def _conclusion(checks: list[Check]) -> str:
    """What can be done on this machine."""
    if not all(check.ok for check in checks if check.essential):
        return "Recordings cannot be analysed yet."
    fine = {check.id for check in checks if check.ok}
    if "microphone" not in fine:
        return "Recordings can be analysed."
    where = "with a light on the screen" if "window" in fine else "without a window (evenkeel live --headless)"
    return f"Recordings can be analysed, and calls can be followed live, {where}."


@click.command(epilog="Example: evenkeel doctor --json")
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what works on this machine, what is missing, what for, and the command that mends it.

    Exit code 0 when recordings can be analysed, 3 when something essential is missing.
    """
    checks = examine()
    ready = all(check.ok for check in checks if check.essential)
    if as_json:
        print_json({
            "schema": "evenkeel.doctor/1",
            "ok": ready,
            "checks": [asdict(check) for check in checks],
            "packages": required_packages(),
            "mend": " && ".join(mending(checks)) or None,
        })  # fmt: skip
    else:
        _show(checks)
    ctx.exit(0 if ready else 3)
