"""Which recogniser hears a recording: by name, or the best on this machine. Nothing heavy is loaded to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from models.host_child import Recipe
from monitor.errors import EnvironmentProblem, ParameterError
from monitor.ports import Transcriber

CHOICES = ("auto", "whisper", "pocketsphinx", "none")
NONE = "none"
POCKETSPHINX_LANGUAGES = ("en",)


@dataclass(frozen=True, slots=True)
class Choice:
    """A recogniser that was settled on: its name for the result, how to build it (None for none), and sentences."""

    name: str
    recipe: Recipe | None = None
    warnings: tuple[str, ...] = ()


def available(language: str = "en") -> tuple[str, ...]:
    """Names of the recognisers that can be used here, the best first; ``none`` always can."""
    found = ["whisper"] if whisper_models(language) else []
    if find_spec("pocketsphinx"):
        found.append("pocketsphinx")
    return (*found, NONE)


def whisper_models(language: str = "en") -> list[str]:
    """Whisper models on this machine that know the language: first the one that keeps up best by measurement."""
    from models.store import recommended, whisper_models_here

    best = recommended(language)
    return sorted((model.name for model in whisper_models_here(language)), key=lambda name: name != best)


def choose(name: str, phrases: Sequence[str], language: str = "en", model: str | Path | None = None) -> Choice:
    """Settle on a recogniser; ``auto`` takes the best that is here and speaks the language, else none with a warning.

    ``model`` names the Whisper model or its folder; giving one without a recogniser means Whisper.

    Raises
    ------
    ParameterError
        There is no recogniser or no model of that name.
    EnvironmentProblem
        A recogniser that was asked for is not on this machine or does not know the language.
    """
    if name not in CHOICES:
        raise ParameterError(f"There is no recogniser called {name!r}; choose one of {', '.join(CHOICES)}.")
    if model is not None and name not in ("auto", "whisper"):
        raise ParameterError(f"A model is for the whisper recogniser; leave --model or --recogniser {name} out.")
    if name == NONE:
        return Choice(NONE)
    if name == "whisper" or model is not None:
        return _whisper(model, language)
    if name == "pocketsphinx":
        return _pocketsphinx(phrases, language)
    best = available(language)[0]
    if best == "whisper":
        return _whisper(None, language)
    try:
        return _pocketsphinx(phrases, language)
    except EnvironmentProblem as problem:
        return without_words(problem)


def without_words(problem: Exception) -> Choice:
    """No recogniser, and why, for the reader of the result."""
    return Choice(NONE, None, (f"Words are not heard, only the voice is judged: {problem}",))


def build(recipe: Recipe) -> Transcriber:
    """Make the recogniser in this process.

    Raises
    ------
    EnvironmentProblem
        It cannot be loaded here.
    """
    module, _, factory = recipe.factory.partition(":")
    transcriber: Transcriber = getattr(import_module(module), factory)(**recipe.arguments)
    return transcriber


def make_transcriber(
    name: str, phrases: Sequence[str], language: str = "en", model: str | Path | None = None
) -> Transcriber | None:
    """The recogniser of ``choose``, in this process; None for none."""
    choice = choose(name, phrases, language, model)
    return None if choice.recipe is None else build(choice.recipe)


def _whisper(model: str | Path | None, language: str) -> Choice:
    from models.whisper_asr import load_recipe

    if model is None:
        names = whisper_models(language)
        if not names:
            raise EnvironmentProblem(
                "No Whisper model for this language is on this machine; see: evenkeel models list, "
                "or use --recogniser pocketsphinx."
            )
        model = names[0]
    recipe = load_recipe(model, language=language)
    return Choice(f"whisper {recipe.label}", recipe)


def _pocketsphinx(phrases: Sequence[str], language: str) -> Choice:
    if language.split("-", maxsplit=1)[0].lower() not in POCKETSPHINX_LANGUAGES:
        raise EnvironmentProblem(
            f"The pocketsphinx recogniser knows only English, not {language!r}; "
            "set the policy's language to en, or choose --recogniser none."
        )
    if find_spec("pocketsphinx") is None:
        raise EnvironmentProblem("The pocketsphinx recogniser is missing; install it with: pip install pocketsphinx")
    recipe = Recipe("models.pocketsphinx_asr:PocketsphinxTranscriber", {"phrases": tuple(phrases)})
    return Choice("pocketsphinx", recipe)
