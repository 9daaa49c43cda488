"""Results: gapless lights, last states, reasons for what is not known, and the same thing read back."""

import json
import math
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import BugError, InputProblem
from monitor.events import (
    BaselineLearned,
    ConversationMeasured,
    FlagChanged,
    FramesMeasured,
    ItemChecked,
    LightChanged,
    TurnEnded,
    Warned,
    WordsHeard,
)
from monitor.features.pace import EDGES
from monitor.result import CallResult, EngineInfo, ResultBuilder
from monitor.result_types import result_schema
from monitor.sinks.json_file import to_json
from monitor.types import (
    Baseline,
    ChecklistItem,
    Conversation,
    CustomerVoice,
    FlagState,
    Interruption,
    Light,
    Reason,
    Segment,
    SourceInfo,
    Turn,
    Word,
)
from tests.batch_fakes import RAISED, features, flag

SHA = "0123456789abcdef" * 4
INFO = SourceInfo("call.wav", 1, 8000, None, SHA)
TWO_CHANNELS = replace(INFO, channels=2)
ENGINE = EngineInfo("0.1.0", "mine@123456789abc", "pocketsphinx")
BASELINE = Baseline(-31.234, 3.0, 14.1, 1.5, -7.5, 2.0, 2.6, 4.4, 62.0)
VALIDATOR = jsonschema.Draft202012Validator(result_schema())


def result_of(events, duration_s=10.0, *, info=INFO, engine=ENGINE, checklist=(), warnings=()):
    builder = ResultBuilder(info, engine)
    for event in events:
        builder.take(event)
    return builder.finish(duration_s, checklist, warnings)


def light(at_s, colour, *reasons):
    return LightChanged(at_s, Light(colour), reasons, None)


def told(result):
    return [(span.start_s, span.end_s, str(span.light)) for span in result.lights]


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(result_schema())


def test_without_a_word_from_the_engine_the_light_is_grey_and_says_so():
    result = result_of([])
    assert told(result) == [(0.0, 10.0, "grey")]
    assert result.lights[0].reasons == (Reason("learning", "getting to know this voice"),)
    assert result.summary.grey_s == 10.0


def test_a_light_at_the_start_replaces_the_first_grey():
    no_signal = Reason("no_signal", "nothing can be heard")
    result = result_of([light(0.0, "grey", no_signal), light(4.0, "green")])
    assert told(result) == [(0.0, 4.0, "grey"), (4.0, 10.0, "green")]
    assert result.lights[0].reasons == (no_signal,)


def test_lights_follow_each_other_and_add_up():
    result = result_of([light(2.0, "green"), light(5.0, "red", RAISED), light(6.5, "green")])
    assert told(result) == [(0.0, 2.0, "grey"), (2.0, 5.0, "green"), (5.0, 6.5, "red"), (6.5, 10.0, "green")]
    assert (result.summary.grey_s, result.summary.green_s, result.summary.red_s) == (2.0, 6.5, 1.5)


def test_a_value_that_moves_on_or_another_measure_is_no_new_light():
    pitch = replace(RAISED, unit="st", text="pitch above your usual")
    events = [
        light(2.0, "amber", RAISED),
        light(3.0, "amber", replace(RAISED, value=9.0)),
        light(4.0, "amber", pitch, RAISED),
    ]
    result = result_of(events)
    assert told(result) == [(0.0, 2.0, "grey"), (2.0, 10.0, "amber")]
    assert result.lights[1].reasons == (RAISED,)


def test_another_behaviour_is_a_new_light():
    fast = Reason("pace.fast", "faster than your usual pace")
    result = result_of([light(2.0, "amber", RAISED), light(3.0, "amber", RAISED, fast), light(4.0, "amber", fast)])
    assert told(result) == [(0.0, 2.0, "grey"), (2.0, 3.0, "amber"), (3.0, 4.0, "amber"), (4.0, 10.0, "amber")]


def test_lights_without_length_vanish_and_their_neighbours_meet():
    events = [light(2.0, "green"), light(5.0, "amber", RAISED), light(5.0004, "green"), light(10.0, "red", RAISED)]
    assert told(result_of(events)) == [(0.0, 2.0, "grey"), (2.0, 10.0, "green")]


def test_flags_keep_their_last_state_in_the_order_of_time():
    events = [
        FlagChanged(5.0, flag(1, state=FlagState.TENTATIVE, start_s=4.0)),
        FlagChanged(6.0, flag(2, state=FlagState.TENTATIVE, start_s=1.0)),
        FlagChanged(7.0, flag(1, state=FlagState.CONFIRMED, start_s=4.00049)),
        FlagChanged(8.0, flag(2, state=FlagState.WITHDRAWN, start_s=1.0)),
        FlagChanged(9.0, flag(3, state=FlagState.QUOTED, start_s=8.0)),
    ]
    result = result_of(events)
    assert [(f.start_s, f.state) for f in result.flags] == [(1.0, "withdrawn"), (4.0, "confirmed"), (8.0, "quoted")]
    assert result.summary.flags == 1


def test_pace_is_syllables_and_words_per_time_of_speech():
    # 3 s of speech with a nucleus each 0.2 s, then a pause; a nucleus told just after the speech counts
    pause = features(300, 700, speech=0.1, nucleus_every=10_000)
    frames = [FramesMeasured(3.0, 0, features(0, 300)), FramesMeasured(10.0, 0, pause)]
    words = [WordsHeard(3.0, tuple(Word(i / 5, i / 5 + 0.1, "word") for i in range(9)))]
    result = result_of(frames + words)
    spoken_s = 2.99 + EDGES / 100  # from the first voiced frame to the last, and what surrounds them
    assert result.pace.articulation_syl_s == pytest.approx(15 / spoken_s, abs=0.01)
    assert result.pace.words_per_min == pytest.approx(60 * 9 / spoken_s, abs=0.1)


def test_pace_leaves_out_the_other_side():
    frames = [FramesMeasured(3.0, 0, features(0, 300)), FramesMeasured(3.0, 1, features(0, 300, nucleus_every=5))]
    words = [WordsHeard(3.0, (Word(0.0, 0.1, "mine"), Word(1.0, 1.1, "theirs", channel=1)))]
    result = result_of(frames + words, info=TWO_CHANNELS)
    spoken_s = 2.99 + EDGES / 100
    assert result.pace.articulation_syl_s == pytest.approx(15 / spoken_s, abs=0.01)
    assert result.pace.words_per_min == pytest.approx(60 / spoken_s, abs=0.1)


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_numbers_do_not_depend_on_how_frames_are_cut(cut):
    frames = [
        FramesMeasured((start + cut) / 100, 0, features(start, min(cut, 1000 - start))) for start in range(0, 1000, cut)
    ]
    whole = result_of([FramesMeasured(10.0, 0, features(0, 1000))])
    assert result_of(frames) == whole
    assert whole.pace.articulation_syl_s == pytest.approx(50 / (9.98 + EDGES / 100), abs=0.01)


def test_one_channel_cannot_tell_about_the_conversation():
    result = result_of([TurnEnded(3.0, Turn(1.0, 3.0, "agent"))])
    assert (result.summary.talk_share, result.summary.interruptions) == (None, None)
    assert result.unknown["summary.talk_share"] == result.unknown["summary.interruptions"] == "one channel"


def test_two_channels_of_which_one_was_measured_cannot_tell_either():
    result = result_of([FramesMeasured(3.0, 0, features(0, 300))], info=TWO_CHANNELS)
    assert result.unknown["summary.talk_share"] == "only the agent's channel was measured"


TALKED = Conversation(
    talk_share=0.43396,
    talk_over_s=1.40004,
    interruptions=(Interruption(3.00004, "agent"), Interruption(7.5, "customer")),
    back_channels=1,
    longest_monologue_s=2.6,
    dead_air_s=0.0,
    reply_delay_s=0.31234,
    slow_replies=0,
    customer=CustomerVoice(6.123, 2.0, 1.0, (Segment(4.0, 6.0),)),
)


def test_the_conversation_is_what_the_engine_measured():
    result = result_of([ConversationMeasured(10.0, TALKED)], info=TWO_CHANNELS)
    both = result.conversation
    assert (both.talk_share, both.talk_over_s, both.reply_delay_s) == (0.434, 1.4, 0.31)
    assert [(cut.at_s, cut.by) for cut in both.interruptions] == [(3.0, "agent"), (7.5, "customer")]
    assert both.customer == CustomerVoice(6.12, 2.0, 1.0, (Segment(4.0, 6.0),))
    assert (result.summary.interruptions, result.summary.talk_share) == (1, 0.434)
    assert not any(path.startswith(("conversation", "summary.")) for path in result.unknown)
    data = json.loads(to_json(result))
    VALIDATOR.validate(data)
    assert CallResult.from_dict(data) == result


@pytest.mark.parametrize(
    ("changes", "path", "why"),
    [
        ({"reply_delay_s": None}, "conversation.reply_delay_s", "the agent answered nothing"),
        ({"customer": CustomerVoice()}, "conversation.customer.louder_db", "too little of the customer was heard"),
        ({"talk_share": None}, "conversation", "nobody spoke"),
        ({"talk_share": 1.0}, "conversation", "the customer was not heard"),
        ({"talk_share": 0.0}, "conversation", "the agent was not heard"),
        ({"talk_share": 1.0}, "summary.interruptions", "the customer was not heard"),
    ],
)
def test_what_a_conversation_cannot_tell_has_its_reason(changes, path, why):
    result = result_of([ConversationMeasured(10.0, replace(TALKED, **changes))], info=TWO_CHANNELS)
    assert result.unknown[path] == why
    VALIDATOR.validate(json.loads(to_json(result)))


@pytest.mark.parametrize(("channels", "why"), [(1, "one channel"), (3, "more than two channels")])
def test_without_two_channels_there_is_no_conversation(channels, why):
    result = result_of([ConversationMeasured(10.0, TALKED)], info=replace(INFO, channels=channels))
    assert result.conversation is None
    paths = ("conversation", "summary.talk_share", "summary.interruptions")
    assert {result.unknown[path] for path in paths} == {why}


def test_without_a_recogniser_words_are_unknown_rather_than_none():
    result = result_of([FramesMeasured(3.0, 0, features(0, 300))], engine=replace(ENGINE, recogniser="none"))
    assert result.pace.words_per_min is None
    assert result.pace.articulation_syl_s is not None
    assert {result.unknown[path] for path in ("words", "flags", "pace.words_per_min")} == {"no recogniser"}


def test_words_that_nobody_heard_are_no_pace_of_zero():
    result = result_of([FramesMeasured(3.0, 0, features(0, 300))])
    assert result.pace.words_per_min is None
    assert result.unknown["pace.words_per_min"] == "no words were heard"


def test_the_last_baseline_counts_and_is_rounded():
    result = result_of([BaselineLearned(5.0, replace(BASELINE, f0_st=1.0)), BaselineLearned(9.0, BASELINE)])
    assert result.baseline == replace(BASELINE, level_dbfs=-31.23)
    assert "baseline" not in result.unknown


@pytest.mark.parametrize("events", [[], [BaselineLearned(5.0, replace(BASELINE, effort_db=math.nan))]])
def test_a_voice_that_was_not_learned_is_unknown(events):
    result = result_of(events)
    assert result.baseline is None
    assert "baseline" in result.unknown


def test_warnings_are_told_once_in_the_order_in_which_they_came():
    events = [Warned(1.0, "clipping", "clipping in 0.4 % of frames"), Warned(2.0, "clipping", "clipping again")]
    result = result_of(events, warnings=["the file ends early", "clipping in 0.4 % of frames"])
    assert result.warnings == ("clipping in 0.4 % of frames", "the file ends early")


def test_the_checklist_is_the_final_one():
    final = [
        ChecklistItem("do.apologise", True, 21.00049, "I'm so sorry"),
        ChecklistItem("do.listen", None, why="one channel"),
    ]
    result = result_of([ItemChecked(2.0, ChecklistItem("do.ask", True, 2.0))], checklist=final)
    assert result.to_dict()["checklist"] == [
        {"id": "do.apologise", "met": True, "at_s": 21.0, "evidence": "I'm so sorry"},
        {"id": "do.listen", "met": None, "why": "one channel"},
    ]


def test_keys_stand_in_the_order_of_the_format():
    result = result_of([light(2.0, "red", RAISED), FlagChanged(3.0, flag())]).to_dict()
    assert list(result) == [
        "schema", "source", "engine", "baseline", "lights", "flags", "checklist", "turns", "words", "pace", "summary",
        "conversation", "warnings", "unknown",
    ]  # fmt: skip
    assert list(result["lights"][1]["reasons"][0]) == ["id", "value", "unit", "usual", "limit", "text"]


def test_numbers_of_numpy_become_plain_ones():
    reason = Reason("voice.raised", "louder", np.float32(8.123), "dB", np.float32(0), np.float64("nan"))
    result = result_of([LightChanged(np.float64(1.0), Light.RED, (reason,), None)]).to_dict()
    json.dumps(result, allow_nan=False)
    assert result["lights"][1]["reasons"][0] == {
        "id": "voice.raised", "value": 8.12, "unit": "dB", "usual": 0.0, "text": "louder",
    }  # fmt: skip


def test_the_builder_does_not_grow_with_frames():
    builder = ResultBuilder(INFO, ENGINE)
    builder.take(FramesMeasured(3.0, 0, features(0, 300)))
    before = {name: len(value) for name, value in vars(builder).items() if hasattr(value, "__len__")}
    for number in range(1, 200):
        builder.take(FramesMeasured(3.0 + number, 0, features(300 * number, 300)))
    assert {name: len(value) for name, value in vars(builder).items() if hasattr(value, "__len__")} == before
    assert not any(isinstance(value, np.ndarray) for value in vars(builder).values())


def test_a_result_that_missed_an_event_is_refused():
    builder = ResultBuilder(INFO, ENGINE)
    with pytest.raises(AttributeError):
        builder.take(FramesMeasured(1.0, 0, None))
    with pytest.raises(BugError, match="incomplete"):
        builder.finish(10.0)


def result_dict(**changes):
    return result_of([light(2.0, "green")]).to_dict() | changes


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ([], "not a result in the format"),
        ({}, "not a result in the format"),
        (result_dict(schema="evenkeel.call/2"), "but in evenkeel.call/2"),
        (result_dict(lights=None), "damaged at lights"),
        (result_dict(source={"name": "a.wav"}), "damaged at source"),
        (
            result_dict(pace={"articulation_syl_s": "quick", "words_per_min": None}),
            "damaged at pace.articulation_syl_s",
        ),
        (result_dict(lights=[{"start_s": 0, "end_s": 1, "light": "blue", "reasons": []}]), "damaged at lights.0.light"),
    ],
)
def test_what_is_no_result_is_refused_in_a_sentence(data, why):
    with pytest.raises(InputProblem, match=why):
        CallResult.from_dict(data)


# Random calls: whatever an engine tells, the result keeps its promises.

times = st.floats(0, 30, allow_nan=False)
texts = st.text(max_size=12)
values = st.none() | st.floats(width=32)
reasons = st.builds(
    Reason, st.sampled_from(["voice.raised", "pace.fast"]), texts, values, st.none() | texts, values, values
)
segments = st.tuples(times, times).map(sorted)


def timed(build):
    return st.tuples(times, segments, st.integers(0, 1)).map(lambda args: build(args[0], *args[1], args[2]))


def flagged(at_s, key, state, start_s, text):
    return FlagChanged(at_s, flag(key, state=state, start_s=start_s, text=text))


def measured(at_s, channel, start, count):
    return FramesMeasured(at_s, channel, features(start, count))


events = st.one_of(
    st.builds(LightChanged, times, st.sampled_from(Light), st.lists(reasons, max_size=2).map(tuple), st.none()),
    st.builds(flagged, times, st.integers(1, 4), st.sampled_from(FlagState), times, texts),
    timed(lambda at_s, start_s, end_s, channel: WordsHeard(at_s, (Word(start_s, end_s, "so", 0.5, channel),))),
    timed(lambda at_s, start_s, end_s, channel: TurnEnded(at_s, Turn(start_s, end_s, ("agent", "customer")[channel]))),
    st.builds(measured, times, st.integers(0, 1), st.integers(0, 2000), st.sampled_from([1, 20, 150])),
    st.builds(BaselineLearned, times, st.just(BASELINE)),
    st.builds(Warned, times, texts, texts),
    st.builds(ConversationMeasured, times, st.sampled_from([TALKED, replace(TALKED, talk_share=None)])),
)
calls = st.lists(events, max_size=25).map(lambda found: sorted(found, key=lambda event: event.at_s))


@given(calls, times, st.sampled_from([INFO, TWO_CHANNELS]), st.sampled_from(["pocketsphinx", "none"]))
def test_every_result_keeps_the_promises_of_the_format(found, duration_s, info, recogniser):
    result = result_of(found, duration_s, info=info, engine=replace(ENGINE, recogniser=recogniser))
    data = json.loads(to_json(result))
    VALIDATOR.validate(data)
    assert CallResult.from_dict(data) == result
    edges = [(span["start_s"], span["end_s"]) for span in data["lights"]]
    duration_s = data["source"]["duration_s"]
    assert all(start_s < end_s for start_s, end_s in edges)
    assert [end for _, end in edges[:-1]] == [start for start, _ in edges[1:]]
    assert (edges[0][0], edges[-1][1]) == (0.0, duration_s) if edges else duration_s == 0.0
    summary = data["summary"]
    assert sum(summary[f"{light}_s"] for light in Light) == pytest.approx(duration_s, abs=0.005)
    shaped = {"baseline": data["baseline"], **{f"pace.{key}": value for key, value in data["pace"].items()}}
    shaped |= {f"summary.{key}": value for key, value in summary.items()}
    assert {path for path, value in shaped.items() if value is None} == set(data["unknown"]) & set(shaped)
