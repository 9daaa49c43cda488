"""The replay window on a recording, told what to do by lines on standard input; it notes what it showed, and when.

Run with the recording. Lines in: {"do": "play" or "pause"}, {"seek": s}, {"rate": r}, {"tell": true}, {"end": true}.
Lines out: {"opened": true}, {"trouble": sentence}, and asked to tell {"told": {"positions": [[clock, position], ...],
"lights": [[clock when it was painted, light], ...]}}. The clock is time.monotonic, which all processes share.
"""

import json
import sys
import threading
import time
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication

from monitor.assemble import AnalysisOptions
from ui.replay_child import Request
from ui.replay_light import Pill
from ui.replay_window import ReplayWindow


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Lines(QObject):
    told = pyqtSignal(dict)

    def read(self):
        for line in sys.stdin:
            self.told.emit(json.loads(line))


def main():
    app = QApplication(["replayed", "-platform", "offscreen"])
    window = ReplayWindow(Request(Path(sys.argv[1]), AnalysisOptions(recogniser="none", own_process=False)))
    positions, lights, looking, lines = [], [], QTimer(), Lines()
    looking.timeout.connect(lambda: positions.append((time.monotonic(), window.player.position_s())))
    looking.start(5)
    paint = Pill.paintEvent

    def painted(pill, event):
        paint(pill, event)
        lights.append((time.monotonic(), pill.view.light))

    def follow(told):
        if "do" in told:
            getattr(window.player, told["do"])()
        if "seek" in told:
            window.player.seek(told["seek"])
        if "rate" in told:
            window.doing.set_rate(told["rate"])
        if "tell" in told:
            say(told={"positions": positions, "lights": lights})
            positions.clear()
            lights.clear()
        if "end" in told:
            window.close()

    Pill.paintEvent = painted
    window.opened.connect(lambda: say(opened=True))
    window.player.failed.connect(lambda sentence: say(trouble=sentence))
    window.ended.connect(app.quit)
    lines.told.connect(follow)
    window.show()
    window.begin()
    threading.Thread(target=lines.read, daemon=True).start()
    app.exec()


main()
