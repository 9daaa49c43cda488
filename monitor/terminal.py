"""The live view in a terminal: draws a `Picture` with rich, at most ten times a second, and listens for the q key.

Every light is told by shape, colour and word. The colours are Okabe and Ito's, which the common kinds of colour
blindness keep apart; without colour, or without Unicode, shape and word remain.
"""

from __future__ import annotations

import math
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

from monitor.call_view import STATE_WORDS, Gauge, Picture, clock, counts
from monitor.types import Flag, Light

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

UPDATES_PER_S = 10
COLOURS = {Light.GREY: "#999999", Light.GREEN: "#009E73", Light.AMBER: "#E69F00", Light.RED: "#D55E00"}
MEANINGS = {
    Light.GREY: "not judging yet",
    Light.GREEN: "as usual",
    Light.AMBER: "look after your voice",
    Light.RED: "pause and breathe",
}
MAX_WIDTH = 100
MIN_WIDTH, MIN_HEIGHT = 30, 10  # below this a growing list of lines serves better
FLAGS_SHOWN = 3
PLAIN_FOR = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "..."}
)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs of one character set; ``strip`` draws the course of the lights, one sign per stretch of time."""

    shapes: dict[Light, str]
    strip: dict[Light, str]
    met: str
    unmet: str
    bar: str
    rest: str
    middle: str
    rule: str
    encoding: str


UNICODE = Glyphs(
    {Light.GREY: "━", Light.GREEN: "●", Light.AMBER: "▲", Light.RED: "■"},
    {Light.GREY: "─", Light.GREEN: "●", Light.AMBER: "▲", Light.RED: "■"},
    met="●", unmet="○", bar="█", rest="·", middle="│", rule="─", encoding="utf-8",
)  # fmt: skip
ASCII = Glyphs(
    {Light.GREY: "-", Light.GREEN: "o", Light.AMBER: "^", Light.RED: "#"},
    {Light.GREY: "-", Light.GREEN: "o", Light.AMBER: "^", Light.RED: "#"},
    met="*", unmet="o", bar="=", rest=".", middle="|", rule="-", encoding="ascii",
)  # fmt: skip


def printable(text: str, encoding: str | None) -> str:
    """The text with what this encoding lacks replaced by the nearest plain sign."""
    encoding = encoding or "ascii"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        text = text.translate(PLAIN_FOR).encode("ascii", "replace").decode("ascii")
    return text


def glyphs_for(console: Console) -> Glyphs:
    """Unicode signs where the console can show them."""
    return ASCII if console.options.ascii_only or console.legacy_windows else UNICODE


def wrap(line: str, width: int, indent: int = 13) -> list[str]:
    """A long line folded at spaces, with what follows indented; an empty line stays one."""
    return textwrap.wrap(line, max(indent + 10, width), subsequent_indent=" " * indent) or [""]


# --- drawing


def draw(picture: Picture, *, title: str, width: int, height: int, glyphs: Glyphs, caption: str = "") -> RenderableType:
    """The whole view as something that rich prints, no wider than ``width``; rows that matter least go first.

    ``caption`` is a line from outside the engine, such as the text of a script that is being played.
    """
    from rich.console import Group
    from rich.text import Text

    width = min(width, MAX_WIDTH)
    picture = picture if glyphs.encoding == "utf-8" else _in_plain_signs(picture, glyphs.encoding)
    blank = [(0, Text())]
    rows = [(9, row) for row in (_head(picture, title, width), _light_row(picture, glyphs, width))]
    rows.insert(1, (0, Text(glyphs.rule * width, style="dim")))
    rows += [(8, Text("  " + row)) for row in _reason_rows(picture, width)]
    rows += [(1, Text("  against your usual voice", style="dim"))]
    rows += [(5, _gauge_row(gauge, picture.light, glyphs, width)) for gauge in picture.gauges]
    rows += blank
    rows += [(3, row) for row in (_labelled("script", printable(caption, glyphs.encoding), width) if caption else [])]
    rows += [(4, row) for row in _labelled("heard", _tail(picture.heard, 2 * (width - 11)) or "nothing yet", width)]
    rows += blank
    rows += [(7, row) for row in _flag_rows(picture.flags[-FLAGS_SHOWN:], width)]
    rows += [(2, row) for row in _checklist_rows(picture, glyphs, width)]
    rows += [*blank, (6, _strip(picture, glyphs, width))]
    while len(rows) > height:
        least = min(priority for priority, _ in rows)
        del rows[max(i for i, (priority, _) in enumerate(rows) if priority == least)]
    return Group(*(row for _, row in rows))


def _in_plain_signs(picture: Picture, encoding: str) -> Picture:
    """The same picture in signs that this encoding has."""
    return replace(
        picture,
        cue=picture.cue and printable(picture.cue, encoding),
        reasons=tuple(printable(text, encoding) for text in picture.reasons),
        heard=printable(picture.heard, encoding),
        flags=tuple(
            replace(
                flag,
                text=printable(flag.text, encoding),
                say_instead=flag.say_instead and printable(flag.say_instead, encoding),
            )
            for flag in picture.flags
        ),
    )


def _head(picture: Picture, title: str, width: int) -> Text:
    from rich.text import Text

    of = f" of {clock(picture.duration_s, 0)}" if picture.duration_s is not None else ""
    left, right = f"{title}  {clock(picture.at_s)}{of}", "q ends"
    row = Text(left, style="bold")
    row.append(" " * max(2, width - len(left) - len(right)) + right, style="dim")
    row.truncate(width)
    return row


def _light_row(picture: Picture, glyphs: Glyphs, width: int) -> Text:
    from rich.text import Text

    shape = glyphs.shapes[picture.light]
    row = Text(f"  {shape}{shape} {str(picture.light).upper():<5}", style=f"bold {COLOURS[picture.light]}")
    row.append(f"  {picture.cue or MEANINGS[picture.light]}", style="bold" if picture.cue else "dim")
    row.truncate(width)
    return row


def _reason_rows(picture: Picture, width: int) -> list[str]:
    """Always two rows, so that nothing below jumps when a light changes."""
    rows: list[str] = []
    for shown in range(len(picture.reasons), 0, -1):  # the leading reasons that fit whole
        rows = wrap("; ".join(picture.reasons[:shown]), width - 2, 0)
        if len(rows) <= 2:
            break
    return [*rows, "", ""][:2]


def _gauge_row(gauge: Gauge, light: Light, glyphs: Glyphs, width: int) -> Text:
    from rich.text import Text

    half = max(4, min(16, (width - 32) // 2))
    filled = round(abs(gauge.share or 0.0) * half)
    bar, rest = glyphs.bar * filled, glyphs.rest * (half - filled)
    low, high = (rest + bar, glyphs.rest * half) if (gauge.share or 0.0) < 0 else (glyphs.rest * half, bar + rest)
    row = Text(f"  {gauge.name:<7}")
    row.append(low + glyphs.middle + high, style=COLOURS[light] if gauge.share is not None else "dim")
    row.append(f" {gauge.text}", style="" if gauge.share is not None else "dim")
    row.truncate(width)
    return row


def _labelled(label: str, text: str, width: int) -> list[Text]:
    """Always two rows, the first of which begins with the label."""
    from rich.text import Text

    folded = [*wrap(text, width - 9, 0), ""][:2]
    return [Text(f"  {label if not i else '':<7}{line}") for i, line in enumerate(folded)]


def _tail(text: str, length: int) -> str:
    """The last words that fit."""
    return text if len(text) <= length else "..." + text[-length + 3 :].partition(" ")[2]


def _flag_rows(flags: Sequence[Flag], width: int) -> list[Text]:
    """One row for each flag, and below the newest what to say instead."""
    from rich.text import Text

    rows: list[Text] = []
    for flag in flags:
        row = Text("  flag   ").append(f'{clock(flag.start_s)} "{flag.text}" {STATE_WORDS[flag.state]}', style="bold")
        row.truncate(width)
        rows.append(row)
    if flags and flags[-1].say_instead and counts(flags[-1].state):
        rows += [Text(" " * 11 + line) for line in wrap(f"say instead: {flags[-1].say_instead}", width - 11, 0)[:2]]
    return rows


def _checklist_rows(picture: Picture, glyphs: Glyphs, width: int) -> list[Text]:
    from rich.text import Text

    rows: list[Text] = []
    used = width
    for name, met in picture.items:
        entry = f"{glyphs.met if met else glyphs.unmet} {name}  "
        if used + len(entry) > width:
            rows.append(Text("  list   " if not rows else " " * 9))
            used = 9
        rows[-1].append(entry, style="" if met else "dim")
        used += len(entry)
    return rows


def _strip(picture: Picture, glyphs: Glyphs, width: int) -> Text:
    """The course of the lights from left to right; each cell shows the worst light of its stretch."""
    from rich.text import Text

    cells = width - 4
    length_s = max(picture.duration_s or 0.0, picture.at_s, 1.0)
    order = list(Light)
    worst = [Light.GREY] * max(1, min(cells, math.ceil(cells * picture.at_s / length_s)))
    ends = [start_s for start_s, _ in picture.timeline[1:]] + [picture.at_s]
    for (start_s, light), end_s in zip(picture.timeline, ends, strict=True):
        first, last = int(cells * start_s / length_s), math.ceil(cells * end_s / length_s)
        for cell in range(first, min(max(last, first + 1), len(worst))):
            worst[cell] = max(worst[cell], light, key=order.index)
    row = Text("  ")
    for light in worst:
        row.append(glyphs.strip[light], style=COLOURS[light])
    return row


# --- running


def can_animate(stream: TextIO) -> bool:
    """Whether a live view fits this output: a terminal that can move its cursor and has room."""
    from rich.console import Console

    console = Console(file=stream)
    return (
        console.is_terminal
        and not console.is_dumb_terminal
        and console.width >= MIN_WIDTH
        and console.height >= MIN_HEIGHT
    )


@contextmanager
def listening_for_keys() -> Iterator[Callable[[], str]]:
    """Yields a function that returns the key pressed since it was asked last, or an empty text; it never waits."""
    if not sys.stdin or not sys.stdin.isatty():
        yield lambda: ""
    elif sys.platform == "win32":
        import msvcrt

        yield lambda: msvcrt.getwch() if msvcrt.kbhit() else ""
    else:
        import os
        import select
        import termios
        import tty

        stdin = sys.stdin.fileno()
        before = termios.tcgetattr(stdin)
        tty.setcbreak(stdin)  # keys come without Enter; Ctrl-C stays a signal
        try:
            yield lambda: os.read(stdin, 1).decode("latin-1") if select.select([stdin], [], [], 0)[0] else ""
        finally:
            termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def show_until(
    finished: Callable[[], bool],
    picture: Callable[[], Picture],
    *,
    title: str,
    caption: Callable[[float], str],
    stop: Callable[[], None],
) -> None:
    """Keep the terminal drawn until ``finished``; the q key calls ``stop``. The screen is restored at the end."""
    from rich.console import Console
    from rich.live import Live

    console = Console()
    glyphs = glyphs_for(console)
    with listening_for_keys() as key, Live(console=console, screen=True, auto_refresh=False) as live:
        while not finished():
            now = picture()
            size = console.size
            width, height = size.width - 1, size.height - 1  # a full last line would scroll some terminals
            view = draw(now, title=title, width=width, height=height, glyphs=glyphs, caption=caption(now.at_s))
            live.update(view, refresh=True)
            if key() in ("q", "Q"):
                stop()
            time.sleep(1 / UPDATES_PER_S)


def print_lines(lines: Sequence[str], stream: TextIO) -> None:
    """Print plain lines, folded to the terminal's width where there is one, in signs that the stream can take."""
    from rich.console import Console

    width = Console(file=stream).width if stream.isatty() else 0
    for line in lines:
        for row in wrap(line, min(width, MAX_WIDTH)) if width else [line]:
            stream.write(printable(row, getattr(stream, "encoding", None)) + "\n")
    stream.flush()
