"""From what a live session tells to what the windows show. Plain Python: no window, no clock, no thread.

The engine's light is shown only while it can be believed and is wanted: a device that is not heard makes it grey
whatever the engine says, and so does a quiet time, which would otherwise tell amber by the absence of green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.call_view import STARTING, counts, figures, item_name
from monitor.events import FlagChanged, ItemChecked, LightChanged, Warned
from monitor.live.events import (
    AGENT,
    CallBegan,
    CallEnded,
    CaptureChanged,
    CaptureState,
    CustomerNamed,
    LiveEvent,
    SessionChanged,
    SessionState,
    WordsChanged,
    WordsState,
)
from monitor.terminal import MEANINGS
from monitor.types import Flag, Light, Reason
from ui.view import Badge, Dot, Replacement, Row, View

DEVICE_WORDS = {
    CaptureState.STARTING: "starting",
    CaptureState.SILENT: "muted",
    CaptureState.UNHEARD: "check mic",
    CaptureState.LOST: "mic lost",
    CaptureState.WRONG: "wrong mic",
    CaptureState.CLOSED: "paused",
}
# Why the voice cannot be judged, by the engine's reason.
GREY_WORDS = {
    "learning": "learning",
    "starting": "starting",
    "no_signal": "no sound",
    "clipping": "too loud",
    "noisy": "noisy",
}
# Beside a light whose cue word is spent: its name, not another thing to do.
LIGHT_WORDS = {Light.GREEN: "steady", Light.AMBER: "amber", Light.RED: "red"}
BETWEEN_CALLS = "Ready for the next call"
PAUSED = "Paused: nothing is listened to"
ENDED = "Evenkeel has stopped listening"
QUIET = "Quiet for a while; the call is still judged for your own summary"
# What the session, not a call, warns of; told until the next call begins.
TROUBLES = frozenset({"settings", "policy", "profile", "disk", "call", "session"})
FEW_WORDS = frozenset({"pocketsphinx", "none"})  # recognisers that a speech model would do better than
KEEPS_AUDIO = "Your policy keeps the sound of this call"
KEEPS_BOTH = "Your policy keeps the sound of this call; what is measured in it is kept as well"
KEEPS_BOTH_SHARED = f"{KEEPS_BOTH}, and your team may see that"
KEEPS_CALL = "What is measured in this call is kept, without its sound"
SHARES_CALL = "What is measured in this call is kept, without its sound; your team may see it"


@dataclass(frozen=True, slots=True)
class _Face:
    """The part of a view that one situation settles."""

    light: Light
    word: str
    headline: str
    reasons: tuple[Reason, ...] = ()


class ViewModel:
    """Takes events in order, and says what to show.

    Parameters
    ----------
    items
        Ids of the checklist in the policy's order; items met are shown even when they are not listed here.
    """

    def __init__(self, items: Sequence[str] = ()) -> None:
        self._expected = tuple(items)
        self._items: dict[str, bool] = {}
        self._customer: str | None = None
        self._session = SessionChanged(0.0, SessionState.READY)
        self._devices: dict[int, CaptureChanged] = {}
        self._words: WordsChanged | None = None
        self._troubles: dict[str, str] = {}
        self._begin(None)

    def expect(self, items: Sequence[str]) -> None:
        """Set the checklist's ids from the next call on, for which another policy was chosen."""
        self._expected = tuple(items)

    @property
    def microphone(self) -> CaptureChanged | None:
        """How the agent's microphone fares; None before anything is known."""
        return self._devices.get(AGENT)

    def take(self, event: LiveEvent) -> None:
        """Receive one event; those that nothing is shown of are passed over."""
        match event:
            case LightChanged():
                self._light = event
            case FlagChanged(flag=flag):
                self._flags[flag.key] = flag
            case ItemChecked(item=item):
                self._check(item.id, item.met)
            case CaptureChanged(channel=channel):
                self._devices[channel] = event
            case WordsChanged():
                self._words = event
            case SessionChanged():
                self._session = event
            case CallBegan():
                self._troubles.clear()
                self._begin(event)
            case CallEnded(call=call) if self._call is not None and self._call.call == call:
                self._begin(None)  # the next call may have begun before the last one was summed up
            case CustomerNamed(customer=customer):
                self._customer = customer
            case _:
                self._heed(event)

    def _check(self, name: str, met: bool | None) -> None:
        if met is None:
            self._items.pop(name, None)  # what cannot be known is not shown as undone
        else:
            self._items[name] = met

    def _heed(self, event: LiveEvent) -> None:
        if isinstance(event, Warned) and event.id in TROUBLES:
            self._troubles[event.id] = event.text

    def view(self) -> View:
        """What to show now."""
        face = self._face()
        in_call = self._session.state is SessionState.IN_CALL
        first = face.reasons[0] if face.reasons else None
        told = face.light in (Light.AMBER, Light.RED)
        return View(
            light=str(face.light),
            word=face.word,
            headline=face.headline,
            badge=self._badge(),
            rows=tuple(Row(reason.text, figures(reason)) for reason in face.reasons),
            replacements=self._replacements(face.reasons),
            dots=tuple(Dot(item_name(name), met) for name, met in self._items.items()) if in_call else (),
            notes=self._notes(),
            subject=(first.id, first.text) if first and told else None,
            in_call=in_call,
            paused=self._session.state is SessionState.PAUSED,
            quiet=self._quiet,
            customer=self._customer if in_call else None,
            more_words=self._words is not None and self._words.recogniser in FEW_WORDS,
        )

    @property
    def is_judging(self) -> bool:
        """Whether a call is under way, of which the result is still to come."""
        return self._call is not None

    @property
    def failed(self) -> bool:
        """Whether the session ended by a fault of its own."""
        return "session" in self._troubles

    @property
    def _quiet(self) -> bool:
        return self._session.quiet_until_s is not None

    def _begin(self, call: CallBegan | None) -> None:
        """Forget the call before; None between calls."""
        self._call = call
        self._customer = call.customer if call else None
        self._light = LightChanged(0.0, Light.GREY, (STARTING,), None)
        self._flags: dict[int, Flag] = {}
        self._items = dict.fromkeys(self._expected, False)

    def _face(self) -> _Face:
        """The light, what wins first."""
        if self._session.state is SessionState.PAUSED:
            return _Face(Light.GREY, "paused", PAUSED)
        if self._session.state is SessionState.ENDED:
            return _Face(Light.GREY, "stopped", ENDED)
        device = self.microphone
        if device is None:
            return _Face(Light.GREY, DEVICE_WORDS[CaptureState.STARTING], "Looking for your microphone")
        if device.state is not CaptureState.HEARING:
            return _Face(Light.GREY, DEVICE_WORDS[device.state], device.text)
        if self._quiet:
            return _Face(Light.GREY, "quiet", QUIET)
        if self._session.state is SessionState.READY:
            return _Face(Light.GREY, "ready", BETWEEN_CALLS)
        light, reasons = self._light.light, self._light.reasons
        if light is Light.GREY:
            word = GREY_WORDS.get(reasons[0].id, "wait") if reasons else "wait"
        else:
            word = self._light.cue or LIGHT_WORDS[light]
        return _Face(light, word, MEANINGS[light].capitalize(), reasons)

    def _replacements(self, reasons: Sequence[Reason]) -> tuple[Replacement, ...]:
        """For each phrase that lights now, what to say instead of its newest hearing."""
        found = {}
        for flag in self._flags.values():
            if counts(flag.state) and flag.say_instead:
                found[flag.id] = Replacement(flag.text, flag.say_instead)
        return tuple(found[reason.id] for reason in reasons if reason.id in found)

    def _badge(self) -> Badge | None:
        if self._session.state is SessionState.PAUSED:
            return None
        if self._troubles:
            return Badge("trouble", next(iter(self._troubles.values())))
        if self._session.state is SessionState.ENDED:
            return None
        if self._call is not None and (self._call.keeps_audio or self._call.shares_call):
            return Badge("kept", self._kept()[0])
        if self._quiet:
            return Badge("quiet", "quiet")
        if self._words is not None and self._words.state is not WordsState.HEARING:
            return Badge("words", self._words.text)
        other = self._other_side()
        return Badge("customer", other) if other else None

    def _other_side(self) -> str | None:
        """The sentence about what the agent hears, where that is listened to and is not heard."""
        for channel, device in self._devices.items():
            if channel != AGENT and device.state not in (CaptureState.HEARING, CaptureState.CLOSED):
                return device.text
        return None

    def _notes(self) -> tuple[str, ...]:
        """Sentences below the reasons: the words, the other side, and whether the call is kept."""
        words = self._words.text if self._words and self._words.state is not WordsState.HEARING else None
        return tuple(text for text in (*self._troubles.values(), words, self._other_side(), *self._kept()) if text)

    def _kept(self) -> tuple[str, ...]:
        """What stays of the call under way."""
        call = self._call
        if call is None:
            return ()
        if call.keeps_audio:
            return (KEEPS_BOTH_SHARED if call.shares_call else KEEPS_BOTH,) if call.keeps_call else (KEEPS_AUDIO,)
        return (SHARES_CALL if call.shares_call else KEEPS_CALL,) if call.keeps_call else ()
