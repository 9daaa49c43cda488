"""Driving the running program through its local socket; the session behind it is a fake that notes what it is told."""

import json
import os
import threading
from contextlib import ExitStack
from multiprocessing.connection import Client

import pytest

from monitor.cli import main
from monitor.commands.call import WINDOW_PARTS as COMMANDS_PARTS
from monitor.errors import EnvironmentProblem, ParameterError
from monitor.live import control
from monitor.live.control import ControlServer, ask, control_folder, insist_on_none_running
from monitor.live.events import WINDOW_PARTS, CaptureState, SessionState, WordsState
from monitor.live.session import SessionStatus
from tests.live_fakes import Desk, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="looks at the socket's file")


HEARD = "Words are heard (basic detection)."


class NotedSession:
    def __init__(self):
        self.done = []
        self.in_call = self.paused = False

    def begin_call(self, customer=None):
        self.done.append(("begin", customer))
        self.in_call = not self.paused

    def end_call(self):
        self.done.append(("end",))
        self.in_call = False

    def pause(self):
        self.done.append(("pause",))
        self.paused = True

    def resume(self):
        raise ValueError("a fault")

    def ask_window(self, part):
        self.done.append(("show", part))

    def name_customer(self, name):
        self.done.append(("name", name))

    def settled(self, timeout_s):
        return True

    def status(self):
        state, call = (SessionState.IN_CALL, "call one") if self.in_call else (SessionState.READY, None)
        state = SessionState.PAUSED if self.paused else state
        devices = {0: ("Headset", CaptureState.HEARING, "Hearing Headset.")}
        light = "green" if self.in_call else None
        return SessionStatus(
            state, call, "Ms Smith" if call else None, False, 61.5, light, WordsState.HEARING, HEARD, devices, 300.0,
            "mine@0", 0.25, ("late",),
        )  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return control_folder()


@pytest.fixture
def session():
    return NotedSession()


@pytest.fixture
def server(session, folder):
    server = ControlServer(session)
    yield server
    server.close()


def run(capsys, *arguments):
    code = main(["call", *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


@pytest.mark.usefixtures("server")
class TestCall:
    def test_start_name_and_stop(self, session, capsys):
        code, out, _ = run(capsys, "start", "--customer", "  Ms   Smith ")
        assert code == 0
        assert out.splitlines() == [
            "In a call with Ms Smith, for 1:01; the light is green; quiet for 5 min.",
            "Headset: Hearing Headset.",
            HEARD,
        ]
        assert run(capsys, "name", "Dr Jones")[0] == 0
        assert run(capsys, "stop")[1].startswith("Waiting for a call")
        assert session.done == [("begin", "Ms Smith"), ("name", "Dr Jones"), ("end",)]

    def test_a_name_without_a_call_is_not_lost_in_silence(self, capsys):
        code, out, err = run(capsys, "name", "Dr Jones")
        assert (code, out) == (2, "")
        assert err == "There is no call to name. With the next one: evenkeel call start --customer NAME\n"

    def test_a_key_of_the_desktop_opens_a_part_of_the_window(self, session, capsys):
        for part in WINDOW_PARTS:
            assert run(capsys, "show", part)[0] == 0
        assert session.done == [("show", part) for part in WINDOW_PARTS]
        assert COMMANDS_PARTS == WINDOW_PARTS
        assert run(capsys, "show", "door")[0] == 2

    def test_no_call_begins_while_paused_and_the_caller_learns_it(self, capsys):
        assert run(capsys, "pause")[1].startswith("Paused;")
        code, out, err = run(capsys, "start")
        assert (code, out) == (2, "")
        assert err == "Evenkeel is paused, so no call began. To go on: evenkeel call resume\n"

    def test_json(self, capsys):
        code, out, _ = run(capsys, "status", "--json")
        assert code == 0
        assert json.loads(out) == {
            "schema": "evenkeel.status/1", "state": "ready", "call": None, "customer": None, "automatic": False,
            "call_s": 61.5, "light": None, "words": "hearing", "quiet_s": 300.0, "policy": "mine@0",
            "devices": [{"channel": 0, "device": "Headset", "state": "hearing", "text": "Hearing Headset."}],
            "words_text": HEARD, "lost_s": 0.25, "warnings": ["late"],
        }  # fmt: skip

    def test_a_fault_inside_is_a_sentence(self, capsys, caplog):
        assert run(capsys, "resume") == (3, "", "Evenkeel could not do that; its log tells more.\n")
        assert "a fault" in caplog.text

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x1b[1m"])
    def test_names_that_are_none(self, capsys, name):
        code, _, err = run(capsys, "name", name)
        assert (code, err) == (2, "A customer's name has 1 to 100 letters.\n")


class TestServer:
    def test_without_one(self, folder, capsys):
        insist_on_none_running()
        assert run(capsys, "status") == (3, "", "Evenkeel is not running; start it with: evenkeel live\n")

    def test_only_the_owner_can_reach_it(self, server, folder):
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        assert modes == {"control": 0o600, "control.key": 0o600}
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_nothing_is_left(self, session, folder):
        before = set(threading.enumerate())
        server = ControlServer(session)
        server.close()
        server.close()
        assert not list(folder.iterdir())
        until(lambda: set(threading.enumerate()) <= before)

    def test_a_second_one_is_refused(self, server, session, capsys):
        with pytest.raises(ParameterError, match="runs already"):
            ControlServer(session)
        assert main(["live", "--headless"]) == 2
        assert capsys.readouterr().err == control.RUNS_ALREADY + "\n"
        assert ask("status")["state"] == "ready"

    def test_one_that_did_not_end_in_order_is_no_obstacle(self, session, folder):
        folder.mkdir()
        (folder / "control").touch()
        (folder / "control.key").write_text("aa" * 32)
        server = ControlServer(session)
        assert ask("status")["state"] == "ready"
        server.close()

    def test_a_wrong_key_is_refused(self, server, folder):
        (folder / "control.key").write_text("00" * 32)
        with pytest.raises(EnvironmentProblem, match="cannot be reached"):
            ask("status")

    def test_silent_clients_hold_nothing_up_and_are_not_waited_for(self, server, folder, monkeypatch):
        monkeypatch.setattr(control, "_PATIENCE_S", 0.5)

        def waited_for():
            return [thread for thread in threading.enumerate() if thread.name == "evenkeel-request"]

        with ExitStack() as stack:
            silent = [stack.enter_context(Client(str(folder / "control"), "AF_UNIX")) for _ in range(20)]
            os.write(silent[0].fileno(), b"\0\0")  # half of a length
            until(lambda: len(waited_for()) > 15)
            assert ask("status")["state"] == "ready"
            until(lambda: not waited_for())

    def test_of_two_that_start_at_once_one_is_refused(self, session, folder, monkeypatch):
        monkeypatch.setattr(control, "insist_on_none_running", lambda _: None)  # neither saw the other
        server = ControlServer(session)
        try:
            with pytest.raises(ParameterError, match="runs already"):
                ControlServer(session)
            monkeypatch.undo()
            monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder.parent))
            assert ask("status")["state"] == "ready"
        finally:
            server.close()
        ControlServer(session).close()

    def test_a_connection_that_could_not_be_taken_is_not_the_last(self, server, monkeypatch, caplog):
        accept, tried = server._listener.accept, []

        def failing():
            if len(tried) < 2:
                tried.append(True)
                raise OSError(24, "Too many open files")
            return accept()

        monkeypatch.setattr(server._listener, "accept", failing)
        for _ in range(3):
            assert ask("status")["state"] == "ready"
        assert len(tried) == 2

    @pytest.mark.parametrize(
        "request_", [b"", b"{", b"[]", b"7", b'{"command": "delete"}', b'{"command": "name", "name": 7}']
    )
    def test_odd_requests(self, server, session, folder, request_):
        with control._connected(folder, server._key) as connection:
            connection.send_bytes(request_)
            assert json.loads(connection.recv_bytes()) == {
                "error": "This request was not understood; is it another version of Evenkeel?"
            }
        assert not session.done

    def test_one_that_hangs_is_told_from_none(self, server, monkeypatch):
        monkeypatch.setattr(control, "_PATIENCE_S", 0.2)
        hang = threading.Event()
        monkeypatch.setattr(server._session, "settled", lambda _: hang.wait(30))
        with pytest.raises(EnvironmentProblem, match="does not answer"):
            ask("status")
        with pytest.raises(ParameterError, match="runs already"):
            insist_on_none_running()
        hang.set()

    def test_a_folder_with_a_long_name(self, session, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 120)))
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path)[:60] if len(str(tmp_path)) < 60 else None)
        server = ControlServer(session)
        assert ask("status")["state"] == "ready"
        server.close()
        control_folder().rmdir()

    def test_a_folder_that_somebody_else_took_keeps_nobody_from_listening(self, session, monkeypatch, capsys):
        def taken(*_, **__):
            raise PermissionError("runtime directory /tmp/runtime-7 is owned by uid 8, not 7")

        monkeypatch.setattr("platformdirs.user_runtime_dir", taken)
        insist_on_none_running()
        with pytest.raises(EnvironmentProblem, match="cannot reach Evenkeel: runtime directory"):
            ControlServer(session)
        code, _, err = run(capsys, "status")
        assert (code, "Other programs cannot reach Evenkeel" in err) == (3, True)

    def test_no_network(self, server):
        assert server._listener.address == str(control_folder() / "control")


def test_a_real_session(tmp_path, folder):
    with Desk(tmp_path / "data") as desk:
        server = ControlServer(desk.session)
        status = ask("start", "Ms Smith")
        assert (status["state"], status["customer"]) == ("in_call", "Ms Smith")
        assert ask("stop")["state"] == "ready"
        server.close()
    assert desk.result().source.duration_s >= 0
