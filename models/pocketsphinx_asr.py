"""The recogniser that is always there: pocketsphinx, tuned for the policy's phrases, as a stream of passes.

Phases: samples are cut into 20 ms frames; a gate opens and closes utterances; an utterance is heard as it arrives, by
the decoder and by keyphrase search; every 100 ms of it both views are joined (``models.agreement``), and a pass is told
when it says something new (``PassSchedule``); a last, final pass is told when the utterance closes at a pause, or is
cut because it grew long. Everything counts samples, so answers do not depend on the blocks in which samples come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.agreement import Agreement, hints_only
from models.decoded import HOP_S, Decoded
from models.folding import UsualFit, fold, is_filler
from models.phrase_decoder import DecoderPool, DecoderTuning, PhraseDecoder
from models.speech_gate import (
    FRAMES_PER_S,
    GATE_FRAME,
    Edge,
    Gated,
    GateTuning,
    SpeechGate,
    StandingOut,
    webrtc_speech_test,
)
from models.vocabulary import PhraseIndex
from monitor.errors import ParameterError
from monitor.types import RATE_HZ, FloatArray, Hypothesis, Word

# Speech that stands so far out is clear: of clean recordings three quarters stand 20 dB out and more, eight people at
# once 12 dB, and so does one voice in white noise at 10 dB.
CLEAR_DB = 16
POLL_FRAMES = FRAMES_PER_S // 10
"""The best path is read every 100 ms."""

GAP_FRAMES = 5
"""Frames without speech, 100 ms, that make a place fit for a cut."""

HOP = round(HOP_S * RATE_HZ)

_pool = DecoderPool()


@dataclass(frozen=True, slots=True)
class Tuning:
    """Everything that can be set about this recogniser, in one place for benchmarks.

    An utterance is cut at the first short pause after ``soft_cut_s`` and at the latest at ``hard_cut_s``. Two passes
    that say the same are at least ``repeat_s`` apart. A recording's first utterance is held until ``settle_s`` of it
    tell the mean spectrum of the voice. Hearing it anew after 4 s, with a better mean, found 18 instead of 17 of 35
    phrases of LibriSpeech and took the word error rate from 0.66 to 0.64: too little for a second of work at once.
    """

    decoder: DecoderTuning = field(default_factory=DecoderTuning)
    gate: GateTuning = field(default_factory=GateTuning)
    strictness: int = 2
    soft_cut_s: float = 12.0
    hard_cut_s: float = 15.0
    repeat_s: float = 0.3
    settle_s: float = 1.0


class PocketsphinxTranscriber:
    """Hears English words, and the given phrases in particular; fits ``monitor.ports.Transcriber``.

    Parameters
    ----------
    phrases : sequence of str
        Wordings to listen for, up to about 500; case and punctuation do not matter.
    tuning : Tuning, optional
        Search width, weights and segmentation.

    Raises
    ------
    EnvironmentProblem
        pocketsphinx or its model is not on this machine.
    """

    def __init__(self, phrases: Sequence[str], *, tuning: Tuning = Tuning()) -> None:
        self._wanted = tuple(phrases)
        self._tuning = tuning
        self._decoder: PhraseDecoder | None = _pool.take(self._wanted, tuning.decoder)
        self._standing = StandingOut(webrtc_speech_test(tuning.strictness))
        self._gate = SpeechGate(self._standing, tuning.gate)
        self._warnings = self._decoder.warnings
        self._usual = UsualFit()
        self._left_over: FloatArray = np.zeros(0, np.float32)
        self._utterance: _Utterance | None = None
        self._count = 0
        self._samples = 0
        self._clock = 0

    @property
    def name(self) -> str:
        """The recogniser's name in results."""
        return "pocketsphinx"

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences about phrases that cannot be heard, or only perhaps."""
        return self._warnings

    def push(self, y: FloatArray) -> list[Hypothesis]:
        """Take the next samples, shape (samples,), full scale 1.0, at 16 kHz; return the passes they made possible."""
        if self._decoder is None:
            raise ParameterError("This recogniser has finished; make another for the next recording.")
        self._samples += len(y)
        joined = np.concatenate((self._left_over, y)) if len(self._left_over) else y
        whole = len(joined) // GATE_FRAME * GATE_FRAME
        self._left_over = joined[whole:].copy()
        return self._hear(to_pcm(joined[:whole]), self._decoder)

    def finish(self) -> list[Hypothesis]:
        """The audio ended: the last utterance's final pass. The decoder is kept for the next recording."""
        decoder, self._decoder = self._decoder, None
        if decoder is None:
            return []
        passes: list[Hypothesis] = []
        if len(self._left_over):
            padded = np.concatenate((self._left_over, np.zeros(GATE_FRAME - len(self._left_over), np.float32)))
            passes = self._hear(to_pcm(padded), decoder)
        if self._utterance:
            passes.append(self._utterance.close(self._clock))
            self._utterance = None
        _pool.give_back(self._wanted, self._tuning.decoder, decoder)
        return passes

    def _hear(self, pcm: bytes, decoder: PhraseDecoder) -> list[Hypothesis]:
        passes: list[Hypothesis] = []
        width = 2 * GATE_FRAME
        for at in range(0, len(pcm), width):
            self._clock = min(self._clock + GATE_FRAME, self._samples)
            for gated in self._gate.push(pcm[at : at + width]):
                passes += self._decode(gated, decoder)
        return passes

    def _decode(self, gated: Gated, decoder: PhraseDecoder) -> list[Hypothesis]:
        if self._utterance is None:
            self._utterance = self._opened(decoder, gated.start)
        utterance = self._utterance
        self._usual.clear = self._standing.usual_db >= CLEAR_DB
        passes = utterance.feed(gated.pcm, self._clock)
        if gated.edge is Edge.CLOSED:
            passes.append(utterance.close(self._clock))
            self._utterance = None
        elif utterance.is_long(gated.quiet):
            last, start, carried = utterance.cut(gated.quiet, self._clock)
            passes.append(last)
            self._utterance = self._opened(decoder, start)
            passes += self._utterance.feed(carried, self._clock)
        return passes

    def _opened(self, decoder: PhraseDecoder, start: int) -> _Utterance:
        self._count += 1
        return _Utterance(self._count, start, decoder, self._usual, self._tuning)


class _Utterance:
    """One utterance while it is decoded."""

    def __init__(self, number: int, start: int, decoder: PhraseDecoder, usual: UsualFit, tuning: Tuning) -> None:
        self._number = number
        self._start = start
        self._decoder = decoder
        self._usual = usual
        self._tuning = tuning
        self._pcm = bytearray()
        self._frames = 0
        self._schedule = PassSchedule(decoder.phrases, tuning.repeat_s)
        self._agreement = Agreement(decoder.phrases, decoder.sounds, decoder.near_text)
        self._started = not decoder.needs_opening
        if self._started:
            decoder.start()

    def feed(self, pcm: bytes, clock: int) -> list[Hypothesis]:
        """Decode further audio, which ends at sample ``clock``; a pass at each poll that says something new."""
        self._pcm += pcm
        self._frames += 1
        if self._started:
            self._decoder.feed(pcm)
        elif len(self._pcm) >= 2 * RATE_HZ * self._tuning.settle_s:
            self._begin()
        if self._frames % POLL_FRAMES or not self._started:
            return []
        hypothesis = self._reading(self._decoder.path(), clock, final=False)
        return [hypothesis] if self._schedule.is_due(hypothesis) else []

    def _begin(self) -> None:
        """Start decoding the recording's first utterance, now that enough of it is there to tell its mean spectrum."""
        self._decoder.start(bytes(self._pcm))
        self._decoder.feed(bytes(self._pcm))
        self._started = True

    def _end(self) -> None:
        if not self._started:
            self._begin()
        self._decoder.end()

    def is_long(self, quiet: int) -> bool:
        """Whether it must be cut here, though speech goes on."""
        seconds = len(self._pcm) / 2 / RATE_HZ
        return seconds >= self._tuning.hard_cut_s or (seconds >= self._tuning.soft_cut_s and quiet >= GAP_FRAMES)

    def close(self, clock: int) -> Hypothesis:
        """The final pass."""
        self._end()
        return self._reading(self._decoder.path(), clock, final=True)

    def cut(self, quiet: int, clock: int) -> tuple[Hypothesis, int, bytes]:
        """The final pass, and where the next utterance starts with the audio from there on.

        In a gap between words all words are kept. Otherwise the last one is still being said: it is left to the next
        utterance, where it is decoded again with what follows, so that words and phrases stay whole.
        """
        self._end()
        path = self._decoder.path()
        boundary = len(self._pcm) // 2
        spoken = [entry for entry in path if not is_filler(entry.key)]
        if quiet < GAP_FRAMES and len(spoken) > 1 and self._decoder.phrases.get(spoken[-1].key) is None:
            boundary = min(boundary, spoken[-1].start * HOP)
            path = [entry for entry in path if entry.end * HOP <= boundary]
        last = self._reading(path, clock, final=True, end=self._start + boundary)
        return last, self._start + boundary, bytes(self._pcm[2 * boundary :])

    def _reading(self, path: Sequence[Decoded], clock: int, *, final: bool, end: int | None = None) -> Hypothesis:
        until = self._start + len(self._pcm) // 2 if end is None else end
        words = self._words(path, until - self._start)
        if final:
            self._usual.learn(path)
        return Hypothesis(
            utterance=self._number,
            start_s=self._start / RATE_HZ,
            end_s=min(until, clock) / RATE_HZ,
            heard_at_s=clock / RATE_HZ,
            final=final,
            words=words,
        )

    def _words(self, path: Sequence[Decoded], samples: int) -> tuple[Word, ...]:
        """Both views' words in the utterance's first ``samples``."""
        start_s = self._start / RATE_HZ
        hits = [hit for hit in self._decoder.hits() if hit.end * HOP <= samples]
        words = self._agreement.join(fold(path, self._decoder.phrases, start_s, self._usual), path, hits, start_s)
        return words if self._usual.clear else hints_only(words)


class PassSchedule:
    """Decides which readings of an utterance are worth telling.

    The decoder's readings share their history, so that the next one 100 ms later nearly always agrees: agreement says
    something only when the later reading has heard more of what follows. Therefore a pass is told at once when a phrase
    appears or disappears; otherwise no sooner than ``repeat_s`` after the last one, when its words changed or when it
    still holds a phrase that was told once only. Two passes that agree on a phrase are thus ``repeat_s`` apart.
    """

    def __init__(self, phrases: PhraseIndex, repeat_s: float) -> None:
        self._index = phrases
        self._repeat_s = repeat_s
        self._told: tuple[str, ...] = ()
        self._phrases: dict[tuple[str, ...], int] = {}
        self._told_at_s = float("-inf")

    def is_due(self, hypothesis: Hypothesis) -> bool:
        """Whether this reading is told; then it counts as told."""
        texts = tuple(word.text for word in hypothesis.words)
        held = {phrase.words for _, phrase in self._index.find(texts)}
        fresh = held != set(self._phrases)
        waited = hypothesis.heard_at_s - self._told_at_s >= self._repeat_s - 1e-6
        repeat = any(times < 2 for times in self._phrases.values())
        if not (fresh or (waited and (texts != self._told or repeat))):
            return False
        self._phrases = {phrase: self._phrases.get(phrase, 0) + 1 for phrase in held}
        self._told, self._told_at_s = texts, hypothesis.heard_at_s
        return True


def to_pcm(y: FloatArray) -> bytes:
    """Samples with full scale 1.0 as 16-bit PCM; what is not a number becomes silence, overload is clipped."""
    scaled = np.nan_to_num(y, nan=0.0, posinf=1.0, neginf=-1.0) * 32768.0
    pcm: bytes = np.clip(np.rint(scaled), -32768, 32767).astype("<i2").tobytes()
    return pcm
