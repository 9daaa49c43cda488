"""What the engine needs from outside, as protocols; ``models`` and ``sources`` fit them, ``assemble`` joins them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from monitor.events import Event
from monitor.types import Baseline, FloatArray, Hypothesis, SourceInfo


class Source(Protocol):
    """Something that can be heard, once, from its first sample to its last."""

    @property
    def info(self) -> SourceInfo:
        """What is known before listening."""
        ...

    def blocks(self) -> Iterator[FloatArray]:
        """Blocks of shape (channels, samples) at ``RATE_HZ``, any number of samples each.

        Raises
        ------
        InputProblem
            The recording cannot be read to its end.
        """
        ...


class Transcriber(Protocol):
    """A recogniser that is fed one channel as a stream and answers with passes over each utterance.

    The answers depend on the samples alone, not on how they were cut into pushes.
    """

    @property
    def name(self) -> str:
        """Name for the result, such as ``pocketsphinx``."""
        ...

    @property
    def warnings(self) -> Sequence[str]:
        """Sentences for the reader of the result, such as a phrase that it cannot hear."""
        ...

    def push(self, y: FloatArray) -> list[Hypothesis]:
        """Take the next samples, shape (samples,), and return the passes that became possible."""
        ...

    def finish(self) -> list[Hypothesis]:
        """The audio ended: decode what is left."""
        ...


class BaselineKeeper(Protocol):
    """Learns a speaker's usual voice from samples of calm speech, and says what it believes.

    ``centre`` and ``spread`` are level (dBFS, dB), F0 (semitones over 55 Hz, semitones) and effort (dB); ``swing_st``
    is the usual spread of F0 within a stretch of speech, ``pace_syl_s`` the usual articulation rate.
    """

    centre: tuple[float, ...]
    spread: tuple[float, ...]
    swing_st: float
    pace_syl_s: float

    @property
    def known(self) -> bool:
        """Whether enough was heard to judge by."""
        ...

    @property
    def baseline(self) -> Baseline:
        """What is believed now."""
        ...

    def hear(self, speech_s: float) -> None:
        """How much speech the call has held so far, in seconds."""
        ...

    def learn(self, upper: Sequence[float]) -> None:
        """One sample of calm speech: level, F0 and effort."""
        ...

    def learn_swing(self, swing_st: float) -> None:
        """One spread of F0 of calm speech."""
        ...

    def learn_pace(self, pace_syl_s: float) -> None:
        """One articulation rate of calm speech."""
        ...


class Sink(Protocol):
    """Takes events; a failing sink never stops the engine."""

    def take(self, event: Event) -> None:
        """Receive one event, in order."""
        ...
