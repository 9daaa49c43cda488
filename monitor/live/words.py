"""The recogniser of a live session: one is listening before a call begins, and a badge tells how it fares."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple

from monitor.errors import MonitorError
from monitor.listening import NO_WORDS, LiveWords
from monitor.live.events import WordsState

log = logging.getLogger(__name__)

_STATES = {
    "starting": WordsState.STARTING,
    "ready": WordsState.HEARING,
    "behind": WordsState.BEHIND,
    "restarting": WordsState.RESTARTING,
    "off": WordsState.ABSENT,
}
_TEXTS = {
    WordsState.ABSENT: "Words are not heard, only the voice.",
    WordsState.STARTING: "Getting ready to hear words.",
    WordsState.HEARING: "Words are heard",
    WordsState.BEHIND: "Words come late just now.",
    WordsState.RESTARTING: "Hearing of words is being started again.",
}


class Badge(NamedTuple):
    """How the recogniser fares, one short sentence for the agent, and its name; None while one is being chosen."""

    state: WordsState
    text: str
    recogniser: str | None


_TOO_LATE = LiveWords("none", None, ("Words are not heard in this call: the recogniser was not ready in time.",))
CHOOSING = Badge(WordsState.STARTING, _TEXTS[WordsState.STARTING], None)


def badge_of(words: LiveWords) -> Badge:
    """How these words are heard."""
    state = WordsState.ABSENT if words.transcriber is None else _STATES[words.transcriber.state]
    if state is WordsState.ABSENT and words.warnings:
        return Badge(state, words.warnings[-1], words.name)
    shown = "basic detection" if words.name == "pocketsphinx" else words.name
    text = f"{_TEXTS[state]} ({shown})." if state is WordsState.HEARING else _TEXTS[state]
    return Badge(state, text, words.name)


class WordsKeeper:
    """Keeps one recogniser started beyond the one in use, so that a call's first word is heard.

    ``build`` chooses and starts one; it may take a second, so it runs in a thread of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._order = 0
        self._pending = False
        self._spare: LiveWords | None = None
        self._closed = False

    def prepare(self, build: Callable[[], LiveWords]) -> None:
        """Start one for the next call, in place of one that may be waiting; returns at once."""
        with self._lock:
            if self._closed:
                return
            self._order += 1
            self._pending = True
            before, self._spare = self._spare, None
            order = self._order
        self._end(before)
        threading.Thread(target=self._build, args=(order, build), name="evenkeel-words", daemon=True).start()

    @property
    def spare(self) -> LiveWords | None:
        """The one that waits for the next call; None while it is being chosen, or when it is in use."""
        return self._spare

    @property
    def pending(self) -> bool:
        """Whether one is being chosen."""
        return self._pending

    def take(self, timeout_s: float) -> LiveWords:
        """Hand over the waiting one; where one is still being chosen, wait for it a moment."""
        with self._lock:
            there = self._lock.wait_for(lambda: not self._pending or self._closed, timeout_s)
            taken, self._spare = self._spare, None
            self._order += 1  # one that comes later is not wanted
            self._pending = False
        return taken or (NO_WORDS if there else _TOO_LATE)

    def close(self) -> None:
        """End the waiting one; one that is still being chosen ends when it is there."""
        with self._lock:
            self._closed, self._pending = True, False
            self._order += 1
            before, self._spare = self._spare, None
            self._lock.notify_all()
        if before is not None and before.transcriber is not None:
            before.transcriber.close()

    def _build(self, order: int, build: Callable[[], LiveWords]) -> None:
        try:
            built = build()
        except MonitorError as problem:
            built = LiveWords("none", None, (f"Words are not heard, only the voice is judged: {problem}",))
        except Exception:
            log.exception("no recogniser could be chosen")
            built = LiveWords("none", None, ("Words are not heard, only the voice is judged.",))
        with self._lock:
            wanted = order == self._order and not self._closed
            if wanted:
                self._spare, self._pending = built, False
                self._lock.notify_all()
        if not wanted:
            self._end(built)

    @staticmethod
    def _end(words: LiveWords | None) -> None:
        """End one without waiting for it."""
        if words is not None and words.transcriber is not None:
            threading.Thread(target=words.transcriber.close, name="evenkeel-words-end", daemon=True).start()
