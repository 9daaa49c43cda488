"""Settings, first start, today and privacy: opened from the window, and asking it."""

from monitor.live.events import (
    EnrolmentEnded,
    EnrolmentProgress,
    EnrolmentProgressed,
    EnrolmentState,
    LevelsMeasured,
)
from monitor.settings_file import read_settings
from tests.ui.desk import entry
from ui.first_start import FirstStart
from ui.settings_dialog import SettingsDialog


def dialog(window, key):
    return window._dialogs._open[key]


def test_today_and_privacy_are_told_in_words(open_window, path):
    window, _session = open_window(path)
    entry(window.menu, "Today").trigger()
    text = dialog(window, "today").text()
    for part in ("2 calls", "2:10 altogether", "amber 0:10", "calm down (3)", "Only you see this"):
        assert part in text
    entry(window.menu, "Who can see").trigger()
    assert "Nothing is sent anywhere" in dialog(window, "privacy").text()


def test_settings_dialog_changes_things_live_and_follows_changes_from_elsewhere(open_window, path, qtbot):
    window, session = open_window(path)
    entry(window.menu, "Settings").trigger()
    settings = dialog(window, "settings")
    assert isinstance(settings, SettingsDialog)
    qtbot.waitUntil(lambda: settings._agent.count() == 3)
    settings._agent.setCurrentIndex(1)
    settings._agent.activated.emit(1)
    assert session.asked[-1][1].agent_device == "mic"
    window.change({"sensitivity": "keen"})
    combo = next(c for c in settings.findChildren(type(settings._agent)) if c.accessibleName() == "sensitivity")
    assert combo.currentData() == "keen"
    settings.reading_asked.emit()
    assert isinstance(dialog(window, "wizard"), FirstStart)


def test_the_first_start_is_offered_once(open_window, tmp_path, qtbot):
    path = tmp_path / "new" / "settings.toml"
    window, session = open_window(path)
    wizard = dialog(window, "wizard")
    assert wizard.isVisible()
    session.tell(LevelsMeasured(0.0, (-20.0,)))
    qtbot.waitUntil(lambda: wizard._microphone._meter.value() == -20)
    wizard.next()
    assert session.asked[-1] == ("begin_enrolment",)
    progress = EnrolmentProgress(EnrolmentState.READY, 15.0, 1.0, 2, -30.0, "Thank you, that is enough.")
    session.tell(EnrolmentProgressed(9.0, progress))
    qtbot.waitUntil(lambda: wizard._voice._hint.text() == "Thank you, that is enough.")
    wizard.next()
    assert session.asked[-1] == ("end_enrolment", True)
    session.tell(EnrolmentEnded(9.0, True, "Your usual voice is known."))
    qtbot.waitUntil(lambda: wizard._voice._hint.text() == "Your usual voice is known.")
    assert not wizard._agreement.isComplete(), "neither answer is given in advance"
    wizard._agreement._yes.click()
    wizard.accept()
    assert read_settings(path)[0].learn_from_calls is True
    other, _session = open_window(path)
    assert other._dialogs is None


def test_reading_may_be_passed_over(open_window, tmp_path):
    window, session = open_window(tmp_path / "settings.toml")
    wizard = dialog(window, "wizard")
    wizard.next()
    wizard.next()
    assert session.asked[-1] == ("end_enrolment", False)
    wizard._agreement._no.click()
    wizard.accept()
    assert window.settings.learn_from_calls is False
    assert session.asked.count(("end_enrolment", False)) == 1
