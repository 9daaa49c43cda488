"""Which recognisers this machine has, and how to get one by name. Nothing heavy is loaded until one is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from monitor.errors import EnvironmentProblem, ParameterError
from monitor.ports import Transcriber

CHOICES = ("auto", "whisper", "pocketsphinx", "none")
POCKETSPHINX_LANGUAGES = ("en",)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The recogniser to use, None where words are not heard, and sentences about the choice for the result."""

    transcriber: Transcriber | None
    warnings: tuple[str, ...] = ()


def available() -> tuple[str, ...]:
    """Names of the recognisers that can be used here, the best first; ``none`` always can."""
    found = ("pocketsphinx",) if find_spec("pocketsphinx") else ()
    return (*found, "none")


def choose_transcriber(name: str, phrases: Sequence[str], language: str = "en") -> Chosen:
    """A recogniser by name; ``auto`` takes the best that is here and speaks the language, else none with a warning.

    Raises
    ------
    ParameterError
        There is no recogniser of that name.
    EnvironmentProblem
        A recogniser that was asked for by name is not on this machine or does not know the language.
    """
    if name not in CHOICES:
        raise ParameterError(f"There is no recogniser called {name!r}; choose one of {', '.join(CHOICES)}.")
    if name == "none":
        return Chosen(None)
    if name == "whisper":
        raise EnvironmentProblem(
            "The whisper recogniser comes with a later version; use --recogniser pocketsphinx until then."
        )
    try:
        return Chosen(_pocketsphinx(phrases, language))
    except EnvironmentProblem as problem:
        if name == "auto":
            return Chosen(None, (f"Words are not heard, only the voice is judged: {problem}",))
        raise


def resolve_name(name: str, language: str = "en") -> str:
    """The name that ``choose_transcriber`` would settle on, without loading anything.

    Raises
    ------
    ParameterError
        There is no recogniser of that name.
    """
    if name not in CHOICES:
        raise ParameterError(f"There is no recogniser called {name!r}; choose one of {', '.join(CHOICES)}.")
    if name != "auto":
        return name
    speaks = language.split("-", maxsplit=1)[0].lower() in POCKETSPHINX_LANGUAGES
    return available()[0] if speaks else "none"


def make_transcriber(name: str, phrases: Sequence[str], language: str = "en") -> Transcriber | None:
    """The recogniser of ``choose_transcriber`` without the sentences about the choice."""
    return choose_transcriber(name, phrases, language).transcriber


def _pocketsphinx(phrases: Sequence[str], language: str) -> Transcriber:
    if language.split("-", maxsplit=1)[0].lower() not in POCKETSPHINX_LANGUAGES:
        raise EnvironmentProblem(
            f"The pocketsphinx recogniser knows only English, not {language!r}; "
            "set the policy's language to en, or choose --recogniser none."
        )
    from models.pocketsphinx_asr import PocketsphinxTranscriber

    return PocketsphinxTranscriber(phrases)
