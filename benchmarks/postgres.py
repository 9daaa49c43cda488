"""A PostgreSQL server of our own: Debian's programs, an unprivileged user, a folder and a socket under /tmp.

Benchmarks and tests use it; it needs no network, and is gone when it is left.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from monitor.errors import EnvironmentProblem

UNPRIVILEGED = ("postgres", "nobody")
START_S = 60.0


def programs() -> Path | None:
    """Where initdb and postgres are; None where they are not installed."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


class PostgresRig:
    """Start with ``with``; ``fresh`` gives the address of an empty database."""

    def __init__(self, folder: Path) -> None:
        self._programs = folder
        self._made = 0

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="evenkeel-pg-", dir="/tmp"))
        user = _unprivileged()
        if user is not None:
            os.chown(self._folder, *user)
        data = str(self._folder / "data")
        made = subprocess.run(
            [str(self._programs / "initdb"), "-D", data, "-U", "evenkeel", "-A", "trust", "--no-sync", "-E", "UTF8"],
            capture_output=True, text=True, cwd=self._folder, env={**os.environ, "LC_ALL": "C"}, check=False,
            user=user and user[0], group=user and user[1], extra_groups=user and [],
        )  # fmt: skip
        if made.returncode != 0:
            raise EnvironmentProblem(f"PostgreSQL could not make its files: {made.stderr}")
        self._log = self._folder / "log"
        quick = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "shared_buffers=16MB"]
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", data, "-k", str(self._folder), "-h", "", *quick],
                stdout=log, stderr=log, cwd=self._folder,
                user=user and user[0], group=user and user[1], extra_groups=user and [],
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(30)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait(30)
        shutil.rmtree(self._folder, ignore_errors=True)

    def address(self, database: str) -> str:
        """The address of the database of this name, whether or not it is there."""
        return f"postgresql://evenkeel@/{database}?host={self._folder}"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        self._made += 1
        name = f"calls{self._made}"
        self._run(f"CREATE DATABASE {name}")
        return self.address(name)

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _wait(self) -> None:
        import psycopg

        end = time.monotonic() + START_S
        while True:
            try:
                return self._run("SELECT 1")
            except psycopg.OperationalError as error:
                if self._server.poll() is not None or time.monotonic() > end:
                    raise EnvironmentProblem(f"PostgreSQL did not start: {self._log.read_text()}") from error
                time.sleep(0.1)


def _unprivileged() -> tuple[int, int] | None:
    """User and group for the server, which refuses to run as root; None where we are not root."""
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = next(known[name] for name in UNPRIVILEGED if name in known)
    return user.pw_uid, user.pw_gid
