"""From the decoder's path to plain words with times and confidences.

Confidence needs a stand-in, because posteriors cost a second and a third search. What is cheap and tells right from
wrong is how well the sound fits (``Decoded.fit``) and, for phrases, how many sounds they have: short phrases occur by
chance in other speech. The formulas are logistic regressions on 0.59 h of real speech, native and learners', with
phrases of its own transcripts and 700 wordings of the built-in policy listened for (57 phrases heard, of which 37 were
said; area under the curve 0.94), with slopes shrunk and the offset lowered, because phrases of a policy are rarer than
those. Phrases heard word by word were right 17 times of 17, 15
of them synthetic speech, hence the bonus. Single words are told apart badly (0.6).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from models.decoded import HOP_S, Decoded
from models.evidence import confidence_of
from models.vocabulary import PhraseIndex, PhraseWord
from monitor.types import Word

WORD_OFFSET, WORD_PER_FIT = 0.33, 0.16
PHRASE_OFFSET, PHRASE_PER_FIT, PHRASE_PER_LOG_PHONES = -11.5, 1.5, 8.4
WORD_BY_WORD = 3.0


TYPICAL_FIT = -3.6
"""Mean fit of the words of native readers."""

FIT_KNOWN_AFTER_S = 0.5
"""A voice's own mean counts as much as the typical one after so much speech."""

FIT_FOLLOWED = 1.0
"""Share of a voice's deviation from the typical fit that its phrases are excused or charged."""


class UsualFit:
    """How well the words of one recording fit the model of sounds at large.

    An accent, a telephone or a synthetic voice fits badly in everything it says. A phrase that fits as badly as the
    words around it is as likely right as one that fits well in a voice that fits well: measured in synthetic voices,
    phrases that were said fit from -2.5 to -6.5, but within 1 to 2 of the same voice's other words. Where speech hardly
    stands out, noise or other voices are why it fits badly; then nothing around it was heard well, which speaks against
    the phrase. ``clear`` says which it is.
    """

    def __init__(self) -> None:
        self.clear = True
        self._total = TYPICAL_FIT * FIT_KNOWN_AFTER_S
        self._seconds = FIT_KNOWN_AFTER_S

    def learn(self, path: Sequence[Decoded]) -> None:
        """An utterance is over: take in its words."""
        for entry in path:
            if not is_filler(entry.key):
                seconds = (entry.end - entry.start) * HOP_S
                self._total += entry.fit * seconds
                self._seconds += seconds

    def excuse(self, total: float, seconds: float) -> float:
        """What to add to the fit of a phrase, given the fit times seconds of the utterance's other words."""
        usual = (self._total + total) / (self._seconds + seconds)
        excuse = FIT_FOLLOWED * (TYPICAL_FIT - usual)
        return excuse if self.clear else -abs(excuse)


@dataclass(frozen=True, slots=True)
class _Heard:
    """A word with what its confidence is made of; ``is_plain`` unless it came out of a phrase."""

    word: Word
    fit: float
    is_plain: bool


def fold(
    path: Sequence[Decoded], phrases: PhraseIndex, start_s: float, usual: UsualFit | None = None
) -> tuple[Word, ...]:
    """The path as plain words, fillers dropped: a phrase becomes its words, with time shared out by number of phones.

    Words that make up a phrase share that phrase's confidence, whether it was heard as one or word by word. ``usual``
    tells how the recording's earlier words fit.
    """
    usual = usual or UsualFit()
    heard: list[_Heard] = []
    for entry in path:
        phrase = phrases.get(entry.key)
        if phrase is not None:
            heard += _unfolded(entry, phrase, start_s)
        elif not is_filler(entry.key):
            word = _word(start_s, entry.start, entry.end, entry.key, word_confidence(entry.fit))
            heard.append(_Heard(word, entry.fit, True))
    sure = [each.word.confidence for each in heard]
    total, seconds = _fit_of(heard)
    for at, phrase in phrases.find([each.word.text for each in heard]):
        row = range(at, at + len(phrase.words))
        own, own_s = _fit_of([heard[n] for n in row])
        excuse = usual.excuse(total - own, seconds - own_s)
        together = phrase_confidence(
            own / own_s + excuse,
            phrase.phones,
            word_by_word=len(row) > 1 and all(heard[n].is_plain for n in row),
        )
        for n in row:
            sure[n] = max(sure[n], together)
    return tuple(replace(each.word, confidence=c) for each, c in zip(heard, sure, strict=True))


def _unfolded(entry: Decoded, phrase: PhraseWord, start_s: float) -> list[_Heard]:
    """The words of a phrase that was heard as one; how sure they are is for ``fold`` to say."""
    way = min(entry.way, len(phrase.ways) - 1)
    frames = entry.start, entry.end
    return [_Heard(word, entry.fit, False) for word in phrase_words(phrase, way, frames, start_s, 0.0)]


def phrase_words(
    phrase: PhraseWord, way: int, frames: tuple[int, int], start_s: float, confidence: float
) -> tuple[Word, ...]:
    """A phrase that was heard as one, as plain words; frames, counted from ``start_s``, are shared out by phones."""
    lengths = [len(phones) for phones in phrase.ways[way]]
    start, end = frames
    frames_per_phone = (end - start) / sum(lengths)
    bounds = [start + n * frames_per_phone for n in accumulate(lengths, initial=0)]
    return tuple(
        _word(start_s, a, b, text, confidence) for text, (a, b) in zip(phrase.words, pairwise(bounds), strict=True)
    )


def _fit_of(heard: Sequence[_Heard]) -> tuple[float, float]:
    """Fit times seconds, and seconds, summed over words."""
    seconds = [max(each.word.end_s - each.word.start_s, HOP_S) for each in heard]
    return sum(each.fit * t for each, t in zip(heard, seconds, strict=True)), sum(seconds)


def word_confidence(fit: float) -> float:
    """How probable it is that an ordinary word is right, 0 to 1."""
    return confidence_of(WORD_OFFSET + WORD_PER_FIT * fit)


def phrase_confidence(fit: float, phones: int, *, word_by_word: bool = False) -> float:
    """How probable it is that a phrase of so many phones was said, 0 to 1.

    Heard word by word, it also won as ordinary English, without the weight that phrases are given.
    """
    bonus = WORD_BY_WORD if word_by_word else 0.0
    return confidence_of(PHRASE_OFFSET + PHRASE_PER_FIT * fit + PHRASE_PER_LOG_PHONES * math.log(phones) + bonus)


def is_filler(key: str) -> bool:
    """Silence and noises, which are not words."""
    return key.startswith(("<", "[", "+"))


def _word(start_s: float, start: float, end: float, text: str, confidence: float) -> Word:
    return Word(round(start_s + start * HOP_S, 3), round(start_s + end * HOP_S, 3), text, confidence)
