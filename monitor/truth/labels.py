"""What people say is true of a recording, read from an Audacity label file.

One label per line: start, end and text by tabs, in seconds; see docs/selftest.md for the texts that are understood.
Decimal commas, a byte order mark, Windows line ends and the frequency lines of spectral labels are read as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from monitor.errors import InputProblem
from monitor.truth.lights import Label, Part
from monitor.types import Turn

RAISED = frozenset(("raised", "amber", "red"))
CALM = frozenset(("calm", "green"))
SPEAKERS = frozenset(("agent", "customer"))
NO_PHRASES = "no phrases"
GREY = frozenset(("grey", "gray", "skip"))
DONE = "done"  # what the program's own labels say of the checklist
SAID = ("said “", "perhaps said “")  # and of a light that a phrase lit
LEAST_CALM_S = 1.0  # a gap between two raised parts that is shorter holds no calm speech worth counting


class Mark(NamedTuple):
    """One label as it stands in the file."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class SpokenPhrase:
    """A phrase that was really said: the behaviours that it belongs to, and the label's text."""

    start_s: float
    end_s: float
    ids: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one recording.

    Without any label for a raised or a calm voice ``parts`` is empty, and nothing can be said of the lights.
    ``phrases`` is None where the labels do not say what was said. ``ignored`` holds texts that mean nothing here.
    """

    parts: tuple[Part, ...]
    calm_told: bool
    phrases: tuple[SpokenPhrase, ...] | None
    turns: tuple[Turn, ...]
    ignored: tuple[str, ...]


def read_labels(path: Path) -> list[Mark]:
    """Read a label file in the order of time.

    Raises
    ------
    InputProblem
        It cannot be read, holds no label, or one of its lines is none; the text names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputProblem(f"{path.name} is no text in UTF-8; export the labels from Audacity once more.") from error
    except OSError as error:
        raise InputProblem(f"{path.name} cannot be read ({error.strerror}); check its place and its rights.") from error
    lines = ((number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip())
    # spectral labels have a second line with frequencies, which begins with a backslash
    marks = [_mark(line, number, path.name) for number, line in lines if not line.startswith("\\")]
    if not marks:
        raise InputProblem(f"{path.name} holds no label; in Audacity: File, Export Other, Export Labels.")
    return sorted(marks)


def _mark(line: str, number: int, name: str) -> Mark:
    start, _, rest = line.partition("\t")
    end, _, text = rest.partition("\t")
    try:
        start_s, end_s = (float(value.strip().replace(",", ".")) for value in (start, end))
    except ValueError:
        start_s = end_s = math.nan
    if not (math.isfinite(start_s) and 0 <= start_s <= end_s < math.inf):
        raise InputProblem(
            f"{name}, line {number}, is no label: it needs a start, an end no earlier (seconds) and a text, by tabs."
        )
    return Mark(start_s, end_s, " ".join(text.split()))


def truth_of(marks: Iterable[Mark], duration_s: float, ids_of: Callable[[str], frozenset[str]]) -> Truth:
    """Sort labels into parts, phrases and turns.

    Parameters
    ----------
    duration_s : of the recording; what reaches beyond it is cut off.
    ids_of : the behaviours that a label's text names or says; empty where it is none of the policy.
    """
    raised: list[Mark] = []
    calm: list[Mark] = []
    left_out: list[Mark] = []
    turns: list[Turn] = []
    phrases: list[SpokenPhrase] = []
    ignored: list[str] = []
    told_of_phrases = False
    for start_s, end_s, text in marks:
        mark = Mark(start_s, min(end_s, duration_s), text)
        word, _, note = (each.strip() for each in text.casefold().partition(":"))
        told_of_phrases |= word == NO_PHRASES
        where = raised if word in RAISED else calm if word in CALM else left_out if word in GREY else None
        if word == DONE or (where is raised and _is_of_words(note)):
            continue
        if start_s >= duration_s:
            ignored.append(f"{text} (after the end)")
        elif where is not None and mark.end_s > mark.start_s:
            where.append(mark)
        elif where is not None:
            ignored.append(f"{text} (no length)")
        elif word in SPEAKERS:
            turns.append(Turn(mark.start_s, mark.end_s, word))
        elif ids := ids_of(word):
            phrases.append(SpokenPhrase(mark.start_s, mark.end_s, ids, text))
        elif word != NO_PHRASES:
            ignored.append(text or "(a label without text)")
    return Truth(
        parts=_parts(raised, calm, left_out, duration_s),
        calm_told=bool(calm),
        phrases=tuple(phrases) if phrases or told_of_phrases else None,
        turns=tuple(turns),
        ignored=tuple(dict.fromkeys(ignored)),
    )


def _is_of_words(note: str) -> bool:
    """Whether the program itself wrote this of a light for which the voice was no reason."""
    return all(reason.strip().startswith(SAID) for reason in note.split(";"))


def _parts(
    raised: Sequence[Mark], calm: Sequence[Mark], left_out: Sequence[Mark], duration_s: float
) -> tuple[Part, ...]:
    """Raised parts as labelled, joined where they touch; calm ones as labelled, else all the rest of the call."""
    if not raised and not calm:
        return ()
    high = _joined(raised)
    rest = _joined(calm) if calm else [(0.0, duration_s)]
    for span in [*high, *_joined(left_out)]:
        rest = [piece for each in rest for piece in _without(each, span)]
    labelled: list[tuple[float, float, Label]] = [(a, b, "raised") for a, b in high]
    labelled += [(a, b, "calm") for a, b in rest if b - a >= LEAST_CALM_S]
    return tuple(Part(round(a, 3), round(b, 3), label) for a, b, label in sorted(labelled))


def _joined(marks: Sequence[Mark]) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    for start_s, end_s, _ in sorted(marks):
        if spans and start_s <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end_s))
        else:
            spans.append((start_s, end_s))
    return spans


def _without(piece: tuple[float, float], span: tuple[float, float]) -> list[tuple[float, float]]:
    """What of a piece lies before and behind a span."""
    (a, b), (start_s, end_s) = piece, span
    return [(x, y) for x, y in ((a, min(b, start_s)), (max(a, end_s), b)) if y > x]
