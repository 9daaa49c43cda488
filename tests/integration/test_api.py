"""Evenkeel from Python: the same answers as the program, as typed values and tables."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from monitor.api import Analysis, analyze, load
from monitor.commands.analyze import analyze as analyze_command
from monitor.demo import CALL_PATH
from monitor.errors import EnvironmentProblem, InputProblem, ParameterError
from monitor.sinks.json_file import read_json, write_json
from tests.report_samples import call, write_frames

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo():
    return analyze(CALL_PATH, recogniser="none")


def test_the_answer_is_that_of_the_program(demo, tmp_path):
    analyze_command.main(
        [str(CALL_PATH), "--recogniser", "none", "--out", str(tmp_path), "--format", "parquet", "--quiet"],
        standalone_mode=False,
    )
    assert demo.result == read_json(tmp_path / "call.json")
    stored = pd.read_parquet(tmp_path / "call.frames.parquet")
    pd.testing.assert_frame_equal(sorted_frames(demo.frames()), sorted_frames(stored))
    loaded = load(tmp_path / "call.json")
    assert loaded.result == demo.result
    pd.testing.assert_frame_equal(sorted_frames(loaded.frames()), sorted_frames(stored))


def sorted_frames(frames):
    """In the order of channel and time: both sides come in turns as long as the blocks are."""
    return frames.sort_values(["channel", "time_s"], ignore_index=True)


def test_the_agent_may_be_guessed_and_the_customer_named():
    guessed = analyze(CALL_PATH, agent_channel="auto", customer="Miller", recogniser="none", frames=False)
    assert guessed.result.engine.agent_channel == 0
    assert any("channel" in warning for warning in guessed.result.warnings)


def test_tables_hold_what_the_result_holds():
    sample = Analysis(call())
    lights = sample.lights_frame()
    assert lights.groupby("light")["length_s"].sum().to_dict() == {
        "amber": 2.0,
        "green": 22.0,
        "grey": 10.0,
        "red": 6.0,
    }
    assert lights.loc[3, "ids"] == "say.calm_down voice.raised"
    assert list(sample.flags_frame()["state"]) == ["confirmed", "tentative", "withdrawn"]
    assert len(sample.words_frame()) == len(call().words)
    assert list(sample.turns_frame()["speaker"]) == ["agent", "customer", "agent"]


def test_empty_tables_keep_their_columns():
    empty = Analysis(call(lights=(), flags=(), words=(), turns=()))
    tables = [empty.lights_frame(), empty.flags_frame(), empty.words_frame(), empty.turns_frame()]
    assert all(table.empty and len(table.columns) >= 3 for table in tables)


def test_frames_that_were_not_kept_are_said_to_be_missing(tmp_path):
    write_json(call(), tmp_path / "call.json")
    with pytest.raises(ParameterError, match="analyze it with frames=True"):
        load(tmp_path / "call.json").frames()
    write_frames(tmp_path / "call.frames.parquet", call(source=call().source, turns=()))
    assert len(load(str(tmp_path / "call.json")).frames()) == 8000


def test_wrong_input_is_one_sentence(tmp_path):
    (tmp_path / "text.wav").write_text("this is no sound")
    with pytest.raises(InputProblem, match=r"text\.wav"):
        analyze(tmp_path / "text.wav", recogniser="none")
    with pytest.raises(InputProblem, match=r"gone\.json could not be read"):
        load(tmp_path / "gone.json")
    with pytest.raises(ParameterError, match="nowhere"):
        analyze(CALL_PATH, policy="nowhere.toml", recogniser="none", frames=False)


def test_without_pandas_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(EnvironmentProblem, match="pip install pandas"):
        Analysis(call()).lights_frame()


def test_importing_it_loads_nothing_heavy(child_environment):
    heavy = ("pandas", "pyarrow", "scipy", "librosa", "PyQt6", "jinja2", "monitor.assemble")
    test = f"import sys, monitor.api; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", test], env=child_environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[]\n", done.stderr


def cells(page, kind):
    return ["".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == kind]


@pytest.mark.slow
def test_the_notebook_runs(tmp_path, monkeypatch):
    page = json.loads((ROOT / "docs" / "example.ipynb").read_text(encoding="utf-8"))
    assert (page["nbformat"], len({cell["id"] for cell in page["cells"]})) == (4, len(page["cells"]))
    assert not any(cell.get("outputs") for cell in page["cells"]), "it is kept without answers, which would grow old"
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, source in enumerate(cells(page, "code"), 1):
        exec(compile(source, f"example.ipynb, cell {number}", "exec"), names)
    assert names["seconds"].sum() == pytest.approx(names["call"].result.source.duration_s)
    assert names["voice"].loc["red", "level_dbfs"] > names["voice"].loc["green", "level_dbfs"]
    assert "calm down" in set(names["said"]["text"])
    assert Path("call.html").stat().st_size > 10_000


def test_the_page_of_the_documentation_runs(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert examples
    monkeypatch.chdir(tmp_path)
    write_json(call(), tmp_path / "results" / "call.json")
    write_frames(tmp_path / "results" / "call.frames.parquet", call())
    (tmp_path / "call.wav").symlink_to(CALL_PATH)
    names = {}
    for source in examples:
        exec(compile(source, "docs/api.md", "exec"), names)
    assert names["red_s"] == 6.0
    assert names["loud"].loc["red"] > names["loud"].loc["grey"]
