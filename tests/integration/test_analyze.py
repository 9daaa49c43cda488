"""The command ``evenkeel analyze``, with an engine whose answers are known, and with the real one."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import jsonschema
import numpy as np
import pandas as pd
import pytest
import soundfile

from monitor.commands.analyze import analyze
from monitor.errors import EnvironmentProblem, InputProblem, ParameterError
from monitor.result_types import result_schema
from monitor.sinks.json_file import read_json
from tests import batch_fakes as fakes

ROOT = Path(__file__).parents[2]
FAKE_COMMAND = (
    "import sys; from tests import batch_fakes; sys.modules['monitor.assemble'] = batch_fakes; "
    "from monitor.commands.analyze import analyze; analyze(sys.argv[1:], standalone_mode=False)"
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "monitor.assemble", fakes)
    return tmp_path


def make(*names):
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 50)


def run(*arguments):
    """Run the command and return its exit code, standard output and standard error."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = analyze.main(list(arguments), standalone_mode=False) or 0
        except SystemExit as stop:
            code = stop.code
        out.flush()
    return code, out.buffer.getvalue().decode(), err.getvalue()


def results():
    return sorted(path.as_posix() for path in Path("out").rglob("*") if path.is_file())


def test_one_recording_goes_to_standard_output_as_json(here):
    make("a.wav")
    code, out, err = run("a.wav")
    data = json.loads(out)
    jsonschema.validate(data, result_schema())
    assert (code, data["source"]["name"], err) == (0, "a.wav", "")
    assert list(here.iterdir()) == [here / "a.wav"]


def test_one_recording_goes_to_standard_output_as_a_table(here):
    make("a.wav")
    code, out, _ = run("a.wav", "--format", "csv")
    assert (code, out.splitlines()[0].split(",")[:3]) == (0, ["recording", "kind", "start_s"])


def test_our_own_fault_costs_one_recording_and_is_shown_when_asked_for(here, monkeypatch):
    make("a.wav", "bug.wav")
    code, _, err = run("a.wav", "bug.wav", "--out", "out")
    assert (code, results()) == (1, ["out/a.json"])
    assert err.endswith(
        "  bug.wav: Something went wrong inside Evenkeel (ValueError: a sum came out wrong).\n"
        "EVENKEEL_DEBUG=1 shows where inside it went wrong.\n"
    )
    monkeypatch.setenv("EVENKEEL_DEBUG", "1")
    assert 'raise ValueError("a sum came out wrong")' in run("bug.wav", "--out", "out")[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.wav", "b.wav"], r"2 recordings need a folder for their results: add --out DIR"),
        (["."], r"2 recordings need a folder"),
        (["*.wav"], r"2 recordings need a folder"),
        (["a.wav", "--format", "json,csv"], r"add --out DIR"),
        (["a.wav", "--format", "parquet"], r"add --out DIR"),
        (["a.wav", "--format", "xml"], r'no format "xml": choose from json, csv, parquet'),
        (["a.wav", "--format", ","], r"choose from json, csv, parquet"),
        (["c.wav"], r"c\.wav is not there"),
        (["a.wav", "b.wav", "sub/a.wav", "--out", "out"], r"would both become a\.json"),
    ],
)
def test_wrong_use_is_one_sentence_with_the_remedy(here, arguments, words):
    make("a.wav", "b.wav")
    if "sub/a.wav" in arguments:
        make("sub/a.wav")
    with pytest.raises(ParameterError, match=words):
        run(*arguments)
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.wav", "--jobs", "-1"],
        ["a.wav", "--recogniser", "ears"],
        ["a.wav", "--out", "a.wav"],
        ["a.wav", "--profile", "no"],
    ],
)
def test_options_are_checked(here, arguments):
    make("a.wav")
    with pytest.raises(click.UsageError):
        run(*arguments)


def test_a_bad_recording_alone_is_an_input_problem(here):
    make("bad.wav")
    with pytest.raises(InputProblem, match=r"bad\.wav holds no sound"):
        run("bad.wav")


def test_folders_keep_their_places_and_bad_recordings_are_named(here):
    make("calls/a.wav", "calls/june/b.wav", "calls/june/bad.wav", "calls/notes.txt")
    code, out, err = run("calls", "--out", "out", "--format", "json,csv", "--format", "parquet")
    assert (code, out) == (1, "")
    assert results() == [
        f"out/{place}.{ending}" for place in ("a", "june/b") for ending in ("csv", "frames.parquet", "json")
    ]
    assert err.splitlines()[0].startswith("2 recordings analysed (8 s of audio, ")
    assert err.splitlines()[1:] == [
        "1 other file skipped.",
        "1 recording could not be analysed:",
        f"  {Path('calls/june/bad.wav')} holds no sound: record or export it again.",
    ]


def test_every_written_result_fits_the_schema(here):
    make("calls/a.wav", "calls/b.wav")
    run("calls", "--out", "out", "--jobs", "2")
    for path in results():
        jsonschema.validate(json.loads(Path(path).read_text(encoding="utf-8")), result_schema())
    assert len(results()) == 2


def test_a_second_run_does_nothing_until_forced(here):
    make("a.wav", "b.wav")
    assert "2 recordings analysed" in run("a.wav", "b.wav", "--out", "out")[2]
    assert run("a.wav", "b.wav", "--out", "out")[2] == "2 already done; --force repeats them.\n"
    assert "2 recordings analysed" in run("a.wav", "b.wav", "--out", "out", "--force")[2]


def test_what_another_policy_made_is_made_again_and_said(here):
    make("a.wav")
    run("a.wav", "--out", "out")
    err = run("a.wav", "--out", "out", "--policy", "mine@another")[2]
    assert "1 of them again: it was made with another policy." in err


def test_quiet_says_only_what_failed(here):
    make("a.wav", "bad.wav")
    assert run("a.wav", "--out", "out", "--quiet") == (0, "", "")
    code, _, err = run("a.wav", "bad.wav", "--out", "out", "--quiet")
    assert (code, len(err.splitlines())) == (1, 2)


def test_a_program_reads_what_was_done(here):
    make("a.wav", "b.wav", "bad.wav")
    run("a.wav", "--out", "out")
    code, out, _ = run("a.wav", "b.wav", "bad.wav", "--out", "out", "--json")
    report = json.loads(out)
    assert code == 1
    assert (report["done"], report["already_done"], report["audio_s"]) == (1, 1, 4.0)
    assert report["failed"] == [{"path": "bad.wav", "why": "bad.wav holds no sound: record or export it again."}]


def test_a_full_disk_ends_the_run_and_counts_what_is_kept(here):
    make("a.wav", "full.wav", "z.wav")
    with pytest.raises(EnvironmentProblem, match=r"the disk is full; make room\. 1 finished result is kept\."):
        run("a.wav", "full.wav", "z.wav", "--out", "out")
    assert results() == ["out/a.json"]


def test_an_output_folder_that_cannot_be_made_is_told_before_any_work(here):
    make("a.wav", "file")
    with pytest.raises(EnvironmentProblem, match="choose another folder with --out"):
        run("a.wav", "--out", "file/below")


@contextlib.contextmanager
def running_command(*options):
    """Start the command on two long recordings and a short one, and hand it over once the short one is done."""
    make("a.wav", "slow.wav", "slow2.wav")
    command = [sys.executable, "-c", FAKE_COMMAND, ".", "--out", "out", "--format", "parquet", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            end_s = time.monotonic() + 30
            while not (results_with(".evenkeel-part") and results_with("a.json")):
                assert process.poll() is None, process.stderr.read()
                assert time.monotonic() < end_s, results()
                time.sleep(0.02)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def results_with(ending):
    return [path for path in results() if path.endswith(ending)] if Path("out").exists() else []


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as on POSIX systems")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_stopping_keeps_what_is_finished_and_leaves_no_process(here, how, jobs):
    with running_command("--jobs", jobs) as process:
        process.send_signal(how)
        _, err = process.communicate(timeout=20)
        # a worker that lived on would still hold the other end of standard error, and communicate would not return
        assert (process.returncode, err) == (130, "Stopped. 1 finished result is kept.\n")
    assert results() == ["out/a.frames.parquet", "out/a.json"]
    assert read_json(Path("out/a.json")).source.name == "a.wav"


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as on POSIX systems")
def test_a_run_that_was_killed_leaves_no_process_and_is_taken_up_again(here):
    with running_command("--jobs", "2") as process:
        process.kill()
        process.communicate(timeout=20)  # returns when the last worker has closed its end of standard error
    assert results_with(".evenkeel-part")
    make_quick("slow.wav", "slow2.wav")
    err = run(".", "--out", "out", "--format", "parquet")[2]
    assert err.startswith("2 recordings analysed")
    assert "1 already done" in err
    assert results() == [f"out/{n}{e}" for n in ("a", "slow", "slow2") for e in (".frames.parquet", ".json")]


def make_quick(*names):
    for name in names:
        Path(name).write_bytes(b"quick")


# --- with the real engine and the whole program


def evenkeel(*arguments):
    command = [sys.executable, "-m", "monitor", "analyze", *arguments]
    environment = {key: value for key, value in os.environ.items() if key != "EVENKEEL_DEBUG"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment | {"PYTHONPATH": str(ROOT)}
    )


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """Two ways to hear the same 6 s of syllables on a buzz, and a text that calls itself a recording."""
    monkeypatch.chdir(tmp_path)
    Path("calls/june").mkdir(parents=True)
    at_s = np.arange(6 * 16_000) / 16_000
    buzz = sum(np.sin(2 * np.pi * 130 * k * at_s) / k for k in range(1, 12))
    y = 0.05 * buzz * np.clip(np.sin(2 * np.pi * 3 * at_s), 0.02, 1) + 1e-4 * np.random.default_rng(1).normal(
        size=len(at_s)
    )
    soundfile.write("calls/a.wav", y, 16_000)
    soundfile.write("calls/june/b.flac", y, 16_000)
    Path("calls/text.wav").write_text("this is no sound")
    return tmp_path


def test_the_whole_program_judges_a_folder(calls):
    done = evenkeel("calls", "--out", "out", "--recogniser", "none", "--format", "json,csv,parquet")
    assert done.returncode == 1, done.stderr
    assert results() == [f"out/{n}{e}" for n in ("a", "june/b") for e in (".csv", ".frames.parquet", ".json")]
    assert f"\n  {Path('calls/text.wav')} " in done.stderr
    assert "Traceback" not in done.stderr
    one, other = (json.loads(Path(f"out/{name}.json").read_text(encoding="utf-8")) for name in ("a", "june/b"))
    for data in (one, other):
        jsonschema.validate(data, result_schema())
        assert data["source"]["duration_s"] == 6.0
        assert (data["lights"][0]["start_s"], data["lights"][-1]["end_s"]) == (0.0, 6.0)
    assert [one[key] for key in ("lights", "pace", "summary")] == [other[key] for key in ("lights", "pace", "summary")]
    frames = pd.read_parquet("out/a.frames.parquet")
    assert len(frames) == pytest.approx(600, abs=1)
    assert frames["f0_hz"].median() == pytest.approx(130, abs=2)

    again = evenkeel("calls/a.wav", "calls/june/b.flac", "--out", "out", "--recogniser", "none")
    assert again.stderr.startswith("1 recording analysed")  # by itself b lies flat; a does so in either case
    assert "1 already done" in again.stderr
    again = evenkeel("calls/a.wav", "--out", "out", "--recogniser", "none", "--format", "csv,parquet")
    assert again.stderr == "1 already done; --force repeats them.\n"


def test_the_whole_program_writes_one_result_to_standard_output(calls):
    done = evenkeel("calls/a.wav", "--recogniser", "none")
    assert (done.returncode, done.stderr) == (0, "")
    jsonschema.validate(json.loads(done.stdout), result_schema())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["calls"], 2, "need a folder for their results: add --out DIR"),
        (["calls/text.wav"], 1, "text.wav"),
        (["calls/a.wav", "--agent-channel", "1"], 2, "a.wav has only channel 0"),
        (["calls/a.wav", "--policy", "nowhere.toml"], 2, "nowhere.toml"),
        (["calls/a.wav", "--policy", "nowhere.toml", "--out", "out"], 2, "nowhere.toml"),
        (["calls/a.wav", "--out", "calls/a.wav/below"], 3, "choose another folder"),
    ],
)
def test_the_whole_program_says_what_is_wrong_in_one_sentence(calls, arguments, code, words):
    done = evenkeel(*arguments, "--recogniser", "none")
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert not Path("out").exists()
