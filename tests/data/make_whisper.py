"""Builds Whisper models for tests, in CTranslate2's form, with numpy, ctranslate2 and tokenizers alone.

- ``build_scripted``: a model that always hears a given sentence, whatever the sound, with word times. Its decoder is a
  chain in which each word calls for the next; its cross-attention points each word at its own place in the audio.
- ``build_sized``: random weights in the size of a real model, to measure what a pass costs.
- ``python tests/data/make_whisper.py``: makes the clips ``whisper_*.flac`` of the phrases that the trained model in
  ``whisper_tiny`` knows (40 phrases, taught on synthetic voices); needs flite and espeak-ng.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from models.catalogue import Shape, known_entry
from models.sized import SPECIAL, TIMESTAMPS, Filler
from models.sized import build_sized as build_without_tokenizer
from models.sized_tokenizer import byte_level_tokenizer, write_tokenizer

HERE = Path(__file__).parent
RATE_HZ = 16_000
TINY = HERE / "whisper_tiny"
WIDTH = 64
TOKENS_PER_S = 50
MULTILINGUAL = (*SPECIAL[:3], "<|de|>", *SPECIAL[3:])

CLIPS = {
    "whisper_slt": (
        ["flite", "-voice", "slt"],
        ("calm down", "it's our policy", "thank you for your patience", "i will check the account"),
    ),
    "whisper_m1": (["espeak-ng", "-v", "en-us+m1", "-s", "170"], ("you don't understand", "i promise", "let me help")),
}
PAUSE_S = 1.2


class _Zeros(Filler):
    """Every matrix of the right shape, and nothing in it."""

    def weights(self, *shape):
        return np.zeros(shape, np.float32)


def build_scripted(folder, sentence, *, start_s=0.0, end_s=3.0, loop=False, languages=("en",), sure=1.0, empty=False):
    """A model that hears these words, evenly from ``start_s`` to ``end_s``, each word once, or with ``loop`` for ever.

    ``sure`` scales its outputs: the lower, the less probable its words. ``empty`` makes it hold all audio for silence.
    With two languages it is multilingual.

    Use it with a greedy search: a wider one stops at its first five ends, which here are shortcuts through the chain.
    """
    from ctranslate2.specs.whisper_spec import WhisperSpec

    words = sentence.lower().split()
    english = languages == ("en",)
    # CTranslate2 tells multilingual models by an empty token, which OpenAI's have.
    tokenizer = byte_level_tokenizer(words, SPECIAL) if english else byte_level_tokenizer([*words, ""], MULTILINGUAL)
    known = tokenizer.get_vocab_size(with_added_tokens=True)
    ids = tokenizer.encode(" " + " ".join(words)).ids
    assert len(set(ids)) == len(ids) == len(words), "each word once, and as one token"
    spec = WhisperSpec(1, 1, 1, 1)
    _Zeros(WIDTH, 0).fill(spec, Shape(WIDTH, 1, 1, 1, 80, known + TIMESTAMPS))
    tokens = np.random.default_rng(0).choice([-1.0, 1.0], (known + TIMESTAMPS, WIDTH)).astype(np.float32)
    tokens -= tokens.mean(1, keepdims=True)
    tokens /= tokens.std(1, keepdims=True)
    spec.decoder.embeddings.weight = tokens
    calls = np.zeros_like(tokens)
    last = ids[0] if loop else tokenizer.token_to_id("<|endoftext|>")
    chain = [tokenizer.token_to_id("<|notimestamps|>"), *ids, last]
    for before, after in pairwise(chain):
        calls[after] += sure * tokens[before]
    if empty:
        calls[tokenizer.token_to_id("<|nospeech|>")] += tokens[tokenizer.token_to_id("<|startoftranscript|>")]
    spec.decoder.projection.weight = calls
    _point(spec, tokens[chain[:-1]], start_s, end_s)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.lang_ids = [tokenizer.token_to_id(f"<|{each}|>") for each in languages] if not english else []
    spec.config.alignment_heads = [(0, 0)]
    names = {number: text for text, number in tokenizer.get_vocab(with_added_tokens=True).items()}
    times = [f"<|{number * 0.02:.2f}|>" for number in range(TIMESTAMPS)]
    spec.register_vocabulary([names[number] for number in range(known)] + times)
    spec.validate()
    spec.optimize(quantization="int8")
    folder.mkdir(parents=True)
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def _point(spec, callers, start_s, end_s):
    """Make each word's query meet the key of its frame; values stay zero, so that the text does not change.

    The query of a word is asked by the token before it, which calls for it; the last word asks for what follows.
    """
    rates = np.exp(-np.log(10_000) / (WIDTH // 2 - 1) * np.arange(WIDTH // 2))
    angles = np.arange(1500)[:, None] * rates
    places = np.concatenate([np.sin(angles), np.cos(angles)], 1).astype(np.float32)
    spec.encoder.position_encodings.encodings = places
    places = (places - places.mean(1, keepdims=True)) / places.std(1, keepdims=True)
    each_s = (end_s - start_s) / (len(callers) - 1)
    frames = ((start_s + (np.arange(len(callers)) + 0.5) * each_s) * TOKENS_PER_S).astype(int)
    queries, keys = spec.decoder.layer[0].attention.linear[:2]
    queries.weight = (places[frames].T @ callers / WIDTH).astype(np.float32)
    keys.weight = np.concatenate([2 * np.eye(WIDTH), np.zeros((WIDTH, WIDTH))]).astype(np.float32)


def build_sized(folder, name):
    """A model of the size of a real one, by name; a tokenizer with as many entries, so that it decodes something."""
    shape = known_entry(name).shape
    build_without_tokenizer(folder, shape)
    write_tokenizer(folder, shape)
    return folder


def make_clip(command: Sequence[str], phrases: Sequence[str]) -> tuple[np.ndarray, list[dict[str, object]]]:
    """Phrases with pauses, and where each is."""
    import soundfile as sf
    import soxr

    pause = np.zeros(round(PAUSE_S * RATE_HZ), np.float32)
    parts, truth, length = [pause], [], len(pause)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "phrase.wav"
        for phrase in phrases:
            last = ["-t", phrase, "-o", str(path)] if command[0] == "flite" else ["-w", str(path), phrase]
            subprocess.run([*command, *last], check=True, capture_output=True)
            y, rate_hz = sf.read(path, dtype="float32")
            y = soxr.resample(y, rate_hz, RATE_HZ)
            loud = np.flatnonzero(np.abs(y) > 0.005)
            y = y[loud[0] : loud[-1]]
            y *= 0.1 / np.sqrt(np.mean(y**2))
            start_s, end_s = (round(at / RATE_HZ, 3) for at in (length, length + len(y)))
            truth.append({"phrase": phrase, "start_s": start_s, "end_s": end_s})
            parts += [y, pause]
            length += len(y) + len(pause)
    return np.concatenate(parts), truth


def main() -> None:
    """Write the clips and their truth."""
    import soundfile as sf

    truth = {}
    for name, (command, phrases) in CLIPS.items():
        y, truth[name] = make_clip(command, phrases)
        sf.write(HERE / f"{name}.flac", y, RATE_HZ, subtype="PCM_16")
    (HERE / "whisper_clips.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
