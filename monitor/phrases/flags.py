"""From passes over an utterance to flags: what one pass heard is a hint, what two agree on is sure.

A recogniser changes its mind while somebody speaks. A flag is *tentative* when one pass heard the phrase, *confirmed*
when a later pass that heard more audio heard it again at the same place, or when the final pass is confident, *quoted*
when the words around it show that it was not meant, and *withdrawn* when a later pass over the same audio no longer has
it before it was confirmed, or has more words that make something harmless of it. Agreement is asked of the phrase, not
of the transcript around it. All times are on the sample clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.events import Event, FlagChanged, ItemChecked, WordsHeard
from monitor.phrases.checklist import Checklist, Known
from monitor.phrases.customer_name import CustomerName
from monitor.phrases.matcher import PhraseMatch, PhraseMatcher
from monitor.policy.model import Policy
from monitor.types import ChecklistItem, Flag, FlagState, Hypothesis, Word


@dataclass(frozen=True, slots=True)
class ConfirmationRule:
    """When a phrase counts as said. Confidences are ``PhraseMatch.confidence``, read as a probability.

    A red light for words that nobody said costs more trust than a hint that stays a hint. On 33 minutes of read speech
    (LibriSpeech, pocketsphinx, whole built-in policy) 0.35 for agreement and 0.5 for the final pass gave five wrong
    confirmations, these values none; they were chosen on that speech, so expect some on other speech.
    """

    # Less than this is not even worth a hint.
    least_confidence: float = 0.3
    # Two passes share most of their audio and so their mistakes: the second must have heard this much more.
    agree_after_s: float = 0.25
    # Passes of a decoder that goes on where it was share their mistakes, so agreement makes an answer earlier, hardly
    # surer. A recogniser that decodes anew each time may be given a lower value.
    agree_confidence: float = 0.8
    # The final pass stands alone: right four times of five.
    final_confidence: float = 0.8
    # Noise, breath and music come out as one or two words alone in an utterance.
    few_words: int = 2
    few_words_confidence: float = 0.85
    # An item of the checklist lights nothing: missing an apology that was made is worse than crediting a doubtful one.
    helpful_confidence: float = 0.35
    # Words that are not quite the phrase's words stay a hint however often they are heard.
    least_closeness: float = 0.89
    # The same phrase of a behaviour within this time is one flag: passes shift words a little.
    same_within_s: float = 1.0
    # A phrase may be cut by the end of an utterance; words this close before belong to it.
    carry_over_s: float = 1.0
    carry_over_words: int = 8

    def asked_of(self, *, helpful: bool, words: int) -> tuple[float, float]:
        """The confidences that agreement and a final pass need, in an utterance of so many words."""
        if helpful:
            return self.helpful_confidence, self.helpful_confidence
        return self.agree_confidence, self.few_words_confidence if words <= self.few_words else self.final_confidence


# Whisper decodes every pass anew, so that two passes that agree are two opinions, and its word probabilities are high
# where it is right. Not measured on real speech here: no weights could be had.
INDEPENDENT_PASSES = ConfirmationRule(agree_confidence=0.5, final_confidence=0.7, few_words_confidence=0.8)


def rule_for(recogniser: str) -> ConfirmationRule:
    """The rule that fits how this recogniser makes its passes, by its name in the result."""
    return INDEPENDENT_PASSES if recogniser.startswith("whisper") else ConfirmationRule()


@dataclass(slots=True)
class _Tracked:
    """A phrase being followed: its flag as last told, and the pass that first had it in an unbroken row."""

    flag: Flag
    utterance: int
    first_heard_at_s: float
    match: PhraseMatch
    passes: int = 1


class FlagTracker:
    """Follows the phrases of one channel through the passes of a recogniser.

    A ``matcher`` of the same policy may be shared by many trackers.
    """

    def __init__(
        self,
        policy: Policy,
        rule: ConfirmationRule | None = None,
        customer: CustomerName | None = None,
        matcher: PhraseMatcher | None = None,
    ) -> None:
        self._policy = policy
        self._rule = rule or ConfirmationRule()
        self._matcher = matcher or PhraseMatcher(policy)
        self._behaviours = {behaviour.id: behaviour for behaviour in policy.behaviours}
        self._customer = customer or CustomerName()
        self._checklist = Checklist(policy, self._customer)
        self._tracked: list[_Tracked] = []
        self._tail: tuple[Word, ...] = ()
        self._keys = 0
        self._heard_words = False
        self._trouble_at_s: float | None = None

    @property
    def trouble_at_s(self) -> float | None:
        """When the first confirmed flag began: a first sign of trouble."""
        return self._trouble_at_s

    def take(self, hyp: Hypothesis) -> list[Event]:
        """Return what one pass changes: flags and checklist items by their time, then the words of a final pass."""
        self._forget(hyp.start_s)
        self._customer.hear(hyp)
        events: list[Event] = []
        seen: list[_Tracked] = []
        for match in self._matches(hyp):
            tracked = self._same(match)
            if match.harmless:
                if tracked is not None and tracked.match.phrase == match.phrase:
                    # The words that followed made it another wording; even a sure flag was then mistaken.
                    seen.append(tracked)
                    events += self._change(tracked, FlagState.WITHDRAWN, hyp)
                continue
            if tracked is None:
                tracked = self._start(match, hyp)
            elif tracked in seen:
                continue
            else:
                self._follow(tracked, match, hyp)
            seen.append(tracked)
            events += self._tell(tracked, hyp)
        for tracked in self._tracked:
            if tracked not in seen and self._is_gone(tracked, hyp):
                events += self._change(tracked, FlagState.WITHDRAWN, hyp)
        if hyp.final:
            self._heard_words = True
            self._tail = hyp.words[-self._rule.carry_over_words :]
            if hyp.words:
                events.append(WordsHeard(hyp.heard_at_s, hyp.words))
        return events

    def look(self, now_s: float, known: Known) -> list[Event]:
        """What became of the checklist by itself, such as an item that was not met in time; once a second will do."""
        return [ItemChecked(now_s, item) for item in self._checklist.look(now_s, known)]

    def finish(
        self,
        duration_s: float,
        channels: int,
        *,
        trouble_at_s: float | None = None,
        words_heard: bool | None = None,
        measured: int = 1,
    ) -> list[ChecklistItem]:
        """Return the whole checklist. What cannot be known has ``met`` None and a reason.

        ``trouble_at_s`` is the first sign of trouble, by default the first confirmed flag; ``words_heard`` says whether
        anything could be heard at all, by default whether any final pass came in; ``measured`` channels were heard.
        """
        trouble_at_s = self._trouble_at_s if trouble_at_s is None else trouble_at_s
        words_heard = self._heard_words if words_heard is None else words_heard
        return self._checklist.items(duration_s, Known(channels, trouble_at_s, words_heard, measured))

    def _matches(self, hyp: Hypothesis) -> list[PhraseMatch]:
        """Phrases that end in this utterance; the words just before it help to see the whole phrase and who said it."""
        tail = self._tail if hyp.words and self._tail else ()
        if tail and not 0 <= hyp.words[0].start_s - tail[-1].end_s <= self._rule.carry_over_s:
            tail = ()
        matches = self._matcher.explain([*tail, *hyp.words])
        floor = self._rule.least_confidence
        return [match for match in matches if match.last_word >= len(tail) and match.confidence >= floor]

    def _forget(self, start_s: float) -> None:
        """Drop what is too long ago to be met again, so that memory does not grow with the call."""
        self._tracked = [t for t in self._tracked if t.flag.end_s > start_s - 4 * self._rule.same_within_s]

    def _same(self, match: PhraseMatch) -> _Tracked | None:
        """Find the phrase followed at this place already; one that is meant is not the one quoted before it."""
        for tracked in self._tracked:
            flag = tracked.flag
            if flag.id != match.behaviour_id or flag.channel != match.channel:
                continue
            near = abs(flag.start_s - match.start_s) <= self._rule.same_within_s
            overlap = tracked.match.start_s < match.end_s and match.start_s < tracked.match.end_s
            if overlap or (near and tracked.match.quoted == match.quoted and not match.harmless):
                return tracked
        return None

    def _start(self, match: PhraseMatch, hyp: Hypothesis) -> _Tracked:
        self._keys += 1
        flag = Flag(
            key=self._keys,
            id=match.behaviour_id,
            start_s=match.start_s,
            end_s=match.end_s,
            channel=match.channel,
            text=match.text,
            phrase=match.phrase,
            state=FlagState.WITHDRAWN,
            confidence=match.confidence,
            say_instead=self._behaviours[match.behaviour_id].say_instead,
            heard_at_s=hyp.heard_at_s,
        )
        tracked = _Tracked(flag, hyp.utterance, hyp.heard_at_s, match)
        self._tracked.append(tracked)
        return tracked

    def _follow(self, tracked: _Tracked, match: PhraseMatch, hyp: Hypothesis) -> None:
        """Take the newer pass's view of a phrase; a break in the row or another phrase starts the agreement anew."""
        other_phrase = tracked.match.phrase != match.phrase
        tracked.match = match
        tracked.utterance = hyp.utterance
        if other_phrase or tracked.flag.state in (FlagState.WITHDRAWN, FlagState.QUOTED):
            tracked.first_heard_at_s, tracked.passes = hyp.heard_at_s, 1
        else:
            tracked.passes += 1

    def _tell(self, tracked: _Tracked, hyp: Hypothesis) -> list[Event]:
        if tracked.match.quoted:
            state = FlagState.QUOTED
        elif tracked.flag.state is FlagState.CONFIRMED or self._is_sure(tracked, hyp):
            state = FlagState.CONFIRMED
        else:
            state = FlagState.TENTATIVE
        return self._change(tracked, state, hyp)

    def _is_sure(self, tracked: _Tracked, hyp: Hypothesis) -> bool:
        rule, match = self._rule, tracked.match
        if match.weak or match.closeness < rule.least_closeness:
            return False
        helpful = self._behaviours[match.behaviour_id].is_helpful
        agree, final = rule.asked_of(helpful=helpful, words=len(hyp.words))
        heard_more_s = hyp.heard_at_s - tracked.first_heard_at_s
        if tracked.passes > 1 and heard_more_s >= rule.agree_after_s and match.confidence >= agree:
            return True
        return hyp.final and match.confidence >= final

    def _is_gone(self, tracked: _Tracked, hyp: Hypothesis) -> bool:
        """Whether this pass heard the same audio and no longer has the phrase, which was never sure."""
        flag = tracked.flag
        if flag.state is FlagState.CONFIRMED or flag.state is FlagState.WITHDRAWN:
            return False
        return tracked.utterance == hyp.utterance and flag.end_s <= hyp.end_s

    def _change(self, tracked: _Tracked, state: FlagState, hyp: Hypothesis) -> list[Event]:
        """Tell a new state, or with the final pass a better place; all but the moment is the newest pass's view."""
        before, match = tracked.flag, tracked.match
        if state is before.state and not hyp.final:
            return []
        tracked.flag = replace(
            before,
            state=state,
            start_s=match.start_s,
            end_s=match.end_s,
            text=match.text,
            phrase=match.phrase,
            confidence=match.confidence,
            heard_at_s=before.heard_at_s if state is before.state else hyp.heard_at_s,
        )
        if tracked.flag == before:
            return []
        if self._behaviours[before.id].is_helpful:
            item = self._checklist.meet(match) if state is FlagState.CONFIRMED else None
            return [ItemChecked(hyp.heard_at_s, item)] if item else []
        if state is FlagState.CONFIRMED and self._trouble_at_s is None:
            self._trouble_at_s = match.start_s
        return [FlagChanged(hyp.heard_at_s, tracked.flag)]
