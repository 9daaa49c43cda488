"""The replay window without a display: opening, playing, finding, remarking, exporting; all of it by keyboard."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage, QKeySequence
from PyQt6.QtPdf import QPdfDocument
from PyQt6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QInputDialog, QLabel, QLineEdit, QListWidget

from monitor.assemble import AnalysisOptions
from monitor.errors import InputProblem
from monitor.result_types import CallResult, EngineInfo, FlagRecord, Pace, Recording, Summary
from monitor.sinks.json_file import write_json
from monitor.types import ChecklistItem, FlagState, Light, LightSpan, Reason, Turn, Word
from ui.palette import LIGHTS
from ui.replay_actions import ENTRIES, SPACE, keys_as_html
from ui.replay_child import Request
from ui.replay_paper import save_pdf
from ui.replay_pictures import save, shown
from ui.replay_window import NO_RECORDING, NOW, THEN, ReplayWindow

LENGTH_S = 11.54
RAISED = Reason("voice.raised", "voice well above your usual level", 8.0, "dB", 0.0, 6.0)
SAID = Reason("say.calm_down", "said “calm <b>down</b>”", 0.93, "confidence")
BETTER = "Let me see what I can do"
SPANS = (
    LightSpan(0.0, 2.0, Light.GREY, (Reason("learning", "getting to know this voice"),)),
    LightSpan(2.0, 5.0, Light.GREEN),
    LightSpan(5.0, 6.5, Light.AMBER, (RAISED,)),
    LightSpan(6.5, 9.0, Light.RED, (SAID, RAISED)),
    LightSpan(9.0, LENGTH_S, Light.GREEN),
)
SPOKEN = ["now", "please", "calm", "<b>down</b>", "and", "tell", "me", "all"]


def judged(path, **changes):
    """A result of this recording with a bit of everything."""

    def flag(state, start_s, text="calm <b>down</b>"):
        said = ("say.calm_down", start_s, start_s + 0.6, 0, text, "calm down", state, 0.93, BETTER, start_s + 0.8)
        return FlagRecord(*said)

    info = soundfile.info(path)
    made = CallResult(
        source=Recording(
            path.name, hashlib.sha256(path.read_bytes()).hexdigest(), info.duration, info.channels, info.samplerate
        ),
        engine=EngineInfo("0.1.0", "mine@0123", "pocketsphinx"),
        baseline=None,
        lights=SPANS,
        flags=(flag(FlagState.CONFIRMED, 5.8), flag(FlagState.QUOTED, 9.5, "calm down")),
        checklist=(ChecklistItem("do.thank", True, at_s=4.0), ChecklistItem("do.listen", None, why="one channel")),
        turns=(Turn(0.5, 10.5, "agent"),),
        words=tuple(Word(5.0 + 0.4 * i, 5.3 + 0.4 * i, word, 0.9) for i, word in enumerate(SPOKEN)),
        pace=Pace(4.6, 168),
        summary=Summary(5.5, 1.5, 2.5, 2.0, 1, None, None),
        warnings=("clipping in 0.4 % of frames",),
    )
    return replace(made, **changes)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for kind in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(kind, str(tmp_path / kind))


@pytest.fixture
def recording(root, tmp_path):
    """A recording of speech; not analysed yet."""
    path = tmp_path / "call <b>1.flac"
    path.write_bytes((root / "tests" / "data" / "speech_rms.flac").read_bytes())
    return path


@pytest.fixture
def analysed(recording):
    """The same with its result beside it."""
    write_json(judged(recording), recording.with_suffix(".json"))
    return recording


@pytest.fixture
def open_window(qtbot):
    """Opens windows that make no sound, by default waiting for the call; all are closed at the end."""
    windows = []

    def open_one(path, *, wait=True, **options):
        window = ReplayWindow(Request(path, AnalysisOptions(own_process=False, **options)), silent=True)
        windows.append(window)
        window.show()
        window.begin()
        if wait:
            qtbot.waitUntil(lambda: window.call is not None, timeout=30_000)
            qtbot.waitActive(window)
        return window

    yield open_one
    for window in windows:
        window.close()
        window.deleteLater()


@pytest.fixture
def window(open_window, analysed):
    return open_window(analysed)


@pytest.fixture
def press(qtbot):
    """Presses keys in whatever has the keyboard."""

    def press_in(window, keys, text=""):
        focus = window.focusWidget() or window
        for combination in QKeySequence(keys):
            qtbot.keyClick(focus, combination.key(), combination.keyboardModifiers())
        qtbot.keyClicks(window.focusWidget() or window, text)

    return press_in


def told(window):
    return window.statusBar().currentMessage()


def texts_of(part):
    return [part.item(row).text() for row in range(part.count())]


def test_an_analysed_call_is_there_with_its_light_why_and_checklist(window):
    assert window.windowTitle().startswith("call <b>1.flac")
    assert window.light == Light.GREY
    window.doing.go_to(7.0)
    assert window.light == Light.RED
    panel = window.panel.light
    shown = "\n".join(label.text() for label in panel.findChildren(QLabel))
    for part in (NOW, "8 dB, limit 6", BETTER, "●\u00a0thank", "calm &lt;b&gt;down"):
        assert part in shown
    assert "red" in panel.pill.accessibleName()
    window.doing.go_to(3.0)
    assert "○\u00a0thank" in "\n".join(label.text() for label in panel.findChildren(QLabel))


def test_space_plays_and_the_light_keeps_up(window, press, qtbot):
    window.doing.go_to(4.6)
    press(window, SPACE)
    assert window.player.playing
    qtbot.waitUntil(lambda: window.light == Light.AMBER)
    assert window.player.position_s() == pytest.approx(5.0, abs=0.3)
    assert window.timeline.cursor_s > 4.6
    assert window.bar.time.text().strip().startswith("0:0")
    press(window, SPACE)
    assert not window.player.playing


def test_keys_move_find_and_repeat(window, press):
    press(window, "Ctrl+Right")
    assert window.player.position_s() == 5.0
    press(window, "N")  # the amber light begins here
    assert window.player.position_s() == 5.8
    assert "Orders calm" in told(window)
    press(window, "N")
    assert (window.player.position_s(), window.light) == (6.5, Light.RED)
    press(window, "N")
    assert "no moment further on" in told(window)
    press(window, "Shift+N")
    assert window.player.position_s() == 5.8
    assert window.panel.moments.list.currentRow() == 1
    press(window, "L")
    assert window.player.loop == pytest.approx((3.8, 8.4))
    assert window.actions_by_name["loop"].isChecked()
    press(window, "L")
    assert window.player.loop is None
    press(window, "I")
    assert window.player.loop == pytest.approx((5.8, 10.8))
    press(window, "Ctrl+Left")
    press(window, "O")
    assert window.player.loop == pytest.approx((0.0, 0.8))
    assert window.actions_by_name["loop"].isChecked()
    press(window, "L")
    window.doing.go_to(5.8)
    press(window, "[")
    assert (window.player.rate, window.bar.rate.currentText()) == (0.75, "0.75×")
    press(window, "1")
    press(window, "]")
    assert window.player.rate == 1.25
    press(window, "T")
    press(window, "Right")
    assert window.player.position_s() > 5.8
    press(window, "Home")
    assert window.player.position_s() == 0.0


def test_next_goes_on_also_while_it_plays(window, press):
    press(window, SPACE)
    found = []
    for _ in range(3):
        press(window, "N")
        found.append(window.player.position_s())
    assert found == pytest.approx([4.6, 5.4, 6.1], abs=0.15)  # a little before each, to hear it whole


def test_filters_narrow_the_list_the_keys_and_the_time_line(window, press):
    moments = window.panel.moments
    assert len(moments.shown) == 3
    moments.kind.setCurrentText("Phrases quoted or taken back")
    assert [place.start_s for place in moments.shown] == [9.5]
    assert [place.key for place in window.timeline.shown_places] == [moments.shown[0].key]
    press(window, "N")
    assert window.player.position_s() == 9.5
    moments.kind.setCurrentText("Everything")
    moments.behaviour.setCurrentText("Voice above the usual")
    assert [place.light for place in moments.shown] == [Light.AMBER]


def test_words_are_read_searched_and_gone_to(window, press):
    words = window.panel.words
    assert texts_of(words.list) == ["0:05  agent: now please calm <b>down</b> and tell me all"]
    press(window, "/", "please cal")
    press(window, "Return")
    assert window.player.position_s() == pytest.approx(5.4)
    assert "now please calm" in texts_of(words.list)[0]
    words.field.setText("nothing of the kind")
    assert texts_of(words.list) == []
    assert any("0 places. Basic detection" in label.text() for label in words.findChildren(QLabel))


def test_comments_and_disputes_are_kept_and_seen_again(window, press, qtbot, open_window, analysed):
    press(window, "Ctrl+Right")
    press(window, "C", "well <u>solved</u>")
    press(window, "Return")
    notes = window.panel.notes.list
    qtbot.waitUntil(lambda: notes.count() == 1)
    assert "0:05" in texts_of(notes)[0]
    press(window, "N")  # the keyboard is back on the time line
    press(window, "D")
    dialog = window.doing.dialog("dispute")
    assert isinstance(dialog, QInputDialog)
    assert "Orders calm" in dialog.labelText()
    dialog.setTextValue("she was quoting")
    dialog.accept()
    qtbot.waitUntil(lambda: notes.count() == 2)
    assert "(disputed)" in texts_of(window.panel.moments.list)[1]
    window.close()
    again = open_window(analysed)
    kept = "\n".join(texts_of(again.panel.notes.list))
    assert "well <u>solved</u>" in kept
    assert "she was quoting" in kept
    assert again.call.disputes[0].subject == "say.calm_down"


def test_a_clip_around_a_phrase_is_a_recording_again(window, press, qtbot, tmp_path, monkeypatch):
    out = tmp_path / "clip.wav"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(out), ""))
    press(window, "E")
    assert "Go to a moment first" in told(window)
    window.doing.go_to(5.8)
    press(window, "E")
    qtbot.waitUntil(lambda: "clip.wav" in told(window))
    y, rate_hz = soundfile.read(out)
    whole, _ = soundfile.read(window.call.recording)
    assert len(y) / rate_hz == pytest.approx(4.6, abs=0.01)
    np.testing.assert_allclose(y, whole[round(3.8 * rate_hz) :][: len(y)], atol=1e-4)


def test_the_pages_hold_time_line_moments_and_remarks(window, qtbot, tmp_path, monkeypatch):
    window.call.notebook.comment("please see this", 3.0)
    window.retake()
    out = tmp_path / "call.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(out), ""))
    window.actions_by_name["pdf"].trigger()
    assert told(window) == "Saved as call.pdf."
    pages = QPdfDocument(None)
    pages.load(str(out))
    assert pages.pageCount() == 1
    text = pages.getAllText(0).text()
    for part in ("call <b>1.flac", "Orders calm", "please see this", "clipping in 0.4 %", "basic detection"):
        assert part in text
    save_pdf(window.call, 30 * window.places, tmp_path / "long.pdf")
    many = QPdfDocument(None)
    many.load(str(tmp_path / "long.pdf"))
    assert many.pageCount() > 1
    assert sum(many.getAllText(page).text().count("Orders calm") for page in range(many.pageCount())) > 60
    many.close()
    picture = pages.render(0, pages.pagePointSize(0).toSize())
    assert len({picture.pixelColor(x, y).rgb() for x in range(40, 560, 8) for y in range(60, 400, 8)}) > 5
    pages.close()
    out.unlink()
    out.mkdir()  # such as a folder without room
    window.actions_by_name["pdf"].trigger()
    assert "call.pdf" in told(window)
    assert "Saved" not in told(window)


def test_a_printer_gets_the_same_pages(window, tmp_path, monkeypatch):
    from PyQt6 import QtPrintSupport

    class Ask:
        DialogCode = QtPrintSupport.QPrintDialog.DialogCode
        answer = DialogCode.Rejected

        def __init__(self, printer, _parent):
            printer.setOutputFileName(str(tmp_path / "printed.pdf"))

        def exec(self):
            return self.answer

    monkeypatch.setattr(QtPrintSupport, "QPrintDialog", Ask)
    window.actions_by_name["print"].trigger()
    assert not (tmp_path / "printed.pdf").exists()
    Ask.answer = Ask.DialogCode.Accepted
    window.actions_by_name["print"].trigger()
    pages = QPdfDocument(None)
    pages.load(str(tmp_path / "printed.pdf"))
    assert "Orders calm" in pages.getAllText(0).text()
    pages.close()


def test_the_light_as_it_was_shown_then(window, press):
    assert not window.actions_by_name["then"].isEnabled()
    earlier = replace(window.call.result, lights=(LightSpan(0.0, LENGTH_S, Light.GREEN),))
    window._take(replace(window.call, then=earlier))
    window.doing.go_to(7.0)
    assert window.light == Light.RED
    press(window, "W")
    assert window.light == Light.GREEN
    assert any(label.text() == THEN for label in window.panel.light.findChildren(QLabel))


def test_an_unknown_recording_is_analysed_first_with_progress(open_window, recording, qtbot):
    window = open_window(recording, wait=False, recogniser="none")
    seen = []
    window.waiting.bar.valueChanged.connect(seen.append)
    qtbot.waitUntil(lambda: window.call is not None, timeout=60_000)
    assert max(seen) > 500
    assert window.call.result.engine.recogniser == "none"
    assert {track.name for track in window.call.tracks} == {"level_dbfs", "f0_hz", "effort_db", "pace_syl_s"}
    again = open_window(recording)  # it was kept
    assert again.call.result == window.call.result


def test_the_analysis_can_be_given_up_and_the_window_stays_quick(open_window, recording, qtbot):
    window = open_window(recording, wait=False)
    qtbot.waitUntil(lambda: window.waiting.accessibleName().startswith("Analysing"), timeout=30_000)
    qtbot.mouseClick(window.waiting.cancel, Qt.MouseButton.LeftButton)
    assert not window.isVisible()
    assert window.problem is None
    assert window.call is None


def test_what_cannot_be_opened_is_told_and_the_next_one_opens(open_window, analysed, tmp_path, qtbot, monkeypatch):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound at all")
    window = open_window(broken, wait=False)
    qtbot.waitUntil(lambda: window.problem is not None, timeout=30_000)
    assert isinstance(window.problem, InputProblem)
    assert not window.isVisible()
    window = open_window(analysed)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(broken), ""))
    window.actions_by_name["open"].trigger()
    qtbot.waitUntil(lambda: "broken.wav" in window.waiting.accessibleName() and window._task is None)
    assert window.isVisible()
    window.open_path(analysed)
    qtbot.waitUntil(lambda: window.call is not None)


def test_a_result_without_its_recording_still_shows_all_but_the_sound(open_window, recording, tmp_path, press):
    alone = tmp_path / "far" / "away"
    alone.mkdir(parents=True)
    write_json(judged(recording), alone / "call.json")
    window = open_window(alone / "call.json")
    assert any("no sound" in warning for warning in window.call.warnings)
    assert not window.actions_by_name["clip"].isEnabled()
    assert NO_RECORDING in [label.text() for label in window.statusBar().findChildren(QLabel)]
    press(window, SPACE)
    assert window.player.playing


def test_every_key_is_its_own_and_on_the_page(window, press):
    keys = [key for entry in ENTRIES for key in entry.keys]
    assert len(keys) == len(set(keys))
    page = keys_as_html()
    assert all(key in page for key in (SPACE, "Ctrl+Shift+P", "N", "?", "Home, End"))
    press(window, "?")
    assert window.doing.dialog("keys").isVisible()


def test_everything_has_a_name_and_tab_reaches_it(window, qtbot):
    kinds = (QComboBox, QLineEdit, QListWidget, QAbstractButton)
    found = [part for kind in kinds for part in window.findChildren(kind)]
    parts = [part for part in found if part.objectName() != "qt_toolbar_ext_button"]
    nameless = [
        part
        for part in parts
        if not (part.accessibleName() or getattr(part, "text", str)() or part.toolTip())
        and not isinstance(part.parent(), QComboBox | QLineEdit)
        and part.isVisible()
    ]
    assert not nameless, nameless
    window.timeline.setFocus()
    reached = set()
    for _ in range(40):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        reached.add(window.focusWidget())
    moments = window.panel.moments
    assert {window.timeline, moments.kind, moments.behaviour, moments.list} <= reached


def test_the_picture_of_the_documentation_can_be_drawn(tmp_path, qtbot):
    window = shown(tmp_path / "kept", "none")
    try:
        qtbot.waitUntil(lambda: window.call.waveform.complete, timeout=30_000)
        save(window, tmp_path / "replay.png")
    finally:
        window.close()
    picture = QImage(str(tmp_path / "replay.png"))
    assert picture.width() == 1000
    colours = {picture.pixelColor(x, y).getRgb()[:3] for x in range(0, 1000, 3) for y in range(60, 130)}
    assert LIGHTS["amber"] in colours
    assert (tmp_path / "replay.png").stat().st_size < 300_000


def test_leaves_nothing_behind(open_window, analysed, qtbot):
    import threading

    window = open_window(analysed)
    window.player.play()
    window.close()
    assert not window.player.playing
    qtbot.waitUntil(lambda: not [t for t in threading.enumerate() if t.name.startswith("evenkeel-")])


def test_a_small_screen_is_enough(open_window, analysed, qtbot):
    window = open_window(analysed)
    window.resize(640, 370)  # 1280x800 at 200 %, less what the desktop takes
    qtbot.wait(50)
    assert (window.width(), window.height()) == (640, 370)
    assert window.timeline.width() > 250
    assert window.panel.light.pill.visibleRegion().boundingRect().height() == window.panel.light.pill.height()
