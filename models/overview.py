"""Everything that ``evenkeel models list`` tells, as plain rows for people and programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from models.catalogue import BASIC, catalogue, find_entry
from models.speed import Speed, measure, measure_all, measured
from models.store import Installed, State, find_model, installed

BASIC_TEXT = "basic detection, always here"


def rows_of_all() -> list[dict[str, Any]]:
    """One row for each model that is here, then for each that could be fetched; what is not known is None."""
    here = installed()
    names = {model.name for model in here}
    others = [entry for entry in catalogue() if entry.name not in names]
    return [_row(model.name, model) for model in here] + [_row(entry.name, None) for entry in others]


def measure_everything() -> Iterator[tuple[str, float]]:
    """Measure the catalogue and the models that are only here; each name with the seconds of a pass, as it comes."""
    for name, speed in measure_all(find_model):
        yield name, speed.pass_s
    for model in installed():
        if model.state is State.COMPLETE and model.name != BASIC and find_entry(model.name) is None:
            yield model.name, measure(model.name, model.path).pass_s


def _row(name: str, here: Installed | None) -> dict[str, Any]:
    entry, speed = find_entry(name), measured(name)
    size = here.size_bytes / 1e6 if here is not None else entry.size_mb if entry is not None else 0
    return {
        "name": name,
        "state": here.state.value if here is not None else None,
        "place": here.place.value if here is not None else None,
        "path": str(here.path) if here is not None else None,
        "problem": here.problem if here is not None else None,
        "size_mb": round(size, 1),
        "languages": list(here.languages if here is not None else entry.languages if entry is not None else ()),
        "parameters_m": entry.parameters_m if entry is not None else None,
        "repository": entry.repository if entry is not None else None,
        "licence": entry.licence if entry is not None else None,
        "advice": BASIC_TEXT if name == BASIC else entry.advice if entry is not None else "",
        **_speed_row(speed),
    }


def _speed_row(speed: Speed | None) -> dict[str, Any]:
    if speed is None:
        return dict.fromkeys(("pass_s", "x_real_time", "device", "measured_with", "keeps_up_live"))
    return {
        "pass_s": round(speed.pass_s, 3),
        "x_real_time": round(speed.x_real_time, 1),
        "device": speed.device,
        "measured_with": "the model" if speed.is_real else "a model of its size",
        "keeps_up_live": speed.keeps_up,
    }
