"""The windows that are opened now and then; loaded and made when the first of them is asked for."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPoint, Qt
from PyQt6.QtWidgets import QApplication, QDialog, QInputDialog, QMessageBox

from monitor.call_view import clock, item_name
from monitor.errors import MonitorError
from monitor.live.events import CaptureState, EnrolmentEnded, EnrolmentProgressed
from monitor.private import data_folder
from monitor.profile import ProfileStore
from ui.first_start import FirstStart
from ui.floating import is_wayland
from ui.overlay import WAYLAND
from ui.settings_dialog import SettingsDialog
from ui.speech_models import SpeechModels
from ui.summary_card import SummaryCard, fitting_summary
from ui.words_dialog import WordsDialog

if TYPE_CHECKING:
    from monitor.live.diary import DaySummary
    from monitor.result_types import CallResult
    from monitor.settings import Settings
    from ui.live_window import LiveWindow

PRIVACY = """\
<p><b>Only you see your light.</b> It is worked out on this computer and shown on this screen.
Nothing is sent anywhere.</p>
<p>The sound is heard, judged and forgotten. It is kept only where your company's policy asks for it, and then the card
says so while the call lasts.</p>
<p>Kept in your own user folder: your settings, your usual voice if you agreed to that, one line of numbers for each
call of the last 30 days, the phrases that were flagged, and what you marked as not right. What is measured and said in
your calls is kept only if you or your company's policy ask for it; evenkeel calls shows and deletes it.</p>"""
FLAGS_SHOWN = 5


def today_as_html(day: DaySummary) -> str:
    """Today's calls in a few lines, without any verdict."""
    if not day.calls:
        return "<p>No calls yet today.</p>"
    calls = "1 call" if day.calls == 1 else f"{day.calls} calls"
    lights = ", ".join(
        f"{name} {clock(seconds, 0)}"
        for name, seconds in (("green", day.green_s), ("amber", day.amber_s), ("red", day.red_s), ("grey", day.grey_s))
    )
    told = [f"<p><b>{calls}</b>, {clock(day.duration_s, 0)} altogether</p>", f"<p>{lights}</p>"]
    for title, counts in (("Phrases to watch", day.flags), ("What helped", day.met)):
        most = sorted(counts.items(), key=lambda entry: -entry[1])[:FLAGS_SHOWN]
        if most:
            names = ", ".join(f"{escape(item_name(name))} ({count})" for name, count in most)
            told.append(f"<p>{title}: {names}</p>")
    return "".join(told) + "<p>Only you see this.</p>"


class Dialogs(QObject):
    """At most one of each; none of them stops the light."""

    def __init__(self, window: LiveWindow) -> None:
        super().__init__(window)
        self._window = window
        self._open: dict[str, QDialog] = {}
        self._summary: SummaryCard | None = None
        self._models = SpeechModels(self)
        self._models.got.connect(self._use_model)
        self._models.failed.connect(self._model_failed)

    def show_part(self, part: str) -> None:
        """Asked for by a key of the desktop, so that the keyboard belongs into it."""
        window = self._window
        match part:
            case "card":
                window.open_card(with_keyboard=True)
            case "menu":
                area = window.overlay.area
                window.menu.popup(QPoint(area.x, area.y + area.height))
            case "settings":
                self.show_settings()

    # --- texts

    def show_summary(self, result: CallResult) -> None:
        """The card after a call; it replaces the one of the call before."""
        self.shut_summary()
        window = self._window
        window.card.shut()
        coaching = window.policy.coaching if window.policy is not None else None
        self._summary = fitting_summary(window.look, result, window.overlay.area, coaching)
        self._summary.gone.connect(window.summary_read)
        window.around.keep_off_task_bar(self._summary)
        self._summary.show_beside(window.overlay.area)

    @property
    def sums_up(self) -> bool:
        """Whether the last call's card is on the screen."""
        return self._summary is not None and self._summary.isVisible()

    def call_began(self) -> None:
        """What belongs to the call before goes; a name that is typed just now would become the next customer's."""
        self.shut_summary()
        asked = self._open.get("name")
        if asked is not None:
            asked.reject()

    def shut_summary(self) -> None:
        """The last call's card leaves the screen: the next call is on, or the program ends."""
        if self._summary is not None:
            self._summary.hide()
            self._summary.deleteLater()
            self._summary = None

    def show_today(self) -> None:
        """What the agent's own notes say of today."""
        try:
            text = today_as_html(self._window.ask.today())
        except MonitorError as problem:
            text = escape(str(problem))
        self._tell("today", "Today, for you alone", text)

    def show_privacy(self) -> None:
        """Who can see what."""
        self._tell("privacy", "Who can see what", PRIVACY)

    def tell(self, sentence: str) -> None:
        """One sentence that the agent should read; it takes the keyboard only from a window of ours."""
        self._tell("sentence", "Evenkeel", escape(sentence), quietly=QApplication.activeWindow() is None)

    # --- settings

    def show_settings(self) -> None:
        """Everything that can be chosen."""
        window = self._window
        note = WAYLAND if is_wayland() else ""
        voices = ProfileStore(data_folder()).names()
        dialog = SettingsDialog(window.settings, window.devices, has_tray=window.has_tray, note=note, voices=voices)
        dialog.changed.connect(window.change)
        dialog.reading_asked.connect(lambda: self.show_first_start(only_voice=True))
        dialog.words_asked.connect(self.show_words)
        dialog.corner_asked.connect(window.to_corner)
        self._models.found.connect(dialog.show_models)
        self._models.look()
        self._put("settings", dialog)

    def show_words(self) -> None:
        """Which speech model could listen; nothing is fetched by showing it."""
        policy = self._window.policy
        dialog = WordsDialog(self._models, language=policy.language if policy else "en")
        dialog.chosen.connect(self._use_model)
        self._put("words", dialog)

    def _use_model(self, name: str) -> None:
        """A speech model is here, and wanted."""
        self._window.change({"recogniser": "auto", "model": name})

    def _model_failed(self, sentence: str) -> None:
        """It was being fetched while nobody looked."""
        dialog = self._open.get("words")
        if dialog is not None and not dialog.isVisible():
            self.tell(sentence)

    def show_first_start(self, *, only_voice: bool = False) -> None:
        """The pages of the first start, or the sentences alone."""
        window = self._window
        wizard = FirstStart(window.settings, window.devices, only_voice=only_voice)
        wizard.changed.connect(window.change)
        wizard.corner_chosen.connect(window.to_corner)
        wizard.reading_begun.connect(window.ask.begin_reading)
        wizard.reading_over.connect(window.ask.end_reading)
        wizard.trying.connect(window.hold_calls)
        wizard.finished.connect(lambda _result: setattr(window.bridge, "wants_levels", False))
        window.bridge.wants_levels = True
        self._put("wizard", wizard)
        self.show_microphone()

    def ask_name(self, name: str) -> None:
        """Ask for the customer's name."""
        dialog = QInputDialog()
        dialog.setWindowTitle("Customer's name")
        dialog.setLabelText("Who is on the line? It is forgotten after the call.")
        dialog.setTextValue(name)
        dialog.textValueSelected.connect(self._window.ask.name_customer)
        self._put("name", dialog)

    def show_settings_changed(self, settings: Settings) -> None:
        """Settings changed somewhere else, such as in the menu."""
        dialog = self._open.get("settings")
        if isinstance(dialog, SettingsDialog) and dialog.isVisible():
            dialog.show_settings(settings)

    def show_level(self, level_dbfs: float) -> None:
        """The level of the microphone, for whoever shows a meter."""
        wizard = self._open.get("wizard")
        if isinstance(wizard, FirstStart) and wizard.isVisible():
            wizard.show_level(level_dbfs)

    def show_microphone(self) -> None:
        """How the microphone fares, for whoever is about to speak into it."""
        wizard, told = self._open.get("wizard"), self._window.microphone
        if isinstance(wizard, FirstStart) and wizard.isVisible() and told is not None:
            fine = told.state in (CaptureState.HEARING, CaptureState.STARTING)
            wizard.show_trouble("" if fine else told.text)

    def enrolling(self, event: EnrolmentEnded | EnrolmentProgressed) -> None:
        """How reading aloud goes."""
        wizard = self._open.get("wizard")
        if not isinstance(wizard, FirstStart):
            return
        if isinstance(event, EnrolmentProgressed):
            wizard.show_progress(event.progress)
        else:
            wizard.show_end(event)

    # --- all of them

    def _tell(self, key: str, title: str, html: str, *, quietly: bool = False) -> None:
        box = QMessageBox()
        box.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, quietly)
        box.setWindowTitle(title)
        box.setTextFormat(Qt.TextFormat.RichText)
        box.setText(html)
        self._put(key, box)

    def _put(self, key: str, dialog: QDialog) -> None:
        """Show a dialog beside the others, in place of an older one of its kind."""
        old = self._open.pop(key, None)
        if old is not None:
            old.close()
            old.deleteLater()
        self._open[key] = dialog
        dialog.setModal(False)
        dialog.show()

    def close(self) -> None:
        """Close whatever is open."""
        self._models.close()
        for dialog in self._open.values():
            dialog.close()
            dialog.deleteLater()
        self.shut_summary()
        self._open = {}
