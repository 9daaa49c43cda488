"""A call on paper: what it was, its time line, and the list of its moments; a PDF file or a printer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QFont, QPagedPaintDevice, QPageLayout, QPageSize, QPainter, QPdfWriter

from monitor.call_view import clock
from monitor.errors import EnvironmentProblem
from monitor.report.names import recogniser_name
from monitor.sinks.files import replacing
from ui.lamp import colour, paint_lamp
from ui.palette import THEMES
from ui.timeline_axis import Span
from ui.timeline_drawing import draw, laid_out, lanes_of
from ui.timeline_look import Look, draw_flag, look_in
from ui.timeline_scene import WordsLane

if TYPE_CHECKING:
    from pathlib import Path

    from PyQt6.QtWidgets import QWidget

    from monitor.replay.document import CallView
    from monitor.replay.navigate import Place

DPI = 96  # everything is laid out as for a screen of this density
MARGIN_MM = 15.0
TITLE_PX, TEXT_PX, SMALL_PX = 18, 11, 9
TIMELINE_SHARE = 0.46  # of the first page
RATIO = 3.0  # pictures within are so much finer than a screen's
PROMISE = "Delivery is measured, never feelings. A light describes how something was said, not a person."


def save_pdf(call: CallView, found: Sequence[Place], path: Path) -> None:
    """Write the pages to a file.

    Raises
    ------
    OutputProblem
        It cannot be written.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(f"Evenkeel: {call.name}")
    writer.setCreator("Evenkeel")
    writer.setResolution(1200)
    settle_page(writer)
    painter = QPainter(writer)
    Pages(painter, writer, call).print(found)
    painter.end()
    with replacing(path) as handle:
        handle.write(buffer.data().data())


def settle_page(device: QPagedPaintDevice) -> None:
    """A4 upright with a margin, unless the device knows better."""
    device.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    device.setPageOrientation(QPageLayout.Orientation.Portrait)
    device.setPageMargins(QMarginsF(*(4 * (MARGIN_MM,))), QPageLayout.Unit.Millimeter)


class Pages:
    """Draws a call from page to page; lengths are pixels of a screen with `DPI`."""

    def __init__(self, painter: QPainter, device: QPagedPaintDevice, call: CallView) -> None:
        self._painter, self._device, self._call = painter, device, call
        scale = device.logicalDpiX() / DPI
        painter.scale(scale, scale)
        whole = device.pageLayout().paintRectPixels(device.logicalDpiX())
        self._width, self._height = whole.width() / scale, whole.height() / scale
        self._y = 0.0
        self._look = self._look_of(TEXT_PX)
        self._page = 1

    @staticmethod
    def _look_of(size: int) -> Look:
        font = QFont()
        font.setPixelSize(size)
        return look_in(THEMES["light", "normal"].opaque(), font)

    def print(self, found: Sequence[Place]) -> None:
        """Everything."""
        call = self._call
        self._text(call.name, TITLE_PX, bold=True)
        self._text(facts(call), TEXT_PX)
        self._text(PROMISE, SMALL_PX)
        self._y += 8
        self._timeline(found)
        self._y += 12
        self._text("Moments" if found else "Nothing was flagged in this call.", TEXT_PX + 2, bold=True)
        for place in found:
            self._moment(place)
        self._remarks()
        for warning in call.warnings:
            self._text(f"Note: {warning}", SMALL_PX)
        self._foot()

    def _timeline(self, found: Sequence[Place]) -> None:
        call, look = self._call, self._look_of(SMALL_PX)
        size = QSizeF(self._width, TIMELINE_SHARE * self._height)
        self._painter.save()
        self._painter.translate(0, self._y)
        lanes = [lane for lane in lanes_of(call) if not isinstance(lane, WordsLane)]  # nobody can zoom in on paper
        layout = laid_out(lanes, size, look)
        draw(self._painter, call, layout, Span(0.0, call.duration_s), look, places=tuple(found), ratio=RATIO)
        self._painter.restore()
        self._y += size.height()

    def _moment(self, place: Place) -> None:
        """One line of the list, with its sign."""
        text = f"{clock(place.start_s, 0)}   {place.title}: {place.text}"
        box, size = self._fitted(text, TEXT_PX, left=18.0), 9.0
        middle = box.top() + 8
        if place.state is None:
            paint_lamp(self._painter, str(place.light), QRectF(2, middle - size / 2, size, size), rim=None, rim_width=0)
        else:
            draw_flag(self._painter, place.state, (2 + size / 2, middle), size, self._look.theme.text)
        self._draw(text, TEXT_PX, box)
        self._y = box.bottom() + 3

    def _remarks(self) -> None:
        remarks = self._call.remarks
        if remarks:
            self._y += 6
            self._text("Remarks", TEXT_PX + 2, bold=True)
        for each in remarks:
            at = "whole call" if each.at_s is None else clock(each.at_s, 0)
            what = f"disputes {each.text}: {each.reason or 'no reason given'}" if each.subject else each.text
            self._text(f"{at}   {each.who}: {what}", TEXT_PX)

    # --- text

    def _font(self, size: int, *, bold: bool = False) -> QFont:
        font = QFont()
        font.setPixelSize(size)
        font.setBold(bold)
        return font

    def _text(self, text: str, size: int, *, bold: bool = False) -> None:
        box = self._fitted(text, size, bold=bold)
        self._draw(text, size, box, bold=bold)
        self._y = box.bottom() + 3

    def _fitted(self, text: str, size: int, *, left: float = 0.0, bold: bool = False) -> QRectF:
        """Where the text goes, on the next page if need be."""
        self._painter.setFont(self._font(size, bold=bold))
        wrap = int(Qt.TextFlag.TextWordWrap)
        room = QRectF(left, self._y, self._width - left, self._height)
        box = QRectF(self._painter.boundingRect(room, wrap, text))
        if box.bottom() > self._height - 2 * SMALL_PX:
            self._foot()
            self._device.newPage()
            self._page += 1
            self._y = 0.0
            box.moveTop(0.0)
        box.setWidth(self._width - left)
        return box

    def _draw(self, text: str, size: int, box: QRectF, *, bold: bool = False) -> None:
        self._painter.setFont(self._font(size, bold=bold))
        self._painter.setPen(colour(self._look.theme.text))
        self._painter.drawText(box, int(Qt.TextFlag.TextWordWrap), text)

    def _foot(self) -> None:
        engine = self._call.result.engine
        text = f"Evenkeel {engine.version}, policy {engine.policy}, page {self._page}"
        self._draw(text, SMALL_PX, QRectF(0, self._height - 1.4 * SMALL_PX, self._width, 1.4 * SMALL_PX))


def facts(call: CallView) -> str:
    """A call in one sentence."""
    summary = call.result.summary
    lights = ", ".join(
        f"{name} {clock(seconds, 0)}"
        for name, seconds in (
            ("green", summary.green_s),
            ("amber", summary.amber_s),
            ("red", summary.red_s),
            ("grey", summary.grey_s),
        )
    )
    return f"{clock(call.duration_s, 0)} long; {lights}. Words by {recogniser_name(call.result)}."


def on_printer(call: CallView, found: Sequence[Place], parent: QWidget) -> bool:
    """Ask for a printer, and print; whether it was printed.

    Raises
    ------
    EnvironmentProblem
        The printer takes nothing.
    """
    from PyQt6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    settle_page(printer)
    if QPrintDialog(printer, parent).exec() != QPrintDialog.DialogCode.Accepted:
        return False
    painter = QPainter()
    if not painter.begin(printer):
        raise EnvironmentProblem("The printer cannot be reached: check it, or save the call as PDF.")
    Pages(painter, printer, call).print(found)
    painter.end()
    return True
