"""Hearing more words: which speech model, its size before anything is fetched, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
)

if TYPE_CHECKING:
    from ui.speech_models import SpeechModel, SpeechModels

TITLE = "Hear more words"
ABOUT = (
    "Basic detection finds about half of the phrases. A speech model hears more. It works on this computer: your calls "
    "stay here. It has to be fetched once, from the hub of Hugging Face or from a folder, and only if you say so."
)
USUAL = "base.en"
WIDTH = 440


class WordsDialog(QDialog):
    """Asks for a model by ``chosen`` once it is here; fetches one when its button is pressed, and never otherwise."""

    chosen = pyqtSignal(str)

    def __init__(self, models: SpeechModels, *, language: str) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setMinimumWidth(WIDTH)
        self._source, self._language = models, language
        self._models: dict[str, SpeechModel] = {}
        about, self._state = _text(ABOUT), _text("Looking which models there are…")
        self._combo = QComboBox()
        self._combo.setAccessibleName("Speech model")
        self._combo.currentIndexChanged.connect(lambda _index: self._show_choice())
        self._fetch, self._folder, self._stop = QPushButton(), QPushButton("From a fol&der…"), QPushButton("&Stop")
        self._bar = QProgressBar()
        self._bar.setAccessibleName("How much has come")
        self._lay_out(about)
        self._fetch.clicked.connect(self._take)
        self._folder.clicked.connect(self._browse)
        self._stop.clicked.connect(self._give_up)
        models.found.connect(self.show_models)
        models.progressed.connect(self._show_progress)
        models.got.connect(self._done)
        models.failed.connect(self._show_problem)
        self._show_choice()
        models.look()

    def _lay_out(self, about: QLabel) -> None:
        layout, row = QVBoxLayout(self), QHBoxLayout()
        label = QLabel("&Model:")
        label.setBuddy(self._combo)
        row.addWidget(label)
        row.addWidget(self._combo, 1)
        layout.addWidget(about)
        layout.addLayout(row)
        layout.addWidget(self._state)
        layout.addWidget(self._bar)
        buttons = QDialogButtonBox()
        for button in (self._fetch, self._folder, self._stop):
            button.setAutoDefault(False)  # Enter fetches nothing
            buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def show_models(self, models: Sequence[SpeechModel], recommended: str) -> None:
        """Offer those that know the policy's language; first the one that suits this machine."""
        self._models = {model.name: model for model in models if model.knows(self._language)}
        wanted = self._combo.currentData() or recommended or USUAL
        self._combo.clear()
        for model in self._models.values():
            self._combo.addItem(f"{model.name}, {'here' if model.is_here else f'{model.size_mb:.0f} MB'}", model.name)
        self._combo.setCurrentIndex(max(0, self._combo.findData(wanted)))
        self._show_choice()

    def _show_choice(self) -> None:
        model, busy = self._models.get(self._combo.currentData()), self._source.is_getting
        self._combo.setEnabled(bool(self._models) and not busy)
        self._fetch.setEnabled(model is not None and not busy)
        self._folder.setEnabled(not busy)
        self._stop.setVisible(busy)
        self._bar.setVisible(busy)
        if model is not None:
            self._fetch.setText("&Use it" if model.is_here else f"&Fetch {model.size_mb:.0f} MB")
            if not busy:
                self._state.setText(model.advice)

    def _take(self) -> None:
        model = self._models[self._combo.currentData()]
        if model.is_here:
            self.chosen.emit(model.name)
            self.accept()
        else:
            self._get(model.name, None)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "The folder with model.bin")
        if folder:
            self.take_folder(folder)

    def take_folder(self, folder: str) -> None:
        """Take the chosen model from a folder on disk; a model that is known by no name has that of its folder."""
        name = self._combo.currentData()
        at = folder.rstrip("/\\").replace("\\", "/").rpartition("/")[2]
        self._get(at if at in self._models or name is None else name, folder)

    def _get(self, name: str, source: str | None) -> None:
        self._bar.setRange(0, 0)
        self._source.get(name, source)
        self._state.setText(f"{'Fetching' if source is None else 'Copying'} {name}. You may close this window.")
        self._show_choice()

    def _give_up(self) -> None:
        self._source.stop()
        self._show_choice()
        self._state.setText("Stopped. What has come is kept for the next time.")

    def _show_progress(self, done_kb: int, size_kb: int) -> None:
        self._bar.setRange(0, max(1, size_kb))
        self._bar.setValue(done_kb)
        if done_kb >= size_kb:
            self._bar.setRange(0, 0)
            self._state.setText("All of it is here. It is being tried, which takes a moment.")

    def _show_problem(self, sentence: str) -> None:
        self._show_choice()
        self._state.setText(sentence)

    def _done(self, name: str) -> None:
        self._state.setText(f"{name} is here. It listens from the next call on.")
        self._bar.hide()
        self._stop.hide()
        for button in (self._fetch, self._folder):
            button.setEnabled(False)


def _text(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setMinimumHeight(max(0, label.heightForWidth(WIDTH - 30)))
    return label
