"""Values that travel through the engine: frozen, numpy only, times in seconds from the first sample.

Conventions: ``y`` is float32 audio with full scale 1.0; multichannel audio is (channels, samples). The engine's rate is
``RATE_HZ`` whatever the recording's rate was. Frame ``i`` stands for the hop of samples ``i * HOP`` to
``(i + 1) * HOP``; only ``FrameGrid`` turns frame numbers into seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000
HOP = 160
TICK = 5  # frames between two decisions: 50 ms

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, order=True, slots=True)
class Segment:
    """A stretch of time, ``start_s <= end_s``."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s

    def overlap_s(self, other: Segment) -> float:
        """Seconds that both cover; 0 when they do not meet."""
        return max(0.0, min(self.end_s, other.end_s) - max(self.start_s, other.start_s))


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """The one place where frame numbers become seconds."""

    rate_hz: int = RATE_HZ
    hop: int = HOP

    @property
    def frames_per_s(self) -> float:
        """Frames in one second, 100 by default."""
        return self.rate_hz / self.hop

    def start_s(self, frame: int) -> float:
        """When the hop of this frame starts."""
        return frame * self.hop / self.rate_hz

    def frame_at(self, time_s: float) -> int:
        """The frame whose hop holds this time."""
        return int(time_s * self.rate_hz / self.hop + 1e-9)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source before it is heard; ``duration_s`` is None where only the end will tell."""

    name: str
    channels: int
    rate_hz: int
    duration_s: float | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """Measures of consecutive frames; every array has shape (frames,).

    ``f0_hz`` is NaN where unvoiced, ``effort_db`` NaN where there is no speech to measure. ``loudness_ms`` is the
    K-weighted mean square of the hop (BS.1770), from which momentary loudness follows.
    """

    start_frame: int
    level_dbfs: FloatArray
    loudness_ms: FloatArray
    f0_hz: FloatArray
    voicing: FloatArray
    effort_db: FloatArray
    noise_dbfs: FloatArray
    speech: FloatArray
    clipped: BoolArray
    nucleus: BoolArray

    def __len__(self) -> int:
        return len(self.level_dbfs)

    @property
    def voiced(self) -> BoolArray:
        """Frames that have an F0."""
        return ~np.isnan(self.f0_hz)


class Light(StrEnum):
    """What the agent sees."""

    GREY = "grey"
    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a light is as it is: a behaviour's id, what was measured against which usual and limit, and a sentence."""

    id: str
    text: str
    value: float | None = None
    unit: str | None = None
    usual: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class LightSpan:
    """One stretch of unchanged light."""

    start_s: float
    end_s: float
    light: Light
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word, lower case."""

    start_s: float
    end_s: float
    text: str
    confidence: float = 1.0
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a recogniser took one utterance for, in one pass.

    Passes over the same stretch of speech share ``utterance``, a number that only rises. ``heard_at_s`` is the sample
    clock at which the pass was made: the time of the last sample it could use. The last pass of an utterance is
    ``final``. ``start_s`` and ``end_s`` bound the speech that was decoded.
    """

    utterance: int
    start_s: float
    end_s: float
    heard_at_s: float
    final: bool
    words: tuple[Word, ...]


class FlagState(StrEnum):
    """How sure we are that a phrase was said, and meant."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    QUOTED = "quoted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Flag:
    """A phrase of the policy that was heard. ``key`` stays the same while its state changes."""

    key: int
    id: str
    start_s: float
    end_s: float
    channel: int
    text: str
    phrase: str
    state: FlagState
    confidence: float
    say_instead: str | None
    heard_at_s: float


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One act that helps: met, not met, or unknown with the reason why."""

    id: str
    met: bool | None
    at_s: float | None = None
    evidence: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """Uninterrupted speech of one party."""

    start_s: float
    end_s: float
    speaker: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """One speaker's usual voice on one microphone: median and spread of each measure over calm speech.

    Spreads are robust standard deviations in the unit of their measure; ``speech_s`` says how much speech taught it.
    F0 is in semitones above 55 Hz.
    """

    level_dbfs: float
    level_spread_db: float
    f0_st: float
    f0_spread_st: float
    effort_db: float
    effort_spread_db: float
    liveliness_st: float
    articulation_syl_s: float
    speech_s: float


@dataclass(frozen=True, slots=True)
class Interruption:
    """One party cut in on the other."""

    at_s: float
    by: str


@dataclass(frozen=True, slots=True)
class CustomerVoice:
    """The customer's voice against their own first minute; None where too little was heard to tell.

    ``louder_db``, ``higher_st`` and ``more_effort_db`` are the most that lasted; ``raised`` are the stretches that were
    over the limits that the agent's own voice has.
    """

    louder_db: float | None = None
    higher_st: float | None = None
    more_effort_db: float | None = None
    raised: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What two channels tell about turn-taking. ``talk_share`` is the agent's, None where nobody spoke.

    ``dead_air_s`` is silence beyond the policy's limit, holds and music left out; ``reply_delay_s`` the median of the
    agent's replies, None where there was none; ``slow_replies`` counts those beyond the policy's limit.
    """

    talk_share: float | None
    talk_over_s: float
    interruptions: tuple[Interruption, ...]
    back_channels: int
    longest_monologue_s: float
    dead_air_s: float
    reply_delay_s: float | None
    slow_replies: int
    customer: CustomerVoice
