"""Fixtures: places for a store, on both databases."""

import pytest

from benchmarks.postgres import PostgresRig, programs
from monitor.store.calls import open_store

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres():
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    with PostgresRig(folder) as rig:
        yield rig


@pytest.fixture(params=DATABASES)
def place(request, tmp_path):
    """The address of a store that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "data" / "calls.sqlite")
    return request.getfixturevalue("postgres").fresh()


@pytest.fixture
def store(place):
    with open_store(place, who="ann") as opened:
        yield opened
