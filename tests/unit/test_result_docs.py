"""The page about results says the truth: its example runs, and its names are those of the format."""

import re
from pathlib import Path

import pytest

from monitor.batch import Totals, run
from monitor.batch_view import QuietView
from monitor.batch_work import Job
from monitor.result_types import result_schema
from monitor.sinks.csv_file import COLUMNS
from tests import batch_fakes as fakes

PAGE = (Path(__file__).parents[2] / "docs" / "results.md").read_text(encoding="utf-8")


def test_the_example_runs_and_its_numbers_are_right(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = fakes.AnalysisOptions()
    for name in ("call.wav", "other.wav"):
        path = Path(name)
        path.write_bytes(b"sound")
        job = Job(path, Path("results") / path.stem, 5, ("json", "csv", "parquet"), options, fakes.ENGINE)
        run([job], fakes.analyse, QuietView(), Totals())
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names = {}
    exec(compile(example, "docs/results.md", "exec"), names)
    assert list(names["calls"]["red_share"]) == pytest.approx([1.25 / 4] * 2)
    assert names["seconds"].loc["call.wav"].to_dict() == {"green": 1.25, "grey": 1.5, "red": 1.25}
    assert names["said"].to_dict() == {"say.calm_down": 2}
    assert names["voice"]["level_dbfs"] == -30.0
    assert names["voice"]["momentary_lufs"] == pytest.approx(-40.691)
    assert "red_share" in capsys.readouterr().out


def test_every_name_of_the_format_is_explained():
    wanted = {"evenkeel.call/1", *COLUMNS}

    def gather(schema):
        for name, inner in schema.get("properties", {}).items():
            wanted.add(name)
            gather(inner)

    whole = result_schema()
    gather({**whole, "properties": {k: v for k, v in whole["properties"].items() if k not in ("baseline", "summary")}})
    for definition in ("light", "flag", "item", "turn", "word", "reason"):
        gather(whole["$defs"][definition])
    assert {name for name in wanted if f"`{name}`" not in PAGE} == set()
