"""One device of a live session: found by name, opened, watched, and found again when it is lost."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.errors import EnvironmentProblem
from monitor.sources.live_stream import PULSE, InputDevice, OpenStream, Take
from monitor.sources.pulse import PulseWatch
from monitor.sources.states import AGENT, CUSTOMER, CaptureState

log = logging.getLogger(__name__)

STALL_S = 1.0  # a device that sends nothing for so long is lost
GRACE_S = 4.0  # before the first block: an idle source may take 2 s to wake
_LOOK_S = 0.2  # a sign of change comes at once; this is for what gives none
_RETRY_S = 0.4
_RENEW_S = 2.0  # looking anew takes PortAudio 0.1 s of work
_BACK = "Evenkeel listens again as soon as it is back."
_NO_ANSWER = "The sound system does not answer. Evenkeel goes on as soon as it does."

Tell = Callable[[int, CaptureState, str, str], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a device is not heard, for the agent to read; ``why`` in a word or two, for the list of gaps."""

    state: CaptureState
    text: str
    why: str


def choose(name: str | None, devices: Sequence[InputDevice], *, channel: int) -> InputDevice | Trouble:
    """Find the device that a name means: its exact name or label, else the only one that holds it as a part.

    Upper and lower case do not matter. None means the system's own choice of a microphone, never a monitor, which
    would be the customer's voice. Where a part of a name fits both a headset's microphone and what is played on the
    headset, the channel decides.
    """
    if name is None:
        microphones = [device for device in devices if not device.is_monitor]
        default = next((device for device in microphones if device.is_default), None)
        if default or microphones:
            return default or microphones[0]
        return Trouble(CaptureState.LOST, "No microphone is connected. Connect one and it is heard.", "not connected")
    for key in (str, str.casefold):
        for names in ([device.name for device in devices], [device.label for device in devices]):
            hits = [device for device, own in zip(devices, names, strict=True) if key(own) == key(name)]
            if hits:
                return hits[0]
    part = name.casefold()
    hits = [device for device in devices if part in device.name.casefold() or part in device.label.casefold()]
    fitting = [device for device in hits if device.is_monitor == (channel == CUSTOMER)]
    if len(fitting) == 1 or len(hits) == 1:
        return (fitting or hits)[0]
    if hits:
        found = ", ".join(device.label for device in hits)
        return Trouble(
            CaptureState.LOST, f"“{name}” could be any of {found}: choose one by its full name.", "not connected"
        )
    return Trouble(CaptureState.LOST, f"{name} is not connected. {_BACK}", "not connected")


class LiveDevice:
    """Keeps one device open, in a thread of its own, because opening and closing may wait for the sound system.

    Parameters
    ----------
    name
        What the agent chose; None for the system's own choice.
    channel
        Its channel.
    watch
        The sound server, where there is one.
    take
        Called by the sound system with each block; see ``OpenStream``.
    tell
        Called with every change of state.
    make_way
        Asks the other devices to close for a moment: PortAudio by itself finds a device that came back only when it
        starts anew, which closes every stream. A sound server needs none of that.
    """

    def __init__(
        self,
        name: str | None,
        channel: int,
        watch: PulseWatch,
        *,
        take: Take,
        tell: Tell,
        make_way: Callable[[], None],
    ) -> None:
        self.stream: OpenStream | None = None
        self.why = "starting"  # the reason for silence at present
        self._name = name
        self._channel = channel
        self._watch = watch
        self._take = take
        self._tell = tell
        self._make_way = make_way
        self._told: tuple[CaptureState, str] | None = None
        self._telling = threading.Lock()
        self._closing = threading.Event()
        self._stir = threading.Event()
        self._gives_way = threading.Event()
        self._asking_s: float | None = None  # since when the sound system has been asked for something
        self._renewed_s = -_RENEW_S
        self._served = False
        self._label = name or "Microphone"
        self._thread = threading.Thread(target=self._run, name=f"capture-{channel}", daemon=True)

    def start(self) -> None:
        """Look for the device from now on."""
        self._say(CaptureState.STARTING, f"Looking for {self._label}.")
        self._thread.start()

    def stir(self) -> None:
        """Something changed in the sound system: look at once."""
        self._stir.set()

    def give_way(self) -> None:
        """Close for a moment, and look again."""
        self._gives_way.set()
        self._stir.set()

    def ask_to_close(self) -> None:
        """Begin to close; ``wait_closed`` tells when it is done."""
        self._closing.set()
        self._stir.set()

    def wait_closed(self, patience_s: float) -> bool:
        """Wait until the device is closed; False when the sound system does not let go of it in time."""
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(patience_s)
        return not self._thread.is_alive()

    def is_trusted(self, stream: OpenStream) -> bool | None:
        """Whether a stream's samples come from the chosen device; None while that is being looked up."""
        if stream is not self.stream:
            return False
        if not stream.is_served:
            return True
        view = self._watch.view
        if view is None or self._watch.is_unsure:
            return None
        return view.is_heard_by(stream.token, stream.device.name)

    def heard(self, stream: OpenStream, *, silent: bool) -> None:
        """Samples of a trusted stream were taken; ``silent``: for a while nothing but digital silence."""
        if stream is not self.stream:
            return
        self.why = "stalled"  # should silence follow, before it is known why
        label = stream.device.label
        if silent:
            self._say(CaptureState.SILENT, f"{label} gives no sound at all. Is it muted?", stream)
        else:
            self._say(CaptureState.HEARING, f"Hearing {label}.", stream)

    def look_after(self) -> None:
        """Say so when the sound system does not answer; called now and then by whoever waits for samples."""
        since_s = self._asking_s
        if since_s is not None and time.monotonic() - since_s > GRACE_S:
            self.why = "no sound system"
            self._say(CaptureState.LOST, _NO_ANSWER)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._asking_s = time.monotonic()
        try:
            yield
        finally:
            self._asking_s = None

    def _say(self, state: CaptureState, text: str, stream: OpenStream | None = None) -> None:
        with self._telling:
            if (stream is not None and stream is not self.stream) or (state, text) == self._told:
                return
            self._told = (state, text)
            self._tell(self._channel, state, self._label, text)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                pause_s = self._once()
            except Exception:  # whatever it was, the session goes on and looks again
                log.exception("The device of channel %d met a mistake of ours", self._channel)
                self._report(Trouble(CaptureState.LOST, f"{self._label} cannot be heard now. {_BACK}", "mistake"))
                pause_s = _RETRY_S
            if pause_s and not self._closing.is_set():
                self._stir.wait(pause_s)
                self._stir.clear()

    def _once(self) -> float:
        """Find the device and hear it while that goes well; how long to wait before the next attempt, in seconds."""
        with self._asking():
            found = self._find()
        if isinstance(found, Trouble):
            self._report(found)
            return _RETRY_S
        self._label = found.label
        trouble = self._hear(found)
        if trouble is not None:
            self._report(trouble)
        if self._gives_way.is_set():
            self._gives_way.clear()
            self._stir.clear()
            return 2 * _RETRY_S  # meanwhile the other device tries again
        return 0.0 if trouble is None or trouble.state is CaptureState.WRONG else _RETRY_S

    def _report(self, trouble: Trouble) -> None:
        self.why = trouble.why
        self._say(trouble.state, trouble.text)

    def _find(self) -> InputDevice | Trouble:
        from monitor.sources.microphone import portaudio_devices, served_devices

        if not self._watch.wait_known(STALL_S):
            return Trouble(CaptureState.LOST, _NO_ANSWER, "no sound system")
        view = self._watch.view
        if view is not None:
            self._served = True
            name = None if self._name in (PULSE, "default") else self._name
            return choose(name, served_devices(view), channel=self._channel)
        if self._served:
            return Trouble(CaptureState.LOST, f"The sound system stopped. {_BACK}", "no sound system")
        try:
            found = choose(self._name, portaudio_devices(), channel=self._channel)
            if isinstance(found, Trouble) and self._renew():
                found = choose(self._name, portaudio_devices(), channel=self._channel)
        except EnvironmentProblem as problem:
            return Trouble(CaptureState.LOST, str(problem), "no sound system")
        return found

    def _renew(self) -> bool:
        """Let PortAudio look for devices anew, now and then. For the agent's device others make way."""
        from monitor.sources.microphone import renew

        if time.monotonic() - self._renewed_s < _RENEW_S:
            return False
        if renew():
            self._renewed_s = time.monotonic()
            return True
        if self._channel == AGENT:
            self._make_way()
        return False

    def _hear(self, device: InputDevice) -> Trouble | None:
        """Hear a device until it is lost, or another one is meant, which is no trouble."""
        from monitor.sources.microphone import close_stream, open_stream

        with self._asking():
            try:
                stream = open_stream(device, self._take)
            except EnvironmentProblem as problem:
                self._renew()
                return Trouble(CaptureState.LOST, f"{problem} {_BACK}", "not opened")
        with self._telling:
            self.stream = stream
        trouble: Trouble | None = None
        try:
            while not self._closing.is_set() and not self._gives_way.is_set():
                self._stir.clear()
                trouble = self._trouble(stream)
                if trouble is not None or self._meant_otherwise(device):
                    break
                self._stir.wait(_LOOK_S)
        finally:
            with self._telling:
                self.stream = None
            self.why = "changed"
            if trouble is not None:
                self._report(trouble)  # at once: closing may take as long as the sound system likes
            close_stream(stream)
        return trouble

    def _meant_otherwise(self, device: InputDevice) -> bool:
        """Whether the system's own choice, if that is what the agent chose, is another microphone now."""
        from monitor.sources.microphone import served_devices

        view = self._watch.view
        if view is None or self._watch.is_unsure or self._name not in (None, PULSE, "default"):
            return False
        found = choose(None, served_devices(view), channel=self._channel)
        return isinstance(found, InputDevice) and found.name != device.name

    def _trouble(self, stream: OpenStream) -> Trouble | None:
        label = stream.device.label
        if stream.has_finished:
            if stream.is_served and self._watch.view is None:
                return Trouble(CaptureState.LOST, f"The sound system stopped. {_BACK}", "no sound system")
            return Trouble(CaptureState.LOST, f"{label} was disconnected. {_BACK}", "disconnected")
        if self.is_trusted(stream) is False:
            text = f"The system switched away from {label}. What comes instead is not judged."
            return Trouble(CaptureState.WRONG, text, "another source")
        now_s = time.monotonic()
        heard_s = stream.heard_s
        if now_s > (stream.opened_s + GRACE_S if heard_s is None else heard_s + STALL_S):
            return Trouble(CaptureState.LOST, f"{label} stopped sending sound. {_BACK}", "stalled")
        return None
