"""Joins light, card, tray and dialogs with a live session. Everything here runs in the thread that draws.

Order of a start: the light is painted; then, in a thread, the engine is loaded and the session made; then it starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCursor
from PyQt6.QtWidgets import QApplication

from ui.asking import Asking
from ui.bridge import Bridge
from ui.card import Card
from ui.devices import DeviceList
from ui.floating import Look, is_wayland, look_of
from ui.lamp import lamp_icon
from ui.menu import LiveMenu
from ui.overlay import WAYLAND, Overlay
from ui.places import CORNERS
from ui.settings_keeping import Keeper, items_of, joined, policy_in_force, settle_autostart, was_never_asked
from ui.surroundings import Surroundings
from ui.tray import Tray, make_tray
from ui.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.live.events import CaptureChanged, LevelsMeasured, LiveEvent
    from monitor.policy.model import Policy
    from monitor.result_types import CallResult
    from monitor.settings import Settings
    from ui.dialogs import Dialogs
    from ui.display import XServer
    from ui.ports import Session, SessionFactory
    from ui.view_model import ViewModel

PAINTS_WITHIN_MS = 1_500  # where nothing is ever exposed, such as behind a locked screen


@dataclass(frozen=True, slots=True)
class DemoScript:
    """What a bundled call adds to the window: the line that is spoken at a time, for the call makes no sound."""

    line: Callable[[float], str]


class LiveWindow(QObject):
    """The agent's desktop. ``ended`` tells that it is over; ``problem`` why, where it could not begin."""

    ended = pyqtSignal()
    _loaded = pyqtSignal(object, object)
    _failed = pyqtSignal(Exception)

    def __init__(
        self,
        settings: Settings,
        settings_path: Path | None,
        session_factory: SessionFactory,
        *,
        server: XServer | None = None,
        demo: DemoScript | None = None,
    ) -> None:
        super().__init__()
        self.problem: Exception | None = None
        self.policy: Policy | None = None  # once it was read
        self._settings, self._path = settings, settings_path
        self._factory, self._keeper = session_factory, Keeper(settings_path)
        self._demo = demo
        self.around = Surroundings(server, self)
        self._model: ViewModel | None = None
        self.ask = Asking()
        self._dialogs: Dialogs | None = None
        self._waiting: list[LiveEvent] = []
        self._view = View()
        self._asked_changes = 0
        self._closed = self._holds_calls = False
        self._loader = Thread(target=self._load, name="loader", daemon=True)
        self.bridge = Bridge()
        self.overlay = Overlay(settings.overlay, blends=self.around.blends)
        self._build_parts()
        self._loaded.connect(self._begin)
        self._failed.connect(self._give_up)
        self.bridge.arrived.connect(self._take)
        self.bridge.levelled.connect(self._take_levels)

    def _build_parts(self) -> None:
        """What is not on screen at once; the card and the tray cost little, dialogs are made when asked for."""
        self.card = Card(self.overlay.look)
        self.devices = DeviceList(self)
        self.menu = LiveMenu(self._settings, self.devices)
        self.tray: Tray | None = None
        self.has_tray = self._waits_for_tray = False
        overlay, menu, ask = self.overlay, self.menu, self.ask
        # Queued, for a window must not be changed while it is painted; the binding's declaration lacks the argument.
        overlay.painted.connect(self._after_first_paint, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        for part in (overlay, self.card):
            self.around.keep_off_task_bar(part)
        overlay.moved.connect(lambda places: self.change({"overlay": {"places": places}}))
        overlay.pointed.connect(self._point)
        overlay.clicked.connect(self.open_card)
        overlay.menu_asked.connect(menu.popup)
        self.card.disputed.connect(ask.dispute)
        self.card.quiet_asked.connect(ask.quiet)
        self.card.words_asked.connect(lambda: self._dialogs_now().show_words())
        menu.why_asked.connect(lambda: self.open_card(with_keyboard=True))
        menu.words_asked.connect(lambda: self._dialogs_now().show_words())
        menu.call_asked.connect(ask.call)
        menu.pause_asked.connect(ask.pause)
        menu.quiet_asked.connect(ask.quiet)
        menu.name_asked.connect(lambda: self._dialogs_now().ask_name(self._view.customer or ""))
        menu.hide_asked.connect(lambda hidden: overlay.setVisible(not hidden))
        menu.changed.connect(self.change)
        menu.settings_asked.connect(lambda: self._dialogs_now().show_settings())
        menu.today_asked.connect(lambda: self._dialogs_now().show_today())
        menu.privacy_asked.connect(lambda: self._dialogs_now().show_privacy())
        menu.quit_asked.connect(self.ended)

    # --- start and end

    def show(self) -> None:
        """Put the light on screen; everything else follows its first painting."""
        self.overlay.show()
        QTimer.singleShot(PAINTS_WITHIN_MS, self._after_first_paint)

    def _after_first_paint(self) -> None:
        if self._closed or self._loader.ident is not None:
            return
        self.overlay.painted.disconnect(self._after_first_paint)
        self._loader.start()
        self._settle_tray(True)
        self._watch_surroundings()

    def _watch_surroundings(self) -> None:
        """Screens, the system's colours, the compositor and the tray may change while we run."""
        self.around.screens_changed.connect(self.overlay.settle_place)
        self.around.look_changed.connect(self._apply_look)
        self.around.tray_changed.connect(self._settle_tray)
        self.around.watch(tray=self.has_tray)
        if is_wayland():
            self.card.set_caption(WAYLAND)
        QApplication.setWindowIcon(lamp_icon("green"))
        if self._demo is not None:
            self.menu.for_demo()

    def _settle_tray(self, there: bool) -> None:
        """With a tray the light may be hidden or let clicks through; without one it alone leads to the menu."""
        if there and self.tray is None:
            self.tray = make_tray(self.menu, self)
            if self.tray is not None:
                self.tray.clicked.connect(lambda: self.menu.popup(QCursor.pos()))
                self.tray.show_view(self._view)
        self.has_tray = there and self.tray is not None
        self.menu.need_the_light(not self.has_tray)
        if not self.has_tray:
            self.show_light()
        through = self._settings.overlay.click_through
        if (through and not self.has_tray) or (self._waits_for_tray and self.has_tray):
            self._waits_for_tray = not self.has_tray
            self.change({"overlay": {"click_through": not through}}, keep=False)

    def show_light(self) -> None:
        """Bring the light back, should it be hidden."""
        self.menu.mark_hidden(False)
        self.overlay.show()

    def _load(self) -> None:
        """In a thread: import the engine and make the session."""
        try:
            from ui.view_model import ViewModel

            self.policy = policy_in_force(self._settings)
            model = ViewModel(items_of(self.policy))
            self._loaded.emit(model, self._factory(self._settings, self.bridge.take))
        except Exception as problem:  # noqa: BLE001 - it is raised again where the window was opened
            self._failed.emit(problem)

    def _give_up(self, problem: Exception) -> None:
        """There is no session: leave, and let whoever opened the window tell why."""
        self.problem = problem
        self.ended.emit()

    def _begin(self, model: ViewModel, session: Session) -> None:
        """The engine is there: start it, and show what it told meanwhile."""
        self._loader.join()
        if self._closed:  # it was quit while the engine was being loaded
            session.close()
            return
        self._model, self.ask.session = model, session
        try:
            session.start()
        except Exception as problem:  # noqa: BLE001 - it is raised again where the window was opened
            self._give_up(problem)
            return
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._take(event)
        if self._demo is not None:
            self.bridge.wants_levels = True
            self.card.offer_dispute(False)
            self.card.open_at(self.overlay.area, pinned=True)
        elif was_never_asked(self._settings, self._path):
            self._dialogs_now().show_first_start()

    def close(self) -> None:
        """End the session and leave the screen."""
        if self._closed:
            return
        self._closed = True
        self.bridge.close()
        self.around.close()
        for part in (self.overlay, self.card):
            part.hide()
        if self.tray is not None:
            self.tray.close()
        if self._dialogs is not None:
            self._dialogs.close()
        if self._loader.ident is not None:
            self._loader.join(5.0)
        if self.ask.session is not None:
            self.ask.session.close()
        self.devices.close()
        for widget in (self.overlay, self.card, self.menu):
            widget.deleteLater()

    # --- from the session

    def _take(self, event: LiveEvent) -> None:
        if self._model is None:
            self._waiting.append(event)
            return
        self._model.take(event)
        self._show(self._model.view())
        self._answer(event)

    def _answer(self, event: LiveEvent) -> None:
        """What an event asks for beyond the view."""
        from monitor.live.events import (
            CallBegan,
            CallEnded,
            CaptureChanged,
            EnrolmentEnded,
            EnrolmentProgressed,
            SessionChanged,
            SessionState,
            SettingsChanged,
            WindowAsked,
        )

        match event:
            case CallEnded(result=result):
                self._sum_up(result)
            case SettingsChanged(settings=settings):
                self._take_settings(settings)
            case EnrolmentProgressed() | EnrolmentEnded():
                self._dialogs_now().enrolling(event)
            case CallBegan():
                if self._dialogs is not None:
                    self._dialogs.call_began()
            case CaptureChanged() if self._dialogs is not None:
                self._dialogs.show_microphone()
            case WindowAsked(part=part):
                self._dialogs_now().show_part(part)
            case SessionChanged(state=SessionState.ENDED):
                self._leave()
            case _:
                pass

    def _sum_up(self, result: CallResult) -> None:
        """Show the card after a call, unless the next one is on already."""
        next_is_on = self._model is not None and self._model.is_judging
        if self._settings.show_summary and not next_is_on:
            self._dialogs_now().show_summary(result)

    def _leave(self) -> None:
        """The session is over; where it failed, the light stays and says so."""
        if self._model is not None and self._model.failed:
            self.show_light()
        else:
            self.ended.emit()

    def _take_levels(self, event: LevelsMeasured) -> None:
        if self._dialogs is not None:
            self._dialogs.show_level(event.levels_dbfs[0])
        if self._demo is not None:
            self.card.set_caption(self._demo.line(event.at_s))

    def _show(self, view: View) -> None:
        if view == self._view:
            return
        self._view = view
        self.overlay.show_view(view)
        self.card.show_view(view)
        self.menu.show_view(view)
        if self.tray is not None:
            self.tray.show_view(view)

    def summary_read(self) -> None:
        """The card after a call is gone; a demo is over then."""
        if self._demo is not None:
            self.ended.emit()

    # --- from the agent

    @property
    def microphone(self) -> CaptureChanged | None:
        """How the agent's microphone fares, as far as it is known."""
        return self._model.microphone if self._model is not None else None

    @property
    def settings(self) -> Settings:
        """What is in force."""
        return self._settings

    def change(self, fields: dict[str, Any], *, keep: bool = True) -> None:
        """Put some settings in force, those of the light under ``overlay``; ``keep`` also writes them to the file."""
        settings = joined(self._settings, fields)
        if settings != self._settings:
            self._put_in_force(settings)
            self._tell_session()
        if keep:
            self._tell(self._keeper.keep(fields))

    def hold_calls(self, hold: bool) -> None:
        """What is said to try a microphone must not begin a call."""
        self._holds_calls = hold
        self._tell_session()

    def _tell_session(self) -> None:
        if self.ask.session is not None:
            self._asked_changes += 1
            held = {"calls": "manual"} if self._holds_calls else {}
            self.ask.session.change(self._settings.model_copy(update=held))

    def to_corner(self, corner: str = CORNERS[0]) -> None:
        """Put the light into a corner of the screen that it is on."""
        places = self.overlay.corner(corner)
        self.change({"overlay": {"places": places}})

    def _take_settings(self, settings: Settings) -> None:
        """The session has settings in force: our own are known, and newer ones may be on their way there already."""
        if self._asked_changes:
            self._asked_changes -= 1
        elif settings != self._settings:
            self._put_in_force(settings)

    def _put_in_force(self, settings: Settings) -> None:
        look_changed = settings.overlay != self._settings.overlay
        policy_changed = settings.policy != self._settings.policy
        autostart_changed = settings.start_with_system != self._settings.start_with_system
        self._settings = settings
        if autostart_changed:
            self._tell(settle_autostart(settings.start_with_system))
        if policy_changed and self._model is not None:
            self.policy = policy_in_force(settings)
            self._model.expect(items_of(self.policy))
        self.menu.show_settings(settings)
        if look_changed:
            self._apply_look()
        if self._dialogs is not None:
            self._dialogs.show_settings_changed(settings)

    def _tell(self, problem: str | None) -> None:
        if problem is not None:
            self._dialogs_now().tell(problem)

    def _apply_look(self) -> None:
        self.overlay.apply(self._settings.overlay, blends=self.around.blends)
        self.card.set_look(self.look)
        self.card.follow(self.overlay.area)

    @property
    def look(self) -> Look:
        """How floating windows are drawn now."""
        return look_of(self._settings.overlay, blends=self.around.blends)

    def _point(self, here: bool) -> None:
        """The pointer came to the light or left it; where the last call is summed up, only a click opens the card."""
        if not here or self._dialogs is None or not self._dialogs.sums_up:
            self.card.pointed(self.overlay.area, here)

    def open_card(self, *, with_keyboard: bool = False) -> None:
        """Say why, in place of what sums up the call before."""
        if self._dialogs is not None:
            self._dialogs.shut_summary()
        self.card.open_at(self.overlay.area, with_keyboard=with_keyboard)

    def _dialogs_now(self) -> Dialogs:
        """The dialogs, loaded when the first one is asked for."""
        if self._dialogs is None:
            from ui.dialogs import Dialogs

            self._dialogs = Dialogs(self)
        return self._dialogs
