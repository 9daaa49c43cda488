"""Windows without a display: Qt's own platform for that, chosen by an argument, so that no other test is touched."""

import pytest

from monitor.demo import CALL_PATH
from monitor.result_types import CallResult, EngineInfo, FlagRecord, Pace, Recording, Summary
from monitor.settings import Settings
from monitor.settings_file import read_settings, write_settings
from monitor.types import ChecklistItem, FlagState, Light, LightSpan, Reason
from tests.ui.desk import DEVICES, FakeSession, FakeTray
from ui import live_window
from ui.live_window import LiveWindow


@pytest.fixture(scope="session")
def qapp_args():
    """The command line that Qt sees."""
    return ["evenkeel", "-platform", "offscreen"]


@pytest.fixture(scope="session")
def result():
    """A call as it may have been judged: learning, as usual, red with one phrase, and a checklist."""
    said = ("say.calm_down", 57.5, 58.0, 0, "calm down", "calm down")
    better = "Clearly this upset you, and getting to the bottom of it matters to me too"
    spans = (
        LightSpan(0.0, 35.0, Light.GREY, (Reason("learning", "getting to know this voice"),)),
        LightSpan(35.0, 80.0, Light.GREEN),
        LightSpan(80.0, 98.0, Light.RED, (Reason("voice.raised", "voice well above your usual level"),)),
    )
    items = (("do.apologise", True), ("do.empathise", False), ("do.listen", None))
    return CallResult(
        source=Recording(CALL_PATH.name, None, 98.0, 2, 16_000),
        engine=EngineInfo("0.1.0", "mine@0123", "pocketsphinx"),
        baseline=None,
        lights=spans,
        flags=tuple(
            FlagRecord(*said, state, 0.9, better, 58.4) for state in (FlagState.CONFIRMED, FlagState.WITHDRAWN)
        ),
        checklist=tuple(ChecklistItem(name, met) for name, met in items),
        turns=(),
        words=(),
        pace=Pace(4.6, 168),
        summary=Summary(45.0, 0.0, 18.0, 35.0, 1, None, None),
        warnings=(),
    )


@pytest.fixture
def path(tmp_path):
    """A file of settings, so that it is not the first start."""
    made = tmp_path / "settings.toml"
    write_settings(Settings(learn_from_calls=False), made)
    return made


def stored(path):
    """The settings in this file, the usual ones where there is none."""
    return Settings() if path is None else read_settings(path)[0]


@pytest.fixture
def open_window(qtbot, monkeypatch):
    """Opens a window, by default with a `FakeSession` that has begun; all are closed at the end."""
    windows = []
    monkeypatch.setattr("monitor.sources.microphone.input_devices", lambda: DEVICES)

    def open_one(path, settings=None, *, tray=False, make=FakeSession, wait=True, **more):
        monkeypatch.setattr(live_window, "make_tray", lambda _menu, _parent: FakeTray() if tray else None)
        sessions = []

        def made(settings, listener):
            sessions.append(make(settings, listener))
            return sessions[-1]

        window = LiveWindow(settings or stored(path), path, made, **more)
        windows.append(window)
        window.show()
        if wait:
            qtbot.waitUntil(lambda: bool(sessions) and ("start",) in sessions[0].asked, timeout=20_000)
        return window, sessions[0] if sessions else None

    yield open_one
    for window in windows:
        window.close()
