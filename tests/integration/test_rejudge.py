"""Judging again without audio: the same as analysing, and leaving out what changes nothing changes nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.store_calls import features
from models.baseline import BaselineLearner
from monitor.assemble import AnalysisOptions, analyse_source, keeper
from monitor.cli import main
from monitor.commands._stored import recording_sink
from monitor.conversation.floor import Happening, Kind
from monitor.conversation.two_sides import TwoSides
from monitor.policy.load import load_policy
from monitor.policy.model import Policy
from monitor.policy.thresholds import Thresholds
from monitor.rejudge.call import _Again, judge_again
from monitor.rejudge.many import judge_many
from monitor.rejudge.quiet import QuietVoice
from monitor.rejudge.suggest import spans, suggest
from monitor.sources.array import ArraySource
from monitor.store.calls import open_store
from monitor.store.packing import KINDS, Heard, pack_heard, talk_row
from monitor.store.recall import Recalled, recall
from monitor.types import RATE_HZ, TICK, Baseline, Light
from monitor.voice import STEADY, TICK_S, VoiceJudge
from monitor.windows import RollingWindows, rows
from tests.live_fakes import call_audio
from tests.stored import empty_result, joined, said, store_call
from tests.talks import MINE

TOLERANCE_S = TICK_S + 0.001  # one tick, and the rounding of results
EAGER = {
    "voice.raised": {"amber": 0.7, "red": 1.2, "amber_evidence": 0.05, "red_evidence": 0.1, "hold_s": 0.7},
    "voice.rising": {"strain": 0.15, "samples": 10, "lasts_s": 1.0},
    "voice.agitated": {"above_st": 0.3, "lasts_s": 0.5},
    "voice.flat": {"on": True, "below_share": 0.9, "lasts_s": 1.0},
    "pace.fast": {"share": 1.01, "least_syl_s": 1.0, "lasts_s": 0.5},
    "pace.slow": {"on": True, "share": 0.95, "lasts_s": 0.5},
}
POLICIES = {
    "as it comes": load_policy(),
    "eager": Policy(name="eager", thresholds=Thresholds.model_validate(EAGER)),
    "hard of hearing": Policy(
        name="hard",
        thresholds=Thresholds.model_validate({"audibility": {"snr_db": 33.0, "dead_s": 1.0, "dead_dbfs": -60.0}}),
    ),
    "calm": Policy(name="calm", thresholds=Thresholds.model_validate({"learning": {"below": 0.2, "memory": 20}})),
}  # fmt: skip


def lively(seed, minutes=6):
    """Speech with raised sentences, pauses, clipping, a dead microphone and noise."""
    rng = np.random.default_rng(seed)
    rolling, found = RollingWindows(), []
    for number, part in enumerate(features(minutes, seed, raised=0.15)):
        if number == minutes // 2:
            part.level_dbfs[1000:2500] = -100
            part.speech[1000:2500] = 0
        part.clipped[:] = rng.random(len(part)) < (0.4 if number == minutes - 1 else 0.0)
        part.noise_dbfs[:] = -65 + 30 * rng.random()
        found.append(rolling.push(part))
    return joined(found)


def call_of(ticks, usual=None):
    policy, samples = POLICIES["as it comes"], len(ticks) * 800 + 300
    return Recalled(1, samples, usual, policy.fingerprint, policy, empty_result(duration_s=samples / RATE_HZ), ticks,
                    None, (), ())  # fmt: skip


def call_of_both(seed, usual=None):
    """A call with both sides, who speak over each other, fall silent and announce a hold."""
    rng = np.random.default_rng(seed)
    call, frames = call_of(lively(seed, minutes=4), usual), 4 * 6000
    kinds = [Kind.UTTERANCE, Kind.OVERLAP, Kind.INTERRUPTION, Kind.ALONE, Kind.QUIET, Kind.REPLY]
    talk, told = [], 0
    while (told := told + int(rng.integers(20, 300))) < frames + 20:
        start = max(0, told - int(rng.integers(50, 3000)))
        kind = kinds[int(rng.integers(len(kinds)))]
        talk.append(talk_row(Happening(kind, start, told, told, int(rng.integers(2)))))
    heard = Heard(holds=[(60.0, 59.5), (100.02, 99.0)])
    result = replace(call.result, source=replace(call.result.source, channels=2))
    customer = lively(seed + 50, minutes=4)
    return replace(call, result=result, customer=customer, talk=talk, words=[pack_heard(heard)])


class Exact(QuietVoice):
    """Looks at the rise at every sample, as the engine does."""

    _look_at_rise = VoiceJudge._look_at_rise


class EveryTick(_Again):
    """Looks at every tick, and tells the judgement of each, as the engine does."""

    def __init__(self, call, policy, keeper):
        super().__init__(call, policy, keeper)
        self._voice = Exact(policy.thresholds, self._keeper)

    def _both(self, customer, keeper):
        sides = TwoSides(self._policy.thresholds, keeper(self._policy, None))
        sides._happened.extend(Happening(KINDS[kind], *row, side) for kind, side, *row in self._call.talk)
        ends = range(TICK, TICK * (len(customer) + 1), TICK)
        sides._ticks.extend(zip(ends, zip(*rows(customer).values(), strict=True), strict=True))
        return sides

    def _walk(self):
        holds = list(self._words.holds)
        for tick in range(len(self._call.agent)):
            while holds and self._sides is not None and holds[0][0] <= self._rows.now_s[tick]:
                self._sides.announce_hold(holds.pop(0)[1])
            self._look(tick)

    def _tell(self, tick, unheard, *, fresh=False):
        now_s, state = self._rows.now_s[tick], self._voice.state(self._rows.now_s[tick])
        between = STEADY
        if self._sides is not None:
            lit = state.light is not Light.GREEN
            _, between = self._sides.look((tick + 1) * TICK, now_s, self._voice.strain, fresh, lit)
        for changed in self._judgement.look(now_s if tick else 0.0, state, unheard, between):
            self._builder.take(changed)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("usual", [None, MINE], ids=["unknown voice", "stored voice"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_leaving_ticks_out_changes_nothing(policy, usual, seed):
    call = call_of(lively(seed), usual)
    every = EveryTick(call, policy, keeper).result(None)
    assert judge_again(call, policy, keeper) == every
    assert len(every.lights) > 1


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("seed", [1, 2])
def test_leaving_ticks_of_both_sides_out_changes_nothing(policy, seed):
    call = call_of_both(seed, MINE if seed == 2 else None)
    every = EveryTick(call, policy, keeper).result(None)
    assert judge_again(call, policy, keeper) == every
    found = {reason.id for span in every.lights for reason in span.reasons}
    assert found >= {"turn.dead_air", "turn.talk_over", "turn.interrupt"}
    assert every.conversation.customer.raised or policy.name == "calm"


def test_the_lights_of_that_comparison_are_of_every_kind():
    found = [judge_again(call_of(lively(seed), usual), policy, keeper)
             for policy in POLICIES.values() for usual in (None, MINE) for seed in (1, 2, 3)]  # fmt: skip
    lit = {reason.id for result in found for span in result.lights for reason in span.reasons}
    assert lit >= {"voice.raised", "voice.agitated", "pace.fast", "pace.slow", "no_signal", "clipping", "noisy",
                   "learning"}  # fmt: skip


def test_most_ticks_are_left_out(monkeypatch):
    looks = []
    look = _Again._look
    monkeypatch.setattr(_Again, "_look", lambda self, tick: looks.append(tick) or look(self, tick))
    call = call_of(joined([RollingWindows().push(part) for part in features(1, 9, raised=0)]), MINE)
    judge_again(call, POLICIES["as it comes"], keeper)
    assert len(looks) < 0.5 * len(call.agent)


def test_the_middle_of_the_last_values_is_that_of_sorting_them():
    rng = np.random.default_rng(4)
    for memory, decimals in ((20, 1), (50, 6), (21, 0)):
        learner = BaselineLearner(memory=memory, profile=MINE, profile_weight=0)
        heard = np.round(rng.normal(0, 3, (130, 3)), decimals)
        for count, sample in enumerate(heard.tolist(), 1):
            learner.learn(sample)
            last = np.sort(heard[max(0, count - memory) : count], axis=0)
            middle = (last[(len(last) - 1) // 2] + last[len(last) // 2]) / 2
            apart = np.sort(np.abs(last - middle), axis=0)
            spread = 1.4826 * (apart[(len(last) - 1) // 2] + apart[len(last) // 2]) / 2
            weight = learner._lean(count)
            assert learner.centre[1:] == tuple(((1 - weight) * middle + weight * np.array([0, 14.0, -6.0]))[1:])
            own = np.sqrt((1 - weight) * spread**2 + weight * np.array([3.0, 1.5, 2.0]) ** 2)
            assert learner.spread == tuple(own.tolist())


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Two recordings in a store, of one channel and of two, and what other policies say of them when analysed."""
    folder = tmp_path_factory.mktemp("rejudge")
    (folder / "eager.toml").write_text(
        '[policy]\nname = "eager"\nextends = "upset-customer-en"\n[thresholds."voice.raised"]\namber = 0.8\nred = 1.6\n'
        '[thresholds."pace.fast"]\nleast_syl_s = 2.0\nshare = 1.1\n[thresholds."turn.dead_air"]\nseconds = 1.0\n'
        '[thresholds."voice.mirrored"]\nstrain = 0.3\nlasts_s = 0.1\n',
        encoding="utf-8",
    )
    both = call_audio()
    one = both[0].copy()
    both[0, 40 * RATE_HZ : 50 * RATE_HZ] = 0.0
    results = {}
    with open_store(folder / "c.sqlite", who="ann") as store:
        for name, y in (("one.wav", one[None]), ("both.wav", both)):
            for policy in (None, str(folder / "eager.toml")):
                options = AnalysisOptions(policy=policy, recogniser="none", own_process=False, block=4000)
                sinks = [] if policy else [recording_sink(store, folder / name, options, None)]
                result = analyse_source(ArraySource(y, name=name), options, sinks=sinks)
                results[name, policy is not None] = result
                for sink in sinks:
                    sink.finish(result)
        yield folder, store, results


def edges(result):
    return [(span.start_s, span.light, {reason.id for reason in span.reasons}) for span in result.lights]


@pytest.mark.parametrize("eager", [False, True], ids=["same policy", "another"])
@pytest.mark.parametrize("name", ["one.wav", "both.wav"])
def test_judging_again_is_analysing(analysed, name, eager):
    folder, store, results = analysed
    policy = load_policy(folder / "eager.toml" if eager else None)
    with store.engine.connect() as connection:
        call = next(each for each in recall(connection, store.numbers()) if each.result.source.name == name)
    again, wanted = judge_again(call, policy, keeper), results[name, eager]
    assert len(edges(again)) == len(edges(wanted)) > 2
    for (ours_s, *ours), (theirs_s, *theirs) in zip(edges(again), edges(wanted), strict=True):
        assert ours == theirs
        assert abs(ours_s - theirs_s) <= TOLERANCE_S
    assert again.engine == wanted.engine
    assert again.checklist == wanted.checklist
    assert again.turns == wanted.turns
    assert again.pace == wanted.pace
    assert again.unknown == wanted.unknown
    assert (again.conversation is None) == (wanted.conversation is None) == (name == "one.wav")
    if wanted.conversation is not None:
        assert again.conversation.talk_share == wanted.conversation.talk_share
        assert again.conversation.interruptions == wanted.conversation.interruptions
    for field in Baseline.__slots__:
        assert getattr(again.baseline, field) == pytest.approx(getattr(wanted.baseline, field), abs=0.02)


def test_phrases_are_found_in_what_was_heard(tmp_path):
    with open_store(tmp_path / "c.sqlite", who="ann") as store:
        number = store_call(store, passes=[said("we have a light roast today", at_s=20.0)])
        assert store.open(number).result.flags == ()
        path = tmp_path / "roast.toml"
        path.write_text(
            '[policy]\nname = "roast"\nextends = "upset-customer-en"\n[[behaviour]]\nid = "say.light_roast"\n'
            'phrases = ["light roast"]\n',
            encoding="utf-8",
        )
        [change] = judge_many(store, None, load_policy(path), [number])
        assert change.after.flags == {"say.light_roast": 1}
        assert change.after.lights["say.light_roast"] == 1
        assert change.differs


def test_several_processes_say_the_same(tmp_path):
    place = str(tmp_path / "c.sqlite")
    with open_store(place, who="ann") as store:
        numbers = [store_call(store, seed=seed, minutes=2, raised=0.3) for seed in range(18)]
        policy = POLICIES["eager"]
        alone = list(judge_many(store, place, policy, numbers))
        assert list(judge_many(store, place, policy, numbers, jobs=2)) == alone
        assert [change.call_id for change in alone] == numbers


def test_the_command_tells_and_applies(tmp_path, capsys):
    place = str(tmp_path / "c.sqlite")
    policy = tmp_path / "eager.toml"
    policy.write_text(
        '[policy]\nname = "eager"\nextends = "upset-customer-en"\n[thresholds."voice.raised"]\namber = 0.5\n'
    )
    with open_store(place, who="ann") as store:
        number = store_call(store, minutes=4, raised=0.3)
    command = ["rejudge", "--policy", str(policy), "--store", place, "--as", "ann"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "1 calls, 0.1 h, under eager@" in told
    assert "lights by voice.raised" in told
    assert main([*command, "--apply", "--json", str(number)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["applied"]
    assert [each["call"] for each in report["changed"]] == [number]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changed"] == [], "it is judged by that already"
    assert main(["rejudge", "--policy", "no-such", "--store", place]) == 2
    assert main([*command, "99"]) == 2
    assert "no finished call 99 that you may open" in capsys.readouterr().err


def test_disputes_suggest_thresholds(tmp_path, capsys):
    place = str(tmp_path / "c.sqlite")
    with open_store(place, who="ann") as store:
        number = store_call(store, minutes=6, raised=0.2, passes=[said("please calm down now", at_s=100.0)])
        lit = spans(store.open(number).result, "voice.raised")
        assert len(lit) > 1
        store.dispute(number, "voice.raised", lit[0][0] + 0.5, "the door")
        store.dispute(number, "say.calm_down", 101.0, "she asked how to calm down")
        store.dispute(number, "turn.dead_air", 5.0, "one channel, so it cannot be")
        found = {each.subject: each for each in suggest(store, load_policy(), [number])}
    raised = found["voice.raised"]
    assert (raised.disputed, raised.removed, raised.others) == (1, 1, len(lit) - 1)
    phrase = found["say.calm_down: calm down"]
    assert (phrase.disputed, phrase.removed, phrase.lost) == (1, 1, 0)
    assert found["turn.dead_air"].toml is None
    for each in (raised, phrase):
        path = tmp_path / "better.toml"
        path.write_text(f'[policy]\nname = "better"\nextends = "upset-customer-en"\n{each.toml}\n', encoding="utf-8")
        better = load_policy(path)
        with open_store(place, who="ann") as store:
            [change] = judge_many(store, place, better, [number])
        subject = each.subject.partition(":")[0]
        assert change.after.lights[subject] <= change.before.lights[subject] or subject.startswith("say.")
        assert change.differs
    assert main(["policy", "suggest", "--store", place, "--as", "ann"]) == 0
    assert "This would have removed 1 of the disputed" in capsys.readouterr().out
    assert main(["policy", "suggest", "--store", place, "--as", "ben"]) == 0
    assert "Nothing was disputed" in capsys.readouterr().out
