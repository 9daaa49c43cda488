"""What every test can rely on: no network, folders of its own, repeatable random examples, and where the data lies."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

# The same examples on every machine; an example may be slow on a busy one.
settings.register_profile("evenkeel", derandomize=True, deadline=None, database=None)
settings.load_profile("evenkeel")


def pytest_collection_modifyitems(items):
    """Leave out what reads shared recordings where there are none."""
    if not SHARED.is_dir():
        for item in items:
            if item.get_closest_marker("shared"):
                item.add_marker(pytest.mark.skip(reason="needs the recordings in ../shared"))


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory):
    """Keep settings, caches and logs of the tests, and of programs they start, out of the user's home."""
    home = tmp_path_factory.mktemp("home")
    kinds = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    with pytest.MonkeyPatch.context() as patch:
        for kind in kinds:
            patch.setenv(kind, str(home / kind.lower()))
        patch.delenv("EVENKEEL_DEBUG", raising=False)
        yield home


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse connections to anywhere but this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def root():
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared():
    """The folder of shared recordings; tests that ask for it carry the marker ``shared``."""
    return SHARED


@pytest.fixture
def child_environment():
    """An environment in which a started Python finds this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}
