"""Finds stretches of speech on the sample clock, so that only speech is decoded.

The detector is WebRTC's voice activity detector as it ships with pocketsphinx, a small Gaussian mixture. It takes hiss
and hum for speech again and again, so a frame must also stand out from the quietest moment of the last seconds. Its own
end-pointer is not used because it keeps 30 ms before the onset at most, which costs soft first consonants, and because
its times are rounded floats.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

GATE_FRAME = 320
"""Samples per frame of the gate: 20 ms, which divides both the decoder's hop and the distance between passes."""

FRAMES_PER_S = 50

DOUBTFUL = 0.75
"""How far a frame counts as speech in which the detector hears some, though it hardly stands out.

In a noisy recording soft words do not stand out. Closing for them as for silence cut utterances within phrases, and 3
of 60 of LibriSpeech were lost. Steady noise after speech keeps the gate open for 1.6 s, silence for 0.4 s.
"""

_MOST_DB = 60

SpeechTest = Callable[[bytes], float]
"""How far a frame of 16-bit PCM is speech: 0 or False not at all, 1 or True surely."""


@dataclass(frozen=True, slots=True)
class GateTuning:
    """When speech counts as begun and ended, in frames of 20 ms.

    An utterance opens when ``onset`` of the last ``window`` frames were speech; it then begins ``lead_in`` frames
    before the window. It closes after ``hangover`` frames without speech; of a doubtful frame only a part counts.
    """

    window: int = 8
    onset: int = 6
    lead_in: int = 12
    hangover: int = 20


class Edge(Enum):
    """What a frame did to the utterance."""

    OPENED = "opened"
    WENT_ON = "went on"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Gated:
    """A frame that belongs to an utterance: ``pcm`` is 16-bit audio that starts at sample ``start``.

    The frame that opens an utterance brings the audio before the onset with it. ``quiet`` counts the frames without
    speech at its end.
    """

    edge: Edge
    start: int
    pcm: bytes
    quiet: int


class SpeechGate:
    """Cuts a stream of 20 ms frames into utterances."""

    def __init__(self, is_speech: SpeechTest, tuning: GateTuning = GateTuning()) -> None:
        self._is_speech = is_speech
        self._tuning = tuning
        self._recent: deque[bool] = deque(maxlen=tuning.window)
        self._held: deque[bytes] = deque(maxlen=tuning.lead_in + tuning.window)
        self._open = False
        self._quiet = 0.0
        self._frame = 0

    def push(self, frame: bytes) -> Iterator[Gated]:
        """Take the next ``GATE_FRAME`` samples as 16-bit PCM; yields nothing while nobody speaks."""
        speech = self._is_speech(frame)
        start = self._frame * GATE_FRAME
        self._frame += 1
        if self._open:
            self._quiet = 0.0 if speech >= 1 else self._quiet + 1 - speech
            closes = self._quiet >= self._tuning.hangover
            self._open = not closes
            yield Gated(Edge.CLOSED if closes else Edge.WENT_ON, start, frame, int(self._quiet))
            return
        self._recent.append(speech >= 1)
        self._held.append(frame)
        if sum(self._recent) < self._tuning.onset:
            return
        pcm = b"".join(self._held)
        first = self._frame - len(self._held)
        self._recent.clear()
        self._held.clear()
        self._open, self._quiet = True, 0.0
        yield Gated(Edge.OPENED, first * GATE_FRAME, pcm, 0)


class StandingOut:
    """Lets a detector's answer count in full only for frames that stand ``margin_db`` over the floor.

    The floor is the quietest of the last ``memory`` frames, each averaged over ``smooth`` of them. Speech falls that
    far between syllables, steady noise never does. Before anything was heard the floor is silence, so that speech may
    begin with the first sample.
    """

    def __init__(self, is_speech: SpeechTest, margin_db: float = 6.0, memory: int = 150, smooth: int = 3) -> None:
        self._is_speech = is_speech
        self._ratio = 10 ** (margin_db / 10)
        self._stood = [0] * (_MOST_DB + 1)  # how many frames of speech stood so many dB over the floor
        self._powers: deque[float] = deque([0.0] * smooth, maxlen=smooth)
        self._smoothed: deque[float] = deque([0.0] * memory, maxlen=memory)

    def __call__(self, frame: bytes) -> float:
        """Take the next frame of 16-bit PCM."""
        y = np.frombuffer(frame, np.int16).astype(np.float32)
        power = float(y @ y)
        self._powers.append(power)
        self._smoothed.append(sum(self._powers) / len(self._powers))
        floor = min(self._smoothed)
        # The detector follows the background, so it hears every frame.
        speech = float(self._is_speech(frame))
        if power < self._ratio * floor:
            return DOUBTFUL * speech
        if speech and power > 0:
            over_db = 10 * math.log10(power / floor) if floor > 0 else _MOST_DB
            self._stood[min(_MOST_DB, int(over_db))] += 1
        return speech

    @property
    def usual_db(self) -> int:
        """How far the frames of speech stood over the floor so far: their median, in whole dB."""
        half, seen = sum(self._stood) / 2, 0
        for over_db, count in enumerate(self._stood):
            seen += count
            if seen >= half and seen:
                return over_db
        return _MOST_DB


def webrtc_speech_test(strictness: int) -> SpeechTest:
    """WebRTC's detector, 0 (takes most for speech) to 3 (takes least)."""
    from pocketsphinx import Vad

    detector = Vad(strictness, 16_000, GATE_FRAME / 16_000)

    def is_speech(frame: bytes) -> bool:
        return bool(detector.is_speech(frame))

    return is_speech
