"""Which recogniser is taken, and that a process of its own changes nothing but safety."""

import shutil
from pathlib import Path

import pytest

from models.registry import available, choose, whisper_models
from monitor.assemble import AnalysisOptions, analyse, engine_info
from monitor.demo import CALL_PATH
from monitor.errors import EnvironmentProblem, ParameterError
from monitor.sinks.json_file import to_json

TINY = Path(__file__).parents[1] / "data" / "whisper_tiny"
PHRASES = ("calm down",)


@pytest.fixture
def models(tmp_path, monkeypatch):
    """An empty folder of models; nothing of this machine's own is seen."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("EVENKEEL_MODELS", str(folder))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return folder


def test_without_a_model_the_embedded_recogniser_listens(models):
    assert available() == ("pocketsphinx", "none")
    assert choose("auto", PHRASES).name == "pocketsphinx"


def test_a_model_on_the_machine_is_preferred(models):
    shutil.copytree(TINY, models / "house")
    assert whisper_models() == ["house"]
    assert available() == ("whisper", "pocketsphinx", "none")
    for name in ("auto", "whisper"):
        choice = choose(name, PHRASES)
        assert choice.name == "whisper house"
        assert choice.recipe is not None


def test_a_model_may_be_a_folder_anywhere(models):
    assert choose("auto", PHRASES, model=TINY).name == "whisper whisper_tiny"


def test_what_does_not_fit_is_said(models):
    with pytest.raises(EnvironmentProblem, match="evenkeel models list"):
        choose("whisper", PHRASES)
    with pytest.raises(ParameterError, match="leave --model"):
        choose("pocketsphinx", PHRASES, model=TINY)
    with pytest.raises(EnvironmentProblem, match=r"evenkeel models get base\.en"):
        choose("auto", PHRASES, model="base.en")
    with pytest.raises(ParameterError, match="parrot"):
        choose("parrot", PHRASES)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"model": str(TINY)}], ids=["pocketsphinx", "whisper"])
def test_a_process_of_its_own_changes_no_result(models, options):
    """And the name told beforehand is the one in the result, so that finished recordings are known again."""
    results = [analyse(CALL_PATH, AnalysisOptions(own_process=own, **options)) for own in (True, False)]
    assert to_json(results[0]) == to_json(results[1])
    assert results[0].engine == engine_info(AnalysisOptions(**options))


def test_a_model_that_cannot_be_loaded_is_an_error_only_where_it_was_asked_for(models):
    shutil.copytree(TINY, models / "house")
    (models / "house" / "model.bin").write_bytes(b"not a model")
    clip = Path(__file__).parents[1] / "data" / "speech_slt.flac"
    with pytest.raises(EnvironmentProblem):
        analyse(clip, AnalysisOptions(recogniser="whisper"))
    result = analyse(clip, AnalysisOptions())
    assert result.engine.recogniser == "none"
    assert any("Words are not heard" in warning for warning in result.warnings)
