"""From the decoder's path to plain words with times and confidences.

Confidence needs a stand-in, because posteriors cost a second and a third search. What is cheap and was found to tell
right from wrong is how well the sound fits (``Decoded.fit``), and, for phrases, how many sounds they have: short
phrases occur by chance in other speech. The formulas are logistic regressions on real speech, native and learners',
with phrases of its own transcripts and the wordings of the built-in policy listened for (area under the curve: phrases
0.87, single words 0.6, which is little).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate, pairwise

from models.phrase_decoder import HOP_S, Decoded
from models.vocabulary import PhraseIndex
from monitor.types import Word

WORD_OFFSET, WORD_PER_FIT = -0.3, 0.05
PHRASE_OFFSET, PHRASE_PER_FIT, PHRASE_PER_LOG_PHONES = -6.4, 0.55, 4.4


def fold(path: Sequence[Decoded], phrases: PhraseIndex, start_s: float) -> tuple[Word, ...]:
    """The path as plain words, fillers dropped: a phrase becomes its words, with time shared out by number of phones.

    Words that make up a phrase share that phrase's confidence, whether it was heard as one or word by word.
    """
    words: list[Word] = []
    fits: list[float] = []
    for entry in path:
        if is_filler(entry.key):
            continue
        phrase = phrases.get(entry.key)
        if phrase is None:
            words.append(_word(start_s, entry.start, entry.end, entry.key, word_confidence(entry.fit)))
            fits.append(entry.fit)
            continue
        way = phrase.ways[min(entry.way, len(phrase.ways) - 1)]
        phones = sum(map(len, way))
        frames_per_phone = (entry.end - entry.start) / phones
        bounds = [entry.start + n * frames_per_phone for n in accumulate(map(len, way), initial=0)]
        sure = phrase_confidence(entry.fit, phones)
        words += [_word(start_s, a, b, text, sure) for text, (a, b) in zip(phrase.words, pairwise(bounds), strict=True)]
        fits += [entry.fit] * len(phrase.words)
    return tuple(_with_phrases(words, fits, phrases))


def _with_phrases(words: list[Word], fits: Sequence[float], phrases: PhraseIndex) -> list[Word]:
    """Words of a phrase that was heard word by word get the phrase's confidence."""
    raised = list(words)
    for at, phrase in phrases.find([word.text for word in words]):
        places = range(at, at + len(phrase.words))
        seconds = sum(words[n].end_s - words[n].start_s for n in places)
        fit = sum(fits[n] * (words[n].end_s - words[n].start_s) for n in places) / seconds
        sure = phrase_confidence(fit, phrase.phones)
        for n in places:
            if sure > raised[n].confidence:
                old = raised[n]
                raised[n] = Word(old.start_s, old.end_s, old.text, sure, old.channel)
    return raised


def word_confidence(fit: float) -> float:
    """How probable it is that an ordinary word is right, 0 to 1."""
    return _logistic(WORD_OFFSET + WORD_PER_FIT * fit)


def phrase_confidence(fit: float, phones: int) -> float:
    """How probable it is that a phrase of so many phones was said, 0 to 1."""
    return _logistic(PHRASE_OFFSET + PHRASE_PER_FIT * fit + PHRASE_PER_LOG_PHONES * math.log(phones))


def is_filler(key: str) -> bool:
    """Silence and noises, which are not words."""
    return key.startswith(("<", "[", "+"))


def _logistic(x: float) -> float:
    return round(1.0 / (1.0 + math.exp(-x)), 3)


def _word(start_s: float, start: float, end: float, text: str, confidence: float) -> Word:
    return Word(round(start_s + start * HOP_S, 3), round(start_s + end * HOP_S, 3), text, confidence)
