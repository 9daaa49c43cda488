"""What is known of speech models without fetching any: the catalogue, names, states, sizes, measured speeds, errors."""

import json
import os
import shutil
from pathlib import Path

import pytest

from models import speed, store
from models.catalogue import Shape, catalogue, find_entry, known_entry
from models.download import RemoteFile, _explained, _told
from models.model_folder import damaged_files, is_wanted, load_problems, missing_files, write_manifest
from models.sized import build_sized
from models.speed import Speed, measure_folder, measured, remember
from models.store import State, find_model, installed, models_folder, recommended, safe_name
from monitor.errors import EnvironmentProblem, ParameterError
from tests.model_machine import MODEL, own_machine  # noqa: F401

pytestmark = pytest.mark.usefixtures("own_machine")


@pytest.fixture
def have():
    """Put the small model into our folder under a name."""

    def put(name):
        return shutil.copytree(MODEL, models_folder() / name)

    return put


def test_the_catalogue_names_what_faster_whisper_knows():
    from faster_whisper.utils import _MODELS

    assert len(catalogue()) == 13
    for entry in catalogue():
        for name in (entry.name, *entry.aliases):
            assert entry.repository == _MODELS[name]


def test_the_catalogue_goes_from_small_to_large_and_tells_all():
    names = [entry.name for entry in catalogue()]
    assert len(set(names)) == len(names)
    parameters = [entry.parameters_m for entry in catalogue() if entry.repository.startswith("Systran/faster-whisper")]
    assert parameters == sorted(parameters)
    for entry in catalogue():
        assert entry.name.endswith(".en") == (entry.languages == ("en",)) or entry.name == "distil-large-v3"
        assert 1.8 < entry.size_mb / entry.parameters_m < 2.2  # two bytes for each
        assert entry.advice.endswith(".")
        assert entry.licence == "MIT"


def parameters_of(shape):
    """Weights of a Whisper model by its shape, without biases and norms; the decoder's embedding counts once."""
    width = shape.width
    layers = shape.encoder * 12 * width**2 + shape.decoder * 16 * width**2
    return layers + 3 * width * (shape.mels + width) + (1500 + 448 + shape.vocabulary) * width


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.name)
def test_shapes_have_the_parameters_that_are_told(entry):
    assert parameters_of(entry.shape) / 1e6 == pytest.approx(entry.parameters_m, rel=0.06)


def test_a_language_is_spoken_whatever_the_country():
    assert known_entry("base.en").speaks("en-GB")
    assert not known_entry("base.en").speaks("de")
    assert known_entry("base").speaks("de-AT")


def test_names_are_found_by_alias_and_guessed():
    assert find_entry("turbo") is find_entry("large-v3-turbo")
    assert find_entry("nothing") is None
    with pytest.raises(ParameterError, match=r"Did you mean medium\.en\?"):
        known_entry("Medium.En")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a\\b", "../a", "/a", ".partial", "a b", "a" * 65, "a.", "C:", "ä"]
)
def test_names_that_could_lead_elsewhere_are_refused(name):
    with pytest.raises(ParameterError, match="letters, digits"):
        safe_name(name)
    assert not (name and find_model(name))


def test_good_names_are_kept_and_aliases_settled():
    assert [safe_name(name) for name in ("our-shop_2.en", "turbo")] == ["our-shop_2.en", "large-v3-turbo"]


@pytest.mark.parametrize(
    "name", ["model.bin", "config.json", "tokenizer.json", "vocabulary.txt", "preprocessor_config.json"]
)
def test_files_of_a_model_are_wanted(name):
    assert is_wanted(name)


@pytest.mark.parametrize("name", ["README.md", "model.bin.index", "vocabulary./../x.json", "xmodel.bin", "model.bin\n"])
def test_other_files_are_not(name):
    assert not is_wanted(name)


def test_the_folder_is_the_user_s_unless_chosen(monkeypatch, tmp_path):
    assert models_folder() == tmp_path / "models"
    monkeypatch.delenv("EVENKEEL_MODELS")
    assert models_folder().parts[-2:] == ("evenkeel", "models")
    monkeypatch.setenv("EVENKEEL_MODELS", "~/models")
    assert models_folder() == Path.home() / "models"


def test_models_are_found_by_name_alias_and_path(have, tmp_path):
    assert find_model("tiny.en") is None
    folder, turbo = have("tiny.en"), have("large-v3-turbo")
    assert find_model("tiny.en") == folder
    assert find_model("turbo") == turbo
    assert find_model(MODEL) == find_model(str(MODEL)) == MODEL
    assert find_model(tmp_path) is None


def test_a_damaged_model_is_not_found_but_listed(have):
    folder = have("tiny.en")
    write_manifest(folder, "tiny.en", "a test")
    assert damaged_files(folder) == []
    (folder / "config.json").write_text("{}")
    assert find_model("tiny.en") is None
    model = installed()[1]
    assert (model.name, model.state, model.problem) == ("tiny.en", State.DAMAGED, "config.json has not its size")
    assert damaged_files(folder) == ["config.json is not as it was when it came."]
    (folder / "config.json").unlink()
    assert damaged_files(folder) == ["config.json is missing."]
    assert missing_files(folder) == ["config.json"]
    assert store.verify("tiny.en") == ["config.json is missing."]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"files": 3}', '{"files": [{"name": "../../x", "size": 1, "sha256": "x"}]}']
)
def test_an_unreadable_manifest_is_as_none(have, text):
    folder = have("tiny.en")
    (folder / "manifest.json").write_text(text)
    assert damaged_files(folder) == []
    assert find_model("tiny.en") == folder


def test_a_model_that_is_not_loadable_is_named_in_one_sentence(have):
    folder = have("tiny.en")
    (folder / "tokenizer.json").write_text("{")
    [problem] = load_problems(folder)
    assert problem.startswith("It cannot be loaded: ")
    assert "\n" not in problem


def test_basic_detection_is_always_listed_first(have):
    have("tiny.en")
    assert [model.name for model in installed()] == ["pocketsphinx", "tiny.en"]
    assert store.verify("pocketsphinx") == []


def quick(name, pass_s=0.1):
    return remember(name, Speed(pass_s, "cpu", is_real=False))


def test_nothing_is_recommended_before_it_is_measured():
    assert measured("tiny.en") is None
    assert recommended() is None


def test_the_largest_that_keeps_up_is_recommended():
    quick("tiny.en"), quick("base.en", 0.7), quick("small.en", 0.95)
    assert recommended() == "base.en"
    assert recommended("de") == "base"
    quick("small.en", 0.89)
    assert recommended() == "small.en"


def test_models_of_one_shape_share_a_measurement_others_do_not():
    quick("base.en", 0.5)
    assert measured("base") == Speed(0.5, "cpu", is_real=False)
    assert measured("base").x_real_time == pytest.approx(20)
    assert measured("tiny") is None
    quick("our-shop", 0.2)
    assert measured("our-shop").pass_s == 0.2
    assert measured("other-shop") is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"machines": 3}', '{"machines": {"MACHINE": {"KEY": {"pass_s": "x"}}}}',
     '{"machines": {"MACHINE": {"KEY": {"pass_s": 0, "device": "", "is_real": true}}}}'],
)  # fmt: skip
def test_an_unreadable_cache_is_as_none(text):
    path = speed._cache_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace("MACHINE", speed._machine()).replace("KEY", speed._key("tiny")))
    assert measured("tiny") is None
    quick("tiny")
    assert measured("tiny").pass_s == 0.1


def test_another_processor_is_measured_anew(monkeypatch):
    quick("tiny")
    monkeypatch.setattr(speed, "processor", lambda: "Another, 64 cores")
    assert measured("tiny") is None


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    assert quick("tiny").pass_s == 0.1
    assert measured("tiny") is None


def test_the_real_model_is_measured_when_it_is_there(have):
    assert speed.measure("tiny.en", have("tiny.en")).is_real
    assert measured("tiny.en").is_real


def test_what_is_neither_here_nor_known_cannot_be_measured():
    with pytest.raises(ParameterError, match="no model called 'our-shop'"):
        speed.measure("our-shop", None)


SMALL = Shape(width=64, heads=2, encoder=2, decoder=1, mels=80, vocabulary=2000)


def test_a_model_of_a_given_shape_is_built_and_measured(tmp_path):
    build_sized(tmp_path / "small", SMALL)
    build_sized(tmp_path / "wide", Shape(width=256, heads=4, encoder=4, decoder=2, mels=128, vocabulary=8000))
    sizes = [(tmp_path / name / "model.bin").stat().st_size for name in ("small", "wide")]
    assert sizes[1] > 8 * sizes[0]
    assert len(json.loads((tmp_path / "small" / "vocabulary.json").read_text())) == 2000
    done = [measure_folder(tmp_path / name, is_real=False) for name in ("small", "wide")]
    assert all(each.pass_s > 0 and not each.is_real for each in done)


def test_measuring_goes_up_until_one_is_too_slow(monkeypatch):
    times_s = {"tiny": 0.3, "base": 0.6, "distil-small.en": 1.0}
    monkeypatch.setattr(speed, "_has_memory_for", lambda _entry: True)
    monkeypatch.setattr(speed, "measure", lambda name, _folder: quick(name, times_s[name]))
    assert [name for name, _ in speed.measure_all(find_model)] == ["tiny", "base", "distil-small.en"]
    assert recommended() == "base.en"


def test_measuring_leaves_out_what_the_memory_cannot_hold(monkeypatch):
    monkeypatch.setattr(speed, "measure", lambda name, _folder: quick(name))
    two_gb = {"SC_PHYS_PAGES": 500_000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", two_gb.get, raising=False)
    assert [name for name, _ in speed.measure_all(find_model)] == ["tiny", "base"]


def test_a_changed_file_gets_another_part(tmp_path):
    parts = {RemoteFile("model.bin", 9, digest, None).part(tmp_path).name for digest in ("a" * 64, "b" * 64)}
    assert parts == {"model.bin.aaaaaaaaaaaa.part", "model.bin.bbbbbbbbbbbb.part"}


def network_errors():
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    return [
        (httpx2.ConnectError("Name or service not known"), "no connection to the hub."),
        (httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "certificate is not trusted"),
        (httpx2.ProxyError("407"), "the proxy refused. Check HTTPS_PROXY."),
        (httpx2.ReadTimeout("slow"), "does not answer"),
        (httpx2.ReadError("reset"), "the connection broke."),
        (OfflineModeIsEnabled("offline"), "HF_HUB_OFFLINE is set"),
        (OSError("Consistency check failed"), "the connection broke."),
        (KeyError("sha"), "does not answer as a hub does"),
    ]


@pytest.mark.parametrize(("error", "words"), network_errors(), ids=lambda value: type(value).__name__)
def test_what_went_wrong_on_the_way_is_one_sentence_with_the_remedy(error, words):
    assert words in _explained(error, "tiny.en", "the hub")
    remedy = r"evenkeel models get tiny\.en --from FOLDER\.$"
    with pytest.raises(EnvironmentProblem, match=remedy), _told("tiny.en", None):
        raise error


def test_what_the_disk_says_is_left_to_others():
    with pytest.raises(OSError, match="No space"), _told("tiny.en", None):
        raise OSError(28, "No space left on device")
