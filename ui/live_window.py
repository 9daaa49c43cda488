"""Joins light, card, tray and dialogs with a live session. Everything here runs in the thread that draws.

Order of a start: the light is painted; then, in a thread, the engine is loaded and the session made; then it starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QCursor, QGuiApplication
from PyQt6.QtWidgets import QApplication

from ui.bridge import Bridge
from ui.card import Card
from ui.devices import DeviceList
from ui.floating import Look, is_wayland, look_of
from ui.lamp import lamp_icon
from ui.menu import LiveMenu
from ui.overlay import WAYLAND, Overlay
from ui.places import CORNERS
from ui.settings_keeping import joined, keep_change, settle_autostart
from ui.tray import Tray, make_tray
from ui.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.live.diary import DaySummary
    from monitor.live.events import LevelsMeasured, LiveEvent
    from monitor.settings import Settings
    from ui.dialogs import Dialogs
    from ui.display import XServer
    from ui.ports import Session, SessionFactory
    from ui.view_model import ViewModel

LOOK_AGAIN_MS = 10_000  # whether a compositor came or went
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
        self.language = "en"  # of the policy, once that was read
        self._settings, self._path = settings, settings_path
        self._factory = session_factory
        self._server, self._demo = server, demo
        self._blends = server.blends() if server is not None else True
        self._model: ViewModel | None = None
        self._session: Session | None = None
        self._dialogs: Dialogs | None = None
        self._waiting: list[LiveEvent] = []
        self._view = View()
        self._asked_changes = 0
        self._closed = False
        self._loader = Thread(target=self._load, name="loader", daemon=True)
        self.bridge = Bridge()
        self.overlay = Overlay(settings.overlay, blends=self._blends)
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
        overlay, menu = self.overlay, self.menu
        # Queued, for a window must not be changed while it is painted; the binding's declaration lacks the argument.
        overlay.painted.connect(self._after_first_paint, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
        overlay.moved.connect(lambda places: self.change({"overlay": {"places": places}}))
        overlay.pointed.connect(self._point)
        overlay.clicked.connect(self.open_card)
        overlay.menu_asked.connect(menu.popup)
        self.card.disputed.connect(lambda subject, text: self._ask(lambda s: s.dispute(subject, text)))
        self.card.quiet_asked.connect(self._quiet)
        self.card.words_asked.connect(lambda: self._dialogs_now().show_words())
        menu.why_asked.connect(lambda: self.open_card(with_keyboard=True))
        menu.words_asked.connect(lambda: self._dialogs_now().show_words())
        menu.call_asked.connect(lambda on: self._ask(lambda s: s.begin_call() if on else s.end_call()))
        menu.pause_asked.connect(lambda on: self._ask(lambda s: s.pause() if on else s.resume()))
        menu.quiet_asked.connect(self._quiet)
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
        self.tray = make_tray(self.menu, self)
        if self.tray is not None:
            self.tray.clicked.connect(lambda: self.menu.popup(QCursor.pos()))
        else:
            self.menu.need_the_light()
            if self._settings.overlay.click_through:
                self.change({"overlay": {"click_through": False}}, keep=False)
        self._watch_surroundings()

    def _watch_surroundings(self) -> None:
        """Screens, the system's colours and the compositor may change while we run."""
        if self._server is not None:
            self._server.leave_task_bar(int(self.overlay.winId()))
            timer = QTimer(self)
            timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
            timer.timeout.connect(self._look_at_compositor)
            timer.start(LOOK_AGAIN_MS)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            for changed in (app.screenAdded, app.screenRemoved, app.primaryScreenChanged):
                changed.connect(lambda _screen: QTimer.singleShot(300, self.overlay.settle_place))
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(lambda _scheme: self._apply_look())
        if is_wayland():
            self.card.set_caption(WAYLAND)
        QApplication.setWindowIcon(lamp_icon("green"))
        if self._demo is not None:
            self.menu.for_demo()

    def _load(self) -> None:
        """In a thread: import the engine and make the session."""
        try:
            from monitor.policy.load import load_policy
            from ui.view_model import ViewModel

            policy = load_policy(self._settings.policy)
            self.language = policy.language
            model = ViewModel([entry.id for entry in policy.checklist if entry.needs == "words"])
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
        self._model, self._session = model, session
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
        elif self._path is not None and not self._path.exists():
            self._dialogs_now().show_first_start()

    def close(self) -> None:
        """End the session and leave the screen."""
        if self._closed:
            return
        self._closed = True
        self.bridge.close()
        for part in (self.overlay, self.card):
            part.hide()
        if self.tray is not None:
            self.tray.close()
        if self._dialogs is not None:
            self._dialogs.close()
        if self._loader.ident is not None:
            self._loader.join(5.0)
        if self._session is not None:
            self._session.close()
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
            EnrolmentEnded,
            EnrolmentProgressed,
            SessionChanged,
            SessionState,
            SettingsChanged,
            WindowAsked,
        )

        match event:
            case CallEnded(result=result):
                if self._settings.show_summary:
                    self._dialogs_now().show_summary(result)
            case SettingsChanged(settings=settings):
                self._take_settings(settings)
            case EnrolmentProgressed() | EnrolmentEnded():
                self._dialogs_now().enrolling(event)
            case CallBegan():
                if self._dialogs is not None:
                    self._dialogs.shut_summary()
            case WindowAsked(part=part):
                self._dialogs_now().show_part(part)
            case SessionChanged(state=SessionState.ENDED) if not (self._model and self._model.failed):
                self.ended.emit()  # else the light stays, and tells that nothing is listened to
            case _:
                pass

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
    def settings(self) -> Settings:
        """What is in force."""
        return self._settings

    def change(self, fields: dict[str, Any], *, keep: bool = True) -> None:
        """Put some settings in force, those of the light under ``overlay``; ``keep`` also writes them to the file."""
        problem = keep_change(self._path, fields) if keep and self._path is not None else None
        settings = joined(self._settings, fields)
        if settings != self._settings:
            self._put_in_force(settings)
            if self._session is not None:
                self._asked_changes += 1
                self._session.change(settings)
        self._tell(problem)

    def name_customer(self, name: str) -> None:
        """Who is on the line; kept in memory only."""
        if name.strip():
            self._ask(lambda session: session.name_customer(name.strip()))

    def to_corner(self, corner: str = CORNERS[0]) -> None:
        """Put the light into a corner of the screen that it is on."""
        places = self.overlay.corner(corner)
        self.change({"overlay": {"places": places}})

    def today(self) -> DaySummary:
        """The agent's own notes of today.

        Raises
        ------
        EnvironmentProblem
            They cannot be read.
        """
        from monitor.live.diary import DaySummary

        return self._session.today() if self._session is not None else DaySummary()

    def begin_reading(self) -> None:
        """Three sentences are read aloud from now on."""
        self._ask(lambda session: session.begin_enrolment())

    def end_reading(self, keep: bool) -> None:
        """Enough was read, or no more is."""
        self._ask(lambda session: session.end_enrolment(keep))

    def _take_settings(self, settings: Settings) -> None:
        """The session has settings in force: our own are known, and newer ones may be on their way there already."""
        if self._asked_changes:
            self._asked_changes -= 1
        elif settings != self._settings:
            self._put_in_force(settings)

    def _put_in_force(self, settings: Settings) -> None:
        look_changed = settings.overlay != self._settings.overlay
        autostart_changed = settings.start_with_system != self._settings.start_with_system
        self._settings = settings
        if autostart_changed:
            self._tell(settle_autostart(settings.start_with_system))
        self.menu.show_settings(settings)
        if look_changed:
            self._apply_look()
        if self._dialogs is not None:
            self._dialogs.show_settings_changed(settings)

    def _tell(self, problem: str | None) -> None:
        if problem is not None:
            self._dialogs_now().tell(problem)

    def _apply_look(self) -> None:
        self.overlay.apply(self._settings.overlay, blends=self._blends)
        self.card.set_look(self.look)
        self.card.follow(self.overlay.area)

    @property
    def look(self) -> Look:
        """How floating windows are drawn now."""
        return look_of(self._settings.overlay, blends=self._blends)

    def _look_at_compositor(self) -> None:
        blends = self._server is None or self._server.blends()
        if blends != self._blends:
            self._blends = blends
            self._apply_look()

    def _point(self, here: bool) -> None:
        """The pointer came to the light or left it; where the last call is summed up, only a click opens the card."""
        if not here or self._dialogs is None or not self._dialogs.sums_up:
            self.card.pointed(self.overlay.area, here)

    def open_card(self, *, with_keyboard: bool = False) -> None:
        """Say why, in place of what sums up the call before."""
        if self._dialogs is not None:
            self._dialogs.shut_summary()
        self.card.open_at(self.overlay.area, with_keyboard=with_keyboard)

    def _quiet(self, seconds: float) -> None:
        self._ask(lambda session: session.quiet(seconds))

    def _ask(self, command: Callable[[Session], None]) -> None:
        if self._session is not None:
            command(self._session)

    def _dialogs_now(self) -> Dialogs:
        """The dialogs, loaded when the first one is asked for."""
        if self._dialogs is None:
            from ui.dialogs import Dialogs

            self._dialogs = Dialogs(self)
        return self._dialogs
