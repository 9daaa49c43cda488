"""What PulseAudio, or PipeWire in its place, knows of sources and of our own streams. Only Linux has it.

PortAudio sees one device called "pulse" here and never learns which source stands behind it, or that the server moved a
stream to another one. So the server is asked, by libpulse, which is there wherever PortAudio can reach the server.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    import pulsectl

TOKEN = "evenkeel.stream"  # the property by which a stream of ours is known to the server
_NO_SINK = 0xFFFF_FFFF
_LISTEN_S = 0.2  # a change is told at once; this is how soon a doubt of our own is looked after
_RECONNECT_S = 0.25


@dataclass(frozen=True, slots=True)
class PulseSource:
    """A source of the server; a monitor is what is played, heard again."""

    name: str
    label: str
    channels: int
    rate_hz: int
    is_monitor: bool


@dataclass(frozen=True, slots=True)
class PulseView:
    """The server at one moment.

    ``streams``: the source's name for each stream that bears a token. ``unmarked``: the same for streams of this
    process that lost theirs on the way, should a server not hand it on. Streams that are not joined to a source yet,
    as PipeWire shows new ones, are left out.
    """

    sources: tuple[PulseSource, ...] = ()
    default: str | None = None
    streams: Mapping[str, str] = field(default_factory=dict)
    unmarked: tuple[str, ...] = ()

    def is_heard_by(self, token: str, source: str) -> bool | None:
        """Whether the stream with this token hears that source; None when the stream is not known yet."""
        if token in self.streams:
            return self.streams[token] == source
        return source in self.unmarked if self.unmarked else None


def view_now(timeout_s: float = 1.5) -> PulseView | None:
    """The server as it is now; None when there is none, or it does not answer in time."""
    found: list[PulseView] = []
    library = _library()
    if library is None:
        return None

    def ask() -> None:
        with suppress(*_troubles(library)), library.Pulse("evenkeel", connect=False) as pulse:
            pulse.connect()
            found.append(_view(pulse))

    # A server that is stopped keeps its callers waiting, hence the thread of its own.
    thread = threading.Thread(target=ask, name="pulse-view", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return found[0] if found else None


def _library() -> ModuleType | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        import pulsectl
    except (ImportError, OSError):  # OSError: the package is there, libpulse is not
        return None
    pulsectl.PulseSourceInfo._init_from_struct = _keep_spec
    return pulsectl  # type: ignore[no-any-return, unused-ignore]


def _keep_spec(source: pulsectl.PulseSourceInfo, struct: pulsectl.PulseSourceInfo) -> None:
    """Copy what pulsectl itself only refers to: libpulse's memory, which holds something else a moment later."""
    source.spec_kept = (int(struct.sample_spec.channels), int(struct.sample_spec.rate))


def _troubles(library: ModuleType) -> tuple[type[Exception], ...]:
    return (library.PulseError, library.PulseDisconnected)


def _view(pulse: pulsectl.Pulse) -> PulseView:
    sources = pulse.source_list()
    names = {source.index: source.name for source in sources}
    outputs = pulse.source_output_list()
    streams = [(stream.proplist, names[stream.source]) for stream in outputs if stream.source in names]
    own = str(os.getpid())
    return PulseView(
        sources=tuple(
            PulseSource(
                name=source.name,
                label=source.description or source.name,
                channels=source.spec_kept[0],
                rate_hz=source.spec_kept[1],
                is_monitor=source.monitor_of_sink != _NO_SINK,
            )
            for source in sources
        ),
        default=pulse.server_info().default_source_name or None,
        streams={marks[TOKEN]: source for marks, source in streams if TOKEN in marks},
        unmarked=tuple(
            source for marks, source in streams if TOKEN not in marks and marks.get("application.process.id") == own
        ),
    )


class PulseWatch:
    """Keeps a view of the server up to date, within milliseconds of a change.

    ``is_unsure`` holds from the first sign of a change until the view shows it: what a stream delivers then may already
    come from another source. ``on_change`` is called in the watching thread.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.view: PulseView | None = None
        self.is_unsure = False
        self._signs = 0
        self._on_change = on_change
        self._closing = threading.Event()
        self._first = threading.Event()
        self._library = _library()
        self._thread = threading.Thread(target=self._run, name="pulse-watch", daemon=True)

    def start(self) -> None:
        """Watch from now on."""
        if self._library is None:
            self._first.set()
        else:
            self._thread.start()

    def wait_known(self, patience_s: float) -> bool:
        """Wait until it is known whether there is a server; False when one is there that does not answer."""
        return self._first.wait(patience_s)

    def doubt(self) -> None:
        """The view may be old, since the whole program was held up: look again before it is believed."""
        if self.view is not None:
            self._signs += 1
            self.is_unsure = True

    def close(self, patience_s: float = 0.3) -> None:
        """Stop watching. A thread that waits for a stopped server is left to end with the program."""
        self._closing.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(patience_s)

    def _run(self) -> None:
        assert self._library is not None
        while not self._closing.is_set():
            with suppress(*_troubles(self._library)), self._library.Pulse("evenkeel", connect=False) as pulse:
                pulse.connect()
                self._follow(pulse)
            self._show(None)
            self._first.set()
            self._closing.wait(_RECONNECT_S)

    def _follow(self, pulse: pulsectl.Pulse) -> None:
        pulse.event_mask_set("source", "source_output", "server")
        pulse.event_callback_set(self._notice)
        self.is_unsure = True
        while not self._closing.is_set():
            while self.is_unsure:
                signs = self._signs
                view = _view(pulse)
                if signs == self._signs:  # else something changed again while the view was read
                    self._show(view)
            self._first.set()
            pulse.event_listen(timeout=_LISTEN_S)

    def _notice(self, _event: object) -> None:
        assert self._library is not None
        self._signs += 1
        self.is_unsure = True
        raise self._library.PulseLoopStop

    def _show(self, view: PulseView | None) -> None:
        changed = view != self.view
        self.view = view
        self.is_unsure = False
        if changed:
            self._on_change()
