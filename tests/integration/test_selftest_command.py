"""``evenkeel selftest`` on the bundled call, whose truth is known, and on files that are none."""

import json
from pathlib import Path

import pytest
import soundfile as sf
from click.testing import CliRunner

from monitor.cli import main

CALL = Path(__file__).parents[2] / "monitor" / "demo" / "call.flac"
TRUTH = json.loads(CALL.with_name("call.truth.json").read_text(encoding="utf-8"))


def labels():
    """The bundled call's truth as somebody would label it: what is said loudly, the turns, no phrase."""
    lines = []
    for said in TRUTH["utterances"]:
        if said["speaker"] == "agent" and said["manner"] != "calm":
            lines.append(f"{said['start_s']}\t{said['end_s']}\traised")
        lines.append(f"{said['start_s']}\t{said['end_s']}\t{said['speaker']}")
    return "\n".join(lines)


def run(capsys, *args):
    code = main(["selftest", *map(str, args)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def truth(tmp_path):
    path = tmp_path / "call.txt"
    path.write_text(labels(), encoding="utf-8")
    return path


def test_the_bundled_call_is_measured(capsys, truth):
    code, out, _ = run(capsys, CALL, "--truth", truth, "--recogniser", "none", "--json", "--quiet")
    assert code == 0
    answer = json.loads(out)
    figures = {figure["id"]: figure for figure in answer["figures"]}
    assert figures["recall"]["value"] == 1.0
    assert figures["recall"]["total"] >= 1
    assert figures["false_per_h"]["count"] == 0
    assert figures["boundary_recall"]["value"] > 0.8
    assert "phrase_recall" not in figures
    assert answer["engine"]["recogniser"] == "none"


def test_the_table_says_what_was_left_out(capsys, truth, tmp_path):
    short = tmp_path / "short.wav"
    y, rate_hz = sf.read(CALL, stop=16_000 * 12)
    sf.write(short, y, rate_hz)
    short.with_suffix(".txt").write_text("1\t4\tcalm down\n5\t6\thello\n", encoding="utf-8")
    code, out, _ = run(capsys, short, "--recogniser", "none", "--quiet")
    assert code == 0
    assert "phrases found" not in out  # none could be: that is not the same as none was found
    assert "No recogniser listened" in out
    assert '"hello"' in out


def test_a_bad_recording_does_not_stop_the_others(capsys, truth, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("no sound")
    code, out, err = run(
        capsys, bad, CALL, "--truth", truth, "--truth", truth, "--recogniser", "none", "--json", "--quiet"
    )
    assert code == 1
    assert err.startswith("bad.wav: ")
    assert json.loads(out)["recordings"] == ["call.flac"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["nothing.wav", "--truth", "TRUTH"], 2, "is no file"),
        ([CALL], 2, "call.txt is not there"),
        ([CALL, CALL, "--truth", "TRUTH"], 2, "2 recordings and 1 label files"),
        ([CALL, "--truth", CALL], 1, "no text in UTF-8"),
        ([CALL, "--truth", "TRUTH", "--agent-channel", "7"], 2, "channel"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(capsys, truth, args, code, says):
    got, out, err = run(capsys, *[truth if arg == "TRUTH" else arg for arg in args], "--quiet")
    assert (got, out) == (code, "")
    assert says in err
    assert "Traceback" not in err


def test_help_has_an_example():
    from monitor.commands.selftest import selftest

    assert "evenkeel selftest call.wav --truth" in CliRunner().invoke(selftest, ["--help"]).output
