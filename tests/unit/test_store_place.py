"""Opening the store: made, brought up to date, and every trouble as one sentence."""
# ruff: noqa: F811 - a fixture that is imported is named again where it is asked for

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from monitor.errors import EnvironmentProblem, ParameterError
from monitor.store.calls import open_store
from monitor.store.place import default_place, migrations, open_engine
from monitor.store.tables import HEAD, Base
from monitor.store.troubles import StoreProblem, is_busy, problem
from tests.databases import place, postgres, store  # noqa: F401 - fixtures
from tests.stored import hand_over, head, store_call

needs_posix = pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")


def raw(place):
    url = make_url(place) if "://" in place else None
    return create_engine(f"sqlite:///{place}" if url is None else url.set(drivername="postgresql+psycopg"))


def test_migrations_lead_to_the_models(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == HEAD


def test_an_old_store_is_brought_up_to_date(place, tmp_path):
    (tmp_path / "data").mkdir(exist_ok=True)
    engine = raw(place)
    config = migrations()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        upgrade(config, "0001")
        connection.execute(text("INSERT INTO policies VALUES ('p@1', 'p', '{}')"))
        connection.execute(
            text(
                "INSERT INTO calls (began_ms, ended, agent, shared, name, duration_s, samples, channels, rate_hz,"
                " version, policy, heard_policy, recogniser, agent_channel, green_s, amber_s, red_s, grey_s, flags)"
                " VALUES"
                " (5, true, 'ann', false, 'old.wav', 3, 48000, 1, 8000, '0', 'p@1', 'p@1', 'none', 0, 3, 0, 0, 0, 0)"
            )
        )
    engine.dispose()
    with open_store(place, who="ann") as store:
        assert [(call.name, call.team) for call in store.listed()] == [("old.wav", None)]
        store_call(store)
        assert store.count() == 2


def test_a_newer_store_is_refused(place):
    open_store(place, who="ann").close()
    engine = raw(place)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreProblem, match="was written by a newer Evenkeel; update this one"):
        open_store(place)


def test_somebody_elses_database_is_left_alone(place, tmp_path):
    (tmp_path / "data").mkdir(exist_ok=True)
    engine = raw(place)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE photos (id INTEGER)"))
    engine.dispose()
    with pytest.raises(StoreProblem, match="holds something else"):
        open_store(place)


def test_many_may_open_a_new_store_at_once(place):
    found = []

    def open_and_store(who):
        try:
            with open_store(place, who=who, wait_s=30) as store:
                found.append(store_call(store))
        except EnvironmentProblem as error:
            found.append(error)

    threads = [threading.Thread(target=open_and_store, args=(f"agent{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [1, 2, 3, 4]


@needs_posix
def test_the_file_is_private_and_in_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    with open_store(who="ann") as store:
        store_call(store)
        path = default_place()
        assert path.parent.parent == tmp_path / "share"
        for file in path.parent.glob("calls.sqlite*"):
            assert file.stat().st_mode & 0o777 == 0o600, file
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_killed_program_loses_nothing_that_was_written(tmp_path):
    with open_store(tmp_path / "c.sqlite") as store, store.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA secure_delete")).scalar() == 1


def test_a_store_in_use_is_told(tmp_path):
    path = tmp_path / "c.sqlite"
    open_store(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with open_store(path, wait_s=0.1) as store:
            assert store.listed() == [], "reading goes on"
            writer = store.begin(head())
            hand_over(writer)
            with pytest.raises(StoreProblem, match="in use by another program; try again") as told:
                writer.flush()
            assert is_busy(told.value)
            other.execute("ROLLBACK")
            writer.flush()
            assert len(store.listed(agent="ann")) == 0, "it is ann's"
    finally:
        other.close()
    with open_store(path, who="ann") as store:
        assert len(store.listed()) == 1, "what was taken meanwhile is written later"


def test_a_database_of_the_team_in_use_is_told(postgres):
    place = postgres.fresh()
    open_store(place).close()
    engine = raw(place)
    with engine.connect() as other, open_store(place, wait_s=0.2, who="ann") as store:
        other.execute(text("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(StoreProblem, match="in use by another program"):
            store.listed()
        other.rollback()
        assert store.listed() == []
    engine.dispose()


def test_a_full_disk_is_told(tmp_path):
    with open_store(tmp_path / "c.sqlite", who="ann") as store:
        with store.engine.connect() as connection:
            pages = connection.execute(text("PRAGMA page_count")).scalar()
        from sqlalchemy import event

        @event.listens_for(store.engine, "begin")
        def _limit(connection):
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

        writer = store.begin(head())
        hand_over(writer, minutes=3)
        with pytest.raises(StoreProblem, match="the disk is full; make room"):
            writer.flush()
        assert store.listed() == [], "all or nothing"


def test_what_is_no_database_is_told(tmp_path):
    (tmp_path / "c.sqlite").write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(StoreProblem, match="damaged or something else"):
        open_store(tmp_path / "c.sqlite")


OPENS_AS_NOBODY = """
import os, sys
from monitor.errors import EnvironmentProblem
from monitor.store.calls import open_store
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    open_store(sys.argv[1])
except EnvironmentProblem as error:
    print(error)
"""


@needs_posix
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_read_only_store_is_told(mode, root):
    # Not below pytest's folder, which pytest closes to others whenever it likes.
    with tempfile.TemporaryDirectory(prefix="evenkeel-", dir="/tmp") as folder:
        path = Path(folder) / "c.sqlite"
        open_store(path).close()
        path.chmod(0o444)
        Path(folder).chmod(mode)
        program = [sys.executable, "-c", OPENS_AS_NOBODY, path]
        done = subprocess.run(program, capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
    assert "may not be written by you" in done.stdout


@pytest.mark.parametrize(
    "place", ["mysql://somewhere/calls", "postgresql://user@server", "http://server/calls", "postgresql://:bad:/:port"]
)
def test_no_address_is_told(place):
    with pytest.raises(ParameterError, match="A store is a file, or an address"):
        open_engine(place)


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(ParameterError, match="is a folder; give the file"):
        open_engine(tmp_path)


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path):
    with pytest.raises(StoreProblem) as told:
        open_engine(f"postgresql://ann:geheim@/calls?host={tmp_path}", wait_s=1)
    assert "geheim" not in str(told.value)
    assert "does not answer" in str(told.value)


def test_a_database_that_is_not_there_is_told(postgres):
    with pytest.raises(StoreProblem, match="does not know this user or database"):
        open_engine(postgres.address("nowhere"))


def test_anything_else_is_told_too():
    assert (
        str(problem("x", "Strange.\nDETAIL")) == "The store x cannot be used (Strange); name another one with --store."
    )
