"""Driving the running program from another one on this machine: a local socket (a named pipe on Windows), never TCP.

One request and one answer for each connection, both JSON. The socket lies in a folder of the user's own, and whoever
connects proves to know the key in a file beside it that only the user can read.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import socket
import struct
import sys
import tempfile
import threading
import warnings
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import EnvironmentProblem, ParameterError
from monitor.private import private_folder, write_private

if TYPE_CHECKING:
    from monitor.live.session import LiveSession, SessionStatus

log = logging.getLogger(__name__)

COMMANDS = ("start", "stop", "pause", "resume", "name", "show", "status")
RUNS_ALREADY = "Evenkeel runs already; look for its light or its icon, or end it first."
NOT_RUNNING = "Evenkeel is not running; start it with: evenkeel live"

_MOST_BYTES = 10_000
_PATIENCE_S = 3.0
_LONGEST_PATH = 90  # a socket's path may have about 100 characters
_PAUSE_S = 0.2  # after a connection that could not be taken


def control_folder() -> Path:
    """Where the socket and its key are: the user's runtime folder.

    Raises
    ------
    NoFolder
        Somebody else has put something in its place.
    """
    import platformdirs

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where the system names no such folder, platformdirs says what it takes
        try:
            folder = Path(platformdirs.user_runtime_dir("evenkeel", appauthor=False))
        except PermissionError as error:
            raise NoFolder(f"Other programs cannot reach Evenkeel: {error}.") from error
    if len(str(folder)) > _LONGEST_PATH:
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"evenkeel-{digest}"
    return folder


def _address(folder: Path) -> tuple[str, str]:
    """Address and family of the socket."""
    if sys.platform == "win32":
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
        return rf"\\.\pipe\evenkeel-{digest}", "AF_PIPE"
    return str(folder / "control"), "AF_UNIX"


def _key_path(folder: Path) -> Path:
    return folder / "control.key"


class NoFolder(EnvironmentProblem):
    """The socket has no place."""


class NotReached(EnvironmentProblem):
    """There is no running program behind the socket."""


class ControlServer:
    """Answers while the session lives.

    Raises
    ------
    ParameterError
        Another one runs already.
    EnvironmentProblem
        The folder cannot be used.
    """

    def __init__(self, session: LiveSession, folder: Path | None = None) -> None:
        self._session = session
        self._folder = folder or control_folder()
        self._key = secrets.token_bytes(32)
        self._held: int | None = None  # the folder, so that of two that start at once one is refused
        self._listener = self._bind()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="evenkeel-control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more requests."""
        if self._closed.is_set():
            return
        self._closed.set()
        with suppress(OSError, EOFError):
            Client(*_address(self._folder)).close()  # wakes the thread that waits for a connection
        self._thread.join(1.0)
        with suppress(OSError):
            self._listener.close()
        with suppress(OSError):
            _key_path(self._folder).unlink(missing_ok=True)
        self._let_go()

    def _hold(self) -> None:
        if sys.platform != "win32":
            import fcntl

            self._held = os.open(self._folder, os.O_RDONLY)
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._let_go()
                raise ParameterError(RUNS_ALREADY) from None
            except OSError:  # a file system without locks
                log.info("the folder of the socket cannot be locked", exc_info=True)

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _bind(self) -> Listener:
        insist_on_none_running(self._folder)
        address, family = _address(self._folder)
        _own_folder(self._folder)
        if family == "AF_UNIX":
            self._hold()
            Path(address).unlink(missing_ok=True)  # of one that did not end in order
        try:
            write_private(_key_path(self._folder), self._key.hex())
            listener = Listener(address, family, backlog=8)
            if family == "AF_UNIX":
                Path(address).chmod(0o600)
        except EnvironmentProblem:
            self._let_go()
            raise
        except OSError as error:
            self._let_go()
            raise EnvironmentProblem(f"Other programs cannot reach Evenkeel ({error.strerror or error}).") from error
        return listener

    def _serve(self) -> None:
        told = False
        while not self._closed.is_set():
            try:
                connection = self._listener.accept()
            except OSError:  # too many files are open, or whoever came is gone
                if not self._closed.wait(_PAUSE_S) and not told:
                    log.exception("a request could not be taken")
                    told = True
                continue
            if self._closed.is_set():
                connection.close()
                return
            threading.Thread(target=self._answer, args=(connection,), name="evenkeel-request", daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        with connection, suppress(OSError, EOFError, AuthenticationError):
            _be_impatient(connection)
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            if not connection.poll(_PATIENCE_S):
                return
            request = connection.recv_bytes(_MOST_BYTES)
            connection.send_bytes(json.dumps(self._done(request)).encode())

    def _done(self, request: bytes) -> dict[str, Any]:
        try:
            wanted = json.loads(request)
            command, name = wanted["command"], wanted.get("name")
            if command not in COMMANDS or not (name is None or isinstance(name, str)):
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError):
            return {"error": "This request was not understood; is it another version of Evenkeel?"}
        try:
            self._obey(command, name)
        except Exception:
            log.exception("a request failed: %s", command)
            return {"error": "Evenkeel could not do that; its log tells more."}
        return {"status": status_dict(self._session.status())}

    def _obey(self, command: str, name: str | None) -> None:
        session = self._session
        match command:
            case "start":
                session.begin_call(name)
            case "stop":
                session.end_call()
            case "pause":
                session.pause()
            case "resume":
                session.resume()
            case "name":
                session.name_customer(name or "")
            case "show" if name:
                session.ask_window(name)
        session.settled(_PATIENCE_S)


def status_dict(status: SessionStatus) -> dict[str, Any]:
    """A snapshot as JSON-safe values."""
    return {
        "state": str(status.state),
        "call": status.call,
        "customer": status.customer,
        "automatic": status.automatic,
        "call_s": status.call_s,
        "light": status.light,
        "words": None if status.words is None else str(status.words),
        "words_text": status.words_text,
        "quiet_s": status.quiet_s,
        "policy": status.policy,
        "lost_s": status.lost_s,
        "warnings": list(status.warnings),
        "devices": [
            {"channel": channel, "device": device, "state": str(state), "text": text}
            for channel, (device, state, text) in sorted(status.devices.items())
        ],
    }


def ask(command: str, name: str | None = None, folder: Path | None = None) -> dict[str, Any]:
    """Send one request to the running program; return its status afterwards.

    Raises
    ------
    EnvironmentProblem
        None is running, or it does not answer.
    """
    folder = folder or control_folder()
    try:
        key = bytes.fromhex(_key_path(folder).read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise NotReached(NOT_RUNNING) from None
    try:
        with _connected(folder, key) as connection:
            connection.send_bytes(json.dumps({"command": command, "name": name}).encode())
            _wait_for(connection, 2 * _PATIENCE_S)
            answer: dict[str, Any] = json.loads(connection.recv_bytes())
    except (FileNotFoundError, ConnectionRefusedError):
        raise NotReached(NOT_RUNNING) from None
    except (OSError, EOFError, ValueError, AuthenticationError) as error:
        raise NotReached(f"The running Evenkeel cannot be reached ({error}); start it again.") from error
    if "error" in answer:
        raise EnvironmentProblem(str(answer["error"]))
    status: dict[str, Any] = answer["status"]
    return status


def insist_on_none_running(folder: Path | None = None) -> None:
    """Check that no other one runs.

    Raises
    ------
    ParameterError
        One does.
    """
    try:
        ask("status", folder=folder)
    except (NotReached, NoFolder):
        return
    except EnvironmentProblem:
        pass  # it is there, however it fares
    raise ParameterError(RUNS_ALREADY)


def _connected(folder: Path, key: bytes) -> Connection:
    """A connection on which both sides have proved to know the key."""
    address, family = _address(folder)
    connection: Connection = Client(address, family)
    try:
        _wait_for(connection, _PATIENCE_S)
        answer_challenge(connection, key)
        deliver_challenge(connection, key)
    except BaseException:
        connection.close()
        raise
    return connection


def _be_impatient(connection: Connection) -> None:
    """Whoever stops in the middle of a request is not waited for. A named pipe of Windows waits all the same."""
    if sys.platform != "win32":
        wait = struct.pack("ll", int(_PATIENCE_S), int(_PATIENCE_S % 1 * 1e6))
        with socket.socket(fileno=os.dup(connection.fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, wait)
            same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)


def _wait_for(connection: Connection, seconds: float) -> None:
    if not connection.poll(seconds):
        raise EnvironmentProblem("Evenkeel runs but does not answer; end it and start it again.")


def _own_folder(folder: Path) -> None:
    """Make the folder, and see that it is nobody else's."""
    private_folder(folder)
    if sys.platform != "win32":
        facts = folder.stat()
        if facts.st_uid != os.getuid():
            raise EnvironmentProblem(f"The folder {folder} belongs to somebody else; remove it or set XDG_RUNTIME_DIR.")
        if facts.st_mode & 0o077:
            folder.chmod(0o700)
