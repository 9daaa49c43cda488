"""The window with a session that does what it is told on standard input, and tells what it was asked for.

Run with the file of the settings, and the settings as JSON. Lines in: {"light": "amber", "cue": "softer",
"reason": "..."}, {"device": "lost"}, {"show": "menu"}, {"end": true}. Lines out: {"painted": {"after_s": since the
process began, "loaded": heavy modules}, "window": id, "area": [...]}, {"started": true}, {"shown": word, "name":
accessible name} after each change, {"hovered": places of the card and its buttons}, {"shut": true}, {"places": where it
was dragged},
{"asked": [what the session was asked for, ...]}.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import psutil

BEGAN_S = psutil.Process().create_time()
HEAVY = ("numpy", "scipy", "sounddevice", "soxr", "monitor.live.session", "ui.dialogs")
DONE = threading.Lock()


def say(**what):
    with DONE:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()


class Stage:
    """A session that is driven by lines."""

    def __init__(self, listener):
        self._listener = listener
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def start(self):
        from monitor.live.events import AGENT, CallBegan, CaptureChanged, CaptureState, SessionChanged, SessionState

        self._listener(CaptureChanged(0.0, AGENT, CaptureState.HEARING, "mic", "The microphone is heard."))
        self._listener(CallBegan(0.0, "1", None, automatic=False, keeps_audio=False))
        self._listener(SessionChanged(0.0, SessionState.IN_CALL))
        self._thread.start()
        say(started=True)

    def close(self):
        pass

    def __getattr__(self, name):
        return lambda *args: say(asked=[name, *args])

    def change(self, settings):
        say(click_through=settings.overlay.click_through)

    def _follow(self):
        from monitor.events import LightChanged
        from monitor.live.events import AGENT, CaptureChanged, CaptureState, SessionChanged, SessionState, WindowAsked
        from monitor.types import Light, Reason

        for line in sys.stdin:
            told = json.loads(line)
            if "light" in told:
                reasons = (Reason("voice.raised", told["reason"], 8.1, "dB", 0.0, 6.0),) if told.get("reason") else ()
                self._listener(LightChanged(1.0, Light(told["light"]), reasons, told.get("cue")))
            elif "device" in told:
                state = CaptureState(told["device"])
                self._listener(CaptureChanged(1.0, AGENT, state, "mic", f"The microphone is {state}."))
            elif "show" in told:
                self._listener(WindowAsked(1.0, told["show"]))
            elif "end" in told:
                self._listener(SessionChanged(2.0, SessionState.ENDED))


def main():
    from monitor.settings import Settings
    from ui import app, live_window, surroundings

    path = Path(sys.argv[1])
    asked = {"learn_from_calls": False} if path.exists() else {}  # a file stands for an agent who was asked
    settings = Settings.model_validate({**asked, **json.loads(sys.argv[2])})
    show = live_window.LiveWindow.show
    show_view = live_window.Overlay.show_view

    def show_and_tell(window):
        overlay = window.overlay

        def painted():
            overlay.painted.disconnect(painted)
            area = overlay.area
            say(
                painted={"after_s": time.time() - BEGAN_S, "loaded": [name for name in HEAVY if name in sys.modules]},
                window=int(overlay.winId()),
                area=[area.x, area.y, area.width, area.height],
            )  # fmt: skip

        overlay.painted.connect(painted)
        card = window.card
        open_card = card._open

        def opened():
            open_card()
            say(
                hovered={name: place(getattr(card, f"_{name}")) for name in ("not_right", "quiet")}
                | {"area": [card.area.x, card.area.y, card.area.width, card.area.height]}
            )

        def place(widget):
            middle = widget.rect().center() + widget.mapTo(card, widget.rect().topLeft())
            return [card.area.x + middle.x(), card.area.y + middle.y()]

        card._opening.timeout.disconnect()
        card._opening.timeout.connect(opened)
        card.closed.connect(lambda: say(shut=True))
        overlay.moved.connect(lambda places: say(places=places))
        show(window)

    def show_and_say(overlay, view):
        show_view(overlay, view)
        overlay.repaint()
        say(shown=view.word, name=overlay.accessibleName())

    if os.environ.get("STAGE_TRAY"):
        live_window.make_tray = lambda _menu, _parent: mock.Mock()
    surroundings.LOOK_AGAIN_MS = int(os.environ.get("STAGE_LOOKS_MS", surroundings.LOOK_AGAIN_MS))
    live_window.LiveWindow.show = show_and_tell
    live_window.Overlay.show_view = show_and_say
    return app.run_live(settings, path, session_factory=lambda _settings, listener: Stage(listener))


sys.exit(main())
