"""Files of results: whole or not there, safe in a spreadsheet, the same whatever the size of blocks."""

import csv
import dataclasses
import errno
import io
import json
import os

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from monitor.errors import BugError, EnvironmentProblem, InputProblem
from monitor.events import FlagChanged, FramesMeasured, LightChanged
from monitor.result import EngineInfo, ResultBuilder
from monitor.result_types import result_schema
from monitor.sinks.csv_file import COLUMNS, to_csv, write_csv
from monitor.sinks.files import OutputProblem, PartFile, insist_on_folder, remove_parts, replacing
from monitor.sinks.json_file import read_json, to_json, write_json
from monitor.sinks.parquet_file import FramesFile, frames_match
from monitor.types import Features, FlagState, Light, Reason, SourceInfo
from tests.batch_fakes import RAISED, features, flag


def make_result(name="call.wav", *, reasons=(RAISED,), flags=(), sha256="0123456789abcdef" * 4):
    builder = ResultBuilder(SourceInfo(name, 1, 8000, None, sha256), EngineInfo("0.1.0", "mine@12", "pocketsphinx"))
    builder.take(LightChanged(2.0, Light.GREEN, (), None))
    builder.take(LightChanged(5.5, Light.RED, tuple(reasons), "softer"))
    for each in flags:
        builder.take(FlagChanged(8.0, each))
    return builder.finish(10.0)


def rows_of(result):
    return list(csv.DictReader(io.StringIO(to_csv(result), newline="")))


class FullDisk(io.BytesIO):
    """A file on a disk that has no room left."""

    def write(self, _data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fileno(self):
        return 1


# --- files


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "sub" / "a.json"
    with replacing(path) as handle:
        handle.write(b"one")
        assert not path.exists()
    with replacing(path) as handle:
        handle.write(b"two")
        assert path.read_bytes() == b"one"
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_half_way_changes_nothing(tmp_path, error):
    path = tmp_path / "a.json"
    path.write_bytes(b"one")

    def write_half():
        with replacing(path) as handle:
            handle.write(b"tw")
            raise error

    with pytest.raises(error):
        write_half()
    assert path.read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EROFS, "the disk is read-only; choose another folder"),
        (errno.EACCES, "you may not write there; choose another folder"),
        (errno.EIO, "choose another folder"),
    ],
)
def test_what_the_disk_refuses_is_one_sentence(tmp_path, monkeypatch, number, words):
    def refuse(_handle):
        raise OSError(number, os.strerror(number))

    path = tmp_path / "a.json"
    path.write_bytes(b"one")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputProblem, match=words) as caught, replacing(path) as handle:
        handle.write(b"two")
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_file_where_a_folder_should_be_is_one_sentence(tmp_path):
    (tmp_path / "out").write_text("a file")
    for folder in (tmp_path / "out", tmp_path / "out" / "below"):
        with pytest.raises(OutputProblem, match="a file is where a folder should be"):
            insist_on_folder(folder)


def test_a_name_too_long_is_one_sentence(tmp_path):
    with pytest.raises(OutputProblem, match="the name is too long"):
        PartFile(tmp_path / ("a" * 300))


def test_trying_a_folder_leaves_nothing_in_it(tmp_path):
    insist_on_folder(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_parts_of_an_interrupted_run_are_cleared_away_and_nothing_else(tmp_path):
    names = [".a.json.4711.evenkeel-part", ".ab.json.4711.evenkeel-part", ".a.json.part", "a.json.evenkeel-part"]
    for name in names:
        (tmp_path / name).write_text("half")
    remove_parts(tmp_path, "a.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names[1:])
    remove_parts(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names[2:])
    remove_parts(tmp_path / "nowhere")


# --- JSON


def test_json_reads_back_and_fits_the_schema(tmp_path):
    result = make_result(flags=[flag(), flag(2, text="say “so”", start_s=3.0)])
    write_json(result, tmp_path / "a.json")
    assert read_json(tmp_path / "a.json") == result
    data = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    jsonschema.validate(data, result_schema())
    assert json.loads(to_json(result, ascii_only=True)) == data
    assert to_json(result, ascii_only=True).isascii()


def test_json_has_one_line_for_each_thing():
    lines = to_json(make_result(flags=[flag()])).splitlines()
    assert sum('"light": ' in line for line in lines) == 3
    assert sum('"say.calm_down"' in line for line in lines) == 1


def test_a_name_that_is_no_text_survives(tmp_path):
    result = make_result("caf\udce9.wav")
    write_json(result, tmp_path / "a.json")
    assert read_json(tmp_path / "a.json") == result


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\x00", '{"schema": 3}', "null"])
def test_what_is_no_result_is_one_sentence(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputProblem) as caught:
        read_json(tmp_path / "a.json")
    assert "\n" not in str(caught.value)


def test_a_result_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(InputProblem, match=r"a\.json could not be read"):
        read_json(tmp_path / "a.json")


# --- CSV


def test_the_table_has_a_line_for_each_light_and_flag_in_order_of_time():
    rows = rows_of(make_result(flags=[flag(start_s=2.5), flag(2, start_s=7.0, state=FlagState.WITHDRAWN)]))
    assert [(row["kind"], row["start_s"], row["light"] or row["state"]) for row in rows] == [
        ("light", "0.0", "grey"),
        ("light", "2.0", "green"),
        ("flag", "2.5", "confirmed"),
        ("light", "5.5", "red"),
        ("flag", "7.0", "withdrawn"),
    ]
    assert all(tuple(row) == COLUMNS and row["recording"] == "call.wav" for row in rows)
    red = rows[3]
    assert (red["id"], red["value"], red["unit"], red["limit"]) == ("voice.raised", "8.0", "dB", "6.0")


def test_all_reasons_of_a_light_stand_in_its_line():
    row = rows_of(make_result(reasons=[RAISED, Reason("pace.fast", "faster than usual")]))[-1]
    assert (row["id"], row["text"]) == (
        "voice.raised pace.fast",
        "voice well above your usual level; faster than usual",
    )


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_becomes_a_formula(start):
    rows = rows_of(make_result(start, reasons=[Reason(start, start, -3.0, start)], flags=[flag(text=start)]))
    text_cells = [row[key] for row in rows for key in ("recording", "id", "text", "unit", "say_instead")]
    assert not [cell for cell in text_cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert "'" + start in text_cells


def test_negative_numbers_stay_numbers():
    row = rows_of(make_result(reasons=[Reason("voice.raised", "louder", -3.0, "dB", -31.2, -6.0)]))[-1]
    assert (row["value"], row["usual"], row["limit"]) == ("-3.0", "-31.2", "-6.0")


def test_commas_quotes_and_lines_stay_in_their_cell():
    text = 'calm, "down"\nnow'
    assert [row["text"] for row in rows_of(make_result(flags=[flag(text=text)])) if row["kind"] == "flag"] == [text]


def test_spreadsheets_are_told_the_encoding(tmp_path):
    write_csv(make_result("café.wav"), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert set(pd.read_csv(tmp_path / "a.csv")["recording"]) == {"café.wav"}


# --- Parquet


def random_features(count):
    rng = np.random.default_rng(1)

    def some(broken):
        values = rng.normal(size=count).astype(np.float32)
        values[rng.random(count) < broken] = np.nan
        return values

    measures = [some(broken) for broken in (0, 0, 0.5, 0, 0.5, 0, 0)]
    return Features(0, *measures, clipped=rng.random(count) < 0.1, nucleus=rng.random(count) < 0.1)


def cut(whole, start, count):
    arrays = {
        field.name: getattr(whole, field.name) for field in dataclasses.fields(whole) if field.name != "start_frame"
    }
    return Features(start, **{name: values[start : start + count] for name, values in arrays.items()})


def write_frames(path, whole, block, result):
    with FramesFile(path) as frames:
        for start in range(0, len(whole), block):
            frames.take(FramesMeasured(0.0, 0, cut(whole, start, block)))
        frames.take(LightChanged(2.0, Light.GREEN, (), None))
        frames.finish(result)


def test_frames_come_back_as_they_were(tmp_path):
    whole = random_features(1000)
    write_frames(tmp_path / "a.frames.parquet", whole, 333, make_result())
    table = pd.read_parquet(tmp_path / "a.frames.parquet")
    assert len(table) == 1000
    np.testing.assert_array_equal(table["time_s"], np.arange(1000) / 100)
    assert set(table["channel"]) == {0}
    for field in dataclasses.fields(Features):
        if field.name != "start_frame":
            np.testing.assert_array_equal(table[field.name], getattr(whole, field.name), err_msg=field.name)


def test_what_does_not_exist_is_null(tmp_path):
    write_frames(tmp_path / "a.frames.parquet", features(0, 300), 300, make_result())
    table = pq.read_table(tmp_path / "a.frames.parquet")
    assert table["f0_hz"].null_count == 100
    assert table["effort_db"].null_count == 300
    assert table["level_dbfs"].null_count == 0


def test_frames_do_not_depend_on_the_size_of_blocks(tmp_path):
    whole = random_features(61_000)  # more than one row group
    for block in (7_777, 61_000):
        write_frames(tmp_path / f"{block}.parquet", whole, block, make_result())
    assert (tmp_path / "7777.parquet").read_bytes() == (tmp_path / "61000.parquet").read_bytes()
    assert pq.read_metadata(tmp_path / "61000.parquet").num_row_groups == 2


def test_frames_say_what_they_are_of(tmp_path):
    path = tmp_path / "a.frames.parquet"
    write_frames(path, features(0, 100), 100, make_result())
    about = json.loads(pq.read_metadata(path).metadata[b"evenkeel"])
    assert about["schema"] == "evenkeel.frames/1"
    assert about["source"] == make_result().to_dict()["source"]
    assert about["engine"] == make_result().to_dict()["engine"]
    assert frames_match(path, make_result())
    assert not frames_match(path, make_result(sha256="f" * 64))
    path.write_bytes(path.read_bytes()[:-100])
    assert not frames_match(path, make_result())
    assert not frames_match(tmp_path / "missing.parquet", make_result())


def test_a_recording_without_frames_still_has_its_file(tmp_path):
    with FramesFile(tmp_path / "a.frames.parquet") as frames:
        frames.finish(make_result())
    assert len(pd.read_parquet(tmp_path / "a.frames.parquet")) == 0


def test_frames_that_were_not_finished_leave_no_file(tmp_path):
    with FramesFile(tmp_path / "a.frames.parquet") as frames:
        frames.take(FramesMeasured(0.0, 0, random_features(61_000)))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_does_not_disturb_the_engine_and_is_told(tmp_path):
    with FramesFile(tmp_path / "a.frames.parquet") as frames:
        frames._part.handle.close()
        frames._part.handle = FullDisk()
        frames.take(FramesMeasured(0.0, 0, random_features(61_000)))
        frames.take(FramesMeasured(0.0, 0, random_features(61_000)))
        with pytest.raises(EnvironmentProblem, match="the disk is full"):
            frames.check()
        with pytest.raises(EnvironmentProblem, match="the disk is full"):
            frames.finish(make_result())
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_at_the_end_is_told(tmp_path):
    with FramesFile(tmp_path / "a.frames.parquet") as frames:
        frames.take(FramesMeasured(0.0, 0, features(0, 100)))
        frames._part.handle.close()
        frames._part.handle = FullDisk()
        with pytest.raises(EnvironmentProblem, match="the disk is full"):
            frames.finish(make_result())
    assert list(tmp_path.iterdir()) == []


def test_frames_that_missed_an_event_are_refused(tmp_path):
    with FramesFile(tmp_path / "a.frames.parquet") as frames:
        with pytest.raises(ValueError, match="broadcast"):
            frames.take(FramesMeasured(0.0, 0, dataclasses.replace(features(0, 100), speech=np.ones(7, np.float32))))
        with pytest.raises(BugError, match="incomplete"):
            frames.finish(make_result())
    assert list(tmp_path.iterdir()) == []
