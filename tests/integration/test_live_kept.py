"""Live calls that are kept: in the store a moment after their end, whatever happened to the program."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.cli import main
from monitor.events import Warned
from monitor.live.events import CallBegan
from monitor.rejudge.suggest import suggest
from monitor.store.calls import open_store
from monitor.store.journal import ENDING, FOLDER, Journal, waiting
from monitor.store.whole import CUT_OFF, whole
from monitor.types import Light
from tests.integration.test_live_headless import PROGRAM
from tests.live_fakes import Desk, call_audio, until
from tests.stored import head

posix = pytest.mark.skipif(os.name != "posix", reason="ends programs by signals")


def calls(folder):
    """What is stored, without taking in what waits."""
    path = folder / "calls.sqlite"
    if not path.exists():
        return []
    with open_store(path) as store:
        return store.listed()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A call with a dispute, kept through to the store, its result and what was told."""
    folder = tmp_path_factory.mktemp("kept")
    with Desk(folder, keep_calls=True, team="blue", recogniser="none") as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 66))
        raised = next(e for e in desk.events if getattr(e, "light", None) is Light.AMBER)
        desk.session.dispute(raised.reasons[0].id, raised.reasons[0].text, "the door")
        desk.session.end_call()
        result = desk.result()
        until(lambda: not waiting(folder))
        yield folder, result, desk.began()[0], raised


def test_it_is_in_the_store_with_all_that_was_told(kept):
    folder, result, began, raised = kept
    assert began.keeps_call
    with open_store(folder / "calls.sqlite") as store:
        [listed] = store.listed()
        assert (listed.ended, listed.shared, listed.team, listed.agent) == (True, False, "blue", store.who)
        call = whole(store, listed.id)
        assert call.now == call.then == result
        assert len(call.traces) == 2
        assert abs(len(call.traces[0]) - 100 * result.source.duration_s) <= 1
        assert [(r.subject, r.note) for r in call.remarks] == [(raised.reasons[0].id, "the door")]
        found = suggest(store, call.policy, [listed.id])
        assert [(each.subject, each.disputed) for each in found] == [(raised.reasons[0].id, 1)]


def test_a_call_that_is_judged_again_changes_nothing_under_the_same_policy(kept, capsys):
    folder = kept[0]
    place = ["--store", str(folder / "calls.sqlite")]
    assert main(["rejudge", "--policy", "upset-customer-en", "--json", *place]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["calls"] == 1
    for light, seconds in report["after"]["seconds"].items():
        assert seconds == pytest.approx(report["before"]["seconds"][light], abs=0.2)


def test_nothing_is_kept_unless_it_is_wanted(tmp_path):
    with Desk(tmp_path, recogniser="none") as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 3))
        desk.session.end_call()
        desk.result()
        assert not desk.told(CallBegan)[0].keeps_call
    assert not (tmp_path / FOLDER).exists()
    assert calls(tmp_path) == []


@pytest.mark.parametrize(
    ("wanted", "policy", "keeps"), [(True, "keep_calls = false", False), (False, "keep_calls = true", True)]
)
def test_the_policy_has_the_last_word(tmp_path, wanted, policy, keeps):
    path = tmp_path / "policy.toml"
    path.write_text(
        f'[policy]\nname = "team"\nextends = "upset-customer-en"\n[recording]\n{policy}\nshare_calls = true\n'
    )
    with Desk(tmp_path, recogniser="none", keep_calls=wanted, policy=str(path)) as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(call_audio(0, 3))
        desk.session.end_call()
        desk.result()
        until(lambda: not waiting(tmp_path))
        assert desk.told(CallBegan)[0].keeps_call is desk.told(CallBegan)[0].shares_call is keeps
    assert [call.shared for call in calls(tmp_path)] == ([True] if keeps else [])


def test_what_waits_goes_in_at_the_next_start_or_it_is_said_why_not(tmp_path):
    journal = Journal(tmp_path / FOLDER / f"cut-off{ENDING}", head())
    journal.close()
    (tmp_path / "calls.sqlite").write_bytes(b"no database " * 1000)
    with Desk(tmp_path) as desk:
        until(lambda: any("is damaged or something else" in event.text for event in desk.told(Warned)))
    assert waiting(tmp_path)
    (tmp_path / "calls.sqlite").unlink()
    with Desk(tmp_path):
        until(lambda: not waiting(tmp_path))
    with open_store(tmp_path / "calls.sqlite", who="ann") as store:
        assert [call.ended for call in store.listed()] == [False]


@posix
def test_a_killed_program_loses_two_seconds_at_most(child_environment, tmp_path, capsys, monkeypatch):
    for name, value in (("XDG_DATA_HOME", tmp_path), ("XDG_RUNTIME_DIR", tmp_path / "run")):
        Path(value).mkdir(mode=0o700, exist_ok=True)
        monkeypatch.setenv(name, str(value))
        child_environment[name] = str(value)
    settings = tmp_path / "mine.toml"
    settings.write_text("keep_calls = true\n")
    command = [sys.executable, "-c", PROGRAM, "live", "--headless", "--json", "--measures", "--recogniser", "none"]
    process = subprocess.Popen(
        [*command, "--settings", str(settings)], env=child_environment, stdout=subprocess.PIPE, text=True
    )
    heard_s = 0.0
    try:
        for line in process.stdout:
            told = json.loads(line)
            heard_s = told["at_s"] if told["event"] == "measures" else heard_s
            if heard_s >= 4.0:
                break
        process.send_signal(signal.SIGKILL)
        rest = [json.loads(line) for line in process.stdout if line.endswith("}\n")]
        heard_s = max([heard_s, *(told["at_s"] for told in rest if told["event"] == "measures")])
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()
    began = time.monotonic()
    assert main(["calls", "list", "--json"]) == 0
    [call] = json.loads(capsys.readouterr().out)
    assert not call["ended"]
    assert heard_s - call["duration_s"] <= 2.0
    with open_store() as store:
        result = whole(store, call["id"]).now
    assert result.warnings[-1] == CUT_OFF
    assert result.lights[-1].end_s == call["duration_s"]
    assert time.monotonic() - began < 60
