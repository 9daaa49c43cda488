"""``evenkeel analyze`` on stereo recordings: which channel is the agent's, and the customer's name."""

import json

import pytest
import soundfile as sf

from monitor.cli import main
from monitor.demo import CALL_PATH


@pytest.fixture
def analyse(capfd):
    def run(*arguments):
        code = main(["analyze", *map(str, arguments), "--recogniser", "none", "--quiet"])
        out, err = capfd.readouterr()
        return json.loads(out) if code == 0 and out else (code, err)

    return run


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """The bundled call with its channels exchanged, its first half minute."""
    y, rate_hz = sf.read(CALL_PATH, dtype="int16", always_2d=True)
    path = tmp_path_factory.mktemp("turned") / "turned.wav"
    sf.write(path, y[: 30 * rate_hz, ::-1], rate_hz)
    return path


def test_the_agent_s_channel_is_guessed_and_told(analyse, turned):
    result = analyse(turned, "--agent-channel", "auto")
    assert result["engine"]["agent_channel"] == 1
    assert result["warnings"][0].startswith("channel 1 taken as the agent's (confidence 0.")
    assert result["turns"][0]["speaker"] == "agent"


def test_a_channel_that_does_not_look_like_the_agent_s_is_doubted(analyse, turned):
    result = analyse(turned)
    assert result["engine"]["agent_channel"] == 0
    assert any("but channel 1 looks more like it" in warning for warning in result["warnings"])


def test_a_channel_that_was_given_rightly_is_not_doubted(analyse, turned):
    result = analyse(turned, "--agent-channel", "1")
    assert not any("looks more like" in warning for warning in result["warnings"])


def test_what_was_guessed_is_not_made_again(analyse, turned, tmp_path):
    arguments = (turned, "--out", tmp_path, "--agent-channel", "auto", "--json")
    assert analyse(*arguments)["done"] == 1
    assert analyse(*arguments)["already_done"] == 1


def test_on_one_channel_there_is_nothing_to_guess(analyse, turned, tmp_path):
    y, rate_hz = sf.read(turned, dtype="int16")
    sf.write(tmp_path / "mono.wav", y[:, 1], rate_hz)
    result = analyse(tmp_path / "mono.wav", "--agent-channel", "auto")
    assert result["engine"]["agent_channel"] == 0
    assert result["conversation"] is None
    assert result["unknown"]["conversation"] == "one channel"
    assert not any("taken as the agent's" in warning for warning in result["warnings"])


def test_a_channel_that_is_no_number_is_wrong_use(analyse, turned):
    code, told = analyse(turned, "--agent-channel", "left")
    assert code == 2
    assert told.strip() == '--agent-channel is a number from 0, or auto, not "left".'


def test_the_customer_s_name_needs_words(analyse, turned):
    result = analyse(turned, "--customer", "Paul Miller")
    (item,) = (item for item in result["checklist"] if item["id"] == "do.name")
    assert (item["met"], item["why"]) == (None, "words were not heard")
