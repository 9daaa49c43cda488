"""Channels of a live session, and how their devices fare."""

from __future__ import annotations

from enum import StrEnum

AGENT, CUSTOMER = 0, 1  # channels of a live session


class CaptureState(StrEnum):
    """How a device fares."""

    STARTING = "starting"
    HEARING = "hearing"
    SILENT = "silent"  # it delivers digital silence: muted, or dead
    UNHEARD = "unheard"  # sound, but no speech for long while the customer talks
    LOST = "lost"  # gone, stalled, or its sound system is; being looked for
    WRONG = "wrong"  # the system moved the stream to another source, which is not judged
    CLOSED = "closed"  # paused, on request
