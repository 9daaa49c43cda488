"""A usual voice in a file."""

import json
from dataclasses import asdict

import pytest

from monitor.errors import ParameterError
from monitor.profile import profile_text, read_profile
from monitor.types import Baseline

MINE = Baseline(-25.0, 3.0, 14.0, 1.5, -9.0, 2.0, 2.0, 4.5, 300.0)


def stored(tmp_path, text):
    path = tmp_path / "anna.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_can_be_read(tmp_path):
    assert read_profile(stored(tmp_path, profile_text(MINE))) == MINE


def test_text_is_plain_json():
    assert json.loads(profile_text(MINE)) == asdict(MINE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "[]",
        "null",
        json.dumps({"level_dbfs": -20}),
        json.dumps({**asdict(MINE), "f0_st": "high"}),
        json.dumps({**asdict(MINE), "effort_db": None}),
        "\0\0\0",
    ],
)
def test_anything_else_is_refused_in_one_sentence(tmp_path, text):
    with pytest.raises(ParameterError, match=r"^The profile anna\.json holds no usual voice; [^\n]*\.$"):
        read_profile(stored(tmp_path, text))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(tmp_path, value):
    text = profile_text(MINE).replace("-25.0", value)
    with pytest.raises(ParameterError, match="holds no usual voice"):
        read_profile(stored(tmp_path, text))


def test_a_missing_file_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ParameterError, match=r"^The profile nobody\.json cannot be read: [^\n]*\.$"):
        read_profile(tmp_path / "nobody.json")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="cannot be read"):
        read_profile(tmp_path)
