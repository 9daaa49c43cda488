"""What is no voice lights nothing: silence, noise, tones, music, keys; nothing is flagged and every number is one."""

import json

import jsonschema
import numpy as np
import pytest

from monitor.assemble import AnalysisOptions, analyse_source
from monitor.result_types import result_schema
from monitor.sources.array import ArraySource
from monitor.types import RATE_HZ
from tests import signals, voices

SECONDS = 20


def babble():
    """Many people at once, far away."""
    talks = [
        voices.speak([voices.Manner(SECONDS, f0_hz=90 + 25 * i, syllables_s=3.5 + 0.3 * i)], noise_dbfs=-90, seed=i).y
        for i in range(7)
    ]
    return signals.at_level(sum(np.roll(y, 4000 * i) for i, y in enumerate(talks)), -38)


def hold_music():
    """Chords, a melody with vibrato and a drum."""
    t = signals.times_s(SECONDS)
    bar = (t // 2).astype(int) % 4
    roots = np.array([130.8, 110.0, 87.3, 98.0])[bar]
    chord = sum(np.sin(2 * np.pi * np.cumsum(roots * ratio) / RATE_HZ) for ratio in (1, 1.25, 1.5, 2))
    notes = np.array([523, 587, 659, 587, 523, 440, 392, 440])[(t // 0.5).astype(int) % 8] / 2
    notes = notes * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * t))
    phase = 2 * np.pi * np.cumsum(notes) / RATE_HZ
    melody = sum(np.sin(n * phase) / n for n in range(1, 8)) * np.exp(-2 * (t % 0.5))
    beat = np.random.default_rng(1).standard_normal(len(t)) * np.exp(-30 * (t % 0.5))
    return signals.at_level(chord + 2 * melody + beat, -20)


def keypad():
    """Dual tones, one key every 0.4 s."""
    t = signals.times_s(SECONDS)
    key = (t // 0.4).astype(int)
    low, high = np.array([697, 770, 852, 941])[key % 4], np.array([1209, 1336, 1477])[key % 3]
    on = t % 0.4 < 0.2
    return signals.at_level(on * (np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)), -18)


def keys():
    """Somebody types."""
    random = np.random.default_rng(2)
    y = signals.noise(SECONDS, -65)
    for at in np.cumsum(random.uniform(0.08, 0.4, 70)):
        click = random.standard_normal(400) * np.exp(-np.arange(400) / 60) * random.uniform(0.1, 0.4)
        start = round(at * RATE_HZ)
        y[start : start + 400] += click[: max(0, len(y) - start)].astype(np.float32)
    return y


def hum():
    """The mains, and a little noise."""
    t = signals.times_s(SECONDS)
    y = sum(np.sin(2 * np.pi * 50 * n * t) / n**1.5 for n in range(1, 12))
    return signals.at_level(y, -30) + signals.noise(SECONDS, -60)


SOUNDS = {
    "silence": lambda: signals.silence(SECONDS),
    "white": lambda: signals.noise(SECONDS, -30),
    "white loud": lambda: signals.noise(SECONDS, -12),
    "pink": lambda: signals.noise(SECONDS, -25, pink=True),
    "gusts": lambda: signals.noise(SECONDS, -25, pink=True)
    * (0.05 + np.abs(np.sin(3 * signals.times_s(SECONDS)))).astype(np.float32),
    "babble": babble,
    "dc": lambda: np.full(SECONDS * RATE_HZ, 0.4, np.float32),
    "dc full": lambda: np.ones(SECONDS * RATE_HZ, np.float32),
    "hum": hum,
    "music": hold_music,
    "keypad": keypad,
    "keys": keys,
    "square": lambda: np.sign(np.sin(2 * np.pi * 150 * signals.times_s(SECONDS))).astype(np.float32),
    "clipped sine": lambda: np.clip(5 * np.sin(2 * np.pi * 220 * signals.times_s(SECONDS)), -1, 1).astype(np.float32),
    "tone": lambda: signals.tone(440, SECONDS),
    "impulse": lambda: signals.click(3.0, SECONDS),
}


def judged(y, recogniser):
    options = AnalysisOptions(recogniser=recogniser)
    return analyse_source(ArraySource(np.asarray(y, np.float32), name="sound"), options)


@pytest.mark.parametrize("recogniser", ["none", "pocketsphinx"])
@pytest.mark.parametrize("name", SOUNDS)
def test_what_is_no_voice_lights_nothing(name, recogniser):
    result = judged(SOUNDS[name](), recogniser)
    assert {str(span.light) for span in result.lights} <= {"grey", "green"}
    assert result.flags == ()
    plain = result.to_dict()
    jsonschema.validate(plain, result_schema())
    text = json.dumps(plain, allow_nan=False)
    assert json.loads(text) == plain
    assert result.lights[-1].end_s == SECONDS


def test_digital_silence_is_called_no_signal():
    result = judged(signals.silence(SECONDS), "none")
    first, then = result.lights
    assert (first.light, first.reasons[0].id) == ("grey", "learning")
    assert (then.light, then.reasons[0].id) == ("grey", "no_signal")
    assert then.start_s == pytest.approx(5, abs=0.2)
    assert result.turns == ()
    assert result.baseline is None


@pytest.mark.parametrize("name", ["white", "pink", "keys", "dc", "hum"])
def test_after_a_calm_voice_noise_keeps_the_light_calm(name):
    """A usual voice is known, so that the grey of learning does not hide a wrong light."""
    talk = voices.speak([voices.Manner(34)], seed=5).y
    result = judged(np.concatenate([talk, SOUNDS[name]()]), "none")
    assert "green" in {str(span.light) for span in result.lights}
    assert {str(span.light) for span in result.lights} <= {"grey", "green"}


@pytest.mark.parametrize(
    "name",
    [
        "music",
        "babble",
        "square",
        "keypad",
    ],
)
def test_after_a_calm_voice_no_sound_is_red(name):
    talk = voices.speak([voices.Manner(34)], seed=5).y
    result = judged(np.concatenate([talk, SOUNDS[name]()]), "none")
    assert "red" not in {str(span.light) for span in result.lights}
