"""What is allowed in a policy but likely not meant: told after a check, never an error."""

from __future__ import annotations

from monitor.policy.model import Policy
from monitor.policy.wording import expand

SHORTEST_SURE_LETTERS = 9


def advice(policy: Policy) -> list[str]:
    """Sentences for the writer of a policy, at most a dozen."""
    sentences: list[str] = []
    owner: dict[str, str] = {}
    for behaviour in policy.behaviours:
        for phrase in behaviour.phrases:
            for wording in expand(phrase):
                first = owner.setdefault(wording.casefold(), behaviour.id)
                if first != behaviour.id:
                    sentences.append(f"'{wording}' is in {first} and in {behaviour.id}; both will be flagged.")
            if behaviour.id.startswith("say.") and min(map(_letters, expand(phrase))) < SHORTEST_SURE_LETTERS // 2:
                sentences.append(
                    f"'{phrase}' of {behaviour.id} is very short and will be heard where nobody said it; "
                    "make it longer or move it to 'weak_phrases'."
                )
    return sentences[:12]


def _letters(wording: str) -> int:
    return sum(ch.isalnum() for ch in wording)
