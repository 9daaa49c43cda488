"""Draw the picture of docs/replay.md: ``python -m ui.replay_pictures docs/images``. No display is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication

from monitor.assemble import AnalysisOptions
from monitor.demo import CALL_PATH
from monitor.replay.document import analyse
from monitor.replay.kept import KeptCalls
from ui.replay_child import Opened, Request
from ui.replay_window import ReplayWindow

SIZE = (1000, 620)
SPAN_S = (50.0, 75.0)
AT_S = 59.6
SETTLES_MS = 1500  # until the waveform is read and all is drawn


def shown(folder: Path, recogniser: str = "auto") -> ReplayWindow:
    """The window on the bundled call, its analysis kept in a folder."""
    options = AnalysisOptions(recogniser=recogniser)
    window = ReplayWindow(Request(CALL_PATH, options), silent=True)
    window.resize(*SIZE)
    window.show()
    window.show_call(Opened(analyse(CALL_PATH, options, kept=KeptCalls(folder))))
    window.timeline.set_span(*SPAN_S)
    window.doing.go_to(AT_S)
    return window


def save(window: ReplayWindow, path: Path) -> None:
    """Write the window as a small picture."""
    window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888).save(str(path), "PNG", 0)  # packed most


def main() -> int:
    """Write the picture into the folder named on the command line."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(["evenkeel", "-platform", "offscreen"])
    with TemporaryDirectory(prefix="evenkeel-") as kept:
        window = shown(Path(kept))
        window.ended.connect(app.quit)

        def finish() -> None:
            save(window, folder / "replay.png")
            window.close()

        QTimer.singleShot(SETTLES_MS, finish)
        app.exec()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
