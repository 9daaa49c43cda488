"""The operating curve as a small picture: false flags per hour to the right, phrases found upwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 616, 52, 340
APART_X, APART_Y = 90, 16  # between two labels
DARK, LIGHT, PAPER = "#222222", "#cccccc", "#ffffff"


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: points as threshold, false flags per hour and recall; ``shipped`` is the threshold in use."""

    name: str
    colour: str
    points: Sequence[tuple[float, float, float]]
    shipped: float


def draw(title: str, lines: Sequence[Line], most_per_h: float | None = None) -> str:
    """The picture as SVG text; the thresholds stand beside their points, the shipped one is filled and named."""
    most = most_per_h or max([1.0, *(per_h for line in lines for _, per_h, _ in line.points)]) * 1.05
    svg = Xml.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img",
        attrib={"font-family": "sans-serif", "font-size": "12"},
    )  # fmt: skip
    Xml.SubElement(svg, "title").text = title
    Xml.SubElement(svg, "rect", width=str(WIDTH), height=str(HEIGHT), fill=PAPER)
    _text(svg, LEFT, 22, title, size=14)
    _axes(svg, most)
    for number, line in enumerate(lines):
        _curve(svg, line, most)
        x = LEFT + 220 * number
        Xml.SubElement(
            svg, "path", d=f"M{x} {HEIGHT - 12}h24", stroke=line.colour, attrib={"stroke-width": "3", "fill": "none"}
        )
        _text(svg, x + 30, HEIGHT - 8, line.name)
    _labels(svg, lines, most)
    Xml.indent(svg)
    return Xml.tostring(svg, encoding="unicode") + "\n"


def _axes(svg: Xml.Element, most: float) -> None:
    step = next(s for s in (0.5, 1, 2, 5, 10, 20, 50, 100, 1000) if most / s <= 8)
    for n in range(int(most / step) + 1):
        x = _x(n * step, most)
        _rule(svg, f"M{x} {TOP}V{BOTTOM}")
        _text(svg, x, BOTTOM + 16, f"{n * step:g}", anchor="middle")
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        _rule(svg, f"M{LEFT} {y}H{RIGHT}")
        _text(svg, LEFT - 6, y + 4, f"{tenth / 10:.1f}", anchor="end")
    _text(svg, RIGHT, BOTTOM + 32, "false flags per hour of other speech", anchor="end")
    _text(svg, LEFT - 34, TOP - 8, "phrases found")


def _curve(svg: Xml.Element, line: Line, most: float) -> None:
    places = [(_x(per_h, most), _y(recall)) for _, per_h, recall in line.points]
    d = "M" + "L".join(f"{x} {y}" for x, y in places)
    Xml.SubElement(svg, "path", d=d, stroke=line.colour, attrib={"stroke-width": "2", "fill": "none"})
    for x, y in places:
        Xml.SubElement(svg, "circle", cx=str(x), cy=str(y), r="3", fill=PAPER, stroke=line.colour)


def _labels(svg: Xml.Element, lines: Sequence[Line], most: float) -> None:
    """Thresholds beside their points, those in use first; one that would lie on another is left out."""
    told = [(point[0] != line.shipped, line, point) for line in lines for point in line.points]
    taken: list[tuple[float, float]] = []
    for other, line, (threshold, per_h, recall) in sorted(told, key=lambda one: one[0]):
        x, y = _x(per_h, most), _y(recall)
        if other and any(abs(x - a) < APART_X and abs(y - b) < APART_Y for a, b in taken):
            continue
        taken.append((x, y))
        text = f"{threshold:g}" if other else f"{threshold:g}, shipped"
        if not other:
            Xml.SubElement(svg, "circle", cx=str(x), cy=str(y), r="6", fill=line.colour)
        left = x > RIGHT - APART_X
        anchor, beside = ("end", -8) if left else ("start", 8)
        _text(svg, x + beside, y + 16, text, anchor=anchor, fill=line.colour)


def _rule(svg: Xml.Element, d: str) -> None:
    Xml.SubElement(svg, "path", d=d, stroke=LIGHT, fill="none")


def _text(
    svg: Xml.Element, x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, fill: str = DARK
) -> None:
    attributes = {"text-anchor": anchor, "font-size": str(size)}
    Xml.SubElement(svg, "text", x=str(x), y=str(y), fill=fill, attrib=attributes).text = text


def _x(per_h: float, most: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * min(1.0, per_h / most), 1)


def _y(recall: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * recall, 1)
