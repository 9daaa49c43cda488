"""From what the voice and the words say to one light: what wins, how long it stays, how often it may change.

Grey when the voice cannot be judged, red before amber before green otherwise; a forbidden phrase shows even while the
voice is grey, for the words were heard. The light changes at most once per ``Alerts.change_s`` and a new cue word is
spent at most once per ``Alerts.cue_s``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor.events import Event, LightChanged
from monitor.policy.model import Behaviour, Policy
from monitor.policy.thresholds import Audibility
from monitor.types import Flag, FlagState, Light, Reason
from monitor.voice import STEADY, TICK_S, VoiceState

LEARNING = Reason("learning", "getting to know this voice")
NO_SIGNAL = "no_signal"
_RANK = {Light.RED: 2, Light.AMBER: 1}
# A shout is told even from the prior, and clipping only ever hides how loud a voice is: neither makes a raised one
# calm.
_STILL_TELLING = ("learning", "clipping")


def light_of(behaviour: Behaviour, state: FlagState) -> Light | None:
    """The light that a phrase of this behaviour asks for while its flag is in this state, None for none."""
    if behaviour.light == "none" or state not in (FlagState.TENTATIVE, FlagState.CONFIRMED):
        return None
    return Light.RED if state is FlagState.CONFIRMED and behaviour.light == "red" else Light.AMBER


class Hearing:
    """Whether the voice can be judged at all: muted, drowned in noise or clipped is told from quiet."""

    _MEMORY_S = 4.0  # of speech, over which clipping and noise are averaged

    def __init__(self, limits: Audibility) -> None:
        self._limits = limits
        self._alive_s = 0.0
        self._clipped = 0.0
        self._snr_db = math.nan

    def look(self, now_s: float, level_dbfs: float, snr_db: float, speaking: bool, clipped: float) -> Reason | None:
        """Why the voice cannot be judged at this tick, None when it can."""
        limits = self._limits
        if level_dbfs > limits.dead_dbfs:
            self._alive_s = now_s
        if speaking:
            step = TICK_S / self._MEMORY_S
            self._clipped += step * (clipped - self._clipped)
            self._snr_db = snr_db if math.isnan(self._snr_db) else self._snr_db + step * (snr_db - self._snr_db)
        if now_s - self._alive_s >= limits.dead_s:
            return Reason(
                NO_SIGNAL, "no sound from the microphone", round(level_dbfs, 1), "dBFS", None, limits.dead_dbfs
            )
        if self._clipped > limits.clipped_share:
            share, most = round(100 * self._clipped, 1), 100 * limits.clipped_share
            return Reason("clipping", "the microphone is set too loud to judge", share, "%", None, most)
        if self._snr_db < limits.snr_db:
            snr = round(self._snr_db, 1)
            return Reason("noisy", "too noisy to judge the voice", snr, "dB over noise", None, limits.snr_db)
        return None


@dataclass(slots=True)
class _Spoken:
    """A phrase and when its light is on. A hint that the next passes take back never lights."""

    flag: Flag
    from_s: float
    until_s: float


class Judgement:
    """Joins voice and words into the light, on the sample clock."""

    def __init__(self, policy: Policy) -> None:
        self._alerts = policy.alerts
        self._behaviours = {behaviour.id: behaviour for behaviour in policy.behaviours}
        self._spoken: dict[int, _Spoken] = {}
        self._light: Light | None = None
        self._reasons: tuple[Reason, ...] = ()
        self._voice: VoiceState | None = None
        self._unheard: Reason | None = None
        self._between: VoiceState = STEADY
        self._changed_s = -math.inf
        self._cued_s = -math.inf

    def hear(self, flag: Flag, now_s: float) -> None:
        """A phrase was flagged, or its flag changed: it keeps its light from now on."""
        behaviour = self._behaviours.get(flag.id)
        if behaviour is None or behaviour.light == "none":
            return
        if flag.state in (FlagState.TENTATIVE, FlagState.CONFIRMED):
            known = self._spoken.get(flag.key)
            # More certainty about the same phrase is news, a better spelling of it is not.
            renewed = known is None or known.flag.state != flag.state
            from_s = now_s + (self._alerts.hint_s if flag.state is FlagState.TENTATIVE else 0.0)
            spoken = _Spoken(flag, from_s, from_s + self._alerts.phrase_s)
            if known is not None and not renewed:
                spoken.from_s, spoken.until_s = known.from_s, known.until_s
            self._spoken[flag.key] = spoken
        else:
            self._spoken.pop(flag.key, None)
            self._voice = None  # look again, even if the voice says nothing new

    @property
    def settled(self) -> bool:
        """Whether nothing changes as long as a steady voice is told, and the same reason not to judge it, or none."""
        return not self._spoken and self._voice is STEADY and self._between is STEADY

    def holds(self, voice: VoiceState, unheard: Reason | None, between: VoiceState) -> bool:
        """Whether this is what was told last, so that telling it again changes nothing."""
        same = voice is self._voice and unheard is self._unheard and between is self._between
        return same and not self._spoken and self._light is not None

    def look(
        self, now_s: float, voice: VoiceState, unheard: Reason | None, between: VoiceState = STEADY
    ) -> list[Event]:
        """Decide at one tick; ``unheard`` says why the voice cannot be judged, None when it can.

        ``between`` is what turn-taking says, where both sides are heard.
        """
        if self.holds(voice, unheard, between):
            return []
        self._spoken = {key: spoken for key, spoken in self._spoken.items() if spoken.until_s > now_s}
        light, reasons, cue = self._wanted(voice, unheard, between, now_s)
        same = light == self._light and {r.id for r in reasons} == {r.id for r in self._reasons}
        if not same and light != self._light and now_s - self._changed_s < self._alerts.change_s:
            self._voice = None  # look again at the next tick
            return []
        self._voice, self._unheard, self._between = voice, unheard, between
        if same:
            return []
        if light != self._light:
            self._changed_s = now_s
        self._light, self._reasons = light, reasons
        return [LightChanged(now_s, light, reasons, self._spend(cue, now_s))]

    def _wanted(
        self, voice: VoiceState, unheard: Reason | None, between: VoiceState, now_s: float
    ) -> tuple[Light, tuple[Reason, ...], str | None]:
        """The light that should show, all its reasons with the strongest first, and the cue word of the strongest."""
        found = [self._of_phrase(spoken.flag) for spoken in self._spoken.values() if spoken.from_s <= now_s]
        if voice.light in _RANK and (unheard is None or unheard.id in _STILL_TELLING):
            found.append((voice.light, voice.reasons, voice.cue))
        # A microphone that is off says nothing about who is silent.
        if between.light in _RANK and (unheard is None or unheard.id != NO_SIGNAL):
            found.append((between.light, between.reasons, between.cue))
        if found:
            light = max((each[0] for each in found), key=_RANK.__getitem__)
            winners = [each for each in found if each[0] is light]
            reasons = tuple(reason for each in winners for reason in each[1])
            return light, reasons, next((each[2] for each in winners if each[2]), None)
        if unheard is not None:
            return Light.GREY, (unheard,), None
        return Light.GREEN, (), None

    def _of_phrase(self, flag: Flag) -> tuple[Light, tuple[Reason, ...], str | None]:
        behaviour = self._behaviours[flag.id]
        light = light_of(behaviour, flag.state) or Light.AMBER
        said = "said" if flag.state is FlagState.CONFIRMED else "perhaps said"
        reason = Reason(flag.id, f"{said} “{flag.text}”", round(flag.confidence, 2), "confidence")
        return light, (reason,), behaviour.cue

    def _spend(self, cue: str | None, now_s: float) -> str | None:
        if cue is None or now_s - self._cued_s < self._alerts.cue_s:
            return None
        self._cued_s = now_s
        return cue
