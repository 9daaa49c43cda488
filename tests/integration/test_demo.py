"""The bundled call is what its script says, and the engine hears in it what is true about it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from monitor.assemble import AnalysisOptions, analyse_source
from monitor.commands.demo import StoppableSource, demo
from monitor.demo import CALL_PATH, read_truth
from monitor.demo.make_call import active_dbfs, make_call
from monitor.demo.script import SCRIPT
from monitor.result_types import CallResult, result_schema
from monitor.sources.file import open_recording
from monitor.types import RATE_HZ, FlagState, Light

HEARD = (FlagState.TENTATIVE, FlagState.CONFIRMED)
FORBIDDEN = ("say.calm_down", "say.push_off")
TOLERANCE_S = 0.3
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")


@pytest.fixture(scope="module")
def truth():
    return read_truth()


@pytest.fixture(scope="module")
def call():
    y, rate_hz = sf.read(CALL_PATH, dtype="float32")
    assert rate_hz == RATE_HZ
    return y.T


@pytest.fixture(scope="module")
def result() -> CallResult:
    return analyse_source(open_recording(CALL_PATH), AnalysisOptions(recogniser="pocketsphinx"))


def said(truth, speaker, manner):
    return [u for u in truth["utterances"] if (u["speaker"], u["manner"]) == (speaker, manner)]


def seconds(utterances):
    return sum(u["end_s"] - u["start_s"] for u in utterances)


def lights_between(result, start_s, end_s):
    return {span.light for span in result.lights if span.end_s > start_s and span.start_s < end_s}


# --- the call itself


def test_the_truth_describes_the_file_and_follows_the_script(truth, call):
    assert call.shape == (2, round(truth["duration_s"] * RATE_HZ))
    assert [u["text"] for u in truth["utterances"]] == [s.text for line in SCRIPT for s in line.sentences]
    marks = [mark for line in SCRIPT for s in line.sentences for mark in s.marks]
    assert [p["id"] for p in truth["phrases"]] == marks
    for phrase in truth["phrases"]:
        assert any(
            u["start_s"] - 0.05 <= phrase["start_s"] < phrase["end_s"] <= u["end_s"] + 0.05
            for u in truth["utterances"]
            if u["speaker"] == truth["channels"][phrase["channel"]]
        )


def test_the_call_is_small_and_of_a_length_one_listens_to(truth):
    assert CALL_PATH.stat().st_size < 2_000_000
    assert 75 <= truth["duration_s"] <= 100


def test_the_agent_speaks_calmly_long_enough_to_be_known_before_rising(truth):
    rises_s = said(truth, "agent", "raised")[0]["start_s"]
    assert seconds(u for u in said(truth, "agent", "calm") if u["end_s"] < rises_s) >= 25


def test_a_raised_sentence_is_louder_than_every_calm_one(truth, call):
    def levels(manner):
        return [
            active_dbfs(call[0, int(u["start_s"] * RATE_HZ) : int(u["end_s"] * RATE_HZ)])
            for u in said(truth, "agent", manner)
        ]

    assert min(levels("raised")) > max(levels("calm")) + 3
    assert np.median(levels("raised")) - np.median(levels("calm")) == pytest.approx(9, abs=1.5)


def test_the_room_is_quiet_and_nothing_clips(call):
    assert 20 * np.log10(np.sqrt((call[0, : RATE_HZ // 2] ** 2).mean())) == pytest.approx(-65, abs=1)
    assert np.abs(call).max() < 0.99


@pytest.mark.skipif(not shutil.which("flite"), reason="needs the synthesiser flite")
def test_the_script_makes_this_call(truth, call):
    again, truth_again = make_call()
    if truth_again["made_by"] != truth["made_by"]:
        pytest.skip("another version of the synthesiser")
    assert truth_again == truth
    np.testing.assert_allclose(again, call, atol=2 / 32768)


# --- what the engine hears in it


def test_the_light_is_grey_then_green_until_the_agent_rises(truth, result):
    rises_s = said(truth, "agent", "raised")[0]["start_s"]
    assert result.lights[0].light is Light.GREY
    assert lights_between(result, 0, rises_s) == {Light.GREY, Light.GREEN}
    assert lights_between(result, rises_s - 5, rises_s) == {Light.GREEN}


def test_the_raised_part_is_lit_and_turns_red(truth, result):
    raised = said(truth, "agent", "raised")
    lit = [s for s in result.lights if s.light in (Light.AMBER, Light.RED)]
    assert any(r.id == "voice.raised" for span in lit for r in span.reasons)
    assert min(span.start_s for span in lit) < raised[0]["end_s"] + 1.5
    assert Light.RED in lights_between(result, raised[0]["start_s"], raised[-1]["end_s"] + 1)


def test_the_light_is_green_again_at_the_end(truth, result):
    sorry_s = next(p for p in truth["phrases"] if p["id"] == "do.apologise")["end_s"]
    assert lights_between(result, sorry_s + 8, truth["duration_s"]) == {Light.GREEN}


@pytest.mark.parametrize("behaviour", FORBIDDEN)
def test_each_forbidden_phrase_is_found_where_it_was_said(truth, result, behaviour):
    true = next(p for p in truth["phrases"] if p["id"] == behaviour)
    found = [f for f in result.flags if f.id == behaviour and f.state in HEARD]
    assert [f.channel for f in found] == [true["channel"]]
    assert found[0].start_s == pytest.approx(true["start_s"], abs=TOLERANCE_S)
    assert found[0].end_s == pytest.approx(true["end_s"], abs=TOLERANCE_S)
    assert found[0].say_instead


def test_nothing_else_is_flagged(result):
    assert {f.id for f in result.flags if f.state in HEARD} == set(FORBIDDEN)


def test_the_apology_is_found_where_it_was_said(truth, result):
    true = next(p for p in truth["phrases"] if p["id"] == "do.apologise")
    item = next(i for i in result.checklist if i.id == "do.apologise")
    assert item.met
    assert true["start_s"] - TOLERANCE_S <= item.at_s <= true["end_s"] + TOLERANCE_S


# --- the command


def test_without_a_terminal_it_prints_lines_and_the_page():
    done = CliRunner().invoke(demo, ["--recogniser", "none"])
    assert done.exit_code == 0, done.output
    assert " 0:00.0  grey " in done.output
    assert "amber  " in done.output  # the voice alone; red comes with the words
    assert "\x1b" not in done.output
    assert done.output.splitlines()[-2].startswith("Keep ")


def test_json_is_a_valid_result_and_nothing_else():
    done = CliRunner().invoke(demo, ["--json", "--recogniser", "none"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    jsonschema.validate(data, result_schema())
    assert data["source"]["name"] == CALL_PATH.name
    assert not done.stderr


def test_an_unknown_recogniser_is_wrong_use():
    done = CliRunner().invoke(demo, ["--recogniser", "parrot"])
    assert done.exit_code == 2
    assert "pocketsphinx" in done.output


def test_a_stopped_source_ends_after_the_block_it_was_in():
    stop = threading.Event()
    source = StoppableSource(open_recording(CALL_PATH, block_s=0.1), stop)
    heard = 0
    for y in source.blocks():
        heard += y.shape[1]
        if heard >= 5 * RATE_HZ:
            stop.set()
    assert heard == 5 * RATE_HZ
    assert source.info.channels == 2


@posix_only
@pytest.mark.parametrize(("columns", "end"), [(80, "q"), (60, "ctrl-c")])
def test_the_live_view_runs_and_ends_kindly(columns, end):
    import pty
    import termios

    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (24, columns))
    before = termios.tcgetattr(follower)
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1"}
    for name in ("NO_COLOR", "COLUMNS", "LINES", "PYTHONIOENCODING", "DISPLAY", "WAYLAND_DISPLAY"):
        env.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-c", "from monitor.commands.demo import demo; demo(['--recogniser', 'none'])"],
        stdin=follower, stdout=follower, stderr=follower, env=env, start_new_session=True,
    )  # fmt: skip
    shown = bytearray()
    reader = threading.Thread(target=_read_all, args=(leader, shown), daemon=True)
    reader.start()
    try:
        _wait_for(lambda: "0:01." in shown.decode("utf-8", "ignore"), process)
        assert "GREY" in shown.decode("utf-8", "ignore")
        os.write(leader, b"q") if end == "q" else process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert termios.tcgetattr(follower)[3] == before[3]  # echo and line mode are as they were
    finally:
        process.kill()
        process.wait()
        os.close(follower)
        reader.join(5)
        os.close(leader)
    page = shown.decode("utf-8", "ignore").rpartition("\x1b[?1049l")[2]
    assert "Stopped early; this is the call so far." in page
    assert "Lights     " in page


def _read_all(descriptor, into):
    while True:
        try:
            data = os.read(descriptor, 65536)
        except OSError:
            return
        if not data:
            return
        into += data


def _wait_for(condition, process, timeout_s=30):
    until = time.monotonic() + timeout_s
    while not condition():
        assert process.poll() is None, "the demo ended too early"
        assert time.monotonic() < until, "the live view did not come"
        time.sleep(0.05)
