"""The page of one call: what stands on it, and what its charts are made of."""

import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from monitor.policy.load import load_policy
from monitor.report.call_charts import lights_chart, talk_chart, usual_of, voice_chart
from monitor.report.call_page import call_page, voice_of
from monitor.report.names import behaviour_name, recogniser_name, unknown_name
from monitor.report.page import render, write_page
from monitor.report.shapes import LEFT, RIGHT, TimeAxis, ValueAxis, line, shape
from monitor.report.tracks import ROWS, read_measures, thinned
from monitor.types import Light, LightSpan, Segment
from tests.report_samples import DURATION_S, call, hostile_call, write_frames


class Reader(HTMLParser):
    """The text of a page, its tags, and whether every tag is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.parts, self.attributes = [], set(), [], set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.parts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.parts))


@pytest.fixture(scope="module")
def policy():
    return load_policy(None)


# --- the page


def test_a_page_tells_what_is_known(policy):
    reader = Reader(call_page(call(), policy=policy))
    assert reader.open == []
    for words in (
        "call.wav", "basic detection", "mine@123456789abc", "168 words per minute",
        "Of 40 s the light was green for 22 s, amber for 2 s, red for 6 s and grey for 10 s.",
        "voice well above your usual level (8 dB, limit 6)",
        "Orders calm", "heard, 93 %", "Let me see", "taken back",
        "An apology or regret, early", "not yet", "the customer was not heard",
        "Agent's share of talk", "58 %", "0:12 to 0:15",
        "How much louder the customer became", "too little of the customer was heard",
        "clipping in 0.4 % of frames",
    ):  # fmt: skip
        assert words in reader.text, words
    assert "The agent's voice" not in reader.text  # no frames, no curves
    assert not {"script", "img", "link", "iframe"} & reader.tags
    assert not {name for name in reader.attributes if name.startswith("on") or name in ("style", "href", "src")}


def test_a_page_shows_the_voice_where_frames_lie_beside(tmp_path, policy):
    write_frames(tmp_path / "f.parquet", call())
    text = Reader(call_page(call(), policy=policy, voice=voice_of(read_measures(tmp_path / "f.parquet", call())))).text
    assert "Level (dBFS)" in text
    assert "Its upper values run from 120 to 180 Hz; usual for this voice is 120." in text


def test_frames_of_another_call_are_not_shown(tmp_path):
    write_frames(tmp_path / "f.parquet", call())
    other = call(source=replace(call().source, sha256="f" * 64))
    assert voice_of(read_measures(tmp_path / "f.parquet", other)) is None
    assert voice_of(read_measures(tmp_path / "missing.parquet", call())) is None


def test_hostile_text_comes_out_as_text(policy):
    page = call_page(hostile_call(), policy=policy)
    reader = Reader(page)
    assert reader.open == []
    assert not {"script", "img"} & reader.tags
    assert "{{ 7 * 7 }} {% raw %}" in reader.text
    assert "49" not in reader.text
    assert "\\u202e" in reader.text
    assert "\\x1b[31m\\ud800" in reader.text
    page.encode("utf-8")  # no half of a character is left


def test_a_call_without_anything_still_has_a_page(policy):
    empty = call(
        lights=(LightSpan(0.0, DURATION_S, Light.GREY),), flags=(), checklist=(), turns=(), words=(), warnings=(),
        unknown={"words": "no recogniser"}, conversation=None, baseline=None,
        engine=replace(call().engine, recogniser="none"),
        summary=replace(call().summary, grey_s=DURATION_S, green_s=0.0),
    )  # fmt: skip
    text = Reader(call_page(empty, policy=policy)).text
    assert "Words were not listened to, so phrases are not known." in text
    assert "No turn was found. No phrase was flagged." in text
    assert "For the next call" not in text  # nothing was judged, so there is nothing to advise


def test_flagged_words_are_marked_in_the_transcript(policy):
    page = call_page(call(), policy=policy)
    assert '<mark title="calm down, heard">calm down</mark>' in page


def test_writing_replaces_the_page_as_a_whole(tmp_path):
    write_page("one", tmp_path / "a.html")
    write_page("two\ud800", tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "two\\ud800"
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]


def test_a_value_that_a_template_lacks_is_our_mistake():
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        render("call.html", {})


# --- charts


def test_time_runs_from_the_left_to_the_right_edge():
    axis = TimeAxis(100.0)
    assert (axis.x(0), axis.x(100), axis.x(200)) == (LEFT, RIGHT, RIGHT)
    assert axis.box(Segment(10, 10), 0, 10, "x").width > 0
    assert len(axis.ticks(0, 10)[1]) <= 12


@pytest.mark.parametrize("duration_s", [0.0, 0.4, 59.0, 3600.0, 86_400.0])
def test_any_length_has_a_few_ticks(duration_s):
    lines, labels = TimeAxis(duration_s).ticks(0, 10)
    assert 1 <= len(lines) == len(labels) <= 12


def test_values_keep_inside_their_box():
    axis = ValueAxis.around([1.0, math.nan, 3.0], 10, 100)
    assert axis.y(axis.high) == 10
    assert axis.y(-100) == 110
    assert ValueAxis.around([], 0, 10).y(0.5) == 5.0
    assert ValueAxis.around([2.0, 2.0], 0, 10).y(2.0) == 5.0


def test_a_line_has_a_gap_where_there_is_no_value():
    path = line([(0, 1.0), (1, 2.0), (2, math.nan), (3, 4.0)], "track")
    assert path.d == "M0 1.0L0 1.0L1 2.0M3 4.0L3 4.0"


def test_lights_differ_in_height_and_sign():
    chart = lights_chart(call())
    heights = {rect.kind: rect.height for rect in chart.rects}
    assert len(set(heights.values())) == 4
    assert len({path.kind for path in chart.paths if "sign" in path.kind}) == 4
    assert chart.rects[3].tip.startswith("0:22.0 to 0:28.0 red: said “calm down”")


def test_turns_and_flags_have_rows_of_their_own():
    chart = talk_chart(call())
    assert chart.description == (
        "Turns: agent 2 turns, 13 s; customer 1 turn, 10 s. Phrases: 1 maybe heard; 1 heard; 1 taken back."
    )
    assert {label.text for label in chart.labels} >= {"agent", "customer", "phrases"}
    assert len({rect.y for rect in chart.rects}) == 2


def test_curves_follow_the_frames(tmp_path):
    write_frames(tmp_path / "f.parquet", call())
    measures = read_measures(tmp_path / "f.parquet", call())
    level, f0, _ = thinned(measures, 40)
    assert len(level.high) == 40
    assert level.high[5] == pytest.approx(-30, abs=0.1)
    assert level.high[22] == pytest.approx(-20, abs=0.1)
    assert math.isnan(level.high[15])  # the customer speaks
    assert f0.high[22] == pytest.approx(180, abs=0.1)
    chart = voice_chart(call(), f0)
    assert "usual for this voice is 120" in chart.description
    assert {rect.kind for rect in chart.rects} == {"behind amber", "behind red"}
    assert len(thinned(measures, ROWS)[0].high) == ROWS


def test_a_silent_call_has_no_curve():
    silent = {name: np.full(1000, np.nan) for name in ("level_dbfs", "f0_hz", "effort_db")}
    silent |= {"speech": np.zeros(1000)}
    tracks = thinned(silent, 20)
    assert all(np.isnan(track.high).all() for track in tracks)
    assert "No voice was found." in voice_chart(call(baseline=None), tracks[0]).description
    assert usual_of("f0_hz", None) is None


def test_signs_have_forms():
    forms = {shape(kind, 5, 5, 4).d for kind in ("circle", "triangle", "square", "diamond", "cross", "dash")}
    assert len(forms) == 6


# --- names


def test_names_are_those_of_the_policy_or_readable(policy):
    assert behaviour_name("say.calm_down", policy) == "Orders calm"
    assert behaviour_name("do.listen", policy) == "Lets the customer finish"
    assert behaviour_name("voice.raised", policy) == "Voice above the usual"
    assert behaviour_name("say.light_roast", None) == "Light roast"
    assert unknown_name("summary.talk_share") == "Agent's share of talk"
    assert unknown_name("some.new_thing") == "Some, new thing"
    assert recogniser_name(call()) == "basic detection"
    assert recogniser_name(call(engine=replace(call().engine, recogniser="whisper-base.en"))) == "whisper-base.en"
