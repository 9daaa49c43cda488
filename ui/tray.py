"""The light in the tray: its shape as the icon, its words as the tip, and the menu."""

from __future__ import annotations

import sys

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QMenu, QSystemTrayIcon

from ui.lamp import lamp_icon
from ui.view import View


class Tray(QObject):
    """Exists only where the desktop has a tray; `make_tray` says whether it has."""

    clicked = pyqtSignal()

    def __init__(self, menu: QMenu, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._light = ""
        self._icon = QSystemTrayIcon(self)
        self._icon.setContextMenu(menu)
        self._icon.activated.connect(self._activated)
        self.show_view(View())
        self._icon.show()

    def show_view(self, view: View) -> None:
        """Show this from now on; the icon changes with the light alone."""
        if view.light != self._light:
            self._light = view.light
            self._icon.setIcon(lamp_icon(view.light))
        self._icon.setToolTip(f"Evenkeel, {view.name}")

    def close(self) -> None:
        """Leave the tray at once."""
        self._icon.hide()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        clicks = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)
        if reason in clicks and sys.platform != "darwin":  # there, a click opens the menu by itself
            self.clicked.emit()


def has_tray() -> bool:
    """Whether this desktop has a tray now: at login its panel may come later than we do."""
    return QSystemTrayIcon.isSystemTrayAvailable()


def make_tray(menu: QMenu, parent: QObject | None = None) -> Tray | None:
    """The tray icon, or None where this desktop has no tray."""
    return Tray(menu, parent) if has_tray() else None
