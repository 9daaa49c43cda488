"""``evenkeel policy try`` on recordings: the real pipeline and recognisers, and what it says of them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from monitor.commands._try import recording_in
from monitor.commands.policy import policy
from monitor.errors import EnvironmentProblem, InputProblem, ParameterError

DATA = Path(__file__).parents[1] / "data"
SPEECH = DATA / "speech_slt.flac"
TINY = DATA / "whisper_tiny"


def run(*args):
    return CliRunner().invoke(policy, ["try", *map(str, args)])


def tried(*args):
    result = run("--json", *args)
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """An empty folder of models; nothing of this machine's own is seen."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("EVENKEEL_MODELS", str(folder))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


@pytest.fixture
def write(tmp_path):
    def writer(y, name="call.wav"):
        path = tmp_path / name
        sf.write(path, y, 16_000)
        return path

    return writer


@pytest.fixture
def own_policy(tmp_path):
    def writer(text):
        path = tmp_path / "own.toml"
        path.write_text(f'[policy]\nname = "own"\n{text}', encoding="utf-8")
        return path

    return writer


def test_a_recording_is_heard_and_explained():
    result = run(SPEECH)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "speech_slt.flac, 11 s, heard by basic detection (pocketsphinx):"
    assert any("please calm down" in line and line.lstrip()[:4] == "0:00" for line in lines)
    flagged = {line.split()[1]: number for number, line in enumerate(lines) if line.startswith(("flagged", "counts"))}
    assert set(flagged) == {"say.calm_down", "say.push_off", "do.apologise"}
    at = flagged["say.calm_down"]
    assert lines[at].endswith('"calm down"')
    told = [line.strip() for line in lines[at + 1 : at + 4]]
    assert told[0] == "by the wording: calm down"
    assert told[1].startswith("confirmed, confidence 0.")
    assert told[1].endswith("red light")
    assert told[2].startswith("say instead: ")


def test_a_recording_as_json():
    told = tried(SPEECH, "--recogniser", "pocketsphinx")
    assert (told["recording"], told["recogniser"], told["agent_channel"]) == ("speech_slt.flac", "pocketsphinx", 0)
    (calm,) = [match for match in told["matches"] if match["id"] == "say.calm_down"]
    assert (calm["verdict"], calm["state"], calm["light"], calm["why"]) == ("flagged", "confirmed", "red", None)
    heard = [word for utterance in told["utterances"] for word in utterance["words"]]
    said = [word for word in heard if calm["start_s"] <= word["start_s"] < calm["end_s"]]
    assert [word["text"] for word in said] == ["calm", "down"]
    assert all(0 <= word["confidence"] <= 1 for word in heard)
    assert [word["start_s"] for word in heard] == sorted(word["start_s"] for word in heard)


def test_a_harmless_wording_in_a_recording_is_fine(own_policy):
    own = own_policy(
        '[[behaviour]]\nid = "say.x"\nphrases = ["calm down"]\nunless = ["calm down and listen"]\nlight = "amber"\n'
    )
    told = [match for match in tried(SPEECH, "--policy", own)["matches"] if match["verdict"] != "dropped"]
    assert told == [] or {match["verdict"] for match in told} == {"fine"}
    assert not any(match.get("light") for match in told)


def test_a_model_of_ones_own_may_hear_it_and_what_nearly_matched_is_shown(own_policy):
    """The little model makes "our policy" of "it's our policy"."""
    own = own_policy(
        '[[behaviour]]\nid = "say.x"\nphrases = ["our policy"]\n[[behaviour]]\nid = "say.y"\nphrases = ["or policy"]\n'
    )
    clip = DATA / "whisper_slt.flac"
    told = tried(clip, "--model", TINY, "--policy", own)
    assert told["policy"].startswith("own@")
    assert told["recogniser"] == "whisper whisper_tiny"
    (match,) = told["matches"]
    assert (match["id"], match["text"]) == ("say.x", "our policy")
    assert match["verdict"] in ("flagged", "hint")
    (near,) = told["near"]
    assert (near["behaviour_id"], near["expected"], near["heard"]) == ("say.y", "or", "our")
    assert near["start_s"] <= match["start_s"] < match["end_s"] <= near["end_s"]
    output = run(clip, "--model", TINY, "--policy", own).stdout
    assert output.startswith("whisper_slt.flac, 11 s, heard by whisper whisper_tiny:\n")
    assert 'it has "or", what was heard has "our"' in output


def test_the_agents_channel_is_heard(write):
    y, rate_hz = sf.read(SPEECH, dtype="float32")
    assert rate_hz == 16_000
    path = write(np.stack([np.zeros_like(y), y], axis=1)[: 4 * rate_hz])
    silent = run(path)
    assert "No speech was heard in channel 0; the agent may be on another channel: --agent-channel 1." in silent.output
    told = tried(path, "--agent-channel", "1")
    assert [match["id"] for match in told["matches"] if match["verdict"] == "flagged"] == ["say.calm_down"]


def test_silence_is_told(write):
    result = run(write(np.zeros(32_000)))
    assert result.exit_code == 0
    assert "No speech was heard in channel 0.\n" in result.output
    assert "flagged" not in result.output
    assert tried(write(np.zeros(32_000)))["matches"] == []


def test_what_cannot_be_heard(tmp_path, write, own_policy, models):
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"RIFF")
    with pytest.raises(InputProblem, match=r"bad\.wav"):
        raise run(bad).exception
    with pytest.raises(InputProblem, match=r"absent\.mp3 is not there"):
        raise run(tmp_path / "absent.mp3").exception
    with pytest.raises(ParameterError, match="only channel 0"):
        raise run(SPEECH, "--agent-channel", "1").exception
    with pytest.raises(EnvironmentProblem, match="evenkeel models list"):
        raise run(SPEECH, "--recogniser", "whisper").exception
    with pytest.raises(EnvironmentProblem, match=r"evenkeel models get base\.en"):
        raise run(SPEECH, "--model", "base.en").exception
    with pytest.raises(ParameterError, match="leave --model"):
        raise run(SPEECH, "--recogniser", "pocketsphinx", "--model", TINY).exception
    with pytest.raises(ParameterError, match="One recording can be tried at a time"):
        raise run(SPEECH, SPEECH).exception
    german = own_policy('language = "de"\n[[behaviour]]\nid = "say.x"\nphrases = ["immer mit der Ruhe"]\n')
    with pytest.raises(EnvironmentProblem, match="evenkeel models list"):
        raise run(SPEECH, "--policy", german).exception
    assert run(SPEECH, "--recogniser", "none").exit_code == 2


def test_a_recogniser_that_breaks_is_told(models):
    shutil.copytree(TINY, models / "house")
    (models / "house" / "model.bin").write_bytes(b"not a model")
    with pytest.raises(EnvironmentProblem):
        raise run(SPEECH).exception


@pytest.mark.parametrize(
    ("arguments", "is_recording"),
    [
        (("call.wav",), True),
        (("CALL.MP3",), True),
        (("please send me the call.wav",), False),
        (("calm", "down"), False),
        (("calm down.",), False),
        (("x" * 5_000,), False),
        (("a\0b",), False),
    ],
)
def test_recordings_are_told_from_texts(arguments, is_recording, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (recording_in(arguments) is not None) == is_recording


def test_a_file_of_another_name_is_a_recording(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my call.dat").write_bytes(b"?")
    Path("calm").write_bytes(b"?")
    assert recording_in(("my call.dat",)) == recording_in(("my", "call.dat")) == Path("my call.dat")
    assert recording_in(("calm",)) is None
