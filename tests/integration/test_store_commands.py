"""The commands about stored calls, from analysing a recording to deleting it."""

import io
import json

import numpy as np
import pytest
import soundfile

from monitor.cli import main
from monitor.store.calls import open_store
from monitor.store.whole import whole
from monitor.types import RATE_HZ
from tests.signals import buzz
from tests.stored import DAY, said, store_call


@pytest.fixture
def place(tmp_path):
    return str(tmp_path / "c.sqlite")


@pytest.fixture
def run(place, capsys):
    def run(*arguments, who="ann", code=0):
        capsys.readouterr()
        given = [*map(str, arguments), "--store", place, "--as", who]
        assert main(given) == code, capsys.readouterr().err
        return capsys.readouterr()

    return run


@pytest.fixture
def number(place):
    with open_store(place, who="ann") as store:
        return store_call(store, name="first\x1b[31m.wav", passes=[said("please calm down now")])


def test_nothing_stored_is_said_kindly(run):
    assert "No calls are stored that you may see" in run("calls", "list").out
    assert "Nobody has opened" in run("calls", "visits").out
    assert json.loads(run("calls", "list", "--json").out) == []


def test_calls_are_listed_and_shown(run, number):
    told = run("calls", "list").out
    assert "first?[31m.wav" in told, "a name writes no control characters"
    [listed] = json.loads(run("calls", "list", "--json").out)
    assert listed["id"] == number
    assert listed["began"] == DAY.isoformat(timespec="milliseconds")
    run("calls", "comment", number, "well \x1b[2Jsolved", "--at", 4)
    run("calls", "dispute", number, "say.calm_down", "a quote", "--at", 10)
    told = run("calls", "show", number).out
    assert "seen by its agent alone" in told
    assert "Lights" in told
    assert "ann says at 4.0 s: well ?[2Jsolved" in told
    assert "\x1b" not in told
    assert "ann disputes say.calm_down at 10.0 s: a quote" in told
    shown = json.loads(run("calls", "show", number, "--json").out)
    assert shown["result"]["schema"] == "evenkeel.call/1"
    assert [remark["text"] for remark in shown["remarks"]] == ["well \x1b[2Jsolved", "a quote"]


def test_only_what_was_there_is_disputed_and_only_within_the_call(run, number):
    assert "there is" in run("calls", "dispute", number, "nonsense", "x", "--at", 10, code=2).err
    assert "ends at" in run("calls", "dispute", number, "say.calm_down", "x", "--at", 9999, code=2).err
    assert "ends at" in run("calls", "comment", number, "x", "--at", 9999, code=2).err
    assert json.loads(run("calls", "show", number, "--json").out)["remarks"] == []


def test_deleting_does_not_ask_about_calls_of_others(run, number):
    asked = run("calls", "delete", number, who="sue", code=2)
    assert "no call" in asked.err
    assert "for good" not in asked.out + asked.err


def test_sharing_and_who_looked(run, number):
    assert "no call" in run("calls", "show", number, who="sue", code=2).err
    assert "1 call shared" in run("calls", "share", number).out
    run("calls", "show", number, who="sue")
    assert "show       sue" in run("calls", "visits").out
    assert {visit["who"] for visit in json.loads(run("calls", "visits", "--json").out)} == {"ann", "sue"}
    assert "no longer shared" in run("calls", "share", number, "--undo").out
    assert "no call" in run("calls", "show", number, who="sue", code=2).err


def test_export_purge_and_delete(run, number, tmp_path):
    assert "1 call of ann" in run("calls", "export", tmp_path / "mine.zip").out
    assert (tmp_path / "mine.zip").stat().st_size > 1000
    assert "kept without end" in run("calls", "purge", code=2).err
    assert "0 calls deleted" in run("calls", "purge", "--days", 36_000, "--yes").out
    assert "1 call deleted" in run("calls", "delete", number, "--yes").out
    assert "no call" in run("calls", "delete", number, "--yes", code=2).err


def test_retention_comes_from_the_settings(run, number, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "evenkeel").mkdir()
    (tmp_path / "evenkeel" / "settings.toml").write_text("keep_days = 30\n")
    assert "1 call deleted" in run("calls", "purge", "--yes").out


def test_nothing_is_deleted_without_a_yes(run, number, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    run("calls", "delete", number, code=130)
    assert "first" in run("calls", "list").out


def test_days_are_read_or_refused(run, number):
    assert "first" in run("calls", "list", "--since", "2026-02-28", "--until", "2026-03-02").out
    assert "No calls" in run("calls", "list", "--until", "2026-02-28").out
    assert "30d for thirty days ago" in run("calls", "list", "--since", "yesterday", code=2).err


def test_more_than_are_listed_are_counted(run, place):
    with open_store(place, who="ann") as store:
        for day in range(3):
            store_call(store, name=f"{day}.wav")
    told = run("calls", "list", "--most", 2)
    assert "2 of 3; --all lists all" in told.err
    assert len(run("calls", "list", "--all").out.splitlines()) == 4


def test_a_cut_off_call_is_shown(run, place):
    with open_store(place, who="ann") as store:
        from tests.stored import hand_over, head

        writer = store.begin(head())
        hand_over(writer)
        writer.flush()
    assert "(not ended)" in run("calls", "list").out
    assert "was stopped in this call" in run("calls", "show", 1).out


def test_a_wrong_store_is_told(capsys, tmp_path):
    (tmp_path / "c.sqlite").write_bytes(b"no database " * 1000)
    assert main(["calls", "list", "--store", str(tmp_path / "c.sqlite")]) == 3
    assert main(["calls", "list", "--store", "mysql://x/y"]) == 2


def test_analysing_stores(tmp_path, place, run, capsys):
    folder = tmp_path / "calls"
    folder.mkdir()
    for name, f0 in (("a", 120), ("b", 180)):
        y = np.concatenate([np.tile(np.append(buzz(f0, 0.3), np.zeros(1600, np.float32)), 20)])
        soundfile.write(folder / f"{name}.wav", y, RATE_HZ)
    (folder / "broken.wav").write_bytes(b"RIFF....")
    command = ["analyze", str(folder), "--out", str(tmp_path / "out"), "--recogniser", "none"]
    assert main([*command, "--store-at", place, "--agent", "ann", "--team", "blue"]) == 1
    capsys.readouterr()
    listed = json.loads(run("calls", "list", "--json").out)
    assert sorted(call["name"] for call in listed) == ["a.wav", "b.wav"], "what failed leaves nothing"
    assert {call["team"] for call in listed} == {"blue"}
    number = next(call["id"] for call in listed if call["name"] == "a.wav")
    stored = json.loads(run("calls", "show", number, "--json").out)["result"]
    assert stored == json.loads((tmp_path / "out" / "a.json").read_text(encoding="utf-8"))
    with open_store(place, who="ann") as store:
        assert whole(store, number).sound == (folder / "a.wav").resolve()
        store.delete([number])
    assert main([*command, "--store-at", place, "--agent", "ann"]) == 1
    told = capsys.readouterr().err
    assert "it was not in the store" in told
    listed = json.loads(run("calls", "list", "--json").out)
    assert sorted(call["name"] for call in listed) == ["a.wav", "b.wav"], "results that were there are stored as well"
    assert main([*command, "--store-at", place, "--agent", "ann"]) == 1
    assert "not in the store" not in capsys.readouterr().err
    again = json.loads(run("rejudge", "--policy", "upset-customer-en", "--json").out)
    assert again["calls"] == 2
    assert again["changed"] == []
