"""The spectrogram of the time line: tiles that a thread of its own computes for what is in sight, kept for later."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QObject, QRectF, pyqtSignal
from PyQt6.QtGui import QColor, QPainter

from monitor.replay import spectrum
from monitor.replay.spectrum import ROWS, TILE, Bytes
from ui.timeline_ink import picture
from ui.timeline_scene import Scene, name_lane

if TYPE_CHECKING:
    from monitor.replay.document import CallView
    from monitor.replay.recording import Waveform
    from ui.palette import Rgb

log = logging.getLogger(__name__)

MOST_TILES = 240  # 10 MB
Key = tuple[int, int, int]  # channel, level, number


class Spectrogram(QObject):
    """Tiles of one recording; ``ready`` tells that there are new ones."""

    ready = pyqtSignal()

    def __init__(self, waveform: Waveform, loudest_db: float) -> None:
        super().__init__()
        self._waveform, self._loudest_db = waveform, loudest_db
        self._tiles: OrderedDict[Key, Bytes] = OrderedDict()
        self._wanted: list[Key] = []
        self._begun: Key | None = None
        self._news = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="evenkeel-spectrogram", daemon=True)
        self._thread.start()

    def tile(self, key: Key) -> Bytes | None:
        """A tile, if it is there."""
        with self._news:
            found = self._tiles.get(key)
            if found is not None:
                self._tiles.move_to_end(key)
            return found

    def want(self, channel: int, keys: list[Key]) -> None:
        """Compute these next, and forget what else was wanted of this channel."""
        with self._news:
            others = [key for key in self._wanted if key[0] != channel]
            self._wanted = [key for key in keys if key != self._begun] + others
            self._news.notify()

    def stop(self) -> None:
        """End the thread, and wait for it."""
        with self._news:
            self._stopped = True
            self._news.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: bool(self._wanted) or self._stopped)
                if self._stopped:
                    return
                key = self._begun = self._wanted.pop(0)
            try:
                self._compute(key)
            except Exception:
                log.exception("a piece of the spectrogram could not be computed")

    def _compute(self, key: Key) -> None:
        channel, level, number = key
        if not self._is_readable(level, number):
            with self._news:
                self._begun = None
            return  # it is wanted again when more was read
        found = spectrum.tile(self._waveform, channel, level, number, self._loudest_db)
        with self._news:
            self._tiles[key], self._begun = found, None
            while len(self._tiles) > MOST_TILES:
                self._tiles.popitem(last=False)
            if self._stopped:
                return
        self.ready.emit()

    def _is_readable(self, level: int, number: int) -> bool:
        end_s = (number + 1) * TILE * spectrum.step_s(level)
        length_s = self._waveform.duration_s
        return self._waveform.complete or self._waveform.readable_s >= min(end_s, length_s or end_s)


class SpectrogramLane:
    """One channel's spectrogram, from 0 Hz at the bottom."""

    lines, share = 3.0, 1.6

    def __init__(self, spectrogram: Spectrogram, call: CallView, channel: int) -> None:
        self.title = "Spectrum" if call.channels < 2 else f"Spectrum, {call.speaker(channel)}"
        self._spectrogram, self._channel = spectrogram, channel

    def paint(self, scene: Scene, box: QRectF) -> None:
        """Draw the tiles that are there, and ask for the others."""
        assert scene.call.waveform is not None
        span, theme = scene.axis.span, scene.look.theme
        top_hz = spectrum.top_hz(scene.call.waveform.rate_hz)
        name_lane(scene, self.title, box, f"0 to {top_hz / 1000:g} kHz")
        level = spectrum.level_for(span.length_s / (box.width() * scene.ratio))
        length_s = TILE * spectrum.step_s(level)
        numbers = range(int(span.start_s / length_s), int(min(span.end_s, scene.call.duration_s) / length_s) + 1)
        scene.painter.setClipRect(box)
        scene.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shades = _shades(theme.ground, theme.text)
        missing = []
        for number in numbers:
            key = self._channel, level, number
            tile = self._spectrogram.tile(key)
            place = QRectF(scene.axis.x(number * length_s), box.top(), length_s * scene.axis.px_per_s, box.height())
            if tile is None:
                missing.append(key)
                self._stand_in(scene, level, number, place)
            else:
                scene.painter.drawImage(place, picture(tile, shades), QRectF(0, 0, TILE, ROWS))
        self._spectrogram.want(self._channel, missing)

    def _stand_in(self, scene: Scene, level: int, number: int, place: QRectF) -> None:
        """What a coarser tile shows of this stretch, until the tile itself is there."""
        for coarser in range(1, 4):
            tile = self._spectrogram.tile((self._channel, level + coarser, number >> coarser))
            if tile is not None:
                part = TILE / 2**coarser
                source = QRectF((number % 2**coarser) * part, 0, part, ROWS)
                shades = _shades(scene.look.theme.ground, scene.look.theme.text)
                scene.painter.drawImage(place, picture(tile, shades), source)
                return


@lru_cache(maxsize=4)
def _shades(ground: Rgb, ink: Rgb) -> list[int]:
    """From the ground to the ink in 256 steps."""
    steps = np.linspace(np.array(ground), np.array(ink), 256).round().astype(int).tolist()
    return [QColor(*step).rgb() for step in steps]


def spectrogram_of(call: CallView) -> Spectrogram | None:
    """The spectrogram of a call, None where there is no recording."""
    if call.waveform is None:
        return None
    levels = [limit[1] for track in call.tracks if track.name == "level_dbfs" and (limit := track.limits()) is not None]
    return Spectrogram(call.waveform, max(levels, default=-15.0) - 6.0)


def spectrogram_lanes(spectrogram: Spectrogram, call: CallView) -> list[SpectrogramLane]:
    """A lane for the agent, and one for the other side."""
    channels = range(0 if call.waveform is None else call.waveform.channels)
    order = sorted(channels, key=lambda channel: channel != call.agent_channel)[:2]
    return [SpectrogramLane(spectrogram, call, channel) for channel in order]
