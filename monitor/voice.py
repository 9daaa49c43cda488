"""Judging the voice: windows of speech against the speaker's own usual voice, tick by tick on the sample clock.

Each behaviour of section A has a small judge; ``VoiceJudge`` holds them together with what is learnt. The numbers
behind them are in ``monitor.policy.thresholds`` and nowhere else.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from monitor.policy.thresholds import RaisedVoice, Thresholds
from monitor.ports import BaselineKeeper
from monitor.types import TICK, FrameGrid, Light, Reason
from monitor.windows import SWING_AGE_S

TICK_S = TICK / FrameGrid().frames_per_s
SAMPLE_FRAMES = 50  # firm frames between two samples of the usual voice
_MOST_EVIDENCE = 1.25  # times what is enough: evidence is not hoarded, a light must be able to go out
_ANCHOR_SAMPLES = 60  # of the first half minute of vowels: the voice at the start of the call, for a voice that rises
# A voice so far under the usual level is another one, further away: a raised voice is not softer. Gain control keeps
# the level within a few dB. It is not learnt from.
FAR_SPREADS = -1.25
_FAR_SAMPLES = 60  # in a row: nobody else is there, the microphone was moved
_LEAST_DROP = -1.0  # how far a measure below usual may speak against the others, spreads


@dataclass(frozen=True, slots=True)
class VoiceState:
    """What the voice alone says at one tick: a light, its reasons, the leading first, and the cue word for it."""

    light: Light
    reasons: tuple[Reason, ...] = ()
    cue: str | None = None


STEADY = VoiceState(Light.GREEN)


class Tick(NamedTuple):
    """One row of ``VoiceTicks``; a tuple, for one is made at every tick of every call."""

    now_s: float
    upper: Sequence[float]
    fresh: bool
    firm: int
    speech_s: float
    swing_st: float
    pace_syl_s: float


class _Strain:
    """How far a window lies over the usual voice: deviations per measure in spreads, and their strain."""

    def __init__(self, limits: RaisedVoice) -> None:
        self._limits = limits
        self._floors = (limits.level_db, limits.f0_st, limits.effort_db)
        self._wider = 1.0

    def trust(self, samples: int) -> None:
        """So many samples of calm speech are behind the usual voice: the median of few may be off by much."""
        self._wider = math.sqrt(1.0 + self._limits.doubt / max(1, samples))

    def scales(self, spread: Sequence[float]) -> tuple[float, ...]:
        """The spread that each measure is divided by, in its own unit."""
        level, f0, effort = self.least_scales(spread)
        return self._wider * level, self._wider * f0, self._wider * effort

    def least_scales(self, spread: Sequence[float]) -> tuple[float, ...]:
        """The same once a great deal was heard."""
        (level, f0, effort), (level_floor, f0_floor, effort_floor) = spread, self._floors
        return max(level_floor, level), max(f0_floor, f0), max(effort_floor, effort)

    def deviations(self, upper: Sequence[float], centre: Sequence[float], spread: Sequence[float]) -> list[float]:
        """Deviations of level, F0 and effort in spreads; a level below usual says nothing against a raised voice."""
        most = self._limits.most
        lows = (FAR_SPREADS, _LEAST_DROP, _LEAST_DROP)
        return [
            min(most, max(low, (u - c) / s))
            for u, c, s, low in zip(upper, centre, self.scales(spread), lows, strict=True)
        ]

    def strain(self, deviations: Sequence[float], limit: float) -> float:
        """Mean deviation; F0 and effort alone may stand for all three, since gain control hides the level.

        Where only one measure deviates, the strain stays under ``limit``: a moved microphone, a question's rise or a
        hissing vowel may do that. The agreement that is asked for belongs to the limit of amber and goes with it.
        """
        level, f0, effort = deviations
        if level <= FAR_SPREADS:
            return min(0.0, (f0 + effort) / 2)
        level = max(0.0, level)
        strain = max((level + f0 + effort) / 3, self._limits.without_level * (f0 + effort) / 2)
        second = sorted(deviations)[1]
        agrees = second >= self._limits.agreement * limit / self._limits.amber
        return strain if agrees else min(strain, 0.9 * limit)

    def without_gain(self, deviations: Sequence[float], strain: float) -> float:
        """Strain for learning: where the level alone is up, a microphone was moved, and must be learnt."""
        level, f0, effort = deviations
        alone = max(f0, effort) < self._limits.agreement <= level
        return self._limits.without_level * (f0 + effort) / 2 if alone else strain


class _Evidence:
    """Page's cumulative sum, and how long ago it was last enough."""

    def __init__(self, limits: RaisedVoice, limit: float, enough: float) -> None:
        self._limit, self._enough, self._growth = limit, enough, limits.growth
        self._release, self._hold_s = limits.release * limit, limits.hold_s
        self._sum = 0.0
        self._last_s = -math.inf
        self.deviations: Sequence[float] = (0.0, 0.0, 0.0)  # when the strain was last over the limit

    def add(self, strain: float, deviations: Sequence[float], now_s: float) -> None:
        over = strain - self._limit
        if over >= 0.0:
            self.deviations = deviations
            over *= (strain / self._limit) ** self._growth
        self._sum = min(_MOST_EVIDENCE * self._enough, max(0.0, self._sum + TICK_S * over))
        # Hysteresis: what was enough to light needs less to stay.
        if self._sum >= self._enough or (strain >= self._release and self.lit(now_s)):
            self._last_s = now_s

    def drop(self) -> None:
        self._sum = 0.0

    @property
    def holds_any(self) -> bool:
        """Whether anything has added up."""
        return self._sum > 0.0

    def lit(self, now_s: float) -> bool:
        return now_s - self._last_s <= self._hold_s


class _Lasting:
    """Whether something has held for long enough without a break."""

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._since_s: float | None = None
        self._looked_s = 0.0
        self.lit = False

    def look(self, holds: bool, now_s: float) -> None:
        self._looked_s = now_s
        if not holds:
            self._since_s, self.lit = None, False
        else:
            self._since_s = now_s if self._since_s is None else self._since_s
            self.lit = now_s - self._since_s >= self._lasts_s

    def forget(self, now_s: float, after_s: float) -> None:
        """What could not be looked at for so long, since nobody spoke, holds no longer."""
        if now_s - self._looked_s > after_s:
            self._since_s, self.lit = None, False


class VoiceJudge:
    """Judges one speaker; feed it ticks in order."""

    def __init__(self, thresholds: Thresholds, keeper: BaselineKeeper) -> None:
        self._limits = thresholds
        self._keeper = keeper
        raised = thresholds.raised
        self._strain_of = _Strain(raised)
        self._amber = _Evidence(raised, raised.amber, raised.amber_evidence)
        self._red = _Evidence(raised, raised.red, raised.red_evidence)
        self._rising = _Lasting(thresholds.rising.lasts_s)
        self._agitated = _Lasting(thresholds.agitated.lasts_s)
        self._flat = _Lasting(thresholds.flat.lasts_s)
        self._fast = _Lasting(thresholds.fast.lasts_s)
        self._slow = _Lasting(thresholds.slow.lasts_s)
        self._recent: deque[Sequence[float]] = deque(maxlen=thresholds.rising.samples)
        self._anchor: tuple[float, ...] | None = keeper.centre if keeper.known else None
        self._sampled = 0
        self._samples = 0
        self._learnt = 0  # samples
        self._trust(thresholds.learning.profile_weight if keeper.known else 0)
        self._far = 0  # samples in a row that were far under the usual level
        self._rise: tuple[float, ...] = (0.0, 0.0, 0.0)
        self._swing_st = self._pace_syl_s = math.nan
        self._strain = 0.0
        self._raised_s = -math.inf

    @property
    def learning(self) -> bool:
        """Whether the usual voice is not known yet."""
        return not self._keeper.known

    @property
    def strain(self) -> float:
        """How far the voice was over the usual one when last heard, in spreads; a moved microphone does not count."""
        return self._strain

    def look(self, tick: Tick) -> VoiceState:
        """Take one tick and say what the voice is like now."""
        self._take(tick)
        return self._state(tick.now_s)

    def _take(self, tick: Tick) -> None:
        if math.isnan(tick.upper[0]):
            self._amber.drop()
            self._red.drop()
        elif tick.fresh:
            self._weigh(tick)
        self._keeper.hear(tick.speech_s)
        self._look_slowly(tick)
        for lasting in (self._agitated, self._flat, self._fast, self._slow):
            if lasting.lit:
                lasting.forget(tick.now_s, self._limits.raised.hold_s)

    def _look_slowly(self, tick: Tick) -> None:
        if not math.isnan(tick.swing_st):
            self._look_at_swing(tick)
        if not math.isnan(tick.pace_syl_s):
            self._look_at_pace(tick)

    def _weigh(self, tick: Tick) -> None:
        keeper = self._keeper
        deviations = self._strain_of.deviations(tick.upper, keeper.centre, keeper.spread)
        strain = self._strain_of.strain(deviations, self._limits.raised.amber)
        self._strain = self._strain_of.without_gain(deviations, strain)
        self._amber.add(strain, deviations, tick.now_s)
        self._red.add(strain, deviations, tick.now_s)
        if self._amber.lit(tick.now_s):
            self._raised_s = tick.now_s
        if tick.firm - self._sampled < SAMPLE_FRAMES:
            return
        self._sample(tick, deviations[0])

    def _sample(self, tick: Tick, level: float) -> None:
        """Learn from this window, if it is calm; ``level`` is its deviation in spreads."""
        keeper = self._keeper
        self._sampled = tick.firm
        self._far = self._far + 1 if level <= FAR_SPREADS else 0
        if self._is_calm(tick.now_s) and not 0 < self._far < _FAR_SAMPLES:
            keeper.learn(tick.upper)
            self._trust(1)
        self._recent.append(tick.upper)
        self._samples += 1
        self._look_at_rise(tick.now_s)

    def _trust(self, more: int) -> None:
        """So many more samples were learnt."""
        self._learnt += more
        self._strain_of.trust(self._learnt)

    def _is_calm(self, now_s: float) -> bool:
        """Whether this speech may be learnt from; while nothing is known, all but a shout may."""
        if not self._keeper.known:
            return not self._red.lit(now_s)
        return self._strain < self._limits.learning.below and not (self._amber.lit(now_s) or self._rising.lit)

    def _look_at_rise(self, now_s: float) -> None:
        """The recent median against the first minute: what is learnt follows slowly, this does not."""
        if self._anchor is None and self._samples >= _ANCHOR_SAMPLES:
            self._anchor = self._keeper.centre
        enough = len(self._recent) == self._recent.maxlen and self._samples >= _ANCHOR_SAMPLES + len(self._recent)
        if self._anchor is None or not enough:
            return
        columns = (sorted(column)[len(column) // 2] for column in zip(*self._recent, strict=True))
        self._rise = tuple(self._strain_of.deviations(tuple(columns), self._anchor, self._keeper.spread))
        limit = self._limits.rising.strain
        strain = self._strain_of.strain(self._rise, limit)
        self._rising.look(strain >= limit and not self._amber.lit(now_s), now_s)

    def _look_at_swing(self, tick: Tick) -> None:
        self._swing_st = tick.swing_st
        usual, limits = self._keeper.swing_st, self._limits
        # A stretch that holds a raised part and a calm one is not agitated, however far apart the two are.
        mixed = tick.now_s - self._raised_s < SWING_AGE_S
        flat = False
        if self._keeper.known:
            wide = tick.swing_st - usual >= limits.agitated.above_st
            self._agitated.look(wide and not mixed, tick.now_s)
            flat = limits.flat.on and tick.swing_st <= usual * limits.flat.below_share
            self._flat.look(flat, tick.now_s)
        # What may become a reason is not learnt meanwhile, or the limit would move away before it has lasted.
        if self._is_calm(tick.now_s) and not (self._agitated.lit or flat or mixed):
            self._keeper.learn_swing(tick.swing_st)

    def _look_at_pace(self, tick: Tick) -> None:
        self._pace_syl_s = tick.pace_syl_s
        usual, limits = self._keeper.pace_syl_s, self._limits
        slow = False
        if self._keeper.known:
            self._fast.look(tick.pace_syl_s >= self._fast_limit(usual), tick.now_s)
            slow = limits.slow.on and tick.pace_syl_s <= usual * limits.slow.share
            self._slow.look(slow, tick.now_s)
        if self._is_calm(tick.now_s) and not (self._fast.lit or slow):
            self._keeper.learn_pace(tick.pace_syl_s)

    def _fast_limit(self, usual: float) -> float:
        fast = self._limits.fast
        return min(fast.ceiling_syl_s, max(fast.least_syl_s, usual * fast.share))

    def _state(self, now_s: float) -> VoiceState:
        limits = self._limits
        if limits.raised.on and self._red.lit(now_s):
            return VoiceState(Light.RED, self._raised_reasons(self._red, limits.raised.red), "softer")
        if self.learning:
            return STEADY
        reasons: tuple[Reason, ...] = ()
        cue = None
        if limits.raised.on and self._amber.lit(now_s):
            reasons, cue = self._raised_reasons(self._amber, limits.raised.amber), "softer"
        elif limits.rising.on and self._rising.lit:
            reasons, cue = (self._rising_reason(),), "breathe"
        if self._agitated.lit or self._flat.lit or self._fast.lit or self._slow.lit:
            more, more_cue = self._other_reasons()
            reasons, cue = reasons + more, cue or more_cue
        return VoiceState(Light.AMBER, reasons, cue) if reasons else STEADY

    def _raised_reasons(self, evidence: _Evidence, limit: float) -> tuple[Reason, ...]:
        """Every measure that was over the limit by itself, the leading one first and always."""
        much = "well above" if limit >= self._limits.raised.red else "above"
        scales = self._strain_of.scales(self._keeper.spread)
        reasons = [
            (d, Reason("voice.raised", f"{what} {much} your usual", round(d * s, 1), unit, 0.0, round(limit * s, 1)))
            for d, s, (what, unit) in zip(evidence.deviations, scales, _MEASURE_TEXTS, strict=True)
        ]
        reasons.sort(key=lambda pair: -pair[0])
        return tuple(reason for i, (d, reason) in enumerate(reasons) if i == 0 or d >= limit)

    def _rising_reason(self) -> Reason:
        lead = max(range(3), key=lambda i: self._rise[i])
        scale = self._strain_of.scales(self._keeper.spread)[lead]
        value, limit = round(self._rise[lead] * scale, 1), round(self._limits.rising.strain * scale, 1)
        return Reason(
            "voice.rising", "voice has been climbing since the start", value, _MEASURE_TEXTS[lead][1], 0.0, limit
        )

    def _other_reasons(self) -> tuple[tuple[Reason, ...], str | None]:
        limits, keeper = self._limits, self._keeper
        swing, usual_swing = round(self._swing_st, 1), round(keeper.swing_st, 1)
        pace, usual_pace = round(self._pace_syl_s, 1), round(keeper.pace_syl_s, 1)
        found: list[tuple[Reason, str]] = []
        if limits.agitated.on and self._agitated.lit:
            limit = round(usual_swing + limits.agitated.above_st, 1)
            text = "pitch swings wider than your usual"
            found.append((Reason("voice.agitated", text, swing, "st", usual_swing, limit), "breathe"))
        if limits.flat.on and self._flat.lit:
            limit = round(usual_swing * limits.flat.below_share, 1)
            text = "voice has less melody than your usual"
            found.append((Reason("voice.flat", text, swing, "st", usual_swing, limit), "livelier"))
        if limits.fast.on and self._fast.lit:
            limit = round(self._fast_limit(keeper.pace_syl_s), 1)
            found.append((Reason("pace.fast", "faster than your usual", pace, "syl/s", usual_pace, limit), "slower"))
        if limits.slow.on and self._slow.lit:
            limit = round(usual_pace * limits.slow.share, 1)
            found.append((Reason("pace.slow", "slower than your usual", pace, "syl/s", usual_pace, limit), "livelier"))
        return tuple(reason for reason, _ in found), found[0][1] if found else None


_MEASURE_TEXTS = (("voice", "dB"), ("pitch", "st"), ("vocal effort", "dB"))
