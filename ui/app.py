"""Starts the windows: Qt with everything that could end it abruptly looked at before, signals, and the way out."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ui.display import HEADLESS, prepare_display

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType, TracebackType

    from PyQt6.QtWidgets import QApplication

    from monitor.settings import Settings
    from ui.display import XServer
    from ui.live_window import DemoScript
    from ui.ports import SessionFactory

log = logging.getLogger(__name__)


def run_live(settings: Settings, settings_path: Path, *, session_factory: SessionFactory) -> int:
    """Show the light until the agent quits, and return the exit code.

    ``session_factory`` is called in a thread after the light was painted, so what it imports costs no time before.

    Raises
    ------
    EnvironmentProblem
        There is no display, or the session cannot begin; the text names the remedy.
    """
    return _run(settings, settings_path, session_factory, None)


def run_demo(settings: Settings, *, session_factory: SessionFactory, script: DemoScript) -> int:
    """Show the light and its card for a session that plays a bundled call; nothing is written.

    Raises
    ------
    EnvironmentProblem
        There is no display; the text names the remedy.
    """
    return _run(settings, None, session_factory, script)


def _run(
    settings: Settings, settings_path: Path | None, session_factory: SessionFactory, demo: DemoScript | None
) -> int:
    app, server = make_application()
    from ui.live_window import LiveWindow

    window = LiveWindow(settings, settings_path, session_factory, server=server, demo=demo)
    window.ended.connect(app.quit)
    with quitting_on_signals(app), mistakes_are_logged():
        window.show()
        try:
            app.exec()
        finally:
            window.close()
            if server is not None:
                server.close()
            app.processEvents()
    if window.problem is not None:
        raise window.problem
    return 0


def make_application(remedy: str = HEADLESS) -> tuple[QApplication, XServer | None]:
    """Qt, and our own line to the X server where there is one.

    Raises
    ------
    EnvironmentProblem
        There is no display to be had.
    """
    server = prepare_display(remedy=remedy)
    from PyQt6.QtCore import qInstallMessageHandler
    from PyQt6.QtWidgets import QApplication

    app = QApplication.instance()
    if not isinstance(app, QApplication):
        qInstallMessageHandler(lambda _kind, _where, text: log.info("Qt: %s", text))
        app = QApplication(["evenkeel"])
    app.setApplicationName("evenkeel")
    app.setDesktopFileName("evenkeel")
    app.setQuitOnLastWindowClosed(False)
    return app, server


@contextmanager
def quitting_on_signals(app: QApplication) -> Iterator[None]:
    """Ctrl-C and a polite end from outside quit as the menu does. Python only hears of signals while it runs."""
    from PyQt6.QtCore import QSocketNotifier

    def quit_politely(_number: int, _frame: FrameType | None) -> None:
        app.quit()

    reading, writing = socket.socketpair()
    for end in (reading, writing):
        end.setblocking(False)
    # The binding takes a plain number, its declaration does not say so.
    notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read)  # type: ignore[call-overload]
    notifier.activated.connect(lambda: reading.recv(64))
    before_fd = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    wanted = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {n: signal.signal(n, quit_politely) for n in wanted if signal.getsignal(n) is not signal.SIG_IGN}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before_fd)
        notifier.setEnabled(False)
        for end in (reading, writing):
            end.close()


@contextmanager
def mistakes_are_logged() -> Iterator[None]:
    """A mistake in a slot is logged, and the light goes on; by default Qt's binding would end the process."""

    def keep_going(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.error("a window made a mistake", exc_info=(kind, error, trace))

    before: Callable[..., object] = sys.excepthook
    sys.excepthook = keep_going
    try:
        yield
    finally:
        sys.excepthook = before
