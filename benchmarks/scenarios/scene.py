"""From a scenario to sound: samples of both sides, and who speaks when, to the sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.scenarios.script import SPEAKERS, Line, Scenario
from benchmarks.scenarios.voices import LEVEL_DBFS, STOCK, USUAL, sentence
from monitor.demo.make_call import room_noise
from monitor.types import RATE_HZ, BoolArray, FloatArray, Segment

START_S, END_S = 0.5, 1.5
BREATH_S = 0.2  # between two stock sentences
_ROOM_DBFS = (-68.0, -70.0)
_HOP = RATE_HZ // 100
_BELOW_DB = 35.0  # what is fainter than this under a sentence's level is no sound of it
_GAP_S = 0.3  # a shorter pause is part of speaking


@dataclass(slots=True)
class Scene:
    """Samples of agent and customer, shape (2, samples), and the stretches in which each one speaks."""

    y: FloatArray
    spoken: tuple[list[Segment], list[Segment]]
    ends_s: list[float] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.y.shape[1] / RATE_HZ)


def render(scenario: Scenario, voices: Mapping[str, str] = USUAL, seed: int = 7) -> Scene:
    """Sound the script of a scenario, spoken by these voices."""
    placed: list[tuple[int, int, FloatArray]] = []
    active: tuple[list[Segment], list[Segment]] = ([], [])
    cursor, ends = START_S, []
    for line in scenario.lines:
        start_s = line.at_s if line.at_s is not None else cursor + (line.gap_s or 0.0)
        side = 0 if line.who in ("agent", "hum") else 1
        y = _sound(line, voices)
        placed.append((side, round(start_s * RATE_HZ), y))
        if line.who in SPEAKERS:
            active[side].extend(_stretches(y, start_s))
        cursor = max(cursor, start_s + len(y) / RATE_HZ)
        ends.append(start_s + len(y) / RATE_HZ)
    samples = round((cursor + END_S) * RATE_HZ)
    own = np.zeros((2, samples), np.float32)
    for side, start, y in placed:
        own[side, start : start + len(y)] += y
    own[1] *= np.float32(10 ** (scenario.customer_gain_db / 20))
    rng = np.random.default_rng(seed)
    room = np.stack([room_noise(samples, level_dbfs, rng) for level_dbfs in _ROOM_DBFS])
    room[1] *= np.float32(10 ** (scenario.customer_gain_db / 20))
    return Scene(own + _leak(own, scenario) + room, (_joined(active[0]), _joined(active[1])), ends)


def _sound(line: Line, voices: Mapping[str, str]) -> FloatArray:
    if line.who in SPEAKERS:
        if line.length_s is None:
            return sentence(line.text, voices[line.who], line.manner, keep=voices[line.who] == USUAL[line.who])
        return _talk(line, voices[line.who])
    samples = round((line.length_s or 0.0) * RATE_HZ)
    gain = np.float32(10 ** ((LEVEL_DBFS + line.manner.level_db) / 20))
    if line.who == "silence":
        return np.zeros(samples, np.float32)
    tone = _music(samples) if line.who == "music" else _ringing(samples) if line.who == "ring" else _hum(samples)
    return np.asarray(gain * tone / np.sqrt((tone**2).mean()), np.float32)


def _talk(line: Line, voice: str) -> FloatArray:
    """Stock sentences, or the line's own over and over, until the length is reached."""
    texts = (line.text,) if line.text else STOCK
    breath = np.zeros(round(BREATH_S * RATE_HZ), np.float32)
    parts: list[FloatArray] = []
    while sum(map(len, parts)) < (line.length_s or 0.0) * RATE_HZ:
        text = texts[len(parts) // 2 % len(texts)]
        parts += [sentence(text, voice, line.manner, keep=voice == USUAL[line.who]), breath]
    return np.concatenate(parts[:-1])


def _music(samples: int) -> FloatArray:
    """Plucked chords of four notes, two a second, as waiting lines play them."""
    rng = np.random.default_rng(3)
    t = np.arange(RATE_HZ) / RATE_HZ
    y = np.zeros(samples + RATE_HZ)
    chords = ((262, 330, 392, 523), (220, 262, 330, 440), (175, 220, 262, 349), (196, 247, 294, 392))
    for number, start in enumerate(range(0, samples, RATE_HZ // 4)):
        note = rng.choice(chords[number // 8 % 4])
        pluck = sum(np.sin(2 * np.pi * note * k * t) / k**1.5 for k in range(1, 7)) * np.exp(-3 * t)
        y[start : start + RATE_HZ] += pluck[: len(y[start : start + RATE_HZ])]
    return np.asarray(y[:samples], np.float32)


def _ringing(samples: int) -> FloatArray:
    """A ringing tone: 425 Hz for one second of every five."""
    t = np.arange(samples) / RATE_HZ
    return np.asarray(np.sin(2 * np.pi * 425 * t) * (t % 5 < 1), np.float32)


def _hum(samples: int) -> FloatArray:
    """Mains hum and a fan."""
    t = np.arange(samples) / RATE_HZ
    tones = np.sin(2 * np.pi * 100 * t) + 0.5 * np.sin(2 * np.pi * 200 * t)
    return np.asarray(tones + 0.3 * np.random.default_rng(4).standard_normal(samples), np.float32)


def _leak(own: FloatArray, scenario: Scenario) -> FloatArray:
    """What each side hears of the other: fainter and later."""
    if scenario.leak_db is None:
        return np.zeros_like(own)
    delay = round(scenario.leak_s * RATE_HZ)
    late = np.pad(own[::-1], ((0, 0), (delay, 0)))[:, : own.shape[1]]
    return np.asarray(late * np.float32(10 ** (-scenario.leak_db / 20)), np.float32)


def _stretches(y: FloatArray, start_s: float) -> list[Segment]:
    """Where a clean clip sounds, from its own samples."""
    whole = len(y) // _HOP * _HOP
    power = (y[:whole].reshape(-1, _HOP).astype(np.float64) ** 2).mean(axis=1)
    loud: BoolArray = power > power.max() * 10 ** (-_BELOW_DB / 10)
    edges = np.flatnonzero(np.diff(loud.astype(np.int8), prepend=0, append=0)).tolist()
    hop_s = _HOP / RATE_HZ
    return [Segment(start_s + a * hop_s, start_s + b * hop_s) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(found: list[Segment]) -> list[Segment]:
    """Stretches with short pauses between them made one."""
    joined: list[Segment] = []
    for each in sorted(found):
        if joined and each.start_s - joined[-1].end_s <= _GAP_S:
            joined[-1] = Segment(joined[-1].start_s, max(joined[-1].end_s, each.end_s))
        else:
            joined.append(each)
    return joined


def both_s(scene: Scene) -> float:
    """Seconds in which both speak."""
    return sum(one.overlap_s(other) for one in scene.spoken[0] for other in scene.spoken[1])
