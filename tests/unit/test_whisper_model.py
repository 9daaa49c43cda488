"""Finding, placing and loading Whisper models, with real folders and the real loader; nothing is ever fetched."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.whisper_model import choose_placement, find_model_folder, load_model, spread
from monitor.errors import EnvironmentProblem, ParameterError
from tests.data.make_whisper import build_scripted

pytest.importorskip("faster_whisper")

SENTENCE = "please wait a moment"
CPU = {"cpu": ("float32", "int8", "int8_float32")}
BOTH = {**CPU, "cuda": ("float16", "float32", "int8", "int8_float16")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build_scripted(tmp_path_factory.mktemp("models") / "wait.en", SENTENCE, end_s=1.0)


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("EVENKEEL_MODELS", str(tmp_path / "own"))
    return tmp_path / "own"


def test_a_folder_is_found_as_path_and_as_text(folder):
    assert find_model_folder(folder) == find_model_folder(str(folder)) == folder.resolve()


def test_a_name_is_found_in_our_folder(folder, own):
    shutil.copytree(folder, own / "base.en")
    assert find_model_folder("base.en") == (own / "base.en").resolve()


def test_a_model_of_ones_own_is_found_by_name(folder, own):
    shutil.copytree(folder, own / "mine")
    assert find_model_folder("mine") == (own / "mine").resolve()


def test_a_name_that_is_not_here_says_how_to_fetch_it(own):
    with pytest.raises(EnvironmentProblem, match=r"evenkeel models get base\.en"):
        find_model_folder("base.en")


def test_an_unknown_name_is_refused(own):
    with pytest.raises(ParameterError, match=r"no model called 'bse.en'.*base.en"):
        find_model_folder("bse.en")


def test_a_folder_that_is_not_there_is_refused(own, tmp_path):
    for given in (tmp_path / "nowhere", str(tmp_path / "nowhere")):
        with pytest.raises(EnvironmentProblem, match="no model folder"):
            find_model_folder(given)


@pytest.mark.parametrize("name", ["tokenizer.json", "config.json", "model.bin", "vocabulary.json"])
def test_a_missing_file_is_named(folder, tmp_path, name):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / name).unlink()
    with pytest.raises(EnvironmentProblem, match=f"lacks {name}"):
        find_model_folder(copy)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.bin", b"no model"),
        ("tokenizer.json", b"{"),
        ("tokenizer.json", b"{}"),
        ("config.json", b"["),
        ("preprocessor_config.json", b'{"feature_size": 128}'),
    ],
)
def test_a_damaged_file_is_told_in_a_sentence(folder, tmp_path, name, content):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    (copy / name).write_bytes(content)
    with pytest.raises(EnvironmentProblem, match=r"could not be loaded \(.+\); fetch or copy it again"):
        load_model(copy, "cpu", "auto", 1)


def test_a_tokenizer_of_another_kind_is_refused(folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    tokenizer = json.loads((copy / "tokenizer.json").read_text())
    tokenizer["added_tokens"] = []
    (copy / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(EnvironmentProblem, match="not one of Whisper's"):
        load_model(copy, "cpu", "auto", 1)


@pytest.mark.parametrize(
    ("asked", "gpus", "device", "compute_type", "warning"),
    [
        (("auto", "auto"), 0, "cpu", "int8", None),
        (("auto", "auto"), 1, "cuda", "float16", None),
        (("cpu", "auto"), 1, "cpu", "int8", None),
        (("cuda", "auto"), 0, "cpu", "int8", "No CUDA"),
        (("cpu", "float32"), 0, "cpu", "float32", None),
        (("auto", "float16"), 0, "cpu", "int8", "cannot compute in float16"),
        (("cuda", "bfloat16"), 1, "cuda", "float16", "cannot compute in bfloat16"),
    ],
)
def test_device_and_compute_type(asked, gpus, device, compute_type, warning):
    placement = choose_placement(*asked, gpus=gpus, supported=BOTH if gpus else CPU)
    assert (placement.device, placement.compute_type) == (device, compute_type)
    assert len(placement.warnings) == (warning is not None)
    assert warning is None or warning in placement.warnings[0]


def test_an_unknown_device_is_refused():
    with pytest.raises(ParameterError, match="auto, cpu, cuda"):
        choose_placement("gpu", "auto", gpus=0, supported=CPU)


def test_a_compute_type_that_this_processor_lacks_still_loads(folder):
    model = load_model(folder, "cpu", "float16", 1)
    assert "float16" in model.warnings[0]
    assert decoded_words(model.speaking("en")) == SENTENCE.split()


def test_a_graphics_card_that_does_not_work_is_told_and_done_without(folder, tmp_path, monkeypatch):
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has one that works")
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    copy = Path(shutil.copytree(folder, tmp_path / "copy.en"))
    model = load_model(copy, "auto", "auto", 1)
    assert len(model.warnings) == 1
    assert model.warnings[0].startswith("The graphics card cannot be used (")
    assert decoded_words(model.speaking("en")) == SENTENCE.split()


def decoded_words(decoder, **options):
    return [word.text.strip() for word in decoder.decode(np.zeros(32_000, np.float32), **options).words]


def test_the_decoder_gives_words_with_rising_times(folder):
    decoding = load_model(folder, "cpu", "auto", 1).speaking("en-GB").decode(np.zeros(32_000, np.float32))
    assert [word.text.strip() for word in decoding.words] == SENTENCE.split()
    starts = [word.start_s for word in decoding.words]
    # Each word's place is the middle of its quarter of a second; it begins where the attention moves on to it.
    assert starts == pytest.approx([0.0, 0.25, 0.5, 0.75], abs=0.15)
    assert min(word.confidence for word in decoding.words) > 0.9


@pytest.mark.parametrize("window_s", [0.0, 3.0, 10.0, 30.0])
def test_every_window_of_the_encoder_works(folder, window_s):
    assert decoded_words(load_model(folder, "cpu", "auto", 1).speaking("en"), window_s=window_s) == SENTENCE.split()


def test_an_english_model_knows_only_english(folder):
    with pytest.raises(EnvironmentProblem, match=r"wait.en knows only English, not 'de'"):
        load_model(folder, "cpu", "auto", 1).speaking("de")


def test_a_multilingual_model_takes_the_language(tmp_path):
    folder = build_scripted(tmp_path / "many", "bitte einen moment", languages=("en", "de"), end_s=1.0)
    model = load_model(folder, "cpu", "auto", 1)
    assert decoded_words(model.speaking("de-AT")) == ["bitte", "einen", "moment"]
    for language in ("xx", "fr"):
        with pytest.raises(EnvironmentProblem, match=f"many does not know '{language}'"):
            model.speaking(language)


def test_words_share_out_the_speech_by_their_letters():
    speech = np.zeros(100, bool)
    speech[10:30] = speech[50:70] = True
    words = spread([" four", " more"], speech, 0.8)
    assert [(w.start_s, w.end_s, w.confidence) for w in words] == [(0.2, 0.6, 0.8), (1.0, 1.4, 0.8)]
    assert spread([" word"], np.zeros(10, bool), 0.8) == ()
    assert spread([], speech, 0.8) == ()
