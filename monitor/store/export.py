"""Everything that is stored about one agent, in one zip of JSON files that any program can read."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from monitor.errors import EnvironmentProblem
from monitor.private import MODE
from monitor.store.calls import Store, StoredCall
from monitor.store.columns import Trace
from monitor.types import FrameGrid


def export_agent(store: Store, path: Path) -> int:
    """Write this person's calls, with measures, remarks and accesses; how many calls.

    Raises
    ------
    EnvironmentProblem
        The file cannot be written; nothing is left of it.
    StoreProblem
        The store cannot be read.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.evenkeel-part")
    numbers = [call.id for call in store.listed(agent=store.who)]
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, MODE)
        with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in numbers:
                call = store.open(number, "export")
                archive.writestr(f"call-{number}.json", _json(_call(call)))
                for side, name in enumerate(("agent", "customer")):
                    trace = store.trace(number, side)
                    if len(trace):
                        archive.writestr(f"call-{number}.{name}.measures.json", _json(_measures(trace)))
            archive.writestr("accesses.json", _json([asdict(visit) for visit in store.visits()]))
        part.replace(path)
    except OSError as error:
        raise EnvironmentProblem(
            f"{path} could not be written ({error.strerror or error}); choose another place, or make room."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return len(numbers)


def _call(call: StoredCall) -> dict[str, Any]:
    return {
        "call": call.listed._asdict(),
        "result": None if call.result is None else call.result.to_dict(),
        "shown": None if call.shown is None or call.shown == call.result else call.shown.to_dict(),
        "remarks": [asdict(remark) for remark in call.remarks],
    }


def _measures(trace: Trace) -> dict[str, Any]:
    """Columns with one value per frame; null where there is none."""
    numbers = {name: getattr(trace, name) for name in ("level_dbfs", "f0_hz", "effort_db")}
    listed: dict[str, Any] = {
        name: [None if np.isnan(value) else round(float(value), 2) for value in values]
        for name, values in numbers.items()
    }
    marks = {name: getattr(trace, name).tolist() for name in ("speech", "nucleus")}
    return {"hop_s": FrameGrid().start_s(1), **listed, **marks}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
