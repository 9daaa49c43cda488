"""How the devices fare: what a source says of them, and a microphone that hears something but never the agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

from monitor.live.activity import Ear, Unheard
from monitor.live.events import AGENT, CUSTOMER, CaptureChanged, CaptureState
from monitor.live.telling import Inbox, Teller
from monitor.settings import Settings
from monitor.types import FloatArray, SourceInfo

NO_LOSS = frozenset({"starting", "changed"})  # reasons for silence that nobody could have heard
OnChange = Callable[[int, CaptureState, str, str], None]

_UNHEARD = "Your microphone does not seem to hear you; is it the right one?"


class LiveSourceLike(Protocol):
    """A source that can be closed while it is heard."""

    @property
    def info(self) -> SourceInfo:
        """What is known of it."""
        ...

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (channels, samples) until closed, or to the end of what there is."""
        ...

    def close(self) -> None:
        """End it, from any thread."""
        ...


SourceFactory = Callable[[Settings, OnChange], LiveSourceLike]


class Gaps:
    """What a source could not hear: counted by the source, told in the result of the call."""

    _LEAST_S = 0.02
    _WHO = ("the microphone", "the customer")

    def __init__(self) -> None:
        self._before: dict[tuple[int, str], float] = {}
        self._lost_s = 0.0  # by sources that are closed

    def lost_s(self, source: object) -> float:
        """Seconds of the agent that should have been heard and were not, of this source and those before it."""
        return self._lost_s + _lost_s(source)

    def end(self, source: object) -> None:
        """A source was closed."""
        self._lost_s += _lost_s(source)

    def begin(self, source: object) -> None:
        """Count from here on; of a gap that goes on, what is still to come."""
        self._before = _by_reason(source)

    def sentences(self, source: object, channels: int) -> list[str]:
        """What came since on the first so many channels, by reason; each is told once."""
        before, self._before = self._before, _by_reason(source)
        since = {where: total_s - before.get(where, 0.0) for where, total_s in self._before.items()}
        return [
            f"{self._WHO[channel]} was not heard for {seconds:.1f} s: {why}"
            for (channel, why), seconds in since.items()
            if channel < channels and seconds >= self._LEAST_S
        ]


def _lost_s(source: object) -> float:
    return sum(s for (channel, why), s in _by_reason(source).items() if channel == AGENT and why not in NO_LOSS)


class _Gap(Protocol):
    channel: int
    duration_s: float
    why: str


def _by_reason(source: object) -> dict[tuple[int, str], float]:
    """Seconds by channel and reason; a source that cannot lose anything, such as a recording, has none."""
    found: defaultdict[tuple[int, str], float] = defaultdict(float)
    gaps: Sequence[_Gap] = getattr(source, "gaps", ())
    for gap in gaps:
        found[gap.channel, gap.why] += gap.duration_s
    return found


class Captures:
    """Owned by the engine's thread; ``now`` is the session's time in seconds."""

    def __init__(self, teller: Teller, inbox: Inbox, now: Callable[[], float]) -> None:
        self.newest: dict[int, CaptureChanged] = {}
        self._teller, self._inbox, self._now = teller, inbox, now
        self._token = object()
        self._unheard = Unheard()
        self._heard_text = ""  # what the source said of the agent's device last
        self.on_hearing: Callable[[int], None] = lambda _: None

    def reporter(self) -> OnChange:
        """What a new source calls when a device changes, from any thread; the one before it is not listened to."""
        token = self._token = object()

        def told(channel: int, state: CaptureState, device: str, text: str) -> None:
            self._inbox.post(partial(self._changed, token, channel, state, device, text))

        return told

    def lost(self, device: str, text: str) -> None:
        """No source could be opened, or it failed."""
        self._teller.tell(CaptureChanged(self._now(), AGENT, CaptureState.LOST, device, text))

    def closed(self) -> None:
        """The devices are closed on request; what the source still had to say of them is not listened to."""
        self._token = object()
        for channel, told in sorted(self.newest.items()):
            if told.state is not CaptureState.CLOSED:
                self._tell(channel, CaptureState.CLOSED, told.device, "Not listened to while paused.")

    def only(self, channels: int) -> None:
        """A source with so many channels was opened: what was listened to beyond them is not any more."""
        for channel in [channel for channel in self.newest if channel >= channels]:
            self._tell(channel, CaptureState.CLOSED, self.newest[channel].device, "Not listened to any more.")
            del self.newest[channel]

    def forget(self) -> None:
        """A call ended: whether the agent is heard is looked at anew."""
        if self._unheard.told:
            self._tell_unheard(told=False)
        self._unheard = Unheard()

    def look(self, ears: list[Ear], now_s: float) -> None:
        """Tell when the agent is not heard while the customer talks, and when that is over."""
        heard = self.newest.get(AGENT)
        if len(ears) <= CUSTOMER or heard is None or heard.state not in (CaptureState.HEARING, CaptureState.UNHEARD):
            return
        before = self._unheard.told
        if self._unheard.look(ears[AGENT], ears[CUSTOMER], now_s) != before:
            self._tell_unheard(told=not before)

    def _tell_unheard(self, *, told: bool) -> None:
        device = self.newest[AGENT].device
        state, text = (CaptureState.UNHEARD, _UNHEARD) if told else (CaptureState.HEARING, self._heard_text)
        self._tell(AGENT, state, device, text)

    def _changed(self, token: object, channel: int, state: CaptureState, device: str, text: str) -> None:
        if token is not self._token:
            return
        self.on_hearing(channel)
        if channel == AGENT:
            self._unheard, self._heard_text = Unheard(), text
        self._tell(channel, state, device, text)

    def _tell(self, channel: int, state: CaptureState, device: str, text: str) -> None:
        self.newest[channel] = event = CaptureChanged(self._now(), channel, state, device, text)
        self._teller.tell(event)
