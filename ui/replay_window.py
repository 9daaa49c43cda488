"""The supervisor's window: one call on a time line, heard, searched and remarked on.

`ReplayWindow` opens calls and holds what is shown; what people do with it stands in `ui.replay_doing`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QKeyEvent
from PyQt6.QtWidgets import QLabel, QMainWindow, QScrollArea, QSplitter, QStackedWidget

from monitor.policy.load import load_policy
from monitor.replay.navigate import Place, places
from monitor.types import Light
from ui.lamp import lamp_icon
from ui.player import PLAYING, Player
from ui.replay_actions import FRAME, make_actions
from ui.replay_child import Opened, Request, load
from ui.replay_doing import Doing
from ui.replay_parts import PANEL_WIDTH, Bar, Panel
from ui.replay_view import Lights
from ui.replay_waiting import Waiting
from ui.replay_work import Judging, Task
from ui.timeline import Timeline

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.result_types import CallResult

SIZE = (1200, 700)
NO_RECORDING, NO_SOUND = "No recording: silent", "No sound device: silent"
NOW, THEN = "As judged now", "As shown in the call"
CURSOR_EVERY_S = 0.025  # how often the cursor is drawn anew while it plays


class ReplayWindow(QMainWindow):
    """Shows one call. ``problem`` is why the first one could not be shown; ``ended`` tells that the window went."""

    ended = pyqtSignal()
    opened = pyqtSignal()  # a call is shown

    def __init__(self, request: Request, *, silent: bool = False) -> None:
        super().__init__()
        self.problem: Exception | None = None
        self.call: CallView | None = None
        self._held: Opened | None = None
        self._task: Task | None = None
        self._request = request
        self._is_first = True  # nothing was shown yet
        self.places: tuple[Place, ...] = ()  # all moments of the call
        self._judged_by: CallResult | None = None
        self._lights_now: Lights | None = None
        self._lights_then: Lights | None = None
        self._drawn_s = -1.0
        self.player = Player(self, silent=silent)
        self.timeline = Timeline()
        self.panel = Panel(lambda: self.timeline.cursor_s)
        self.waiting = Waiting()
        self._silent = QLabel()
        self.doing = Doing(self)
        self.actions_by_name = make_actions(self, self.doing.slots())
        self.bar = Bar(self.actions_by_name, self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self.setWindowTitle("Evenkeel replay")
        self.setWindowIcon(lamp_icon("green"))
        screen = self.screen()
        free = screen.availableGeometry().size() if screen is not None else QSize(*SIZE)
        self.resize(QSize(*SIZE).boundedTo(free - FRAME))
        self.addToolBar(self.bar)
        split = QSplitter(Qt.Orientation.Horizontal)
        scrolled = QScrollArea()  # on a small screen, lanes would not be legible otherwise
        scrolled.setWidget(self.timeline)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        split.addWidget(scrolled)
        split.addWidget(self.panel)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([SIZE[0] - PANEL_WIDTH, PANEL_WIDTH])
        self._pages = QStackedWidget()
        self._pages.addWidget(self.waiting)
        self._pages.addWidget(split)
        self.setCentralWidget(self._pages)
        status = self.statusBar()
        assert status is not None
        status.setSizeGripEnabled(False)
        status.addPermanentWidget(self._silent)

    def _connect(self) -> None:
        doing, panel, timeline = self.doing, self.panel, self.timeline
        self.player.position_changed.connect(self._moved)
        self.player.state_changed.connect(self._show_state)
        self.player.failed.connect(self._show_trouble)
        self.bar.rate_chosen.connect(doing.set_rate)
        timeline.seek_requested.connect(self.player.seek)
        timeline.flag_chosen.connect(panel.moments.select)
        timeline.loop_chosen.connect(doing.take_loop)
        timeline.tracks_measured.connect(self._take)
        timeline.trouble.connect(self.say)
        panel.moments.chosen.connect(doing.go_to_key)
        panel.moments.filtered.connect(timeline.set_filter)
        panel.words.chosen.connect(doing.go_to)
        panel.notes.chosen.connect(doing.go_to)
        panel.notes.commented.connect(doing.add_comment)
        self.waiting.cancelled.connect(self._cancel)

    # --- opening

    def begin(self) -> None:
        """Open what was asked for; the window is there meanwhile."""
        self.open_request(self._request)

    def open_request(self, request: Request) -> None:
        """Open another call in place of the one that is shown."""
        self._let_go()
        self._request = request
        self.setWindowTitle(f"{request.name} - Evenkeel replay")
        self.waiting.show_opening(request.name)
        self._pages.setCurrentWidget(self.waiting)
        self.waiting.cancel.setFocus()  # else the space bar would open the list of speeds
        self._start(Task(lambda: load(request), self), self._loaded)

    def open_path(self, path: Path) -> None:
        """Open another recording or result, judged in the same way."""
        self.open_request(replace(self._request, path=path, call_id=None, recording=None))

    def _start(self, task: Task, done: Callable[..., object]) -> None:
        self._task = task
        task.done.connect(done)
        task.failed.connect(self._give_up)
        task.start()

    def _loaded(self, held: Opened | None) -> None:
        if held is None:
            self._judge()
        else:
            self.show_call(held)

    def show_call(self, held: Opened) -> None:
        """Show a call that was opened; it is closed with the window, or before the next one."""
        self._task, self._is_first = None, False
        for name in ("spectrogram", "loop"):  # each call begins plain
            self.actions_by_name[name].setChecked(False)
        self._held = held
        self.player.open(held.call.waveform, held.call.duration_s)
        self._take(held.call)
        self._pages.setCurrentIndex(1)
        self.timeline.setFocus()
        self._moved(0.0)
        self._show_silence()
        self.say(held.call.warnings[0] if held.call.warnings else "Space plays, ? lists all keys.")
        self.opened.emit()

    def _judge(self) -> None:
        path = self._request.path
        assert path is not None
        from monitor.batch_work import promised_s

        of_s = promised_s(path)
        self.waiting.show_progress(path.name, 0.0, of_s, 0.0)
        judging = Judging(path, self._request.options, self)
        judging.progressed.connect(lambda done_s, waited_s: self._progress(done_s, of_s, waited_s))
        self._start(judging, lambda _done: self._judged())

    def _progress(self, done_s: float, of_s: float | None, waited_s: float) -> None:
        self.waiting.show_progress(self._request.name, done_s, of_s, waited_s)

    def _judged(self) -> None:
        request = self._request
        self._start(Task(lambda: load(request), self), self._loaded)

    def _cancel(self) -> None:
        """Stop opening; where no call was ever shown, the window goes."""
        self._stop_task()
        if self._is_first:
            self.close()
        else:
            self.waiting.show_nothing(f"{self._request.name} was not analysed.")

    def _give_up(self, problem: Exception) -> None:
        """It cannot be shown: of the first call, whoever opened the window tells why."""
        self._task = None
        if self._is_first:
            self.problem = problem
            self.close()
        else:
            self.waiting.show_nothing(str(problem))

    def _take(self, call: CallView) -> None:
        """Show this call, or the same with more known of it."""
        self.call = call
        self._lights_now = Lights(call.result)
        self._lights_then = None if call.then is None else Lights(call.then)
        then = self.actions_by_name["then"]
        then.setEnabled(call.then is not None)
        then.setChecked(then.isChecked() and call.then is not None)
        if self._judged_by is not call.result:
            self._judged_by = call.result
            self.places = places(call.result, call.policy or load_policy(None))
        for name in ("clip", "spectrogram"):
            self.actions_by_name[name].setEnabled(call.waveform is not None)
        self.timeline.set_call(call)
        self.panel.moments.set_places(self.places, call.disputes)
        self.panel.words.set_call(call)
        self.panel.notes.set_remarks(call.remarks, call.warnings)
        self.show_light()

    def retake(self) -> None:
        """Remarks were added."""
        if self.call is not None:
            chosen = self.panel.moments.list.currentRow()
            self._take(self.call.with_remarks())
            self.panel.moments.list.setCurrentRow(chosen)

    # --- what changes while it plays

    def _moved(self, at_s: float) -> None:
        self.show_light(at_s)
        if self.player.playing and abs(at_s - self._drawn_s) < CURSOR_EVERY_S * self.player.rate:
            return
        self._drawn_s = at_s
        self.timeline.set_cursor(at_s, follow=self.player.playing)
        self.bar.show_time(at_s, self.call.duration_s if self.call is not None else 0.0)
        self.panel.notes.show_time(at_s)
        self.panel.words.show_time(at_s)

    def show_light(self, at_s: float | None = None) -> None:
        """The light at the cursor, as judged now or as shown then."""
        then = self.actions_by_name["then"].isChecked() and self._lights_then is not None
        lights = self._lights_then if then else self._lights_now
        if lights is not None:
            self.panel.light.set_caption(THEN if then else NOW)
            self.panel.light.show_view(lights.view_at(self.player.position_s() if at_s is None else at_s))

    @property
    def light(self) -> Light:
        """The light that is shown."""
        return Light(self.panel.light.pill.view.light)

    def _show_state(self, state: str) -> None:
        self.bar.show_state(playing=state == PLAYING)
        self._show_silence()

    def _show_trouble(self, sentence: str) -> None:
        self.say(sentence)
        self._show_silence()

    def _show_silence(self) -> None:
        """A word in the corner as long as there is nothing to be heard."""
        without = self.call is not None and self.call.waveform is None
        self._silent.setText(NO_RECORDING if without else NO_SOUND if self.player.note else "")

    def say(self, sentence: str) -> None:
        """A sentence at the bottom of the window."""
        status = self.statusBar()
        if status is not None:
            status.showMessage(sentence)
            status.setAccessibleName(sentence)

    # --- the end

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """The space bar plays wherever nothing else needs it."""
        if event is not None and event.key() == Qt.Key.Key_Space and self.call is not None:
            self.player.toggle()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 - Qt's name
        """Let go of everything."""
        self._stop_task()
        self.doing.close()
        self.player.close()
        self._let_go()
        super().closeEvent(event)
        self.ended.emit()

    def _stop_task(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.stop()

    def _let_go(self) -> None:
        self._stop_task()
        self.doing.forget()
        self.player.open(None, 0.0)
        self.timeline.shut()
        held, self._held = self._held, None
        self.call = self._judged_by = self._lights_now = self._lights_then = None
        self.places = ()
        for name in ("clip", "spectrogram", "then"):
            self.actions_by_name[name].setEnabled(False)
        self.bar.show_time(0.0, 0.0)
        self.say("")
        self._show_silence()
        if held is not None:
            held.close()
