"""Light, card, tray and a session: what is told is shown, and all of it begins and ends in order."""

import sys
import threading

from monitor.errors import EnvironmentProblem
from monitor.events import LightChanged, Warned
from monitor.live.events import (
    AGENT,
    CallBegan,
    CallEnded,
    CaptureChanged,
    CaptureState,
    LevelsMeasured,
    SessionChanged,
    SessionState,
)
from monitor.settings import OverlaySettings, Settings
from monitor.types import Light, Reason
from tests.ui.desk import FakeSession, FakeTray, entry, word
from ui import live_window
from ui.app import mistakes_are_logged
from ui.bridge import Bridge
from ui.card import OPENS_AFTER_MS
from ui.live_window import DemoScript

RAISED = Reason("voice.raised", "voice well above your usual level", 8.1, "dB", 0.0, 6.0)

OWN = """\
[policy]
name = "own"
language = "de"

[[behaviour]]
id = "do.thank"
phrases = ["danke"]

[[checklist]]
id = "do.thank"
"""


def test_events_from_another_thread_reach_light_card_menu_and_tray(open_window, path, qtbot):
    window, session = open_window(path, tray=True)
    session.call()
    telling = threading.Thread(
        target=lambda: session.tell(LightChanged(1.0, Light.AMBER, (RAISED,), "softer")), name="engine"
    )
    telling.start()
    telling.join()
    qtbot.waitUntil(lambda: word(window) == "softer")
    assert window.overlay.accessibleName() == "Evenkeel, amber: softer"
    assert "8.1 dB, limit 6" in window.overlay.accessibleDescription()
    assert window.menu.actions()[0].text() == "Wh&y “softer”?"
    assert window.tray.views[-1] == window.overlay.view
    session.tell(CaptureChanged(1.0, AGENT, CaptureState.LOST, "mic", "Your microphone is gone."))
    qtbot.waitUntil(lambda: word(window) == "mic lost")
    assert window.overlay.view.light == "grey"


def test_events_before_the_session_is_there_are_not_lost(open_window, path, qtbot):
    def make(settings, listener):
        session = FakeSession(settings, listener)
        session.start()
        session.call()
        listener(LightChanged(1.0, Light.GREEN, (), None))
        return session

    window, _session = open_window(path, make=make, wait=False)
    qtbot.waitUntil(lambda: word(window) == "steady")


def test_levels_are_newest_wins_and_lights_are_never_dropped(qtbot):
    bridge = Bridge()
    bridge.wants_levels = True
    levels, lights = [], []
    bridge.levelled.connect(lambda event: levels.append(event.at_s))
    bridge.arrived.connect(lambda event: lights.append(event.at_s))

    def tell():
        for i in range(200):
            bridge.take(LevelsMeasured(float(i), (-30.0,)))
            bridge.take(LightChanged(float(i), Light.GREEN, (), None))

    telling = threading.Thread(target=tell)
    telling.start()
    telling.join()
    qtbot.waitUntil(lambda: len(lights) == 200)
    assert lights == [float(i) for i in range(200)]
    assert levels[-1] == 199.0
    assert len(levels) < 20
    bridge.take(LevelsMeasured(200.0, (-30.0,)))
    qtbot.waitUntil(lambda: levels[-1] == 200.0)


def test_a_closed_bridge_lets_nothing_through(qtbot):
    bridge, told = Bridge(), []
    bridge.wants_levels = True
    bridge.arrived.connect(told.append)
    bridge.levelled.connect(told.append)
    telling = threading.Thread(
        target=lambda: [
            bridge.take(event) for event in (SessionChanged(0.0, SessionState.READY), LevelsMeasured(0.0, ()))
        ]
    )
    telling.start()
    telling.join()
    bridge.close()
    qtbot.wait(50)
    assert told == []


def test_the_end_of_a_call_shows_its_summary_unless_that_is_not_wanted(open_window, path, qtbot, result):
    window, session = open_window(path)
    session.call()
    session.tell(CallEnded(98.0, "1", result, learnt=False))
    qtbot.waitUntil(lambda: window._dialogs is not None and window._dialogs._summary is not None)
    assert window._dialogs._summary.isVisible()
    session.call()
    qtbot.waitUntil(lambda: window._dialogs._summary is None)
    other, told = open_window(path, Settings(show_summary=False, learn_from_calls=False))
    told.tell(CallEnded(98.0, "1", result, learnt=False))
    told.tell(SessionChanged(0.0, SessionState.PAUSED))
    qtbot.waitUntil(lambda: word(other) == "paused")
    assert other._dialogs is None


def test_a_summed_up_call_and_the_reason_of_the_light_are_never_on_screen_together(open_window, path, qtbot, result):
    window, session = open_window(path)
    session.tell(CallEnded(98.0, "1", result, learnt=False))
    qtbot.waitUntil(lambda: window._dialogs is not None and window._dialogs.sums_up)
    window.overlay.pointed.emit(True)
    qtbot.wait(OPENS_AFTER_MS + 100)
    assert not window.card.isVisible()
    window.overlay.clicked.emit()
    assert window.card.isVisible()
    assert not window._dialogs.sums_up
    session.tell(CallEnded(99.0, "2", result, learnt=False))
    qtbot.waitUntil(lambda: window._dialogs.sums_up)
    assert not window.card.isVisible()
    window._dialogs._summary.shut()
    window.overlay.pointed.emit(True)
    qtbot.waitUntil(window.card.isVisible)


def test_a_call_that_is_summed_up_late_does_not_cover_the_next_one(open_window, path, qtbot, result):
    window, session = open_window(path)
    session.call()
    session.tell(CallBegan(1.0, "2", None, automatic=True, keeps_audio=False))
    session.tell(CallEnded(98.0, "1", result, learnt=False))
    session.tell(CallEnded(99.0, "2", result, learnt=False))
    qtbot.waitUntil(lambda: window._dialogs is not None)
    with qtbot.assertNotEmitted(window._dialogs._summary.gone):
        qtbot.wait(50)
    first = window._dialogs._summary
    session.tell(CallBegan(1.0, "3", None, automatic=True, keeps_audio=False))
    session.tell(CallEnded(98.0, "2", result, learnt=False))
    qtbot.waitUntil(lambda: window._dialogs._summary is not first)
    assert not window._dialogs.sums_up


def test_a_policy_that_cannot_be_used_leaves_the_light_and_its_settings(open_window, path, qtbot, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(OWN, encoding="utf-8")
    window, session = open_window(path, Settings(policy=str(tmp_path / "gone.toml"), learn_from_calls=False))
    assert window.problem is None
    window.change({"policy": str(own)})
    session.call()
    qtbot.waitUntil(lambda: [dot.name for dot in window.overlay.view.dots] == ["thank"])
    assert window.policy.language == "de"


def test_a_session_that_ends_closes_the_window(open_window, path, qtbot):
    window, session = open_window(path)
    with qtbot.waitSignal(window.ended):
        session.tell(SessionChanged(9.0, SessionState.ENDED))


def test_a_session_that_fails_leaves_the_light_and_says_so(open_window, path, qtbot):
    window, session = open_window(path, tray=True)
    entry(window.menu, "Hide").trigger()
    session.tell(Warned(9.0, "session", "Evenkeel stopped listening because of a fault; start it again."))
    with qtbot.assertNotEmitted(window.ended):
        session.tell(SessionChanged(9.0, SessionState.ENDED))
        qtbot.waitUntil(lambda: word(window) == "stopped")
    assert window.overlay.view.badge.kind == "trouble"
    assert window.overlay.isVisible()
    assert not entry(window.menu, "Hide").isChecked()
    assert "because of a fault" in window.overlay.accessibleDescription()


def test_a_session_that_cannot_begin_is_the_windows_problem(open_window, path, qtbot):
    problem = EnvironmentProblem("Evenkeel runs already.")

    def make(settings, listener):
        raise problem

    window, _session = open_window(path, make=make, wait=False)
    qtbot.waitUntil(lambda: window.problem is problem)


def test_closing_ends_the_session_and_the_light(open_window, path):
    window, session = open_window(path)
    window.close()
    assert ("close",) in session.asked
    assert not window.overlay.isVisible()


def test_a_demo_shows_the_script_and_is_over_with_its_summary(open_window, qtbot, result):
    window, session = open_window(None, demo=DemoScript(lambda at_s: f"Agent: at {at_s:.0f}"))
    assert window.card.isVisible()
    session.tell(LevelsMeasured(7.0, (-30.0,)))
    qtbot.waitUntil(lambda: window.card._caption.text() == "Agent: at 7")
    shown = [a.text().replace("&", "") for a in window.menu.actions() if a.isVisible()]
    assert shown[-1] == "Quit"
    assert len(shown) == 3
    session.tell(CallEnded(98.0, "demo", result, learnt=False))
    qtbot.waitUntil(lambda: window._dialogs is not None)
    with qtbot.waitSignal(window.ended):
        window._dialogs._summary.shut()


def test_a_session_that_does_not_start_is_the_windows_problem(open_window, path, qtbot):
    class Failing(FakeSession):
        def start(self):
            raise EnvironmentProblem("The sound system does not start.")

    window, _session = open_window(path, make=Failing, wait=False)
    qtbot.waitUntil(lambda: str(window.problem) == "The sound system does not start.")


def test_quit_while_the_engine_is_loaded_starts_nothing(open_window, path, qtbot):
    sessions, may_go_on = [], threading.Event()

    def make(settings, listener):
        may_go_on.wait(5)
        sessions.append(FakeSession(settings, listener))
        return sessions[0]

    window, _session = open_window(path, make=make, wait=False)
    qtbot.waitUntil(lambda: window._loader.ident is not None)
    threading.Timer(0.1, may_go_on.set).start()
    window.close()
    qtbot.waitUntil(lambda: bool(sessions) and bool(sessions[0].asked))
    assert sessions[0].asked == [("close",)]


class FakeServer:
    """An X server whose compositor comes and goes."""

    def __init__(self):
        self.blending, self.out_of_task_bar = False, []

    def blends(self):
        return self.blending

    def leave_task_bar(self, window):
        self.out_of_task_bar.append(window)


def test_a_compositor_that_comes_makes_it_blend(open_window, path):
    server = FakeServer()
    window, _session = open_window(path, server=server)
    assert server.out_of_task_bar == [int(window.overlay.winId())]
    assert not window.look.blends
    assert not window.overlay.mask().isEmpty()
    server.blending = True
    window.around.look()
    assert window.look.blends
    assert window.overlay.mask().isEmpty()


def test_a_panel_that_comes_later_than_the_light_gets_its_icon(open_window, path, monkeypatch):
    there = []
    monkeypatch.setattr("ui.surroundings.has_tray", lambda: bool(there))
    window, _session = open_window(path, Settings(learn_from_calls=False, overlay=OverlaySettings(click_through=True)))
    assert not window.settings.overlay.click_through
    monkeypatch.setattr(live_window, "make_tray", lambda _menu, _parent: FakeTray())
    there.append("a panel")
    window.around.look()
    assert window.tray.views == [window.overlay.view]
    assert window.settings.overlay.click_through, "as it was chosen"
    entry(window.menu, "Hide").trigger()
    assert not window.overlay.isVisible()
    there.clear()
    window.around.look()
    assert window.overlay.isVisible(), "nothing else would lead to the menu"
    assert not window.settings.overlay.click_through
    assert not entry(window.menu, "Hide").isEnabled()


def test_wayland_is_told_honestly_where_it_matters(open_window, path, monkeypatch):
    monkeypatch.setattr(live_window, "is_wayland", lambda: True)
    window, _session = open_window(path)
    assert "Wayland" in window.card._caption.text()


def test_a_mistake_in_a_window_is_logged_and_ends_nothing(caplog):
    before = sys.excepthook
    with mistakes_are_logged():
        sys.excepthook(ValueError, ValueError("wrong"), None)
    assert "a window made a mistake" in caplog.text
    assert sys.excepthook is before
