"""Microphones, by PortAudio. Nothing else in ``monitor`` knows of sounddevice, and it is loaded only when asked for."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.errors import EnvironmentProblem

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


@dataclass(frozen=True, slots=True)
class InputDevice:
    """Something that can be heard, as the system names it."""

    name: str
    system: str
    channels: int
    rate_hz: int
    is_default: bool


def portaudio_command() -> str | None:
    """The command that adds PortAudio to this machine; None where the wheel of sounddevice brings it."""
    if not sys.platform.startswith("linux"):
        return None
    sudo = "" if os.geteuid() == 0 else "sudo "
    found = next((line for tool, line in _INSTALLERS.items() if shutil.which(tool)), None)
    return sudo + found if found else None


def load_sounddevice() -> ModuleType:
    """Load sounddevice, which starts the sound system.

    Raises
    ------
    EnvironmentProblem
        There is no PortAudio, or it finds no sound system that works.
    """
    try:
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

    Raises
    ------
    EnvironmentProblem
        There is no sound system; the text names the remedy.
    """
    sound = load_sounddevice()
    try:
        devices, systems = sound.query_devices(), sound.query_hostapis()
        default = sound.default.device[0]
    except sound.PortAudioError as problem:
        raise EnvironmentProblem(f"The sound system does not answer: {problem}.") from problem
    return [
        InputDevice(
            name=str(device["name"]),
            system=str(systems[device["hostapi"]]["name"]),
            channels=int(device["max_input_channels"]),
            rate_hz=round(device["default_samplerate"]),
            is_default=number == default,
        )
        for number, device in enumerate(devices)
        if device["max_input_channels"] > 0
    ]
