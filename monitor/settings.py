"""An agent's own settings: validated values, kept as TOML in the user's configuration folder.

Every field has a default, so that a missing file or line is no error; ``monitor.settings_file`` reads and writes them.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Sensitivity = Literal["calm", "normal", "keen"]


_NAME_HAS = "letters, digits, spaces and - . _ ( ) only, and at most 64 of them"
_PROFILE = re.compile(r"[^\W_]([\w .()-]{0,62}[\w)])?")


def _profile(value: str) -> str:
    if not _PROFILE.fullmatch(value):  # it becomes a file's name
        raise ValueError(f"may have {_NAME_HAS}")
    return value


def profile_problem(name: str) -> str | None:
    """Why a voice cannot be kept under this name, as a sentence; None when it can."""
    return None if _PROFILE.fullmatch(name) else f"A voice's name has {_NAME_HAS}."


ProfileName = Annotated[str, AfterValidator(_profile)]


class OverlaySettings(BaseModel):
    """How the small light looks and where it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    click_through: bool = Field(default=False, description="Clicks go to the window below.")
    show_word: bool = Field(default=True, description="One word beside the light, such as softer.")
    contrast: Literal["normal", "high"] = Field(default="normal", description="High contrast has thicker outlines.")
    theme: Literal["auto", "dark", "light"] = Field(default="auto", description="Background; auto follows the system.")
    scale: float = Field(default=1.0, ge=0.75, le=3.0, description="Size; 1 is the usual one.")
    above_full_screen: bool = Field(
        default=False, description="Stay above full-screen windows where the system lets it; the tray moves it then."
    )
    places: dict[str, tuple[int, int]] = Field(
        default_factory=dict, description="Where it was put, for each screen: pixels from the screen's corner."
    )


class Settings(BaseModel):
    """What an agent can choose. Devices are named, as numbers change when something is plugged in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent_device: str | None = Field(default=None, description="The agent's microphone by name; the system's if unset.")
    customer_device: str | None = Field(
        default=None, description="What the agent hears, such as a monitor of the headset; not listened to if unset."
    )
    policy: str | None = Field(default=None, description="A built-in policy by name, or a file.")
    profile: ProfileName = Field(default="default", description="Whose usual voice, and on which microphone.")
    recogniser: Literal["auto", "whisper", "pocketsphinx", "none"] = "auto"
    model: str | None = Field(default=None, description="A Whisper model by name or folder.")
    sensitivity: Sensitivity = "normal"
    calls: Literal["manual", "automatic"] = Field(
        default="automatic", description="Calls begin and end on request, or when somebody speaks."
    )
    end_after_s: float = Field(default=45.0, ge=5.0, le=600.0, description="Silence that ends an automatic call.")
    learn_from_calls: bool | None = Field(
        default=None, description="Whether the usual voice learns from calls; nothing is learnt until agreed."
    )
    show_summary: bool = Field(default=True, description="Show the private summary after a call.")
    store: str | None = Field(
        default=None, description="Where calls are stored: a file, or the address of a team's database."
    )
    keep_calls: bool = Field(
        default=False, description="Keep measures, lights and words of live calls in the store; never the sound."
    )
    team: str | None = Field(default=None, max_length=200, description="The agent's team, noted with stored calls.")
    keep_days: int | None = Field(
        default=None, ge=0, le=36_500, description="How long stored calls are kept; live calls go by themselves."
    )
    start_with_system: bool = False
    overlay: OverlaySettings = Field(default_factory=OverlaySettings)
