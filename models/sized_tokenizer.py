"""A tokenizer of a given size, so that models of our own making decode to something: byte-level BPE, as Whisper's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.sized import SPECIAL, TIMESTAMPS

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from models.catalogue import Shape


def write_tokenizer(folder: Path, shape: Shape) -> None:
    """Write the ``tokenizer.json`` that ``build_sized`` leaves out."""
    plain = shape.vocabulary - len(SPECIAL) - TIMESTAMPS
    byte_level_tokenizer((), SPECIAL, plain=plain).save(str(folder / "tokenizer.json"))


def byte_level_tokenizer(words: Sequence[str], special: Sequence[str], *, plain: int = 0) -> Tokenizer:
    """Byte-level BPE: 256 bytes, the words with the blank before them, so many tokens in all, the special ones."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = _byte_letters()
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    merges = []
    if "" in words:
        vocabulary[""] = len(vocabulary)
    for word in filter(None, words):
        spelt = [letters[byte] for byte in f" {word}".encode()]
        for size in range(1, len(spelt)):
            head, joined = "".join(spelt[:size]), "".join(spelt[: size + 1])
            if joined not in vocabulary:
                vocabulary[joined] = len(vocabulary)
                merges.append((head, spelt[size]))
    for number in range(len(vocabulary), plain):
        vocabulary[f"{letters[32]}{number:05d}"] = number
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in special])
    return tokenizer


def _byte_letters() -> list[str]:
    """How GPT-2 writes each byte: printable ones as they are, the others from code point 256 on."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]
