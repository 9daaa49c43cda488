"""Loading a pocketsphinx decoder, with the remedy in words where that fails."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from monitor.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pocketsphinx import Decoder

PIECE_BYTES = 640
"""Audio is handed over in pieces: pocketsphinx 5.1.1 loses audio, and then crashes, when given seconds at once."""

NOISE = random.Random(1).randbytes(10 * PIECE_BYTES)
"""Loud white noise, 0.2 s."""


def load_decoder(**settings: object) -> Decoder:
    """A decoder with the model that ships with pocketsphinx.

    Raises
    ------
    EnvironmentProblem
        pocketsphinx or its model is not on this machine.
    """
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise EnvironmentProblem(
            "The pocketsphinx recogniser is not installed; run `pip install pocketsphinx`, or choose --recogniser none."
        ) from error
    try:
        return Decoder(loglevel="FATAL", **settings)
    except (RuntimeError, OSError, ValueError) as error:
        raise EnvironmentProblem(
            "pocketsphinx could not load its speech model; reinstall it with "
            "`pip install --force-reinstall pocketsphinx`, or choose --recogniser none."
        ) from error


def make_forget(decoder: Decoder) -> None:
    """Forget all audio that the decoder has heard, so that what comes next is heard as by a new decoder.

    Rebuilding the feature extraction is the only way to forget the background noise; ``start_stream`` does nothing.
    It does not undo that an utterance's first frame is scored from the last frames of the one before, which now and
    then decided whether a phrase was found: so the last frames are always those of the same moment of noise.
    """
    decoder.reinit_feat()
    decoder.start_utt()
    for at in range(0, len(NOISE), PIECE_BYTES):
        decoder.process_raw(NOISE[at : at + PIECE_BYTES], False, False)
    decoder.end_utt()
    decoder.reinit_feat()
