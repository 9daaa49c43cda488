"""Calls for the tests of the store: made of hand-made measures, written as a live call would be."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from benchmarks.store_calls import features, joined, windows
from monitor.assemble import keeper
from monitor.events import FlagChanged, FramesMeasured, LightChanged
from monitor.policy.load import load_policy
from monitor.policy.model import Policy
from monitor.rejudge.call import judge_again
from monitor.result import ResultBuilder
from monitor.result_types import EngineInfo
from monitor.store.head import CallHead
from monitor.store.packing import Heard, pack_heard
from monitor.store.recall import Recalled
from monitor.types import RATE_HZ, Flag, Hypothesis, Light, SourceInfo, Word

POLICY = load_policy()
ENGINE = EngineInfo("0.1.0", POLICY.fingerprint, "pocketsphinx")
DAY = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def head(name="call.wav", *, agent="ann", began=DAY, team=None, sha256=None, policy=POLICY):
    info = SourceInfo(name, 1, 8000, 60.0, sha256)
    return CallHead(info, ENGINE, policy, agent, began, team)


def said(text, at_s=10.0, utterance=1, confidence=0.95):
    words = tuple(Word(at_s + 0.3 * i, at_s + 0.3 * i + 0.25, word, confidence) for i, word in enumerate(text.split()))
    return Hypothesis(utterance, at_s, words[-1].end_s, words[-1].end_s + 0.2, True, words)


def parts(minutes=1, seed=1, **changes):
    return list(features(minutes, seed, **changes))


def hand_over(writer, minutes=1, seed=1, passes=(), **changes):
    """Give a call to a writer or a sink, and return the windows that it was given."""
    frames = parts(minutes, seed, **changes)
    ticks = windows(frames)
    for number, (part, each) in enumerate(zip(frames, ticks, strict=True)):
        writer.measured(0, each)
        writer.take(FramesMeasured((number + 1) * 60.0, 0, part))
    writer.take(LightChanged(0.0, Light.GREEN, (), None))
    for hypothesis in passes:
        writer.heard(hypothesis, hypothesis.heard_at_s, None)
    return joined(ticks)


def empty_result(name="call.wav", duration_s=60.0, sha256=None):
    return ResultBuilder(SourceInfo(name, 1, 8000, duration_s, sha256), ENGINE).finish(duration_s)


def judged(ticks, *, policy=POLICY, usual=None, name="call.wav", sha256=None, passes=()):
    """What the engine says of these windows and words."""
    duration_s = len(ticks) / 20
    words = (pack_heard(Heard([(hypothesis.heard_at_s, hypothesis) for hypothesis in passes])),)
    call = Recalled(
        call_id=0,
        samples=round(duration_s * RATE_HZ),
        usual=usual,
        policy=policy.fingerprint,
        heard_policy=Policy(name="another"),
        result=empty_result(name, duration_s, sha256),
        agent=ticks,
        customer=None,
        talk=(),
        words=words,
    )
    return judge_again(call, policy, keeper)


def store_call(store, *, name="call.wav", agent=None, began=DAY, minutes=1, seed=1, passes=(), sha256=None, **changes):
    """Put one finished call into a store; its number."""
    writer = store.begin(head(name, agent=agent or store.who, began=began, sha256=sha256))
    ticks = hand_over(writer, minutes, seed, passes, **changes)
    result = judged(ticks, name=name, sha256=sha256, passes=passes)
    for key, found in enumerate(result.flags):
        values = {field: getattr(found, field) for field in found.__slots__}
        writer.take(FlagChanged(found.heard_at_s, Flag(key=key + 1, **values)))
    return writer.finish(result)


def same(one, other):
    """Whether two windows are equal, unknown values included."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=getattr(one, name).dtype.kind == "f")
        for name in one.__slots__
        if name != "first"
    )
