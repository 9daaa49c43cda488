"""How sure a phrase is, by which of the two views heard it and how well: the decoder, keyphrase search, or both.

Logistic regressions on 0.21 h of LibriSpeech with 310 phrases of its own transcripts and on 0.58 h of other speech,
native and learners', with the 500 wordings of the built-in policy, of which none was said. In these, 139 of 155 phrases
that both views heard were said, and the others were mostly near misses; 78 of 4000 that only keyphrase search heard
(area under the curve 0.90). The phrases of a policy are rarer than those, and most mistakes were near misses of a
transcript's phrases, so the offsets are up to 1.5 lower than fitted, and the decoder's own confidence counts for more:
chosen so that no phrase of the built-in policy was wrongly sure on that other speech.
"""

from __future__ import annotations

import math

ALONE_OFFSET, ALONE_PER_SCORE, ALONE_PER_RARITY, ALONE_PER_DISTANCE = -4.7, 0.0229, 0.178, -8.96
BOTH_OFFSET, BOTH_PER_LOGIT = 0.1, 1.4
DECODER_OFFSET, DECODER_PER_LOGIT = -1.7, 0.67

ALONE_AT_LEAST, ALONE_AT_MOST = 0.3, 0.75
"""Bounds of the confidence of what keyphrase search heard alone: what is less is not told; it is never sure."""

TEXT_PER_RARITY, TEXT_AT_MOST, TEXT_FROM_RARITY = 0.0042, 0.22, 22.0
"""How far the decoder's sounds may be from a phrase's to be told: so much for each nat of rarity, and in all."""

USEFUL_SCORE = -40.0
"""What both views heard is right at scores that say nothing alone."""

WORST_SCORE = -150.0
"""Lower scores are reached by any long row of sounds."""


def joined_confidence(decoder: float, *, is_seen_twice: bool) -> float:
    """How sure a phrase is that the decoder is so sure of, when keyphrase search heard it too, and when it did not."""
    logit = math.log(max(decoder, 1e-3) / max(1 - decoder, 1e-3))
    if is_seen_twice:
        return confidence_of(BOTH_OFFSET + BOTH_PER_LOGIT * logit)
    return min(decoder, confidence_of(DECODER_OFFSET + DECODER_PER_LOGIT * logit))


def alone_confidence(score: float, rarity: float, apart: float) -> float:
    """How sure a phrase is that only keyphrase search heard.

    Parameters
    ----------
    score : log likelihood ratio of the phrase against the best row of sounds.
    rarity : of the phrase's sounds, in nats (``Confusability``).
    apart : distance of the sounds that the decoder heard there from the phrase's, 0 to 1 (``phone_match``).
    """
    logit = ALONE_OFFSET + ALONE_PER_SCORE * score + ALONE_PER_RARITY * rarity + ALONE_PER_DISTANCE * apart
    return min(ALONE_AT_MOST, confidence_of(logit))


def text_limit(rarity: float) -> float:
    """How far the decoder's sounds may be from a phrase of this rarity, 0 to 1; negative where no distance will do.

    On that LibriSpeech it found every tenth phrase that was said and that neither view had heard, with one false hint.
    """
    return min(TEXT_AT_MOST, TEXT_PER_RARITY * rarity) if rarity >= TEXT_FROM_RARITY else -1.0


def text_confidence(apart: float, limit: float) -> float:
    """How sure a phrase is for which the decoder heard other words that sound like it: a hint, surer the nearer."""
    return round(ALONE_AT_MOST - (ALONE_AT_MOST - ALONE_AT_LEAST) * apart / limit, 3)


def least_score(rarity: float) -> float:
    """The lowest score of a phrase that can matter: that at which it is told if the decoder heard the same sounds."""
    at_least = math.log(ALONE_AT_LEAST / (1 - ALONE_AT_LEAST))
    alone = (at_least - ALONE_OFFSET - ALONE_PER_RARITY * rarity) / ALONE_PER_SCORE
    return max(WORST_SCORE, min(USEFUL_SCORE, alone))


def confidence_of(logit: float) -> float:
    """A logit as a probability, to three digits; the ends are told apart from certainty."""
    return round(1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit)))), 3)
