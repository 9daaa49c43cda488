"""Finds a Whisper model on this machine, loads it, and decodes one utterance with it. Nothing is ever downloaded.

A model is a folder in CTranslate2's form. faster-whisper would ask the network for every name and for a missing
``tokenizer.json``, so names are looked up and folders checked before it sees them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.catalogue import known_entry, title
from models.model_folder import missing_files
from models.speech_gate import FRAMES_PER_S
from models.speed import threads_here
from models.store import find_model
from models.whisper_reject import Decoding
from monitor.errors import EnvironmentProblem, ParameterError
from monitor.types import RATE_HZ, BoolArray, FloatArray, Word

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

FULL_WINDOW_S = 30.0
MEL_FRAMES_PER_S = 100
MOST_TOKENS = 448
DEVICES = ("auto", "cpu", "cuda")

# The best first: what a device computes fastest at next to no loss, then what comes nearest.
COMPUTE_TYPES = {
    "cpu": ("int8", "int8_float32", "float32"),
    "cuda": ("float16", "int8_float16", "bfloat16", "int8", "float32"),
}


def find_model_folder(model: str | Path) -> Path:
    """Where a model is: a folder as given, or a name in our own folder of models or in the hub's cache.

    Raises
    ------
    ParameterError
        No model has that name.
    EnvironmentProblem
        It is not on this machine, or files of it are missing.
    """
    given = Path(model).expanduser()
    is_path = isinstance(model, Path) or given.is_dir() or len(given.parts) > 1
    folder = given if is_path else find_model(model)
    if folder is None:
        name = known_entry(str(model)).name
        raise EnvironmentProblem(f"The model {name} is not on this machine; fetch it with: evenkeel models get {name}")
    if not folder.is_dir():
        raise EnvironmentProblem(f"There is no model folder {model}; give a folder that holds a Whisper model.")
    missing = missing_files(folder)
    if missing:
        raise EnvironmentProblem(
            f"The model folder {folder} lacks {', '.join(missing)}; copy the whole model there, "
            "or fetch it with: evenkeel models get NAME"
        )
    return folder.resolve()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how a model computes, and sentences about what was asked for and could not be had."""

    device: str
    compute_type: str
    warnings: tuple[str, ...] = ()


def choose_placement(device: str, compute_type: str, *, gpus: int, supported: Mapping[str, Sequence[str]]) -> Placement:
    """What is asked for as far as the machine has it, else the next best, with a sentence.

    Parameters
    ----------
    device : ``auto``, ``cpu`` or ``cuda``.
    compute_type : ``auto`` or one of CTranslate2's, such as ``int8``.
    gpus : how many CUDA devices there are.
    supported : compute types by device.

    Raises
    ------
    ParameterError
        There is no such device.
    """
    if device not in DEVICES:
        raise ParameterError(f"There is no device {device!r} to compute on; choose one of {', '.join(DEVICES)}.")
    warnings = []
    if device == "cuda" and not gpus:
        warnings.append("No CUDA graphics card was found, so the recogniser runs on the processor.")
    chosen = "cuda" if device in ("auto", "cuda") and gpus else "cpu"
    can = supported[chosen]
    best = next((kind for kind in COMPUTE_TYPES[chosen] if kind in can), "default")
    if compute_type not in ("auto", best) and compute_type not in can:
        warnings.append(f"This machine cannot compute in {compute_type}, so the recogniser uses {best}.")
    return Placement(chosen, compute_type if compute_type in can else best, tuple(warnings))


def load_model(folder: Path, device: str, compute_type: str, threads: int | None) -> LoadedModel:
    """Load a checked folder; the last one loaded is kept for the next recording.

    Raises
    ------
    EnvironmentProblem
        The files are damaged, or the model is none of Whisper's.
    """
    return _load(folder, device, compute_type, threads or threads_here())


@lru_cache(maxsize=1)
def _load(folder: Path, device: str, compute_type: str, threads: int) -> LoadedModel:
    import ctranslate2

    gpus = ctranslate2.get_cuda_device_count()
    warnings: tuple[str, ...] = ()
    if gpus and device != "cpu":
        try:
            supported = {"cuda": sorted(ctranslate2.get_supported_compute_types("cuda"))}
            loaded = _opened(folder, choose_placement(device, compute_type, gpus=gpus, supported=supported), threads)
            # Libraries of the card that are missing are found out at the first pass only.
            loaded.speaking("en").decode(np.zeros(RATE_HZ, np.float32))
        except Exception as error:  # noqa: BLE001 - whatever it is, the processor is tried next and may say it better
            warnings = (
                f"The graphics card cannot be used ({_reason(error)}), so the recogniser runs on the processor.",
            )
            device = "cpu"
        else:
            return loaded
    supported = {"cpu": sorted(ctranslate2.get_supported_compute_types("cpu"))}
    placement = choose_placement(device, compute_type, gpus=0, supported=supported)
    placement = replace(placement, warnings=warnings + placement.warnings)
    try:
        return _opened(folder, placement, threads)
    except Exception as error:  # tokenizers and ctranslate2 raise whatever they like for damaged files
        raise EnvironmentProblem(
            f"The model in {folder} could not be loaded ({_reason(error)}); fetch or copy it again."
        ) from error


def _opened(folder: Path, placement: Placement, threads: int) -> LoadedModel:
    from faster_whisper import WhisperModel

    model = WhisperModel(
        str(folder),
        device=placement.device,
        compute_type=placement.compute_type,
        cpu_threads=threads,
        local_files_only=True,
    )
    return LoadedModel(model, title(folder), placement.warnings)


def _reason(error: Exception) -> str:
    """The first line of what a library says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


class LoadedModel:
    """A model that can decode. It keeps nothing from one utterance to the next."""

    def __init__(self, model: WhisperModel, name: str, warnings: tuple[str, ...] = ()) -> None:
        self._model = model
        self.name = name
        self.warnings = warnings
        if model.hf_tokenizer.token_to_id("<|notimestamps|>") is None:
            raise ValueError("its tokenizer.json is not one of Whisper's")
        mels = len(model.feature_extractor.mel_filters)
        if mels != model.model.n_mels:
            raise ValueError(f"it needs {model.model.n_mels} mel bands, but preprocessor_config.json says {mels}")

    def speaking(self, language: str, tokens_per_s: float | None = None) -> LanguageDecoder:
        """A decoder for one language, such as ``en`` or ``en-GB``, that writes so many tokens at most.

        Raises
        ------
        EnvironmentProblem
            The model does not know it.
        """
        spoken = language.split("-", maxsplit=1)[0].lower()
        many = self._model.model.is_multilingual
        known = spoken in self._model.supported_languages
        # Languages were added over time, so an older model may lack the token of one that the library knows.
        if not known or (many and self._model.hf_tokenizer.token_to_id(f"<|{spoken}|>") is None):
            knows = "does not know" if many else "knows only English, not"
            raise EnvironmentProblem(
                f"The model {self.name} {knows} {language!r}; set the policy's language, or choose another model."
            )
        return LanguageDecoder(self._model, spoken, tokens_per_s)


class LanguageDecoder:
    """One pass over one utterance: encoder, greedy or beam search at temperature 0, alignment of the words.

    There is no prompt, no text of earlier utterances and no hint of our phrases: each of them makes Whisper write
    what it was told rather than what it hears. There is no second try at a higher temperature, which takes up to six
    times as long and invents more.
    """

    def __init__(self, model: WhisperModel, language: str, tokens_per_s: float | None = None) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self._model = model
        self._tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        self._prompt = model.get_prompt(self._tokenizer, [], without_timestamps=True)
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])
        # Languages that Whisper knows less well take more tokens for a word than English.
        self._tokens_per_s = tokens_per_s or (7.0 if language == "en" else 12.0)

    def decode(
        self,
        y: FloatArray,
        *,
        beam: int = 1,
        window_s: float = FULL_WINDOW_S,
        spread_over: BoolArray | None = None,
    ) -> Decoding:
        """What is said in some audio, at most 30 s.

        Parameters
        ----------
        y : shape (samples,), 16 kHz.
        beam : width of the search; 1 is greedy.
        window_s : the encoder is given this much, or the audio and a second where that is more. Whisper was taught on
            30 s; shorter windows cost a third to a tenth and repeat themselves more.
        spread_over : which frames of 20 ms are speech. Then words are not aligned with the sound, which saves a pass of
            the decoder: they share out the speech by their letters, and all have the mean probability.
        """
        features = self._model.feature_extractor(y)[:, :-1]
        frames = features.shape[1]
        padded = _padded(features, window_s)
        encoded = self._model.encode(padded)
        # CTranslate2 counts the prompt and stops half-way to max_length, so twice as much is asked for.
        wanted = len(self._prompt) + 8 + int(self._tokens_per_s * len(y) / RATE_HZ)
        answer = self._model.model.generate(
            encoded,
            [self._prompt],
            beam_size=beam,
            max_length=min(MOST_TOKENS, 2 * wanted),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )[0]
        tokens = [token for token in answer.sequences_ids[0] if token < self._tokenizer.eot]
        # The score is the mean over the tokens; the end of the text counts as one more.
        logprob = answer.scores[0] * len(answer.sequences_ids[0]) / (len(answer.sequences_ids[0]) + 1)
        if spread_over is None:
            words = self._aligned(tokens, encoded, frames)
        else:
            texts = self._tokenizer.split_to_word_tokens(tokens)[0] if tokens else []
            words = spread(texts, spread_over, math.exp(logprob))
        return Decoding(words, float(logprob), float(answer.no_speech_prob))

    def _aligned(self, tokens: list[int], encoded: Any, frames: int) -> tuple[Word, ...]:  # noqa: ANN401 - untyped library
        """The tokens as words with times, from the attention of the decoder, and the mean probability of each."""
        if not tokens:
            return ()
        words = self._model.find_alignment(self._tokenizer, [tokens], encoded, frames)[0]
        return tuple(
            Word(float(word["start"]), float(word["end"]), word["word"], round(float(word["probability"]), 4))
            for word in words
            if word["word"].strip()
        )


def _padded(features: FloatArray, window_s: float) -> FloatArray:
    """Mel frames followed by zeros up to the window, an even number."""
    frames = features.shape[1]
    wanted = max(round(window_s * MEL_FRAMES_PER_S), frames + MEL_FRAMES_PER_S)
    wanted = min(round(FULL_WINDOW_S * MEL_FRAMES_PER_S), wanted + wanted % 2)
    return np.pad(features[:, :wanted], ((0, 0), (0, max(0, wanted - frames))))


def spread(texts: Sequence[str], speech: BoolArray, confidence: float) -> tuple[Word, ...]:
    """Words that share out the frames of speech by their letters, for want of better times."""
    frames = np.append(np.flatnonzero(speech), len(speech))
    bounds = np.cumsum([0, *(len(text.strip()) for text in texts)])
    places = bounds * (len(frames) - 1) // max(1, bounds[-1])
    return tuple(
        Word(float(frames[first] / FRAMES_PER_S), float((frames[last - 1] + 1) / FRAMES_PER_S), text, confidence)
        for text, first, last in zip(texts, places, places[1:], strict=False)
        if last > first
    )
