"""Everything that the replay window can be told, with its keys; menus and the page of shortcuts are made from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QMainWindow, QTextBrowser, QVBoxLayout, QWidget

SPACE = "Space"
SIZE = QSize(460, 560)  # of the page of keys
FRAME = QSize(8, 40)  # what a window manager adds around a window, or a little more


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to do. ``keys`` are Qt's names; the first is shown in the menu."""

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    checkable: bool = False


ENTRIES = (
    Entry("open", "&Call", "&Open…", ("Ctrl+O",)),
    Entry("clip", "&Call", "&Export clip…", ("E",)),
    Entry("pdf", "&Call", "Save as P&DF…", ("Ctrl+Shift+P",)),
    Entry("print", "&Call", "&Print…", ("Ctrl+P",)),
    Entry("close", "&Call", "&Close", ("Ctrl+W", "Ctrl+Q")),
    Entry("play", "&Play", "&Play or pause", ("K",)),
    Entry("back", "&Play", "&Back 5 s", ("Ctrl+Left", "J")),
    Entry("forward", "&Play", "&Forward 5 s", ("Ctrl+Right",)),
    Entry("slower", "&Play", "&Slower", ("[", "<")),
    Entry("faster", "&Play", "Fas&ter", ("]", ">")),
    Entry("usual", "&Play", "Usual sp&eed", ("1",)),
    Entry("loop", "&Play", "&Repeat this stretch", ("L",), checkable=True),
    Entry("loop_from", "&Play", "Repeat fro&m here", ("I",)),
    Entry("loop_to", "&Play", "Repeat &up to here", ("O",)),
    Entry("next", "&Go", "&Next moment", ("N",)),
    Entry("previous", "&Go", "&Previous moment", ("Shift+N", "B")),
    Entry("search", "&Go", "&Search in the words", ("/", "Ctrl+F")),
    Entry("next_hit", "&Go", "Next &found place", ("F3",)),
    Entry("previous_hit", "&Go", "Previous f&ound place", ("Shift+F3",)),
    Entry("to_timeline", "&Go", "To the &time line", ("T", "Esc")),
    Entry("to_moments", "&Go", "To the &moments", ("M",)),
    Entry("comment", "&Remark", "&Comment on this moment", ("C",)),
    Entry("dispute", "&Remark", "&Dispute…", ("D",)),
    Entry("closer", "&View", "&Closer", ("Ctrl++", "Ctrl+=")),
    Entry("farther", "&View", "&Farther", ("Ctrl+-",)),
    Entry("whole", "&View", "&Whole call", ("Ctrl+0",)),
    Entry("spectrogram", "&View", "&Spectrogram", ("S",), checkable=True),
    Entry("then", "&View", "Light as shown in the &call", ("W",), checkable=True),
    Entry("keys", "&Help", "&Keys", ("?", "F1")),
)
# What the time line itself understands while it has the keyboard.
TIMELINE_KEYS = (
    ("Left, Right", "move the cursor"),
    ("Shift+Left, Shift+Right", "move the view"),
    ("Page Up, Page Down", "a page back or on"),
    ("Home, End", "start and end of the call"),
    ("+, -, 0", "closer, farther, whole call"),
    ("Shift and drag", "mark a stretch to repeat"),
    ("Ctrl and wheel", "zoom around the pointer"),
)


def make_actions(window: QMainWindow, slots: dict[str, Callable[[], object]]) -> dict[str, QAction]:
    """Actions in the window's menus; a checkable one calls its slot after it changed."""
    bar = window.menuBar()
    assert bar is not None
    menus = {title: bar.addMenu(title) for title in dict.fromkeys(entry.menu for entry in ENTRIES)}
    made = {}
    for entry in ENTRIES:
        action = QAction(entry.text, window)
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.setCheckable(entry.checkable)
        action.triggered.connect(lambda _checked=False, name=entry.name: slots[name]())
        menu = menus[entry.menu]
        assert menu is not None
        menu.addAction(action)
        made[entry.name] = action
    return made


def plain(text: str) -> str:
    """The text of a menu without its marks."""
    return text.replace("&", "").rstrip("…")


def keys_as_html(entries: Sequence[Entry] = ENTRIES) -> str:
    """A table of all keys."""

    def rows(pairs: Sequence[tuple[str, str]]) -> str:
        row = "<tr><td width='190'><b>{}</b></td><td>{}</td></tr>"
        return "".join(row.format(escape(key), escape(text)) for key, text in pairs)

    told = []
    for menu in dict.fromkeys(entry.menu for entry in entries):
        pairs = [
            (", ".join((SPACE, *entry.keys) if entry.name == "play" else entry.keys), plain(entry.text))
            for entry in entries
            if entry.menu == menu and entry.keys
        ]
        told.append(f"<h4>{escape(plain(menu))}</h4><table>{rows(pairs)}</table>")
    told.append(f"<h4>On the time line</h4><table>{rows(TIMELINE_KEYS)}</table>")
    return "".join(told)


class KeysDialog(QDialog):
    """The page of shortcuts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        page = QTextBrowser()
        page.setAccessibleName("Keys of this window")
        page.setHtml(keys_as_html())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(page)
        layout.addWidget(buttons)
        screen = self.screen()
        self.resize(SIZE if screen is None else SIZE.boundedTo(screen.availableSize() - FRAME))
