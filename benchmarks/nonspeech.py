"""What is no speech of the agent's: silence, noise, music, telephones, keys, laughter, coughs, breath, dogs, others.

Three questions of each sound: does it alone light or flag anything with basic detection; do sentences that a Whisper
model invents on it get through; and, sounding between stretches of calm speech of a known voice, does it light red?
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.data import Samples, corpus
from benchmarks.escalation_calls import effort_label, load_clips, speakers_of
from benchmarks.nonspeech_sounds import Sound, Stream, all_sounds
from benchmarks.recordings import speech_files
from benchmarks.report import Figures, Goal, Report, Settings, Table, cell, goal_at_most
from benchmarks.sound import RATE_HZ, active_rms
from models.whisper_reject import Decoding, Fate, RejectionRule
from monitor.errors import EnvironmentProblem
from monitor.ports import Transcriber
from monitor.result import CallResult
from monitor.types import BoolArray, FlagState, FloatArray, Hypothesis, Light, Word

ALONE_S, ALONE_QUICK_S = 1800.0, 120.0
INVENTED_S, INVENTED_QUICK_S = 300.0, 30.0
CALM_S, SOUND_S, BETWEEN_S, ROUNDS = 45.0, 8.0, 8.0, 6
CALM_RMS = 0.03
QUICK_SPEAKERS = 3
SEED = 1
NOTHING = "nothing"
# What the scripted model hears on whatever it is given: a phrase of the policy, clear and sure; the commonest credit of
# subtitles; a loop; and the phrase again from a model that holds the audio for empty and is not sure.
INVENTIONS: dict[str, tuple[str, dict[str, bool | float]]] = {
    "a sure phrase": ("sir you need to calm down", {}),
    "a credit": ("thanks for watching", {}),
    "a loop": ("sorry about this wait", {"loop": True}),
    "an unsure phrase": ("sir you need to calm down", {"empty": True, "sure": 0.1}),
}
GATES = {"gated": "behind the gate, as shipped", "open": "with the gate held open, for the rules alone"}
LIBRARIES = ("pocketsphinx", "faster-whisper", "scipy")


@dataclass(frozen=True, slots=True)
class Task:
    """One sound to be heard; ``files`` are recordings of speech for babble and the other voice."""

    key: str
    files: tuple[Path, ...]
    duration_s: float

    @property
    def sound(self) -> Sound:
        """The sound itself."""
        return all_sounds(list(self.files))[self.key]


def run(settings: Settings, alone_s: float | None = None) -> Report:
    """Hear every sound; ``alone_s`` is how long each is heard alone, by default half an hour.

    Raises
    ------
    EnvironmentProblem
        A recogniser or the calm speech is missing.
    """
    files = tuple(speech_files(settings.data))
    alone_s = alone_s or (ALONE_QUICK_S if settings.quick else ALONE_S)
    invented_s = INVENTED_QUICK_S if settings.quick else INVENTED_S
    figures: Figures = {
        "voices": "real speech" if files else "synthetic voices",
        "alone": {}, "invented": {}, "mixed": {}, "alone_s": alone_s, "invented_s": invented_s,
    }  # fmt: skip
    calm = _calm_speakers(settings)
    with ProcessPoolExecutor(settings.jobs, mp_context=get_context("spawn")) as pool:
        keys = list(all_sounds([]))
        alone = pool.map(heard_alone, [Task(key, files, alone_s) for key in keys])
        invented = pool.map(heard_inventing, [Task(key, files, invented_s) for key in keys])
        mixed = pool.map(heard_mixed, [Task(key, files, SOUND_S) for key in (NOTHING, *keys)], [calm] * (len(keys) + 1))
        for part, answers, names in (
            ("alone", alone, keys),
            ("invented", invented, keys),
            ("mixed", mixed, (NOTHING, *keys)),
        ):
            for key, found in zip(names, answers, strict=True):
                figures[part][key] = found
                settings.say(f"nonspeech: {part}, {key}")
    return report_of(figures)


def _calm_speakers(settings: Settings) -> tuple[tuple[Path, ...], ...]:
    speakers = speakers_of(corpus(settings.data, "ravdess"), effort_label)
    paths = tuple(tuple(speaker.calm) for _, speaker in sorted(speakers.items()))
    if not paths:
        raise EnvironmentProblem("No speaker here has enough calm recordings; fetch all of ravdess.")
    return paths[:QUICK_SPEAKERS] if settings.quick else paths


def heard_alone(task: Task) -> Figures:
    """One sound by itself, through the whole program with basic detection."""
    import time

    from monitor.assemble import AnalysisOptions, analyse_source

    began = time.process_time()
    options = AnalysisOptions(recogniser="pocketsphinx", own_process=False)
    result = analyse_source(Stream(task.sound, task.duration_s, SEED), options)
    cpu = (time.process_time() - began) / task.duration_s
    texts = [f"{flag.text} ({flag.state})" for flag in result.flags]
    return {**lights_of(result), "flags": flags_of(result), "texts": texts, "cpu_per_audio": cpu}


def flags_of(result: CallResult) -> dict[str, int]:
    """How many flags ended in each state."""
    counts = Counter(FlagState(flag.state) for flag in result.flags)
    return {state.value: counts[state] for state in FlagState}


def lights_of(result: CallResult) -> Figures:
    """Seconds and number of ambers and reds, by the reason in front, and the share of grey."""
    seconds: Counter[Light] = Counter()
    reasons: Counter[str] = Counter()
    for span in result.lights:
        seconds[span.light] += span.end_s - span.start_s  # type: ignore[assignment]  # a counter of seconds
        if span.light in (Light.AMBER, Light.RED):
            reasons[f"{span.light} {span.reasons[0].id}"] += 1
    numbers = Counter(span.light for span in result.lights)
    return {
        "reds": numbers[Light.RED], "ambers": numbers[Light.AMBER], "red_s": float(seconds[Light.RED]),
        "amber_s": float(seconds[Light.AMBER]), "grey": seconds[Light.GREY] / max(1e-9, sum(seconds.values())),
        "reasons": dict(reasons),
    }  # fmt: skip


def heard_inventing(task: Task) -> Figures:
    """One sound through Whisper's gate and rules with models that invent; then with the gate held open."""
    # the tests' own builder of models, which has no types
    build_scripted = import_module("tests.data.make_whisper").build_scripted

    found: Figures = {}
    with tempfile.TemporaryDirectory(prefix="evenkeel-") as folder:
        for number, (name, (sentence, options)) in enumerate(INVENTIONS.items()):
            model = build_scripted(Path(folder) / f"scripted{number}.en", sentence, start_s=0.3, end_s=1.8, **options)
            gated = inventions(task.sound, task.duration_s, model)
            found[name] = {"gated": gated, "open": inventions(task.sound, INVENTED_QUICK_S, model, gate=False)}
    return found


def inventions(sound: Sound, duration_s: float, model: Path, *, gate: bool = True) -> Figures:
    """Passes that were made, what became of the sentences, and the flags that are left, tentative and confirmed."""
    from models import whisper_asr, whisper_reject
    from models.silero import SileroTuning
    from models.whisper_asr import WhisperTranscriber, WhisperTuning
    from monitor.phrases.flags import FlagTracker, rule_for
    from monitor.policy.load import load_policy

    fates: Counter[str] = Counter()

    def counted(decoding: Decoding, speech: BoolArray, rule: RejectionRule) -> tuple[Word, ...]:
        words, fate = whisper_reject.examine(decoding, speech, rule)
        fates[fate.value] += 1
        return words

    tuning = WhisperTuning(final_beam=1)
    if not gate:
        tuning = replace(tuning, voice=SileroTuning(begins=0.0, ends=0.0))
    flags = FlagTracker(load_policy(None), rule_for("whisper"))
    states: dict[int, FlagState] = {}
    with patch.object(whisper_asr, "sift", counted):
        transcriber = WhisperTranscriber(model, threads=1, tuning=tuning)
        blocks = (block[0] for block in Stream(sound, duration_s, SEED).blocks())
        for hypothesis in _passes(transcriber, blocks):
            for event in flags.take(hypothesis):
                flag = getattr(event, "flag", None)
                if flag is not None:
                    states[flag.key] = flag.state
    passes = sum(fates.values())
    left = sum(state in (FlagState.TENTATIVE, FlagState.CONFIRMED) for state in states.values())
    return {"passes": passes, "offered": passes - fates[Fate.NOTHING.value], "fates": dict(fates), "flags": left}


def _passes(transcriber: Transcriber, blocks: Iterator[FloatArray]) -> Iterator[Hypothesis]:
    for block in blocks:
        yield from transcriber.push(block)
    yield from transcriber.finish()


def heard_mixed(task: Task, speakers: Sequence[Sequence[Path]]) -> Figures:
    """One sound between stretches of calm speech, for each speaker, when the voice has been learnt."""
    total: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for number, paths in enumerate(speakers):
        found = lights_of(_judged(mixed_call(task, load_clips(paths), number)))
        reasons.update(found.pop("reasons"))
        total.update({key: found[key] for key in ("reds", "ambers", "red_s", "amber_s")})
    hours = len(speakers) * (CALM_S + ROUNDS * (SOUND_S + BETWEEN_S)) / 3600
    return {
        **{key: total[key] for key in ("reds", "ambers", "red_s", "amber_s")},
        "hours": hours,
        "reasons": dict(reasons),
    }


def mixed_call(task: Task, clips: Sequence[Samples], number: int) -> Samples:
    """Calm speech, then the sound and calm speech in turn; the speech is the same for every sound."""
    rng = np.random.default_rng(number)
    parts = [_calm(clips, CALM_S, rng)]
    for again in range(ROUNDS):
        seed = 100 * number + again
        silent = task.key == NOTHING
        sound = (
            np.zeros(round(task.duration_s * RATE_HZ))
            if silent
            else Stream(task.sound, task.duration_s, seed).samples()
        )
        parts += [np.asarray(sound, float), _calm(clips, BETWEEN_S, rng)]
    y = np.concatenate(parts)
    return np.clip(y + 1e-4 * np.random.default_rng(number).standard_normal(len(y)), -1, 1)


def _calm(clips: Sequence[Samples], duration_s: float, rng: np.random.Generator) -> Samples:
    """Clips at one level with pauses; the last is not cut."""
    parts: list[Samples] = []
    while sum(map(len, parts)) < duration_s * RATE_HZ:
        clip = clips[int(rng.integers(len(clips)))]
        parts += [clip * (CALM_RMS / active_rms(clip)), np.zeros(round(rng.uniform(0.3, 1.2) * RATE_HZ))]
    return np.concatenate(parts)


def _judged(y: Samples) -> CallResult:
    from monitor.assemble import AnalysisOptions, analyse_source
    from monitor.sources.array import ArraySource

    return analyse_source(ArraySource(y), AnalysisOptions(recogniser="none"))


def report_of(figures: Figures) -> Report:
    """Tables and goals."""
    titles = {key: sound.title for key, sound in all_sounds([]).items()} | {NOTHING: "no sound between"}
    tables = [_alone_table(figures, titles), _mixed_table(figures, titles), *_invented_tables(figures, titles)]
    note = f"Babble and the other voice were made of {figures['voices']}."
    return Report("nonspeech", "accuracy.md", figures, tables, goals_of(figures), LIBRARIES, (note,))


def _alone_table(figures: Figures, titles: dict[str, str]) -> Table:
    columns = ("sound", "sure", "hints", "withdrawn", "quoted", "reds", "ambers", "amber s", "grey %", "CPU %")
    rows = []
    for key, one in figures["alone"].items():
        flags = [str(one["flags"][state]) for state in ("confirmed", "tentative", "withdrawn", "quoted")]
        share, cpu = cell(100 * one["grey"], 0), cell(100 * one["cpu_per_audio"], 1)
        rows.append((titles[key], *flags, str(one["reds"]), str(one["ambers"]), cell(one["amber_s"], 0), share, cpu))
    minutes = cell(figures["alone_s"] / 60, 0)
    return Table(f"No speech: {minutes} minutes of each sound alone, with basic detection", columns, rows)


def _mixed_table(figures: Figures, titles: dict[str, str]) -> Table:
    columns = ("sound", "reds", "red s", "ambers", "amber s", "hours")
    rows = []
    for key, one in figures["mixed"].items():
        seconds = cell(one["red_s"], 0), str(one["ambers"]), cell(one["amber_s"], 0)
        rows.append((titles[key], str(one["reds"]), *seconds, cell(one["hours"], 2)))
    return Table("No speech: each sound between calm speech of a known voice, lights of the voice", columns, rows)


def _invented_tables(figures: Figures, titles: dict[str, str]) -> Iterator[Table]:
    columns = ("sound", *(f"{name}: passes / rejected / flags" for name in INVENTIONS))
    for gate, title in (
        ("gated", "behind the gate, as shipped"),
        ("open", "with the gate held open, for the rules alone"),
    ):
        rows = []
        for key, one in figures["invented"].items():
            cells = [one[name][gate] for name in INVENTIONS]
            rows.append((titles[key], *(f"{c['passes']} / {_rejected(c)} / {c['flags']}" for c in cells)))
        seconds = cell(figures["invented_s"] if gate == "gated" else INVENTED_QUICK_S, 0)
        yield Table(
            f"No speech: sentences that a scripted Whisper invents, {seconds} s of each sound, {title}", columns, rows
        )


def _rejected(cells: Figures) -> int:
    return int(cells["offered"] - cells["fates"].get(Fate.KEPT.value, 0))


def goals_of(figures: Figures) -> list[Goal]:
    """No flag and no red; where people really talk, what is heard is counted apart."""
    wordless = [key for key, sound in all_sounds([]).items() if not sound.has_words]
    told = ("confirmed", "tentative")
    alone, mixed, invented = figures["alone"], figures["mixed"], figures["invented"]
    flags = sum(alone[key]["flags"][state] for key in wordless for state in told)
    in_talk = sum(one["flags"]["confirmed"] for one in alone.values())
    kept = sum(invented[key][name]["gated"]["flags"] for key in wordless for name in INVENTIONS)
    more = sum(max(0, one["reds"] - mixed[NOTHING]["reds"]) for one in mixed.values())
    return [
        goal_at_most("no flag on sounds without words, basic detection", flags, 0, 0),
        goal_at_most("no sure flag on babble and another voice either", in_talk, 0, 0),
        goal_at_most("no red from any sound alone", sum(one["reds"] for one in alone.values()), 0, 0),
        goal_at_most("no red from a sound between calm speech", more, 0, 0),
        goal_at_most("no flag from invented sentences on sounds without words", kept, 0, 0),
    ]
