"""Sound that is nobody's speech: hold music, ringing, a recorded announcement's jingle. Told by the second."""

from __future__ import annotations

import numpy as np

from monitor.conversation.speaking import Speaking
from monitor.types import BoolArray, FloatArray, FrameGrid

CELL = round(FrameGrid().frames_per_s)  # frames: one second
_BELOW_SPEECH_DB = 20.0  # what is fainter than this under the channel's own speech is background
_QUIETEST_DBFS = -55.0  # for a channel on which nobody has spoken yet
_SHARE = 0.6  # of a second that must sound
_MEMORY = 0.1  # how fast the level of speech is followed, per second of speech


class SoundFinder:
    """Follows both channels, second by second."""

    def __init__(self) -> None:
        self._levels: FloatArray = np.zeros((2, 0), np.float32)
        self._speaking: BoolArray = np.zeros((2, 0), np.bool_)
        self._speech_dbfs = [np.nan, np.nan]
        self._next = 0
        self.until = 0
        """The frame where the last second of such sound ended."""

    def push(self, part: Speaking) -> None:
        """Take the next frames."""
        self._levels = np.concatenate([self._levels, part.levels_dbfs], axis=1)
        self._speaking = np.concatenate([self._speaking, part.speaking], axis=1)
        cells = self._levels.shape[1] // CELL
        for cell in range(cells):
            frames = slice(cell * CELL, (cell + 1) * CELL)
            for channel in (0, 1):
                if self._sounds(channel, self._levels[channel, frames], self._speaking[channel, frames]):
                    self.until = self._next + CELL
            self._next += CELL
        self._levels, self._speaking = self._levels[:, cells * CELL :], self._speaking[:, cells * CELL :]

    def _sounds(self, channel: int, levels: FloatArray, speaking: BoolArray) -> bool:
        usual = self._speech_dbfs[channel]
        if speaking.any():
            spoken = float(np.median(levels[speaking]))
            self._speech_dbfs[channel] = spoken if np.isnan(usual) else usual + _MEMORY * (spoken - usual)
            return False
        limit = _QUIETEST_DBFS if np.isnan(usual) else max(_QUIETEST_DBFS, usual - _BELOW_SPEECH_DB)
        return bool((levels > limit).mean() >= _SHARE)
