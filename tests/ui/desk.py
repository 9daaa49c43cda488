"""A desk for tests of whole windows: a session that keeps what it was asked for, devices, and a tray."""

from monitor.live.diary import DaySummary
from monitor.live.events import AGENT, CallBegan, CaptureChanged, CaptureState, SessionChanged, SessionState
from monitor.sources.live_stream import InputDevice

DEVICES = [
    InputDevice("mic", "ALSA", 1, 16_000, True, "Headset & microphone", False),
    InputDevice("spk.monitor", "PulseAudio", 1, 16_000, False, "What the headset plays", True),
]


class FakeSession:
    """Keeps what it was asked for; ``tell`` tells the window something, as the engine's thread would."""

    def __init__(self, settings, listener):
        self.settings, self.tell = settings, listener
        self.asked = []

    def start(self):
        self.asked.append(("start",))
        self.tell(CaptureChanged(0.0, AGENT, CaptureState.HEARING, "mic", "The microphone is heard."))

    def today(self):
        return DaySummary(calls=2, duration_s=130.0, green_s=120.0, amber_s=10.0, flags={"say.calm_down": 3})

    def call(self, customer=None):
        """A call begins."""
        self.tell(CallBegan(0.0, "1", customer, automatic=False, keeps_audio=False))
        self.tell(SessionChanged(0.0, SessionState.IN_CALL))

    def __getattr__(self, name):
        return lambda *args: self.asked.append((name, *args))


class FakeTray:
    """A desktop's tray, which the offscreen platform has not."""

    def __init__(self):
        self.views = []
        self.clicked = self

    def connect(self, _slot):
        """Take the tray's click."""

    def show_view(self, view):
        self.views.append(view)

    def close(self):
        """Leave the tray."""


def word(window):
    """What stands beside the light."""
    return window.overlay.view.word


def entry(menu, text):
    """The entry whose text begins so, whatever its mnemonic."""
    return next(action for action in menu.actions() if action.text().replace("&", "").startswith(text))
