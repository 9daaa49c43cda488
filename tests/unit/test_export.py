"""Results in other programs' formats, each opened by that program's own code or by a reader of its format."""

import io
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import av
import pandas as pd
import pympi
import pytest

from monitor.export.audacity import to_audacity
from monitor.export.captions import MOST_LETTERS, lines, to_webvtt
from monitor.export.elan import to_elan
from monitor.export.files import FORMATS, mend_format, write_format
from monitor.export.textgrid import to_textgrid
from monitor.export.tiers import Mark, one_line, tiers
from monitor.result_types import CallResult
from monitor.types import Light, LightSpan, Turn, Word
from tests.report_samples import DURATION_S, HOSTILE, call, hostile_call


def by_name(result, **options):
    return {tier.name: tier for tier in tiers(result, **options)}


# --- tiers


def test_everything_becomes_a_tier_and_overlaps_go_to_another():
    found = by_name(call())
    assert list(found) == [
        "light", "flags", "flags 2", "turns agent", "turns customer", "words agent", "words customer", "checklist",
    ]  # fmt: skip
    assert found["light"].marks[2] == Mark(20.0, 22.0, "amber: voice well above your usual level")
    assert [mark.text for mark in found["flags"].marks] == [
        "“calm down” heard (say.calm_down); say instead: Let me see",
        "“calm down” taken back (say.calm_down)",
    ]
    assert found["flags 2"].marks[0].start_s == 22.0
    assert found["checklist"].moments
    assert [mark.start_s for mark in found["checklist"].marks] == [22.5]


def test_words_can_be_left_out():
    assert not [name for name in by_name(call(), words=False) if "words" in name]


@pytest.mark.parametrize("span", [(-0.0, 0.0), (DURATION_S, DURATION_S), (DURATION_S - 0.0001, DURATION_S + 5)])
def test_marks_lie_within_the_call_and_have_a_length(span):
    (mark,) = by_name(call(turns=(Turn(*span, "agent"),)))["turns agent"].marks
    assert 0 <= mark.start_s < mark.end_s <= DURATION_S


def test_text_of_one_line_has_no_character_that_a_reader_stumbles_over():
    assert one_line("a\n\tb\x00\x1b\ud800\u2028c") == "a b\ufffd\ufffd\ufffd c"


# --- Praat


def test_praat_reads_the_textgrid(tmp_path):
    opened, ask = read_by_praat(call(), tmp_path)
    assert ask(opened, "Get number of tiers") == 8
    assert ask(opened, "Get tier name", 1) == "light"
    assert ask(opened, "Get end time") == DURATION_S
    assert ask(opened, "Get label of interval", 1, 4) == "red: said “calm down”; voice well above your usual level"
    at = ask(opened, "Get interval at time", 4, 22.0)
    assert ask(opened, "Get label of interval", 4, at) == "agent"
    assert ask(opened, "Get start time of interval", 4, at) == 20.0
    assert ask(opened, "Get label of point", 8, 1) == "apologise"
    assert ask(opened, "Get time of point", 8, 1) == 22.5


def read_by_praat(result, folder):
    """The TextGrid as Praat opened it, and Praat to ask about it."""
    parselmouth = pytest.importorskip("parselmouth")
    path = folder / "call.TextGrid"
    path.write_text(to_textgrid(result), encoding="utf-8", errors="backslashreplace")
    return parselmouth.read(str(path)), parselmouth.praat.call


@pytest.mark.parametrize("make", [hostile_call, lambda: call(lights=(), flags=(), checklist=(), turns=(), words=())])
def test_praat_reads_odd_calls_too(make, tmp_path):
    opened, ask = read_by_praat(make(), tmp_path)
    assert ask(opened, "Get end time") == DURATION_S


# --- ELAN


def test_elan_files_are_read_by_a_reader_of_theirs(tmp_path):
    path = tmp_path / "call.eaf"
    path.write_text(to_elan(call()), encoding="utf-8")
    opened = pympi.Eaf(str(path))
    assert set(opened.get_tier_names()) == set(by_name(call()))
    assert opened.get_annotation_data_for_tier("turns agent") == [(1000, 9000, "agent"), (20000, 25000, "agent")]
    assert opened.get_linked_files()[0]["RELATIVE_MEDIA_URL"] == "./call.wav"


def test_elan_files_have_the_form_of_the_schema():
    root = ET.fromstring(to_elan(call()))
    order = ["HEADER", "TIME_ORDER", *["TIER"] * 8, "LINGUISTIC_TYPE"]  # the schema has a sequence
    assert [child.tag for child in root] == order
    slots = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")}
    assert list(slots.values()) == sorted(slots.values())
    found = list(root.iter("ALIGNABLE_ANNOTATION"))
    ids = [annotation.get("ANNOTATION_ID") for annotation in found]
    assert len(set(ids)) == len(ids) == sum(len(tier.marks) for tier in tiers(call()))
    assert all(slots[a.get("TIME_SLOT_REF1")] < slots[a.get("TIME_SLOT_REF2")] for a in found)
    assert {tier.get("LINGUISTIC_TYPE_REF") for tier in root.iter("TIER")} == {
        kind.get("LINGUISTIC_TYPE_ID") for kind in root.iter("LINGUISTIC_TYPE")
    }


def test_elan_names_no_recording_where_there_was_none():
    live = call(source=replace(call().source, sha256=None))
    assert not list(ET.fromstring(to_elan(live)).iter("MEDIA_DESCRIPTOR"))


# --- Audacity


def test_audacity_labels_are_a_table_of_times_and_texts():
    table = pd.read_csv(io.StringIO(to_audacity(call())), sep="\t", names=["start", "end", "text"], quoting=3)
    assert (table["end"] >= table["start"]).all()
    assert table["start"].is_monotonic_increasing
    assert table.loc[table["text"] == "done: apologise", ["start", "end"]].values.tolist() == [[22.5, 22.5]]
    assert "red: said “calm down”; voice well above your usual level" in set(table["text"])
    assert not table["text"].str.contains("please$").any()


# --- WebVTT


def read_by_ffmpeg(text, tmp_path):
    path = tmp_path / "call.vtt"
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
    found = []
    with av.open(str(path)) as file:
        assert file.format.name == "webvtt"
        for packet in file.demux(file.streams[0]):
            if packet.pts is not None:
                shown = b" ".join(bytes(subtitle.ass) for subtitle in packet.decode())
                found.append((packet.pts, packet.pts + packet.duration, shown.decode().split(",,", 2)[-1]))
    return found


def test_ffmpeg_reads_the_captions(tmp_path):
    found = read_by_ffmpeg(to_webvtt(call()), tmp_path)
    assert (10_000, 10_500, "hello") in found
    assert (20_000, 24_800, "i want you to calm down please and i am so sorry") in found
    assert (20_000, 22_000, "amber: voice well above your usual level") in found
    assert any(text.endswith("“calm down” heard. Say instead: Let me see") for _, _, text in found)
    assert not any("taken back" in text for _, _, text in found)


def test_captions_name_the_speaker_and_escape_text():
    text = to_webvtt(hostile_call())
    assert "<v agent>" in text
    cues = text.split("\n\n")[2:]
    assert all(cue.count("-->") == 1 for cue in cues)
    assert "<script" not in text
    assert "<img" not in text


def test_hours_are_written_out():
    late = call(words=(Word(3725.5, 3726.0, "late"),))
    assert "01:02:05.500 --> 01:02:06.000" in to_webvtt(late)


def test_captions_are_short_and_begin_anew_after_a_pause():
    words = (*(Word(i * 0.3, i * 0.3 + 0.3, "word") for i in range(100)), Word(35.0, 35.5, "pause"))
    found = lines(call(words=words))
    assert all(len(line.text) <= MOST_LETTERS for line in found)
    assert all(line.end_s - line.start_s <= 7.0 for line in found)
    assert found[-1].text == "pause"
    assert sum(len(line.words) for line in found) == 101


# --- files


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("make", [call, hostile_call])
def test_files_are_written_once_and_mended_when_they_differ(tmp_path, kind, make):
    path = tmp_path / f"call{FORMATS[kind].ending}"
    write_format(make(), kind, path)
    before = path.stat().st_mtime_ns, path.read_bytes()
    mend_format(make(), kind, path)
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before
    path.write_bytes(b"other")
    mend_format(make(), kind, path)
    assert path.read_bytes() == before[1]


@pytest.mark.parametrize("to_text", [to_textgrid, to_audacity, to_elan, to_webvtt])
def test_a_result_and_what_is_read_back_give_the_same_file(to_text):
    result = call()
    assert to_text(CallResult.from_dict(json.loads(json.dumps(result.to_dict())))) == to_text(result)


def test_hostile_text_stays_text_in_xml():
    root = ET.fromstring(to_elan(hostile_call()))
    values = [value.text for value in root.iter("ANNOTATION_VALUE")]
    assert one_line(HOSTILE[0]) in values
    assert {child.tag for child in root.iter()} <= {
        "ANNOTATION_DOCUMENT", "HEADER", "MEDIA_DESCRIPTOR", "TIME_ORDER", "TIME_SLOT", "TIER", "ANNOTATION",
        "ALIGNABLE_ANNOTATION", "ANNOTATION_VALUE", "LINGUISTIC_TYPE",
    }  # fmt: skip


def test_a_light_of_a_device_without_reasons_is_its_colour():
    found = by_name(call(lights=(LightSpan(0.0, DURATION_S, Light.GREEN),)))
    assert [mark.text for mark in found["light"].marks] == ["green"]
