"""Passes, flags and results as compressed JSON, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from monitor.conversation.floor import Happening, Kind
from monitor.errors import EnvironmentProblem
from monitor.events import FlagChanged
from monitor.result_types import CallResult
from monitor.types import Flag, FlagState, Hypothesis, Word

KINDS = tuple(Kind)
TalkRow = tuple[int, int, int, int, int]  # kind, side, start, end, told


def talk_row(happening: Happening) -> TalkRow:
    """Something between the two sides as numbers."""
    return (KINDS.index(happening.kind), happening.side, happening.start, happening.end, happening.told)


@dataclass(slots=True)
class Heard:
    """What was heard of the agent's words: passes with the tick that took them, what became of the flags, and holds.

    A hold is the tick that took its announcement, and when it was said.
    """

    passes: list[tuple[float, Hypothesis]] = field(default_factory=list)
    flags: list[FlagChanged] = field(default_factory=list)
    holds: list[tuple[float, float]] = field(default_factory=list)


def pack_json(value: object) -> bytes:
    """JSON, compressed."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def unpack_json(data: bytes) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """What ``pack_json`` was given."""
    try:
        return json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
    except (zlib.error, ValueError) as error:
        raise EnvironmentProblem("What is stored of this call is damaged; analyse its recording again.") from error


def pack_result(result: CallResult) -> bytes:
    """A result in full."""
    return pack_json(result.to_dict())


def unpack_result(data: bytes) -> CallResult:
    """What ``pack_result`` was given."""
    return CallResult.from_dict(unpack_json(data))


def pack_heard(heard: Heard) -> bytes:
    """What was heard in one minute."""
    return pack_json(
        {
            "passes": [[at_s, *_pass(hypothesis)] for at_s, hypothesis in heard.passes],
            "flags": [[event.at_s, asdict(event.flag)] for event in heard.flags],
            "holds": heard.holds,
        }
    )


def unpack_heard(parts: Sequence[bytes], *, passes: bool = True) -> Heard:
    """What was heard in a call, from its minutes in order; ``passes`` are most of the work to read."""
    heard = Heard()
    for part in parts:
        data = unpack_json(part)
        if passes:
            heard.passes += [(row[0], _hypothesis(row[1:])) for row in data["passes"]]
        heard.holds += [(at_s, said_s) for at_s, said_s in data["holds"]]
        heard.flags += [
            FlagChanged(at_s, Flag(**{**flag, "state": FlagState(flag["state"])})) for at_s, flag in data["flags"]
        ]
    return heard


def _pass(hypothesis: Hypothesis) -> list[Any]:
    words = [[w.start_s, w.end_s, w.text, w.confidence, w.channel] for w in hypothesis.words]
    h = hypothesis
    return [h.utterance, h.start_s, h.end_s, h.heard_at_s, h.final, words]


def _hypothesis(row: Sequence[Any]) -> Hypothesis:
    utterance, start_s, end_s, heard_at_s, final, words = row
    return Hypothesis(utterance, start_s, end_s, heard_at_s, final, tuple(Word(*word) for word in words))
