"""The real faster-whisper in a child process: equal answers, and a live call that steps down to a smaller model."""

import json
import shutil
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile as sf

from models.allowance import Allowed
from models.catalogue import Shape, catalogue, title
from models.host import HostedTranscriber, HostState, HostTuning
from models.host_pace import PaceTuning
from models.registry import build
from models.sized import build_sized
from models.sized_tokenizer import write_tokenizer
from models.smaller import next_smaller
from models.whisper_asr import WhisperTuning, load_recipe, smaller_recipe
from models.whisper_timing import UNKNOWN, timing_of
from tests.data.make_whisper import TINY, build_scripted
from tests.host_fakes import PATIENT_S

pytest.importorskip("faster_whisper")
pytestmark = [pytest.mark.timeout(170), pytest.mark.usefixtures("own_models")]

SENTENCE = "sir you need to calm down"
BLOCK, RATE_HZ = 800, 16_000
# A model of the tests is quick, so any delay at all has to do for a slow machine.
TOUCHY = HostTuning(pace=PaceTuning(lag_s=0.02, patience_s=0.2, settle_s=0.3), queue_s=120.0, finish_s=PATIENT_S)


def clip(name):
    return sf.read(Path(__file__).parents[1] / "data" / f"{name}.flac", dtype="float32")[0]


@pytest.fixture
def own_models(tmp_path, monkeypatch):
    """No models but the test's own."""
    monkeypatch.setenv("EVENKEEL_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub-cache"))


@pytest.fixture
def folder(tmp_path):
    """Where models lie; a large one that hears nonsense and a small one that hears the sentence."""
    folder = tmp_path / "models"
    shape = Shape(width=512, heads=8, encoder=6, decoder=6, mels=80, vocabulary=4000)
    build_sized(folder / "house-large", shape)
    write_tokenizer(folder / "house-large", shape)
    build_scripted(folder / "house-small", SENTENCE, start_s=0.3, end_s=1.2)
    return folder


def test_the_next_smaller_model_hears_the_rest_of_the_call(folder):
    recipe = load_recipe("house-large", threads=1, tuning=WhisperTuning(final_beam=1), interval_s=0.1)
    y = clip("whisper_slt")
    with HostedTranscriber(recipe, wait=False, tuning=TOUCHY, name=f"whisper {recipe.label}") as host:
        assert host.wait_ready(PATIENT_S)
        assert host.name == "whisper house-large"
        heard, at, began_s = [], 0, time.monotonic()
        while host.name != "whisper house-small" or host.state is not HostState.READY:
            assert time.monotonic() - began_s < PATIENT_S, (host.status, host.warnings)
            heard += host.push(y[at : at + BLOCK])
            at = (at + BLOCK) % (len(y) // BLOCK * BLOCK)
            time.sleep(BLOCK / RATE_HZ / 10)  # faster than it is spoken, so that any machine is too slow
        for start in range(0, len(y), BLOCK):
            heard += host.push(y[start : start + BLOCK])
            time.sleep(BLOCK / RATE_HZ / 4)
        heard += host.finish()
    assert SENTENCE in [" ".join(word.text for word in h.words) for h in heard if h.final]
    told = [sentence for sentence in host.warnings if "too slow" in sentence]
    assert "words are looked for every" in told[0]
    assert told[1].endswith("it goes on with the smaller model house-small")
    assert host.status.restarts == 0


def test_a_child_declares_as_this_process_does(folder):
    recipe = load_recipe("house-small", threads=1, tuning=WhisperTuning(final_beam=1))
    assert recipe.allowance.final_s > recipe.allowance.partial_s
    y = clip("whisper_slt")[: 5 * RATE_HZ]
    here = Allowed(build(recipe), recipe.allowance)
    expected = [h for at in range(0, len(y), BLOCK) for h in here.push(y[at : at + BLOCK])] + here.finish()
    assert sum(h.final for h in expected) >= 2
    with HostedTranscriber(recipe, wait=True) as host:
        assert [h for at in range(0, len(y), 777) for h in host.push(y[at : at + 777])] + host.finish() == expected


def test_what_the_benchmark_measures_is_the_real_recogniser(folder, child_environment):
    """A model by its folder, and the embedded one; the figures are of this machine, so only their kind is looked at."""
    sound = Path(__file__).parents[1] / "data" / "whisper_slt.flac"
    for what in ("pocketsphinx", str(folder / "house-large")):
        command = [sys.executable, "-m", "benchmarks.recogniser_one", what, str(sound)]
        done = subprocess.run(command, env=child_environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["peak_mb"] >= told["loaded_mb"] > 20
        assert told["cpu_s"] > 0
        assert told["audio_s"] == pytest.approx(sf.info(sound).duration)
        assert sum(one["final"] for one in told["passes"]) >= 4
        assert all(0 < one["told_s"] - one["heard_s"] <= 1.5 for one in told["passes"])
        assert all(one["cost_s"] > 0 for one in told["passes"])


def test_a_recipe_knows_its_next_smaller_one(folder):
    options = {"threads": 1, "tuning": WhisperTuning(final_beam=1)}
    recipe = load_recipe("house-large", **options)
    smaller = smaller_recipe(recipe)
    assert smaller == load_recipe("house-small", **options)
    assert (smaller.label, recipe.next_smaller()) == ("house-small", smaller)
    assert smaller_recipe(smaller) is None


def pretend(folder, *names):
    """Models of these names; only their names count."""
    for name in names:
        shutil.copytree(TINY, folder / name)


def test_of_the_catalogue_the_largest_that_is_much_smaller(tmp_path):
    folder = tmp_path / "models"
    pretend(folder, "tiny", "tiny.en", "base", "distil-small.en", "small.en")
    assert next_smaller(folder / "small.en", "en").name == "base"  # the distilled one has as long an encoder
    assert next_smaller(folder / "base", "en-GB").name == "tiny.en"
    assert next_smaller(folder / "base", "de").name == "tiny"
    assert next_smaller(folder / "tiny", "en") is None


def test_a_model_that_is_not_whole_is_no_choice(tmp_path):
    folder = tmp_path / "models"
    pretend(folder, "tiny.en", "base.en")
    (folder / "tiny.en" / "tokenizer.json").unlink()
    assert next_smaller(folder / "base.en", "en") is None


def test_larger_models_make_fewer_passes_and_are_told_later():
    timings = [timing_of(Path(name)) for name in ("tiny.en", "base.en", "small.en", "large-v3")]
    assert [timing.interval_s for timing in timings] == [0.5, 0.5, 1.5, 1.5]
    for one, other in pairwise(timings):
        assert one.allowance.partial_s <= other.allowance.partial_s <= 1.0
        assert one.allowance.final_s <= other.allowance.final_s <= 1.5
    for timing in (*timings, UNKNOWN):
        assert timing.allowance.partial_s < timing.interval_s
        assert timing.allowance.partial_s < timing.allowance.final_s
    assert timing_of(Path("our-shop")) == UNKNOWN


def test_a_recipe_has_the_timing_of_its_model(tmp_path):
    pretend(tmp_path / "models", "base.en")
    recipe, timing = load_recipe("base.en"), timing_of(Path("base.en"))
    assert recipe.allowance == timing.allowance
    assert recipe.arguments["interval_s"] == timing.interval_s
    assert load_recipe("base.en", interval_s=3.0).arguments["interval_s"] == 3.0
    assert "interval_s" not in load_recipe("base.en", tuning=WhisperTuning()).arguments


def test_models_of_the_hub_s_cache_have_their_own_names():
    for entry in catalogue():
        cached = Path("hub") / f"models--{entry.repository.replace('/', '--')}" / "snapshots" / "0123abcd"
        assert title(cached) == entry.name
    assert title(Path("hub/models--us--our-shop/snapshots/0123abcd")) == "our-shop"
    assert title(Path("models/our-shop")) == "our-shop"
