"""A window opens an analysed recording and is zoomed and moved: ``python -m benchmarks.replay_one FILE CACHE FRAMES``.

A process of its own, so that its memory and its first frame are its own. No display is needed: Qt draws into memory, as
it does under X11 as well.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ui.timeline import Timeline

SIZE = (1500, 800)  # of the window; the time line takes about 1200 of it
_QUIET_S = 0.3  # without anything new on the screen, the window is at rest
_LONGEST_S = 60.0


def main(path: str, cache: str, frames: str) -> int:
    """Open, draw, print."""
    from PyQt6.QtWidgets import QApplication

    app = QApplication(["evenkeel", "-platform", "offscreen"])
    _warm_imports()
    from monitor.assemble import AnalysisOptions
    from monitor.replay.document import from_recording
    from monitor.replay.kept import KeptCalls
    from ui.replay_child import Opened, Request
    from ui.replay_window import ReplayWindow

    window = ReplayWindow(Request(Path(path), AnalysisOptions()))
    window.resize(*SIZE)
    window.show()
    app.processEvents()
    figures: dict[str, Any] = {}
    wall_s, cpu_s, own_s = time.perf_counter(), time.process_time(), time.thread_time()
    call = from_recording(Path(path), kept=KeptCalls(Path(cache)))
    assert call is not None
    assert call.waveform is not None
    figures["load_cpu_s"] = time.thread_time() - own_s
    window.show_call(Opened(call))
    window.grab()
    figures |= {"usable_s": time.perf_counter() - wall_s, "usable_cpu_s": time.thread_time() - own_s}
    while not call.waveform.complete and time.perf_counter() - wall_s < _LONGEST_S:
        app.processEvents()
        time.sleep(0.01)
    figures |= {"whole_s": time.perf_counter() - wall_s, "whole_cpu_s": time.process_time() - cpu_s}
    _settle(app.processEvents)
    line = window.timeline
    figures |= {"width": line.width(), "height": line.height()}
    figures["zoom_ms"], figures["zoom_wall_ms"] = _frames(line, _zooms(line, call.duration_s, int(frames)))
    figures["pan_ms"], figures["pan_wall_ms"] = _frames(line, _pans(line, call.duration_s, int(frames)))
    figures["cursor_ms"], figures["cursor_wall_ms"] = _frames(line, _cursors(line, call.duration_s, int(frames)))
    line.set_spectrogram(on=True)
    line.set_span(0, call.duration_s)
    cpu_s = time.process_time()
    line.grab()
    _settle(app.processEvents)
    figures["spectrogram_cpu_s"] = time.process_time() - cpu_s
    figures["spectrogram_ms"], _ = _frames(line, _pans(line, call.duration_s, int(frames)), app.processEvents)
    window.close()
    print(json.dumps({**figures, "peak_mb": _peak_mb()}))
    return 0


def _warm_imports() -> None:
    """What the first call would import: the goal counts from there, as start-up is another goal's."""
    import ducc0
    import pydantic
    import soundfile

    import monitor.report.call_charts
    from monitor.errors import InputProblem
    from monitor.result_types import CallResult

    assert all((ducc0, pydantic, soundfile, monitor.report.call_charts))
    with suppress(InputProblem):  # an empty result is refused; what reads results is there then
        CallResult.from_dict({"schema": "evenkeel.call/1"})


def _settle(process: Callable[[], None]) -> None:
    """Let everything that waits be drawn."""
    end_s = time.perf_counter() + _QUIET_S
    while time.perf_counter() < end_s:
        process()
        time.sleep(0.005)


def _frames(
    line: Timeline,
    acts: list[Callable[[], None]],
    process: Callable[[], None] | None = None,
) -> tuple[list[float], list[float]]:
    """What each frame took, in ms: processor time of the window's thread, and time on the clock."""
    cpu, wall = [], []
    for act in acts:
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        act()
        line.repaint()
        cpu.append(1000 * (time.thread_time() - cpu_s))
        wall.append(1000 * (time.perf_counter() - wall_s))
        if process is not None:
            process()
    return cpu, wall


def _zooms(line: Timeline, duration_s: float, frames: int) -> list[Callable[[], None]]:
    """From the whole call to a second of it and back, around a third of it."""
    factor = duration_s ** (2 / frames)
    steps = [factor] * (frames // 2) + [1 / factor] * (frames // 2)
    line.set_span(0, duration_s)
    return [partial(line.zoom, step, duration_s / 3) for step in steps]


def _pans(line: Timeline, duration_s: float, frames: int) -> list[Callable[[], None]]:
    """Through the call at three zooms: a minute, ten minutes, half of the call."""
    acts: list[Callable[[], None]] = []
    for length_s in (60.0, 600.0, duration_s / 2):
        steps = frames // 3
        for i in range(steps):
            start_s = (duration_s - length_s) * i / steps
            acts.append(partial(line.set_span, start_s, start_s + length_s))
    return acts


def _cursors(line: Timeline, duration_s: float, frames: int) -> list[Callable[[], None]]:
    """The cursor as it moves while the call is played."""
    return [partial(line.set_cursor, duration_s / 4 + i / 60) for i in range(frames)]


def _peak_mb() -> float:
    import resource

    status = Path("/proc/self/status")
    if status.exists():  # what the system counts for a process on Linux begins with what its starter had
        peak = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e6 / 1024)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
