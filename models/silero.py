"""Silero's voice activity detector, which ships inside faster-whisper, frame by frame as a test for ``SpeechGate``.

Measured against WebRTC's detector, which pocketsphinx uses, over 30 s each: Silero never opened on silence, white and
pink noise at -30 and -55 dBFS, hold music, dial tones, a steady tone and key clicks; WebRTC's stayed open on pink
noise, music, dial tones, a tone and clicks. On read speech with pink noise 10 dB below, Silero covered 0.92 of the loud
frames in 21 utterances, WebRTC's 0.77 to 0.81 in 36. It costs 0.2 % of one core. Whisper invents sentences for
whatever is not speech, so what a gate opens on matters more here than for pocketsphinx. Babble of eight voices opens
both: it is speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monitor.types import FloatArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FRAME = 512
"""Samples the network takes at a time, 32 ms."""

CONTEXT = 64
"""Samples of the frame before that it looks back on."""

STATE = (1, 1, 128)


@dataclass(frozen=True, slots=True)
class SileroTuning:
    """Probabilities from which speech begins, and below which it ends.

    Silero was taught on calm speech and is unsure of shouts. Of 36 clips of strong anger (RAVDESS) the 0.5 and 0.35
    that its authors advise missed three whole and covered 0.92 of the loud frames; these miss one and cover 0.96. From
    0.3 on down music and white noise begin to open the gate (their highest probabilities: 0.36 and 0.29). Pauses close
    at most 40 ms later.
    """

    begins: float = 0.4
    ends: float = 0.15


class SileroTest:
    """Whether somebody speaks, asked with consecutive 16-bit frames of any length; fits ``SpeechTest``.

    The answer is that of the newest whole 32 ms, so it comes up to 32 ms late.
    """

    def __init__(self, tuning: SileroTuning = SileroTuning()) -> None:
        self._tuning = tuning
        self._session = _session()
        self._memory = (np.zeros(STATE, np.float32), np.zeros(STATE, np.float32))
        self._context: FloatArray = np.zeros(CONTEXT, np.float32)
        self._pending: FloatArray = np.zeros(0, np.float32)
        self._speaking = False

    def __call__(self, pcm: bytes) -> bool:
        """Take the next samples."""
        self._pending = np.concatenate((self._pending, samples(pcm)))
        while len(self._pending) >= FRAME:
            probability = self._look(self._pending[:FRAME])
            self._pending = self._pending[FRAME:]
            self._speaking = probability >= (self._tuning.ends if self._speaking else self._tuning.begins)
        return self._speaking

    def _look(self, y: FloatArray) -> float:
        seen = np.concatenate((self._context, y))[None]
        answer, h, c = self._session.run(None, {"input": seen, "h": self._memory[0], "c": self._memory[1]})
        self._memory, self._context = (h, c), y[-CONTEXT:]
        return float(answer.item())


def samples(pcm: bytes | bytearray) -> FloatArray:
    """16-bit PCM as float32 with full scale 1.0."""
    return np.frombuffer(bytes(pcm), "<i2").astype(np.float32) / np.float32(32768.0)


@cache
def _session() -> InferenceSession:
    import onnxruntime
    from faster_whisper.utils import get_assets_path

    options = onnxruntime.SessionOptions()
    # Frames are tiny: a second thread would cost more than it brings.
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.log_severity_level = 4
    path = next(Path(get_assets_path()).glob("silero_vad*.onnx"))
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"], sess_options=options)
