"""How the devices fare: what a source says of them, and a microphone that hears something but never the agent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Protocol

from monitor.live.activity import Ear, Unheard
from monitor.live.events import AGENT, CUSTOMER, CaptureChanged, CaptureState
from monitor.live.telling import Inbox, Teller

NO_LOSS = frozenset({"starting", "changed"})  # reasons for silence that nobody could have heard
OnChange = Callable[[int, CaptureState, str, str], None]

_UNHEARD = "Your microphone does not seem to hear you; is it the right one?"


class Gaps:
    """What a source could not hear of the agent: counted by the source, told in the result of the call."""

    _LEAST_S = 0.02

    def __init__(self) -> None:
        self._seen = 0
        self._lost_s = 0.0  # by sources that are closed

    def lost_s(self, source: object) -> float:
        """Seconds that should have been heard and were not, of this source and those before it."""
        return self._lost_s + _lost_s(source)

    def end(self, source: object) -> None:
        """A source was closed."""
        self._lost_s += _lost_s(source)

    def begin(self, source: object) -> None:
        """Count from here on."""
        self._seen = len(_agent_gaps(source))

    def sentences(self, source: object) -> list[str]:
        """What came since, by reason; each is told once."""
        gaps = _agent_gaps(source)[self._seen :]
        self._seen += len(gaps)
        lost_s: defaultdict[str, float] = defaultdict(float)
        for gap in gaps:
            lost_s[gap.why] += gap.duration_s
        return [
            f"the microphone was not heard for {seconds:.1f} s: {why}"
            for why, seconds in lost_s.items()
            if seconds >= self._LEAST_S
        ]


def _lost_s(source: object) -> float:
    return sum(gap.duration_s for gap in _agent_gaps(source) if gap.why not in NO_LOSS)


class _Gap(Protocol):
    channel: int
    duration_s: float
    why: str


def _agent_gaps(source: object) -> list[_Gap]:
    """A source that cannot lose anything, such as a recording, has none."""
    return [gap for gap in getattr(source, "gaps", ()) if gap.channel == AGENT]


class Captures:
    """Owned by the engine's thread; ``now`` is the session's time in seconds."""

    def __init__(self, teller: Teller, inbox: Inbox, now: Callable[[], float]) -> None:
        self.newest: dict[int, CaptureChanged] = {}
        self._teller, self._inbox, self._now = teller, inbox, now
        self._token = object()
        self._unheard = Unheard()
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

    def forget(self) -> None:
        """A call ended: whether the agent is heard is looked at anew."""
        self._unheard = Unheard()

    def look(self, ears: list[Ear], now_s: float) -> None:
        """Tell when the agent is not heard while the customer talks, and when that is over."""
        heard = self.newest.get(AGENT)
        if len(ears) <= CUSTOMER or heard is None or heard.state is not CaptureState.HEARING:
            return
        before = self._unheard.told
        if self._unheard.look(ears[AGENT], ears[CUSTOMER], now_s) != before:
            state, text = (CaptureState.HEARING, heard.text) if before else (CaptureState.UNHEARD, _UNHEARD)
            self._teller.tell(CaptureChanged(now_s, AGENT, state, heard.device, text))

    def _changed(self, token: object, channel: int, state: CaptureState, device: str, text: str) -> None:
        if token is not self._token:
            return
        self.on_hearing(channel)
        if channel == AGENT:
            self._unheard = Unheard()
        self._tell(channel, state, device, text)

    def _tell(self, channel: int, state: CaptureState, device: str, text: str) -> None:
        self.newest[channel] = event = CaptureChanged(self._now(), channel, state, device, text)
        self._teller.tell(event)
