"""A judged call with everything in it, by hand, so that pages and exports can be checked value by value."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from monitor.events import FramesMeasured
from monitor.result_types import CallResult, EngineInfo, FlagRecord, Pace, Recording, Summary
from monitor.sinks.parquet_file import FramesFile
from monitor.types import (
    Baseline,
    ChecklistItem,
    Conversation,
    CustomerVoice,
    Features,
    FlagState,
    Interruption,
    Light,
    LightSpan,
    Reason,
    Segment,
    Turn,
    Word,
)

DURATION_S = 40.0
RAISED = Reason("voice.raised", "voice well above your usual level", 8.0, "dB", 0.0, 6.0)
SAID = Reason("say.calm_down", "said “calm down”", 0.93, "confidence")
# What must come out as the text it is: markup, the end of what stands around it, a right-to-left override, templates.
HOSTILE = (
    "</title></style><script>window.hurt=1</script>",
    '"><img src="http://example.invalid/x" onerror="window.hurt=1">',
    "]]><svg/onload=window.hurt=1>\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe",
    "{{ 7 * 7 }} {% raw %} javascript:window.hurt=1 --> <!-- &lt;b&gt; 'x' \x00\x1b[31m\ud800",
)


def flag(state, start_s, *, text="calm down", behaviour="say.calm_down", instead="Let me see", channel=0):
    return FlagRecord(behaviour, start_s, start_s + 0.7, channel, text, text, state, 0.93, instead, start_s + 1.0)


def call(**changes):
    """The sample, with other values where they are given."""
    words = ["i", "want", "you", "to", "calm", "down", "please", "and", "i", "am", "so", "sorry"]
    flags = (
        flag(FlagState.CONFIRMED, 21.6),
        flag(FlagState.TENTATIVE, 22.0, text="down please", behaviour="say.argue"),
        flag(FlagState.WITHDRAWN, 30.0),
    )
    sample = CallResult(
        source=Recording("call.wav", "0123456789abcdef" * 4, DURATION_S, 2, 8000),
        engine=EngineInfo("0.1.0", "mine@123456789abc", "pocketsphinx", 0, None),
        baseline=Baseline(-30.0, 2.0, 13.5, 2.0, -8.0, 2.0, 2.5, 4.4, 20.0),
        lights=(
            LightSpan(0.0, 10.0, Light.GREY, (Reason("learning", "getting to know this voice"),)),
            LightSpan(10.0, 20.0, Light.GREEN),
            LightSpan(20.0, 22.0, Light.AMBER, (RAISED,)),
            LightSpan(22.0, 28.0, Light.RED, (SAID, RAISED)),
            LightSpan(28.0, DURATION_S, Light.GREEN),
        ),
        flags=flags,
        checklist=(
            ChecklistItem("do.apologise", True, 22.5, "i am so sorry"),
            ChecklistItem("do.empathise", False, None, None, "not heard"),
            ChecklistItem("do.steady", None, None, None, "the customer was not heard"),
        ),
        turns=(Turn(1.0, 9.0, "agent"), Turn(9.5, 19.0, "customer"), Turn(20.0, 25.0, "agent")),
        words=(
            Word(10.0, 10.5, "hello", 0.8, 1),
            *(Word(20.0 + 0.4 * i, 20.4 + 0.4 * i, text, 0.9, 0) for i, text in enumerate(words)),
        ),
        pace=Pace(4.6, 168.0),
        summary=Summary(22.0, 2.0, 6.0, 10.0, 2, 0.58, 1),
        warnings=("clipping in 0.4 % of frames",),
        unknown={"conversation.customer.louder_db": "too little of the customer was heard"},
        conversation=Conversation(
            0.58, 1.5, (Interruption(9.6, "agent"),), 2, 8.0, 0.0, 0.5, 0,
            CustomerVoice(raised=(Segment(12.0, 15.0),)),
        ),
    )  # fmt: skip
    return replace(sample, **changes)


def hostile_call():
    """The sample with hostile text wherever a name or words from outside may stand."""
    title, image, turned, odd = HOSTILE
    sample = call()
    return replace(
        sample,
        source=replace(sample.source, name=title + image),
        engine=replace(sample.engine, profile=image, policy=title, recogniser=odd),
        flags=(flag(FlagState.CONFIRMED, 21.2, text=image, behaviour=title, instead=turned),),
        lights=tuple(replace(s, reasons=(Reason(odd, image, 1.0, title),)) for s in sample.lights),
        checklist=(ChecklistItem(image, True, 22.5, title), ChecklistItem(odd, None, None, None, image)),
        turns=(Turn(1.0, 9.0, image), Turn(9.0, 12.0, odd)),
        words=(Word(21.2, 21.6, title), Word(21.6, 21.9, image), Word(22.5, 23.0, turned), Word(23.0, 24.0, odd)),
        warnings=HOSTILE,
        unknown={image: title, odd: turned},
    )


def write_frames(path, result):
    """Frames of the sample: both speak in the sample's turns, louder and higher from 20 s on."""
    frames = int(result.source.duration_s * 100)
    at_s = np.arange(frames) / 100
    with FramesFile(path) as file:
        for channel, speaker in enumerate(("agent", "customer")):
            speech = np.zeros(frames, np.float32)
            for turn in (turn for turn in result.turns if turn.speaker == speaker):
                speech[(at_s >= turn.start_s) & (at_s < turn.end_s)] = 1.0
            louder = np.where(at_s >= 20, np.float32(10), np.float32(0)).astype(np.float32)
            full = np.ones(frames, np.float32)
            level = -30 * full + louder - 30 * channel
            f0 = np.where(speech > 0, 120 + 6 * louder, np.float32(np.nan)).astype(np.float32)
            effort = np.where(speech > 0, louder - 8, np.float32(np.nan)).astype(np.float32)
            marks = np.zeros(frames, bool)
            values = Features(0, level, 1e-4 * full, f0, speech, effort, -60 * full, speech, marks, marks)
            file.take(FramesMeasured(result.source.duration_s, channel, values))
        file.finish(result)
