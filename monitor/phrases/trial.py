"""A policy tried on a text or on what a recogniser heard: what becomes of each phrase, and why nothing more.

For people who write policies; the engine never uses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from monitor.events import Event, FlagChanged, WordsHeard
from monitor.judgement import light_of
from monitor.phrases.flags import ConfirmationRule
from monitor.phrases.matcher import PhraseMatch, PhraseMatcher
from monitor.phrases.near import NearMiss, near_misses, spoken
from monitor.policy.model import Behaviour, Policy
from monitor.types import Flag, FlagState, Light, Segment, Word

Verdict = Literal["flagged", "hint", "quoted", "fine", "counts", "unsure", "dropped"]

# Each looks through every wording of the policy: about 10 ms with the built-in one.
MOST_UTTERANCES_FOR_NEAR = 300
ALWAYS_A_HINT = "is also said in friendly calls, so it is never more than a hint"
SOUNDS_ALIKE = "only sounds like the phrase, so it is never more than a hint"
NOT_QUITE = "is not quite the words of the phrase, so it is never more than a hint"
TAKEN_BACK = "was heard while the words were still coming, and no longer when they were complete"


@dataclass(frozen=True, slots=True)
class Finding:
    """What becomes of one phrase that was found.

    ``why`` says why it is less than a sure flag. A text has neither times nor a ``state``, ``confidence`` or ``light``.
    """

    verdict: Verdict
    behaviour_id: str
    text: str
    phrase: str
    closeness: float | None
    why: str | None = None
    say_instead: str | None = None
    place: Segment | None = None
    state: FlagState | None = None
    confidence: float | None = None
    light: Light | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A phrase that nearly was there; ``place`` is the utterance's, None in a text."""

    miss: NearMiss
    place: Segment | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """All that can be said of one text or recording."""

    findings: tuple[Finding, ...]
    near: tuple[Near, ...]
    utterances: tuple[tuple[Word, ...], ...] = ()


class TrialSink:
    """Sink that keeps what a trial explains: the words of each utterance and the last state of each flag."""

    def __init__(self) -> None:
        self.utterances: list[tuple[Word, ...]] = []
        self.flags: dict[int, Flag] = {}

    def take(self, event: Event) -> None:
        """Receive one event, in order."""
        if isinstance(event, WordsHeard):
            self.utterances.append(event.words)
        elif isinstance(event, FlagChanged):
            self.flags[event.flag.key] = event.flag


def try_text(policy: Policy, text: str) -> Trial | None:
    """Try a policy on a written text as if every word of it were heard; None where there are no words in it."""
    utterances = spoken(text)
    if not utterances:
        return None
    matcher, rule = PhraseMatcher(policy), ConfirmationRule()
    matches = [match for words in utterances for match in matcher.explain(words)]
    heard = [word for words in utterances for word in words]
    near = near_misses(policy, heard, [match.behaviour_id for match in matches])
    return Trial(tuple(_of_text(policy, rule, match) for match in matches), tuple(map(Near, near)))


def try_heard(
    policy: Policy, rule: ConfirmationRule, utterances: Sequence[tuple[Word, ...]], flags: Iterable[Flag]
) -> Trial:
    """Explain what the engine made of a recording.

    Parameters
    ----------
    rule : with which the flags were made.
    utterances : final words of each utterance.
    flags : each flag in its last state.
    """
    matcher = PhraseMatcher(policy)
    matches = [(match, words) for words in utterances for match in matcher.explain(words)]
    findings = []
    flagged: list[Flag] = sorted(flags, key=lambda flag: (flag.start_s, flag.end_s, flag.id))
    for flag in flagged:
        pair = next((pair for pair in matches if _is_of(flag, pair[0])), None)
        findings.append(_of_flag(policy, rule, flag, pair))
    for match, words in matches:
        if not any(_is_of(flag, match) for flag in flagged):
            findings.append(_of_match(policy, rule, match, words))
    near = [near for words in utterances[:MOST_UTTERANCES_FOR_NEAR] for near in _near(policy, words, findings)]
    return Trial(tuple(sorted(findings, key=_start)), tuple(near), tuple(utterances))


def _near(policy: Policy, words: tuple[Word, ...], findings: Iterable[Finding]) -> list[Near]:
    place = Segment(words[0].start_s, words[-1].end_s)
    there = [f.behaviour_id for f in findings if f.place is not None and f.place.overlap_s(place) > 0]
    return [Near(miss, place) for miss in near_misses(policy, words, there)]


def _start(finding: Finding) -> float:
    return finding.place.start_s if finding.place is not None else 0.0


def _is_of(flag: Flag, match: PhraseMatch) -> bool:
    return flag.id == match.behaviour_id and flag.start_s < match.end_s and match.start_s < flag.end_s


def _behaviour(policy: Policy, behaviour_id: str) -> Behaviour:
    return next(behaviour for behaviour in policy.behaviours if behaviour.id == behaviour_id)


def _always_a_hint(match: PhraseMatch, rule: ConfirmationRule) -> str | None:
    """Why no recogniser could make this more than a hint, None where one can."""
    if match.weak:
        return ALWAYS_A_HINT
    if match.closeness < rule.least_closeness:
        return SOUNDS_ALIKE if match.by_sound else NOT_QUITE
    return None


def _of_text(policy: Policy, rule: ConfirmationRule, match: PhraseMatch) -> Finding:
    verdict, why = _unflagged(match, rule)
    behaviour = _behaviour(policy, match.behaviour_id)
    if verdict is None:
        verdict = "counts" if behaviour.is_helpful else "hint" if why else "flagged"
    return Finding(verdict, match.behaviour_id, match.text, match.phrase, match.closeness, why, behaviour.say_instead)


def _unflagged(match: PhraseMatch, rule: ConfirmationRule) -> tuple[Verdict | None, str | None]:
    """What becomes of a match whatever its confidence, None where that decides; and why."""
    if match.harmless:
        return "fine", match.why
    if match.quoted:
        return "quoted", match.why
    return None, _always_a_hint(match, rule)


def _of_match(policy: Policy, rule: ConfirmationRule, match: PhraseMatch, words: tuple[Word, ...]) -> Finding:
    """What was heard without a flag: an act that helps, a harmless wording, or one too unsure to be told."""
    verdict, why = _unflagged(match, rule)
    behaviour = _behaviour(policy, match.behaviour_id)
    if verdict is None:
        needed = rule.asked_of(helpful=True, words=len(words))[1] if behaviour.is_helpful else rule.least_confidence
        if match.confidence < needed:
            verdict, why = "unsure", _too_unsure(match.confidence, needed)
        elif behaviour.is_helpful:
            verdict = "unsure" if why else "counts"
        else:
            verdict, why = "unsure", "belongs to a flag beside it"
    return Finding(
        verdict,
        match.behaviour_id,
        match.text,
        match.phrase,
        match.closeness,
        why,
        behaviour.say_instead,
        Segment(match.start_s, match.end_s),
        confidence=match.confidence,
    )


def _of_flag(
    policy: Policy, rule: ConfirmationRule, flag: Flag, pair: tuple[PhraseMatch, tuple[Word, ...]] | None
) -> Finding:
    """Explain a flag; ``pair`` is its match in the final words with all words of that utterance, where it is there."""
    verdicts: dict[FlagState, Verdict] = {
        FlagState.CONFIRMED: "flagged",
        FlagState.TENTATIVE: "hint",
        FlagState.QUOTED: "quoted",
        FlagState.WITHDRAWN: "dropped",
    }
    match = None if pair is None else pair[0]
    why = match.why if match is not None else None
    if flag.state is FlagState.TENTATIVE:
        needed = rule.asked_of(helpful=False, words=len(pair[1]) if pair else rule.few_words + 1)[1]
        always = _always_a_hint(match, rule) if match is not None else None
        why = always or _too_unsure(flag.confidence, needed)
    elif flag.state is FlagState.WITHDRAWN and not (match is not None and match.harmless):
        why = TAKEN_BACK
    return Finding(
        verdicts[flag.state],
        flag.id,
        flag.text,
        flag.phrase,
        None if match is None else match.closeness,
        why,
        flag.say_instead,
        Segment(flag.start_s, flag.end_s),
        flag.state,
        flag.confidence,
        light_of(_behaviour(policy, flag.id), flag.state),
    )


def _too_unsure(confidence: float, needed: float) -> str:
    return f"was heard with a confidence of {confidence:.2f}; it needs {needed:.2f}"
