"""Calm, normal, keen: one choice of the agent's that moves the limits of a policy, never its words.

Only how far a voice must go, and for how long, is scaled; what is measured, learnt and listened for stays the same. The
changed limits are part of the policy's fingerprint, so that results say which choice they were made with.
"""

from __future__ import annotations

from monitor.policy.model import Policy
from monitor.policy.thresholds import Thresholds
from monitor.settings import Sensitivity

# Factor on the strains that light amber and red, and on the evidence that is asked for. See docs/live.md for what they
# do to recall and false ambers.
_STRAIN = {"calm": 1.25, "normal": 1.0, "keen": 0.92}
_EVIDENCE = {"calm": 1.5, "normal": 1.0, "keen": 0.85}


def tuned(policy: Policy, sensitivity: Sensitivity) -> Policy:
    """The policy as this choice wants it; ``normal`` is the policy as it was written.

    ``calm`` asks a quarter more strain and half more evidence before the voice lights, and that pace, swing and rise
    stand out by a quarter more; ``keen`` asks less in the same way.
    """
    if sensitivity == "normal":
        return policy
    # Made anew rather than copied: a copy would keep the fingerprint that was worked out before.
    fields = {name: getattr(policy, name) for name in Policy.model_fields}
    return Policy(**{**fields, "thresholds": _scaled(policy.thresholds, sensitivity)})


def _scaled(limits: Thresholds, sensitivity: Sensitivity) -> Thresholds:
    strain, evidence = _STRAIN[sensitivity], _EVIDENCE[sensitivity]
    raised, rising, agitated, fast = limits.raised, limits.rising, limits.agitated, limits.fast
    return limits.model_copy(
        update={
            "raised": raised.model_copy(
                update={
                    "amber": round(raised.amber * strain, 4),
                    "red": round(raised.red * strain, 4),
                    "amber_evidence": round(raised.amber_evidence * evidence, 4),
                    "red_evidence": round(raised.red_evidence * evidence, 4),
                    # Agreement of two measures is asked for in proportion to amber; the share that keeps a light on is
                    # of the limit, so that both follow by themselves.
                    "agreement": round(raised.agreement * strain, 4),
                }
            ),
            "rising": rising.model_copy(update={"strain": round(rising.strain * strain, 4)}),
            "agitated": agitated.model_copy(update={"above_st": round(agitated.above_st * strain, 4)}),
            "fast": fast.model_copy(update={"share": round(1 + (fast.share - 1) * strain, 4)}),
        }
    )
