"""Where the store is, and opening it: made where there is none, brought up to date where it is old."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from monitor.errors import EnvironmentProblem, ParameterError
from monitor.private import MODE, data_folder, private_folder
from monitor.store.tables import HEAD
from monitor.store.troubles import StoreProblem, told

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

NAME = "calls.sqlite"
WAIT_S = 5.0  # for another program that is writing
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def default_place() -> Path:
    """The file in the user's data folder."""
    return data_folder() / NAME


def open_engine(place: str | Path | None = None, *, wait_s: float = WAIT_S) -> tuple[Engine, str]:
    """The database of this store, at the newest schema, and its name for sentences.

    ``place`` is a file, the URL of a PostgreSQL or SQLite database, or None for the usual file.

    Raises
    ------
    ParameterError
        The address is none that can be used.
    StoreProblem
        The database cannot be reached or used, or is newer than this program.
    """
    url = _url(place)
    name = str(url.database)
    if url.get_backend_name() != "sqlite":
        name = url.set(drivername="postgresql").render_as_string(hide_password=True)  # as people write it
    engine = _sqlite(url, wait_s) if url.get_backend_name() == "sqlite" else _postgresql(url, wait_s)
    try:
        with told(name), engine.connect() as connection:
            found = _version(connection)
            if found != HEAD:
                _settle(connection, found, name)
    except BaseException:
        engine.dispose()
        raise
    return engine, name


def _url(place: str | Path | None) -> URL:
    place = default_place() if place is None else place
    if isinstance(place, Path) or "://" not in place:
        path = Path(place).expanduser()
        if os.path.isdir(path):  # noqa: PTH112 - says no, where pathlib raises, in a folder that may not be looked into
            raise ParameterError(f"{path} is a folder; give the file of the store, such as {path / NAME}.")
        return URL.create("sqlite", database=str(path))
    try:
        url = make_url(place)
    except (ArgumentError, ValueError) as error:
        raise ParameterError(_no_address()) from error
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None or not url.database:
        raise ParameterError(_no_address())
    return url.set(drivername=driver)


def _no_address() -> str:
    return "A store is a file, or an address such as postgresql://user@server/calls; check what --store names."


def _sqlite(url: URL, wait_s: float) -> Engine:
    path = Path(str(url.database))
    private_folder(path.parent)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, MODE))
    except PermissionError as error:
        raise StoreProblem(
            f"The store {path} may not be written by you; ask its owner, or name another one."
        ) from error
    except OSError as error:
        raise StoreProblem(f"The store {path} cannot be opened ({error.strerror}); name another one.") from error
    engine = create_engine(url, connect_args={"timeout": wait_s, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _settle_connection(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what was deleted is not left in the file
        # A killed program loses nothing that was committed; only a power cut may take the last moments.
        connection.execute("PRAGMA synchronous = NORMAL")
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")

    return engine


def _postgresql(url: URL, wait_s: float) -> Engine:
    try:
        return create_engine(
            url,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(wait_s)),
                # A long list is sorted in memory.
                "options": f"-c lock_timeout={round(1000 * wait_s)} -c work_mem=64MB",
            },
        )
    except ImportError as error:
        raise EnvironmentProblem(
            "PostgreSQL needs a package that is not here: pip install 'evenkeel[team]' brings it."
        ) from error


def _version(connection: Connection) -> str | None:
    """The schema that is there, None where there is none yet."""
    try:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError as error:
        connection.rollback()
        if inspect(connection).has_table("alembic_version"):
            raise error
        found = None
    connection.rollback()
    return None if found is None else str(found)


def _settle(connection: Connection, found: str | None, name: str) -> None:
    """Bring the schema up to date."""
    from alembic import command
    from alembic.script import ScriptDirectory
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    config = migrations()
    if found is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(found)
        except (CommandError, RevisionError) as error:
            raise StoreProblem(
                f"The store {name} was written by a newer Evenkeel; update this one, or name another with --store."
            ) from error
    # Who comes second waits, and finds it done.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text("SELECT pg_advisory_xact_lock(70911)"))
    tables = inspect(connection).get_table_names()
    if tables and "alembic_version" not in tables:
        connection.rollback()
        raise StoreProblem(f"The store {name} holds something else already; name another one with --store.")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
    connection.commit()


def migrations() -> Config:
    """What Alembic needs to know to change the schema."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
