"""What can go wrong with a database, each as one sentence with its remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from monitor.errors import EnvironmentProblem

# What SQLite and PostgreSQL say, in small letters, and what to do about it; the first that fits.
_REMEDIES = (
    (("database is locked", "database table is locked", "lock timeout", "could not obtain lock"),
     "is in use by another program; try again when that has finished"),
    (("disk is full", "no space left", "disk full"), "cannot grow, as the disk is full; make room and try again"),
    (("readonly database", "read-only", "permission denied", "insufficient privilege"),
     "may not be written by you; ask its owner, or name another one with --store"),
    (("not a database", "malformed", "disk image"),
     "is damaged or something else; move it away, or name another one with --store"),
    (("unable to open database file",), "cannot be opened; check that its folder is there and is yours"),
    (("password authentication", "no password supplied", "role", "does not exist", "authentication failed"),
     "does not know this user or database; check the name, the user and the password in its address"),
    (("connection", "could not connect", "refused", "timeout", "translate host"),
     "does not answer; check its address and that the server runs"),
)  # fmt: skip


class StoreProblem(EnvironmentProblem):
    """The store of calls cannot be used; the text names it and the remedy."""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what a database says within this block into a sentence; ``name`` is the store's, without a password."""
    try:
        yield
    except DBAPIError as error:
        raise problem(name, str(error.orig)) from error
    except SQLAlchemyError as error:
        raise problem(name, str(error)) from error


def problem(name: str, said: str) -> StoreProblem:
    """The sentence for what a database said."""
    small = said.lower()
    for words, remedy in _REMEDIES:
        if any(word in small for word in words):
            return StoreProblem(f"The store {name} {remedy}.")
    first = (said.strip().splitlines() or ["unknown"])[0]
    return StoreProblem(f"The store {name} cannot be used ({first.rstrip('.')}); name another one with --store.")


def is_busy(error: StoreProblem) -> bool:
    """Whether waiting may help."""
    return _REMEDIES[0][1] in str(error)
