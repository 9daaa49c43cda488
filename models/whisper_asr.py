"""The main recogniser: faster-whisper as a stream of passes, for any language that its model knows.

Phases: samples are cut into 20 ms frames; a gate opens and closes utterances; while an utterance goes on it is decoded
from its start every second (``PassSchedule``), and once more, with a wider search, when it ends at a pause or is cut;
what was probably invented is rejected (``sift``). Everything counts samples, so answers do not depend on the blocks in
which samples come. It computes where it is called; a host gives it a process of its own.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, cast

import numpy as np

from models.catalogue import title
from models.host_child import Recipe
from models.pocketsphinx_asr import to_pcm
from models.silero import SileroTest, SileroTuning, samples
from models.smaller import next_smaller
from models.speech_gate import GATE_FRAME, Edge, Gated, GateTuning, SpeechGate
from models.whisper_model import FULL_WINDOW_S, find_model_folder, load_model
from models.whisper_reject import RejectionRule, sift
from models.whisper_schedule import Cut, Due, PassSchedule, ScheduleTuning, choose_cut
from models.whisper_timing import timing_of
from monitor.errors import ParameterError
from monitor.ports import Transcriber
from monitor.types import RATE_HZ, FloatArray, Hypothesis, Word

REMEMBERED_PASSES = 8
WIDEST_BEAM = 20

Options = ParamSpec("Options")


@dataclass(frozen=True, slots=True)
class WhisperTuning:
    """Everything that can be set about this recogniser, in one place for benchmarks.

    The gate opens on 80 ms of speech within 120 ms, keeps 300 ms before it and closes after a pause of 300 ms.
    Partial passes are greedy; the final one searches ``final_beam`` wide, which costs it 5 to 10 % more. The encoder is
    given 30 s in the final pass, as Whisper was taught, and ``partial_window_s`` in the others, which more than halves
    their cost; other programs that stream do the same, but short windows are more given to repeats. ``aligned`` words
    have times from the decoder's attention and a probability each; else they share out the speech of the utterance by
    their letters, good to about half a second, which saves a tenth to a quarter of a pass. A pass writes 8 tokens and
    ``tokens_per_s`` of its audio at most, by default about twice what is said; a model of no sense always does.

    A word is heard 0.7 s after its end (median; 1.2 s in nine of ten cases) on the sample clock, with an interval of
    1 s on read speech; at 2 s it is 1.1 and 2.0 s, at 0.5 s 0.5 and 0.7 s. The pass itself comes on top: with one
    thread 0.15 to 0.25 s for tiny, 0.3 to 0.4 s for base and 0.8 to 1.1 s for small, final ones 0.4, 0.8 and 2.5 s
    (``whisper_timing`` gives each size its interval).
    """

    gate: GateTuning = field(default_factory=lambda: GateTuning(window=6, onset=4, lead_in=15, hangover=15))
    voice: SileroTuning = field(default_factory=SileroTuning)
    schedule: ScheduleTuning = field(default_factory=ScheduleTuning)
    rejection: RejectionRule = field(default_factory=RejectionRule)
    final_beam: int = 5
    partial_window_s: float = 15.0
    final_window_s: float = FULL_WINDOW_S
    aligned: bool = True
    tokens_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class PassCost:
    """What one pass took: ``cost_s`` by the wall clock, for ``audio_s`` of audio, at ``heard_at_s`` of the call."""

    heard_at_s: float
    audio_s: float
    cost_s: float
    final: bool


class WhisperTranscriber:
    """Hears words with a Whisper model; fits ``monitor.ports.Transcriber``.

    Parameters
    ----------
    model : str or Path
        A folder in CTranslate2's form, or the name of a model on this machine, such as ``base.en``.
    language : str
        What is spoken, such as ``en`` or ``en-GB``; it is never guessed from the audio.
    device, compute_type : str
        ``auto`` takes a CUDA card in float16 where there is one, else the processor in int8.
    threads : int, optional
        Of the processor; by default 1, or 2 on machines with four or more.
    partials : bool
        Whether to decode while somebody still speaks.
    interval_s : float, optional
        Seconds of speech between partial passes; see ``set_interval``.
    tuning : WhisperTuning, optional
        Gate, schedule, search and rejection.

    Raises
    ------
    ParameterError
        No model has that name, or a number makes no sense.
    EnvironmentProblem
        The model is not on this machine, is incomplete or damaged, or does not know the language.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        language: str = "en",
        device: str = "auto",
        compute_type: str = "auto",
        threads: int | None = None,
        partials: bool = True,
        interval_s: float | None = None,
        tuning: WhisperTuning = WhisperTuning(),
    ) -> None:
        tuning = _settled(tuning, interval_s if partials else math.inf, threads)
        loaded = load_model(find_model_folder(model), device, compute_type, threads)
        self._decoder = loaded.speaking(language, tuning.tokens_per_s)
        self._name, self._warnings = f"whisper {loaded.name}", loaded.warnings
        self._tuning = tuning
        self._gate = SpeechGate(SileroTest(tuning.voice), tuning.gate)
        self._schedule = PassSchedule(tuning.schedule)
        self._left_over: FloatArray = np.zeros(0, np.float32)
        self._utterance: _Utterance | None = None
        self._costs: deque[PassCost] = deque(maxlen=REMEMBERED_PASSES)
        self._count = self._samples = self._clock = 0
        self._finished = False

    @property
    def name(self) -> str:
        """The recogniser's name in results, with its model."""
        return self._name

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences about what was asked for and this machine cannot do."""
        return self._warnings

    @property
    def costs(self) -> tuple[PassCost, ...]:
        """The last passes, oldest first."""
        return tuple(self._costs)

    @property
    def cost_s(self) -> float:
        """Wall time of the dearest of the last passes, 0 before the first: what an interval must be longer than."""
        return max((cost.cost_s for cost in self._costs), default=0.0)

    @property
    def interval_s(self) -> float:
        """Seconds of speech between partial passes, infinite where there are only final ones."""
        return self._schedule.interval_s

    def set_interval(self, seconds: float, at_s: float | None = None) -> None:
        """Make partial passes every so many seconds of speech from a time of the call on, by default from now on.

        Infinity leaves only the final passes. For a live call on a slow machine; offline nothing ever calls this, so
        that results are repeatable.

        Raises
        ------
        ParameterError
            It is no positive number.
        """
        _check_interval(seconds)
        self._schedule.set_interval(seconds, self._samples if at_s is None else round(at_s * RATE_HZ))

    def push(self, y: FloatArray) -> list[Hypothesis]:
        """Take the next samples, shape (samples,), full scale 1.0, at 16 kHz; return the passes they made possible."""
        if self._finished:
            raise ParameterError("This recogniser has finished; make another for the next recording.")
        self._samples += len(y)
        joined = np.concatenate((self._left_over, y)) if len(self._left_over) else y
        whole = len(joined) // GATE_FRAME * GATE_FRAME
        self._left_over = joined[whole:].copy()
        return self._hear(to_pcm(joined[:whole]))

    def finish(self) -> list[Hypothesis]:
        """The audio ended: the last utterance's final pass."""
        if self._finished:
            return []
        self._finished = True
        passes: list[Hypothesis] = []
        if len(self._left_over):
            passes = self._hear(to_pcm(np.pad(self._left_over, (0, GATE_FRAME - len(self._left_over)))))
        return passes + self._close()

    def _hear(self, pcm: bytes) -> list[Hypothesis]:
        passes: list[Hypothesis] = []
        for at in range(0, len(pcm), 2 * GATE_FRAME):
            self._clock = min(self._clock + GATE_FRAME, self._samples)
            for gated in self._gate.push(pcm[at : at + 2 * GATE_FRAME]):
                passes += self._take(gated)
        return passes

    def _take(self, gated: Gated) -> list[Hypothesis]:
        if self._utterance is None:
            self._utterance = self._opened(gated.start)
        utterance = self._utterance
        utterance.feed(gated, self._tuning.gate)
        if gated.edge is Edge.CLOSED:
            return self._close()
        due = self._schedule.look(self._clock, utterance.length, gated.quiet)
        if due is Due.PARTIAL:
            return [self._partial(utterance)]
        if due is Due.CLOSE:
            return self._close()
        return [self._cut(utterance)] if due is Due.CUT else []

    def _opened(self, start: int) -> _Utterance:
        self._count += 1
        self._schedule.begin(self._clock)
        return _Utterance(self._count, start)

    def _partial(self, utterance: _Utterance) -> Hypothesis:
        """A pass over what was said so far; words that touch the end may still change and are left out."""
        sure = max(0, utterance.length - round(self._tuning.schedule.unsure_s * RATE_HZ))
        words = self._decode(utterance, final=False)
        utterance.before = words
        return self._told(utterance, [word for word in words if word.end_s * RATE_HZ <= sure], sure, final=False)

    def _close(self) -> list[Hypothesis]:
        utterance, self._utterance = self._utterance, None
        # What is left after a cut in a pause may hold no speech at all.
        if utterance is None or not any(utterance.speech):
            return []
        return [self._told(utterance, self._decode(utterance, final=True), utterance.length, final=True)]

    def _cut(self, utterance: _Utterance) -> Hypothesis:
        """The final pass of an utterance that grew long; the words from the cut on are decoded anew with the next."""
        words = self._decode(utterance, final=True)
        cut = choose_cut(utterance.samples, words, utterance.before, self._tuning.schedule.unsure_s)
        self._utterance = self._opened(utterance.start + cut.samples)
        self._utterance.carry(utterance, cut)
        return self._told(utterance, words[: cut.words], cut.samples, final=True)

    def _decode(self, utterance: _Utterance, *, final: bool) -> tuple[Word, ...]:
        """The believable words of one pass, with times from the utterance's start."""
        began = time.perf_counter()
        beam = self._tuning.final_beam if final else 1
        speech = np.array(utterance.speech)
        spread_over = None if self._tuning.aligned else speech
        window_s = self._tuning.final_window_s if final else self._tuning.partial_window_s
        decoding = self._decoder.decode(utterance.samples, beam=beam, window_s=window_s, spread_over=spread_over)
        cost_s = time.perf_counter() - began
        self._costs.append(PassCost(self._clock / RATE_HZ, utterance.length / RATE_HZ, cost_s, final))
        return sift(decoding, speech, self._tuning.rejection)

    def _told(self, utterance: _Utterance, words: Sequence[Word], length: int, *, final: bool) -> Hypothesis:
        start_s = utterance.start / RATE_HZ
        return Hypothesis(
            utterance=utterance.number,
            start_s=start_s,
            end_s=min(utterance.start + length, self._clock) / RATE_HZ,
            heard_at_s=self._clock / RATE_HZ,
            final=final,
            words=tuple(_at(word, start_s) for word in words),
        )


@dataclass(slots=True)
class _Utterance:
    """Audio since the gate opened: from sample ``start``, with which frames of it were speech.

    ``before`` holds the words of the newest partial pass.
    """

    number: int
    start: int
    pcm: bytearray = field(default_factory=bytearray)
    speech: list[bool] = field(default_factory=list)
    before: tuple[Word, ...] = ()

    @property
    def length(self) -> int:
        """Samples so far."""
        return len(self.pcm) // 2

    @property
    def samples(self) -> FloatArray:
        """The audio as float32."""
        return samples(self.pcm)

    def feed(self, gated: Gated, gate: GateTuning) -> None:
        """Take a frame, or at the opening the lead-in and the window in which speech was found."""
        frames = len(gated.pcm) // (2 * GATE_FRAME)
        spoken = min(frames, gate.window) if gated.edge is Edge.OPENED else int(gated.quiet == 0)
        self.pcm += gated.pcm
        self.speech += [at >= frames - spoken for at in range(frames)]

    def carry(self, other: _Utterance, cut: Cut) -> None:
        """Take over what another one leaves after a cut."""
        self.pcm += other.pcm[2 * cut.samples :]
        self.speech += other.speech[cut.samples // GATE_FRAME :]


def _recipe_maker(
    made: Callable[Concatenate[str | Path, Options], Transcriber],
) -> Callable[Concatenate[str | Path, Options], Recipe]:
    """A function with the arguments of ``made``, so that they stand in one place only."""

    def load_recipe(model: str | Path, /, *_: Options.args, **options: Options.kwargs) -> Recipe:
        """How another process builds it; the model is found, and files and numbers are checked now.

        Raises
        ------
        The errors of ``WhisperTranscriber`` that need no loading.
        """
        _check_options(**cast(dict[str, Any], options))
        folder = find_model_folder(model)
        timing = timing_of(folder)
        return Recipe(
            f"{made.__module__}:{made.__name__}",
            {"model": folder, **({} if "tuning" in options else {"interval_s": timing.interval_s}), **options},
            allowance=timing.allowance,
            label=title(folder),
            smaller=f"{__name__}:{smaller_recipe.__name__}",
        )

    return load_recipe


load_recipe = _recipe_maker(WhisperTranscriber)


def smaller_recipe(recipe: Recipe) -> Recipe | None:
    """The same with the next smaller model of the language that is on this machine, None when there is none."""
    arguments = dict(recipe.arguments)
    folder, language = Path(str(arguments.pop("model"))), str(arguments.get("language", "en"))
    smaller = next_smaller(folder, language)
    arguments.pop("interval_s", None)  # the smaller one has its own
    return None if smaller is None else load_recipe(smaller.path, **arguments)  # type: ignore[arg-type]


def _settled(tuning: WhisperTuning, interval_s: float | None, threads: int | None) -> WhisperTuning:
    """The tuning with an interval of one's own; this and the number of threads checked."""
    if threads is not None and threads < 1:
        raise ParameterError(f"The recogniser needs at least one thread, not {threads}.")
    if interval_s is not None:
        tuning = replace(tuning, schedule=replace(tuning.schedule, interval_s=interval_s))
    _check_interval(tuning.schedule.interval_s)
    if not 1 <= tuning.final_beam <= WIDEST_BEAM:
        raise ParameterError(f"The width of the search is 1 to {WIDEST_BEAM}, not {tuning.final_beam}.")
    return tuning


def _check_options(
    *, tuning: WhisperTuning = WhisperTuning(), interval_s: float | None = None, threads: int | None = None, **_: object
) -> None:
    _settled(tuning, interval_s, threads)


def _check_interval(seconds: float) -> None:
    if not seconds > 0:
        raise ParameterError(f"The time between passes is a positive number of seconds, not {seconds}.")


def _at(word: Word, start_s: float) -> Word:
    """The word with times of the call."""
    return replace(word, start_s=round(start_s + word.start_s, 3), end_s=round(start_s + word.end_s, 3))
