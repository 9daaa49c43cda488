"""A stretch of a recording as a WAV of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monitor.errors import InputProblem, ParameterError
from monitor.replay.recording import Waveform
from monitor.sinks.files import replacing

AROUND_S = 2.0  # what is kept before and after a flag, to hear it in its context
_STEP_S = 60.0


def around(start_s: float, end_s: float, duration_s: float) -> tuple[float, float]:
    """A stretch with a little more on both sides, within the call."""
    return max(0.0, start_s - AROUND_S), min(duration_s, end_s + AROUND_S)


def export_clip(waveform: Waveform, start_s: float, end_s: float, path: Path) -> None:
    """Write what was recorded between two times, all channels, as 16-bit WAV at the recording's own rate.

    Raises
    ------
    ParameterError
        The end is not after the start.
    InputProblem
        The recording has no sound there.
    OutputProblem
        The file cannot be written.
    """
    import soundfile

    if not end_s > start_s:
        raise ParameterError(f"A clip must end after it begins, not from {start_s:.1f} to {end_s:.1f} s.")
    with replacing(path) as handle:
        written = 0
        with soundfile.SoundFile(handle, "w", waveform.rate_hz, waveform.channels, "PCM_16", format="WAV") as clip:
            at_s = start_s
            while at_s < end_s:
                y = waveform.samples(at_s, min(end_s, at_s + _STEP_S))
                clip.write(np.ascontiguousarray(y.T))
                written += y.shape[1]
                at_s += _STEP_S
        if not written:
            raise InputProblem("There is no sound in this stretch of the recording: choose another one.")
