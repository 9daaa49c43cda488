"""Where the replay window finds a call, what it refuses, and what people add to it."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from monitor.assemble import AnalysisOptions, engine_info
from monitor.errors import InputProblem, ParameterError
from monitor.replay import kept as kept_module
from monitor.replay.document import Stopped, analyse, from_recording, from_result, from_store, measured
from monitor.replay.kept import KeptCalls
from monitor.replay.navigate import Filter, next_place, places, previous_place, search
from monitor.replay.notes import FileNotebook
from monitor.sinks.json_file import write_json
from monitor.store.calls import open_store
from monitor.types import FlagState, Light, Word
from tests.replay_calls import call_view
from tests.report_samples import HOSTILE, call, flag, write_frames
from tests.stored import store_call

VOICE = AnalysisOptions(recogniser="none")


@pytest.fixture
def kept(tmp_path):
    return KeptCalls(tmp_path / "cache")


@pytest.fixture
def recording(tmp_path, root):
    path = tmp_path / "calls" / "spoken.flac"
    path.parent.mkdir()
    shutil.copy(root / "tests" / "data" / "speech_slt.flac", path)
    return path


def test_a_recording_is_analysed_once_and_then_opens_with_all_its_measures(recording, kept):
    assert from_recording(recording, kept=kept) is None
    done = []
    view = analyse(recording, VOICE, done.append, kept=kept)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(view.duration_s, abs=0.01)
    again = from_recording(recording, kept=kept)
    assert again.result == view.result
    assert [track.name for track in again.tracks] == ["level_dbfs", "f0_hz", "effort_db", "pace_syl_s"]
    for one, other in zip(view.tracks, again.tracks, strict=True):
        assert np.array_equal(one.values, other.values, equal_nan=True)
    assert again.speaker(0) == "agent"
    assert again.lights_then is None
    # One that was judged by something else is not what was asked for.
    assert from_recording(recording, engine_info(VOICE), kept=kept) is not None
    other = replace(engine_info(VOICE), policy="another@0")
    assert from_recording(recording, other, kept=kept) is None
    # Neither is one of a recording that has changed, even where nobody changed its name.
    recording.write_bytes(recording.read_bytes() + b"\0")
    assert from_recording(recording, kept=kept) is None
    for each in (view, again):
        each.close()


def test_a_result_beside_the_recording_is_taken_and_its_measures_are_made_up_for(recording, kept):
    view = analyse(recording, VOICE, kept=KeptCalls(recording.parent / "elsewhere"))
    write_json(view.result, recording.with_suffix(".json"))
    found = from_recording(recording, kept=kept)
    assert found.result == view.result
    assert found.tracks == ()
    tracks = measured(found, kept=kept)
    assert np.array_equal(tracks[1].values, view.tracks[1].values, equal_nan=True)

    def give_up(_done_s):
        raise Stopped

    with pytest.raises(Stopped):
        measured(found, give_up)
    again = from_recording(recording, kept=kept)
    assert len(again.tracks) == 4  # what was measured was kept
    recording.with_suffix(".json").write_text("{}")  # another program's
    assert from_recording(recording, engine_info(VOICE), kept=kept) is not None  # kept as well
    for each in (view, found, again):
        each.close()


def test_a_result_finds_its_frames_and_its_recording_and_refuses_another_one(tmp_path, kept):
    folder = tmp_path / "results"
    folder.mkdir()
    view = call_view(tmp_path)
    result = call(source=replace(call().source, name="../call.wav", sha256=kept.sha256(tmp_path / "call.wav")))
    write_json(result, folder / "call.json")
    write_frames(folder / "call.frames.parquet", result)
    found = from_result(folder / "call.json", kept=kept)
    assert found.recording.samefile(tmp_path / "call.wav")
    assert [track.speaker for track in found.tracks if track.name == "f0_hz"] == ["agent", "customer"]
    assert found.tracks[1].at(22.0) == pytest.approx(180.0)
    assert found.tracks[1].at(15.0) is None
    assert found.warnings == ("clipping in 0.4 % of frames",)
    (tmp_path / "call.wav").rename(tmp_path / "other.wav")
    without = from_result(folder / "call.json", kept=kept)
    assert without.waveform is None
    assert "no sound" in without.warnings[-1]
    assert from_result(folder / "call.json", tmp_path / "other.wav", kept=kept).waveform is not None
    (tmp_path / "other.wav").write_bytes((tmp_path / "other.wav").read_bytes()[:-2])
    with pytest.raises(InputProblem, match="not the recording"):
        from_result(folder / "call.json", tmp_path / "other.wav", kept=kept)
    for each in (view, found):
        each.close()


def test_what_was_kept_is_private_survives_damage_and_goes_after_a_while(recording, kept, tmp_path, monkeypatch):
    view = analyse(recording, VOICE, kept=kept)
    folder = tmp_path / "cache"
    assert folder.stat().st_mode & 0o077 == 0
    (measures,) = folder.glob("*.npz")
    measures.write_bytes(b"damaged")
    again = from_recording(recording, kept=kept)
    assert again.result == view.result
    assert again.tracks == ()
    (result,) = folder.glob("*.json")
    result.write_bytes(b"damaged")
    assert from_recording(recording, kept=kept) is None
    os.utime(result, (0, 0))
    monkeypatch.setattr(kept_module, "KEPT_DAYS", 1)
    kept.keep(replace(view.result, source=replace(view.result.source, sha256="0" * 64)), None)
    assert [path.name for path in folder.glob("*.json")] == ["0" * 64 + ".json"]
    for each in (view, again):
        each.close()


def test_a_stored_call_opens_with_what_was_remarked_and_takes_more(tmp_path):
    with open_store(tmp_path / "calls.sqlite", who="ann") as store:
        number = store_call(store, minutes=2)
        store.comment(number, "well solved", at_s=64.5)
        view = from_store(store, number)
        assert (view.call_id, view.waveform) == (number, None)
        assert view.policy is not None
        assert view.lights_now == store.open(number).result.lights
        assert len(view.tracks[0].values) == 12_000
        view.notebook.comment("and kind", None)
        view.notebook.dispute("voice.raised", 70.0, "voice above your usual", "a door slammed")
        for seen in (view.with_remarks(), from_store(store, number)):
            assert [remark.text for remark in seen.comments] == ["well solved", "and kind"]
            assert [(r.subject, r.at_s, r.reason) for r in seen.disputes] == [("voice.raised", 70.0, "a door slammed")]
        assert "replay" in [visit.deed for visit in store.visits()]
        with pytest.raises(ParameterError, match="no call 99"):
            from_store(store, 99)
        with pytest.raises(InputProblem, match="not the recording"):
            from_store(store, number, call_view(tmp_path).recording)


def test_remarks_on_a_file_are_kept_whatever_is_written_in_them(tmp_path):
    notebook = FileNotebook(call(), tmp_path / "notes")
    assert notebook.remarks() == ()
    for text in HOSTILE:
        notebook.comment(text, 1.5)
    notebook.dispute("say.calm_down", 21.6, "calm down", HOSTILE[1])
    (path,) = (tmp_path / "notes").iterdir()
    with path.open("a") as file:
        file.write('{"made": "yesterday"}\nno json\n')
    found = FileNotebook(call(), tmp_path / "notes").remarks()
    assert [remark.text for remark in found] == [*HOSTILE, "calm down"]
    assert (found[-1].subject, found[-1].reason, found[-1].at_s) == ("say.calm_down", HOSTILE[1], 21.6)
    assert path.stat().st_mode & 0o077 == 0


def test_places_are_flags_and_lights_that_can_be_filtered_and_walked():
    twice = (flag(FlagState.WITHDRAWN, 30.0), flag(FlagState.CONFIRMED, 30.0))
    found = places(call(flags=(*call().flags, *twice)))
    assert len({place.key for place in found}) == len(found) == 7
    assert [place.light for place in found if place.light] == [Light.AMBER, Light.RED]
    assert [place.start_s for place in found] == sorted(place.start_s for place in found)
    assert found[0].text == "voice well above your usual level (8 dB, limit 6)"
    only = Filter(ids=frozenset({"say.calm_down"}), states=frozenset({FlagState.CONFIRMED}), lights=frozenset())
    kept = [place for place in found if only.holds(place)]
    assert [place.start_s for place in kept] == [21.6, 30.0]
    assert next_place(kept, 0.0) is kept[0]
    assert next_place(kept, 21.6) is kept[1]
    assert next_place(kept, 30.0) is None
    assert previous_place(kept, 30.0) is kept[0]
    assert previous_place(kept, 21.62) is None


def test_words_are_found_as_they_follow_each_other_on_one_side():
    words = [*call().words, Word(23.0, 23.3, "DOWN!", 0.9, 1), Word(23.3, 23.6, "plea", 0.9, 1)]
    hits = search(words, "Down ple")
    assert [(hit.start_s, hit.channel) for hit in hits] == [(22.0, 0), (23.0, 1)]
    assert hits[0].text == "want you to calm down please and i am so"
    assert search(words, "down calm") == ()
    assert search(words, "  ") == ()
