"""A machine of the test's own for speech models: its folders, a hub to fetch from, and the command as it is typed.

Test modules import the fixtures by the names of their functions; tests ask for the shorter ones.
"""

from pathlib import Path

import pytest

from models.store import models_folder
from monitor import cli
from tests.hub import running_hub

MODEL = Path(__file__).parent / "data" / "whisper_tiny"


@pytest.fixture
def own_machine(tmp_path, monkeypatch):
    """A folder for models, a cache and a hub's cache of the test's own, and no hub but those of the tests."""
    from huggingface_hub import constants

    monkeypatch.setenv("EVENKEEL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 30)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)


@pytest.fixture(name="hub")
def hub_fixture(own_machine, monkeypatch):
    with running_hub(MODEL) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture(name="run")
def run_fixture(own_machine, capfd):
    def runner(*arguments):
        code = cli.main(["models", *map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return runner


def same_files(folder):
    return all((folder / path.name).read_bytes() == path.read_bytes() for path in MODEL.iterdir())


def parts():
    return sorted(models_folder().glob(".partial/*/*.part"))
