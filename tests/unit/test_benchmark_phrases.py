"""The benchmark of phrases: its choice and score against the script they came from, delays and tables by hand."""

import importlib.util
import json
from argparse import Namespace
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import soundfile as sf

from benchmarks import phrase_hearing, phrase_tables, phrases, spoken
from benchmarks.data import Clip, corpus
from benchmarks.phrase_curve import BOTH, CHECKED, CHOSEN, Spoken, curve, halves, trust
from benchmarks.phrase_groups import (
    SPEEDS,
    by_group,
    figures_of,
    groups_of,
    speed_groups,
    tallies,
    told_tallies,
    worst_speaker,
)
from benchmarks.phrase_hearing import LADDER, Flagged, Heard
from benchmarks.phrase_recall import SURE, SURE_OR_HINT, choose_phrases, score, words_of
from benchmarks.report import all_tables, plain
from benchmarks.spoken import SpokenPhrase, Voice
from monitor.errors import EnvironmentProblem
from monitor.policy.model import Behaviour, Policy
from monitor.types import FlagState, Hypothesis, Word

TRANSCRIPTS = {
    "a": "please calm down and listen to me for one moment",
    "b": "Calm down, said the other one, and listen to the music!",
    "c": "nothing of the kind was ever said to anybody",
}
CONFIRMED, TENTATIVE, WITHDRAWN = FlagState.CONFIRMED, FlagState.TENTATIVE, FlagState.WITHDRAWN


def reference(shared):
    spec = importlib.util.spec_from_file_location("reference_recall", shared / "bench" / "phrase_recall.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_phrases_are_chosen_from_the_transcripts_and_found_wherever_they_occur():
    truth = choose_phrases(TRANSCRIPTS, 100)
    assert len(truth.phrases) > 10
    for key, phrase in truth.phrases.items():
        assert truth.spoken_in[key] == {
            name for name, text in TRANSCRIPTS.items() if f" {phrase} " in f" {' '.join(words_of(text))} "
        }
        assert sum(map(len, phrase.split())) >= 8
    assert any(len(places) == 2 for places in truth.spoken_in.values())


def test_recall_and_false_alarms_are_counted_once_per_recording():
    truth = choose_phrases(TRANSCRIPTS, 3)
    first, second, _ = truth.phrases
    said, other = sorted(truth.spoken_in[first])[0], next(n for n in TRANSCRIPTS if n not in truth.spoken_in[second])
    flagged = {name: [] for name in TRANSCRIPTS}
    flagged[said] += [(first, CONFIRMED), (first, TENTATIVE)]
    flagged[other] += [(second, TENTATIVE), (second, TENTATIVE), (first, WITHDRAWN), ("say.else", CONFIRMED)]
    spoken_times = sum(map(len, truth.spoken_in.values()))
    sure, hinted = score(truth, flagged, 0.5, SURE), score(truth, flagged, 0.5, SURE_OR_HINT)
    assert (sure.spoken, sure.found, sure.false_alarms) == (spoken_times, 1, 0)
    assert (hinted.found, hinted.false_alarms, hinted.false_per_h) == (1, 1, 2.0)
    assert sure.recall == pytest.approx(1 / spoken_times)


@pytest.mark.shared
@pytest.mark.parametrize("tentative", [False, True])
def test_choice_and_score_are_those_of_the_script_they_came_from(shared, tmp_path, capsys, tentative):
    script = reference(shared)
    wanted = Namespace(manifest=shared / "data" / "librispeech" / "manifest.csv", out=tmp_path / "set", phrases=60,
                       words=[2, 3, 4], only=None, allow_empty=False, seed=7)  # fmt: skip
    assert script.build(wanted) == 0
    told = json.loads((tmp_path / "set" / "truth.json").read_text())
    clips = [clip for clip in corpus(shared / "data", "librispeech") if words_of(clip.text)]
    truth = choose_phrases({clip.path.stem: clip.text for clip in clips}, 60)
    assert {key: one["phrase"] for key, one in told["phrases"].items()} == truth.phrases
    assert {key: frozenset(one["files"]) for key, one in told["phrases"].items()} == truth.spoken_in

    rng = np.random.default_rng(2)
    flagged = {}
    (tmp_path / "results").mkdir()
    for clip in clips:
        said = [key for key, places in truth.spoken_in.items() if clip.path.stem in places]
        keys = [*said, *rng.choice(list(truth.phrases), 2)]
        flagged[clip.path.stem] = [(key, FlagState(rng.choice(list(FlagState)))) for key in keys]
        flags = [{"id": key, "state": state.value} for key, state in flagged[clip.path.stem]]
        (tmp_path / "results" / f"{clip.path.stem}.json").write_text(json.dumps({"flags": flags}))
    capsys.readouterr()
    options = Namespace(set=tmp_path / "set", results=tmp_path / "results", tentative=tentative, out=None)
    assert script.score(options) == 0
    theirs = json.loads(capsys.readouterr().out)
    ours = score(truth, flagged, told["hours"], SURE_OR_HINT if tentative else SURE)
    assert (ours.spoken, ours.false_alarms) == (theirs["spoken"], theirs["false_alarms"])
    assert (ours.recall, ours.false_per_h) == (theirs["recall"], theirs["false_per_h"])
    assert ours.found > 0
    assert ours.false_alarms > 0


def passes(*told):
    """Passes of one utterance: clock, whether final, and words of 0.3 s with one confidence."""
    return [
        Hypothesis(1, 0.0, at_s, at_s, final,
                   tuple(Word(0.3 * n, 0.3 * n + 0.3, word, sure) for n, word in enumerate(text.split())))
        for at_s, final, text, sure in told
    ]  # fmt: skip


def test_a_flag_is_timed_when_first_told_and_when_sure():
    policy = Policy(name="one", behaviours=(Behaviour(id="say.calm_down", phrases=("calm down",)),))
    flags = phrase_hearing.flags_of(
        policy,
        passes((1.0, False, "please calm down now", 0.5), (1.6, False, "please calm down now then", 0.9),
               (2.0, True, "please calm down now then", 0.9)),
    )  # fmt: skip
    assert [(flag.id, flag.state, flag.told_s, flag.sure_s) for flag in flags] == [
        ("say.calm_down", CONFIRMED, 1.0, 1.6)
    ]
    gone = phrase_hearing.flags_of(
        policy, passes((1.0, False, "please calm down", 0.5), (2.0, True, "please come down", 0.9))
    )
    assert [(flag.state, flag.sure_s) for flag in gone] == [(WITHDRAWN, None)]


def clip(voice, phrase, end_s):
    return SpokenPhrase(Voice("flite", voice), 1.0, phrase, np.zeros(16_000), end_s, False)


def flag(name, state, told_s, sure_s=None):
    return Flagged(name, "words", state, told_s, sure_s)


def test_delays_count_from_the_end_of_the_phrase_and_recall_by_voice():
    said = {"0": clip("slt", "calm down", 1.0), "1": clip("rms", "calm down", 2.0), "2": clip("rms", "relax", 1.0)}
    heard = [
        Heard("0", (flag("say.other", CONFIRMED, 0.1, 0.1), flag("say.calm_down", CONFIRMED, 1.3, 1.7)), 2.0, 0.2),
        Heard("1", (flag("say.calm_down", TENTATIVE, 2.5),), 2.0, 0.2),
        Heard("2", (flag("say.calm_down", WITHDRAWN, 1.1),), 2.0, 0.4),
    ]
    figures = phrases.voice_figures(said, heard, {"calm down": "say.calm_down", "relax": "say.calm_down"})
    assert figures["recall_with_hints"] == pytest.approx(2 / 3)
    assert figures["recall_sure"] == pytest.approx(1 / 3)
    assert figures["by_voice"] == {"flite slt": 1.0, "flite rms": 0.5}
    assert figures["told_s"] == {"p50": pytest.approx(0.4), "p90": pytest.approx(0.48)}
    assert figures["sure_s"] == {"p50": pytest.approx(0.7), "p90": pytest.approx(0.7)}
    assert figures["cpu_per_audio"] == pytest.approx(0.8 / 6)


def test_flags_on_other_speech_are_counted_by_their_last_state():
    flags = (flag("say.a", CONFIRMED, 1.0, 1.0), flag("say.b", TENTATIVE, 1.0), flag("say.c", TENTATIVE, 2.0))
    figures = phrases.other_figures([Heard("0", flags, 900.0, 90.0), Heard("1", (), 900.0, 90.0)])
    assert figures["counts"] == {"tentative": 2, "confirmed": 1, "quoted": 0, "withdrawn": 0}
    assert phrase_tables.per_hour(figures, "tentative") == 4.0
    assert figures["cpu_per_audio"] == pytest.approx(0.1)


def heard_of(name, sure=(), hinted=(), confidence=0.9):
    """One recording of 36 s; its flags are sure up to a confidence of 0.8, hints up to 0.5."""
    flags = [Flagged(key, key, CONFIRMED, 1.0, 1.0, confidence) for key in sure]
    flags += [Flagged(key, key, TENTATIVE, 1.0, None, 0.5) for key in hinted]
    return Heard(
        name, tuple(flags), 36.0, 3.6, tuple(tuple(sure) if t <= 0.8 else () for t in LADDER),
        tuple((*sure, *hinted) if t <= 0.5 else tuple(sure) if t <= 0.8 else () for t in LADDER),
    )  # fmt: skip


TRUTH = phrases.PhraseTruth(
    {"a": "calm down", "b": "light roast"}, {"a": frozenset({"1", "2", "3"}), "b": frozenset({"1", "4"})}
)
WHO = {"1": "x_f", "2": "x_f", "3": "y_m", "4": "z_f"}
HEARD = [
    heard_of("1", sure="a", hinted="b"),
    heard_of("2", hinted="b"),
    heard_of("3", sure="a"),
    heard_of("4", sure="a"),
]


def test_groups_count_their_own_recordings_and_name_the_worst_speaker():
    counted = tallies(HEARD, WHO, {"1": ["women"], "2": ["women"], "4": ["women"]}, TRUTH)
    rows = by_group(counted)
    assert list(rows) == ["all", "women"]
    assert (rows["all"]["spoken"], rows["women"]["spoken"]) == (5, 4)
    assert rows["all"]["recall_sure"] == pytest.approx(2 / 5)
    assert rows["women"]["recall_with_hints"] == pytest.approx(2 / 4)
    # "a" in recording 4, "b" in recording 2, in 0.04 h
    assert rows["all"]["false_sure_per_h"] == pytest.approx(25)
    assert rows["all"]["false_with_hints_per_h"] == pytest.approx(50)
    low, high = rows["all"]["recall_sure_95"]
    assert low <= 2 / 5 <= high
    assert worst_speaker(counted) is None
    assert worst_speaker([*counted, *counted])["speaker"] == "x_f"
    said_nothing = figures_of(told_tallies(HEARD, WHO, {}))
    assert (said_nothing["recall_sure"], said_nothing["spoken"]) == (None, 0)
    assert said_nothing["false_with_hints_per_h"] == pytest.approx(5 / 0.04)


def test_recordings_are_grouped_by_sex_range_and_speed(tmp_path):
    t_s = np.arange(16_000) / 16_000
    clips = []
    for n, (speaker, f0_hz, text) in enumerate(
        [("a_f", 220, "one two three"), ("b_m", 110, "one two"), ("c", 110, "x")]
    ):
        sf.write(tmp_path / f"{n}.wav", sum(0.1 * np.sin(2 * np.pi * k * f0_hz * t_s) for k in range(1, 9)), 16_000)
        clips.append(Clip(tmp_path / f"{n}.wav", speaker, text, 1.0))
    assert groups_of(clips) == {
        "0": ("women", "high voices", SPEEDS[2]), "1": ("men", "low voices", SPEEDS[1]), "2": ("low voices", SPEEDS[0]),
    }  # fmt: skip
    assert speed_groups({"x": 1.0, "y": 1.0, "w": 0.5}) == {"w": SPEEDS[0], "x": SPEEDS[1], "y": SPEEDS[2]}


def test_a_threshold_is_chosen_on_half_of_the_speakers_and_confirmed_on_the_other():
    assert halves(WHO.values())[CHOSEN] == {"x_f", "z_f"}
    found = curve({"one": Spoken(HEARD, TRUTH, WHO)}, HEARD, WHO)
    at = LADDER.index(0.5)
    assert found["hinted"]["recall"]["one"][CHOSEN][at] == pytest.approx(2 / 4)
    assert found["hinted"]["recall"]["one"][CHOSEN][at + 1] == pytest.approx(1 / 4)
    assert found["sure"]["recall"]["one"][CHECKED] == [1.0 if t <= 0.8 else 0.0 for t in LADDER]
    assert found["hinted"]["false_per_h"][BOTH][at] == pytest.approx(5 / 0.04)
    trusted = trust({"one": Spoken(HEARD, TRUTH, WHO)}, [heard_of("9", hinted="b")], {"9": "n"})
    assert trusted[BOTH]["flags"] == 6
    rows = {row["from"]: row for row in trusted[BOTH]["bins"] if row["flags"]}
    assert rows[0.45]["right"] == pytest.approx(1 / 3)
    assert rows[0.9]["right"] == pytest.approx(2 / 3)
    assert trusted[BOTH]["error"] == pytest.approx((3 * (0.9 - 2 / 3) + 3 * (0.5 - 1 / 3)) / 6)
    assert trusted["said_per_h"] == pytest.approx(5 / 0.05)
    assert trust({"one": Spoken([], TRUTH, {})}, [], {})[BOTH]["error"] is None


def test_every_threshold_is_followed_from_one_decoding():
    policy = Policy(name="one", behaviours=(Behaviour(id="say.calm_down", phrases=("calm down",)),))
    heard = passes((1.0, False, "please calm down now", 0.6), (2.0, True, "please calm down now then", 0.72))
    matcher = phrase_hearing.RememberingMatcher(policy)
    sure, hinted = phrase_hearing.on_ladder(policy, heard, phrase_hearing.ConfirmationRule(), matcher)
    assert [t for t, ids in zip(LADDER, sure, strict=True) if ids] == [t for t in LADDER if t <= 0.72]
    assert sure[0] == ("say.calm_down",)
    assert hinted == sure
    shipped = phrase_hearing.flags_of(policy, heard, matcher=matcher)
    assert [flag.state for flag in shipped] == [TENTATIVE]


def test_noise_lies_as_far_under_speech_as_it_says_and_a_telephone_is_narrow():
    y = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(32_000) / 16_000)
    changed = {name: change(y, 1) for name, change in phrases.changes().items()}
    for name, under_db in phrases.NOISES_DB.items():
        noise = changed[name] - y
        assert 10 * np.log10((y @ y) / (noise @ noise)) == pytest.approx(under_db, abs=0.1)
    high = 0.1 * np.sin(2 * np.pi * 5000 * np.arange(32_000) / 16_000)
    assert np.sqrt(np.mean(changed[phrases.PHONE] ** 2)) == pytest.approx(np.sqrt(np.mean(y**2)), rel=0.2)
    assert np.sqrt(np.mean(phrases.changes()[phrases.PHONE](high, 1) ** 2)) < 0.003


def test_the_report_names_basic_detection_its_figures_its_goals_and_its_picture():
    counted = tallies(HEARD, WHO, {}, TRUTH)
    one, spoken_of = figures_of(counted), dict.fromkeys(phrases.CORPORA, Spoken(HEARD, TRUTH, WHO))
    recall = {**one, "phrases": 60, "cpu_per_audio": 0.15, "recall_with_hints": 0.61}
    other = {"hours": 0.5, "counts": {"tentative": 7, "confirmed": 0, "withdrawn": 1, "quoted": 0},
             "texts": {}, "cpu_per_audio": 0.15, "groups": by_group(told_tallies(HEARD, WHO, {}))}  # fmt: skip
    voices = {"phrases": 300, "recall_with_hints": 0.9, "recall_sure": 0.8, "told_s": {"p50": 0.3, "p90": 0.6},
              "sure_s": None, "by_voice": {f"v{n}": 0.8 + 0.03 * n for n in range(8)},
              "by_speed": {"1": 0.9}, "cpu_per_audio": 0.15}  # fmt: skip
    found = {
        "recall": dict.fromkeys(phrases.CORPORA, recall), "groups": dict.fromkeys(phrases.CORPORA, by_group(counted)),
        "worst": {"librispeech": worst_speaker([*counted, *counted]), "speechocean": None},
        "conditions": {phrases.CLEAN: one, phrases.PHONE: one}, "other": other, "voices": voices,
        "curve": curve(spoken_of, HEARD, WHO), "trust": trust(spoken_of, [], {}),
    }  # fmt: skip
    figures = {"pocketsphinx": found}
    tables, goals = phrase_tables.all_of(figures, phrases.CORPORA), phrase_tables.goals(figures)
    report = phrases.Report("phrases", "accuracy.md", figures, tables, goals)
    text = "\n".join(map(plain, all_tables(report)))
    for expected in (
        "basic detection",
        "Worst: x_f",
        "Worst voice, basic detection (pocketsphinx): v0",
        "0.8, shipped",
    ):
        assert expected in text
    met = {goal.text.split(",")[0]: goal.met for goal in goals}
    assert list(met.values()) == [True, True, False, True, True, None]
    assert len(goals) == 7
    picture = phrase_tables.pictures(figures)["phrase-curve"]
    assert Xml.fromstring(picture).tag.endswith("svg")
    assert picture.count("shipped") == 2
    assert len(picture) < 60_000
    assert phrase_tables.pictures({}) == {}
    without = {"pocketsphinx": {key: value for key, value in found.items() if key != "voices"}}
    assert phrase_tables.voice_tables(without) == []
    assert len(phrase_tables.goals(without)) == 3
    assert phrase_tables.goals({}) == []


def test_a_recogniser_hears_a_file_of_any_rate(tmp_path, root):
    pytest.importorskip("pocketsphinx")
    y, _ = sf.read(root / "tests" / "data" / "speech_rms.flac")
    sf.write(tmp_path / "short.wav", y[: int(4.9 * 16_000) : 2], 8000)
    policy = Policy(name="one", behaviours=(Behaviour(id="say.calm_down", phrases=("calm down",)),))
    heard = phrase_hearing.hear("pocketsphinx", policy, phrase_hearing.Recording("short", tmp_path / "short.wav"))
    assert heard.name == "short"
    assert heard.audio_s == pytest.approx(4.9, abs=0.01)
    assert heard.cpu_s > 0
    with pytest.raises(EnvironmentProblem, match="not on this machine"):
        phrase_hearing.hear("none", policy, phrase_hearing.Recording("short", tmp_path / "short.wav"))


def test_a_clip_ends_its_phrase_where_the_sound_ends(monkeypatch):
    y = np.concatenate([np.zeros(800), np.ones(8000), np.zeros(800)])
    monkeypatch.setattr(spoken, "say", lambda *_: y)
    alone = spoken.speak_phrase(Voice("flite", "slt"), 1.0, "calm down")
    goes_on = spoken.speak_phrase(Voice("flite", "slt"), 1.0, "calm down", ("well", "and so on"))
    assert alone.end_s == goes_on.end_s == pytest.approx(spoken.LEAD_S + 0.5)
    loud = np.flatnonzero(np.abs(alone.y) > 0.1)
    assert loud[-1] / 16_000 == pytest.approx(alone.end_s, abs=0.001)
    assert (alone.goes_on, goes_on.goes_on) == (False, True)
    assert len(goes_on.y) - len(alone.y) == 8000 + round(spoken.BREATH_S * 16_000)


def test_voices_and_speeds_take_turns(monkeypatch):
    monkeypatch.setattr(spoken, "say", lambda *_: np.ones(100))
    clips = list(spoken.spoken_phrases([f"phrase {n}" for n in range(12)], spoken.VOICES[:4]))
    assert len({(c.voice, c.speed) for c in clips}) == 12


def test_silence_has_no_sound():
    assert len(spoken.sounding(np.zeros(100))) == 0


def test_a_machine_without_voices_says_so(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(EnvironmentProblem, match="install flite or espeak-ng"):
        spoken.installed_voices()


def test_a_voice_that_fails_says_so(monkeypatch):
    def missing(*_, **__):
        raise FileNotFoundError("flite")

    monkeypatch.setattr("subprocess.run", missing)
    with pytest.raises(EnvironmentProblem, match="flite cannot speak"):
        spoken.say(Voice("flite", "slt"), "hello", 1.0)
