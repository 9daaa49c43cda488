"""What this desktop offers a window: asked in a process of its own, for Qt may end it."""

from __future__ import annotations


def look() -> tuple[str, bool, bool]:
    """Open the display as the light does; return Qt's word for it, and whether it has a compositor and a tray.

    Raises
    ------
    EnvironmentProblem
        No window can be shown; the text names the remedy.
    """
    from ui.app import make_application

    app, server = make_application()
    from PyQt6.QtWidgets import QSystemTrayIcon

    blends = server.blends() if server is not None else True
    if server is not None:
        server.close()
    return app.platformName(), blends, QSystemTrayIcon.isSystemTrayAvailable()
