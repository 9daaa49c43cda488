"""The checks of ``evenkeel doctor`` for live use: a microphone that delivers, a window, see-through, a tray."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING

from monitor.commands._check import Check
from monitor.errors import EnvironmentProblem

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Desktop = tuple[str, bool, bool]  # Qt's word for the display, and whether it has a compositor and a tray
LIVE = "live use (recordings do not need it)"
LISTEN_S = 4.0  # at most; a sound system that slept takes two
QUIET_DBFS = -75.0
WINDOW_S = 20.0


def system_packages_command(group: str) -> str | None:
    """The command that adds this group of ``system_packages.json`` here, None where the system is not known."""
    known = json.loads(resources.files("monitor").joinpath("system_packages.json").read_text(encoding="utf-8"))[group]
    if not sys.platform.startswith("linux"):
        return None
    tool = next((tool for tool in ("apt-get", "dnf") if tool in known and shutil.which(tool)), None)
    sudo = "" if os.geteuid() == 0 else "sudo "
    return f"{sudo}{tool} install -y {' '.join(known[tool])}" if tool else None


def check_microphone() -> Check:
    """Whether the microphone that would be used delivers sound, by listening for a moment; nothing is kept."""
    title = "Microphone"
    try:
        device, level_dbfs = _listen()
    except EnvironmentProblem as problem:
        return Check("microphone", title, False, False, str(problem), LIVE)
    if level_dbfs is None:
        return Check("microphone", title, False, False, f"{device} (What there is: evenkeel devices)", LIVE)
    if level_dbfs < QUIET_DBFS:
        return Check("microphone", title, True, False, f"{device}: silent just now; is it muted?", LIVE)
    return Check("microphone", title, True, False, f"{device}: {level_dbfs:.0f} dBFS just now", LIVE)


def _listen() -> tuple[str, float | None]:
    """Device and loudest level (dBFS) of a moment; a sentence and None when nothing came."""
    import threading

    import numpy as np

    from monitor.live.events import CaptureState
    from monitor.settings_file import default_settings_path, read_settings
    from monitor.sources.live import LiveSource

    hears, told = threading.Event(), ["the microphone", "The microphone delivers nothing."]

    def on_change(_channel: int, state: CaptureState, device: str, text: str) -> None:
        if state in (CaptureState.HEARING, CaptureState.SILENT):
            told[0] = device
            hears.set()
        elif state in (CaptureState.LOST, CaptureState.WRONG):
            told[1] = text

    chosen = read_settings(default_settings_path())[0].agent_device
    source = LiveSource(chosen, None, on_change=on_change)
    end = threading.Timer(LISTEN_S, source.close)
    end.start()
    peak, heard = 0.0, 0
    try:
        for block in source.blocks():
            if hears.is_set():
                peak = max(peak, float(np.sqrt((block[0] ** 2).mean())))
                heard += 1
            if heard >= 15:
                break
    finally:
        end.cancel()
        source.close()
    return (told[0], 20 * float(np.log10(max(peak, 1e-6)))) if heard else (told[1], None)


def check_window(look: Callable[[], Desktop | str | None] | None = None) -> list[Check]:
    """Whether the light can be shown, see-through, and have an icon in the tray."""
    needed_for = "the light on the screen (the demo and analysis work in a terminal)"
    found = (look or look_apart)()
    if found is None or isinstance(found, str):
        text = found or "Qt ended without a word"
        mend = system_packages_command("window") if found is None or "library" in found else None
        detail = text.partition(" To see how")[0]
        return [Check("window", "Window", False, False, detail, needed_for, mend)]
    platform, blends, has_tray = found
    see_through = "it blends what is see-through" if blends else "no compositor: the light has a plain background"
    tray = "there is one" if has_tray else "this desktop has none: the light's own menu offers the same"
    return [
        Check("window", "Window", True, False, _platform_text(platform), needed_for),
        Check("compositor", "Compositor", blends, False, see_through, "a light without a background"),
        Check("tray", "Tray", has_tray, False, tray, "an icon beside the clock"),
    ]


def _platform_text(platform: str) -> str:
    if platform == "wayland":
        return "Wayland, which lets no program choose its place or stay on top of others"
    return {"xcb": "X11", "windows": "Windows", "cocoa": "macOS"}.get(platform, platform)


def look_apart() -> Desktop | str | None:
    """Look at the desktop from a process of its own: a sentence where it cannot be, None where that process died."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    inlet, outlet = context.Pipe(duplex=False)
    process = context.Process(target=_look, args=(outlet,), daemon=True)
    process.start()
    outlet.close()
    try:
        found: Desktop | str = inlet.recv() if inlet.poll(WINDOW_S) else "the display does not answer"
        return found
    except EOFError:
        return None
    finally:
        process.kill()
        process.join()
        inlet.close()


def _look(answer: Connection) -> None:
    from ui.probe import look

    try:
        answer.send(look())
    except (EnvironmentProblem, ImportError) as problem:
        answer.send(str(problem))
