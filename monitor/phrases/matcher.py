"""Finds the phrases of a policy in timed words.

Each wording is filed under its rarest word; a heard word calls up only the wordings filed under what it may stand for,
and those are laid over its surroundings. So the cost per word hardly grows with the number of phrases.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.phrases.align import Alignment, Heard, align, idle_tokens
from monitor.phrases.closeness import SOUND_COST, Form, Sense, WordCloseness
from monitor.phrases.context import covered_by, next_to, quotation
from monitor.phrases.normalise import Token, mistaken_for, tokens_of
from monitor.phrases.pattern import Context, Pattern, Wording, fold_context, fold_phrase
from monitor.policy.model import Behaviour, Policy
from monitor.policy.wording import ANY_WORD
from monitor.types import Word

# Below this a phrase and the words are not the same thing said.
LEAST_CLOSENESS = 0.8
LEAST_CLOSENESS_OF_HINTS = 0.9
INFLECTION_COST = 0.02
# A plural where the policy did not ask for other forms is never sure.
UNASKED_PLURAL_COST = 0.2


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """A phrase found in the words. ``closeness`` is 1 for the phrase's own words; ``confidence`` adds the recogniser's.

    ``quoted`` matches were denied, reported or asked about, ``why`` says how; ``harmless`` ones are part of a longer
    wording that the policy lets pass. ``by_sound`` ones hold a word that only sounds like the phrase's. ``first_word``
    and ``last_word`` are places in the words given.
    """

    behaviour_id: str
    phrase: str
    start_s: float
    end_s: float
    text: str
    confidence: float
    quoted: bool
    why: str | None
    weak: bool
    channel: int
    closeness: float = 1.0
    harmless: bool = False
    first_word: int = 0
    last_word: int = 0
    by_sound: bool = False


@dataclass(frozen=True, slots=True)
class _Filed:
    """A wording under its rarest word."""

    pattern: Pattern
    wording: Wording
    anchor: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A wording laid over one way to read the words; places in them are only comparable as words, not as tokens."""

    pattern: Pattern
    heard: Heard
    alignment: Alignment
    closeness: float

    @property
    def by_sound(self) -> bool:
        return self.alignment.sound_cost > 0

    @property
    def words(self) -> tuple[int, int]:
        tokens = self.heard.tokens
        return tokens[self.alignment.first].word, tokens[self.alignment.last].word

    def overlaps(self, other: _Found) -> bool:
        if self.heard is other.heard:
            return self.alignment.first <= other.alignment.last and other.alignment.first <= self.alignment.last
        (first, last), (others_first, others_last) = self.words, other.words
        return first <= others_last and others_first <= last


class PhraseMatcher:
    """Matches the words of one utterance against every phrase of a policy."""

    def __init__(self, policy: Policy) -> None:
        self._language = policy.language
        self._is_english = policy.language[:2] == "en"
        patterns = [pattern for behaviour in policy.behaviours for pattern in _patterns(behaviour, policy.language)]
        self._contexts = {
            behaviour.id: [fold_context(text, policy.language) for text in behaviour.unless]
            for behaviour in policy.behaviours
        }
        counts = Counter(word for pattern in patterns for wording in pattern.wordings for word in set(wording))
        self._filed: dict[str, list[_Filed]] = {}
        for pattern in patterns:
            for wording in pattern.wordings:
                anchor = _anchor(wording, counts)
                self._filed.setdefault(wording[anchor], []).append(_Filed(pattern, wording, anchor))
        vocabulary = {*counts, *_context_words(self._contexts.values())} - {ANY_WORD}
        self._closeness = WordCloseness(vocabulary, by_sound=self._is_english)

    def match(self, words: Sequence[Word]) -> list[PhraseMatch]:
        """Every phrase said in the words of one utterance, each at most once, in the order of their time.

        Quoted matches are among them, marked; harmless ones are not.
        """
        return [match for match in self.explain(words) if not match.harmless]

    def explain(self, words: Sequence[Word]) -> list[PhraseMatch]:
        """As ``match``, with the harmless ones, for showing why something does not count."""
        heard = self._hear(words)
        found = self._find(heard)
        if self._is_english and any(mistaken_for(word.text) for word in words):
            found += [one for one in self._find(self._misheard(words, heard)) if one.by_sound]
        matches = [self._judge(words, one) for one in self._best(found)]
        once: dict[tuple[str, str], PhraseMatch] = {}
        for match in sorted(matches, key=lambda m: (m.harmless, m.quoted, m.by_sound, m.first_word)):
            once.setdefault((match.behaviour_id, match.phrase), match)
        return sorted(once.values(), key=lambda match: (match.first_word, match.behaviour_id))

    def _hear(self, words: Sequence[Word]) -> Heard:
        tokens = tokens_of(words, self._language)
        return _heard(words, tokens, [self._closeness.senses(token.text) for token in tokens])

    def _misheard(self, words: Sequence[Word], heard: Heard) -> Heard:
        """The same words with "your" read as "you are" and the like, wherever that sounds the same."""
        tokens: list[Token] = []
        senses: list[dict[str, Sense]] = []
        for token, known in zip(heard.tokens, heard.senses, strict=True):
            meant = mistaken_for(words[token.word].text)
            if meant is None:
                tokens.append(token)
                senses.append(known)
            elif not tokens or tokens[-1].word != token.word:
                tokens += [Token(text, token.word) for text in meant]
                senses += [{text: Sense(text, sound_cost=SOUND_COST)} for text in meant]
        return _heard(words, tokens, senses)

    def _find(self, heard: Heard) -> list[_Found]:
        found = []
        for at, senses in enumerate(heard.senses):
            for word in senses:
                for filed in self._filed.get(word, ()):
                    alignment = align(heard, filed.wording, filed.anchor, at)
                    if alignment is None:
                        continue
                    closeness = alignment.closeness(filed.wording)
                    if alignment.form is Form.OTHER and not filed.pattern.inflect:
                        continue
                    if alignment.form is not Form.SAME:
                        closeness -= INFLECTION_COST if filed.pattern.inflect else UNASKED_PLURAL_COST
                    # One word alone has nothing around it that would vouch for a slip, few words not for two kinds.
                    most_kinds = 1 if len(filed.wording) > 1 else 0
                    vouched = (alignment.edits > 0) + (alignment.sound_cost > 0) <= most_kinds
                    least = LEAST_CLOSENESS_OF_HINTS if filed.pattern.weak else LEAST_CLOSENESS
                    if closeness >= least and vouched:
                        found.append(_Found(filed.pattern, heard, alignment, closeness))
        return found

    @staticmethod
    def _best(found: list[_Found]) -> list[_Found]:
        """Of overlapping matches of one behaviour only the longest, or the closest of equally long ones.

        What was said in these very words comes before what only sounds like more.
        """
        ranked = sorted(
            found,
            key=lambda f: (f.by_sound, -len(f.alignment.covered), -f.closeness, f.pattern.weak, f.alignment.first),
        )
        kept: dict[str, list[_Found]] = {}
        for one in ranked:
            others = kept.setdefault(one.pattern.behaviour_id, [])
            if not any(one.overlaps(other) for other in others):
                others.append(one)
        return [one for others in kept.values() for one in others]

    def _judge(self, words: Sequence[Word], found: _Found) -> PhraseMatch:
        heard, alignment, pattern = found.heard, found.alignment, found.pattern
        first, last = found.words
        sure = [words[heard.tokens[at].word].confidence for at in alignment.covered]
        match = PhraseMatch(
            behaviour_id=pattern.behaviour_id,
            phrase=pattern.phrase,
            start_s=words[first].start_s,
            end_s=words[last].end_s,
            text=" ".join(word.text for word in words[first : last + 1]),
            confidence=found.closeness * math.exp(sum(math.log(min(1.0, max(c, 1e-6))) for c in sure) / len(sure)),
            quoted=False,
            why=None,
            weak=pattern.weak,
            channel=words[first].channel,
            closeness=found.closeness,
            first_word=first,
            last_word=last,
            by_sound=found.by_sound,
        )
        for context in self._contexts[pattern.behaviour_id]:
            if covered_by(heard, alignment, context):
                return replace(match, harmless=True, why=f'within "{context.text}"')
            if next_to(heard, alignment, context):
                return replace(match, quoted=True, why=f'next to "{context.text}"')
        why = quotation(heard, alignment, pattern.behaviour_id) if self._is_english else None
        return replace(match, quoted=why is not None, why=why)


def _heard(words: Sequence[Word], tokens: Sequence[Token], senses: Sequence[dict[str, Sense]]) -> Heard:
    return Heard(
        tokens=tokens,
        starts_s=[words[token.word].start_s for token in tokens],
        ends_s=[words[token.word].end_s for token in tokens],
        senses=senses,
        idle=idle_tokens(tokens),
    )


def _patterns(behaviour: Behaviour, language: str) -> list[Pattern]:
    return [
        Pattern(
            behaviour_id=behaviour.id,
            phrase=phrase,
            wordings=fold_phrase(phrase, language),
            weak=weak or behaviour.weight < 1,
            inflect=behaviour.inflect,
        )
        for phrases, weak in ((behaviour.phrases, False), (behaviour.weak_phrases, True))
        for phrase in phrases
    ]


def _anchor(wording: Wording, counts: Counter[str]) -> int:
    """Find the place of the rarest word, the longest of equally rare ones."""
    places = [place for place, word in enumerate(wording) if word != ANY_WORD]
    return min(places, key=lambda place: (counts[wording[place]], -len(wording[place])))


def _context_words(contexts: Iterable[list[Context]]) -> set[str]:
    return {
        word
        for group in contexts
        for context in group
        for wording in (*context.before, *context.after, *context.whole)
        for word in wording
    }
