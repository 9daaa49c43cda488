"""Settings, first start, today and privacy: opened from the window, and asking it."""

from PyQt6.QtWidgets import QWizard

from monitor.live.events import (
    AGENT,
    CaptureChanged,
    CaptureState,
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
    other, _session = open_window(path, read_settings(path)[0])
    assert other._dialogs is None


def test_a_file_with_the_policy_of_others_does_not_stand_for_the_first_start(open_window, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('policy = "upset-customer-en"\n', encoding="utf-8")
    window, _session = open_window(path, read_settings(path)[0])
    assert dialog(window, "wizard").isVisible()
    dialog(window, "wizard").reject()
    again, _session = open_window(path, read_settings(path)[0])
    assert dialog(again, "wizard").isVisible(), "later is not never"


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


def test_trying_the_microphone_begins_no_call(open_window, tmp_path):
    window, session = open_window(tmp_path / "settings.toml")
    wizard = dialog(window, "wizard")

    def calls():
        return [asked[1].calls for asked in session.asked if asked[0] == "change"]

    assert calls() == ["manual"]
    wizard._microphone.chosen.emit("mic")
    assert calls() == ["manual"] * 2
    assert (window.settings.calls, read_settings(tmp_path / "settings.toml")[0].calls) == ("automatic", "automatic")
    wizard.next()
    wizard.next()
    assert calls()[2:] == ["automatic"]
    wizard.back()
    wizard.reject()
    assert calls()[3:] == ["manual", "automatic"]


def test_a_microphone_that_goes_while_it_is_tried_is_told(open_window, tmp_path, qtbot):
    window, session = open_window(tmp_path / "settings.toml")
    wizard = dialog(window, "wizard")
    with qtbot.waitSignal(window.devices.found):
        session.tell(CaptureChanged(1.0, AGENT, CaptureState.LOST, "mic", "<b>mic</b> was disconnected."))
    assert wizard._microphone._problem.text() == "<b>mic</b> was disconnected."
    wizard.next()
    assert wizard._voice._hint.text() == "<b>mic</b> was disconnected."
    progress = EnrolmentProgress(EnrolmentState.LISTENING, 0.0, 0.0, 0, -120.0, "Read at your own pace.")
    session.tell(EnrolmentProgressed(9.0, progress))
    session.tell(CaptureChanged(1.0, AGENT, CaptureState.SILENT, "mic", "mic gives no sound. Is it muted?"))
    qtbot.waitUntil(lambda: wizard._voice._hint.text() == "mic gives no sound. Is it muted?")
    session.tell(CaptureChanged(1.0, AGENT, CaptureState.HEARING, "mic", "Hearing mic."))
    session.tell(EnrolmentProgressed(9.0, progress))
    qtbot.waitUntil(lambda: wizard._voice._hint.text() == "Read at your own pace.")
    assert wizard._microphone._problem.text() == ""


def test_reading_again_is_finished_only_with_enough(open_window, path, qtbot):
    window, session = open_window(path)
    entry(window.menu, "Settings").trigger()
    dialog(window, "settings").reading_asked.emit()
    wizard = dialog(window, "wizard")
    finish = wizard.button(QWizard.WizardButton.FinishButton)
    assert not finish.isEnabled()
    progress = EnrolmentProgress(EnrolmentState.READY, 15.0, 1.0, 2, -30.0, "Thank you, that is enough.")
    session.tell(EnrolmentProgressed(9.0, progress))
    qtbot.waitUntil(finish.isEnabled)
    finish.click()
    assert ("end_enrolment", True) in session.asked
