"""The store of calls, on SQLite and on a real PostgreSQL server."""
# ruff: noqa: F811 - a fixture that is imported is named again where it is asked for

import json
import os
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from monitor.errors import EnvironmentProblem, ParameterError
from monitor.events import FlagChanged, LightChanged
from monitor.rejudge.many import Change, Tally, apply, judge_many
from monitor.store import tables
from monitor.store.calls import open_store, user
from monitor.store.export import export_agent
from monitor.store.packing import pack_result
from monitor.store.recall import recall
from monitor.store.whole import CUT_OFF, whole
from monitor.types import Flag, FlagState, Light, Reason
from tests.databases import place, postgres, store  # noqa: F401 - fixtures
from tests.stored import DAY, POLICY, empty_result, hand_over, head, judged, said, same, store_call

HOSTILE = "\0<script>'; DROP TABLE calls; --\ud800\N{RIGHT-TO-LEFT OVERRIDE}"
OF_A_CALL = (tables.Verdict, tables.Part, tables.StoredLight, tables.StoredFlag, tables.StoredItem,
             tables.StoredDispute, tables.StoredComment)  # fmt: skip


def count(store, table):
    with store.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_call_comes_back(store):
    writer = store.begin(head("first.wav", team="blue"))
    ticks = hand_over(writer, minutes=2, passes=[said("please calm down now")])
    result = judged(ticks, name="first.wav")
    number = writer.finish(result)
    [listed] = store.listed()
    assert (listed.id, listed.name, listed.agent, listed.team, listed.ended) == (
        number,
        "first.wav",
        "ann",
        "blue",
        True,
    )
    assert listed.began_ms == DAY.timestamp() * 1000
    assert (listed.green_s, listed.duration_s) == (result.summary.green_s, 120.0)
    call = store.open(number)
    assert call.result == call.shown == result
    assert len(store.trace(number)) == 12_000
    assert store.policy(listed.policy) == POLICY
    with store.engine.connect() as connection:
        [back] = recall(connection, [number])
    assert back.agent.fresh.tolist() == ticks.fresh.tolist()
    assert [hypothesis for _, hypothesis in back.heard(passes=True).passes] == [said("please calm down now")]
    assert count(store, tables.StoredLight) == len(result.lights)
    assert count(store, tables.StoredItem) == len(result.checklist)


def test_listing_is_by_time_and_may_be_narrowed(store):
    numbers = [store_call(store, began=DAY + timedelta(days=day), name=f"{day}.wav") for day in (2, 0, 1)]
    assert [call.id for call in store.listed()] == [numbers[0], numbers[2], numbers[1]]
    assert [call.id for call in store.listed(most=1)] == [numbers[0]]
    assert [call.id for call in store.listed(since=DAY + timedelta(days=1))] == [numbers[0], numbers[2]]
    assert [call.id for call in store.listed(until=DAY + timedelta(days=1))] == [numbers[1]]
    assert store.listed(agent="ben") == []
    assert store.count() == 3
    assert store.numbers() == sorted(numbers)


def test_a_call_belongs_to_its_agent(store, place):
    number = store_call(store)
    with open_store(place, who="sue") as other:
        assert other.listed() == []
        assert other.numbers() == []
        assert len(other.trace(number)) == 0
        for forbidden in (
            lambda: other.open(number),
            lambda: other.comment(number, "x"),
            lambda: other.dispute(number, "voice.raised", 1.0, "x"),
            lambda: other.share(number),
            lambda: other.delete([number]),
        ):
            with pytest.raises(ParameterError, match=f"no call {number} "):
                forbidden()
        store.share(number)
        assert [call.id for call in other.listed()] == [number]
        other.open(number)
        with pytest.raises(ParameterError, match="of your own"):
            other.delete([number])
        with pytest.raises(ParameterError, match="of your own"):
            other.share(number, shared=False)
        store.share(number, shared=False)
        with pytest.raises(ParameterError):
            other.open(number)
        assert [visit.deed for visit in other.visits("ann")] == ["open"]
    deeds = [(visit.who, visit.deed) for visit in store.visits()]
    assert deeds == [("ann", "unshare"), ("sue", "open"), ("ann", "share")]


def test_deleting_leaves_nothing_but_the_accesses(store):
    number = store_call(store, passes=[said("please calm down now")])
    store.dispute(number, "say.calm_down", 10.0, "was a quote", note="n")
    store.comment(number, "well solved", 4.0)
    assert all(count(store, table) for table in OF_A_CALL)
    with pytest.raises(ParameterError, match="no call 99"):
        store.delete([number, 99])
    assert store.count() == 1, "all or none"
    assert store.delete([number]) == 1
    assert not any(count(store, table) for table in (tables.Call, *OF_A_CALL))
    assert [(visit.call_id, visit.deed) for visit in store.visits(most=1)] == [(number, "delete")]
    assert store_call(store) > number, "a number is never given twice"


def test_purging_takes_what_is_too_old_of_everybody(store):
    store_call(store, agent="ben", began=DAY - timedelta(days=91))
    kept = store_call(store, began=DAY - timedelta(days=89))
    assert store.purge(DAY - timedelta(days=90)) == 1
    assert store.numbers() == [kept]
    assert store.purge(DAY - timedelta(days=90)) == 0
    assert [(visit.agent, visit.deed) for visit in store.visits("ben")] == [("ben", "purge")]


def test_remarks_are_kept_in_order(store):
    number = store_call(store)
    store.comment(number, "first")
    store.dispute(number, "voice.raised", 3.5, "the door", note="slammed")
    found = store.open(number).remarks
    assert [(each.subject, each.at_s, each.text, each.note) for each in found] == [
        (None, None, "first", None), ("voice.raised", 3.5, "the door", "slammed"),
    ]  # fmt: skip


def test_remarks_of_one_moment_keep_their_order(store, monkeypatch):
    monkeypatch.setattr("monitor.store.calls._now_ms", lambda: 1_000)
    number = store_call(store)
    for text in ("first", "second"):
        store.comment(number, text)
    store.dispute(number, "voice.raised", 3.5, "third")
    store.comment(number, "fourth")
    assert [each.text for each in store.open(number).remarks] == ["first", "second", "third", "fourth"]


def test_remarks_are_read_anew_without_a_trace(store, place):
    number = store_call(store, sha256="ab" * 32)
    assert store.remarks(number) == ()
    store.comment(number, "here", at_s=4.0)
    assert [each.text for each in store.remarks(number)] == ["here"]
    assert store.number_of("ab" * 32) == number
    assert store.number_of("cd" * 32) is None
    assert store.visits() == []
    with open_store(place, who="sue") as other:
        assert other.number_of("ab" * 32) is None
        with pytest.raises(ParameterError, match="no call"):
            other.remarks(number)


def test_all_of_a_call_is_there_to_be_replayed(store, tmp_path):
    (tmp_path / "call.wav").write_bytes(b"sound")
    os.utime(tmp_path / "call.wav", (DAY.timestamp(), DAY.timestamp()))
    writer = store.begin(replace(head(), sound=str(tmp_path / "call.wav")))
    ticks = hand_over(writer, minutes=2, passes=[said("please calm down now")])
    number = writer.finish(judged(ticks))
    store.dispute(number, "voice.raised", 4.0, "the door")
    call = whole(store, number)
    assert call.now is call.then
    assert (call.policy, call.sound) == (POLICY, tmp_path / "call.wav")
    assert [len(trace) for trace in call.traces] == [12_000]
    assert same(call.ticks[0], ticks) or len(call.ticks[0]) == len(ticks)
    assert [each.subject for each in call.remarks] == ["voice.raised"]
    assert store.visits(most=1)[0].deed == "replay"
    os.utime(tmp_path / "call.wav")
    assert whole(store, number).sound is None, "another recording took its place"
    (tmp_path / "call.wav").unlink()
    assert whole(store, number).sound is None


def test_a_call_that_has_no_result_is_shown_as_far_as_it_was_kept(store):
    writer = store.begin(head())
    hand_over(writer, passes=[said("please calm down now")])
    writer.take(LightChanged(12.0, Light.RED, (Reason("say.calm_down", "said “calm down”"),), None))
    flag = Flag(1, "say.calm_down", 10.3, 10.9, 0, "calm down", "calm down", FlagState.CONFIRMED, 0.9, None, 12.0)
    writer.take(FlagChanged(12.0, flag))
    writer.flush()
    now = whole(store, store.listed()[0].id).now
    assert [(span.start_s, span.light) for span in now.lights][-1] == (12.0, Light.RED)
    assert [flag.id for flag in now.flags] == ["say.calm_down"]
    assert [word.text for word in now.words] == ["please", "calm", "down", "now"]
    assert now.warnings == (CUT_OFF,)


def test_an_analysis_that_was_stopped_leaves_nothing_once_it_is_repeated(store):
    cut_off = store.begin(head())
    hand_over(cut_off)
    cut_off.flush()
    other = store.begin(head("other.wav"))
    other.flush()
    number = store_call(store)
    assert sorted((call.name, call.ended) for call in store.listed()) == [("call.wav", True), ("other.wav", False)]
    assert number in store.numbers()


def test_the_sound_of_a_live_call_goes_with_it(store, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("monitor.store.calls.data_folder", lambda: tmp_path)
    (tmp_path / "recordings").mkdir()
    kept, given_ = tmp_path / "recordings" / "live.flac", tmp_path / "mine.wav"
    for path, began in ((kept, DAY), (given_, DAY)):
        path.write_bytes(b"sound")
        writer = store.begin(replace(head(path.name, began=began), sound=str(path), origin=path.name))
        writer.finish(judged(hand_over(writer)))
    store_call(store, name="analysed.wav")
    assert store.purge(DAY + timedelta(days=1), own_live=True) == 2
    assert (kept.exists(), given_.exists()) == (False, True)
    assert [call.name for call in store.listed()] == ["analysed.wav"]


def test_hostile_names_are_only_names(store):
    number = store_call(store, name=HOSTILE, passes=[said("please calm down now")])
    store.comment(number, HOSTILE)
    call = store.open(number)
    assert "DROP TABLE" in call.listed.name
    assert "\0" not in call.listed.name
    assert "<script>" in call.remarks[0].text
    assert store.count() == 1


def test_the_same_recording_anew_takes_the_place_of_the_earlier(store):
    before = store_call(store, sha256="ab" * 32)
    store.comment(before, "mine")
    store.share(before)
    other = store_call(store, sha256="cd" * 32)
    after = store_call(store, sha256="ab" * 32, seed=2)
    assert store.numbers() == [other, after]
    call = store.open(after)
    assert call.listed.shared
    assert [remark.text for remark in call.remarks] == ["mine"]


def test_what_was_shown_stays_beside_what_is_judged_now(store):
    number = store_call(store, minutes=4, raised=0.3)
    shown = store.open(number).result
    limits = {"raised": POLICY.thresholds.raised.model_copy(update={"amber": 0.6, "red": 4.0})}
    fields = {name: getattr(POLICY, name) for name in type(POLICY).model_fields}
    eager = type(POLICY)(**{**fields, "thresholds": POLICY.thresholds.model_copy(update=limits)})
    changes = list(judge_many(store, None, eager, [number], keep=True))
    assert changes[0].differs
    apply(store, eager, changes)
    call = store.open(number)
    assert call.shown == shown
    assert call.result.engine.policy == call.listed.policy == eager.fingerprint
    assert store.policy(eager.fingerprint) == eager
    assert call.result.summary != shown.summary
    assert call.listed.amber_s == call.result.summary.amber_s


def test_applying_nothing_changes_nothing(store):
    number = store_call(store)
    before = store.open(number).result
    apply(store, POLICY, [Change(number, 60.0, Tally(), Tally())])
    assert store.open(number).result == before


def test_an_export_holds_everything(store, tmp_path):
    number = store_call(store, passes=[said("please calm down now")])
    store_call(store, agent="ben")
    store.comment(number, "mine")
    assert export_agent(store, tmp_path / "mine.zip") == 1
    with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
        assert archive.testzip() is None
        files = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert set(files) == {f"call-{number}.json", f"call-{number}.agent.measures.json", "accesses.json"}
    call = files[f"call-{number}.json"]
    assert call["result"] == store.open(number).result.to_dict()
    assert call["remarks"][0]["text"] == "mine"
    measures = files[f"call-{number}.agent.measures.json"]
    assert {len(values) for name, values in measures.items() if name != "hop_s"} == {6000}
    assert files["accesses.json"][0]["deed"] == "export"
    assert (tmp_path / "mine.zip").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_an_export_that_cannot_be_written_leaves_nothing(store, tmp_path):
    store_call(store)
    with pytest.raises(EnvironmentProblem, match="could not be written"):
        export_agent(store, tmp_path / "no-folder" / "mine.zip")
    assert list(tmp_path.glob("**/*.zip")) == []


def test_a_call_that_was_cut_off_is_there(store):
    writer = store.begin(head())
    hand_over(writer)
    writer.flush()
    [listed] = store.listed()
    assert not listed.ended
    assert listed.duration_s == 60.0
    call = store.open(listed.id)
    assert call.result is None
    assert len(store.trace(listed.id)) == 6000
    assert store.numbers() == [], "only what ended is judged again"


def test_discarding_leaves_nothing(store):
    writer = store.begin(head())
    hand_over(writer)
    writer.flush()
    writer.discard()
    assert store.listed() == []


def test_writing_piece_by_piece_is_the_same_as_at_once(store):
    by_piece = store.begin(head())
    from tests.stored import parts, windows

    for each in windows(parts(3, seed=4)):
        by_piece.measured(0, each)
        by_piece.flush()
    result = empty_result(duration_s=180.0)
    numbers = [by_piece.finish(result)]
    at_once = store.begin(head())
    hand_over(at_once, minutes=3, seed=4)
    numbers.append(at_once.finish(result))
    with store.engine.connect() as connection:
        one, other = recall(connection, numbers)
    assert same(one.agent, other.agent)


def test_a_damaged_document_is_told(store):
    number = store_call(store)
    with store.engine.begin() as connection:
        connection.execute(tables.Verdict.__table__.update().values(document=pack_result(empty_result())[:-4]))
    with pytest.raises(EnvironmentProblem, match="damaged"):
        store.open(number)


def test_somebody_uses_this_system():
    assert user()
