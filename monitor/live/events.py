"""What a live session tells beyond the engine's own events; together they are a closed list.

Times of the engine's events count from the first sample of the call, those here from the start of the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitor.events import Event
from monitor.result_types import CallResult
from monitor.settings import Settings
from monitor.sources.states import AGENT, CUSTOMER, CaptureState

# Sources tell these, and know nothing of sessions; whoever reads events finds them here.
__all__ = ["AGENT", "CUSTOMER", "CaptureState"]


WINDOW_PARTS = ("card", "menu", "settings")


class WordsState(StrEnum):
    """How the recogniser fares: the small badge, never a colour."""

    ABSENT = "absent"
    STARTING = "starting"
    HEARING = "hearing"
    BEHIND = "behind"
    RESTARTING = "restarting"


class SessionState(StrEnum):
    """What the session is at."""

    READY = "ready"  # waiting for a call
    IN_CALL = "in_call"
    PAUSED = "paused"  # devices are closed
    ENDED = "ended"


class EnrolmentState(StrEnum):
    """What the person who reads aloud can do now."""

    LISTENING = "listening"
    TOO_QUIET = "too_quiet"  # nearer to the microphone, or turn it up
    CLIPPING = "clipping"  # turn the microphone down
    NOISY = "noisy"  # something else is loud
    READY = "ready"  # enough was heard


@dataclass(frozen=True, slots=True)
class EnrolmentProgress:
    """``share`` of what is needed, 0 to 1; ``sentence`` is the one to read now; ``text`` one short hint."""

    state: EnrolmentState
    speech_s: float
    share: float
    sentence: int
    level_dbfs: float
    text: str


@dataclass(frozen=True, slots=True)
class CaptureChanged:
    """A device began, stopped or went on; ``text`` is one short sentence for the agent."""

    at_s: float
    channel: int
    state: CaptureState
    device: str
    text: str


@dataclass(frozen=True, slots=True)
class WordsChanged:
    """The recogniser began, fell behind or went on; ``text`` is one short sentence for the agent.

    ``recogniser`` is its name, ``none`` where there is none, null while one is being chosen.
    """

    at_s: float
    state: WordsState
    text: str
    recogniser: str | None = None


@dataclass(frozen=True, slots=True)
class LevelsMeasured:
    """Newest level of each channel in dBFS, at most 20 times a second; only the newest matters."""

    at_s: float
    levels_dbfs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """Ready, in a call, paused or over; ``quiet_until_s`` is when cues are to come back, None when they are on."""

    at_s: float
    state: SessionState
    quiet_until_s: float | None = None


@dataclass(frozen=True, slots=True)
class CallBegan:
    """A call began; engine events that follow are its own."""

    at_s: float
    call: str
    customer: str | None
    automatic: bool
    keeps_audio: bool
    keeps_call: bool = False
    shares_call: bool = False  # with the team, from the start


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call ended, with its result; ``learnt`` says whether the agent's stored usual voice took it up."""

    at_s: float
    call: str
    result: CallResult
    learnt: bool


@dataclass(frozen=True, slots=True)
class CustomerNamed:
    """The call's customer has a name now; it is kept in memory only."""

    at_s: float
    call: str
    customer: str


@dataclass(frozen=True, slots=True)
class EnrolmentProgressed:
    """How reading aloud goes, at most 10 times a second; ``progress.state`` says what to do next."""

    at_s: float
    progress: EnrolmentProgress


@dataclass(frozen=True, slots=True)
class EnrolmentEnded:
    """Reading aloud is over; ``kept`` says whether the usual voice was stored under the profile's name."""

    at_s: float
    kept: bool
    text: str


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """New settings are in force."""

    at_s: float
    settings: Settings


@dataclass(frozen=True, slots=True)
class WindowAsked:
    """Somebody asked from outside, such as by a key of the desktop, for one of ``WINDOW_PARTS``."""

    at_s: float
    part: str


LiveEvent = (
    Event
    | CaptureChanged
    | WordsChanged
    | LevelsMeasured
    | SessionChanged
    | CallBegan
    | CallEnded
    | CustomerNamed
    | EnrolmentProgressed
    | EnrolmentEnded
    | SettingsChanged
    | WindowAsked
)
