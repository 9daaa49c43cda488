"""What somebody sees who waits for a batch."""

import io
from pathlib import Path

import pytest

from monitor.batch import Progress, Totals
from monitor.batch_view import BarView, LineView, QuietView, duration_text, progress_text, summary_lines, waiting_view


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (125, "2 min 5 s"),
        (1800, "30 min"),
        (3600 * 4 + 120, "4 h 2 min"),
    ],
)
def test_durations_read_as_people_say_them(seconds, text):
    assert duration_text(seconds) == text


def test_progress_tells_files_speed_and_time_left():
    assert progress_text(Progress(3, 10, 1200.0, 10.0, 25.0)) == (
        "3 of 10 recordings, 25 s left, 120 x real time, 20 min of audio"
    )
    assert progress_text(Progress(0, 1, 30.0, 10.0, None)) == "3.0 x real time, 30 s of audio"
    assert progress_text(Progress(0, 1, 0.0, 0.0, None)) == "reading"


def test_a_log_gets_a_line_now_and_then():
    lines = []
    view = LineView(lines.append)
    for tenth in range(400):
        view.show(Progress(0, 2, tenth * 10.0, tenth / 10, None))
    assert len(lines) == 3
    assert lines[0].startswith("0 of 2 recordings")


def test_the_view_suits_the_stream():
    with waiting_view(quiet=True, stream=Terminal()) as view:
        assert type(view) is QuietView
    with waiting_view(quiet=False, stream=io.StringIO()) as view:
        assert type(view) is LineView


def test_a_terminal_gets_a_bar_that_is_cleared_away():
    stream = Terminal()
    with waiting_view(quiet=False, stream=stream) as view:
        assert type(view) is BarView
        view.show(Progress(3, 10, 1200.0, 10.0, 25.0))
    assert "3 of 10 recordings" in stream.getvalue()


def test_the_end_says_what_was_done_and_what_not():
    totals = Totals(done=12, kept=1, audio_s=7200.0, elapsed_s=60.0)
    totals.redone["it was made with another policy"] = 2
    totals.failed.append((Path("calls/bad.wav"), "bad.wav holds no sound: record or export it again."))
    totals.failed.append((Path("calls/closed"), "the folder cannot be listed (Permission denied)"))
    assert summary_lines(totals, 1, Path("out")) == [
        "12 recordings analysed (2 h 0 min of audio, 120 x real time); results are in out.",
        "2 of them again: it was made with another policy.",
        "1 already done; --force repeats them.",
        "1 other file skipped.",
        "2 recordings could not be analysed:",
        f"  {Path('calls/bad.wav')} holds no sound: record or export it again.",
        f"  {Path('calls/closed')}: the folder cannot be listed (Permission denied)",
    ]
