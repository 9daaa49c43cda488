"""One call, cut in several ways and heard at several paces, gives one answer: lights, flags, words and numbers."""

import contextlib
import functools

import pytest
import soundfile as sf

from monitor.assemble import AnalysisOptions, analyse, analyse_source
from monitor.demo import CALL_PATH, read_truth
from monitor.events import FramesMeasured
from monitor.sources.array import ArraySource
from monitor.sources.file import open_recording
from monitor.sources.paced import PacedSource
from monitor.types import RATE_HZ
from tests import voices

BLOCKS = [80, 320, 1600, 48_000]


class Clock:
    """A clock that only sleeping moves; it may be slow to wake."""

    def __init__(self, late_s=0.0):
        self.now_s, self.late_s = 100.0, late_s

    def read(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds + self.late_s


class Kept:
    def __init__(self):
        self.events = []

    def take(self, event):
        self.events.append(event)

    def told(self):
        """What the engine said, and the measures of each side apart, since they come in batches."""
        measured = [e for e in self.events if isinstance(e, FramesMeasured)]
        frames = [voices.joined([e.features for e in measured if e.channel == side]) for side in (0, 1)]
        return [e for e in self.events if not isinstance(e, FramesMeasured)], frames


def heard(block=None, pace=None, recogniser="none"):
    kept = Kept()
    options = AnalysisOptions(recogniser=recogniser, block=block)
    if pace is None:
        return analyse(CALL_PATH, options, sinks=[kept]), kept.told()
    with contextlib.closing(open_recording(CALL_PATH)) as source:
        paced = PacedSource(source, block=320, clock=pace.read, sleep=pace.sleep)
        result = analyse_source(paced, options, sinks=[kept])
    assert pace.now_s - 100 >= result.source.duration_s - 0.1
    return result, kept.told()


@functools.cache
def whole():
    return heard()


def assert_same(one, other):
    assert one[0].to_dict() == other[0].to_dict()
    (events, frames), (other_events, other_frames) = one[1], other[1]
    assert events == other_events
    for side in (0, 1):
        voices.assert_equal(frames[side], other_frames[side])


def test_the_call_has_something_to_tell():
    assert {span.light for span in whole()[0].lights} >= {"grey", "green", "amber"}


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks(block):
    assert_same(heard(block), whole())


@pytest.mark.parametrize("late_s", [0.0, 0.013])
def test_pace(late_s):
    assert_same(heard(pace=Clock(late_s)), whole())


@functools.cache
def rising_part():
    """The part of the call that holds both forbidden phrases."""
    phrases = [phrase for phrase in read_truth()["phrases"] if phrase["id"].startswith("say.")]
    start, end = (round(s * RATE_HZ) for s in (phrases[0]["start_s"] - 6, phrases[-1]["end_s"] + 7))
    y, rate_hz = sf.read(CALL_PATH, dtype="float32", start=start, stop=end, always_2d=True)
    assert rate_hz == RATE_HZ
    return y.T


def words(block=None, pace=None):
    source = ArraySource(rising_part(), name="part", block=7777)
    if pace is not None:
        source = PacedSource(source, block=320, clock=pace.read, sleep=pace.sleep)
    kept = Kept()
    result = analyse_source(source, AnalysisOptions(recogniser="pocketsphinx", block=block), sinks=[kept])
    return result, kept.told()


@functools.cache
def whole_words():
    pytest.importorskip("pocketsphinx")
    return words()


def test_the_part_has_words_and_flags():
    result = whole_words()[0]
    assert result.words
    assert {flag.id for flag in result.flags} >= {"say.push_off"}


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_with_words(block):
    assert_same(words(block), whole_words())


def test_pace_with_words():
    assert_same(words(pace=Clock()), whole_words())
