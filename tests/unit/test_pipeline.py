"""The whole engine on one channel: order and times of its events, words at their tick, and any cut of the samples."""

import functools
import math
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.baseline import BaselineLearner
from monitor.assemble import AnalysisOptions, analyse_source
from monitor.errors import InputProblem, ParameterError
from monitor.events import BaselineLearned, FlagChanged, FramesMeasured, LightChanged, TurnEnded, Warned, WordsHeard
from monitor.features.extractor import LATENCY_S
from monitor.pipeline import CallPipeline
from monitor.policy.model import Behaviour, ChecklistEntry, Policy
from monitor.policy.thresholds import Thresholds
from monitor.profile import profile_text
from monitor.types import RATE_HZ, FlagState, Hypothesis, Light, SourceInfo, Word
from tests import signals, voices

POLICY = Policy(
    name="mine",
    behaviours=(
        Behaviour(id="say.calm_down", phrases=("calm down",)),
        Behaviour(id="do.thank", phrases=("thank you",)),
    ),
    checklist=(ChecklistEntry(id="do.thank"),),
    thresholds=Thresholds.model_validate({"learning": {"speech_s": 4.0}}),
)


class Recogniser:
    """Hears "calm down" at 6 s and says so at 6.8 s of the sample clock, whatever the blocks."""

    name = "fake"
    warnings = ("It cannot hear “hm”.",)

    def __init__(self, heard_s=6.8):
        self.samples = 0
        self.heard_s = heard_s

    def push(self, y):
        before, self.samples = self.samples, self.samples + len(y)
        due = round(self.heard_s * RATE_HZ)
        return [self.answer()] if before < due <= self.samples else []

    def answer(self):
        words = (Word(6.0, 6.3, "calm", 0.99), Word(6.3, 6.6, "down", 0.99))
        return Hypothesis(1, 5.9, 6.7, self.heard_s, True, words)

    def finish(self):
        return [Hypothesis(2, 7.0, 7.5, self.samples / RATE_HZ, True, (Word(7.0, 7.2, "thank"), Word(7.2, 7.5, "you")))]


@functools.cache
def call():
    """Calm, shouted, calm, then silence: 17 s."""
    manners = [voices.Manner(7), voices.Manner(2.5, f0_hz=250, level_dbfs=-14, effort_db=14), voices.Manner(6)]
    return np.concatenate([voices.speak(manners, noise_dbfs=-65, seed=3).y, signals.silence(1.5)])


def run(y, cuts=(), recogniser=None):
    pipeline = CallPipeline(POLICY, BaselineLearner(speech_s=4.0), recogniser)
    events = [event for piece in np.split(y, sorted(cuts)) for event in pipeline.push(piece)]
    return pipeline, events + pipeline.finish()


def told(events):
    """Everything but the frames, which come in batches."""
    return [event for event in events if not isinstance(event, FramesMeasured)]


def frames(events):
    return voices.joined([event.features for event in of(events, FramesMeasured)])


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


@functools.cache
def whole(words=True):
    return tuple(run(call(), recogniser=Recogniser() if words else None)[1])


@settings(max_examples=15)
@given(st.lists(st.integers(0, 17 * RATE_HZ), max_size=10), st.booleans())
def test_cuts_change_no_event(cuts, words):
    _, events = run(call(), cuts, Recogniser() if words else None)
    assert told(events) == told(whole(words))
    voices.assert_equal(frames(events), frames(whole(words)))


@pytest.mark.parametrize("block", [80, 320, 1600, 48_000])
def test_blocks_change_no_event(block):
    _, events = run(call(), range(block, len(call()), block), Recogniser())
    assert told(events) == told(whole())


def test_single_samples_change_no_event():
    y = call()[: 2 * RATE_HZ]
    assert told(run(y, range(1, 12_000))[1]) == told(run(y)[1])


def test_lights_of_the_call():
    lights = [event.light for event in of(whole(False), LightChanged)]
    assert lights[0] is Light.GREY
    assert lights[1] is Light.GREEN
    assert Light.RED in lights[2:]
    assert lights[-1] is Light.GREEN
    learning = of(whole(False), LightChanged)[0]
    assert (learning.at_s, learning.reasons[0].id) == (0.0, "learning")


def test_times_never_go_back_and_stay_within_the_call():
    times = [event.at_s for event in whole()]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] == len(call()) / RATE_HZ


def test_frames_are_told_once_without_gap():
    assert frames(whole()).start_frame == 0
    assert len(frames(whole())) == 1700


def test_a_tick_is_judged_when_its_measures_are_known():
    for event in of(whole(False), LightChanged)[1:]:
        ticks = (event.at_s - LATENCY_S) / 0.05
        assert ticks == pytest.approx(round(ticks))


def test_words_are_judged_at_their_tick():
    (flag,) = of(whole(), FlagChanged)
    assert (flag.flag.id, flag.flag.state, flag.at_s) == ("say.calm_down", FlagState.CONFIRMED, 6.8)
    reds = [e for e in of(whole(), LightChanged) if any(r.id == "say.calm_down" for r in e.reasons)]
    assert 6.8 <= reds[0].at_s < 6.8 + 1.5 + 0.05  # the light may have changed just before


@pytest.mark.parametrize("heard_s", [6.8, 6.81, 6.845, 6.849])
def test_words_can_be_listened_for_before_the_voice_is_judged_and_say_when_that_is_worth_while(heard_s):
    pipeline = CallPipeline(POLICY, BaselineLearner(speech_s=4.0), Recogniser(heard_s))
    y, at, events = call(), 0, []
    for start in range(0, len(y), 320):
        if pipeline.listen(y[start : start + 320]):
            pieces = pipeline.judge(y[at : start + 320])
            assert of(pieces, FlagChanged), "they are judged at once"
            assert (start + 320) / RATE_HZ - heard_s < 0.05 + 0.02
            events += pieces
            at = start + 320
    events += pipeline.judge(y[at:]) + pipeline.finish()
    assert at > 0
    told = of(events, FlagChanged), of(events, LightChanged)
    whole_call = run(call(), recogniser=Recogniser(heard_s))[1]
    assert told == (of(whole_call, FlagChanged), of(whole_call, LightChanged))


def test_whoever_keeps_a_call_is_told_its_words_on_one_channel_too():
    pipeline = CallPipeline(POLICY, BaselineLearner(), Recogniser())
    tap = Mock()
    pipeline.tell(tap)
    pipeline.push(call())
    pipeline.finish()
    assert tap.heard.call_count > 1
    assert {told.args[2] for told in tap.heard.call_args_list} == {None}, "no hold is announced to nobody"


def test_words_at_the_very_end_are_kept():
    pipeline, events = run(call(), recogniser=Recogniser())
    assert [word.text for event in of(events, WordsHeard) for word in event.words] == ["calm", "down", "thank", "you"]
    (item,) = pipeline.checklist(1)
    assert (item.id, item.met) == ("do.thank", True)


def test_without_words_the_checklist_is_unknown_and_not_missed():
    pipeline, _ = run(call())
    (item,) = pipeline.checklist(1)
    assert item.met is None
    assert item.why


def test_the_usual_voice_is_told_when_it_is_known_and_at_the_end():
    first, last = of(whole(False), BaselineLearned)
    assert 4 < first.at_s < 9
    assert last.at_s == pipeline_end()
    assert last.baseline.level_dbfs == pytest.approx(-26, abs=4)
    assert last.baseline.f0_st == pytest.approx(12 * math.log2(120 / 55), abs=2)


def pipeline_end():
    return len(call()) / RATE_HZ


def test_turns_are_told():
    turns = [event.turn for event in of(whole(), TurnEnded)]
    assert turns
    assert all(turn.speaker == "agent" and turn.start_s < turn.end_s <= pipeline_end() for turn in turns)


def test_warnings_come_last():
    assert [(event.id, event.text) for event in of(whole(), Warned)] == [("recogniser.0", "It cannot hear “hm”.")]
    assert isinstance(whole()[-1], Warned)


def test_clipped_speech_is_warned_of():
    y = np.clip(voices.speak([voices.Manner(6, level_dbfs=-2)]).y, -1, 1)
    (warned,) = of(run(y)[1], Warned)
    assert warned.id == "clipping"
    assert float(warned.text.split()[2]) > 3


@pytest.mark.parametrize("samples", [0, 1, 100, 800])
def test_hardly_a_sample(samples):
    pipeline, events = run(call()[:samples])
    assert pipeline.duration_s == samples / RATE_HZ
    assert [event.light for event in of(events, LightChanged)] == ([Light.GREY] if samples else [])
    assert all(event.at_s <= pipeline.duration_s for event in events)


class Listing:
    """A source in memory that may break off."""

    warnings = ()

    def __init__(self, y, error=None, channels=1):
        self.y, self.error = y, error
        self.info = SourceInfo("call", channels, RATE_HZ)

    def blocks(self):
        for at in range(0, len(self.y), 4000):
            yield np.stack([self.y[at : at + 4000]] * self.info.channels)
        if self.error:
            raise self.error


def judged(source, **options):
    return analyse_source(source, AnalysisOptions(recogniser="none", **options))


def test_a_source_that_breaks_off_is_an_input_problem():
    with pytest.raises(InputProblem, match="breaks off"):
        judged(Listing(call()[:20_000], InputProblem("call.wav breaks off.")))


def test_a_source_without_sound_is_an_input_problem():
    with pytest.raises(InputProblem, match=r"^call holds no sound; [^\n]*\.$"):
        judged(Listing(call()[:0]))


@pytest.mark.parametrize(("channel", "match"), [(2, "call has 2 channels"), (-1, "counted from 0")])
def test_a_channel_that_is_not_there(channel, match):
    with pytest.raises(ParameterError, match=match):
        judged(Listing(call()[:8000], channels=2), agent_channel=channel)


def test_a_profile_saves_the_learning(tmp_path):
    keeper = BaselineLearner(speech_s=4.0)
    pipeline = CallPipeline(POLICY, keeper, None)
    pipeline.push(call()[: 7 * RATE_HZ])
    path = tmp_path / "anna.json"
    path.write_text(profile_text(keeper.baseline), encoding="utf-8")
    result = judged(Listing(call()), profile=path)
    assert result.lights[0].light is Light.GREEN
    assert Light.RED in {span.light for span in result.lights}
    assert result.engine.profile.startswith("anna@")


def test_words_of_a_call_too_short_to_measure_are_kept():
    _, events = run(call()[:0], recogniser=Recogniser())
    assert [word.text for event in of(events, WordsHeard) for word in event.words] == ["thank", "you"]
