"""What else may happen to a call on its way: a room, people nearby, a headset's gain control, codecs, drifting gain.

Each takes a call at ``RATE_HZ`` that was built with its gain as recorded, and keeps its truth: no channel delays the
sound. Everything is made from the recordings at hand when it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np

from benchmarks.data import Samples
from benchmarks.escalation_calls import Call
from benchmarks.sound import PHONE_HZ, RATE_HZ, active_rms, narrow_band, rms

RT60_S = 0.5
DIRECT_OVER_ECHO_DB = 0.0  # as far from the microphone as the room's critical distance: a microphone on the desk
_FIRST_ECHO_S = 0.0025
TALKERS = 6
BABBLE_UNDER_DB = 10.0
# The headset's loop follows the power of speech, fast upwards and slowly downwards, and brings it to its target.
TARGET_DBFS, MOST_GAIN_DB, GATE_DBFS = -20.0, 15.0, -50.0
ATTACK_S, RELEASE_S = 1.0, 5.0
_STEP = RATE_HZ // 100
OPUS_LEVEL = 0.975  # of libsndfile's range from 256 down to 6 kbit/s: about 12
DRIFT_DB = 6.0

Channel = Callable[[Call, np.random.Generator, Sequence[Samples]], Call]


def room(call: Call, rng: np.random.Generator, _others: Sequence[Samples] = ()) -> Call:
    """Reverberation: noise that decays by 60 dB in ``RT60_S``, as strong as the direct sound; level as before."""
    from scipy.signal import oaconvolve

    t_s = np.arange(round(RT60_S * RATE_HZ)) / RATE_HZ
    echo = rng.standard_normal(len(t_s)) * 10 ** (-3 * t_s / RT60_S)
    echo[t_s < _FIRST_ECHO_S] = 0.0
    echo *= 10 ** (-DIRECT_OVER_ECHO_DB / 20) / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    heard = oaconvolve(call.y, echo)[: len(call.y)]
    return _with(call, heard * (rms(call.y) / rms(heard)))


def babble(call: Call, rng: np.random.Generator, others: Sequence[Samples]) -> Call:
    """``TALKERS`` others at work, together ``BABBLE_UNDER_DB`` under this agent's calm speech."""
    total = np.zeros(len(call.y))
    for _ in range(TALKERS):
        total += _talk(others, len(call.y), rng)
    first = call.parts[0]
    calm = active_rms(call.y[int(first.start_s * RATE_HZ) : int(first.end_s * RATE_HZ)])
    return _with(call, call.y + total * (calm * 10 ** (-BABBLE_UNDER_DB / 20) / rms(total)))


def _talk(clips: Sequence[Samples], count: int, rng: np.random.Generator) -> Samples:
    """One other person: clips one after another, each equally strong, from somewhere in the middle of a clip on."""
    sounds: list[Samples] = []
    missing = count
    while missing > 0:
        clip = clips[int(rng.integers(len(clips)))]
        clip = clip / active_rms(clip)
        if not sounds:
            clip = clip[int(rng.integers(len(clip))) :]
        sounds += [clip, np.zeros(int(rng.uniform(0.3, 1.2) * RATE_HZ))]
        missing -= len(sounds[-1]) + len(clip)
    return np.concatenate(sounds)[:count]


def headset(call: Call, _rng: np.random.Generator, _others: Sequence[Samples] = ()) -> Call:
    """Slow automatic gain control: down within ``ATTACK_S``, up 0.9 dB with each second of speech, still in pauses."""
    power = (call.y[: len(call.y) // _STEP * _STEP].reshape(-1, _STEP) ** 2).mean(axis=1)
    speech = power > 10 ** (GATE_DBFS / 10)
    rates = {up: 1 - np.exp(-_STEP / RATE_HZ / s) for up, s in ((True, ATTACK_S), (False, RELEASE_S))}
    target = 10 ** (TARGET_DBFS / 10)
    followed = np.empty(len(power))
    now = target
    for i, value in enumerate(power.tolist()):
        if speech[i]:
            now += rates[value > now] * (value - now)
        followed[i] = now
    gain_db = np.clip(10 * np.log10(target / followed), -MOST_GAIN_DB, MOST_GAIN_DB)
    # what a step taught holds from its end on
    at = _STEP * np.arange(1, len(gain_db) + 1)
    return _with(call, call.y * 10 ** (np.interp(np.arange(len(call.y)), at, gain_db, left=0.0) / 20))


def gsm(call: Call, _rng: np.random.Generator, _others: Sequence[Samples] = ()) -> Call:
    """The telephone band through GSM full rate, 13 kbit/s."""
    return replace(call, y=_coded(narrow_band(call.y), "WAV", "GSM610"), rate_hz=PHONE_HZ)


def opus(call: Call, _rng: np.random.Generator, _others: Sequence[Samples] = ()) -> Call:
    """The telephone band through Opus at 8 kHz and about 12 kbit/s."""
    y = _coded(narrow_band(call.y), "OGG", "OPUS", compression_level=OPUS_LEVEL)
    return replace(call, y=y, rate_hz=PHONE_HZ)


def drift(call: Call, _rng: np.random.Generator, _others: Sequence[Samples] = ()) -> Call:
    """Gain that swings once over the whole call, up by ``DRIFT_DB`` and down by as much."""
    swing = np.sin(2 * np.pi * np.arange(len(call.y)) / len(call.y))
    return _with(call, call.y * 10 ** (DRIFT_DB * swing / 20))


CHANNELS: Mapping[str, Channel] = {
    "room": room, "babble": babble, "headset": headset, "gsm": gsm, "opus": opus, "drift": drift
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coded:
    """Samples that went through a codec, and what they took."""

    y: Samples
    bits_per_s: float


def _with(call: Call, y: Samples) -> Call:
    return replace(call, y=np.clip(y, -1, 1))


def _coded(y: Samples, form: str, codec: str, *, compression_level: float | None = None) -> Samples:
    return coded(y, form, codec, compression_level=compression_level).y


def coded(y: Samples, form: str, codec: str, *, compression_level: float | None = None) -> Coded:
    """The samples at ``PHONE_HZ`` written by libsndfile and read again."""
    import soundfile as sf

    file = BytesIO()
    # a filter overshoots, and not every codec of the library cuts what is beyond full scale: some let it wrap around
    sf.write(file, np.clip(y, -0.999, 0.999), PHONE_HZ, format=form, subtype=codec, compression_level=compression_level)
    size = file.tell()
    file.seek(0)
    heard, _ = sf.read(file, dtype="float64")
    # codecs fill their last packet
    return Coded(np.asarray(heard[: len(y)]), 8 * size * PHONE_HZ / len(y))
