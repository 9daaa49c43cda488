"""Which recordings are meant, and where their results go."""

import os
from pathlib import Path, PurePath

import pytest

from monitor.errors import ParameterError
from monitor.recordings import list_recordings, shown_path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names):
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"sound")


def targets(*arguments):
    return [recording.target.as_posix() for recording in list_recordings(arguments).recordings]


def test_files_lie_flat_whatever_they_are_called(here):
    make("one/a.wav", "two/b.2026.MP3", "c.dat")
    assert targets("one/a.wav", "two/b.2026.MP3", "c.dat") == ["a", "b.2026", "c"]


def test_a_folder_keeps_its_sub_folders(here):
    make("calls/b.wav", "calls/a.flac", "calls/june/a.wav", "calls/june/deep/z.opus")
    assert targets("calls") == ["a", "b", "june/a", "june/deep/z"]
    assert targets("calls/") == targets("calls")
    os.chdir("calls")
    assert targets(".") == ["a", "b", "june/a", "june/deep/z"]


def test_other_files_are_skipped_and_counted(here):
    make("calls/a.wav", "calls/notes.txt", "calls/a.json", "calls/._a.wav", "calls/.wav", "calls/june/list.csv")
    listing = list_recordings(["calls"])
    assert [recording.path for recording in listing.recordings] == [Path("calls/a.wav")]
    assert listing.skipped == 5


def test_patterns_are_expanded(here):
    make("calls/a.wav", "calls/b.wav", "calls/b.txt", "calls/june/c.wav")
    assert targets("calls/*.wav") == ["a", "b"]
    assert targets("calls/[b]*.wav") == ["b"]
    assert targets("calls/*") == ["a", "b", "c"]
    assert list_recordings(["calls/*"]).skipped == 1
    assert targets("calls/*.txt") == ["b"]


def test_a_recursive_pattern_means_each_recording_once(here):
    make("calls/a.wav", "calls/june/c.wav")
    assert targets("calls/**") == ["a", "june/c"]


def test_a_file_with_the_name_of_a_pattern_is_that_file(here):
    make("call[1].wav", "call1.wav")
    assert targets("call[1].wav") == ["call[1]"]


def test_what_is_given_twice_is_judged_once(here):
    make("calls/a.wav")
    assert targets("calls", "calls/a.wav", "calls/*.wav", str(here / "calls" / "a.wav")) == ["a"]


@pytest.mark.parametrize(
    ("names", "arguments"),
    [
        (["one/a.wav", "two/a.wav"], ["one/a.wav", "two/a.wav"]),
        (["one/a.wav", "one/a.mp3"], ["one"]),
        (["one/a.wav", "two/a.wav"], ["one", "two"]),
        (["one/a.wav", "two/a.ogg"], ["*/a.*"]),
    ],
)
def test_two_recordings_with_one_result_are_both_named(here, names, arguments):
    make(*names)
    with pytest.raises(ParameterError) as caught:
        list_recordings(arguments)
    assert all(str(PurePath(name)) in str(caught.value) for name in names)
    assert "a.json" in str(caught.value)


def test_the_same_name_in_two_sub_folders_is_no_clash(here):
    make("calls/june/a.wav", "calls/july/a.wav")
    assert targets("calls") == ["july/a", "june/a"]


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("nowhere.wav", r"nowhere\.wav is not there"),
        ("*.wav", r"No file matches \*\.wav"),
        ("texts", r"no recording in texts \(other files skipped: 1\)"),
        ("empty", "no recording in empty: give audio or video files"),
    ],
)
def test_what_means_nothing_is_one_sentence(here, argument, words):
    make("texts/a.txt")
    Path("empty").mkdir()
    with pytest.raises(ParameterError, match=words):
        list_recordings([argument])


def test_a_folder_that_cannot_be_listed_is_a_problem_and_the_rest_is_found(here, monkeypatch):
    make("calls/a.wav", "calls/closed/b.wav")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = list_recordings(["calls"])
    assert [recording.path for recording in listing.recordings] == [Path("calls/a.wav")]
    assert listing.problems == ((Path("calls/closed"), "the folder cannot be listed (Permission denied)"),)


def test_sizes_are_known_and_a_dangling_link_is_left_to_the_analysis(here):
    make("a.wav")
    assert list_recordings(["a.wav"]).recordings[0].size_bytes == 5
    if os.name == "posix":
        Path("gone.wav").symlink_to("nowhere.wav")
        assert list_recordings(["gone.wav"]).recordings[0].size_bytes == 0


def test_paths_are_shown_without_what_a_terminal_would_obey():
    assert shown_path(PurePath("calls", "a\x1b[31m.wav")) == str(PurePath("calls", "a\\x1b[31m.wav"))
    assert shown_path(Path(os.sep, "calls", "a.wav")) == str(Path(os.sep, "calls", "a.wav"))
