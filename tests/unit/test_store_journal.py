"""A live call's journal: what is taken from it into the store is what a store that is there would have been given."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from sqlalchemy import select

from monitor.conversation.floor import Happening, Kind
from monitor.events import FlagChanged, ItemChecked, LightChanged, WordsHeard
from monitor.store import journal as j
from monitor.store.absorb import absorb, absorb_all, shown_at
from monitor.store.calls import open_store
from monitor.store.head import Disputed
from monitor.store.journal import FOLDER, Journal
from monitor.store.tables import Call, Part, StoredFlag, StoredLight
from monitor.store.whole import CUT_OFF, whole
from monitor.tap import Tap
from monitor.types import ChecklistItem, Flag, FlagState, Light, Reason, Word
from tests.stored import hand_over, head, judged, said

SAID = [said("please hold on", at_s=5.0), said("please calm down now", at_s=20.0, utterance=2)]
RAISED = LightChanged(21.0, Light.AMBER, (Reason("voice.raised", "above your usual", 8.1, "dB", 0.0, 6.0),), "softer")
GREEN = LightChanged(25.0, Light.GREEN, (), None)
FLAG = FlagChanged(
    21.5, Flag(1, "say.calm_down", 20.3, 20.9, 0, "calm down", "calm down", FlagState.CONFIRMED, 0.9, None, 21.5)
)


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "c.sqlite", who="ann", wait_s=0.3) as opened:
        yield opened


@pytest.fixture
def path(tmp_path):
    return tmp_path / FOLDER / f"call{j.ENDING}"


def tell(writer, minutes=2):
    """A whole call, to a journal or to a writer."""
    ticks = hand_over(writer, minutes, passes=SAID)
    writer.heard(said("one moment", at_s=30.0, utterance=3), 30.5, 30.2)
    for event in (RAISED, FLAG, GREEN):
        writer.take(event)
    writer.happened(Happening(Kind.QUIET, 4000, 4200, 4200))
    writer.happened(Happening(Kind.INTERRUPTION, 6100, 6200, 6210, 1))
    return judged(ticks, name="call.wav")


def rows(store, number):
    with store.engine.connect() as connection:
        tables = {table: table.__table__.columns for table in (Part, StoredLight, StoredFlag)}
        found = {
            table.__tablename__: [tuple(row)[1:] for row in connection.execute(
                select(*columns).where(table.call_id == number).order_by(*table.__table__.primary_key)
            )]
            for table, columns in tables.items()
        }  # fmt: skip
        call = connection.execute(select(*Call.__table__.columns).where(Call.id == number)).one()._asdict()
    return {**found, "call": {key: value for key, value in call.items() if key not in ("id", "origin")}}


@pytest.mark.parametrize("every_s", [0.01, 60.0])
def test_what_is_taken_from_it_is_what_the_store_would_have_been_given(store, path, every_s):
    journal = Journal(path, replace(head(), origin="one"), every_s=every_s)
    assert isinstance(journal, Tap)
    result = tell(journal)
    journal.finish(result)
    number = absorb(store, path)
    writer = store.begin(head())
    assert tell(writer) == result
    assert rows(store, number) == rows(store, writer.finish(result))
    assert not path.exists()
    assert whole(store, number).now == result


def test_a_call_under_way_is_left_alone(store, path, tmp_path):
    journal = Journal(path, head(), every_s=0.01)
    while not path.exists():
        time.sleep(0.01)
    assert absorb_all(store, tmp_path).stored == []
    assert path.exists()
    journal.discard()
    assert not path.exists()


def test_a_call_that_was_cut_off_is_whole_until_then(store, path, tmp_path):
    sound = tmp_path / "call.flac"
    part = sound.with_name("call.flac.part")
    part.write_bytes(b"what was recorded until then")
    journal = Journal(path, replace(head(), origin="one", sound=str(sound)))
    tell(journal)
    journal.take(WordsHeard(22.0, (Word(20.3, 20.6, "calm"), Word(20.6, 20.9, "down"))))
    journal.take(ItemChecked(40.0, ChecklistItem("do.apologise", True, 39.0, "so sorry")))
    journal.close()
    with path.open("ab") as stream:
        stream.write(b"E\x10\0\0\0half")
    number = absorb(store, path)
    call = whole(store, number)
    assert not call.listed.ended
    assert call.now is call.then
    assert call.now.source.duration_s == call.listed.duration_s == 120.0
    assert [(s.start_s, s.light) for s in call.now.lights if s.light is Light.AMBER] == [(21.0, Light.AMBER)]
    assert [word.text for word in call.now.words] == ["calm", "down"]
    assert (call.now.checklist[0].id, call.now.flags[0].id) == ("do.apologise", "say.calm_down")
    assert call.now.warnings == (CUT_OFF,)
    assert call.now.pace.articulation_syl_s is not None
    assert call.listed.flags == 1
    assert [len(trace) for trace in call.traces] == [12_000]
    assert (call.sound, part.exists()) == (sound, False)
    assert store.numbers() == []


def test_what_was_disputed_in_the_call_is_there(store, path):
    journal = Journal(path, replace(head(), shared=True, sound=str(path)))
    for dispute in (Disputed(5, "voice.raised", 40.0, "above your usual", "the door"), Disputed(6, "x", 41.0, "t")):
        journal.disputed(dispute)
    journal.finish(tell(journal))
    call = whole(store, absorb(store, path))
    assert [(r.subject, r.at_s, r.note, r.who) for r in call.remarks] == [
        ("voice.raised", 25.0, "the door", "ann"), ("x", 41.0, None, "ann"),
    ]  # fmt: skip
    assert call.listed.shared
    assert call.sound is None, "it is not there any more"


@pytest.mark.parametrize(
    ("subject", "at_s", "shown_s"),
    [
        ("voice.raised", 22.0, 22.0),
        ("voice.raised", 30.0, 25.0),
        ("voice.raised", 200.0, 200.0),
        ("voice.raised", 10.0, 10.0),
        ("say.calm_down", 30.0, 20.3),
        ("turn.dead_air", 30.0, 30.0),
    ],
)
def test_a_dispute_is_about_what_was_shown_last(subject, at_s, shown_s):
    assert shown_at(Disputed(0, subject, at_s, ""), [RAISED, FLAG, GREEN]) == shown_s


def test_a_call_is_stored_once(store, path):
    journal = Journal(path, replace(head(), origin="one"))
    journal.finish(tell(journal))
    before = path.read_bytes()
    number = absorb(store, path)
    path.write_bytes(before)  # the program was stopped before it could remove it
    assert absorb(store, path) == number
    assert store.count() == 1
    assert not path.exists()


def test_a_store_that_is_in_use_gets_it_later(store, path, tmp_path):
    import sqlite3

    journal = Journal(path, head())
    journal.finish(tell(journal))
    other = sqlite3.connect(store.name, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    came = absorb_all(store, tmp_path)
    assert came.stored == []
    assert "in use by another program" in came.problems[0]
    other.close()
    assert len(absorb_all(store, tmp_path).stored) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"something else that is long enough", "a newer one may have written it"),
     (j.MAGIC + j._record(j.HEAD, b"no json"), "damaged"),
     (j.MAGIC + j._record(j.EVENTS, b""), "update it, or remove the file")],
)  # fmt: skip
def test_what_cannot_be_read_is_told_and_left(store, path, tmp_path, content, says):
    path.parent.mkdir()
    path.write_bytes(content)
    assert says in absorb_all(store, tmp_path).problems[0]
    assert path.exists()


@pytest.mark.parametrize("content", [b"", j.MAGIC[:5], j.MAGIC])
def test_a_call_of_which_nothing_was_written_leaves_nothing(store, path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    assert absorb(store, path) is None
    assert path.exists(), "a call may have just begun"
    os.utime(path, (0, 0))
    assert absorb(store, path) is None
    assert not path.exists()
    assert store.count() == 0


def test_a_folder_that_cannot_be_made_is_told_once_and_tried_again(store, tmp_path):
    told = []
    path = tmp_path / FOLDER / "call.journal"
    path.parent.write_text("a file where a folder should be")
    journal = Journal(path, head(), on_problem=told.append, every_s=0.01)
    time.sleep(0.1)
    result = tell(journal)
    path.parent.unlink()
    journal.finish(result)
    assert len(told) == 1
    assert told[0].startswith("This call cannot be kept at the moment: ")
    assert whole(store, absorb(store, path)).now == result


def small_disk(folder):
    """A quarter of a megabyte of disk; None where there can be none."""
    folder.mkdir()
    if os.name != "posix" or os.geteuid() != 0:
        return None
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    )
    return folder if made.returncode == 0 else None


def test_a_disk_that_is_full_for_a_while_loses_nothing(store, tmp_path):
    disk = small_disk(tmp_path / "disk")
    if disk is None:
        pytest.skip("no disk of our own can be mounted here")
    told = []
    try:
        filler = disk / "filler"
        filler.write_bytes(bytes(250_000))
        path = disk / FOLDER / "call.journal"
        journal = Journal(path, head(), on_problem=told.append, every_s=0.05)
        result = tell(journal)
        end = time.monotonic() + 20
        while not told and time.monotonic() < end:
            time.sleep(0.02)
        filler.unlink()
        journal.finish(result)
        assert len(told) == 1
        assert "No space left" in told[0]
        assert whole(store, absorb(store, path)).now == result
    finally:
        subprocess.run(["umount", disk], check=True)


def test_writing_it_needs_no_database(root):
    program = (
        "import sys, monitor.store.journal, monitor.live.keeping; "
        "print([n for n in sys.modules if n.split('.')[0] in ('sqlalchemy', 'alembic', 'filelock', 'pyarrow')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=True)
    assert done.stdout == "[]\n"
