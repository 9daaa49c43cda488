"""The live view: what it keeps of the events, how it is drawn, and the page at the end. No terminal is needed."""

import io
import sys

import numpy as np
import pytest
from rich.console import Console

from monitor.call_summary import summary_lines
from monitor.call_view import CallView, EventLines, clock, number, why
from monitor.events import (
    BaselineLearned,
    FlagChanged,
    FramesMeasured,
    ItemChecked,
    LightChanged,
    TurnEnded,
    Warned,
    WordsHeard,
)
from monitor.result import ResultBuilder
from monitor.result_types import EngineInfo
from monitor.terminal import (
    ASCII,
    COLOURS,
    UNICODE,
    can_animate,
    draw,
    glyphs_for,
    listening_for_keys,
    print_lines,
    printable,
)
from monitor.types import (
    Baseline,
    ChecklistItem,
    Features,
    Flag,
    FlagState,
    Light,
    Reason,
    SourceInfo,
    Turn,
    Word,
)

USUAL = Baseline(-30.0, 3.0, 20.0, 2.0, -10.0, 2.0, 2.0, 4.0, 22.0)
RAISED = Reason("voice.raised", "voice well above your usual level", 8.04, "dB", 0.0, 6.0)
LEARNING = Reason("learning", "getting to know this voice")


def features(start_frame, count, *, level_dbfs=-30.0, f0_hz=174.6, nucleus_every=25, speech=1.0):
    def constant(value):
        return np.full(count, value, np.float32)

    nucleus = np.zeros(count, bool)
    nucleus[::nucleus_every] = True
    level = constant(level_dbfs)
    swing = np.float32(0.1) * np.resize([1, -1], count).astype(np.float32)  # no voice holds its pitch altogether
    level[(start_frame + np.arange(count)) % 50 < 5] -= 20  # speech pauses, or it is taken for music
    return Features(
        start_frame,
        level,
        constant(0.0),
        f0_hz * np.float32(2) ** (swing / np.float32(12)),
        constant(1.0),
        constant(-10.0),
        constant(-65.0),
        constant(speech),
        np.zeros(count, bool),
        nucleus,
    )


def flag(state=FlagState.CONFIRMED, key=1, phrase="calm down", say_instead="Clearly this upset you", start_s=58.0):
    return Flag(key, "say.calm_down", start_s, start_s + 0.8, 0, phrase, phrase, state, 0.9, say_instead, start_s + 1)


def shown(picture, width=80, height=24, glyphs=UNICODE, caption=""):
    stream = io.StringIO()
    console = Console(file=stream, width=width + 1, height=height + 1, color_system=None)
    console.print(draw(picture, title="Evenkeel demo", width=width, height=height, glyphs=glyphs, caption=caption))
    return stream.getvalue()


def busy_view(items=("do.apologise", "do.follow_up")):
    view = CallView(100.0, items=items)
    for event in (
        LightChanged(0.0, Light.GREY, (LEARNING,), None),
        BaselineLearned(20.0, USUAL),
        LightChanged(20.0, Light.GREEN, (), None),
        LightChanged(50.0, Light.AMBER, (RAISED,), "softer"),
        FramesMeasured(58.0, 0, features(5400, 400, level_dbfs=-24.0, f0_hz=220.0, nucleus_every=20)),
        WordsHeard(58.9, (Word(58.0, 58.4, "calm"), Word(58.4, 58.8, "down"), Word(58.4, 58.8, "customer", channel=1))),
        FlagChanged(58.9, flag()),
        ItemChecked(58.9, ChecklistItem("do.apologise", True, 58.9, "i'm sorry")),
        LightChanged(59.0, Light.RED, (RAISED,), "breathe"),
    ):
        view.take(event)
    return view


# --- small words


@pytest.mark.parametrize(
    ("time_s", "decimals", "text"),
    [(0, 1, "0:00.0"), (52.34, 1, "0:52.3"), (59.99, 1, "0:59.9"), (60, 0, "1:00"), (3725.5, 1, "62:05.5")],
)
def test_clock_reads_as_people_do(time_s, decimals, text):
    assert clock(time_s, decimals) == text


@pytest.mark.parametrize(("value", "text"), [(8.04, "8"), (4.62, "4.6"), (-0.01, "0"), (-3.5, "-3.5")])
def test_numbers_have_a_decimal_only_where_it_tells(value, text):
    assert number(value) == text


def test_a_reason_tells_value_and_limit_and_a_usual_that_is_not_zero():
    assert why(RAISED) == "voice well above your usual level (8 dB, limit 6)"
    assert why(LEARNING) == "getting to know this voice"
    assert why(Reason("say.calm_down", "said “calm down”", 0.93, "confidence", limit=0.5)) == "said “calm down”"
    pace = Reason("pace.fast", "faster than your usual pace", 5.9, "syl_s", 4.4, 5.5)
    assert why(pace) == "faster than your usual pace (5.9 syllables/s, usual 4.4, limit 5.5)"


# --- the view model


def test_gauges_compare_with_the_usual_voice():
    level, pitch, pace = busy_view().picture().gauges
    assert (level.text, level.share) == ("+6 dB", pytest.approx(0.5))
    assert (pitch.text, pitch.share) == ("+4 semitones", pytest.approx(0.5, abs=0.02))  # 220 Hz is 24 st above 55 Hz
    # five nuclei a second against four; the pause that an end of speech would be is in the time
    assert (pace.text, pace.share) == ("+19 %", pytest.approx(0.38, abs=0.01))


def test_gauges_wait_for_a_usual_voice_and_rest_in_silence():
    view = CallView()
    view.take(FramesMeasured(4.0, 0, features(0, 400)))
    assert {g.share for g in view.picture().gauges} == {None}
    view.take(BaselineLearned(4.0, USUAL))
    assert view.picture().gauges[0].text == "0 dB"
    view.take(FramesMeasured(9.0, 0, features(400, 500, speech=0.0)))
    assert {g.text for g in view.picture().gauges} == {"listening"}


def test_the_other_side_moves_no_gauge_and_adds_no_words():
    view = busy_view()
    before = view.picture()
    view.take(FramesMeasured(60.0, 1, features(5800, 200, level_dbfs=-5.0)))
    assert view.picture().gauges == before.gauges
    assert before.heard == "calm down"


def test_the_first_light_replaces_the_assumed_grey_and_equal_lights_merge():
    view = CallView()
    view.take(LightChanged(0.0, Light.GREEN, (), None))
    view.take(LightChanged(5.0, Light.GREEN, (), None))
    view.take(LightChanged(7.0, Light.RED, (RAISED,), None))
    assert view.picture().timeline == ((0.0, Light.GREEN), (7.0, Light.RED))


def test_a_flag_keeps_its_last_state_and_leaves_when_withdrawn():
    view = CallView()
    view.take(FlagChanged(59.0, flag(FlagState.TENTATIVE)))
    view.take(FlagChanged(60.0, flag(FlagState.CONFIRMED)))
    assert [f.state for f in view.picture().flags] == [FlagState.CONFIRMED]
    view.take(FlagChanged(61.0, flag(FlagState.WITHDRAWN)))
    assert view.picture().flags == ()


def test_items_come_in_the_policys_order_and_unlisted_ones_follow():
    view = busy_view()
    view.take(ItemChecked(70.0, ChecklistItem("do.thank", True, 70.0)))
    assert view.picture().items == (("apologise", True), ("follow up", False), ("thank", True))


def test_events_without_a_place_change_nothing_but_the_clock():
    view = CallView()
    view.take(TurnEnded(12.0, Turn(1.0, 12.0, "agent")))
    assert view.picture().at_s == 12.0


# --- drawing


@pytest.mark.parametrize("light", list(Light))
def test_every_light_has_its_own_shape_colour_and_word(light):
    view = CallView()
    view.take(LightChanged(0.0, light, (), None))
    text = shown(view.picture())
    assert light.value.upper() in text
    assert UNICODE.shapes[light] * 2 in text
    assert len({*COLOURS.values()}) == len({*UNICODE.shapes.values()}) == len({*ASCII.shapes.values()}) == len(Light)


def test_everything_worth_knowing_is_drawn():
    text = shown(busy_view().picture(), caption="agent: calm down, please")
    for part in ("0:59.0 of 1:40", "RED    breathe", "(8 dB, limit 6)", "+6 dB", "agent: calm down, please",
                 '0:58.0 "calm down" heard', "say instead: Clearly this upset you", "● apologise", "○ follow up",
                 "q ends"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 24), (59, 20), (40, 12), (30, 10), (200, 60)])
def test_the_view_fits_and_keeps_the_light_and_the_flag(width, height):
    view = busy_view([f"do.item_{n}" for n in range(12)])
    for n in range(2, 9):
        view.take(FlagChanged(60.0 + n, flag(key=n, phrase="a rather long phrase " * 4, say_instead="so " * 60)))
    rows = shown(view.picture(), width, height, caption="word " * 50).splitlines()
    assert len(rows) <= height
    assert max(len(row) for row in rows) <= min(width, 100)
    assert any("RED" in row for row in rows)
    assert any("a rather long" in row for row in rows)


def test_a_reason_that_does_not_fit_is_left_out_whole():
    view = CallView()
    view.take(LightChanged(0.0, Light.RED, (RAISED, RAISED, Reason("late", "one reason too many")), None))
    text = shown(view.picture(), width=60)
    assert "voice well above" in text
    assert "one reason" not in text


def test_plain_signs_are_enough():
    view = busy_view()
    view.take(LightChanged(60.0, Light.RED, (Reason("say.calm_down", "you said “calm down” …"),), "breathe"))
    text = shown(view.picture(), glyphs=ASCII, caption="agent: “calm — down”")
    assert text.isascii()
    assert 'you said "calm down" ...' in text


def test_the_course_of_the_lights_shows_the_worst_of_each_stretch():
    row = shown(busy_view().picture(), width=54).splitlines()[-1]
    strip = row.strip()
    assert strip == "─" * 10 + "●" * 15 + "▲" * 4 + "■"  # 2 s to a sign; the red of this very moment shows at once


def test_a_console_that_cannot_show_unicode_gets_plain_signs():
    latin = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    utf8 = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert glyphs_for(Console(file=latin)) is ASCII
    assert glyphs_for(Console(file=utf8, legacy_windows=False)) is UNICODE


def test_no_color_leaves_shape_and_word(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=io.StringIO(), force_terminal=True, width=81)
    console.print(draw(busy_view().picture(), title="t", width=80, height=24, glyphs=UNICODE))
    text = console.file.getvalue()
    assert "38;" not in text
    assert "■■ RED" in text


@pytest.mark.parametrize(
    ("text", "encoding", "printed"),
    [
        ("café", "utf-8", "café"),
        ("café", "latin-1", "café"),
        ("“so” – it’s …", "ascii", '"so" - it\'s ...'),
        ("café", "ascii", "caf?"),
        ("“a”", None, '"a"'),
        ("“a”", "no-such-encoding", '"a"'),
    ],
)
def test_texts_fit_the_encoding(text, encoding, printed):
    assert printable(text, encoding) == printed


def test_lines_reach_a_stream_that_lacks_unicode():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    print_lines(["you said “calm down”"], stream)
    assert raw.getvalue().splitlines() == [b'you said "calm down"']


def test_a_file_or_a_pipe_is_no_place_for_a_live_view():
    assert not can_animate(io.StringIO())


def test_without_a_keyboard_no_key_is_ever_pressed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("q"))
    with listening_for_keys() as key:
        assert key() == ""


# --- lines


def test_each_change_is_one_line_and_moving_figures_are_no_change():
    lines = EventLines()
    louder = Reason("voice.raised", RAISED.text, 9.0, "dB", 0.0, 6.0)
    told = [
        lines.line(event)
        for event in (
            LightChanged(52.34, Light.RED, (RAISED,), "breathe"),
            LightChanged(53.0, Light.RED, (louder,), "breathe"),
            LightChanged(54.0, Light.RED, (louder,), None),
            LightChanged(60.0, Light.GREEN, (), None),
            FlagChanged(58.9, flag()),
            FlagChanged(59.9, flag(FlagState.WITHDRAWN)),
            ItemChecked(74.0, ChecklistItem("do.follow_up", True, 74.0, "i'll call you back")),
            Warned(80.0, "clipping", "the recording is too loud"),
            WordsHeard(80.0, ()),
        )
    ]
    assert told == [
        " 0:52.3  red    voice well above your usual level (8 dB, limit 6) > breathe",
        None,
        None,
        " 1:00.0  green  as usual",
        ' 0:58.9  flag   "calm down" heard; say instead: Clearly this upset you',
        ' 0:59.9  flag   "calm down" taken back',
        ' 1:14.0  done   follow up: "i\'ll call you back"',
        " 1:20.0  note   the recording is too loud",
        None,
    ]


# --- the page at the end


def result_of(events, checklist=(), recogniser="pocketsphinx", warnings=()):
    info = SourceInfo("call.wav", 2, 16_000, 100.0, "0" * 64)
    builder = ResultBuilder(info, EngineInfo("0.1.0", "p@1", recogniser))
    for event in events:
        builder.take(event)
    return builder.finish(100.0, checklist, warnings)


def test_the_page_tells_lights_flags_checklist_and_two_hints():
    items = (
        ChecklistItem("do.apologise", True, 73.7, "i'm sorry"),
        ChecklistItem("do.ask", False),
        ChecklistItem("do.name", None, why="no name was given"),
    )
    events = (
        LightChanged(0.0, Light.GREY, (LEARNING,), None),
        LightChanged(20.0, Light.GREEN, (), None),
        LightChanged(50.0, Light.RED, (RAISED,), None),
        FlagChanged(58.9, flag()),
        LightChanged(60.0, Light.GREEN, (), None),
    )
    assert summary_lines(result_of(events, items, warnings=("short",))) == [
        "The call, 1:40 long",
        "",
        "Lights     green 70 s, amber 0 s, red 10 s, grey 20 s",
        'Flags      0:58.0 "calm down" heard',
        "             say instead: Clearly this upset you",
        "Checklist  met: apologise 1:13",
        "           not yet: ask",
        "           not known (no name was given): name",
        'Keep       You said sorry in plain words: "i\'m sorry".',
        'Try        Instead of "calm down": Clearly this upset you',
        "Note       short",
    ]


@pytest.mark.parametrize(
    ("events", "checklist", "hint"),
    [
        ((LightChanged(0.0, Light.AMBER, (RAISED,), None),), (), "breathe out once"),
        ((LightChanged(0.0, Light.GREEN, (), None),), (ChecklistItem("do.ask", False),), "What can I do to make"),
        ((LightChanged(0.0, Light.GREEN, (), None),), (), "Nothing stands out"),
    ],
)
def test_the_hint_follows_what_happened(events, checklist, hint):
    assert any(line.startswith("Try ") and hint in line for line in summary_lines(result_of(events, checklist)))


def test_no_advice_is_given_where_hardly_anything_was_judged():
    assert not any(line.startswith(("Keep", "Try")) for line in summary_lines(result_of(())))


def test_without_a_recogniser_flags_are_not_known_rather_than_none():
    assert "Flags      not known: words were not listened to" in summary_lines(result_of((), recogniser="none"))
    assert "Flags      none" in summary_lines(result_of(()))


def test_no_text_names_a_feeling():
    from monitor.policy.load import load_policy
    from monitor.terminal import MEANINGS

    coaching = load_policy().coaching
    texts = " ".join([*coaching.keep.values(), *coaching.attempt.values(), *MEANINGS.values()]).lower()
    for word in ("angry", "anger", "upset", "frustrat", "stress", "nervous", "happy", "annoy", "emotion", "feel"):
        assert word not in texts
