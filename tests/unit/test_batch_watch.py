"""What is new in folders that are looked at again and again."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.batch_watch import SETTLED_S, Watch, newer, since_time
from monitor.errors import ParameterError
from monitor.recordings import list_recordings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("7d", NOW - timedelta(days=7)),
        (" 12H ", NOW - timedelta(hours=12)),
        ("2w", NOW - timedelta(weeks=2)),
        ("0d", NOW),
        ("2026-11-01T08:30:00+00:00", datetime(2026, 11, 1, 8, 30, tzinfo=UTC)),
    ],
)
def test_since_is_a_time_or_how_far_to_go_back(text, when):
    assert since_time(text, NOW) == when.timestamp()


def test_a_day_begins_at_midnight_here():
    assert since_time("2026-11-01", NOW) == datetime(2026, 11, 1).timestamp()


@pytest.mark.parametrize("text", ["", "yesterday", "7", "2026-13-01", "-3d", "99999999999d", "0001-01-01x"])
def test_what_is_no_time_is_one_sentence(text):
    with pytest.raises(ParameterError, match=r"no time to begin at: give a day such as 2026-11-01"):
        since_time(text, NOW)


class Folder:
    """A folder whose files change, a clock, and a watch over both."""

    def __init__(self, path, **options):
        self.path, self.now_s, self.told = path, 1_000_000.0, []
        options = {"since_s": None, "out": path / "out", **options}
        self.watch = Watch([str(path)], tell=self.told.append, clock=lambda: self.now_s, **options)

    def write(self, name, text="sound", age_s=0.0):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (self.now_s - age_s, self.now_s - age_s))

    def look(self, after_s=0.0):
        self.now_s += after_s
        listing = self.watch.fresh()
        return [recording.path.name for recording in listing.recordings] if listing else []


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_an_empty_folder_is_waited_for(folder):
    assert folder.look() == []
    folder.write("a.wav", age_s=60)
    assert folder.look() == ["a.wav"]
    assert folder.look(100) == []
    assert folder.told == []


def test_a_file_that_still_grows_is_left_alone(folder):
    folder.write("a.wav", "so")
    assert folder.look() == []
    for length in range(3, 7):
        folder.write("a.wav", "sounds"[:length])
        assert folder.look(2) == []
    assert folder.look(SETTLED_S) == ["a.wav"]


def test_a_clock_that_is_ahead_costs_only_patience(folder):
    folder.write("a.wav", age_s=-3600)
    assert folder.look() == []
    assert folder.look(SETTLED_S / 2) == []
    assert folder.look(SETTLED_S) == ["a.wav"]


def test_what_changes_is_given_again_and_what_was_given_is_not(folder):
    folder.write("a.wav", age_s=60)
    assert folder.look() == ["a.wav"]
    folder.write("a.wav", "other sound")
    assert folder.look() == []
    assert folder.look(SETTLED_S) == ["a.wav"]
    assert folder.look(SETTLED_S) == []


def test_empty_files_results_and_old_recordings_are_passed_over(tmp_path):
    folder = Folder(tmp_path, since_s=1_000_000.0 - 100)
    folder.write("empty.wav", "", age_s=60)
    folder.write("old.wav", age_s=200)
    folder.write("out/clip.wav", age_s=60)
    folder.write("new.wav", age_s=50)
    assert folder.look() == ["new.wav"]


def test_what_vanished_is_forgotten(folder):
    folder.write("a.wav", age_s=60)
    assert folder.look() == ["a.wav"]
    (folder.path / "a.wav").unlink()
    assert folder.look() == []
    folder.write("a.wav", age_s=60)
    assert folder.look() == ["a.wav"]


def test_a_clash_is_told_once_until_it_is_mended(folder):
    folder.write("a.wav", age_s=60)
    folder.write("a.flac", age_s=60)
    assert folder.look() == []
    assert folder.look(2) == []
    assert len(folder.told) == 1
    assert "would both become a.json" in folder.told[0]
    (folder.path / "a.flac").unlink()
    assert folder.look(2) == ["a.wav"]


def test_newer_keeps_what_vanished_so_that_it_is_told(tmp_path):
    for name in ("old.wav", "new.wav", "gone.wav"):
        (tmp_path / name).write_text("sound")
    os.utime(tmp_path / "old.wav", (1000, 1000))
    listing = list_recordings([str(tmp_path)])
    Path(tmp_path / "gone.wav").unlink()
    assert [recording.path.name for recording in newer(listing, 2000).recordings] == ["gone.wav", "new.wav"]
