"""A hub on this machine: it answers the two requests that fetching a model makes, and fails in the ways hubs do."""

import hashlib
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from huggingface_hub.utils.sha import git_hash

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What it holds and how it behaves; ``asked`` lists the requests as (path, range)."""

    files: dict[str, bytes]
    url: str = ""
    status: int = 200  # of every answer
    cut_after: int | None = None  # bytes of a large file until the connection breaks, once
    spoilt: set = field(default_factory=set)  # files whose content is not what their hash says
    stalls: bool = False  # a large file stops in the middle
    ignores_range: bool = False
    hides_hashes: bool = False
    moves_large: bool = False  # large files lie elsewhere, as they do on the real hub
    page: bytes | None = None  # what a network's sign-in page answers to everything
    asked: list = field(default_factory=list)
    tokens: set = field(default_factory=set)  # what the client showed
    gate: threading.Event = field(default_factory=threading.Event)

    def listing(self):
        return {"id": "x/y", "sha": REVISION, "siblings": [self.row(name, data) for name, data in self.files.items()]}

    def row(self, name, data):
        if self.hides_hashes:
            return {"rfilename": name}
        row = {"rfilename": name, "size": len(data), "blobId": git_hash(data)}
        if name == "model.bin":
            row["lfs"] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 130}
        return row


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        hub, wanted = self.hub, self.headers.get("Range")
        hub.asked.append((self.path, wanted))
        hub.tokens.add(self.headers.get("Authorization"))
        if hub.page is not None:
            return self.answer(200, hub.page)
        if hub.status != 200:
            return self.answer(hub.status, b"{}")
        if self.path.startswith("/api/"):
            return self.answer(200, json.dumps(hub.listing()).encode())
        name = self.path.rpartition("/")[2]
        if hub.moves_large and name == "model.bin" and not self.path.startswith("/elsewhere"):
            return self.answer(302, b"", place="/elsewhere/model.bin")
        data = hub.files[name]
        if name in hub.spoilt:
            data = bytes(reversed(data))
        first = 0 if wanted is None or hub.ignores_range else int(wanted.removeprefix("bytes=").rstrip("-"))
        return self.answer(206 if first else 200, data[first:], first, len(data), large=name == "model.bin")

    def answer(self, status, body, first=0, total=0, *, large=False, place=None):
        self.send_response(status)
        if place:
            self.send_header("Location", place)
        self.send_header("Content-Length", str(len(body)))
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
        self.end_headers()
        hub = self.hub
        if large and hub.stalls:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            hub.gate.wait(60)
            self.close_connection = True
        elif large and hub.cut_after is not None:
            cut, hub.cut_after = hub.cut_after, None
            self.wfile.write(body[:cut])
            self.close_connection = True
        else:
            self.wfile.write(body)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that leaves early is part of the tests."""


@contextmanager
def running_hub(folder: Path, **behaviour):
    """A hub that holds the files of a folder."""
    hub = Hub({path.name: path.read_bytes() for path in sorted(folder.iterdir())}, **behaviour)
    server = QuietServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()


def wait_for(condition, limit_s=30.0):
    """Wait until something holds; fails when it does not in a very long time."""
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
