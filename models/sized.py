"""Builds a Whisper model of a given size with random weights, to measure how long a pass takes on this machine.

The time of a pass depends on the size of the matrices, not on what is in them, so nothing need be fetched to know
whether a model would keep up. Such a model hears nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from models.catalogue import Shape
    from monitor.types import FloatArray

POSITIONS, FRAMES, TIMESTAMPS = 448, 1500, 1501
SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
    "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip


def build_sized(folder: Path, shape: Shape, *, quantization: str = "int8", seed: int = 0) -> None:
    """Write a CTranslate2 folder of this shape: ``model.bin``, ``config.json``, ``vocabulary.json``, mel settings.

    It needs about six bytes of memory per parameter while it is built.
    """
    from ctranslate2.specs.whisper_spec import WhisperSpec  # type: ignore[import-untyped,unused-ignore]

    spec = WhisperSpec(shape.encoder, shape.heads, shape.decoder, shape.heads)
    Filler(shape.width, seed).fill(spec, shape)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.lang_ids, spec.config.alignment_heads = [], [(shape.decoder - 1, 0)]
    spec.register_vocabulary(_vocabulary(shape.vocabulary))
    spec.validate()
    spec.optimize(quantization=quantization)
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    settings = {"feature_size": shape.mels, "sampling_rate": 16_000, "hop_length": 160, "chunk_length": 30}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")


def _vocabulary(size: int) -> list[str]:
    words = [f"w{number}" for number in range(size - len(SPECIAL) - TIMESTAMPS)]
    return [*words, *SPECIAL, *(f"<|{number * 0.02:.2f}|>" for number in range(TIMESTAMPS))]


class Filler:
    """Gives every matrix of a specification its shape and small random values."""

    def __init__(self, width: int, seed: int) -> None:
        self.width, self.rng = width, np.random.default_rng(seed)

    def weights(self, *shape: int) -> FloatArray:
        """Values within +-0.035, whose deviation of 0.02 is that of trained models at their start."""
        values = self.rng.random(shape, dtype=np.float32)
        values -= 0.5
        values *= 0.07
        return values

    def linear(self, part: Any, rows: int, columns: int, *, bias: bool = True) -> None:  # noqa: ANN401 - untyped library
        """A matrix with its bias."""
        part.weight = self.weights(rows, columns)
        if bias:
            part.bias = np.zeros(rows, np.float32)

    def norm(self, part: Any) -> None:  # noqa: ANN401
        """A layer normalisation that changes nothing."""
        part.gamma, part.beta = np.ones(self.width, np.float32), np.zeros(self.width, np.float32)

    def attention(self, part: Any, *rows: int) -> None:  # noqa: ANN401
        """Projections with these many rows, as multiples of the width: fused for self-attention, apart for cross."""
        for linear, multiple in zip(part.linear, rows, strict=True):
            self.linear(linear, multiple * self.width, self.width)
        self.norm(part.layer_norm)

    def feed_forward(self, part: Any) -> None:  # noqa: ANN401
        """The two matrices after the attention."""
        self.norm(part.layer_norm)
        self.linear(part.linear_0, 4 * self.width, self.width)
        self.linear(part.linear_1, self.width, 4 * self.width)

    def fill(self, spec: Any, shape: Shape) -> None:  # noqa: ANN401
        """A whole ``WhisperSpec``."""
        width, encoder, decoder = self.width, spec.encoder, spec.decoder
        for convolution, inputs in ((encoder.conv1, shape.mels), (encoder.conv2, width)):
            convolution.weight, convolution.bias = self.weights(width, inputs, 3), np.zeros(width, np.float32)
        encoder.position_encodings.encodings = self.weights(FRAMES, width)
        decoder.embeddings.weight = self.weights(shape.vocabulary, width)
        decoder.position_encodings.encodings = self.weights(POSITIONS, width)
        self.linear(decoder.projection, shape.vocabulary, width, bias=False)
        for layer in encoder.layer:
            self.attention(layer.self_attention, 3, 1)
            self.feed_forward(layer.ffn)
        for layer in decoder.layer:
            self.attention(layer.self_attention, 3, 1)
            self.attention(layer.attention, 1, 2, 1)
            self.feed_forward(layer.ffn)
        self.norm(encoder.layer_norm)
        self.norm(decoder.layer_norm)
