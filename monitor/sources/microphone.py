"""Microphones, by PortAudio. Nothing else in ``monitor`` knows of sounddevice, and it is loaded only when asked for."""

from __future__ import annotations

import atexit
import ctypes
import itertools
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import EnvironmentProblem
from monitor.sources.live_stream import PULSE, InputDevice, OpenStream, PortAudioStream, Take
from monitor.sources.pulse import TOKEN, PulseView, view_now

if TYPE_CHECKING:
    from types import ModuleType

# How PortAudio is installed where sounddevice does not bring it along, by the tool that is there.
_INSTALLERS = {
    "apt-get": "apt-get install -y libportaudio2",
    "dnf": "dnf install -y portaudio",
    "zypper": "zypper install -y libportaudio2",
    "pacman": "pacman -S --noconfirm portaudio",
    "apk": "apk add portaudio",
}
_WINDOWS = "Windows WASAPI"
_SERVED = Path(__file__).with_name("served.conf")
_BLOCKS_PER_S = 25  # each block wakes up three threads: at 50 a call costs a quarter more
_lock = threading.RLock()  # PortAudio opens, closes and starts anew for one thread at a time
_loading = threading.Lock()  # not the one above, which is held as long as a stopped sound system likes
_open: set[OpenStream] = set()
_numbers = itertools.count(1)


def portaudio_command() -> str | None:
    """The command that adds PortAudio to this machine; None where the wheel of sounddevice brings it."""
    if not sys.platform.startswith("linux"):
        return None
    sudo = "" if os.geteuid() == 0 else "sudo "
    found = next((line for tool, line in _INSTALLERS.items() if shutil.which(tool)), None)
    return sudo + found if found else None


def load_sounddevice(*, served: bool = False) -> ModuleType:
    """Load sounddevice, which starts the sound system; ``served``: only to hear what a sound server has.

    Raises
    ------
    EnvironmentProblem
        There is no PortAudio, or it finds no sound system that works.
    """
    try:
        with _loading, _environment({"ALSA_CONFIG_PATH": str(_SERVED)} if served and _SERVED.is_file() else {}):
            import sounddevice
    except OSError as problem:  # how sounddevice says that the PortAudio library is not there
        command = portaudio_command()
        remedy = f"To add it: {command}" if command else "Install PortAudio with the system's package manager."
        raise EnvironmentProblem(f"There is no sound system here: PortAudio is missing. {remedy}") from problem
    except ImportError as problem:
        raise EnvironmentProblem("The package sounddevice is missing, so microphones cannot be heard.") from problem
    except Exception as problem:  # PortAudioError, whose class is in the module that could not be loaded
        raise EnvironmentProblem(f"The sound system does not start: {problem}.") from problem
    return sounddevice  # type: ignore[no-any-return, unused-ignore]


def input_devices() -> list[InputDevice]:
    """Every device that can be heard now, the default one marked.

    Where a PulseAudio or PipeWire server answers, its sources and monitors stand for all others: it holds the cards.

    Raises
    ------
    EnvironmentProblem
        There is no sound system; the text names the remedy.
    """
    served = served_devices(view_now())
    sound = load_sounddevice(served=bool(served))
    return served or portaudio_devices(sound)


def served_devices(view: PulseView | None) -> list[InputDevice]:
    """The sources of a PulseAudio or PipeWire server."""
    return [
        InputDevice(
            name=source.name,
            system=PULSE,
            channels=source.channels,
            rate_hz=source.rate_hz,
            is_default=source.name == view.default,
            label=source.label,
            is_monitor=source.is_monitor,
        )
        for source in (view.sources if view else ())
        if view
    ]


def portaudio_devices(sound: ModuleType | None = None) -> list[InputDevice]:
    """The inputs that PortAudio itself names; on Windows those of its newest sound interface alone.

    Raises
    ------
    EnvironmentProblem
        There is no sound system; the text names the remedy.
    """
    sound = sound or load_sounddevice()
    try:
        with _lock:
            devices, systems = sound.query_devices(), sound.query_hostapis()
            default = sound.default.device[0]
    except sound.PortAudioError as problem:
        raise EnvironmentProblem(f"The sound system does not answer: {problem}.") from problem
    names = [str(systems[device["hostapi"]]["name"]) for device in devices]
    if _WINDOWS in names:
        default = next(system["default_input_device"] for system in systems if system["name"] == _WINDOWS)
    return [
        InputDevice(
            name=str(device["name"]),
            system=system,
            channels=int(device["max_input_channels"]),
            rate_hz=round(device["default_samplerate"]),
            is_default=number == default,
            label=str(device["name"]),
            is_monitor="loopback" in str(device["name"]).lower(),
        )
        for number, (device, system) in enumerate(zip(devices, names, strict=True))
        if device["max_input_channels"] > 0 and (system == _WINDOWS or _WINDOWS not in names)
    ]


def renew() -> bool:
    """Let PortAudio look for devices anew; it does so only when it starts. Not while a stream is open.

    Returns whether it was done.
    """
    sound = load_sounddevice()
    with _lock:
        if _open:
            return False
        try:
            sound._terminate()
            sound._initialize()
        except sound.PortAudioError:
            return False
    return True


def open_stream(device: InputDevice, take: Take) -> OpenStream:
    """Open a device and let it run.

    Raises
    ------
    EnvironmentProblem
        The device cannot be opened.
    """
    sound = load_sounddevice(served=device.system == PULSE)
    stream = OpenStream(device, f"{os.getpid()}.{next(_numbers)}", take)
    with _lock:
        hush()
        _open.add(stream)
        try:
            with _environment(_wanted_source(stream)):
                stream.run(_input_stream(sound, stream))
        except (sound.PortAudioError, ValueError) as problem:  # ValueError: no device of that name
            close_stream(stream)
            raise EnvironmentProblem(f"{device.label} cannot be opened now.") from problem
    return stream


def close_stream(stream: OpenStream) -> None:
    """Close at once: what was not delivered yet is lost. May wait as long as the sound system is stopped."""
    with _lock:
        stream.abort()
        _open.discard(stream)


def _input_stream(sound: ModuleType, stream: OpenStream) -> PortAudioStream:
    device = stream.device
    name = PULSE if stream.is_served else device.name
    numbers = [
        number
        for number, found in enumerate(sound.query_devices())
        if found["name"] == name
        and found["max_input_channels"] > 0
        and (stream.is_served or sound.query_hostapis(found["hostapi"])["name"] == device.system)
    ]
    if not numbers:
        raise ValueError(name)
    # The server mixes all channels to one; PortAudio by itself would take the first of them, so two are asked for.
    opened: PortAudioStream = sound.InputStream(
        samplerate=device.rate_hz,
        blocksize=device.rate_hz // _BLOCKS_PER_S,
        device=numbers[0],
        channels=1 if stream.is_served else min(2, device.channels),
        dtype="float32",
        latency="high",
        extra_settings=sound.WasapiSettings(auto_convert=True) if device.system == _WINDOWS else None,
        callback=stream.hear,
        finished_callback=stream.finish,
    )
    return opened


def _wanted_source(stream: OpenStream) -> dict[str, str]:
    """What tells libpulse which source is meant, and by which property the stream is to be known."""
    return {"PULSE_SOURCE": stream.device.name, "PULSE_PROP": f"{TOKEN}={stream.token}"} if stream.is_served else {}


@contextmanager
def _environment(wanted: dict[str, str]) -> Iterator[None]:
    """Variables that the C libraries of sound read, for a moment."""
    before = {key: os.environ.get(key) for key in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


def leave_open() -> None:
    """A stream hangs in a sound system that is stopped: end the program without waiting for it."""
    atexit.unregister(load_sounddevice()._exit_handler)


@cache
def hush() -> None:
    """Keep the C libraries of sound from writing on standard error, as they do whenever a device is lost.

    glibc's own variable ``stderr`` is pointed elsewhere; what Python writes goes past it. EVENKEEL_DEBUG=1 leaves it
    as it is.
    """
    if not sys.platform.startswith("linux") or os.environ.get("EVENKEEL_DEBUG"):
        return
    try:
        libc = ctypes.CDLL(None)
        stderr = ctypes.c_void_p.in_dll(libc, "stderr")
    except (OSError, ValueError):  # another C library
        return
    libc.fopen.restype = ctypes.c_void_p
    nowhere = libc.fopen(b"/dev/null", b"w")
    if nowhere:
        stderr.value = nowhere
