"""Everything an agent can choose, in one dialog. Each change holds at once; there is nothing to confirm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from monitor.errors import MonitorError
from monitor.policy.load import BUILTIN, builtin_names, load_policy
from monitor.settings import profile_problem
from ui.devices import DeviceList
from ui.texts import breakable

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.sources.live_stream import InputDevice
    from ui.speech_models import SpeechModel

SENSITIVITIES = (("calm", "Calm: only what is clear"), ("normal", "Normal"), ("keen", "Keen: early hints"))
RECOGNISERS = (
    ("auto", "The best there is on this computer"),
    ("whisper", "Speech model (Whisper)"),
    ("pocketsphinx", "Basic detection"),
    ("none", "No words, the voice alone"),
)
CALLS = (("automatic", "By themselves, when somebody speaks"), ("manual", "When I say so"))
THEMES = (("auto", "As the system"), ("dark", "Dark"), ("light", "Light"))
CONTRASTS = (("normal", "Normal"), ("high", "High"))
NOTE_WIDTH = 300
ANY_MODEL = "The one that suits best"
Choice = tuple[str | None, str]


def field_value(settings: Settings, field: str) -> Any:  # noqa: ANN401 - fields have many types
    """A setting by its name; those of the light are named ``overlay.theme`` and so on."""
    value: Any = settings
    for part in field.split("."):
        value = getattr(value, part)
    return value


def as_change(field: str, value: object) -> dict[str, Any]:
    """One field as a change of the settings."""
    outer, _, inner = field.rpartition(".")
    return {outer: {inner: value}} if outer else {inner: value}


class SettingsDialog(QDialog):
    """Shows settings, and asks for changes by ``changed``; it changes nothing by itself."""

    changed = pyqtSignal(dict)
    reading_asked = pyqtSignal()
    words_asked = pyqtSignal()
    corner_asked = pyqtSignal()

    def __init__(
        self, settings: Settings, devices: DeviceList, *, has_tray: bool, note: str = "", voices: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self.setWindowTitle("Evenkeel settings")
        self._settings, self._voices = settings, voices
        self._models: Sequence[SpeechModel] = ()
        self._found: Sequence[InputDevice] = ()
        self._setters: dict[str, Callable[[Any], None]] = {}
        self._agent, self._customer = self._combo("agent_device", ()), self._combo("customer_device", ())
        left = QVBoxLayout()
        left.addWidget(self._listening_group())
        left.addWidget(self._calls_group())
        columns = QHBoxLayout()  # beside each other, for screens that are not high
        columns.addLayout(left)
        columns.addWidget(self._light_group(has_tray, note))
        layout = QVBoxLayout(self)
        layout.addLayout(columns)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        devices.found.connect(self.show_devices)
        devices.look()
        self.show_settings(settings)

    def show_settings(self, settings: Settings) -> None:
        """Show what is in force."""
        self._settings = settings
        self._fill_devices()
        for field, put in self._setters.items():
            put(field_value(settings, field))

    def show_devices(self, devices: Sequence[InputDevice], problem: str) -> None:
        """Offer what was found; ``problem`` says why there is nothing."""
        self._found = devices
        _write(self._problem, problem)
        self.show_settings(self._settings)

    # --- groups

    def _listening_group(self) -> QGroupBox:
        group, form = _group("Listening")
        form.addRow("&Microphone:", self._agent)
        form.addRow("What I &hear:", self._customer)
        self._problem = _note("")
        form.addRow(self._problem)
        form.addRow("Se&nsitivity:", self._combo("sensitivity", SENSITIVITIES))
        form.addRow("&Words:", self._combo("recogniser", RECOGNISERS))
        form.addRow("Speech mode&l:", self._model_row())
        form.addRow("&Policy:", self._policy_row())
        form.addRow("Usual &voice of:", self._voice_combo())
        read = _button("&Read three sentences…")
        read.setAccessibleDescription("Learns your usual voice again")
        read.clicked.connect(self.reading_asked)
        form.addRow("My usual voice:", read)
        return group

    def _calls_group(self) -> QGroupBox:
        group, form = _group("Calls")
        form.addRow("Calls &begin and end:", self._combo("calls", CALLS))
        form.addRow("&End after silence of:", self._number("end_after_s", 5, 600, 5, " s", decimals=0))
        form.addRow(self._check("learn_from_calls", "My &usual voice may learn from my calls"))
        form.addRow(self._check("keep_calls", "Keep what is measured in m&y calls, without sound"))
        form.addRow(self._check("show_summary", "&Show me a summary after a call; only I see it"))
        form.addRow(self._check("start_with_system", "Start &automatically when I log in"))
        return group

    def _light_group(self, has_tray: bool, note: str) -> QGroupBox:
        group, form = _group("The light")
        form.addRow("&Colours:", self._combo("overlay.theme", THEMES))
        form.addRow("C&ontrast:", self._combo("overlay.contrast", CONTRASTS))
        form.addRow("Si&ze:", self._number("overlay.scale", 0.75, 3.0, 0.25, " ×", decimals=2))
        form.addRow(self._check("overlay.show_word", "Show one wor&d beside the light"))
        through = self._check("overlay.click_through", "Clicks &go through to the window below")
        through.setEnabled(has_tray)
        if not has_tray:
            through.setToolTip("This desktop has no tray, so the light itself is the way to the menu.")
        form.addRow(through)
        form.addRow(self._check("overlay.above_full_screen", "Stay above &full-screen windows"))
        corner = _button("Put it bac&k in the corner")
        corner.clicked.connect(self.corner_asked)
        form.addRow(corner)
        if note:
            form.addRow(_note(note))
        return group

    # --- one field each

    def _combo(self, field: str, choices: Sequence[Choice]) -> QComboBox:
        combo = QComboBox()
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(30)
        combo.setAccessibleName(field.rpartition(".")[2].replace("_", " "))
        for value, text in choices:
            combo.addItem(text, value)

        def put(value: object) -> None:
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(value))

        combo.activated.connect(lambda i: self.changed.emit(as_change(field, combo.itemData(i))))
        self._setters[field] = put
        return combo

    def _check(self, field: str, text: str) -> QCheckBox:
        check = QCheckBox(text)

        def put(value: object) -> None:
            with QSignalBlocker(check):
                check.setChecked(bool(value))  # not asked yet counts as no

        check.toggled.connect(lambda on: self.changed.emit(as_change(field, on)))
        self._setters[field] = put
        return check

    def _number(self, field: str, low: float, high: float, step: float, unit: str, *, decimals: int) -> QDoubleSpinBox:
        number = QDoubleSpinBox()
        number.setDecimals(decimals)
        number.setRange(low, high)
        number.setSingleStep(step)
        number.setSuffix(unit)
        number.setKeyboardTracking(False)  # a half-typed number is not meant

        def put(value: float) -> None:
            with QSignalBlocker(number):
                number.setValue(value)

        number.valueChanged.connect(lambda value: self.changed.emit(as_change(field, value)))
        self._setters[field] = put
        return number

    def _model_row(self) -> QWidget:
        combo, more = _narrow_combo("model"), _button("Ge&t one…")
        more.setAccessibleName("Get a speech model")
        more.clicked.connect(self.words_asked)

        def put(value: str | None) -> None:
            with QSignalBlocker(combo):
                combo.clear()
                combo.addItem(ANY_MODEL, None)
                for model in self._models:
                    if model.is_here:
                        combo.addItem(model.name, model.name)
                if combo.findData(value) < 0:
                    combo.addItem(str(value), value)
                combo.setCurrentIndex(combo.findData(value))

        combo.activated.connect(lambda i: self.changed.emit({"model": combo.itemData(i)}))
        self._setters["model"] = put
        return _row(combo, more)

    def show_models(self, models: Sequence[SpeechModel], _recommended: str) -> None:
        """Offer the speech models that are here."""
        self._models = models
        self._setters["model"](self._settings.model)

    def _voice_combo(self) -> QComboBox:
        """Who speaks: a name for each person and microphone, of those that are kept or a new one."""
        combo = QComboBox()
        combo.setEditable(True)
        combo.setAccessibleName("profile")
        combo.setAccessibleDescription("Whose usual voice is compared with, and on which microphone")

        def put(value: str) -> None:
            with QSignalBlocker(combo):
                combo.clear()
                combo.addItems(sorted({*self._voices, value}))
                combo.setCurrentText(value)

        line = combo.lineEdit()
        assert line is not None
        # Not a function that holds the line: Qt made that, so the two would only hold each other, and be cleared away.
        line.editingFinished.connect(lambda: self.choose_voice(combo.currentText()))
        combo.textActivated.connect(self.choose_voice)
        self._setters["profile"] = put
        return combo

    def choose_voice(self, name: str) -> None:
        """Compare with the usual voice of this name, if it is one."""
        name = name.strip()
        if name == self._settings.profile:
            return
        problem = profile_problem(name)
        _write(self._problem, problem or "")
        if problem is None:
            self.changed.emit({"profile": name})
        else:
            self._setters["profile"](self._settings.profile)

    def _policy_row(self) -> QWidget:
        combo, browse = _narrow_combo("policy"), _button("F&ile…")
        browse.setAccessibleName("Choose a policy file")

        def put(value: str | None) -> None:
            with QSignalBlocker(combo):
                combo.clear()
                for name in builtin_names():
                    combo.addItem(name, None if name == BUILTIN else name)
                if combo.findData(value) < 0:
                    combo.addItem(str(value), value)
                combo.setCurrentIndex(combo.findData(value))

        combo.activated.connect(lambda i: self.choose_policy(combo.itemData(i)))
        browse.clicked.connect(self._browse)
        self._setters["policy"] = put
        return _row(combo, browse)

    def _browse(self) -> None:
        path, _kind = QFileDialog.getOpenFileName(self, "Choose a policy", "", "Policies (*.toml)")
        if path:
            self.choose_policy(path)

    def choose_policy(self, value: str | None) -> None:
        """Take a policy that can be read; otherwise say why not, and keep the one in force."""
        try:
            load_policy(value)
        except MonitorError as problem:
            _write(self._problem, str(problem))
            self.show_settings(self._settings)
            return
        _write(self._problem, "")
        self.changed.emit({"policy": value})

    def _fill_devices(self) -> None:
        microphones = sorted(self._found, key=lambda device: device.is_monitor)
        for combo, field, unset, order in (
            (self._agent, "agent_device", "The system's choice", microphones),
            (self._customer, "customer_device", "Nothing", microphones[::-1]),
        ):
            chosen = field_value(self._settings, field)
            with QSignalBlocker(combo):
                combo.clear()
                combo.addItem(unset, None)
                for device in order:
                    combo.addItem(device.label, device.name)
                if combo.findData(chosen) < 0:
                    combo.addItem(f"{chosen} (not there)", chosen)


def _narrow_combo(name: str) -> QComboBox:
    """One that leaves room for a button beside it."""
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setMinimumContentsLength(22)
    return combo


def _row(field: QWidget, button: QPushButton) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(field, 1)
    layout.addWidget(button)
    row.setFocusProxy(field)  # the label's letter leads to it
    return row


def _group(title: str) -> tuple[QGroupBox, QFormLayout]:
    group = QGroupBox(title)
    form = QFormLayout(group)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return group, form


def _button(text: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)  # Enter in a field is not meant for it
    return button


def _note(text: str) -> QLabel:
    note = QLabel()
    note.setTextFormat(Qt.TextFormat.PlainText)
    note.setWordWrap(True)
    _write(note, text)
    return note


def _write(note: QLabel, text: str) -> None:
    """Put a sentence there, with room for all of its lines; nothing takes no room."""
    note.setText(breakable(text))
    note.setMinimumHeight(max(0, note.heightForWidth(NOTE_WIDTH)))
    note.setVisible(bool(text))
