"""A desktop of our own, for tests and benchmarks: microphones without a card, and a screen without a screen.

Everything runs as processes that are ended by whoever started them; no file of the user, no D-Bus, no card is touched.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1280, 800
BEHIND = (200, 210, 225)  # colour of the desktop
SINKS = {"spk": 16_000, "mouth": 16_000}
ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.agent_mic { type pulse device mouth.monitor }
pcm.agent_mic { type pulse device mouth.monitor }
"""
Found = TypeVar("Found")
Quiet = subprocess.DEVNULL


def missing_sound() -> str | None:
    """Why there can be no microphones of our own on this machine, or None."""
    tools = [tool for tool in ("pulseaudio", "pactl", "paplay", "parec") if not shutil.which(tool)]
    if tools:
        return f"needs {', '.join(tools)}: apt-get install -y pulseaudio pulseaudio-utils"
    if not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "needs ALSA's way into PulseAudio: apt-get install -y libasound2-plugins"
    return None


def missing_screen() -> str | None:
    """Why there can be no screen of our own on this machine, or None."""
    tools = [tool for tool in ("Xvfb", "openbox", "picom", "xdotool") if not shutil.which(tool)]
    return f"needs {', '.join(tools)}: apt-get install -y xvfb openbox picom xdotool" if tools else None


def until(what: Callable[[], Found], limit_s: float = 10.0, step_s: float = 0.02) -> Found:
    """Wait until ``what()`` gives something true, and return that; fail loudly after the limit."""
    end_s = time.monotonic() + limit_s
    while not (found := what()):
        if time.monotonic() > end_s:
            raise AssertionError(f"not within {limit_s} s")
        time.sleep(step_s)
    return found


class PulseRig:
    """One PulseAudio daemon with null sinks as microphones; ``env`` is the environment in which programs find it.

    ``mouth`` is what the agent's microphone hears (its monitor is the microphone), ``spk`` what the agent hears. Both
    run at 16 kHz with 16 bits, so that samples come through exactly.
    """

    def __init__(self, folder: Path) -> None:
        run, state = folder / "p", folder / "s"
        for own in (run, state):
            own.mkdir(mode=0o700, parents=True)
        (folder / "asound.conf").write_text(ALSA)
        self.folder = folder
        self.log = folder / "pulseaudio.log"  # what the daemon complained about
        self.env = {
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(run),
            "PULSE_STATE_PATH": str(state),
            "PULSE_CONFIG_PATH": str(state),
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_SERVER": f"unix:{run}/native",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        self._daemon: subprocess.Popen[bytes] | None = None
        self._others: list[subprocess.Popen[bytes]] = []

    # --- the daemon

    def start(self, sinks: Mapping[str, int] | None = None) -> PulseRig:
        """Start the daemon with its null sinks, each kept awake by a listener."""
        modules = [("module-native-protocol-unix", "auth-anonymous=1")]
        modules += [("module-null-sink", _sink(name, rate)) for name, rate in (sinks or SINKS).items()]
        loads = [part for module in modules for part in ("-L", " ".join(module))]
        self._daemon = self._run(
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--realtime=no",
            "--high-priority=no", "--disable-shm=yes", "--log-level=error", f"--log-target=newfile:{self.log}", *loads,
        )  # fmt: skip
        until(lambda: self.pactl("info", check=False).returncode == 0)
        for name in sinks or SINKS:
            self.keep_awake(f"{name}.monitor")
        return self

    @property
    def is_running(self) -> bool:
        """Whether the daemon runs."""
        return self._daemon is not None and self._daemon.poll() is None

    def kill(self) -> None:
        """The daemon dies without a word, as it does in a crash."""
        daemon = self._running()
        daemon.send_signal(signal.SIGKILL)
        daemon.wait(10)
        self._daemon = None
        self._end_others()
        for left in (self.folder / "p").iterdir():
            left.unlink()

    def stop(self) -> None:
        """End what was started, each by its own process."""
        self._end_others()
        if self._daemon is not None:
            self._daemon.send_signal(signal.SIGCONT)
            self._daemon.terminate()
            self._daemon.wait(10)
            self._daemon = None

    def freeze(self) -> None:
        """The daemon answers no more, as when the machine sleeps."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """The daemon goes on."""
        self._running().send_signal(signal.SIGCONT)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._daemon is None:
            raise AssertionError("the daemon does not run")
        return self._daemon

    # --- what it is told

    def pactl(self, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run pactl; the finished process."""
        return subprocess.run(
            ["pactl", *args], env={**os.environ, **self.env}, check=check, capture_output=True, text=True, timeout=20
        )

    def load(self, module: str, *args: str) -> int:
        """Load a module; its number, for ``unload``."""
        return int(self.pactl("load-module", module, *args).stdout)

    def unload(self, number: int) -> None:
        """Take a module away, and with it its device."""
        self.pactl("unload-module", str(number))

    def add_sink(self, name: str, rate_hz: int = 16_000) -> int:
        """Add a null sink and keep its monitor awake; the module's number."""
        number = self.load("module-null-sink", *_sink(name, rate_hz).split(" "))
        self.keep_awake(f"{name}.monitor")
        return number

    def add_microphone(self, name: str, master: str = "mouth.monitor") -> int:
        """Add a real source, no monitor, that hears ``master``; the module's number."""
        return self.load(
            "module-remap-source", f"source_name={name}", f"master={master}", "channels=1", "channel_map=mono",
            "master_channel_map=mono", "remix=no", f"source_properties=device.description={name.title()}",
        )  # fmt: skip

    def suspend(self, source: str, on: bool = True) -> None:
        """Suspend a source, or let it go on; a monitor follows its sink."""
        sink = source.removesuffix(".monitor")
        self.pactl("suspend-source" if sink == source else "suspend-sink", sink, "1" if on else "0")

    def mute(self, source: str, on: bool = True) -> None:
        """Mute a source, or not."""
        self.pactl("set-source-mute", source, "1" if on else "0")

    def keep_awake(self, source: str) -> None:
        """Listen to a source all the time: an idle null sink works in blocks of up to 2 s."""
        self._others.append(
            self._run("parec", "--latency-msec=10", "-d", source, "--rate=16000", "--channels=1", "--format=s16le",
                      "--client-name=keep-awake")
        )  # fmt: skip

    def play(self, path: Path, sink: str = "mouth") -> subprocess.Popen[bytes]:
        """Play a sound file into a sink; the player, which ends with the file."""
        player = self._run("paplay", "-d", sink, str(path))
        self._others.append(player)
        return player

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env={**os.environ, **self.env}, stdout=Quiet, stderr=Quiet)

    def _end_others(self) -> None:
        for process in self._others:
            process.terminate()
            process.wait(10)
        self._others.clear()


def _sink(name: str, rate_hz: int) -> str:
    return (
        f"sink_name={name} rate={rate_hz} channels=1 channel_map=mono format=s16le"
        f" sink_properties=device.description={name.title()}"
    )


class Screen:
    """One X server with a window manager; ``env`` is the environment in which programs find it."""

    def __init__(self, *, compositor: bool = True) -> None:
        from Xlib import X
        from Xlib.display import Display

        self._server = X
        reading, writing = os.pipe()
        size = f"{WIDTH}x{HEIGHT}x24"
        self._processes: list[subprocess.Popen[bytes]] = [
            subprocess.Popen(
                ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"],
                pass_fds=[writing], stdout=Quiet, stderr=Quiet,
            )
        ]  # fmt: skip
        os.close(writing)
        with os.fdopen(reading) as told:
            self.name = f":{int(told.readline())}"
        self.env = {**os.environ, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)}
        self.env.pop("WAYLAND_DISPLAY", None)
        self._display: Any = Display(self.name)
        self._root: Any = self._display.screen().root
        self._root.change_attributes(background_pixel=int.from_bytes(bytes(BEHIND), "big"))
        self._root.clear_area()
        self._start("openbox", "--sm-disable")
        self.until(lambda: self._root.get_full_property(self._atom("_NET_SUPPORTING_WM_CHECK"), X.AnyPropertyType))
        if compositor:
            self.start_compositor()

    def start_compositor(self) -> None:
        """Blend windows from now on."""
        self._start("picom", "--backend", "xrender", "--config", "/dev/null")
        self.until(lambda: self._display.get_selection_owner(self._atom("_NET_WM_CM_S0")))

    def close(self) -> None:
        """End what was started, each by its own process, the server last."""
        self._display.close()
        for process in reversed(self._processes):
            process.terminate()
            process.wait(10)

    @staticmethod
    def until(what: Callable[[], Found], limit_s: float = 20.0) -> Found:
        """Wait until ``what()`` gives something, and return that; fail loudly after the limit."""
        return until(what, limit_s)

    def pixels(self, x: int = 0, y: int = 0, width: int = WIDTH, height: int = HEIGHT) -> npt.NDArray[np.uint8]:
        """What is to be seen, shape (height, width, 3), 0 to 255."""
        image = self._root.get_image(x, y, width, height, self._server.ZPixmap, 0xFFFFFFFF)
        return np.frombuffer(image.data, np.uint8).reshape(height, width, 4)[:, :, 2::-1]

    def xdotool(self, *args: object) -> str:
        """What the hand does, or what the window manager says; the text that xdotool prints."""
        command = ["xdotool", *(str(arg) for arg in args)]
        return subprocess.run(command, env=self.env, check=True, capture_output=True, text=True, timeout=20).stdout

    def active_title(self) -> str:
        """The title of the window that has the focus."""
        return self.xdotool("getactivewindow", "getwindowname").strip()

    def has_focus(self, title: str) -> bool:
        """Whether the window of this title has the focus."""
        try:
            return self.active_title() == title
        except subprocess.CalledProcessError:  # none has it yet
            return False

    def stacking(self) -> list[str]:
        """Titles of the managed windows, the lowest first."""
        listed = self._root_property("_NET_CLIENT_LIST_STACKING")
        names = (self._display.create_resource_object("window", window) for window in listed)
        return [(name.get_full_text_property(self._atom("_NET_WM_NAME")) or "") for name in names]

    def states(self, window: int) -> set[str]:
        """The states that the window manager has noted on a window."""
        of = self._display.create_resource_object("window", window)
        found = of.get_full_property(self._atom("_NET_WM_STATE"), self._server.AnyPropertyType)
        return {self._display.get_atom_name(atom) for atom in found.value} if found else set()

    def _root_property(self, name: str) -> list[int]:
        found = self._root.get_full_property(self._atom(name), self._server.AnyPropertyType)
        return list(found.value) if found else []

    def _atom(self, name: str) -> int:
        return int(self._display.intern_atom(name))

    def _start(self, *command: str) -> None:
        self._processes.append(subprocess.Popen(command, env=self.env, stdout=Quiet, stderr=Quiet))
