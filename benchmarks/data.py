"""Where the recordings of the benchmarks lie, and reading them. Nothing of them is ever copied into the project."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monitor.errors import EnvironmentProblem

ROOT = Path(__file__).resolve().parent.parent
PLACES = "--data FOLDER, the variable EVENKEEL_DATA, or as ../shared/data beside the project"

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of a corpus; ``text`` is its label or transcript, as the manifest has it."""

    path: Path
    speaker: str
    text: str
    duration_s: float


def data_folder(asked: Path | None) -> Path:
    """The folder that holds the corpora, whether it exists or not."""
    named = os.environ.get("EVENKEEL_DATA")
    return asked or (Path(named) if named else ROOT.parent / "shared" / "data")


def corpus(folder: Path, name: str) -> list[Clip]:
    """The recordings of one corpus, in the order of its manifest.

    Raises
    ------
    EnvironmentProblem
        The corpus is not there, or its manifest is not as it should be.
    """
    manifest = folder / name / "manifest.csv"
    if not manifest.is_file():
        raise EnvironmentProblem(f"The recordings of {name} are not here: give the folder of {name}/ by {PLACES}.")
    try:
        with manifest.open(newline="", encoding="utf-8") as handle:
            clips = [
                Clip(manifest.parent / row["path"], row["speaker"], row["label_or_transcript"], float(row["seconds"]))
                for row in csv.DictReader(handle)
            ]
    except (KeyError, TypeError, ValueError) as error:
        wanted = "path, speaker, label_or_transcript, seconds"
        raise EnvironmentProblem(f"{manifest} cannot be used ({error}); it needs the columns {wanted}.") from error
    if not clips:
        raise EnvironmentProblem(f"{manifest} names no recordings; fetch this corpus again.")
    return clips


def read_mono(path: Path) -> tuple[Samples, int]:
    """First channel, float64 with full scale 1.0, shape (samples,), and its rate in Hz.

    Raises
    ------
    EnvironmentProblem
        The recording is missing or damaged.
    """
    import soundfile as sf

    try:
        y, rate_hz = sf.read(path, dtype="float64", always_2d=True)
    except (OSError, sf.LibsndfileError) as error:
        raise EnvironmentProblem(f"{path} cannot be read; fetch this corpus again.") from error
    return y[:, 0], int(rate_hz)


def at_rate(y: Samples, rate_hz: int, wanted_hz: int) -> Samples:
    """The samples at another rate, by a polyphase filter."""
    from scipy.signal import resample_poly

    if rate_hz == wanted_hz:
        return y
    common = int(np.gcd(rate_hz, wanted_hz))
    return np.asarray(resample_poly(y, wanted_hz // common, rate_hz // common))
