"""One recogniser hears one recording, and tells what it cost: ``python -m benchmarks.recogniser_one WHAT FILE``.

``WHAT`` is ``pocketsphinx`` with the built-in policy, or the folder of a Whisper model. A process of its own, so that
memory and time to load are its own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from models.allowance import Allowance
from models.host_child import Recipe
from models.registry import build, choose
from monitor.errors import EnvironmentProblem
from monitor.ports import Transcriber

BLOCK_S = 0.05
TOKENS_PER_S = 2.5


def main(what: str, path: str) -> int:
    """Load, hear, print."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    recipe = _recipe(what)
    transcriber = build(recipe)
    load_s, load_cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    cost = {
        "load_s": load_s,
        "load_cpu_s": load_cpu_s,
        "loaded_mb": _peak_mb(),
        **hear(transcriber, Path(path), recipe.allowance),
    }
    print(json.dumps({**cost, "peak_mb": _peak_mb()}))
    return 0


def hear(transcriber: Transcriber, path: Path, allowance: Allowance) -> dict[str, Any]:
    """Push the recording block by block; each block that brought passes is told with what it cost.

    The cost is processor time or time on the clock, whichever is less: several threads make the second shorter, other
    work on this machine the first.
    """
    import soundfile as sf

    passes, total_s = [], 0.0
    with sf.SoundFile(path) as recording:
        audio_s = recording.frames / recording.samplerate
        for y in recording.blocks(round(BLOCK_S * recording.samplerate), dtype="float32"):
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            heard = transcriber.push(y)
            cpu_s = time.process_time() - cpu_s
            total_s += cpu_s
            cost_s = min(time.perf_counter() - wall_s, cpu_s)
            passes += [
                {
                    "start_s": h.start_s, "end_s": h.end_s, "heard_s": h.heard_at_s, "final": h.final, "cost_s": cost_s,
                    "told_s": h.heard_at_s + (allowance.final_s if h.final else allowance.partial_s),
                }
                for h in heard[:1]
            ]  # fmt: skip
    return {
        "audio_s": audio_s, "cpu_s": total_s, "passes": passes, "interval_s": getattr(transcriber, "interval_s", None),
        "allowance_s": (allowance.partial_s, allowance.final_s),
    }  # fmt: skip


def _recipe(what: str) -> Recipe:
    if what == "pocketsphinx":
        from monitor.policy.load import load_policy

        found = choose(what, load_policy(None).phrases(most=500)).recipe
        if found is None:
            raise EnvironmentProblem("There is no basic detection here.")
        return found
    from models.whisper_asr import WhisperTuning, load_recipe
    from models.whisper_timing import timing_of

    timing = timing_of(Path(what))
    return load_recipe(what, interval_s=timing.interval_s, tuning=WhisperTuning(tokens_per_s=TOKENS_PER_S))


def _peak_mb() -> float:
    """Peak resident memory of this process, in units of 10^6 bytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # the other figure begins with that of whoever started this process
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
