"""Scenarios through the real engine: what fired, and whether that is what the script wants."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmarks.scenarios.scene import Scene, render
from benchmarks.scenarios.script import Line, Manner, Scenario
from benchmarks.scenarios.voices import USUAL
from monitor.assemble import AnalysisOptions, analyse_source
from monitor.errors import BugError
from monitor.profile import profile_text
from monitor.result_types import CallResult
from monitor.sources.array import ArraySource
from monitor.types import FlagState, Light

_SURE = (FlagState.CONFIRMED,)
_HEARD = (FlagState.CONFIRMED, FlagState.TENTATIVE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the engine made of a scenario. ``when_s`` are the moments at which the row fired."""

    scenario: Scenario
    scene: Scene
    result: CallResult
    when_s: tuple[float, ...]
    sure: bool

    @property
    def fired(self) -> bool:
        """Whether the row was heard at all."""
        return bool(self.when_s)

    @property
    def as_wanted(self) -> bool:
        """Whether it fired where it must, or kept silent where it must."""
        if self.scenario.case == "silent":
            return not self.fired
        between = self.scenario.between_s
        return any(between is None or between[0] <= at_s <= between[1] for at_s in self.when_s)


def hear(scenario: Scenario, voices: Mapping[str, str] = USUAL, recogniser: str = "pocketsphinx") -> Outcome:
    """Render a scenario and judge it."""
    scene = render(scenario, voices)
    with tempfile.TemporaryDirectory() as folder:
        options = AnalysisOptions(
            policy=_policy(scenario, Path(folder)),
            profile=_profile(voices["agent"], Path(folder)) if scenario.profile else None,
            recogniser=recogniser if scenario.words else "none",
            own_process=False,
            customer=scenario.customer,
        )
        y = scene.y if scenario.channels == 2 else scene.y[:1]
        result = analyse_source(ArraySource(y, name=scenario.name), options)
    return Outcome(scenario, scene, result, tuple(moments(scenario.row, result, _HEARD)), sure(scenario.row, result))


def sure(row: str, result: CallResult) -> bool:
    """Whether the row fired beyond a hint."""
    return bool(moments(row, result, _SURE))


def moments(row: str, result: CallResult, states: tuple[FlagState, ...] = _HEARD) -> list[float]:
    """When a row fired: as a light's reason, a flag in one of these states, an item met, or a figure of the report."""
    both = result.conversation
    if row.startswith("say."):
        return [flag.start_s for flag in result.flags if flag.id == row and flag.state in states]
    if row.startswith("do."):
        return [item.at_s or 0.0 for item in result.checklist if item.id == row and item.met]
    if row == "turn.slow_reply":
        return [0.0] * (both.slow_replies if both is not None else 0)
    if row == "turn.share":
        return [0.0] if both is not None and both.talk_share is not None and both.talk_share > _MUCH else []
    lit = [span for span in result.lights if span.light in (Light.AMBER, Light.RED)]
    return [span.start_s for span in lit if any(reason.id == row for reason in span.reasons)]


_MUCH = 0.8  # the agent's share of talk that ``do.listen`` takes for too much


def _policy(scenario: Scenario, folder: Path) -> str | None:
    if not scenario.policy:
        return None
    path = folder / "scenario.toml"
    head = '[policy]\nname = "scenario"\nextends = "upset-customer-en"\n\n'
    path.write_text(head + scenario.policy, encoding="utf-8")
    return str(path)


@lru_cache(maxsize=8)
def _calm(voice: str) -> CallResult:
    """A minute and more of this voice as it usually is."""
    quiet = Scenario("profile", "profile", "silent", (Line("agent", Manner(), length_s=60.0),), channels=1)
    y = render(quiet, {"agent": voice}).y[:1]
    return analyse_source(ArraySource(y, name="profile"), AnalysisOptions(recogniser="none", own_process=False))


def _profile(voice: str, folder: Path) -> Path:
    baseline = _calm(voice).baseline
    if baseline is None:
        raise BugError(f"The voice {voice} could not be learnt.")
    path = folder / "usual.json"
    path.write_text(profile_text(baseline), encoding="utf-8")
    return path
