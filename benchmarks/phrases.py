"""Phrases found and phrases invented, by every recogniser of this machine: real speech, other speech, synthetic voices.

Recall on real speech listens for phrases of the recordings' own transcripts (``benchmarks.phrase_recall``). False
alarms are counted on speech in which no phrase of the built-in policy was said, with that whole policy. Synthetic
voices say the built-in policy's phrases; their clips are put together here, so the end of each phrase is known, and
the delay with it. Every recording is heard by itself, through the recogniser and the flags; voice and lights are left
out.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks import phrase_tables
from benchmarks.data import Clip, Samples, at_rate, corpus, read_mono
from benchmarks.phrase_recall import SURE, SURE_OR_HINT, PhraseTruth, choose_phrases, score, words_of
from benchmarks.report import Figures, Report, Settings
from benchmarks.sound import RATE_HZ
from benchmarks.spoken import SpokenPhrase, installed_voices, spoken_phrases
from monitor.errors import EnvironmentProblem
from monitor.policy.load import load_policy
from monitor.policy.model import Behaviour, Policy
from monitor.types import FlagState, Hypothesis

PHRASES = 60
CORPORA = {
    "librispeech": "LibriSpeech, read by native speakers",
    "speechocean": "speechocean, read by Mandarin speakers",
}
CHUNK = 20  # recordings per task
QUICK = 10  # a short version takes each so-many-th recording
MOST_WORDINGS = 500  # as the program asks a recogniser to listen for
LIBRARIES = ("pocketsphinx", "faster-whisper")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording to hear: a file, or samples at ``RATE_HZ``."""

    name: str
    sound: Path | Samples


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag as it was in the end, and when it was first told and confirmed, in seconds of its recording."""

    id: str
    text: str
    state: FlagState
    told_s: float
    sure_s: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """One recording's flags, and what hearing it cost."""

    name: str
    flags: tuple[Flagged, ...]
    audio_s: float
    cpu_s: float


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
        figures[name] = {"recall": _recall(name, settings), "other": _other(name, settings)}
        try:
            figures[name]["voices"] = _voices(name, settings)
        except EnvironmentProblem as problem:
            notes.append(str(problem))
    tables, goals = phrase_tables.all_of(figures, CORPORA), phrase_tables.goals(figures)
    return Report("phrases", "accuracy.md", figures, tables, goals, LIBRARIES, tuple(dict.fromkeys(notes)))


def _recall(name: str, settings: Settings) -> Figures:
    figures: Figures = {}
    for number, name_of_corpus in enumerate(CORPORA):
        # half of the learners' recordings; the other half is heard for false alarms
        clips = [clip for clip in corpus(settings.data, name_of_corpus) if words_of(clip.text)][:: number + 1]
        clips = _some(clips, settings)
        truth = choose_phrases({clip.path.stem: clip.text for clip in clips}, PHRASES)
        heard = list(_hear(name, policy_of(truth), [_recording(clip) for clip in clips], settings))
        settings.say(f"phrases: {name} heard {name_of_corpus}")
        figures[name_of_corpus] = recall_figures(truth, heard)
    return figures


def policy_of(truth: PhraseTruth) -> Policy:
    """A policy that listens for these phrases and nothing else."""
    behaviours = tuple(Behaviour(id=key, phrases=(phrase,)) for key, phrase in truth.phrases.items())
    return Policy(name="phrase-recall", behaviours=behaviours)


def recall_figures(truth: PhraseTruth, heard: Sequence[Heard]) -> Figures:
    """Recall and false alarms, of sure flags and with hints, and the cost."""
    flagged = {h.name: [(flag.id, flag.state) for flag in h.flags] for h in heard}
    hours = sum(h.audio_s for h in heard) / 3600
    sure, hinted = (score(truth, flagged, hours, states) for states in (SURE, SURE_OR_HINT))
    return {
        "phrases": len(truth.phrases), "spoken": sure.spoken, "hours": hours, "cpu_per_audio": cost(heard),
        "recall_sure": sure.recall, "recall_with_hints": hinted.recall,
        "false_sure_per_h": sure.false_per_h, "false_with_hints_per_h": hinted.false_per_h,
    }  # fmt: skip


def _other(name: str, settings: Settings) -> Figures:
    clips = [clip for clip in corpus(settings.data, "librispeech") if not words_of(clip.text)]
    clips += corpus(settings.data, "speechocean")[1::2]
    policy = load_policy(None)
    heard = list(_hear(name, policy, [_recording(clip) for clip in _some(clips, settings)], settings))
    settings.say(f"phrases: {name} heard other speech")
    return other_figures(heard)


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
    clips = spoken_phrases(_some(list(wanted), settings), installed_voices())
    spoken = {f"{n:04d}": said for n, said in enumerate(clips)}
    recordings = [Recording(key, said.y) for key, said in spoken.items()]
    heard = list(_hear(name, policy, recordings, settings))
    settings.say(f"phrases: {name} heard {len(spoken)} phrases of synthetic voices")
    return voice_figures(spoken, heard, wanted)


def first_wording(phrase: str) -> str | None:
    """The first way to say a phrase of a policy, None where it has a place for any word."""
    from monitor.policy.wording import ANY_WORD, expand

    return next((wording.lower() for wording in expand(phrase) if ANY_WORD not in wording), None)


def voice_figures(spoken: Mapping[str, SpokenPhrase], heard: Sequence[Heard], wanted: Mapping[str, str]) -> Figures:
    """Recall by voice, and delays from the end of the phrase; ``wanted`` gives the behaviour of each phrase."""
    by_voice: dict[str, list[bool]] = defaultdict(list)
    sure: list[bool] = []
    told_s: list[float] = []
    sure_s: list[float] = []
    for h in heard:
        said = spoken[h.name]
        flag = next((f for f in h.flags if f.id == wanted[said.phrase] and f.state in SURE_OR_HINT), None)
        by_voice[said.voice.label].append(flag is not None)
        sure.append(flag is not None and flag.state in SURE)
        if flag:
            told_s.append(flag.told_s - said.end_s)
        if flag and flag.sure_s is not None:
            sure_s.append(flag.sure_s - said.end_s)
    return {
        "phrases": len(heard), "recall_with_hints": float(np.mean([x for xs in by_voice.values() for x in xs])),
        "recall_sure": float(np.mean(sure)), "by_voice": {voice: float(np.mean(x)) for voice, x in by_voice.items()},
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


def _hear(name: str, policy: Policy, recordings: Sequence[Recording], settings: Settings) -> Iterator[Heard]:
    """Hear recordings in processes of their own, in order."""
    chunks = [recordings[at : at + CHUNK] for at in range(0, len(recordings), CHUNK)]
    with ProcessPoolExecutor(settings.jobs, mp_context=get_context("spawn")) as pool:
        for heard in pool.map(hear_all, [name] * len(chunks), [policy] * len(chunks), chunks):
            yield from heard


def hear_all(name: str, policy: Policy, recordings: Sequence[Recording]) -> list[Heard]:
    """Hear recordings one after the other, with a recogniser that is loaded once."""
    return [hear(name, policy, recording) for recording in recordings]


def hear(name: str, policy: Policy, recording: Recording) -> Heard:
    """Let a recogniser hear a recording, and follow the flags of its passes."""
    from models.registry import make_transcriber

    y = recording.sound
    if isinstance(y, Path):
        y = at_rate(*read_mono(y), RATE_HZ)
    transcriber = make_transcriber(name, policy.phrases(most=MOST_WORDINGS), policy.language)
    if transcriber is None:
        raise EnvironmentProblem(f"The recogniser {name} is not on this machine.")
    start_s = time.process_time()
    passes = [*transcriber.push(np.asarray(y, np.float32)), *transcriber.finish()]
    cpu_s = time.process_time() - start_s
    return Heard(recording.name, flags_of(policy, passes, name), len(y) / RATE_HZ, cpu_s)


def flags_of(policy: Policy, passes: Sequence[Hypothesis], name: str = "pocketsphinx") -> tuple[Flagged, ...]:
    """What becomes of the passes: each flag that was ever told."""
    from monitor.events import FlagChanged
    from monitor.phrases.flags import FlagTracker, rule_for

    tracker = FlagTracker(policy, rule_for(name))
    flags: dict[int, Flagged] = {}
    for event in (event for heard in passes for event in tracker.take(heard)):
        if isinstance(event, FlagChanged):
            flag, before = event.flag, flags.get(event.flag.key)
            told_s = before.told_s if before else event.at_s
            sure_s = before.sure_s if before and before.sure_s is not None else None
            if sure_s is None and flag.state is FlagState.CONFIRMED:
                sure_s = event.at_s
            flags[flag.key] = Flagged(flag.id, flag.text, flag.state, told_s, sure_s)
    return tuple(flags.values())
