"""Where the time of one analysis goes: ``python -m benchmarks.stages FILE`` prints processor seconds by stage, as JSON.

The stages of the engine are wrapped while they run, and a stage's time is its own, without that of stages inside it.
The watches themselves cost a few per cent, so shares are meant, not seconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

START, DECODE, TRANSFORMS, F0, PACE, MEASURES, WINDOWS, JUDGE, REST = STAGES = (
    "start of the program", "reading and resampling", "transforms", "F0 and voicing", "pace", "other measures",
    "windows of speech", "judgement", "result and the rest",
)  # fmt: skip


class Watch:
    """Processor time by stage; a stage that another one calls stops the other's watch."""

    def __init__(self) -> None:
        self.spent_s = dict.fromkeys(STAGES, 0.0)
        self._open: list[str] = [REST]
        self._since_s = time.process_time()

    def enter(self, stage: str) -> None:
        """From here on the time is this stage's."""
        self._book()
        self._open.append(stage)

    def leave(self) -> None:
        """The time is again that of the stage around."""
        self._book()
        self._open.pop()

    def _book(self) -> None:
        now_s = time.process_time()
        self.spent_s[self._open[-1]] += now_s - self._since_s
        self._since_s = now_s

    def around(self, owner: Any, name: str, stage: str, *, lazy: bool = False) -> None:  # noqa: ANN401
        """Watch a method; a ``lazy`` one returns an iterator, whose steps are the work."""
        method: Callable[..., Any] = getattr(owner, name)

        @wraps(method)
        def watched(*args: object, **settings: object) -> Any:  # noqa: ANN401 - whatever the method returns
            self.enter(stage)
            try:
                found = method(*args, **settings)
            finally:
                self.leave()
            return self._steps(found, stage) if lazy else found

        setattr(owner, name, watched)

    def _steps(self, iterator: Any, stage: str) -> Iterator[Any]:  # noqa: ANN401
        steps = iter(iterator)
        while True:
            self.enter(stage)
            try:
                step = next(steps)
            except StopIteration:
                return
            finally:
                self.leave()
            yield step


def stages_of(path: Path) -> dict[str, float]:
    """Judge a recording and tell the processor seconds of each of ``STAGES``."""
    from monitor.assemble import AnalysisOptions, analyse
    from monitor.features.extractor import FeatureExtractor
    from monitor.features.pace import NucleusFinder
    from monitor.features.pitch import PitchTracker
    from monitor.features.spectra import SpectralFramer
    from monitor.pipeline import CallPipeline
    from monitor.sources.file import FileSource
    from monitor.windows import RollingWindows

    watch = Watch()
    watch.spent_s[START] = time.process_time()
    watch.around(FileSource, "blocks", DECODE, lazy=True)
    for ending in ("push", "finish"):
        watch.around(SpectralFramer, ending, TRANSFORMS, lazy=True)
        watch.around(PitchTracker, ending, F0)
        watch.around(FeatureExtractor, ending, MEASURES, lazy=True)
    watch.around(NucleusFinder, "push", PACE)
    watch.around(RollingWindows, "push", WINDOWS)
    watch.around(CallPipeline, "_judge", JUDGE)
    watch.enter(REST)
    json.dumps(analyse(path, AnalysisOptions(recogniser="none")).to_dict())
    watch.leave()
    return watch.spent_s


if __name__ == "__main__":
    print(json.dumps(stages_of(Path(sys.argv[1]))))
