"""One finding of ``evenkeel doctor``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. Without an ``essential`` one, ``evenkeel analyze`` does not work."""

    id: str
    title: str
    ok: bool
    essential: bool
    detail: str
    needed_for: str
    mend: str | None = None
