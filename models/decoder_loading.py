"""Loading a pocketsphinx decoder, with the remedy in words where that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import EnvironmentProblem

if TYPE_CHECKING:
    from pocketsphinx import Decoder

PIECE_BYTES = 640
"""Audio is handed over in pieces: pocketsphinx 5.1.1 loses audio, and then crashes, when given seconds at once."""


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
