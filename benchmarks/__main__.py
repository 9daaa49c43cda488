"""``python -m benchmarks [NAME]``: run one benchmark, or all of them; ``list`` names them.

Exit codes: 0 done, 1 something failed, 2 wrong use, 3 this machine lacks something, such as the recordings.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.data import PLACES, ROOT, data_folder
from benchmarks.report import Report, Settings, all_tables, plain, save
from monitor.errors import EnvironmentProblem, MonitorError, ParameterError

BENCHMARKS = {
    "escalation": "the lights on calls with a known escalation, on lively and on calm speech",
    "pitch": "F0 and voicing against a laryngograph, beside Praat and librosa",
    "pace": "syllables found against transcripts, beside a counter made with Praat",
    "behaviours": "every behaviour in scripted calls of synthetic voices: heard, and passed over (needs no recordings)",
    "phrases": "phrases found and invented by each recogniser, on real and on synthetic speech",
    "recogniser-cost": "time, memory and delay of each recogniser on this machine, with models of the real sizes",
    "nonspeech": "lights and phrases on silence, noise, music, tones, keys, laughter, coughs, breath, dogs, others",
    "speed": "time and memory of the whole program, beside Praat, openSMILE and librosa (needs no recordings)",
    "replay": "an hour in the replay window: opening, zoom, pan, spectrogram, memory (needs no recordings)",
    "store": "stored calls: judging a thousand hours again, listing a hundred thousand calls (needs no recordings)",
    "live": "a live session: sound to screen, start-up, processor time and memory (needs PulseAudio and Xvfb)",
}
DONE, FAILED, WRONG_USE, MACHINE_LACKS, STOPPED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for and return the exit code."""
    options = _parser().parse_args(arguments)
    if options.name == "list":
        _list()
        return DONE
    if options.name not in (*BENCHMARKS, "all"):
        _tell(f'There is no benchmark "{options.name}": choose from {", ".join(BENCHMARKS)} or all.')
        return WRONG_USE
    names = list(BENCHMARKS) if options.name == "all" else [options.name]
    if len(names) > 1:
        _tell(f"All {len(names)} benchmarks, for an hour or two; benchmark NAME runs one, benchmark list names them.")
    settings = Settings(data_folder(options.data), options.jobs, options.quick, _tell, options.minutes)
    try:
        # "all" goes on without what is missing, and says so at the end with its exit code
        return max(_run(name, settings, show_only=options.show_only) for name in names)
    except KeyboardInterrupt:
        _tell("Stopped.")
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="The measurements that we publish.")
    names = ", ".join(BENCHMARKS)
    parser.add_argument("name", nargs="?", default="all", metavar="NAME", help=f"{names}, all (unless given), or list")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help=f"where the recordings lie (else {PLACES})")
    parser.add_argument("--jobs", type=_count, default=2, metavar="N", help="processes, where time is not measured (2)")
    parser.add_argument("--quick", action="store_true", help="a short version, whose figures are not kept")
    parser.add_argument("--minutes", type=_count, metavar="N", help="for how long a live session is watched (10)")
    parser.add_argument("--show-only", action="store_true", help="print, but write neither results nor docs")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 up")
    return int(text)


def _list() -> None:
    width = max(map(len, BENCHMARKS))
    print("\n".join(f"{name.ljust(width)}  {about}" for name, about in BENCHMARKS.items()))
    print(f"{'all'.ljust(width)}  every one of them, as without a name")


def _run(name: str, settings: Settings, *, show_only: bool) -> int:
    try:
        report: Report = importlib.import_module(f"benchmarks.{name.replace('-', '_')}").run(settings)
        print("\n\n".join(map(plain, all_tables(report))) + "\n")
        if not (show_only or settings.quick):
            written = save(report, ROOT / "benchmarks" / "results", ROOT / "docs")
            _tell("Written: " + ", ".join(str(path.relative_to(ROOT)) for path in written))
    except ParameterError as error:
        _tell(str(error))
        return WRONG_USE
    except EnvironmentProblem as error:
        _tell(str(error))
        return MACHINE_LACKS
    except ImportError as error:
        _tell(f"A package is missing ({error.name}); python3 run.py benchmark installs what the benchmarks need.")
        return MACHINE_LACKS
    except OSError as error:
        of = f" ({error.filename})" if error.filename else ""
        _tell(f"The system refused: {error.strerror or error}{of}.")
        return MACHINE_LACKS
    except MonitorError as error:
        _tell(str(error))
        return FAILED
    return DONE


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
