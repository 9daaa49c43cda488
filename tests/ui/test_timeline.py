"""The time line shows a call where it is, is moved by keyboard and pointer, and says what it shows."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QMouseEvent, QPalette, QWheelEvent

from monitor.replay.navigate import Filter
from monitor.replay.tracks import tracks_of
from monitor.types import FlagState
from tests.replay_calls import CLICK_S, TONE_S, call_view, trace
from tests.report_samples import call
from tests.ui.test_light import painted, rgba
from ui.palette import LEAST_FOR_SHAPES, LIGHTS, THEMES, contrast
from ui.timeline import Timeline
from ui.timeline_axis import Span, TimeAxis, ValueAxis
from ui.timeline_ink import PARTS, covered, line_edges
from ui.timeline_look import SPEAKERS

LIGHT = THEMES["light", "normal"].opaque()


@pytest.fixture
def open_line(qtbot, tmp_path):
    """Shows a call; everything is let go of at the end."""
    shown = []

    def open_one(view=None, size=(1000, 700), **changes):
        view = view or call_view(tmp_path, **changes)
        line = Timeline()
        qtbot.addWidget(line)
        line.resize(*size)
        line.set_theme(LIGHT)
        line.set_call(view)
        line.show()
        if view.waveform is not None:
            qtbot.waitUntil(lambda: view.waveform.complete, timeout=20_000)
            qtbot.wait(150)  # what was told is drawn
        shown.append((line, view))
        return line

    yield open_one
    for line, view in shown:
        line.shut()
        view.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("evenkeel-wave")]


def lane(line, title):
    """Pixels of a lane, and its top."""
    box = next(box for lane, box in line._layout.boxes if lane.title == title).toRect()
    return rgba(line.grab().toImage())[box.top() : box.bottom(), box.left() : box.right()]


def columns_of(line, title, colour):
    """The times at which a lane shows a colour."""
    shown = painted(lane(line, title), colour).any(axis=0)
    axis = line.axis
    return [axis.time_s(axis.left + x) for x in np.flatnonzero(shown)]


def test_ticks_are_round_far_enough_apart_and_in_sight():
    for length_s in (0.05, 0.7, 9, 64, 3600, 30_000):
        axis = TimeAxis(Span(17.0, 17.0 + length_s), 100, 900)
        ticks = axis.ticks(70)
        assert 2 <= len(ticks) <= 13
        assert all(100 <= axis.x(time_s) <= 1000.01 for time_s, _ in ticks)
        assert len({text for _, text in ticks}) == len(ticks)
        assert min(np.diff([axis.x(time_s) for time_s, _ in ticks]), default=99) >= 70
    assert TimeAxis(Span(0, 3600), 0, 900).ticks(70)[:2] == [(0, "0:00"), (300, "5:00")]
    decibels = ValueAxis(-71.3, -12.8, 50, 100)
    assert decibels.ticks(20) == [-60.0, -40.0, -20.0]
    assert decibels.y(-12.8) > 50
    assert decibels.y(-71.3) < 150


def test_ink_covers_what_lies_between_and_nothing_where_nothing_is_known():
    top, bottom = (np.array(row, np.float32) for row in ([1.0, 2.25, np.nan], [3.0, 2.75, np.nan]))
    cover = covered(top, bottom, 4)
    assert (cover / PARTS).tolist() == [[0, 0, 0], [1, 0, 0], [1, 0.5, 0], [0, 0, 0]]
    first, last = line_edges(np.array([2, np.nan, 4, 8], np.float32), 1.0)
    assert np.array_equal(first, np.array([1.5, np.nan, 3.5, 5.5], np.float32), equal_nan=True)
    assert np.array_equal(last, np.array([2.5, np.nan, 6.5, 8.5], np.float32), equal_nan=True)


def test_speakers_stand_out_from_both_grounds():
    for dark, colours in SPEAKERS.items():
        ground = THEMES["dark" if dark else "light", "normal"].ground
        assert all(contrast(colour, ground) >= LEAST_FOR_SHAPES for colour in colours.values())


def test_everything_is_drawn_where_it_happened(open_line):
    line = open_line(result=replace(call(), baseline=None))  # without the line of the usual voice
    agent, customer = SPEAKERS[False]["agent"], SPEAKERS[False]["customer"]
    for name, (start_s, end_s) in {"amber": (20, 22), "red": (22, 28)}.items():
        times = columns_of(line, "Light", LIGHTS[name])
        assert (min(times), max(times)) == (pytest.approx(start_s, abs=0.2), pytest.approx(end_s, abs=0.2))
    tone = painted(lane(line, "Agent"), agent)
    high = [line.axis.time_s(line.axis.left + x) for x in np.flatnonzero(tone.sum(axis=0) > 5)]
    assert (min(high), max(high)) == (pytest.approx(TONE_S[0], abs=0.2), pytest.approx(TONE_S[1], abs=0.2))
    click = painted(lane(line, "Customer"), customer).sum(axis=0)
    assert line.axis.time_s(line.axis.left + int(click.argmax())) == pytest.approx(CLICK_S, abs=0.2)
    for title in ("Pitch", "Effort"):
        times = columns_of(line, title, agent)
        assert (min(times), max(times)) == (pytest.approx(20, abs=0.2), pytest.approx(25, abs=0.2))
    assert min(columns_of(line, "Pace", agent)) == pytest.approx(24, abs=0.5)  # known after 4 s of speech
    turns = columns_of(line, "Turns", agent)
    assert all(any(turn.start_s - 0.2 <= time_s <= turn.end_s + 0.2 for turn in call().turns) for time_s in turns)
    assert sum(10 < time_s < 19 for time_s in turns) == 0  # the customer's
    behind = lane(line, "Pace")[2, [round(line.axis.x(time_s) - line.axis.left) for time_s in (15.5, 21.5, 26.5)], :3]
    assert tuple(behind[0]) == LIGHT.ground
    assert len({tuple(each) for each in behind}) == 3  # amber and red shine through


def test_words_are_shown_once_they_can_be_read(open_line):
    line = open_line()

    def ink():
        return (lane(line, "Words, agent")[..., :3].max(axis=2) < 120).sum()

    far = ink()
    line.set_span(19, 26)
    assert ink() > far + 200
    line.set_span(30, 37)  # nothing was said
    assert ink() < 20


def test_keys_move_the_cursor_and_the_view(open_line, qtbot):
    line = open_line()
    line.set_span(10, 30)
    asked, spans = [], []
    line.seek_requested.connect(asked.append)
    line.span_changed.connect(lambda *span: spans.append(span))
    keys = Qt.Key
    for key, expected in ((keys.Key_End, 40.0), (keys.Key_Left, 39.0), (keys.Key_Home, 0.0), (keys.Key_Right, 1.0)):
        qtbot.keyClick(line, key)
        assert asked[-1] == line.cursor_s == expected
        assert line.span[0] <= expected <= line.span[1]
    line.set_span(10, 30)
    line.set_cursor(20.0)
    qtbot.keyClick(line, keys.Key_Plus)
    assert line.span == (pytest.approx(20 - 20 / 3), pytest.approx(20 + 20 / 3))  # around the cursor
    qtbot.keyClick(line, keys.Key_Minus)
    qtbot.keyClick(line, keys.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert line.span == (pytest.approx(12), pytest.approx(32))
    qtbot.keyClick(line, keys.Key_PageDown)
    assert line.span == (pytest.approx(20), pytest.approx(40))
    qtbot.keyClick(line, keys.Key_0)
    assert line.span == spans[-1] == (0.0, 40.0)
    for _ in range(40):
        qtbot.keyClick(line, keys.Key_Plus)
    assert line.span[1] - line.span[0] == pytest.approx(0.05)
    line.grab()  # samples far apart are drawn as well
    line.set_cursor(39.9, follow=True)
    assert line.span[0] <= 39.9 <= line.span[1]


def test_the_pointer_seeks_chooses_flags_marks_loops_and_reads_values(open_line, qtbot):
    line = open_line()
    asked, chosen, loops = [], [], []
    line.seek_requested.connect(asked.append)
    line.flag_chosen.connect(chosen.append)
    line.loop_chosen.connect(loops.append)
    boxes = {lane.title: box for lane, box in line._layout.boxes}

    def at(time_s, title="Pitch"):
        return QPoint(round(line.axis.x(time_s)), round(boxes[title].center().y()))

    button, shift = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
    qtbot.mouseClick(line, button, pos=at(30))
    assert asked[-1] == pytest.approx(30, abs=0.1)
    qtbot.mouseClick(line, button, pos=at(21.7, "Phrases"))
    assert chosen == ["say.calm_down@21.600"]
    assert asked[-1] == 21.6
    qtbot.mousePress(line, button, shift, at(25))
    line.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, QPointF(at(29)), QPointF(at(29)), button, button, shift))
    qtbot.mouseRelease(line, button, shift, at(29))
    assert loops == [(pytest.approx(25, abs=0.1), pytest.approx(29, abs=0.1))]
    plain = rgba(line.grab().toImage())[at(27).y(), at(26).x()]
    line.set_loop(None)
    assert tuple(rgba(line.grab().toImage())[at(27).y(), at(26).x()]) != tuple(plain)  # it was shaded
    wheel = QWheelEvent(QPointF(at(10)), QPointF(at(10)), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    line.wheelEvent(wheel)
    assert line.span[1] - line.span[0] == pytest.approx(40 / 1.5**2)
    assert line.axis.x(10) == pytest.approx(at(10).x(), abs=30)  # what is pointed at stays


def test_a_filter_hides_flags_and_a_chosen_one_comes_into_sight(open_line):
    line = open_line()
    assert len(line.shown_places) == 5
    line.set_filter(Filter(states=frozenset({FlagState.CONFIRMED}), lights=frozenset()))
    assert [place.start_s for place in line.shown_places] == [21.6]
    line.set_span(0, 5)
    line.choose("say.calm_down@21.600")
    assert line.span[0] < 21.6 < line.span[1]


def test_it_says_what_it_shows(open_line, qtbot):
    line = open_line()
    assert line.accessibleName() == "Time line of call.wav"
    line.set_cursor(23.0)
    qtbot.waitUntil(lambda: "Cursor at 0:23.0, light red" in line.accessibleDescription(), timeout=5000)
    assert "0:00.0 to 0:40.0 of 0:40.0" in line.accessibleDescription()
    line.set_call(None)
    qtbot.waitUntil(lambda: line.accessibleDescription() == "No call is open", timeout=5000)


def test_it_follows_the_colours_of_the_desktop_and_keeps_the_view_when_a_remark_is_added(open_line):
    line = open_line()
    line.set_theme(None)
    dark = QPalette(QColor(30, 30, 30))
    line.setPalette(dark)
    ground = rgba(line.grab().toImage())[-3, -3, :3]
    assert tuple(ground) == THEMES["dark", "normal"].ground
    line.set_span(5, 15)
    line.set_cursor(7)
    view = line.call
    view.notebook.comment("well said", 9.0)
    line.set_call(view.with_remarks())
    assert line.span == (5, 15)
    assert line.cursor_s == 7
    assert any(lane.title == "Remarks" for lane, _ in line._layout.boxes)


def test_measures_that_were_not_kept_are_made_in_the_background(open_line, qtbot, tmp_path):
    view = call_view(tmp_path, with_tracks=False)
    line = open_line(view)
    qtbot.waitUntil(lambda: bool(line.call.tracks), timeout=30_000)
    assert {track.speaker for track in line.call.tracks} == {"agent", "customer"}
    assert any(lane.title == "Pitch" for lane, _ in line._layout.boxes)


def test_a_call_without_sound_and_one_that_cannot_be_read_on_are_shown_all_the_same(open_line, qtbot, tmp_path):
    silent = open_line(with_sound=False)
    assert any(lane.title == "Sound" for lane, _ in silent._layout.boxes)
    silent.set_spectrogram(on=True)
    silent.grab()
    view = call_view(tmp_path)
    told = []
    line = Timeline()
    qtbot.addWidget(line)
    line.trouble.connect(told.append)
    broken = replace(view, waveform=Unreadable(view.waveform))
    line.set_call(broken)
    qtbot.waitUntil(lambda: bool(told), timeout=5000)
    assert told[0].endswith(".")
    line.shut()
    view.close()


class Unreadable:
    """A recording on a disk that went away."""

    def __init__(self, waveform):
        self._waveform = waveform

    def read(self, _should_stop):
        raise ValueError("gone")

    def __getattr__(self, name):
        return getattr(self._waveform, name)


def test_the_spectrogram_comes_from_a_thread_and_is_gone_when_it_is_not_wanted(open_line, qtbot):
    line = open_line(tracks=tracks_of(trace(-3.0), "agent"))  # as loud as the tone
    line.set_spectrogram(on=True)
    line.set_span(19, 27)

    def darkness():
        return 255 - lane(line, "Spectrum, agent")[..., :3].mean(axis=2)

    def both_ends_are_there():
        found = darkness()
        return all(found[:, round(line.axis.x(time_s) - line.axis.left)].max() > 200 for time_s in (20.2, 24.8))

    qtbot.waitUntil(both_ends_are_there, timeout=20_000)
    shown = darkness()
    rows, columns = np.nonzero(shown > 200)
    assert (1 - rows.mean() / len(shown)) * 4000 == pytest.approx(1000, abs=150)
    assert line.axis.time_s(line.axis.left + np.median(columns)) == pytest.approx(22.5, abs=0.2)
    line.set_spectrogram(on=False)
    assert not any(lane.title.startswith("Spectrum") for lane, _ in line._layout.boxes)
    deadline_s = time.monotonic() + 5
    while any(thread.name == "evenkeel-spectrogram" for thread in threading.enumerate()):
        assert time.monotonic() < deadline_s
