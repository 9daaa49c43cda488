"""Phrases found and phrases invented, by every recogniser of this machine: real speech, other speech, synthetic voices.

Recall on real speech listens for phrases of the recordings' own transcripts (``benchmarks.phrase_recall``), some of it
again in noise and through a telephone. False alarms are counted on speech in which no phrase of the built-in policy was
said, with that whole policy. Synthetic voices say the built-in policy's phrases; their clips are put together here, so
the end of each phrase is known, and the delay with it. Every recording is heard by itself and once, through the
recogniser and the flags; voice and lights are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from benchmarks import phrase_tables
from benchmarks.data import Clip, Samples, at_rate, corpus, read_mono
from benchmarks.phrase_curve import Spoken, curve, trust
from benchmarks.phrase_groups import ALL, by_group, figures_of, groups_of, tallies, told_tallies, worst_speaker
from benchmarks.phrase_hearing import Heard, Recording, hear_in_processes
from benchmarks.phrase_recall import SURE, SURE_OR_HINT, PhraseTruth, choose_phrases, words_of
from benchmarks.report import Figures, Report, Settings
from benchmarks.sound import PHONE_HZ, RATE_HZ, active_rms, pink, telephone
from benchmarks.spoken import SpokenPhrase, installed_voices, spoken_phrases
from monitor.errors import EnvironmentProblem
from monitor.policy.load import load_policy
from monitor.policy.model import Behaviour, Policy
from monitor.types import FlagState

PHRASES = 60
CORPORA = {
    "librispeech": "LibriSpeech, read by native speakers",
    "speechocean": "speechocean, read by Mandarin speakers",
}
LEARNERS_PARTS = 4  # of speechocean one part is heard for recall and one for false alarms; all would take too long
CLEAN, NOISE_10, NOISE_5, PHONE = "as recorded", "pink noise at 10 dB", "pink noise at 5 dB", "telephone"
NOISES_DB = {NOISE_10: 10.0, NOISE_5: 5.0}
CONDITIONED = 2  # every so-many-th of the recordings that hold a phrase is heard in every condition
WORDINGS = 2  # every so-many-th phrase of the policy is said by a synthetic voice
QUICK = 10  # a short version takes each so-many-th recording
LIBRARIES = ("pocketsphinx", "faster-whisper")
T = TypeVar("T")


def run(settings: Settings) -> Report:
    """Let every recogniser hear all corpora.

    Raises
    ------
    EnvironmentProblem
        A corpus or every recogniser is missing.
    """
    from models.registry import available

    names = [name for name in available() if name != "none"]
    if not names:
        raise EnvironmentProblem("No recogniser is installed; run `pip install pocketsphinx` for basic detection.")
    figures: Figures = {}
    notes: list[str] = []
    for name in names:
        figures[name] = _real_speech(name, settings)
        try:
            figures[name]["voices"] = _voices(name, settings)
        except EnvironmentProblem as problem:
            notes.append(str(problem))
    tables, goals = phrase_tables.all_of(figures, CORPORA), phrase_tables.goals(figures)
    pictures = phrase_tables.pictures(figures)
    return Report(
        "phrases", "accuracy.md", figures, tables, goals, LIBRARIES, tuple(dict.fromkeys(notes)), pictures
    )  # fmt: skip


def _real_speech(name: str, settings: Settings) -> Figures:
    figures: Figures = {"recall": {}, "groups": {}, "worst": {}}
    spoken: dict[str, Spoken] = {}
    for key in CORPORA:
        clips = _some(_with_words(key, settings), settings)
        truth = choose_phrases({clip.path.stem: clip.text for clip in clips}, PHRASES)
        heard = _hear(name, policy_of(truth), [_recording(clip) for clip in clips], settings)
        settings.say(f"phrases: {name} heard {key}")
        speakers = {clip.path.stem: clip.speaker for clip in clips}
        spoken[key] = Spoken(heard, truth, speakers)
        counted = tallies(heard, speakers, groups_of(clips), truth)
        figures["groups"][key], figures["worst"][key] = by_group(counted), worst_speaker(counted)
        figures["recall"][key] = {**figures["groups"][key][ALL], "phrases": PHRASES, "cpu_per_audio": cost(heard)}
        if key == "librispeech":
            figures["conditions"] = _conditions(name, clips, spoken[key], settings)
    clips = _some(_other_clips(settings), settings)
    heard = _hear(name, load_policy(None), [_recording(clip) for clip in clips], settings)
    settings.say(f"phrases: {name} heard other speech")
    speakers = {clip.path.stem: clip.speaker for clip in clips}
    corpora = {clip.path.stem: (_corpus_of(clip),) for clip in clips}
    figures["other"] = {**other_figures(heard), "groups": by_group(told_tallies(heard, speakers, corpora))}
    figures["curve"], figures["trust"] = curve(spoken, heard, speakers), trust(spoken, heard, speakers)
    return figures


def _with_words(key: str, settings: Settings) -> list[Clip]:
    clips = [clip for clip in corpus(settings.data, key) if words_of(clip.text)]
    return clips if key == "librispeech" else clips[::LEARNERS_PARTS]


def _other_clips(settings: Settings) -> list[Clip]:
    """Readers whose words are not written down, and learners."""
    clips = [clip for clip in corpus(settings.data, "librispeech") if not words_of(clip.text)]
    return clips + corpus(settings.data, "speechocean")[1::LEARNERS_PARTS]


def _corpus_of(clip: Clip) -> str:
    return "native readers" if clip.speaker.startswith("libri") else "learners"


def policy_of(truth: PhraseTruth) -> Policy:
    """A policy that listens for these phrases and nothing else."""
    behaviours = tuple(Behaviour(id=key, phrases=(phrase,)) for key, phrase in truth.phrases.items())
    return Policy(name="phrase-recall", behaviours=behaviours)


def _conditions(name: str, clips: Sequence[Clip], clean: Spoken, settings: Settings) -> Figures:
    """Some recordings again, in noise and through a telephone, for the same phrases."""
    holding = set().union(*clean.truth.spoken_in.values())
    some = [clip for clip in clips if clip.path.stem in holding][::CONDITIONED]
    stems = {clip.path.stem for clip in some}
    rows = {CLEAN: [h for h in clean.heard if h.name in stems]}
    for condition, change in changes().items():
        sounds = [
            Recording(clip.path.stem, change(at_rate(*read_mono(clip.path), RATE_HZ), number))
            for number, clip in enumerate(some)
        ]
        rows[condition] = _hear(name, policy_of(clean.truth), sounds, settings)
        settings.say(f"phrases: {name} heard {condition}")
    return {condition: figures_of(tallies(heard, clean.speakers, {}, clean.truth)) for condition, heard in rows.items()}


def changes() -> dict[str, Callable[[Samples, int], Samples]]:
    """What is done to a recording of a number, by condition."""

    def with_noise(under_db: float) -> Callable[[Samples, int], Samples]:
        def change(y: Samples, number: int) -> Samples:
            noise = pink(len(y), np.random.default_rng(number))
            return np.asarray(y + noise * active_rms(y) * 10 ** (-under_db / 20))

        return change

    noises = {condition: with_noise(under_db) for condition, under_db in NOISES_DB.items()}
    return {**noises, PHONE: lambda y, _: at_rate(telephone(y), PHONE_HZ, RATE_HZ)}


def other_figures(heard: Sequence[Heard]) -> Figures:
    """False flags in speech that holds no phrase, by their last state."""
    hours = sum(h.audio_s for h in heard) / 3600
    flags = [flag for h in heard for flag in h.flags]
    counts = {state.value: sum(flag.state is state for flag in flags) for state in FlagState}
    texts = {state.value: sorted(flag.text for flag in flags if flag.state is state) for state in SURE_OR_HINT}
    return {"hours": hours, "counts": counts, "texts": texts, "cpu_per_audio": cost(heard)}


def _voices(name: str, settings: Settings) -> Figures:
    policy = load_policy(None)
    wanted = {wording: behaviour.id for behaviour in policy.behaviours if not behaviour.is_helpful
              for phrase in behaviour.phrases if (wording := first_wording(phrase))}  # fmt: skip
    clips = spoken_phrases(_some(list(wanted)[::WORDINGS], settings), installed_voices())
    spoken = {f"{n:04d}": said for n, said in enumerate(clips)}
    heard = _hear(name, policy, [Recording(key, said.y) for key, said in spoken.items()], settings)
    settings.say(f"phrases: {name} heard {len(spoken)} phrases of synthetic voices")
    return voice_figures(spoken, heard, wanted)


def first_wording(phrase: str) -> str | None:
    """The first way to say a phrase of a policy, None where it has a place for any word."""
    from monitor.policy.wording import ANY_WORD, expand

    return next((wording.lower() for wording in expand(phrase) if ANY_WORD not in wording), None)


def voice_figures(spoken: Mapping[str, SpokenPhrase], heard: Sequence[Heard], wanted: Mapping[str, str]) -> Figures:
    """Recall by voice and speed, and delays from the end of the phrase; ``wanted`` gives each phrase's behaviour."""
    by_voice: dict[str, list[bool]] = defaultdict(list)
    by_speed: dict[str, list[bool]] = defaultdict(list)
    sure: list[bool] = []
    told_s: list[float] = []
    sure_s: list[float] = []
    for h in heard:
        said = spoken[h.name]
        flag = next((f for f in h.flags if f.id == wanted[said.phrase] and f.state in SURE_OR_HINT), None)
        by_voice[said.voice.label].append(flag is not None)
        by_speed[f"{said.speed:g}"].append(flag is not None)
        sure.append(flag is not None and flag.state in SURE)
        if flag:
            told_s.append(flag.told_s - said.end_s)
        if flag and flag.sure_s is not None:
            sure_s.append(flag.sure_s - said.end_s)
    return {
        "phrases": len(heard), "recall_with_hints": float(np.mean([x for xs in by_voice.values() for x in xs])),
        "recall_sure": float(np.mean(sure)), "by_voice": {voice: float(np.mean(x)) for voice, x in by_voice.items()},
        "by_speed": {speed: float(np.mean(x)) for speed, x in sorted(by_speed.items())},
        "told_s": percentiles(told_s), "sure_s": percentiles(sure_s), "cpu_per_audio": cost(heard),
    }  # fmt: skip


def percentiles(delays_s: Sequence[float]) -> dict[str, float] | None:
    """Median and 90 % of delays, None where there are none."""
    if not delays_s:
        return None
    return {"p50": float(np.percentile(delays_s, 50)), "p90": float(np.percentile(delays_s, 90))}


def cost(heard: Sequence[Heard]) -> float | None:
    """Processor time over time of the audio."""
    audio_s = sum(h.audio_s for h in heard)
    return sum(h.cpu_s for h in heard) / audio_s if audio_s else None


def _some(all_of_them: Sequence[T], settings: Settings) -> list[T]:
    return list(all_of_them[:: QUICK if settings.quick else 1])


def _recording(clip: Clip) -> Recording:
    return Recording(clip.path.stem, clip.path)


def _hear(name: str, policy: Policy, recordings: Sequence[Recording], settings: Settings) -> list[Heard]:
    return hear_in_processes(name, policy, recordings, settings.jobs)
