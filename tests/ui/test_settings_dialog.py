"""Every setting can be reached, by mouse and by keyboard; a change asks for exactly itself."""

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QWidget

from monitor.settings import OverlaySettings, Settings
from ui.devices import DeviceList
from ui.settings_dialog import SettingsDialog, as_change, field_value
from ui.speech_models import SpeechModel

# What is not chosen in this dialog, and where it is.
ELSEWHERE = {
    "overlay.places": "by dragging the light",
    "store": "in the settings file, or --store",
    "team": "in the settings file, or --team",
    "keep_days": "in the settings file, or: evenkeel calls purge --days",
}


@pytest.fixture
def dialog(qtbot, monkeypatch):
    monkeypatch.setattr(DeviceList, "look", lambda _self: None)
    made = SettingsDialog(Settings(agent_device="unplugged"), DeviceList(), has_tray=True)
    qtbot.addWidget(made)
    made.show()
    return made


def all_fields():
    return {
        *(name for name in Settings.model_fields if name != "overlay"),
        *(f"overlay.{name}" for name in OverlaySettings.model_fields),
    }


def test_every_field_is_here_or_somewhere_else(dialog):
    assert set(dialog._setters) | set(ELSEWHERE) == all_fields()
    assert not set(dialog._setters) & set(ELSEWHERE)


def test_shows_what_is_in_force(dialog):
    other = Settings(
        sensitivity="keen", recogniser="none", calls="manual", end_after_s=90.0, learn_from_calls=True,
        show_summary=False,
        overlay=OverlaySettings(theme="light", contrast="high", scale=2.0, show_word=False),
    )  # fmt: skip
    dialog.show_settings(other)
    combos = {combo.accessibleName(): combo.currentData() for combo in dialog.findChildren(QComboBox)}
    assert combos == {
        "agent device": None, "customer device": None, "sensitivity": "keen", "recogniser": "none", "policy": None,
        "model": None, "profile": None,
        "calls": "manual", "theme": "light", "contrast": "high",
    }  # fmt: skip
    assert sorted(number.value() for number in dialog.findChildren(QDoubleSpinBox)) == [2.0, 90.0]
    checks = {check.text().replace("&", ""): check.isChecked() for check in dialog.findChildren(QCheckBox)}
    assert checks["My usual voice may learn from my calls"]
    assert not checks["Show me a summary after a call; only I see it"]
    assert not checks["Show one word beside the light"]


def test_showing_settings_asks_for_nothing(dialog, qtbot):
    with qtbot.assertNotEmitted(dialog.changed):
        dialog.show_settings(Settings(sensitivity="calm", overlay=OverlaySettings(scale=3.0)))


@pytest.mark.parametrize("index", range(6))
def test_a_check_asks_for_its_own_field(dialog, qtbot, index):
    check = dialog.findChildren(QCheckBox)[index]
    before = check.isChecked()
    with qtbot.waitSignal(dialog.changed) as asked:
        check.click()
    merged = Settings.model_validate({**Settings().model_dump(), **with_overlay(asked.args[0])})
    changed = [field for field in sorted(all_fields()) if field_value(merged, field) != field_value(Settings(), field)]
    assert len(changed) == 1
    assert field_value(merged, changed[0]) is not before


def with_overlay(change):
    inner = {**OverlaySettings().model_dump(), **change.get("overlay", {})}
    return {**change, "overlay": inner}


def test_a_number_asks_when_it_is_done(dialog, qtbot):
    scale = next(n for n in dialog.findChildren(QDoubleSpinBox) if n.maximum() == 3.0)
    with qtbot.waitSignal(dialog.changed) as asked:
        scale.stepUp()
    assert asked.args == [{"overlay": {"scale": 1.25}}]


def test_a_device_that_is_not_there_is_still_shown(dialog):
    assert dialog._agent.currentText() == "unplugged (not there)"


def test_no_devices_are_explained(dialog):
    dialog.show_devices([], "There is no sound system here.")
    told = [label for label in dialog.findChildren(QLabel) if label.text() == "There is no sound system here."]
    assert told[0].isVisible()
    dialog.show_devices([], "")
    assert not told[0].isVisible()


def test_a_policy_that_cannot_be_used_is_refused_with_its_reason(dialog, qtbot, tmp_path):
    wrong = tmp_path / "mine.toml"
    wrong.write_text("[policy]\nname = 3\n")
    with qtbot.assertNotEmitted(dialog.changed):
        dialog.choose_policy(str(wrong))
    assert "mine.toml" in dialog._problem.text().replace("\u200b", "")  # places to break a long path at
    right = tmp_path / "right.toml"
    right.write_text(
        '[policy]\nname = "mine"\nlanguage = "en"\n[[behaviour]]\nid = "say.x"\nphrases = ["light roast"]\n'
    )
    with qtbot.waitSignal(dialog.changed) as asked:
        dialog.choose_policy(str(right))
    assert asked.args == [{"policy": str(right)}]
    assert not dialog._problem.isVisible()


def test_clicks_through_the_light_need_a_tray(qtbot, monkeypatch):
    monkeypatch.setattr(DeviceList, "look", lambda _self: None)
    dialog = SettingsDialog(Settings(), DeviceList(), has_tray=False, note="This desktop is special.")
    qtbot.addWidget(dialog)
    through = next(check for check in dialog.findChildren(QCheckBox) if "through" in check.text())
    assert not through.isEnabled()
    assert "no tray" in through.toolTip()
    assert "This desktop is special." in [label.text() for label in dialog.findChildren(QLabel)]


def test_everything_is_reached_by_tab_and_has_a_name(dialog, qtbot):
    qtbot.waitActive(dialog)
    wanted = {
        widget for widget in dialog.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QComboBox | QDoubleSpinBox) and widget.isEnabled()
    }  # fmt: skip
    reached, widget = set(), dialog.focusWidget()
    while widget not in reached:
        reached.add(widget)
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
        widget = dialog.focusWidget()
    assert wanted <= reached
    for widget in wanted:
        buddies = [label for label in dialog.findChildren(QLabel) if label.buddy() is widget]
        assert getattr(widget, "text", str)() or widget.accessibleName() or buddies


def test_no_two_letters_are_the_same(dialog):
    texts = [w.text() for w in dialog.findChildren(QWidget) if isinstance(w, QAbstractButton | QLabel)]
    letters = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert sorted(set(letters)) == sorted(letters)


def test_a_field_of_the_light_is_changed_inside_it():
    assert as_change("overlay.theme", "dark") == {"overlay": {"theme": "dark"}}
    assert as_change("sensitivity", "keen") == {"sensitivity": "keen"}


def test_whose_usual_voice_is_chosen_by_a_name_that_can_be_a_file(dialog, qtbot):
    with qtbot.assertNotEmitted(dialog.changed):
        dialog.choose_voice(" default ")
        dialog.choose_voice("../Anna")
    assert dialog._problem.text().startswith("A voice's name has letters, digits")
    combo = next(c for c in dialog.findChildren(QComboBox) if c.accessibleName() == "profile")
    assert combo.currentText() == "default"
    combo.setFocus()
    combo.lineEdit().selectAll()
    qtbot.keyClicks(combo, "Anna at her desk")
    with qtbot.waitSignal(dialog.changed) as asked:
        qtbot.keyClick(combo, Qt.Key.Key_Return)
    assert asked.args == [{"profile": "Anna at her desk"}]


def test_speech_models_that_are_here_can_be_chosen_and_others_asked_for(dialog, qtbot):
    combo = next(c for c in dialog.findChildren(QComboBox) if c.accessibleName() == "model")
    dialog.show_models(
        [SpeechModel("base.en", 148, "", True, ("en",)), SpeechModel("small.en", 486, "", False, ())], ""
    )
    assert [combo.itemData(i) for i in range(combo.count())] == [None, "base.en"]
    with qtbot.waitSignal(dialog.changed) as asked:
        combo.activated.emit(1)
    assert asked.args == [{"model": "base.en"}]
    dialog.show_settings(Settings(model="gone"))
    assert (combo.currentData(), combo.count()) == ("gone", 3)
    more = next(b for b in dialog.findChildren(QAbstractButton) if b.accessibleName() == "Get a speech model")
    with qtbot.waitSignal(dialog.words_asked):
        more.click()
