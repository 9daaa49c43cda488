"""The replay window where something goes wrong: nothing that was written is lost, and sentences stay legible."""

from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QComboBox, QFileDialog, QInputDialog, QLabel

from monitor.assemble import AnalysisOptions
from monitor.sinks.json_file import write_json
from monitor.types import Light, LightSpan, Reason
from tests.ui.test_replay_window import LENGTH_S, judged, texts_of, told
from ui.replay_child import Request
from ui.replay_waiting import Waiting
from ui.replay_window import ReplayWindow
from ui.timeline_scene import words_lanes

PERHAPS = Reason("say.calm_down", "perhaps said “calm down”", 0.6, "confidence")
SURELY = Reason("say.calm_down", "said “calm down”", 0.9, "confidence")
RAISED = Reason("voice.raised", "voice well above your usual level", 8.0, "dB", 0.0, 6.0)
SPANS = (
    LightSpan(0.0, 3.0, Light.GREEN),
    LightSpan(3.0, 5.0, Light.AMBER, (RAISED,)),
    LightSpan(5.0, 5.05, Light.AMBER, (PERHAPS,)),
    LightSpan(5.05, LENGTH_S, Light.RED, (SURELY,)),
)


@pytest.fixture
def recording(root, tmp_path, monkeypatch):
    for kind in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(kind, str(tmp_path / kind))
    path = tmp_path / "call.flac"
    path.write_bytes((root / "tests" / "data" / "speech_rms.flac").read_bytes())
    write_json(replace(judged(path), lights=SPANS, flags=()), path.with_suffix(".json"))
    return path


@pytest.fixture
def window(qtbot, recording):
    window = ReplayWindow(Request(recording, AnalysisOptions(own_process=False)), silent=True)
    window.show()
    window.begin()
    qtbot.waitUntil(lambda: window.call is not None, timeout=30_000)
    yield window
    window.close()
    window.deleteLater()


def dispute(window, at_s):
    window.doing.go_to(at_s)
    window.doing.dispute()
    dialog = window.doing.dialog("dispute")
    assert isinstance(dialog, QInputDialog)
    return dialog


def test_of_two_lights_at_nearly_the_same_time_one_is_disputed(window, qtbot):
    red = next(each for each in window.places if each.light == Light.RED)
    window.doing.add_dispute(red, "a quotation")
    qtbot.waitUntil(lambda: bool(window.call.disputes))
    assert [("disputed" in text) for text in texts_of(window.panel.moments.list)] == [False, False, True]


def test_the_reasons_that_are_offered_fit_what_is_disputed(window):
    assert dispute(window, 3.5).comboBoxItems()[0] == "The voice was as usual"
    assert dispute(window, 8.0).comboBoxItems()[0] == "It was not said"


def test_a_long_moment_leaves_the_buttons_of_its_dialog_on_the_screen(window, monkeypatch):
    monkeypatch.setattr(
        window.doing, "place_here", lambda: replace(window.places[0], text="pitch above the usual; " * 20)
    )
    dialog = dispute(window, 3.5)
    assert dialog.width() <= 460
    label = dialog.findChild(QLabel)
    assert label.heightForWidth(label.width()) <= label.height()


def test_a_comment_that_cannot_be_kept_is_not_lost(window, qtbot, tmp_path):
    (tmp_path / "XDG_DATA_HOME").write_text("no folder")
    field = window.panel.notes.field
    field.setText("well solved")
    field.returnPressed.emit()
    qtbot.waitUntil(lambda: field.text() == "well solved")
    assert "could not be written" in told(window)


def test_a_file_gets_its_ending_and_overwrites_nothing_unasked(window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "clip"), ""))
    window.doing.go_to(6.0)
    window.doing.save_clip()
    qtbot.waitUntil(lambda: "clip.wav" in told(window))
    assert (tmp_path / "clip.wav").is_file()
    window.doing.save_clip()
    assert told(window) == "clip.wav is there already: choose another name."


def test_what_cannot_be_written_is_told_in_the_words_of_a_window(window, qtbot, recording, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(recording / "clip.wav"), ""))
    window.doing.go_to(6.0)
    window.doing.save_clip()
    qtbot.waitUntil(lambda: "could not be written" in told(window))
    assert "--out" not in told(window)


def test_nothing_of_a_call_stays_when_another_one_is_opened(window, qtbot, tmp_path):
    dialog = dispute(window, 8.0)
    (tmp_path / "broken.wav").write_bytes(b"no sound at all")
    window.open_path(tmp_path / "broken.wav")
    assert not dialog.isVisible()  # it would go to the other call
    qtbot.waitUntil(lambda: "broken.wav is not a recording" in window.waiting.accessibleName())
    assert not told(window)
    assert window.bar.time.text().strip() == "0:00.0 / 0:00.0"
    assert not window.actions_by_name["spectrogram"].isEnabled()


def test_while_it_waits_the_keyboard_is_at_the_way_out(window, qtbot, recording):
    other = recording.with_name("other.wav")
    other.write_bytes(b"")
    window.open_path(other)
    focus = window.focusWidget()
    assert focus is window.waiting.cancel
    assert not isinstance(focus, QComboBox)
    qtbot.waitUntil(lambda: window._task is None)


def test_all_lines_of_what_is_said_while_waiting_are_to_be_seen(qtbot):
    waiting = Waiting()
    qtbot.addWidget(waiting)
    waiting.resize(900, 500)
    waiting.show()
    waiting.show_progress("x" * 200 + ".wav", 5.0, 98.0, 60.0)
    qtbot.waitExposed(waiting)
    title, detail = waiting.findChildren(QLabel)
    assert "…" in title.text()
    assert title.text().endswith(".wav")
    for label in (title, detail):
        text = label.fontMetrics().boundingRect(label.rect(), int(Qt.TextFlag.TextWordWrap), label.text())
        assert text.height() <= label.height()
        assert text.width() <= label.width()


def test_words_that_nobody_listened_for_were_not_unheard(window):
    call, engine = window.call, replace(window.call.result.engine, recogniser="none")
    silent = replace(call, result=replace(call.result, words=(), engine=engine))
    assert [lane.without for lane in words_lanes(silent)] == ["words were not listened to"]
    assert [lane.without for lane in words_lanes(call)] == ["no words were heard"]


def test_nothing_overlaps_on_a_screen_at_200_percent(window, qtbot):
    window.resize(632, 360)  # of 1280x800, less the window's frame
    qtbot.waitUntil(lambda: window.height() == 360)
    for part in (window.panel.tabs, *(window.panel.tabs.widget(tab) for tab in range(3))):
        if part.isVisible():
            assert part.height() >= part.minimumSizeHint().height()
