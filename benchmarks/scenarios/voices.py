"""The voices of the scenarios: sentences that flite spoke once, kept beside the scripts as small Opus files.

So the scenarios are the same on a machine without flite. Height, speed and melody are flite's own; level is a gain, and
effort a filter that lifts 1-4 kHz, as ``monitor.demo.make_call`` does it: no synthetic voice can truly be raised.
"""

from __future__ import annotations

import hashlib
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile as sf

from benchmarks.scenarios.script import Manner
from monitor.demo import make_call
from monitor.demo.script import Manner as Spoken
from monitor.errors import EnvironmentProblem
from monitor.types import RATE_HZ, FloatArray

CLIPS = Path(__file__).parent / "clips"
USUAL = {"agent": "slt", "customer": "awb"}
# Mean F0 and its spread of each voice as it speaks calmly, Hz; flite asks for both.
_CALM_HZ = {"slt": (178.0, 22.0), "awb": (118.0, 14.0), "rms": (105.0, 13.0), "kal16": (100.0, 12.0)}
_OPUS = 0.88  # about 4 kB for a second of speech
LEVEL_DBFS = -27.0
STOCK = (
    "The line was looked at on Monday, and the van came on Tuesday afternoon.",
    "There were two letters, and one of them went to an older address.",
    "The number stands on the second page, below the date.",
    "We moved in March, and since then the meter has been in the cellar.",
    "The new box has a green light at the front, and a small button behind it.",
    "It was fine for a week, and then it went off again in the evening.",
)


@lru_cache(maxsize=512)
def sentence(text: str, voice: str, manner: Manner, *, keep: bool = False) -> FloatArray:
    """One sentence, cut to its speech, at its level, shape (samples,); ``keep`` it as a file where it is new.

    Raises
    ------
    EnvironmentProblem
        It is not kept, and flite is not here to say it.
    """
    y = _clip(text, voice, manner, keep=keep)
    y = make_call.shape_spectrum(y, manner.effort_db, telephone=False) if manner.effort_db else y
    gain_db = LEVEL_DBFS + manner.level_db - make_call.active_dbfs(y)
    return np.asarray(y * np.float32(10 ** (gain_db / 20)), np.float32)


def can_speak(voice: str) -> bool:
    """Whether sentences of this voice can be made here."""
    return voice in _CALM_HZ and shutil.which("flite") is not None


def _clip(text: str, voice: str, manner: Manner, *, keep: bool) -> FloatArray:
    key = f"{voice}|{text}|{manner.height_st:g}|{manner.speed:g}|{manner.lively:g}"
    path = CLIPS / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.opus"
    if not path.exists():
        y = _spoken(text, voice, manner)
        if not keep:
            return y
        path.parent.mkdir(exist_ok=True)
        sf.write(path, y, RATE_HZ, format="OGG", subtype="OPUS", compression_level=_OPUS)
    y, rate_hz = sf.read(path, dtype="float32")
    if rate_hz != RATE_HZ:
        raise EnvironmentProblem(f"{path.name} is damaged; delete it, and it is made anew.")
    return np.asarray(y, np.float32)


def _spoken(text: str, voice: str, manner: Manner) -> FloatArray:
    f0_hz, spread_hz = _CALM_HZ[voice]
    f0_hz *= 2 ** (manner.height_st / 12)
    spread_hz *= f0_hz / _CALM_HZ[voice][0] * manner.lively
    y, phones = make_call.speak(text, voice, Spoken("calm", LEVEL_DBFS, f0_hz, spread_hz, 1 / manner.speed))
    said = [phone for phone in phones if phone[0] != "pau"]
    margin_s = make_call.MARGIN_S
    y = y[int(max(0.0, said[0][1] - margin_s) * RATE_HZ) : int((said[-1][2] + margin_s) * RATE_HZ)]
    edge = np.minimum(1, np.arange(len(y)) / (0.008 * RATE_HZ))
    return np.asarray(0.5 * y * edge * edge[::-1] / max(1e-6, float(np.abs(y).max())), np.float32)
