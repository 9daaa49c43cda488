"""What to show of a call while it runs, in plain Python: fed by events, read as a `Picture`, drawn by others.

Nothing here knows a terminal or a window, so that every view shows the same and tests need neither.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from monitor.events import (
    BaselineLearned,
    Event,
    FlagChanged,
    FramesMeasured,
    ItemChecked,
    LightChanged,
    Warned,
    WordsHeard,
)
from monitor.types import TICK, Baseline, ChecklistItem, Features, Flag, FlagState, Light, Reason
from monitor.windows import RollingWindows

GAUGES = ("level", "pitch", "pace")
HEARD_WORDS = 12
LEVEL_FULL_DB, PITCH_FULL_ST, PACE_FULL = 12.0, 8.0, 0.5  # where a bar ends
STARTING = Reason("starting", "getting ready")  # until the engine says more
UNITS = {"st": "semitones", "syl_s": "syllables/s"}  # the others are read as they are written
STATE_WORDS = {
    FlagState.TENTATIVE: "maybe heard",
    FlagState.CONFIRMED: "heard",
    FlagState.QUOTED: "quoted, not counted",
    FlagState.WITHDRAWN: "taken back",
}


def clock(time_s: float, decimals: int = 1) -> str:
    """A time as people read it: 52.34 is ``0:52.3``; cut, not rounded, so that it never shows 60 seconds."""
    scale = 10**decimals
    minutes, rest = divmod(int(max(0.0, time_s) * scale + 1e-6), 60 * scale)
    return f"{minutes}:{rest // scale:02d}" + (f".{rest % scale:0{decimals}d}" if decimals else "")


def number(value: float) -> str:
    """A measure with one decimal where it says something: 8.04 is ``8``, 4.62 is ``4.6``."""
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def item_name(item_id: str) -> str:
    """The readable part of an id: ``do.follow_up`` is ``follow up``."""
    return item_id.rsplit(".", 1)[-1].replace("_", " ")


def counts(state: FlagState) -> bool:
    """Whether a flag in this state is held to be said and meant."""
    return state in (FlagState.TENTATIVE, FlagState.CONFIRMED)


def figures(reason: Reason) -> str:
    """What was measured, against which usual and limit: ``8 dB, limit 6``; empty where there is no figure to act on."""
    if reason.value is None or reason.unit == "confidence":  # how sure it is says nothing to act on
        return ""
    unit = f" {UNITS.get(reason.unit, reason.unit)}" if reason.unit else ""
    told = [number(reason.value) + unit]
    if reason.usual:  # a usual of 0 is what differences are counted from; it tells nobody anything
        told.append(f"usual {number(reason.usual)}")
    if reason.limit is not None:
        told.append(f"limit {number(reason.limit)}")
    return ", ".join(told)


def why(reason: Reason) -> str:
    """The reason's sentence with what was measured: ``voice well above your usual level (8 dB, limit 6)``."""
    measured = figures(reason)
    return f"{reason.text} ({measured})" if measured else reason.text


@dataclass(frozen=True, slots=True)
class Gauge:
    """One bar: ``share`` runs from -1 to 1 with the usual voice at 0, None while there is nothing to show."""

    name: str
    share: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything a view shows at one moment; ``timeline`` holds where each light began, ``items`` what was met."""

    at_s: float
    duration_s: float | None
    light: Light
    cue: str | None
    reasons: tuple[str, ...]
    gauges: tuple[Gauge, ...]
    heard: str
    flags: tuple[Flag, ...]
    items: tuple[tuple[str, bool], ...]
    timeline: tuple[tuple[float, Light], ...]
    notes: tuple[str, ...]


class CallView:
    """A sink that keeps what is worth showing; events come from one thread, pictures may be taken from another.

    Parameters
    ----------
    duration_s
        Length of the call where it is known.
    agent_channel
        The side whose voice and words are shown.
    items
        Ids of the checklist in the policy's order; items met are shown even when they are not listed here.
    """

    def __init__(self, duration_s: float | None = None, *, agent_channel: int = 0, items: Sequence[str] = ()) -> None:
        self._lock = Lock()
        self._duration_s = duration_s
        self._channel = agent_channel
        self._at_s = 0.0
        self._light = LightChanged(0.0, Light.GREY, (STARTING,), None)
        self._timeline: list[tuple[float, Light]] = [(0.0, Light.GREY)]
        self._voice = _Voice()
        self._baseline: Baseline | None = None
        self._heard: deque[str] = deque(maxlen=HEARD_WORDS)
        self._flags: dict[int, Flag] = {}
        self._items: dict[str, ChecklistItem | None] = dict.fromkeys(items)
        self._notes: list[str] = []

    def take(self, event: Event) -> None:
        """Receive one event, in order."""
        with self._lock:
            self._at_s = max(self._at_s, event.at_s)
            match event:
                case FramesMeasured(channel=channel, features=features) if channel == self._channel:
                    self._voice.add(features)
                case LightChanged(at_s=at_s, light=light):
                    self._light = event
                    self._mark(at_s, light)
                case WordsHeard(words=words):
                    self._heard.extend(word.text for word in words if word.channel == self._channel)
                case FlagChanged(flag=flag):
                    self._flags[flag.key] = flag
                case ItemChecked(item=item):
                    self._items[item.id] = item
                case BaselineLearned(baseline=baseline):
                    self._baseline = baseline
                case Warned(text=text):
                    self._notes.append(text)
                case _:
                    pass

    def picture(self) -> Picture:
        """What to show now."""
        with self._lock:
            return Picture(
                at_s=self._at_s,
                duration_s=self._duration_s,
                light=self._light.light,
                cue=self._light.cue,
                reasons=tuple(why(reason) for reason in self._light.reasons),
                gauges=self._voice.gauges(self._baseline),
                heard=" ".join(self._heard),
                flags=tuple(f for f in self._flags.values() if f.state is not FlagState.WITHDRAWN),
                items=tuple((item_name(i), bool(item and item.met)) for i, item in self._items.items()),
                timeline=tuple(self._timeline),
                notes=tuple(self._notes),
            )

    def _mark(self, at_s: float, light: Light) -> None:
        """Note where a light began; the first one may begin at 0 in place of the assumed grey."""
        if self._timeline[-1][0] >= at_s:
            self._timeline.pop()
        if not self._timeline or self._timeline[-1][1] is not light:
            self._timeline.append((at_s, light))


class _Voice:
    """The agent's voice as it is judged: the same windows, so that bars and reasons agree."""

    def __init__(self) -> None:
        self._windows = RollingWindows()
        self._level_dbfs = self._f0_st = self._pace_syl_s = math.nan

    def add(self, features: Features) -> None:
        if len(features) % TICK or not len(features):
            return  # the last frames of a call may be no whole tick
        ticks = self._windows.push(features)
        self._level_dbfs, self._f0_st = float(ticks.upper[-1, 0]), float(ticks.upper[-1, 1])
        paces = ticks.pace_syl_s[~np.isnan(ticks.pace_syl_s)]
        if len(paces):
            self._pace_syl_s = float(paces[-1])

    def gauges(self, usual: Baseline | None) -> tuple[Gauge, ...]:
        if usual is None:
            return tuple(Gauge(name, None, "learning what is usual") for name in GAUGES)
        if math.isnan(self._level_dbfs):
            return tuple(Gauge(name, None, "listening") for name in GAUGES)
        level_db = self._level_dbfs - usual.level_dbfs
        pitch_st = self._f0_st - usual.f0_st
        level = Gauge(GAUGES[0], _clip(level_db / LEVEL_FULL_DB), f"{_signed(level_db)} dB")
        pitch = Gauge(GAUGES[1], _clip(pitch_st / PITCH_FULL_ST), f"{_signed(pitch_st)} {_plural(pitch_st)}")
        if math.isnan(self._pace_syl_s) or usual.articulation_syl_s <= 0:
            return level, pitch, Gauge(GAUGES[2], None, "listening")
        faster = self._pace_syl_s / usual.articulation_syl_s - 1
        return level, pitch, Gauge(GAUGES[2], _clip(faster / PACE_FULL), f"{_signed(100 * faster)} %")


def _signed(value: float) -> str:
    whole = round(value)
    return f"{whole:+d}" if whole else "0"


def _plural(value: float) -> str:
    return "semitone" if abs(round(value)) == 1 else "semitones"


def _clip(share: float) -> float:
    return max(-1.0, min(1.0, share))


class EventLines:
    """Turns events into lines of text for a view that only grows: one per light, cue, flag or item."""

    def __init__(self) -> None:
        self._light: Light | None = None
        self._cue: str | None = None

    def line(self, event: Event) -> str | None:
        """The line for this event, such as ``0:52.3  red    voice above your usual (8 dB, limit 6)``; None: no news."""
        match event:
            case LightChanged():
                return self._light_line(event)
            case FlagChanged(at_s=at_s, flag=flag):
                instead = f"; say instead: {flag.say_instead}" if flag.say_instead and counts(flag.state) else ""
                return _row(at_s, "flag", f'"{flag.text}" {STATE_WORDS[flag.state]}{instead}')
            case ItemChecked(at_s=at_s, item=item) if item.met:
                evidence = f': "{item.evidence}"' if item.evidence else ""
                return _row(at_s, "done", item_name(item.id) + evidence)
            case Warned(at_s=at_s, text=text):
                return _row(at_s, "note", text)
            case _:
                return None

    def _light_line(self, event: LightChanged) -> str | None:
        # Figures and causes move while a light lasts, and a cue goes out by itself: that is no news.
        if event.light is self._light and event.cue in (None, self._cue):
            return None
        self._light, self._cue = event.light, event.cue
        text = "; ".join(why(reason) for reason in event.reasons) or "as usual"
        return _row(event.at_s, str(event.light), text + (f" > {event.cue}" if event.cue else ""))


def _row(at_s: float, kind: str, text: str) -> str:
    return f"{clock(at_s):>7}  {kind:<6} {text}"
