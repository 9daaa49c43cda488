"""pocketsphinx with its general language model and every phrase of the policy as one word of its own.

Method (measured against keyword spotting and plain text matching, which lose): a phrase such as "calm down" joins the
vocabulary as one word ``calm_down_kp`` with the phones of its words. The language model gives it a small share of the
unigram mass, so it must win against all ordinary English on the sound, and a phrase does not depend on how likely its
words are in newspaper text.

Order matters: ``NGramModel.add_word`` sets the weight and must come before ``Decoder.add_word``, which otherwise gives
weight 1. Only the last ``Decoder.add_word`` rebuilds the search tree (0.1 s); rebuilding at each cost 1.4 s for 20.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models.cepstral_mean import CepstralMean
from models.confusability import Confusability
from models.decoded import Decoded
from models.decoder_loading import PIECE_BYTES, load_decoder, make_forget
from models.keyphrase_view import Hit, KeyphraseView
from models.lexicon import Lexicon, Phones
from models.near_text import NearText
from models.vocabulary import PhraseIndex, PhraseWord, build_vocabulary

SCORE_STEP = 1024
"""Acoustic scores are kept in steps of this many units of the log base."""


@dataclass(frozen=True, slots=True)
class DecoderTuning:
    """How wide the search looks and how readily it takes a phrase.

    ``short_weight`` is the share of a phrase's unigram, in units of the average word, for phrases of at most
    ``short_phones`` phones; longer ones get ``long_weight``. The others are pocketsphinx's: ``ds`` takes every
    so-many-th frame's Gaussians, ``topn`` of them, ``maxhmmpf`` and ``maxwpf`` bound the states and word ends kept.

    Measured as recall at false alarms per hour for 60 phrases of LibriSpeech test-other, recall on synthetic speech,
    and CPU time over audio time: ds=2, topn=2, maxhmmpf=3000 with weights 50/50: 0.37 at 9, 0.57, 0.06; 1000/1000:
    0.42 at 14, 0.62, 0.06; these settings: 0.48 at 5, 0.69, 0.10; with long_weight 20000: 0.48 at 9, 0.72, 0.12.
    """

    short_weight: float = 50.0
    long_weight: float = 1000.0
    short_phones: int = 8
    ds: int = 1
    topn: int = 4
    maxhmmpf: int = 6000
    maxwpf: int = 20

    def weight(self, phrase: PhraseWord) -> float:
        """Share of the unigram mass that a phrase gets."""
        return self.short_weight if phrase.phones <= self.short_phones else self.long_weight


class _Entry(Protocol):
    """What we read of pocketsphinx's ``Segment``."""

    word: str
    start_frame: int
    end_frame: int
    ascore: float


class PhraseDecoder:
    """One pocketsphinx decoder for one set of phrases; decodes one utterance at a time."""

    def __init__(self, phrases: Sequence[str], tuning: DecoderTuning = DecoderTuning()) -> None:
        self._decoder = load_decoder(
            fwdflat=False, bestpath=False,
            ds=tuning.ds, topn=tuning.topn, maxhmmpf=tuning.maxhmmpf, maxwpf=tuning.maxwpf,
        )  # fmt: skip
        vocabulary = build_vocabulary(phrases, Lexicon(self._lookup, _guess))
        self.warnings = vocabulary.warnings
        self.phrases = PhraseIndex(vocabulary.phrases)
        self._add(vocabulary.phrases, tuning)
        confusability = Confusability()
        self._view = KeyphraseView(vocabulary.phrases, confusability)
        self.near_text = NearText(vocabulary.phrases, confusability)
        self._sounds: dict[str, Phones] = {}
        self._speaking = False
        self.reset()

    def reset(self) -> None:
        """Forget the last recording: what comes next is decoded as by a new decoder."""
        if self._speaking:
            self.end()
        make_forget(self._decoder)
        self._view.reset()
        self._mean = CepstralMean()

    @property
    def needs_opening(self) -> bool:
        """Whether ``start`` wants to hear how speech begins, because nothing was decoded of this recording yet."""
        return not self._mean.is_known

    def start(self, opening: bytes = b"") -> None:
        """Begin an utterance; the recording's first one should bring the audio that it begins with.

        That audio tells the mean spectrum of this voice and microphone; it has to be fed nevertheless.
        """
        if opening:
            self._mean.start_at(level_dbfs(opening))
            self._mean.learn(*self._view.measure_mean(opening, self._mean.text))
        self._decoder.set_cmn(self._mean.text)
        self._decoder.start_utt()
        self._view.start(self._mean.text)
        self._speaking = True

    def feed(self, pcm: bytes) -> None:
        """Decode further 16-bit audio of the utterance."""
        for at in range(0, len(pcm), PIECE_BYTES):
            self._decoder.process_raw(pcm[at : at + PIECE_BYTES], False, False)
        self._view.feed(pcm)

    def end(self) -> None:
        """End the utterance; ``path`` then gives its final reading."""
        self._mean.learn(self._decoder.get_cmn(True), self._decoder.n_frames())
        self._decoder.end_utt()
        self._view.end()
        self._speaking = False

    def path(self) -> list[Decoded]:
        """What the utterance so far is taken for, words and fillers in order."""
        hypothesis = self._decoder.hyp()
        if hypothesis is None:
            return []
        return [_decoded(entry) for entry in self._decoder.seg() or ()]

    def hits(self) -> list[Hit]:
        """What keyphrase search, the second view, found in the utterance so far."""
        return self._view.hits()

    def sounds(self, entry: Decoded) -> Phones:
        """The sounds of an entry of the path; none for fillers."""
        key = entry.key if entry.way == 0 else f"{entry.key}({entry.way + 1})"
        if key not in self._sounds:
            listed = None if entry.key.startswith(("<", "[", "+")) else self._decoder.lookup_word(key)
            self._sounds[key] = tuple(listed.split()) if listed else ()
        return self._sounds[key]

    def _lookup(self, word: str) -> tuple[Phones, ...]:
        ways: list[Phones] = []
        while phones := self._decoder.lookup_word(word if not ways else f"{word}({len(ways) + 1})"):
            ways.append(tuple(phones.split()))
        return tuple(ways)

    def _add(self, phrases: Sequence[PhraseWord], tuning: DecoderTuning) -> None:
        model = self._decoder.get_lm(self._decoder.current_search())
        for phrase in phrases:
            model.add_word(phrase.key, tuning.weight(phrase))
        entries = [entry for phrase in phrases for entry in phrase.entries()]
        for n, (key, phones) in enumerate(entries, 1):
            self._decoder.add_word(key, " ".join(phones), n == len(entries))


class DecoderPool:
    """Keeps decoders between recordings, because loading one takes longer than a short recording."""

    def __init__(self, keep: int = 2) -> None:
        self._keep = keep
        self._idle: list[tuple[tuple[object, ...], PhraseDecoder]] = []
        self._lock = threading.Lock()

    def take(self, phrases: Sequence[str], tuning: DecoderTuning) -> PhraseDecoder:
        """An idle decoder for these phrases, as good as new, or a new one."""
        key = (tuple(phrases), tuning)
        with self._lock:
            at = next((n for n, (held, _) in enumerate(self._idle) if held == key), None)
            decoder = None if at is None else self._idle.pop(at)[1]
        if decoder is None:
            return PhraseDecoder(phrases, tuning)
        decoder.reset()
        return decoder

    def give_back(self, phrases: Sequence[str], tuning: DecoderTuning, decoder: PhraseDecoder) -> None:
        """Its recording is over; the decoder may serve another."""
        with self._lock:
            self._idle.append(((tuple(phrases), tuning), decoder))
            del self._idle[: -self._keep]


def level_dbfs(pcm: bytes) -> float:
    """RMS level of 16-bit audio in dB re full scale, -96 at least."""
    y = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768.0
    return float(10.0 * np.log10(max(float(np.mean(y * y)), 10**-9.6)))


def _guess(word: str) -> Phones:
    from models.letter_sounds import pronounce_letters

    return pronounce_letters(word)


def _decoded(entry: _Entry) -> Decoded:
    key, _, alternate = entry.word.partition("(")
    frames = entry.end_frame + 1 - entry.start_frame
    way = int(alternate.rstrip(")")) - 1 if alternate else 0
    fit = math.log(max(entry.ascore, 1e-300)) * SCORE_STEP / max(1, frames)
    return Decoded(key, way, entry.start_frame, entry.end_frame + 1, fit)
