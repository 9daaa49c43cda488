"""The recogniser host's books: what waits, what is lost, how a crash is mended, and what a reader is told."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.allowance import Allowance
from models.host_child import Heard
from models.host_feed import MOST, Feed
from models.host_queue import AudioQueue, Chunk
from models.host_status import HostLog, Loss
from monitor.types import RATE_HZ, Hypothesis, Word


def ramp(start, count):
    """Samples that say which they are; never 0."""
    return np.arange(start + 1, start + count + 1, dtype=np.float32)


def is_ramp(chunk):
    return np.array_equal(chunk.y, ramp(chunk.start, chunk.end - chunk.start))


def heard(at_s, *texts, utterance=1, final=False, finished=False):
    words = tuple(Word(at_s - 0.1, at_s, text) for text in texts)
    return Heard((Hypothesis(utterance, max(0.0, at_s - 0.5), at_s, at_s, final, words),), (), finished)


NOTHING = Heard((), ())


def send(feed, seconds, answers=()):
    """Append audio and let the child answer all of it, the last chunks with the given answers."""
    feed.append(ramp(feed.queue.end, round(seconds * RATE_HZ)))
    chunks = []
    while (chunk := feed.take(1)) is not None:
        chunks.append(chunk)
        feed.note(NOTHING if feed.queue.waiting or not answers else answers[0])
    return chunks


operations = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 50)),
        st.tuples(st.just("take"), st.integers(1, 40)),
        st.tuples(st.just("drop"), st.integers(0, 40)),
    )
)


@given(operations)
def test_a_queue_keeps_every_sample_at_its_place(steps):
    queue, taken, lost = AudioQueue(), [], 0
    for step, count in steps:
        if step == "append":
            assert queue.append(ramp(queue.end, count)) == 0
        elif step == "take" and queue.waiting:
            taken.append(queue.take(count, 60))
        elif step == "drop":
            lost += queue.drop(count)
            assert queue.held <= count
    while queue.waiting:
        taken.append(queue.take(7, 60))
    assert [c.start for c in taken] == [0, *(c.end for c in taken)][: len(taken)]
    assert sum(c.end - c.start for c in taken) == queue.end
    assert sum(c.end - c.start for c in taken if c.y is None) == lost
    assert all(is_ramp(c) for c in taken if c.y is not None)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 30))
def test_a_queue_can_be_rewound(sent, waiting, most):
    queue = AudioQueue()
    queue.append(ramp(0, sent))
    taken = []
    while queue.waiting:
        taken.append(queue.take(most, 60))
    queue.append(ramp(sent, waiting))
    queue.rewind(taken)
    again = []
    while queue.waiting:
        again.append(queue.take(most, 60))
    assert all(is_ramp(c) for c in again)
    assert sum(c.end - c.start for c in again) == sent + waiting == queue.end


@given(st.integers(0, 30), st.integers(0, 40), st.integers(0, 40))
def test_a_muted_stretch_is_silent_whether_it_came_before_or_after(start, waiting, later):
    queue = AudioQueue()
    queue.append(ramp(0, start + waiting))
    queue.skip_to(start)
    muted = queue.mute(start + 30)
    muted += queue.append(ramp(queue.end, later))
    y = np.concatenate([queue.take(9, 60).y for _ in range(-(-(waiting + later) // 9))] or [np.zeros(0)])
    assert muted == min(30, waiting + later)
    assert not y[:muted].any()
    assert np.array_equal(y[muted:], ramp(start + muted, len(y) - muted))


def test_skipping_passes_over_what_was_dropped():
    queue = AudioQueue()
    queue.append(ramp(0, 100))
    assert queue.drop(30) == 70
    queue.skip_to(80)
    chunk = queue.take(50, 60)
    assert (chunk.start, chunk.end) == (80, 100)
    assert is_ramp(chunk)


def test_the_callers_array_may_be_reused():
    feed, y = Feed(Allowance(0.2, 0.2), mends=False), ramp(0, 1000)
    feed.append(y)
    y[:] = 0
    assert is_ramp(feed.take(1))


def test_chunks_are_small_and_few_are_unanswered():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    feed.append(ramp(0, 10 * RATE_HZ))
    chunks = [feed.take(1) for _ in range(3)]
    assert [c.end - c.start for c in chunks] == [MOST] * 3
    assert feed.take(1) is None
    feed.note(NOTHING)
    assert feed.answered == MOST
    assert feed.take(1) is not None


def test_passes_are_declared_later_by_the_allowance_and_told_when_due():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    send(feed, 1.0, [heard(0.9, "calm")])
    assert feed.due() == []
    send(feed, 0.1)
    (told,) = feed.due()
    assert told.heard_at_s == 0.9 + 0.2
    assert told.end_s == 0.9
    assert feed.due() == []


def test_no_pass_is_later_than_the_recording():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    send(feed, 1.0, [heard(0.9, "calm")])
    assert [h.heard_at_s for h in feed.rest()] == [1.0]
    assert feed.rest() == []


def test_too_much_audio_is_dropped_by_halves_and_counted():
    feed = Feed(Allowance(0.2, 0.2), mends=False)
    for _ in range(105):
        feed.append(ramp(feed.queue.end, RATE_HZ // 10))
        feed.bound(10 * RATE_HZ, Loss.BEHIND)
    assert feed.log.lost == Counter({Loss.BEHIND: 5.1 * RATE_HZ})
    chunks = []
    while (chunk := feed.take(1)) is not None:
        chunks.append(chunk)
        feed.note(NOTHING)
    silent = [chunk for chunk in chunks if chunk.y is None]
    assert silent == chunks[: len(silent)]
    assert silent[-1].end == 5.1 * RATE_HZ
    assert all(is_ramp(chunk) for chunk in chunks[len(silent) :])
    assert chunks[-1].end == 10.5 * RATE_HZ
    assert feed.most_held <= 10 * RATE_HZ


def test_a_live_call_goes_on_after_a_crash_with_rising_times_and_numbers():
    feed = Feed(Allowance(0.2, 0.2), mends=False)
    feed.begin()
    send(feed, 2.0, [heard(2.0, "a", utterance=3)])
    feed.append(ramp(feed.queue.end, RATE_HZ))
    feed.take(1)
    feed.mend()
    feed.begin()
    assert feed.log.lost == Counter({Loss.STOPPED: MOST})
    send(feed, 1.0, [heard(1.0, "b", utterance=1)])
    before, after = feed.rest()
    assert (before.utterance, after.utterance) == (3, 4)
    assert after.heard_at_s == pytest.approx(2.5 + 1.0 + 0.2)
    assert (after.start_s, after.end_s) == (3.0, 3.5)
    assert (after.words[0].start_s, after.words[0].end_s) == pytest.approx((3.4, 3.5))


def test_a_crash_offline_sends_the_sentence_once_more_and_tells_its_passes_once():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    feed.begin()
    send(feed, 1.0, [heard(1.0, "a", final=True)])
    send(feed, 1.0, [heard(2.0, "b", utterance=2)])
    feed.append(ramp(feed.queue.end, RATE_HZ))
    feed.take(1)
    feed.mend()
    feed.begin()
    assert feed.queue.start == RATE_HZ  # where the finished utterance ended
    while (chunk := feed.take(1)) is not None:
        assert is_ramp(chunk)
        end_s = (chunk.end - RATE_HZ) / RATE_HZ
        feed.note(heard(end_s, "again", utterance=1) if chunk.end in (2 * RATE_HZ, 3 * RATE_HZ) else NOTHING)
    assert [(h.utterance, h.end_s) for h in feed.rest()] == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert feed.log.lost_s == 0


def test_a_crash_over_nothing_loses_nothing_however_often():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    send(feed, 1.0)
    for _ in range(3):
        feed.mend()
        feed.begin()
        assert feed.queue.start == 0
        send(feed, 0.0)
    assert not feed.log.skips


def test_what_fails_twice_is_skipped():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    send(feed, 1.0)
    feed.append(ramp(feed.queue.end, RATE_HZ // 2))
    for _ in range(2):
        feed.begin()
        while feed.queue.start < RATE_HZ:
            feed.take(1)
            feed.note(NOTHING)
        feed.take(1)
        feed.mend()
    feed.begin()
    assert feed.queue.start == RATE_HZ
    chunks = send(feed, 1.0)
    y = np.concatenate([chunk.y for chunk in chunks])
    assert not y[:RATE_HZ].any()
    assert np.array_equal(y[RATE_HZ:], ramp(2 * RATE_HZ, RATE_HZ // 2))
    assert feed.log.lost == Counter({Loss.SKIPPED: RATE_HZ})
    assert feed.log.skips == [RATE_HZ]


def test_failing_twice_over_the_last_words_ends_it():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    send(feed, 3.0, [heard(2.5, "a", final=True)])
    for _ in range(2):
        assert not feed.finished
        while feed.take(1) is not None:
            feed.note(NOTHING)
        feed.unanswered.append(Chunk(feed.queue.end, feed.queue.end, None))
        feed.mend()
    assert feed.finished
    assert feed.log.lost == Counter({Loss.SKIPPED: RATE_HZ // 2})


def test_only_thirty_seconds_are_kept_for_another_try():
    feed = Feed(Allowance(0.2, 0.2), mends=True)
    send(feed, 100.0)
    feed.mend()
    assert feed.queue.start == 70 * RATE_HZ


def test_what_is_abandoned_is_counted_once():
    feed = Feed(Allowance(0.2, 0.2), mends=False)
    feed.append(ramp(0, 12 * RATE_HZ))
    feed.bound(10 * RATE_HZ, Loss.BEHIND)
    feed.take(1)
    feed.abandon(Loss.ENDED)
    feed.abandon(Loss.ENDED)
    assert feed.log.lost == Counter({Loss.BEHIND: 7 * RATE_HZ, Loss.ENDED: 5 * RATE_HZ})
    assert feed.answered == feed.queue.end


def test_sentences_say_how_much_why_and_where():
    log = HostLog()
    assert log.sentences() == []
    log.lost[Loss.BEHIND] = round(3.2 * RATE_HZ)
    log.lost[Loss.STARTING] = 10
    log.lost[Loss.SKIPPED] = RATE_HZ
    log.skips.append(61 * RATE_HZ)
    log.late = 1
    log.stops.append(42 * RATE_HZ)
    assert log.sentences() == [
        "words were not heard for 3.2 s: the recogniser fell behind",
        "words were not heard for 1.0 s (at 1:01): the recogniser stopped there twice",
        "words came later than usual 1 time: the recogniser fell behind",
        "the recogniser stopped and was started again 1 time (at 0:42)",
    ]
    assert log.lost_s == pytest.approx(4.2, abs=0.01)


def test_many_stops_are_told_shortly():
    log = HostLog(stops=[60 * RATE_HZ * i for i in range(9)], hangs=9)
    (sentence,) = log.sentences()
    assert sentence.startswith("the recogniser did not answer and was started again 9 times")
    assert sentence.endswith("(at 0:00, 1:00, 2:00, 3:00, 4:00, ...)")


def test_a_recogniser_that_never_was_there_is_told_once():
    log = HostLog(problem="Words are not heard.")
    log.lost[Loss.OFF] = 60 * RATE_HZ
    assert log.sentences() == ["Words are not heard."]
