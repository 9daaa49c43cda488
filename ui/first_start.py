"""The first start: choose the microphone, read three sentences, agree or not, put the light where it suits.

Every step may be passed over; nothing is listened to for learning before the second one is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QLabel,
    QProgressBar,
    QRadioButton,
    QVBoxLayout,
    QWizard,
    QWizardPage,
)

from monitor.live.enrol import SENTENCES
from monitor.live.events import EnrolmentState
from ui.devices import DeviceList
from ui.places import CORNERS
from ui.texts import breakable

if TYPE_CHECKING:
    from monitor.live.events import EnrolmentEnded, EnrolmentProgress
    from monitor.settings import Settings
    from monitor.sources.live_stream import InputDevice

QUIETEST_DBFS = -70  # where the level meter begins
WIDTH = 460


class MicrophonePage(QWizardPage):
    """Which microphone, with a meter that moves when it hears something."""

    chosen = pyqtSignal(object)  # the name, or None for the system's choice

    def __init__(self, settings: Settings, devices: DeviceList) -> None:
        super().__init__()
        self._chosen, self._devices, self._trouble = settings.agent_device, devices, ""
        self.setTitle("Your microphone")
        self.setSubTitle("Say something: the bar moves when this is the right one.")
        self._combo = QComboBox()
        self._combo.setMinimumContentsLength(32)
        self._combo.addItem("The system's choice", None)
        self._combo.activated.connect(lambda i: self._choose(self._combo.itemData(i)))
        self._meter = QProgressBar()
        self._meter.setRange(QUIETEST_DBFS, 0)
        self._meter.setTextVisible(False)
        self._meter.setAccessibleName("Level of the microphone")
        self._problem = QLabel()
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setWordWrap(True)
        form = QFormLayout(self)
        form.addRow("&Microphone:", self._combo)
        form.addRow("Level:", self._meter)
        form.addRow(self._problem)
        devices.found.connect(self.show_devices)
        devices.look()

    def show_devices(self, devices: Sequence[InputDevice], problem: str) -> None:
        """Offer microphones first, then what is meant for the ears."""
        self._problem.setText(breakable(self._trouble or problem))
        self._combo.clear()
        self._combo.addItem("The system's choice", None)
        for device in sorted(devices, key=lambda each: each.is_monitor):
            self._combo.addItem(device.label, device.name)
        if self._combo.findData(self._chosen) < 0:
            self._combo.addItem(f"{self._chosen} (not there)", self._chosen)
        self._combo.setCurrentIndex(self._combo.findData(self._chosen))

    def show_trouble(self, text: str) -> None:
        """Why the microphone is not heard, or nothing; what is there now is looked up anew."""
        self._trouble = text
        self._problem.setText(breakable(text))
        self._devices.look()

    def _choose(self, name: str | None) -> None:
        self._chosen = name
        self.chosen.emit(name)

    def show_level(self, level_dbfs: float) -> None:
        """Move the meter."""
        self._meter.setValue(max(QUIETEST_DBFS, min(0, round(level_dbfs))))


class VoicePage(QWizardPage):
    """Three sentences to read; what is wrong with the sound is said while reading."""

    begun = pyqtSignal()
    over = pyqtSignal(bool)  # whether to keep what was learnt

    def __init__(self, *, insists: bool) -> None:
        super().__init__()
        self._listening = self._enough = False
        self._insists = insists  # the page is open for this alone: finished means that enough was read
        self._trouble = ""
        self.setTitle("Your usual voice")
        self.setSubTitle(
            "Please read aloud, as you speak with a customer. You may pass over this; then the first call teaches it."
        )
        self._sentence, self._hint = QLabel(), QLabel()
        self._sentence.setStyleSheet("font-size: 17px; padding: 12px 4px;")
        for label in (self._sentence, self._hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 100)
        self._bar.setAccessibleName("How much was read")
        layout = QVBoxLayout(self)
        layout.addWidget(self._sentence)
        layout.addWidget(self._bar)
        layout.addWidget(self._hint)

    def initializePage(self) -> None:  # noqa: N802 - Qt's name
        """The page is open: begin to listen."""
        self._listening, self._enough = True, False
        self._sentence.setText(SENTENCES[0])
        self._sentence.setMinimumHeight(96)
        self._bar.setValue(0)
        self._tell("Listening…")
        self.completeChanged.emit()
        self.begun.emit()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """It may be passed over, where it is one page of several."""
        return self._enough or not self._insists

    def show_progress(self, progress: EnrolmentProgress) -> None:
        """How it goes."""
        if self._enough != (progress.state is EnrolmentState.READY):
            self._enough = not self._enough
            self.completeChanged.emit()
        self._sentence.setText(SENTENCES[min(progress.sentence, len(SENTENCES) - 1)])
        self._bar.setValue(round(100 * progress.share))
        self._tell(progress.text)

    def show_end(self, event: EnrolmentEnded) -> None:
        """What became of it, in one sentence."""
        self._hint.setText(event.text)

    def show_trouble(self, text: str) -> None:
        """Why the microphone is not heard, or nothing."""
        if text or self._trouble:
            self._trouble = text
            self._tell("Listening…")

    def _tell(self, text: str) -> None:
        """What is to be done about the microphone comes first."""
        self._hint.setText(breakable(self._trouble or text))

    def stop(self) -> None:
        """The page is left: keep what is enough, and forget the rest."""
        if self._listening:
            self._listening = False
            self.over.emit(self._enough)


class AgreementPage(QWizardPage):
    """May it learn from calls, and where should the light be."""

    corner_chosen = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setTitle("Almost done")
        self.setSubTitle("Both can be changed at any time in the settings.")
        question = QLabel(
            "May your usual voice learn from your calls? Only a few numbers are kept, on this computer; "
            "no sound, no words."
        )
        question.setWordWrap(True)
        self._yes, self._no = QRadioButton("&Yes, it may learn"), QRadioButton("N&o, leave it as it is")
        group = QButtonGroup(self)
        for button in (self._yes, self._no):
            group.addButton(button)
            button.toggled.connect(lambda _on: self.completeChanged.emit())
        where = QLabel("&Where should the light be? You can also drag it.")
        self._corner = QComboBox()
        where.setBuddy(self._corner)
        self._corner.setAccessibleName("Corner for the light")
        for corner in CORNERS:
            self._corner.addItem(corner.capitalize(), corner)
        self._corner.activated.connect(lambda i: self.corner_chosen.emit(self._corner.itemData(i)))
        layout = QVBoxLayout(self)
        for widget in (question, self._yes, self._no, where, self._corner):
            layout.addWidget(widget)
        layout.addStretch(1)

    @property
    def agreed(self) -> bool:
        """Whether learning was agreed to."""
        return self._yes.isChecked()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Neither answer is given in advance."""
        return self._yes.isChecked() or self._no.isChecked()


class FirstStart(QWizard):
    """The three pages; with ``only_voice`` the second alone, to read the sentences again."""

    changed = pyqtSignal(dict)
    corner_chosen = pyqtSignal(str)
    reading_begun = pyqtSignal()
    trying = pyqtSignal(bool)  # somebody may speak for no other reason than to be heard
    reading_over = pyqtSignal(bool)

    def __init__(self, settings: Settings, devices: DeviceList, *, only_voice: bool = False) -> None:
        super().__init__()
        self.setWindowTitle("Your usual voice" if only_voice else "Welcome to Evenkeel")
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setButtonText(QWizard.WizardButton.CancelButton, "&Later")
        self.setMinimumWidth(WIDTH)
        self._microphone, self._agreement = MicrophonePage(settings, devices), AgreementPage()
        self._voice = VoicePage(insists=only_voice)
        self._voice.begun.connect(self.reading_begun)
        self._voice.over.connect(self.reading_over)
        self._microphone.chosen.connect(lambda name: self.changed.emit({"agent_device": name}))
        self._agreement.corner_chosen.connect(self.corner_chosen)
        self._only_voice, self._tries = only_voice, False
        for page in [self._voice] if only_voice else [self._microphone, self._voice, self._agreement]:
            self.addPage(page)
        self.currentIdChanged.connect(self._page_changed)
        self.finished.connect(self._end)

    def show_level(self, level_dbfs: float) -> None:
        """Move the meter."""
        self._microphone.show_level(level_dbfs)

    def show_progress(self, progress: EnrolmentProgress) -> None:
        """How reading goes."""
        self._voice.show_progress(progress)

    def show_end(self, event: EnrolmentEnded) -> None:
        """What became of reading."""
        self._voice.show_end(event)

    def show_trouble(self, text: str) -> None:
        """Why the microphone is not heard; nothing when it is."""
        for page in (self._microphone, self._voice):
            page.show_trouble(text)

    def _page_changed(self, _number: int) -> None:
        self._try(self.currentPage() in (self._microphone, self._voice) and not self._only_voice)
        if self.currentPage() is not self._voice:
            self._voice.stop()

    def _try(self, tries: bool) -> None:
        if tries != self._tries:
            self._tries = tries
            self.trying.emit(tries)

    def _end(self, result: int) -> None:
        self._try(False)
        self._voice.stop()
        if result and not self._only_voice:
            self.changed.emit({"learn_from_calls": self._agreement.agreed})
