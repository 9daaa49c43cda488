"""Words by which the agent announces a wait: after them a silence is a hold, and no dead air."""

from __future__ import annotations

from monitor.phrases.matcher import PhraseMatcher
from monitor.policy.model import Behaviour, Policy
from monitor.types import Hypothesis

# A hold that is taken for announced costs one light that did not come; one that is missed costs a light for nothing.
LEAST_CONFIDENCE = 0.3


class HoldListener:
    """Hears announcements of a hold in the passes over the agent's words."""

    def __init__(self, policy: Policy) -> None:
        phrases = policy.conversation.hold_phrases
        holds = Behaviour(id="say.hold", phrases=phrases, light="none")
        alone = Policy(name="holds", language=policy.language, behaviours=(holds,))
        self._matcher = PhraseMatcher(alone) if phrases else None

    def heard(self, hypothesis: Hypothesis) -> float | None:
        """When an announcement in this pass ended, None where there is none."""
        if self._matcher is None:
            return None
        ends = [
            m.end_s for m in self._matcher.match(hypothesis.words) if not m.quoted and m.confidence >= LEAST_CONFIDENCE
        ]
        return max(ends, default=None)
