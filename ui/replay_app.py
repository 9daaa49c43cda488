"""Starts the replay window, and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.app import make_application, mistakes_are_logged, quitting_on_signals

if TYPE_CHECKING:
    from ui.replay_child import Request

REMEDY = "Start it on a desktop, or write a page instead: evenkeel report FILE"


def run_replay(request: Request) -> None:
    """Show a call until the window is closed.

    Raises
    ------
    EnvironmentProblem
        There is no display; the text names the remedy.
    MonitorError
        The call cannot be shown.
    """
    app, server = make_application(REMEDY)
    if server is not None:
        server.close()  # it is asked for nothing more
    from ui.replay_window import ReplayWindow

    window = ReplayWindow(request)
    window.ended.connect(app.quit)
    with quitting_on_signals(app), mistakes_are_logged():
        window.show()
        window.begin()
        try:
            app.exec()
        finally:
            window.close()
            app.processEvents()
    if window.problem is not None:
        raise window.problem
