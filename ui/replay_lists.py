"""Lists of the side panel: moments with their filters, words that are searched, and notes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QKeyEvent, QPainter, QPixmap
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from monitor.call_view import clock
from monitor.export.captions import lines
from monitor.replay.navigate import Filter, Place, search
from monitor.types import FlagState, Light
from ui.lamp import lamp_icon
from ui.timeline_look import draw_flag, look_for

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.replay.notes import Remark

ICON = 16
SAID = frozenset({FlagState.TENTATIVE, FlagState.CONFIRMED})
NOT_MEANT = frozenset({FlagState.QUOTED, FlagState.WITHDRAWN})
NO_LIGHT: frozenset[Light] = frozenset()
# What may be shown, and whether it is phrases, lights or both.
KINDS: dict[str, Filter] = {
    "Phrases and lights": Filter(states=SAID),
    "Phrases": Filter(states=SAID, lights=NO_LIGHT),
    "Phrases surely heard": Filter(states=frozenset({FlagState.CONFIRMED}), lights=NO_LIGHT),
    "Phrases quoted or taken back": Filter(states=NOT_MEANT, lights=NO_LIGHT),
    "Red and amber lights": Filter(states=frozenset()),
    "Red lights": Filter(states=frozenset(), lights=frozenset({Light.RED})),
    "Everything": Filter(),
}
ALL_BEHAVIOURS = "All behaviours"
_SAME_S = 0.06  # a dispute is of what begins within so much of it
_KEY = Qt.ItemDataRole.UserRole


class PlainList(QListWidget):
    """A list that leaves the space bar to the window, where it plays and pauses."""

    chosen = pyqtSignal(object)  # what belongs to the row that somebody chose

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumHeight(3 * self.fontMetrics().lineSpacing())  # a small screen is enough
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setIconSize(QSize(ICON, ICON))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)

    def add(self, text: str, of: object, icon: QIcon | None = None) -> QListWidgetItem:
        """Add a row."""
        item = QListWidgetItem(text)
        item.setToolTip(f"<qt>{escape(text)}</qt>".replace("\n", "<br>"))  # never markup of the call's own
        item.setData(_KEY, of)
        if icon is not None:
            item.setIcon(icon)
        self.addItem(item)
        return item

    def of_row(self, row: int) -> object:
        """What belongs to a row."""
        item = self.item(row)
        return None if item is None else item.data(_KEY)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802 - Qt's name
        """All keys of a list but the space bar."""
        if event is not None and event.key() == Qt.Key.Key_Space:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_KEY))


class Moments(QWidget):
    """Flagged phrases, amber and red lights, with filters."""

    chosen = pyqtSignal(str)  # key of a place
    filtered = pyqtSignal(object)  # Filter

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: tuple[Place, ...] = ()
        self._disputes: tuple[Remark, ...] = ()
        self.kind, self.behaviour = QComboBox(), QComboBox()
        self.kind.addItems(list(KINDS))
        self.kind.setAccessibleName("Kinds of moments shown")
        self.behaviour.setAccessibleName("Behaviour shown")
        self.list = PlainList("Moments of this call")
        self._count = QLabel()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        row = QHBoxLayout()  # one line less, for small screens
        row.addWidget(self.behaviour, 1)
        row.addWidget(self._count)
        layout.addWidget(self.kind)
        layout.addLayout(row)
        layout.addWidget(self.list)
        self.kind.currentIndexChanged.connect(self._filter)
        self.behaviour.currentIndexChanged.connect(self._filter)
        self.list.chosen.connect(lambda place: self.chosen.emit(place.key))
        self.shown: tuple[Place, ...] = ()

    def set_places(self, found: Sequence[Place], disputes: Sequence[Remark]) -> None:
        """Show the moments of a call; filters stay as they are where they still fit."""
        self._places, self._disputes = tuple(found), tuple(disputes)
        before = self.behaviour.currentData()
        titles = dict(sorted({place.id: place.title for place in found}.items(), key=lambda pair: pair[1]))
        self.behaviour.blockSignals(True)
        self.behaviour.clear()
        self.behaviour.addItem(ALL_BEHAVIOURS, None)
        for behaviour_id, title in titles.items():
            self.behaviour.addItem(title, behaviour_id)
        self.behaviour.setCurrentIndex(max(0, self.behaviour.findData(before)))
        self.behaviour.blockSignals(False)
        self._filter()

    @property
    def filter(self) -> Filter:
        """What is shown."""
        kind = KINDS[self.kind.currentText()]
        behaviour = self.behaviour.currentData()
        return Filter(None if behaviour is None else frozenset({behaviour}), kind.states, kind.lights)

    def select(self, key: str | None) -> None:
        """Mark a row without going there."""
        row = next((number for number, place in enumerate(self.shown) if place.key == key), -1)
        self.list.setCurrentRow(row)

    def _filter(self) -> None:
        wanted = self.filter
        self.shown = tuple(place for place in self._places if wanted.holds(place))
        self.list.clear()
        all_disputed = self._disputed()
        for place in self.shown:
            disputed = "  (disputed)" if place.key in all_disputed else ""
            self.list.add(f"{clock(place.start_s, 0)}  {place.title}{disputed}\n{place.text}", place, self._icon(place))
        of = "" if len(self.shown) == len(self._places) else f" of {len(self._places)}"
        self._count.setText(f"{len(self.shown)}{of} moments" if self._places else "Nothing was flagged in this call.")
        self.filtered.emit(wanted)

    def _disputed(self) -> set[str]:
        """Keys of the moments that were disputed: of several so near, the one that reads the same, else the nearest."""
        found: set[str] = set()
        for each in self._disputes:
            if each.at_s is None:
                continue
            off = [
                (place.text != each.text, abs(each.at_s - place.start_s), place.key)
                for place in self._places
                if place.id == each.subject and abs(each.at_s - place.start_s) < _SAME_S
            ]
            found.update(key for _differs, _off_s, key in sorted(off)[:1])
        return found

    def _icon(self, place: Place) -> QIcon:
        if place.state is None:
            return lamp_icon(str(place.light))
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(ICON * ratio), round(ICON * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_flag(painter, place.state, (ICON / 2, ICON / 2), ICON - 6, look_for(self).theme.text)
        painter.end()
        return QIcon(picture)


@dataclass(frozen=True, slots=True)
class Heard:
    """A row of words and where they begin."""

    start_s: float
    text: str


class Words(QWidget):
    """What was heard, line by line; or only where some words were heard."""

    chosen = pyqtSignal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._call: CallView | None = None
        self._rows: list[Heard] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText("Search in the words")
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Search in the words")
        self.list = PlainList("What was heard")
        self.list.setWordWrap(True)
        self._count = QLabel()
        self._count.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        for part in (self.field, self.list, self._count):
            layout.addWidget(part)
        self.field.textChanged.connect(self._fill)
        self.field.returnPressed.connect(self.go_on)
        self.list.chosen.connect(lambda row: self.chosen.emit(row.start_s))

    def set_call(self, call: CallView) -> None:
        """Show this call from now on."""
        if self._call is None or self._call.result is not call.result:
            self._call = call
            self._fill()

    @property
    def searching(self) -> bool:
        """Whether only some of the words are shown."""
        return bool(self.field.text().strip())

    def go_on(self, step: int = 1) -> None:
        """Go to the next row, or with -1 to the one before; after the last the first again."""
        count = len(self._rows)
        if not count or not self.searching:
            return
        row = self.list.currentRow()
        row = (row + step) % count if row >= 0 else (0 if step > 0 else count - 1)
        self.list.setCurrentRow(row)
        self.chosen.emit(self._rows[row].start_s)

    def show_time(self, at_s: float) -> None:
        """Mark the line that is spoken now, unless somebody searches or reads elsewhere in the list."""
        if self.searching or self.list.hasFocus() or not self.isVisible():
            return
        row = bisect_right(self._rows, at_s, key=lambda each: each.start_s) - 1
        if row != self.list.currentRow():
            self.list.setCurrentRow(row)

    def _fill(self) -> None:
        call = self._call
        if call is None:
            return
        if self.searching:
            hits = search(call.words, self.field.text())
            self._rows = [Heard(hit.start_s, f"{call.speaker(hit.channel)}: … {hit.text} …") for hit in hits]
        else:
            self._rows = [Heard(line.start_s, f"{line.speaker}: {line.text}") for line in lines(call.result)]
        self.list.clear()
        for row in self._rows:
            self.list.add(f"{clock(row.start_s, 0)}  {row.text}", row)
        self._count.setText(self._told(call))

    def _told(self, call: CallView) -> str:
        recogniser = call.result.engine.recogniser
        if not call.words:
            return "Words were not listened to." if recogniser == "none" else "No words were heard."
        told = _many(len(self._rows), "place") if self.searching else _many(len(call.words), "word")
        return told + (". Basic detection listened: it misses words and mistakes some." if _basic(recogniser) else ".")


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _basic(recogniser: str) -> bool:
    return recogniser == "pocketsphinx"


class Notes(QWidget):
    """Comments and disputes, and a line to write one."""

    chosen = pyqtSignal(float)
    commented = pyqtSignal(str)

    def __init__(self, now_s: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now_s = now_s
        self.list = PlainList("Comments and disputes")
        self.list.setWordWrap(True)
        self._warnings = QLabel()
        self._warnings.setWordWrap(True)
        self._warnings.setTextFormat(Qt.TextFormat.PlainText)
        self._warnings.setAccessibleName("What to know about this recording")
        self.field = QLineEdit()
        self.field.setAccessibleName("Comment on this moment")
        self.add = QPushButton("Add comment")
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self.add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.list)
        layout.addLayout(row)
        layout.addWidget(self._warnings)
        self.add.clicked.connect(self._comment)
        self.field.returnPressed.connect(self._comment)
        self.list.chosen.connect(self._go)
        self.show_time(0.0)

    def set_remarks(self, remarks: Sequence[Remark], warnings: Sequence[str]) -> None:
        """Show these by their place in the call, and what is to be known about the recording."""
        self._warnings.setText("\n".join(warnings))
        self._warnings.setVisible(bool(warnings))
        self.list.clear()
        for remark in sorted(remarks, key=lambda each: (-1.0 if each.at_s is None else each.at_s, each.made)):
            at = "whole call" if remark.at_s is None else clock(remark.at_s, 0)
            what = "disputed: " if remark.subject is not None else ""
            why = f"\n{remark.reason}" if remark.reason else ""
            self.list.add(f"{at}  {remark.who}, {remark.made:%Y-%m-%d}\n{what}{remark.text}{why}", remark.at_s)

    def show_time(self, at_s: float) -> None:
        """Where a comment would go."""
        text = f"Comment at {clock(at_s, 0)}"
        if text != self.field.placeholderText():
            self.field.setPlaceholderText(text)

    def give_back(self, text: str) -> None:
        """A comment that could not be kept, to be added again."""
        if not self.field.text():
            self.field.setText(text)

    def _comment(self) -> None:
        text = self.field.text().strip()
        if text:
            self.field.clear()
            self.commented.emit(text)

    def _go(self, at_s: object) -> None:
        if isinstance(at_s, float):
            self.chosen.emit(at_s)
