"""Which channel is the agent's? A guess from how recordings of calls usually are, with a stated confidence.

Four signs, each a log-odds for channel 0, few enough to be told to a person:

- who speaks first: the agent takes the call with a greeting;
- band: the agent's microphone is recorded in full where the customer came through a telephone;
- noise: a headset at a desk is quieter than a telephone line or a street;
- share of talk: agents speak a little more.

The weights are round numbers, not fitted: no corpus of stereo calls with known sides was at hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor.types import RATE_HZ, BoolArray, FloatArray

HEARD_S = 60.0
SURE = 0.9  # a guess against what was given is worth a warning from here
_SIZE = 512  # samples of one look, 32 ms
_VOICE_HZ, _UPPER_HZ = (300, 3400), (3800, 7500)
_OVER_FLOOR_DB = 12.0
_LEAST_DBFS = -60.0
_FIRST_S = 0.2  # of speech within half a second tell who began
_NARROW_DB = -40.0  # nothing is left of the upper band
_OVER_HISS_DB = 3.0
_EACH_DB = 6.0  # a difference that counts in full
_FIRST, _BAND, _NOISE, _SHARE = 1.0, 2.0, 0.5, 0.5


@dataclass(frozen=True, slots=True)
class SideGuess:
    """Which channel is taken for the agent's, how sure that is (0.5 to 1), and why."""

    channel: int
    confidence: float
    why: str


class SideListener:
    """Hears the first minutes of two channels; feed it samples, then ask."""

    def __init__(self) -> None:
        self._left: FloatArray = np.zeros((2, 0), np.float32)
        self._powers: list[FloatArray] = []  # of voice and upper band, shape (2 channels, 2 bands, looks)
        self._looks = 0

    @property
    def enough(self) -> bool:
        """Whether more would not be heard."""
        return self._looks * _SIZE >= HEARD_S * RATE_HZ

    def push(self, y: FloatArray) -> None:
        """Take samples of both channels, shape (2, samples)."""
        if self.enough:
            return
        joined = np.concatenate([self._left, y], axis=1)
        whole = joined.shape[1] // _SIZE * _SIZE
        self._left = joined[:, whole:]
        frames = joined[:, :whole].reshape(2, -1, _SIZE) * np.hanning(_SIZE).astype(np.float32)
        power = np.abs(np.fft.rfft(frames)) ** 2 / (_SIZE * _SIZE / 4)
        hz = np.fft.rfftfreq(_SIZE, 1 / RATE_HZ)
        bands = [power[:, :, (hz >= low) & (hz < high)].sum(axis=2) for low, high in (_VOICE_HZ, _UPPER_HZ)]
        self._powers.append(np.stack(bands, axis=1).astype(np.float32))
        self._looks += frames.shape[1]

    def guess(self) -> SideGuess | None:
        """The agent's channel, None where one side was not heard or nothing tells them apart."""
        if not any(power.size for power in self._powers):
            return None
        level_db = 10 * np.log10(np.concatenate(self._powers, axis=2) + 1e-12)
        voice_db, upper_db = level_db[:, 0], level_db[:, 1]
        floor_db = np.quantile(voice_db, 0.1, axis=1)
        spoken = voice_db > np.maximum(floor_db + _OVER_FLOOR_DB, _LEAST_DBFS)[:, None]
        spoken &= voice_db >= voice_db.max(axis=0) - 1.0  # the louder channel: not the other one's leak
        if not all(spoken.sum(axis=1) * _SIZE >= RATE_HZ) or spoken.all(axis=1).any():
            return None
        first = [_begins(row) for row in spoken]
        band = [_band_db(upper_db[side], voice_db[side], spoken[side]) for side in (0, 1)]
        share = spoken[0].sum() / spoken.sum()
        signs = [
            (_FIRST * float(np.sign(first[1] - first[0])), "it speaks first"),
            (_BAND * _clipped((band[0] - band[1]) / _EACH_DB), "its sound has the wider band"),
            (_NOISE * _clipped((floor_db[1] - floor_db[0]) / _EACH_DB), "it is the quieter line"),
            (_SHARE * _clipped((share - 0.5) / 0.25), "it speaks more"),
        ]
        odds = sum(weight for weight, _ in signs)
        if abs(odds) < 1e-6:
            return None
        why = [text for weight, text in sorted(signs, key=lambda sign: -abs(sign[0])) if weight * odds > 0.05]
        return SideGuess(int(odds < 0), round(float(1 / (1 + np.exp(-abs(odds)))), 2), ", ".join(why))


def _band_db(upper_db: FloatArray, voice_db: FloatArray, spoken: BoolArray) -> float:
    """How much of the voice lies in the upper band, nothing where it drowns in the line's own hiss; dB."""
    heard_db, hiss_db = float(np.median(upper_db[spoken])), float(np.median(upper_db[~spoken]))
    if heard_db < hiss_db + _OVER_HISS_DB:
        return _NARROW_DB
    return max(_NARROW_DB, heard_db - float(np.median(voice_db[spoken])))


def _clipped(value: float) -> float:
    return float(np.clip(value, -1.0, 1.0))


def _begins(spoken: BoolArray) -> int:
    """The look at which speech begins: enough of it within half a second."""
    within, least = round(0.5 * RATE_HZ / _SIZE), round(_FIRST_S * RATE_HZ / _SIZE)
    counts = np.convolve(spoken.astype(np.int32), np.ones(within, np.int32))[within - 1 :]
    return int(np.argmax(counts >= least)) if (counts >= least).any() else len(spoken)


def told(guess: SideGuess | None) -> str:
    """The sentence for the result's warnings where the channel was to be guessed."""
    if guess is None:
        return "channel 0 taken as the agent's, as nothing tells the two sides apart; --agent-channel says which it is"
    return f"channel {guess.channel} taken as the agent's (confidence {guess.confidence:.2g}): {guess.why}"


def doubt(guess: SideGuess | None, agent_channel: int) -> str | None:
    """A sentence where the guess strongly disagrees with the channel that was given."""
    if guess is None or guess.channel == agent_channel or guess.confidence < SURE:
        return None
    return (
        f"channel {agent_channel} was taken as the agent's, but channel {guess.channel} looks more like it "
        f"(confidence {guess.confidence:.2g}): {guess.why}; --agent-channel {guess.channel} would judge that one"
    )
