"""What this machine's display can do: asked before Qt, which ends the process where it finds none."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import EnvironmentProblem

if TYPE_CHECKING:
    from collections.abc import MutableMapping

HEADLESS = "Start it on a desktop, or without a window: evenkeel live --headless"


def prepare_display(environment: MutableMapping[str, str] | None = None, remedy: str = HEADLESS) -> XServer | None:
    """Choose how Qt reaches the display, make sure that it can, and return our own line to an X server.

    Under Wayland an X server for older programs is preferred where there is one: only that lets a window choose its
    place and stay on top. ``remedy`` is what to do where there is no display.

    Raises
    ------
    EnvironmentProblem
        There is no display, it does not answer, or Qt lacks a system library; the text names the remedy.
    """
    environment = os.environ if environment is None else environment
    if not sys.platform.startswith("linux") or environment.get("QT_QPA_PLATFORM", "xcb") not in ("", "xcb", "wayland"):
        return None
    wanted = environment.get("QT_QPA_PLATFORM") or ("xcb" if environment.get("DISPLAY") else "wayland")
    if wanted == "xcb" and environment.get("DISPLAY"):
        _check_plugin("libqxcb.so")
        server = XServer(environment["DISPLAY"], remedy)
    elif environment.get("WAYLAND_DISPLAY"):
        wanted, server = "wayland", None
        _check_plugin("libqwayland.so")
        _check_wayland(environment, remedy)
    else:
        raise EnvironmentProblem(f"There is no display here to show a window on. {remedy}")
    environment["QT_QPA_PLATFORM"] = wanted
    return server


def has_display(environment: MutableMapping[str, str] | None = None) -> bool:
    """Whether a window could be shown here; a cheap guess that ``prepare_display`` then makes sure of."""
    environment = os.environ if environment is None else environment
    if not sys.platform.startswith("linux"):
        return True
    return any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _check_plugin(name: str) -> None:
    """Load Qt's part for this display as Qt will do, for it says which library is missing, where Qt only aborts."""
    from PyQt6.QtCore import QLibraryInfo, QPluginLoader

    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    loader = QPluginLoader(str(folder / name))
    if not loader.load():
        missing = loader.errorString().rpartition("(")[2].partition(":")[0].strip() or name
        raise EnvironmentProblem(
            f"The window cannot be opened, because the library {missing} is missing. To see how to add it: "
            "evenkeel doctor"
        )


def _check_wayland(environment: MutableMapping[str, str], remedy: str) -> None:
    address = Path(environment.get("XDG_RUNTIME_DIR", "/run")) / environment["WAYLAND_DISPLAY"]
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(address))
        except OSError as problem:
            raise EnvironmentProblem(f"The display {address.name} does not answer. {remedy}") from problem


class XServer:
    """Our own line to the X server, for what Qt does not tell: whether windows are blended, and task bars.

    Raises
    ------
    EnvironmentProblem
        The server does not answer.
    """

    def __init__(self, name: str, remedy: str = HEADLESS) -> None:
        from Xlib import ext
        from Xlib.display import Display
        from Xlib.error import DisplayError

        ext.__extensions__.clear()  # none is used, and each that the server has would be loaded
        try:
            self._display: Any = Display(name)
        except (DisplayError, OSError) as problem:
            raise EnvironmentProblem(f"The display {name} does not answer. {remedy}") from problem

    def blends(self) -> bool:
        """Whether a compositor runs, so that transparent pixels are."""
        number = self._display.get_default_screen()
        selection = self._display.intern_atom(f"_NET_WM_CM_S{number}")
        return bool(self._display.get_selection_owner(selection))

    def leave_task_bar(self, window: int) -> None:
        """Ask the window manager to leave a window that is shown out of task bars and pagers."""
        from Xlib import X
        from Xlib.protocol.event import ClientMessage

        def atom(name: str) -> int:
            return int(self._display.intern_atom(name))

        add = [1, atom("_NET_WM_STATE_SKIP_TASKBAR"), atom("_NET_WM_STATE_SKIP_PAGER"), 1, 0]
        target = self._display.create_resource_object("window", window)
        message = ClientMessage(window=target, client_type=atom("_NET_WM_STATE"), data=(32, add))
        root = self._display.screen().root
        root.send_event(message, event_mask=X.SubstructureRedirectMask | X.SubstructureNotifyMask)
        self._display.flush()

    def close(self) -> None:
        """Hang up."""
        self._display.close()
