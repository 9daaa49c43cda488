"""What Whisper invents, told from what was said.

Whisper was taught on subtitles and always writes something: thanks for watching on silence, a sentence over music, the
same phrase again and again when it loses the thread. Every rule stands in ``RejectionRule`` with its reason. A pass is
rejected whole where it is an invention. A single doubtful word stays, but with so little confidence that no phrase
that needs it can be flagged: leaving it out would join its neighbours into words nobody said ("you don't understand"
without its middle).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from models.speech_gate import FRAMES_PER_S
from monitor.types import BoolArray, Word

# Written by Whisper over silence and noise because subtitles hold them where nobody speaks; nobody says them in a call.
CREDITS = (
    "thanks for watching", "thank you for watching", "thank you so much for watching", "please subscribe",
    "subscribe to my channel", "like and subscribe", "see you in the next video", "i'll see you in the next video",
    "subtitles by", "captions by", "captioning by", "transcribed by", "transcription by", "translated by",
    "untertitel", "sous-titres", "sous-titrage", "subtítulos", "sottotitoli", "legendas", "ondertiteling",
    "ご視聴ありがとうございました", "字幕", "다음 영상에서",
)  # fmt: skip

# As frequent over silence, but also said in calls.
PLEASANTRIES = (
    "thank you", "thank you very much", "thanks", "you", "bye", "bye bye", "bye-bye", "goodbye", "okay", "ok", "so",
    "see you next time", "oh", "hmm", "mm", "uh", "the end", "vielen dank", "danke", "merci", "gracias", "grazie",
    "obrigado", "bedankt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RejectionRule:
    """When words count as invented."""

    # Whisper's own sign: it holds the audio for empty and is not sure of what it wrote all the same. Both are needed,
    # because the first alone is often high on real speech. Values of its authors.
    most_no_speech: float = 0.6
    least_logprob: float = -1.0
    # A text that zlib shrinks more than this repeats itself. Value of its authors.
    most_compression: float = 2.4
    # The same words three times in a row are usually a loop of the decoder, and sometimes an upset person. The first
    # time stays as a hint that cannot light red. A single word may be repeated more often ("no no no no").
    loop_times: int = 3
    loop_times_one_word: int = 5
    loop_longest: int = 8
    loop_confidence: float = 0.6
    # A word is where somebody spoke. Gate and alignment are each a tenth of a second wrong, hence the margin.
    least_speech_share: float = 0.5
    speech_margin_s: float = 0.16
    # Below this a word is a guess.
    least_probability: float = 0.2
    # Words for which there is no sound are squeezed into no time. One short word alone may be a slip of the alignment,
    # so it is the mean with its neighbours.
    shortest_s: float = 0.06
    # No word is that long, and no pause can hide in one: the gate closes there.
    longest_s: float = 2.0
    # A pass most of whose words break a rule is invented as a whole.
    least_trusted_share: float = 0.5
    # Confidence of a word that breaks a rule: a phrase of six words with one such word falls below 0.3.
    untrusted: float = 0.0005
    # A pleasantry that is the whole text counts where Whisper is sure of it and of the speech.
    pleasantry_no_speech: float = 0.3
    pleasantry_logprob: float = -0.5
    # A text is a credit when it begins as one and is no longer than that.
    credits: tuple[str, ...] = CREDITS
    longest_credit: int = 8
    pleasantries: tuple[str, ...] = PLEASANTRIES


@dataclass(frozen=True, slots=True)
class Decoding:
    """What the decoder answered for one utterance: words as written, times in seconds from its start."""

    words: tuple[Word, ...]
    logprob: float
    no_speech: float


class Fate(StrEnum):
    """What became of a pass."""

    KEPT = "kept"
    NOTHING = "nothing written"
    EMPTY = "audio held for empty"
    REPEATS = "repeats itself"
    CREDIT = "credit of subtitles"
    PLEASANTRY = "unsure pleasantry"
    NO_SPEECH = "words without speech"


def sift(decoding: Decoding, speech: BoolArray, rule: RejectionRule = RejectionRule()) -> tuple[Word, ...]:
    """The words that were probably said, in lower case and without punctuation.

    Parameters
    ----------
    speech : which frames of 20 ms of the utterance were speech.
    """
    return examine(decoding, speech, rule)[0]


def examine(
    decoding: Decoding, speech: BoolArray, rule: RejectionRule = RejectionRule()
) -> tuple[tuple[Word, ...], Fate]:
    """The words of ``sift``, and by which rule there are none."""
    words = tuple(_plain_words(decoding.words))
    if not words:
        return (), Fate.NOTHING
    invented = _invented(decoding, [word.text for word in words], rule)
    if invented is not None:
        return (), invented
    heard = _near(speech, round(rule.speech_margin_s * FRAMES_PER_S))
    spoken = [_speech_share(word, heard) >= rule.least_speech_share for word in words]
    lasting = [_lasts(words[max(0, at - 1) : at + 2], rule) for at in range(len(words))]
    trusted = [all(signs) for signs in zip(spoken, lasting, (_is_plausible(word, rule) for word in words), strict=True)]
    if sum(trusted) < rule.least_trusted_share * len(words):
        return (), Fate.NO_SPEECH
    sure = [w if good else replace(w, confidence=rule.untrusted) for w, good in zip(words, trusted, strict=True)]
    return _without_loops(_within_speech(sure, spoken), rule), Fate.KEPT


def _plain_words(words: Sequence[Word]) -> list[Word]:
    """Words without punctuation, in lower case; sounds in brackets, notes and what has no letter are left out."""
    kept: list[Word] = []
    inside = False
    for word in words:
        text = word.text.strip().lower().replace("\u2019", "'")
        inside = inside or text.startswith(("[", "(", "*"))
        plain = re.sub(r"^\W+|\W+$", "", text)
        if kept and text.startswith("'") and not word.text.startswith(" ") and plain and not inside:
            kept[-1] = _joined(kept[-1], word, f"'{plain}")
        elif plain and not inside:
            kept.append(replace(word, text=plain))
        if text.rstrip(".,!?").endswith(("]", ")", "*")):
            inside = False
    return kept


def _joined(word: Word, ending: Word, text: str) -> Word:
    """A word with the rest of its contraction, which tokenizers may take for a word of its own."""
    sure = min(word.confidence, ending.confidence)
    return replace(word, end_s=ending.end_s, text=word.text + text, confidence=sure)


def _invented(decoding: Decoding, texts: Sequence[str], rule: RejectionRule) -> Fate | None:
    """The rule by which the text as a whole is none that was said."""
    if decoding.no_speech > rule.most_no_speech and decoding.logprob < rule.least_logprob:
        return Fate.EMPTY
    text = " ".join(texts)
    if compression(text) > rule.most_compression:
        return Fate.REPEATS
    # Languages without blanks come as single signs, so blanks do not count.
    if len(texts) <= rule.longest_credit and _close(text).startswith(tuple(map(_close, rule.credits))):
        return Fate.CREDIT
    doubtful = decoding.no_speech > rule.pleasantry_no_speech or decoding.logprob < rule.pleasantry_logprob
    return Fate.PLEASANTRY if doubtful and text in rule.pleasantries else None


def _close(text: str) -> str:
    return text.replace(" ", "")


def compression(text: str) -> float:
    """How many times shorter zlib makes a text; 1 for an empty one."""
    content = text.encode()
    return len(content) / len(zlib.compress(content)) if content else 1.0


def _near(speech: BoolArray, margin: int) -> BoolArray:
    """Frames that are speech or at most so many frames from it."""
    return np.convolve(speech, np.ones(2 * margin + 1), "full")[margin : margin + len(speech)] > 0


def _speech_share(word: Word, heard: BoolArray) -> float:
    first = int(word.start_s * FRAMES_PER_S)
    covered = heard[first : max(first + 1, int(np.ceil(word.end_s * FRAMES_PER_S)))]
    return float(covered.mean()) if len(covered) else 0.0


def _is_plausible(word: Word, rule: RejectionRule) -> bool:
    return word.confidence >= rule.least_probability and word.end_s - word.start_s <= rule.longest_s


def _lasts(words: Sequence[Word], rule: RejectionRule) -> bool:
    """Whether a word and its neighbours take the time that words take."""
    # Times are on a grid of 20 ms, so the comparison may be off by a rounding.
    return sum(word.end_s - word.start_s for word in words) >= len(words) * rule.shortest_s - 1e-6


def _within_speech(words: Sequence[Word], spoken: Sequence[bool]) -> list[Word]:
    """Words from the first to the last spoken one: what is written before or after the speech belongs to no phrase."""
    places = [at for at, here in enumerate(spoken) if here]
    return list(words[places[0] : places[-1] + 1])


def _without_loops(words: list[Word], rule: RejectionRule) -> tuple[Word, ...]:
    """The words with each loop reduced to its first round, of which little is then believed."""
    kept: list[Word] = []
    at = 0
    while at < len(words):
        size, times = _loop_at([word.text for word in words[at:]], rule)
        step = size * times
        kept += [
            replace(word, confidence=min(word.confidence, rule.loop_confidence)) if step else word
            for word in words[at : at + (size or 1)]
        ]
        at += step or 1
    return tuple(kept)


def _loop_at(texts: Sequence[str], rule: RejectionRule) -> tuple[int, int]:
    """How many words at the start are said again and again, and how often; zeros when they are not."""
    for size in range(1, rule.loop_longest + 1):
        times = 1
        while texts[times * size : (times + 1) * size] == texts[:size]:
            times += 1
        if times >= (rule.loop_times_one_word if size == 1 else rule.loop_times):
            return size, times
    return 0, 0
