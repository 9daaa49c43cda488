"""The menu of the tray, and of the light itself where there is no tray. Every entry has a letter to reach it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QMenu

from ui.devices import DeviceList
from ui.texts import unlettered
from ui.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.settings import Settings
    from monitor.sources.live_stream import InputDevice

SENSITIVITIES = {"calm": "&Calm: only what is clear", "normal": "&Normal", "keen": "&Keen: early hints"}
QUIET_S = 600.0


class LiveMenu(QMenu):
    """Asks for things by its signals; it changes nothing by itself."""

    why_asked = pyqtSignal()
    call_asked = pyqtSignal(bool)
    pause_asked = pyqtSignal(bool)
    quiet_asked = pyqtSignal(float)
    name_asked = pyqtSignal()
    hide_asked = pyqtSignal(bool)
    today_asked = pyqtSignal()
    privacy_asked = pyqtSignal()
    settings_asked = pyqtSignal()
    words_asked = pyqtSignal()
    quit_asked = pyqtSignal()
    changed = pyqtSignal(dict)  # fields of the settings, those of the light under "overlay"

    def __init__(self, settings: Settings, devices: DeviceList) -> None:
        super().__init__("Evenkeel")
        self._settings = settings
        self._view = View()
        self._devices = devices
        self._state = self._add("", self.why_asked.emit)
        self.addSeparator()
        self._call = self._add("", lambda: self.call_asked.emit(not self._view.in_call))
        self._name = self._add("Customer's &name…", self.name_asked.emit)
        self._quiet = self._add("", lambda: self.quiet_asked.emit(0.0 if self._view.quiet else QUIET_S))
        self._pause = self._add("", lambda: self.pause_asked.emit(not self._view.paused))
        self.addSeparator()
        self._agent = self._device_menu("&Microphone", "agent_device")
        self._customer = self._device_menu("What I &hear", "customer_device")
        self._sensitivity = self._sensitivity_menu()
        self._words = self._add("Hear m&ore words…", self.words_asked.emit)
        self._click_through = self._add("Clicks go &through the light", self._toggle_click_through)
        self._click_through.setCheckable(True)
        self._hide = self._add("Hide the &light", lambda: self.hide_asked.emit(self._hide.isChecked()))
        self._hide.setCheckable(True)
        self.addSeparator()
        self._add("To&day, for you alone", self.today_asked.emit)
        self._add("Who can see &what", self.privacy_asked.emit)
        self._add("&Settings…", self.settings_asked.emit)
        self._add("&Quit", self.quit_asked.emit)
        devices.found.connect(self._fill_devices)
        self.show_settings(settings)
        self.show_view(View())

    def show_view(self, view: View) -> None:
        """Say how things are."""
        self._view = view
        self._state.setText(
            f"Wh&y “{unlettered(view.word)}”?" if view.in_call else f"Wh&y: {unlettered(view.headline)}"
        )
        self._call.setText("&End the call" if view.in_call else "&Begin a call")
        self._call.setEnabled(not view.paused)
        self._name.setEnabled(view.in_call)
        self._quiet.setText("Cues on a&gain" if view.quiet else "Qu&iet for 10 minutes")
        self._quiet.setEnabled(view.in_call or view.quiet)
        self._pause.setText("&Resume listening" if view.paused else "&Pause listening")
        self._words.setVisible(view.more_words)

    def show_settings(self, settings: Settings) -> None:
        """Mark what is chosen."""
        self._settings = settings
        for name, action in self._sensitivity.items():
            action.setChecked(name == settings.sensitivity)
        self._click_through.setChecked(settings.overlay.click_through)

    def need_the_light(self, needed: bool) -> None:
        """Without a tray this menu is reached through the light alone: it must be there, and clicks must reach it."""
        self._click_through.setEnabled(not needed)
        self._hide.setEnabled(not needed)

    def mark_hidden(self, hidden: bool) -> None:
        """Whether the light is hidden."""
        self._hide.setChecked(hidden)

    def for_demo(self) -> None:
        """Leave only what makes sense while a bundled call plays."""
        keep = (self._state, self._quiet, self.actions()[-1])
        for action in self.actions():
            action.setVisible(action in keep)

    def _add(self, text: str, act: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(lambda _checked: act())
        self.addAction(action)
        return action

    def _sensitivity_menu(self) -> dict[str, QAction]:
        menu, group = QMenu("Sensiti&vity", self), QActionGroup(self)
        actions = {}
        for name, text in SENSITIVITIES.items():
            action = QAction(text, group)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked, name=name: self.changed.emit({"sensitivity": name}))
            menu.addAction(action)
            actions[name] = action
        self.addMenu(menu)
        return actions

    def _toggle_click_through(self) -> None:
        self.changed.emit({"overlay": {"click_through": self._click_through.isChecked()}})

    def _device_menu(self, title: str, field: str) -> QMenu:
        menu = QMenu(title, self)
        menu.setObjectName(field)
        self._note(menu, "Looking…")
        menu.aboutToShow.connect(self._devices.look)
        self.addMenu(menu)
        return menu

    def _note(self, menu: QMenu, text: str) -> None:
        note = QAction(unlettered(text), menu)
        note.setEnabled(False)
        menu.addAction(note)

    def _fill_devices(self, devices: Sequence[InputDevice], problem: str) -> None:
        heard = sorted(devices, key=lambda device: device.is_monitor)
        for menu, unset, order in (
            (self._agent, "The system's choice", heard),
            (self._customer, "Nothing", heard[::-1]),
        ):
            field = menu.objectName()
            menu.clear()
            if problem:
                self._note(menu, problem)
                continue
            chosen = getattr(self._settings, field)
            names: list[tuple[str | None, str]] = [(None, unset), *((each.name, each.label) for each in order)]
            if chosen is not None and all(name != chosen for name, _ in names):
                names.append((chosen, f"{chosen} (not there)"))
            group = QActionGroup(menu)
            for name, text in names:
                menu.addAction(self._device_action(group, field, name, text, chosen == name))

    def _device_action(self, group: QActionGroup, field: str, name: str | None, text: str, chosen: bool) -> QAction:
        action = QAction(unlettered(text), group)
        action.setCheckable(True)
        action.setChecked(chosen)
        fields: dict[str, Any] = {field: name}
        action.triggered.connect(lambda _checked: self.changed.emit(fields))
        return action
