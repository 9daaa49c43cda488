"""Audacity's label track: a line per label, start and end in seconds and a text, by tabs."""

from __future__ import annotations

from monitor.export.tiers import tiers
from monitor.result_types import CallResult


def to_audacity(result: CallResult) -> str:
    """Write lights, flags, turns and checklist as one label track, in the order of time; words would crowd it."""
    labels = [
        (mark.start_s, mark.start_s if tier.moments else mark.end_s, place, _text(tier.name, mark.text))
        for place, tier in enumerate(tiers(result, words=False))
        for mark in tier.marks
    ]
    return "".join(f"{start_s:.6f}\t{end_s:.6f}\t{text}\n" for start_s, end_s, _, text in sorted(labels))


def _text(tier: str, text: str) -> str:
    """Say which kind of label it is where its text does not."""
    return f"done: {text}" if tier.startswith("checklist") else text
