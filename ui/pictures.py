"""Draw the pictures of docs/window.md: ``python -m ui.pictures docs/images``. No display is needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QImage, QPainter
from PyQt6.QtWidgets import QApplication, QWidget

from monitor.assemble import AnalysisOptions, analyse
from monitor.demo import CALL_PATH
from monitor.settings import OverlaySettings, Settings
from ui.card import Card
from ui.devices import DeviceList
from ui.first_start import FirstStart
from ui.floating import look_of
from ui.overlay import Overlay
from ui.places import Area
from ui.settings_dialog import SettingsDialog
from ui.speech_models import SpeechModel, SpeechModels
from ui.summary_card import SummaryCard
from ui.view import Badge, Dot, Replacement, Row, View
from ui.words_dialog import WordsDialog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

DESK = QColor(214, 220, 228)
EDGE = 12
VIEWS = (
    View("grey", "learning"),
    View("green", "steady"),
    View("amber", "softer"),
    View("red", "take it seriously"),
    View("grey", "mic lost", badge=Badge("words", "")),
    View("grey", "quiet", badge=Badge("quiet", "")),
    View("green", "steady", badge=Badge("trouble", "")),
    View("green", "steady", badge=Badge("kept", "")),
)
NAMES = ("apologise", "empathise", "ask", "options", "own", "hand over", "follow up", "boundary", "thank")
RED = View(
    light="red",
    headline="Pause and breathe",
    rows=(Row("voice well above your usual level", "8 dB, limit 6"), Row("said “calm down”")),
    replacements=(
        Replacement("calm down", "Clearly this upset you, and getting to the bottom of it matters to me too"),
    ),
    dots=tuple(Dot(name, name in ("ask", "thank")) for name in NAMES),
    subject=("voice.raised", ""),
    in_call=True,
)


def lights(theme: Literal["dark", "light"], contrast: Literal["normal", "high"]) -> list[QWidget]:
    """Every light in one look."""
    made: list[QWidget] = []
    for view in VIEWS:
        light = Overlay(OverlaySettings(theme=theme, contrast=contrast))
        light.show_view(view)
        made.append(light)
    return made


def on_desk(rows: Sequence[Sequence[QWidget]], path: Path) -> None:
    """Draw widgets in rows on a ground, and write the picture."""
    heights = [max(widget.height() for widget in row) + EDGE for row in rows]
    width = max(sum(widget.width() + EDGE for widget in row) for row in rows) + EDGE
    picture = QImage(width, sum(heights) + EDGE, QImage.Format.Format_RGB32)
    picture.fill(DESK)
    painter = QPainter(picture)
    y = EDGE
    for row, height in zip(rows, heights, strict=True):
        x = EDGE
        for widget in row:
            painter.drawPixmap(x, y, widget.grab())
            x += widget.width() + EDGE
        y += height
    painter.end()
    picture.save(str(path))


def cards() -> list[QWidget]:
    """The card while the light is red, and the one after a call."""
    card = Card(look_of(OverlaySettings(theme="dark"), blends=True))
    card.show_view(RED)
    summary = SummaryCard(look_of(OverlaySettings(theme="light"), blends=True), analyse(CALL_PATH, AnalysisOptions()))
    summary.show_beside(Area(0, 0, 1, 1))
    return [card, summary]


def dialogs() -> list[QWidget]:
    """Settings, the first page of the first start and the speech models, on a machine without devices."""
    devices, models = DeviceList(), SpeechModels()
    settings = SettingsDialog(Settings(), devices, has_tray=True)
    first = FirstStart(Settings(), devices)
    first.show_level(-28.0)
    words = WordsDialog(models, language="en")
    words.show_models([SpeechModel("base.en", 148, "A good start for English on an ordinary computer.", False, ())], "")
    for dialog in (settings, first, words):
        dialog.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        dialog.show()
    devices.close()
    models.close()
    return [settings, first, words]


def main() -> int:
    """Write the pictures into the folder named on the command line."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(["evenkeel", "-platform", "offscreen"])
    on_desk([lights("dark", "normal"), lights("light", "normal"), lights("dark", "high")], folder / "lights.png")
    on_desk([cards()], folder / "cards.png")
    on_desk([dialogs()], folder / "dialogs.png")
    app.processEvents()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
