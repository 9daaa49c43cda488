"""What people do in the replay window: move, repeat, search, remark, export, print."""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QDialog, QFileDialog, QInputDialog, QLabel

from monitor.call_view import clock
from monitor.errors import InputProblem, MonitorError
from monitor.replay.clip import around, export_clip
from monitor.replay.navigate import Place, next_place, previous_place
from ui.player import RATES
from ui.replay_actions import KeysDialog
from ui.replay_paper import on_printer, save_pdf
from ui.replay_work import Task

if TYPE_CHECKING:
    from monitor.replay.recording import Waveform
    from ui.replay_window import ReplayWindow

SKIP_S = 5.0
ZOOM = 1.5
STUCK_S = 5.0  # so long without a sample more, a recording cannot be read on
LEAD_S = 0.4  # heard before a moment that one goes to
NEAR_S = 0.5  # a moment whose end is so near is still the one at the cursor
_ROUNDED_S = 0.02
RECORDINGS = (
    "Recordings and results (*.wav *.flac *.mp3 *.m4a *.ogg *.opus *.wma *.amr *.mp4 *.mkv *.json);;All files (*)"
)
_OF_WORDS = ("It was not said", "It was quoted or denied, not meant")
_OF_BOTH = ("It was another voice, or noise", "It fitted the situation")
WIDTH = 440  # of a dialog
LONGEST = 120  # letters of a moment in the title of a dialog


class Doing(QObject):
    """Answers the actions of a `ReplayWindow`."""

    def __init__(self, window: ReplayWindow) -> None:
        super().__init__(window)
        self._window = window
        self._tasks: list[Task] = []
        self._dialogs: dict[str, QDialog] = {}
        self._chosen: str | None = None

    def slots(self) -> dict[str, Callable[[], object]]:
        """What to call for each action."""
        window, panel = self._window, self._window.panel
        timeline, player = window.timeline, window.player
        return {
            "open": self.open,
            "clip": self.save_clip,
            "pdf": self.save_pdf,
            "print": self.print,
            "close": window.close,
            "play": player.toggle,
            "back": lambda: self.go_to(player.position_s() - SKIP_S),
            "forward": lambda: self.go_to(player.position_s() + SKIP_S),
            "slower": lambda: self._step_rate(-1),
            "faster": lambda: self._step_rate(1),
            "usual": lambda: self.set_rate(1.0),
            "loop": self.toggle_loop,
            "loop_from": lambda: self._mark(from_here=True),
            "loop_to": lambda: self._mark(from_here=False),
            "next": lambda: self._go_on(next_place),
            "previous": lambda: self._go_on(previous_place),
            "search": lambda: panel.bring(panel.words, panel.words.field),
            "next_hit": lambda: panel.words.go_on(1),
            "previous_hit": lambda: panel.words.go_on(-1),
            "to_timeline": timeline.setFocus,
            "to_moments": lambda: panel.bring(panel.moments, panel.moments.list),
            "comment": lambda: panel.bring(panel.notes, panel.notes.field),
            "dispute": self.dispute,
            "closer": lambda: timeline.zoom(ZOOM),
            "farther": lambda: timeline.zoom(1 / ZOOM),
            "whole": lambda: timeline.set_span(0.0, window.call.duration_s if window.call else 1.0),
            "spectrogram": lambda: timeline.set_spectrogram(window.actions_by_name["spectrogram"].isChecked()),
            "then": window.show_light,
            "keys": self.show_keys,
        }

    # --- moving

    def go_to(self, at_s: float) -> None:
        """Move the cursor there, and show where it is."""
        window = self._window
        if window.call is not None:
            at_s = min(max(0.0, at_s), window.call.duration_s)
            window.timeline.reveal(at_s)
            window.player.seek(at_s)

    def go_to_key(self, key: str) -> None:
        """Move to a moment, a little before it, so that it is heard whole."""
        place = next((each for each in self._window.places if each.key == key), None)
        if place is not None:
            self._chosen = key
            self._window.timeline.choose(key)
            self._window.panel.moments.select(key)
            self.go_to(place.start_s - (LEAD_S if self._window.player.playing else 0.0))
            self._window.say(f"{clock(place.start_s)}  {place.title}: {place.text}")

    def _go_on(self, find: Callable[[tuple[Place, ...], float], Place | None]) -> None:
        """To the next or previous of the moments that are shown."""
        shown = self._window.panel.moments.shown
        # While it plays, the cursor stands shortly before the moment that one went to last.
        now_s = self._window.player.position_s()
        last = next((each for each in shown if each.key == self._chosen), None)
        if last is not None and abs(last.start_s - now_s) <= LEAD_S + _ROUNDED_S:
            now_s = last.start_s
        place = find(shown, now_s)
        if place is None:
            self._window.say("There is no moment further on." if find is next_place else "There is no moment before.")
        else:
            self.go_to_key(place.key)

    def place_here(self) -> Place | None:
        """The moment that was chosen if the cursor is still there, else the one at the cursor, phrases first."""
        now_s = self._window.player.position_s()

        def is_here(each: Place) -> bool:
            near = each.start_s - LEAD_S - _ROUNDED_S <= now_s <= each.end_s + NEAR_S
            return near and (each.counts or each.key == self._chosen)

        here = [each for each in self._window.places if is_here(each)]
        chosen = next((each for each in here if each.key == self._chosen), None)
        return chosen or min(here, key=lambda each: (each.state is None, abs(each.start_s - now_s)), default=None)

    def set_rate(self, rate: float) -> None:
        """Play at this speed."""
        self._window.player.set_rate(rate)
        self._window.bar.show_rate(self._window.player.rate)

    def _step_rate(self, step: int) -> None:
        at = RATES.index(self._window.player.rate) + step
        self.set_rate(RATES[min(max(0, at), len(RATES) - 1)])

    def toggle_loop(self) -> None:
        """Repeat the moment at the cursor, else what is in sight; or no longer."""
        window = self._window
        if window.call is None or window.player.loop is not None:
            self.take_loop(None)
            return
        place = self.place_here()
        span = window.timeline.span
        if place is not None:
            span = around(place.start_s, place.end_s, window.call.duration_s)
        self.take_loop(span)
        if not span[0] <= window.player.position_s() < span[1]:
            self.go_to(span[0])

    def _mark(self, *, from_here: bool) -> None:
        """Let the stretch that repeats begin or end at the cursor; its other end stays, or is some seconds away."""
        window = self._window
        if window.call is None:
            return
        now_s, loop = window.player.position_s(), window.player.loop
        if from_here:
            end_s = loop[1] if loop is not None and loop[1] > now_s else now_s + SKIP_S
            self.take_loop((now_s, min(end_s, window.call.duration_s)))
        else:
            start_s = loop[0] if loop is not None and loop[0] < now_s else now_s - SKIP_S
            self.take_loop((max(0.0, start_s), now_s))

    def take_loop(self, loop: tuple[float, float] | None) -> None:
        """Repeat this stretch, or none."""
        window = self._window
        window.player.set_loop(*(loop or (None,)))
        if loop is None:
            window.timeline.set_loop(None)
        else:
            window.timeline.set_loop(*(window.player.loop or loop))
        window.actions_by_name["loop"].setChecked(loop is not None)

    # --- remarks

    def add_comment(self, text: str) -> None:
        """Keep a comment on the moment at the cursor."""
        call, at_s = self._window.call, round(self._window.player.position_s(), 3)
        if call is not None:
            self._window.timeline.setFocus()
            self._note(
                lambda: call.notebook.comment(text, at_s),
                "Your comment is kept.",
                lambda: self._window.panel.notes.give_back(text),
            )

    def dispute(self) -> None:
        """Ask why the moment at the cursor is not right."""
        place = self.place_here()
        if place is None:
            self._window.say("Go to a phrase or a light first (N), then dispute it.")
            return
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Dispute")
        about = escape(_shortened(f"{clock(place.start_s)}  {place.title}: {place.text}"))
        dialog.setLabelText(f"<p>{about}</p><p>Why was this not right?</p>")
        for label in dialog.findChildren(QLabel):
            label.setWordWrap(True)
        of_words = place.id.startswith("say.")
        dialog.setComboBoxItems([*(_OF_WORDS if of_words else ("The voice was as usual",)), *_OF_BOTH])
        dialog.setComboBoxEditable(True)
        dialog.textValueSelected.connect(lambda reason: self.add_dispute(place, reason))
        dialog.resize(WIDTH, dialog.heightForWidth(WIDTH))
        self._put("dispute", dialog)

    def add_dispute(self, place: Place, reason: str) -> None:
        """Keep that this moment was judged wrongly."""
        call = self._window.call
        if call is not None and reason.strip():
            self._note(
                lambda: call.notebook.dispute(place.id, place.start_s, place.text, reason.strip()),
                "Noted." if call.call_id is None else "Noted. Thresholds learn from it: evenkeel policy suggest",
            )

    def _note(self, write: Callable[[], None], sentence: str, lost: Callable[[], object] | None = None) -> None:
        """Write in a thread, for a store may be waited for; show what is kept then, or call ``lost``."""

        def done(_nothing: object) -> None:
            self._window.retake()
            self._window.say(sentence)

        self._work(write, done, lost)

    def _work(
        self, work: Callable[[], object], done: Callable[[object], None], lost: Callable[[], object] | None = None
    ) -> None:
        task = Task(work, self)
        task.done.connect(done)
        task.failed.connect(lambda problem: self._window.say(_told_here(problem)))
        if lost is not None:
            task.failed.connect(lambda _problem: lost())
        self._tasks = [each for each in self._tasks if each.running] + [task]
        task.start()

    # --- files and paper

    def open(self) -> None:
        """Ask for another recording or result."""
        name, _kind = QFileDialog.getOpenFileName(self._window, "Open a call", "", RECORDINGS)
        if name:
            self._window.open_path(Path(name))

    def save_clip(self) -> None:
        """Ask where the sound of the marked stretch, or around the moment at the cursor, goes."""
        window = self._window
        call = window.call
        if call is None or call.waveform is None:
            window.say("There is no recording here to export from.")
            return
        place, loop = self.place_here(), window.player.loop
        if loop is None and place is None:
            window.say("Go to a moment first (N), or mark a stretch (I and O, or Shift and the pointer).")
            return
        start_s, end_s = loop or (0.0, 0.0)
        if loop is None and place is not None:
            start_s, end_s = around(place.start_s, place.end_s, call.duration_s)
        suggested = f"{_stem(call.name)}-{clock(start_s, 0).replace(':', 'm')}s.wav"
        path = self._asked_for("Export clip", suggested, "Sound (*.wav)")
        if path is not None:
            waveform = call.waveform

            def export() -> None:
                wait_until_read(waveform, end_s)
                export_clip(waveform, start_s, end_s, path)

            self._work(export, lambda _nothing: window.say(f"{clock(start_s)} to {clock(end_s)} is in {path.name}."))

    def save_pdf(self) -> None:
        """Ask where the pages go."""
        window, call = self._window, self._window.call
        if call is None:
            return
        path = self._asked_for("Save as PDF", f"{_stem(call.name)}.pdf", "PDF (*.pdf)")
        if path is not None:
            shown = window.panel.moments.shown
            self._on_paper(lambda: save_pdf(call, shown, path), f"Saved as {path.name}.")

    def print(self) -> None:
        """Ask for a printer, and print."""
        call, shown = self._window.call, self._window.panel.moments.shown
        if call is not None:
            self._on_paper(lambda: on_printer(call, shown, self._window), "")

    def _asked_for(self, title: str, suggested: str, kind: str) -> Path | None:
        """Where a file is to go; a name without an ending gets that of its kind."""
        name, _kind = QFileDialog.getSaveFileName(self._window, title, suggested, kind)
        if not name:
            return None
        path = Path(name)
        if not path.suffix:
            path = path.with_name(path.name + Path(suggested).suffix)
            if path.exists():  # the dialog asked about the shorter name only
                self._window.say(f"{path.name} is there already: choose another name.")
                return None
        return path

    def _on_paper(self, draw: Callable[[], object], sentence: str) -> None:
        try:
            draw()
        except MonitorError as problem:
            sentence = _told_here(problem)
        self._window.say(sentence)

    # --- dialogs

    def show_keys(self) -> None:
        """All keys."""
        self._put("keys", KeysDialog(self._window))

    def _put(self, name: str, dialog: QDialog) -> None:
        """Show a dialog beside the window, in place of an older one of its kind."""
        older = self._dialogs.pop(name, None)
        if older is not None:
            older.close()
            older.deleteLater()
        self._dialogs[name] = dialog
        dialog.show()

    def dialog(self, name: str) -> QDialog | None:
        """The dialog of this kind, if it was ever opened."""
        return self._dialogs.get(name)

    def forget(self) -> None:
        """The call goes: so does what was asked about it."""
        self._chosen = None
        for dialog in self._dialogs.values():
            dialog.close()

    def close(self) -> None:
        """Wait for what is being written."""
        self.forget()
        for task in self._tasks:
            task.stop()


def wait_until_read(waveform: Waveform, end_s: float) -> None:
    """Wait until a recording was decoded up to here; the time line reads it in the background.

    Raises
    ------
    InputProblem
        It cannot be read so far.
    """
    known_s, since_s = -1.0, time.monotonic()
    while not waveform.complete and waveform.known_s < end_s:
        if waveform.known_s > known_s:
            known_s, since_s = waveform.known_s, time.monotonic()
        elif time.monotonic() - since_s > STUCK_S:
            raise InputProblem(f"The recording could be read up to {clock(known_s)} only: choose a place before that.")
        time.sleep(0.05)


def _told_here(problem: Exception) -> str:
    """A sentence that was made for commands, in the words of a window."""
    return str(problem).replace(" with --out", "").replace("run the same command again", "try again")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _stem(name: str) -> str:
    return PurePath(name).stem or "call"
