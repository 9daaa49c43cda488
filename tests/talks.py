"""Hand-made ticks of one speaker, for the judge of the voice."""

from __future__ import annotations

import math

from models.baseline import BaselineLearner
from monitor.policy.thresholds import Thresholds
from monitor.types import Baseline
from monitor.voice import TICK_S, Tick, VoiceJudge

USUAL = (-30.0, 14.0, -6.0)
MINE = Baseline(
    level_dbfs=USUAL[0],
    level_spread_db=3.0,
    f0_st=USUAL[1],
    f0_spread_st=1.5,
    effort_db=USUAL[2],
    effort_spread_db=2.0,
    liveliness_st=2.5,
    articulation_syl_s=4.0,
    speech_s=100.0,
)
FLOORS = (4.0, 2.25, 2.5)  # spreads of MINE are smaller, so that the floors count
UNKNOWN = (math.nan, math.nan, math.nan)
CALM, RAISED, SHOUT = (0.0, 0.0, 0.0), (1.6, 1.6, 1.6), (3.5, 3.5, 3.5)


class Talk:
    """One speaker before the judge; deviations are given in spreads."""

    def __init__(self, *, profile=MINE, memory=240, limits=None, **changes):
        self.keeper = BaselineLearner(profile=profile, memory=memory, profile_weight=60)
        # A voice that was heard for so long is beyond doubt, so that deviations are those of the floors.
        self.limits = limits or Thresholds.model_validate({"learning": {"profile_weight": 5000}, **changes})
        self.judge = VoiceJudge(self.limits, self.keeper)
        self.now_s = self.speech_s = 0.0
        self.ticks = self.firm = 0
        self.states = []

    def say(self, seconds, deviation=CALM, *, upper=None, swing_st=math.nan, pace_syl_s=math.nan, fresh=True):
        """Speak for a while; returns the states of these ticks."""
        begun = len(self.states)
        for _ in range(round(seconds / TICK_S)):
            self.ticks += 1
            self.now_s = self.ticks * TICK_S
            self.firm += 3 * fresh
            self.speech_s += TICK_S * fresh
            values = upper or tuple(u + d * s for u, d, s in zip(USUAL, deviation, FLOORS, strict=True))
            slow = self.ticks % 5 == 0
            self.states.append(
                self.judge.look(
                    Tick(
                        self.now_s,
                        values,
                        fresh,
                        self.firm,
                        self.speech_s,
                        swing_st if slow else math.nan,
                        pace_syl_s if slow else math.nan,
                    )
                )
            )
        return self.states[begun:]

    def pause(self, seconds):
        return self.say(seconds, upper=UNKNOWN, fresh=False)


def first_s(states, light):
    """Seconds until this light, infinite where it never came."""
    return next((i * TICK_S for i, state in enumerate(states) if state.light is light), math.inf)


def lights(states):
    return {state.light for state in states}


def ids(states):
    return {reason.id for state in states for reason in state.reasons}
