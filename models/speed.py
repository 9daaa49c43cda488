"""How long one pass of a speech model takes on this machine: measured, kept with the processor's name, never guessed.

A pass is what the live recogniser makes while somebody speaks: 10 s of sound, padded to the 30 s that the model is made
for, encoded once, a sentence of 25 tokens written one by one and its words put in time. It is measured with the model
itself when it is here, otherwise with one of the same size and random weights, which takes as long.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from models.catalogue import Entry, catalogue, find_entry, known_entry
from models.sized import build_sized
from monitor.errors import EnvironmentProblem

PASS_AUDIO_S, TOKENS, REPEATS = 10.0, 25, 3
RATE_HZ, PADDED_FRAMES = 16_000, 3_000
# Live, partial passes encode half as much, take two fifths of this, and follow each other every half second; at the
# limit a quarter of the time stays free. At 0.8 a phrase is sure 1.5 s after its end, 2 s in one of ten cases
# (``benchmarks/recogniser_cost.py``); the goals are 1.5 and 2.5 s.
PASS_LIMIT_S = 0.9
# While a model is built it is in memory as 32-bit numbers and as what is written.
BUILD_BYTES_PER_PARAMETER = 6
SCHEMA = "evenkeel.speed/1"


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds of one pass, the device it ran on, and whether the model itself was measured or one of its size."""

    pass_s: float
    device: str
    is_real: bool

    @property
    def x_real_time(self) -> float:
        """Seconds of sound per second of work."""
        return PASS_AUDIO_S / self.pass_s

    @property
    def keeps_up(self) -> bool:
        """Whether live passes leave time free and a phrase is told in time."""
        return self.pass_s <= PASS_LIMIT_S


def measured(name: str) -> Speed | None:
    """What was measured on this machine before, None when nothing was."""
    return _remembered().get(_key(name))


def measure(name: str, folder: Path | None) -> Speed:
    """Measure the model in a folder, or without one a model of its size, and remember it.

    Raises
    ------
    ParameterError
        There is no folder, and it is not in the catalogue, so its size is not known.
    """
    if folder is not None:
        return remember(name, measure_folder(folder))
    entry = known_entry(name)
    _, compute_type = device_here()
    with tempfile.TemporaryDirectory(prefix="evenkeel-") as place:
        folder = Path(place)
        build_sized(folder, entry.shape, quantization=compute_type)
        return remember(name, measure_folder(folder, is_real=False))


def measure_all(find_folder: Callable[[str], Path | None]) -> Iterator[tuple[str, Speed]]:
    """Measure what ``find_folder`` finds here and, smallest first, what could be fetched, until one is too slow.

    Models of the same shape are measured once. Those that this machine has too little memory to build are left out.
    """
    seen: set[str] = set()
    too_slow = False
    for entry in sorted(catalogue(), key=lambda entry: (entry.shape.work, entry.name)):
        folder = find_folder(entry.name)
        if folder is None and (_key(entry.name) in seen or too_slow or not _has_memory_for(entry)):
            continue
        seen.add(_key(entry.name))
        speed = measure(entry.name, folder)
        too_slow = too_slow or not speed.keeps_up
        yield entry.name, speed


def measure_folder(folder: Path, *, is_real: bool = True) -> Speed:
    """Median time of a pass with the model in a folder, after one that is not counted.

    Raises
    ------
    EnvironmentProblem
        The model does not run here.
    """
    device, compute_type = device_here()
    try:
        make_pass = _pass_maker(folder, device, compute_type)
        times_s = [_seconds(make_pass, device) for _ in range(1 + REPEATS)]
    except (RuntimeError, ValueError, OSError) as error:  # the inference library's, such as too little memory on a card
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise EnvironmentProblem(f"The speed of {folder.name} could not be measured: {reason}.") from None
    return Speed(statistics.median(times_s[1:]), device, is_real)


def _seconds(work: Callable[[], object], device: str) -> float:
    """Time on the clock; on the processor its own time where that is less, so that other work hardly counts."""
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    work()
    wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    return min(wall_s, cpu_s) if device == "cpu" else wall_s


def _pass_maker(folder: Path, device: str, compute_type: str) -> Callable[[], object]:
    """Load a model and give what makes one pass with it over a sound that is always the same."""
    import ctranslate2  # type: ignore[import-untyped,unused-ignore]
    from faster_whisper.feature_extractor import FeatureExtractor  # type: ignore[import-untyped,unused-ignore]

    model = ctranslate2.models.Whisper(
        str(folder), device=device, compute_type=compute_type, intra_threads=threads_here()
    )
    hear = FeatureExtractor(**_mel_settings(folder))
    tokens = _vocabulary(folder)
    task = ("<|en|>", "<|transcribe|>") if model.is_multilingual else ()
    start = [tokens.index(token) for token in ("<|startoftranscript|>", *task, "<|notimestamps|>")]
    end = tokens.index("<|endoftext|>")
    # Any sound will do.
    y = np.random.default_rng(0).standard_normal(int(PASS_AUDIO_S * RATE_HZ)).astype(np.float32) * 0.1

    def make_pass() -> None:
        mels = hear(y)[:, :PADDED_FRAMES]
        mels = np.pad(mels, ((0, 0), (0, PADDED_FRAMES - mels.shape[1])))[np.newaxis].astype(np.float32)
        heard = model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mels)))
        # The end of the text is forbidden, so that every model writes as many tokens. CTranslate2 stops at half of the
        # length that it is given.
        written = model.generate(
            heard, [start], beam_size=1, max_length=2 * TOKENS, suppress_tokens=[end], suppress_blank=False
        )[0].sequences_ids[0]
        model.align(heard, start[:-1], [[token for token in written if token < end]], int(100 * PASS_AUDIO_S))

    return make_pass


def device_here() -> tuple[str, str]:
    """Device and type of numbers that a model runs with unless told otherwise."""
    import ctranslate2

    return ("cuda", "float16") if ctranslate2.get_cuda_device_count() else ("cpu", "int8")


def threads_here() -> int:
    """Threads of a pass unless told otherwise.

    One leaves the machine to the call; a second one makes the encoder 1.4 to 1.75 times as fast.
    """
    return 2 if (os.cpu_count() or 1) >= 4 else 1


def processor() -> str:
    """The processor's name and number of cores."""
    name = platform.processor()
    with suppress(OSError):
        if sys.platform == "linux":
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
            name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{name or platform.machine()}, {os.cpu_count() or 1} cores"


def remember(name: str, speed: Speed) -> Speed:
    """Keep a measurement for ``measured``; a folder that cannot be written only means to measure again."""
    path, machine = _cache_file(), _machine()
    machines = _read(path)
    machines.setdefault(machine, {})[_key(name)] = asdict(speed)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(json.dumps({"schema": SCHEMA, "machines": machines}, indent=2), encoding="utf-8")
        draft.replace(path)
    return speed


def _key(name: str) -> str:
    """Models of one shape share a measurement; one that is not in the catalogue has its own."""
    entry = find_entry(name)
    if entry is None:
        return f"own {name}"
    shape = entry.shape
    return f"{shape.width} wide, {shape.encoder}+{shape.decoder} layers, {shape.mels} mels"


def _remembered() -> dict[str, Speed]:
    found = {}
    for key, row in _read(_cache_file()).get(_machine(), {}).items():
        with suppress(TypeError, KeyError, ValueError):
            speed = Speed(float(row["pass_s"]), str(row["device"]), bool(row["is_real"]))
            if len(row) == len(fields(Speed)) and 0 < speed.pass_s < float("inf"):
                found[key] = speed
    return found


def _machine() -> str:
    """What a measurement depends on besides the model."""
    from importlib.metadata import version

    return f"{processor()}, {threads_here()} threads, ctranslate2 {version('ctranslate2')}"


def _cache_file() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("evenkeel", appauthor=False) / "model-speed.json"


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Measurements by machine; nothing when the file is absent or of another kind."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {machine: dict(rows) for machine, rows in content["machines"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _mel_settings(folder: Path) -> dict[str, Any]:
    """Settings of the mel bands as faster-whisper takes them; its own defaults where the folder has none."""
    try:
        content = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = ("feature_size", "sampling_rate", "hop_length", "chunk_length", "n_fft")
    return {key: content[key] for key in known if key in content}


def _vocabulary(folder: Path) -> list[str]:
    path = folder / "vocabulary.json"
    if path.is_file():
        return list(json.loads(path.read_text(encoding="utf-8")))
    return (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")


def _has_memory_for(entry: Entry) -> bool:
    """Whether building the model takes at most a quarter of the memory; where that is not known, only small ones."""
    needed = entry.parameters_m * 1_000_000 * BUILD_BYTES_PER_PARAMETER
    if not hasattr(os, "sysconf"):
        return needed <= 2_000_000_000
    return needed <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
