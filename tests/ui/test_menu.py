"""What the agent asks for by menu and card reaches the session and the file of settings."""

import pytest
from PyQt6.QtWidgets import QMenu, QMessageBox

from monitor.errors import EnvironmentProblem
from monitor.live.events import SessionChanged, SessionState, SettingsChanged
from monitor.settings import OverlaySettings, Settings
from monitor.settings_file import read_settings
from tests.ui.desk import DEVICES, entry
from ui.tray import Tray
from ui.view import View


def test_the_menu_asks_the_session(open_window, path, qtbot):
    window, session = open_window(path, tray=True)
    for text, asked in (("Begin a call", ("begin_call",)), ("Pause listening", ("pause",))):
        entry(window.menu, text).trigger()
        assert session.asked[-1] == asked
    session.call("Ms Lee")
    session.tell(SessionChanged(1.0, SessionState.IN_CALL, 600.0))
    qtbot.waitUntil(lambda: window.overlay.view.quiet)
    for text, asked in (("End the call", ("end_call",)), ("Cues on again", ("quiet", 0.0))):
        entry(window.menu, text).trigger()
        assert session.asked[-1] == asked
    session.tell(SessionChanged(1.0, SessionState.PAUSED))
    qtbot.waitUntil(lambda: window.overlay.view.paused)
    assert not entry(window.menu, "Begin a call").isEnabled()
    entry(window.menu, "Resume").trigger()
    assert session.asked[-1] == ("resume",)
    with qtbot.waitSignal(window.ended):
        entry(window.menu, "Quit").trigger()


def test_the_light_is_hidden_and_comes_back(open_window, path):
    window, _session = open_window(path, tray=True)
    hide = entry(window.menu, "Hide")
    hide.trigger()
    assert not window.overlay.isVisible()
    hide.trigger()
    assert window.overlay.isVisible()


def test_the_customers_name_is_asked_for_in_a_call(open_window, path, qtbot):
    window, session = open_window(path)
    assert not entry(window.menu, "Customer").isEnabled()
    session.call("Ms Lee")
    qtbot.waitUntil(lambda: window.overlay.view.customer == "Ms Lee")
    entry(window.menu, "Customer").trigger()
    dialog = window._dialogs._open["name"]
    assert dialog.textValue() == "Ms Lee"
    dialog.setTextValue(" Mr Roe ")
    dialog.accept()
    assert session.asked[-1] == ("name_customer", "Mr Roe")
    entry(window.menu, "Customer").trigger()
    dialog = window._dialogs._open["name"]
    session.call()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert session.asked[-1] == ("name_customer", "Mr Roe"), "what was typed is not the next customer's name"


@pytest.mark.qt_log_ignore("systemTrayWindowChanged")  # the platform of these tests has no trays to speak of
def test_the_tray_shows_the_light_and_its_words(qtbot):
    menu = QMenu()
    qtbot.addWidget(menu)
    tray = Tray(menu)
    keys = []
    for view in (View("amber", "softer"), View("amber", "slower"), View("green", "steady")):
        tray.show_view(view)
        assert tray._icon.toolTip() == f"Evenkeel, {view.name}"
        keys.append(tray._icon.icon().cacheKey())
    assert keys[0] == keys[1] != keys[2]
    tray.close()


def test_every_entry_of_the_menu_has_a_letter_of_its_own(open_window, path):
    window, _session = open_window(path, tray=True)
    letters = [a.text()[a.text().index("&") + 1].lower() for a in window.menu.actions() if not a.isSeparator()]
    assert sorted(set(letters)) == sorted(letters)


def test_the_card_asks_the_session(open_window, path):
    window, session = open_window(path)
    window.card.disputed.emit("voice.raised", "text")
    window.card.quiet_asked.emit(600.0)
    assert session.asked[-2:] == [("dispute", "voice.raised", "text"), ("quiet", 600.0)]


def test_the_menu_shows_devices_and_takes_a_choice(open_window, path, qtbot):
    window, session = open_window(path)
    agent = window.menu._agent
    with qtbot.waitSignal(window.devices.found):
        agent.aboutToShow.emit()
    assert [a.text() for a in agent.actions()] == [
        "The system's choice", "Headset && microphone", "What the headset plays",
    ]  # fmt: skip
    assert agent.actions()[0].isChecked()
    agent.actions()[1].trigger()
    assert session.asked[-1] == ("change", Settings(agent_device="mic", learn_from_calls=False))
    assert window.settings.agent_device == "mic"
    assert read_settings(path)[0].agent_device == "mic"


def test_the_menu_says_why_there_are_no_devices(open_window, path, qtbot, monkeypatch):
    def none():
        raise EnvironmentProblem("There is no sound system here.")

    window, _session = open_window(path)
    monkeypatch.setattr("monitor.sources.microphone.input_devices", none)
    with qtbot.waitSignal(window.devices.found):
        window.devices.look()
    assert [a.text() for a in window.menu._customer.actions()] == ["There is no sound system here."]


def test_a_mistake_while_devices_are_listed_is_told_and_they_can_be_listed_again(open_window, path, qtbot, monkeypatch):
    answers = [RuntimeError("odd"), DEVICES]

    def odd():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    window, _session = open_window(path)
    monkeypatch.setattr("monitor.sources.microphone.input_devices", odd)
    for told in (1, 3):
        with qtbot.waitSignal(window.devices.found):
            window.devices.look()
        assert len(window.menu._agent.actions()) == told


def test_a_change_holds_at_once_and_is_kept(open_window, path, qtbot):
    window, session = open_window(path, tray=True)
    width = window.overlay.width()
    window.change({"sensitivity": "keen", "overlay": {"show_word": False}})
    assert window.overlay.width() < width
    assert session.asked[-1][1].sensitivity == "keen"
    assert read_settings(path)[0] == window.settings
    asked = len(session.asked)
    window.change({"sensitivity": "keen"})
    assert len(session.asked) == asked, "nothing changed"
    session.tell(SettingsChanged(1.0, window.settings))
    newer = window.settings.model_copy(update={"sensitivity": "calm"})
    session.tell(SettingsChanged(2.0, newer))
    qtbot.waitUntil(lambda: window.settings.sensitivity == "calm")
    assert window.menu._sensitivity["calm"].isChecked()


def test_what_was_given_for_this_once_is_not_written(open_window, path):
    window, _session = open_window(path, Settings(recogniser="none", learn_from_calls=False))
    window.change({"sensitivity": "keen"})
    assert window.settings.recogniser == "none"
    assert read_settings(path)[0] == Settings(sensitivity="keen", learn_from_calls=False)
    window.change({"recogniser": "none"})
    assert read_settings(path)[0] == Settings(sensitivity="keen", recogniser="none", learn_from_calls=False)


def test_starting_with_the_system_is_settled_at_once(open_window, path, monkeypatch):
    asked = []
    monkeypatch.setattr("monitor.autostart.set_start_with_system", asked.append)
    window, _session = open_window(path)
    window.change({"start_with_system": True})
    window.change({"sensitivity": "calm"})
    window.change({"start_with_system": False})
    assert asked == [True, False]


def test_a_system_that_does_not_start_it_is_told(open_window, path, monkeypatch):
    def refuse(wanted):
        raise EnvironmentProblem("Evenkeel cannot be started with the system.")

    monkeypatch.setattr("monitor.autostart.set_start_with_system", refuse)
    window, _session = open_window(path)
    window.change({"start_with_system": True})
    assert window._dialogs._open["sentence"].text() == "Evenkeel cannot be started with the system."


def test_a_change_that_cannot_be_kept_holds_all_the_same_and_is_told(open_window, tmp_path):
    blocked = tmp_path / "settings.toml"
    blocked.mkdir()
    window, _session = open_window(blocked)
    window.change({"sensitivity": "keen"})
    assert window.settings.sensitivity == "keen"
    box = window._dialogs._open["sentence"]
    assert isinstance(box, QMessageBox)
    assert "could not be kept" in box.text()


def test_what_cannot_be_kept_is_told_once(open_window, tmp_path):
    blocked = tmp_path / "settings.toml"
    blocked.mkdir()
    window, _session = open_window(blocked)
    window.change({"sensitivity": "keen"})
    box = window._dialogs._open["sentence"]
    box.close()
    window.change({"sensitivity": "calm"})
    assert not box.isVisible()
    assert window._dialogs._open["sentence"] is box
    blocked.rmdir()
    blocked.write_text("policy = = 3")
    window.change({"sensitivity": "keen"})
    assert "settings.toml.damaged" in window._dialogs._open["sentence"].text()


def test_ampersands_of_names_mark_no_letter(open_window, path):
    window, _session = open_window(path)
    window.menu.show_view(View(headline="Smith & Co is gone."))
    assert window.menu.actions()[0].text() == "Wh&y: Smith && Co is gone."


def test_without_a_tray_clicks_must_reach_the_light(open_window, path):
    through = Settings(learn_from_calls=False, overlay=OverlaySettings(click_through=True))
    window, _session = open_window(path, through)
    assert not window.settings.overlay.click_through
    assert not entry(window.menu, "Clicks").isEnabled()
    assert not entry(window.menu, "Hide").isEnabled()
    assert not read_settings(path)[0].overlay.click_through
    with_tray, _session = open_window(path, through, tray=True)
    assert with_tray.settings.overlay.click_through


def test_a_dragged_light_is_remembered(open_window, path):
    window, _session = open_window(path)
    window.overlay.moved.emit({"screen 800x800": (10, 20)})
    assert read_settings(path)[0].overlay.places == {"screen 800x800": (10, 20)}
    window.to_corner("bottom left")
    assert window.overlay.area.x < 100
    assert window.overlay.area.y > 400
