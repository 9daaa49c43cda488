"""Draw the picture of the demo for the README: ``python -m monitor.demo.picture docs/demo.svg``."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import click

from monitor.assemble import AnalysisOptions, analyse_source
from monitor.call_view import CallView, Picture
from monitor.demo import CALL_PATH, TITLE, checklist_ids, read_truth, script_line
from monitor.events import Event
from monitor.sources.file import open_recording
from monitor.terminal import UNICODE, draw

WIDTH, HEIGHT = 80, 24
MOMENT_S = 69.3  # both phrases were said and heard, and the light is on


class _Camera:
    """A sink that takes one picture, as soon as the sample clock has reached a moment."""

    def __init__(self, view: CallView, at_s: float) -> None:
        self._view = view
        self._at_s = at_s
        self.picture: Picture | None = None

    def take(self, event: Event) -> None:
        self._view.take(event)
        if self.picture is None and event.at_s >= self._at_s:
            self.picture = self._view.picture()


def picture_at(at_s: float) -> Picture:
    """What the demo shows at this time of the bundled call."""
    options = AnalysisOptions()
    view = CallView(read_truth()["duration_s"], items=checklist_ids())
    camera = _Camera(view, at_s)
    analyse_source(open_recording(CALL_PATH, block_s=0.1), options, sinks=[camera])
    return camera.picture or view.picture()


def to_svg(picture: Picture, caption: str) -> str:
    """The terminal view as an SVG that fetches nothing."""
    from rich.console import Console

    console = Console(record=True, file=io.StringIO(), width=WIDTH, color_system="truecolor", force_terminal=True)
    console.print(draw(picture, title=TITLE, width=WIDTH, height=HEIGHT, glyphs=UNICODE, caption=caption))
    svg = console.export_svg(title="evenkeel demo", unique_id="demo")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)  # some viewers drop leading spaces otherwise
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # rich's fonts would come from the network


def main() -> int:
    """Write the picture to the file named on the command line."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/demo.svg")
    picture = picture_at(MOMENT_S)
    svg = "\n".join(line.rstrip() for line in to_svg(picture, script_line(read_truth(), picture.at_s)).splitlines())
    target.write_text(svg + "\n", encoding="utf-8")
    click.echo(f"{target.name}: {target.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
