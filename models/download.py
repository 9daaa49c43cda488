"""Fetches a speech model from the hub, and only when ``evenkeel models get`` asks for it.

huggingface_hub lists the files and moves the bytes: it knows the hub's addresses and errors and honours
``HF_ENDPOINT``, ``HF_TOKEN``, ``HTTPS_PROXY`` and its own timeouts. Its ``snapshot_download`` deletes what had come
when it is stopped, which for gigabytes is too dear; so partial files, and the check of every hash, are kept here.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models.catalogue import Entry
from models.model_folder import is_wanted, missing_of, sha256_of
from models.store import MB, being_written, find_model, models_folder, settle, writable
from monitor.errors import EnvironmentProblem, ParameterError

Progress = Callable[[int, int], None]

# How often a broken connection is taken up again within one run, as long as something came each time.
MOST_BREAKS = 20
# What is handed on at a time: what has come of it is lost when the connection breaks or the user stops.
CHUNK_BYTES = 1 << 16
# Room that is left to the system, in bytes.
SPARE_BYTES = 50 * MB


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the hub; large ones have a SHA-256, small ones the hash that git gives them."""

    name: str
    size: int
    sha256: str | None
    git_hash: str | None

    def part(self, folder: Path) -> Path:
        """Where its bytes are gathered; a file that changed on the hub gets another one."""
        return folder / f"{self.name}.{(self.sha256 or self.git_hash or '')[:12]}.part"

    def is_same(self, file: Path) -> bool:
        """Whether a file has the content that the hub announced."""
        if file.stat().st_size != self.size:
            return False
        if self.sha256 is not None:
            return sha256_of(file) == self.sha256
        from huggingface_hub.utils.sha import git_hash

        return git_hash(file.read_bytes()) == self.git_hash


@dataclass(frozen=True, slots=True)
class Listing:
    """What would be fetched: the files of one version of a model, and from where."""

    entry: Entry
    revision: str
    files: tuple[RemoteFile, ...]
    endpoint: str | None
    token: bool | None

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def source(self) -> str:
        """Origin, for the manifest."""
        where = f" by {self.endpoint}" if self.endpoint else ""
        return f"{self.entry.repository}@{self.revision}{where}"


def list_remote(entry: Entry, mirror: str | None = None) -> Listing:
    """Ask the hub, or a mirror of it, which files the model has; nothing is fetched yet.

    Raises
    ------
    ParameterError
        The mirror's address is none.
    EnvironmentProblem
        The hub cannot be reached, does not have the model, or does not say the hashes of its files.
    """
    endpoint = _address(mirror) or _address(os.environ.get("HF_ENDPOINT"))
    # The hub's own token is not shown to an address that was typed for this one call.
    token = False if mirror else None
    with _told(entry.name, endpoint):
        api = _hub().HfApi(endpoint=endpoint, token=token)
        info = api.model_info(entry.repository, files_metadata=True, timeout=_timeout_s())
        rows = [row for row in info.siblings or () if is_wanted(row.rfilename)]
        files = tuple(
            RemoteFile(row.rfilename, row.size or 0, row.lfs.sha256 if row.lfs else None, row.blob_id) for row in rows
        )
    where = endpoint or "the hub"
    if missing := missing_of(file.name for file in files):
        raise EnvironmentProblem(f"{where} does not have all of {entry.name}: {missing[0]} is missing. {_from(entry)}")
    if not info.sha or not all(file.size and (file.sha256 or file.git_hash) for file in files):
        raise EnvironmentProblem(
            f"{where} does not say sizes and hashes of {entry.name}, so it could not be checked. {_from(entry)}"
        )
    return Listing(entry, info.sha, files, endpoint, token)


def fetch(listing: Listing, progress: Progress) -> Path:
    """Fetch what is not there yet, check every hash, and make it a model of ours; gives its folder.

    ``progress`` is told the bytes that are there and those of the whole. When stopped, what has come is kept.

    Raises
    ------
    EnvironmentProblem
        The connection, the disk or the content was not as needed; the text says how to go on.
    """
    entry = listing.entry
    with being_written(entry.name) as partial:
        already = find_model(entry.name)
        if already is not None and already.parent == models_folder() and _is_whole(listing, already):
            return already  # another program fetched it while this one waited
        with writable(partial.parent):
            partial.mkdir(exist_ok=True)
            _drop_strangers(listing, partial)
            _keep_what_is_good(listing, partial)
            _demand_room(listing, partial)
            done = 0
            for file in listing.files:
                before = done

                def tell(bytes_: int, before: int = before) -> None:
                    progress(before + bytes_, listing.size_bytes)

                _fetch_file(listing, file, partial, tell)
                done += file.size
                progress(done, listing.size_bytes)
        return settle(partial, entry.name, listing.source)


def _is_whole(listing: Listing, folder: Path) -> bool:
    return all((folder / file.name).is_file() and file.is_same(folder / file.name) for file in listing.files)


def _drop_strangers(listing: Listing, partial: Path) -> None:
    """Delete what an earlier version on the hub left behind."""
    known = {path for file in listing.files for path in (partial / file.name, file.part(partial))}
    for path in partial.iterdir():
        if path not in known:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _keep_what_is_good(listing: Listing, partial: Path) -> None:
    """Of a damaged model of ours, take over the files that are as the hub announces them."""
    here = models_folder() / listing.entry.name
    for file in listing.files:
        old, new = here / file.name, partial / file.name
        if not new.exists() and old.is_file() and file.is_same(old):
            try:
                os.link(old, new)  # takes no room
            except OSError:
                shutil.copyfile(old, new)


def _demand_room(listing: Listing, partial: Path) -> None:
    here = sum(path.stat().st_size for path in partial.iterdir())
    needed, free = listing.size_bytes - here + SPARE_BYTES, shutil.disk_usage(partial).free
    if needed > free:
        raise EnvironmentProblem(
            f"There is too little room for {listing.entry.name}: it needs {needed // MB} MB, {free // MB} MB are free. "
            "Free some room, or set EVENKEEL_MODELS to a folder on another disk."
        )


def _fetch_file(listing: Listing, file: RemoteFile, partial: Path, tell: Callable[[int], None]) -> None:
    """Bring one file to its place; content that does not match its hash is fetched anew once when it was taken up."""
    final, part = partial / file.name, file.part(partial)
    if final.exists():
        if file.is_same(final):
            return
        final.unlink()
    had = part.stat().st_size if part.exists() else 0
    if had > file.size:
        part.unlink()
    _fetch_bytes(listing, file, part, tell)
    if not file.is_same(part) and had:
        # What an earlier run left may be at fault, so once more from the start.
        part.unlink()
        _fetch_bytes(listing, file, part, tell)
    if not file.is_same(part):
        part.unlink()
        raise EnvironmentProblem(
            f"{file.name} of {listing.entry.name} did not arrive as the hub announced it (its hash differs), so it is "
            f"not kept. Run the same command again, or use another --mirror. {_from(listing.entry)}"
        )
    part.rename(final)


def _fetch_bytes(listing: Listing, file: RemoteFile, part: Path, tell: Callable[[int], None]) -> None:
    """Append to a partial file until it has its size; a connection that breaks is taken up where it broke."""
    hub = _hub()
    import httpx2
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    url = hub.hf_hub_url(listing.entry.repository, file.name, revision=listing.revision, endpoint=listing.endpoint)
    with _told(listing.entry.name, listing.endpoint):
        # Compressed bytes could not be taken up in the middle.
        headers = {**build_hf_headers(token=listing.token), "Accept-Encoding": "identity"}
        for attempt in range(MOST_BREAKS):
            with part.open("ab") as out:
                had = out.tell()
                try:
                    http_get(url, out, resume_size=had, headers=headers, expected_size=file.size, tqdm_class=_bar(tell))
                    return
                except (httpx2.ReadError, httpx2.RemoteProtocolError):
                    if attempt == MOST_BREAKS - 1 or out.tell() <= had:
                        raise


def _bar(tell: Callable[[int], None]) -> Any:  # noqa: ANN401 - the library wants a class like tqdm
    """A class that looks like a progress bar to the hub's library and passes on the bytes of the file so far."""

    class Bar:
        def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
            self.done = initial

        def update(self, number: int = 1) -> None:
            self.done += number
            tell(self.done)

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing to close."""

    return Bar


def _hub() -> Any:  # noqa: ANN401 - the module
    """The hub's library, told to keep quiet, to hand on bytes soon, and not to ask online what it may be run by."""
    import huggingface_hub
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    constants.DOWNLOAD_CHUNK_SIZE = CHUNK_BYTES
    huggingface_hub.logging.set_verbosity(50)
    return huggingface_hub


def _timeout_s() -> float:
    from huggingface_hub import constants

    return constants.HF_HUB_DOWNLOAD_TIMEOUT


def _address(text: str | None) -> str | None:
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ParameterError(f"{text!r} is no address of a hub; give one such as https://hub.example.org.")
    return text.rstrip("/")


def _from(entry: Entry) -> str:
    return f"With a copy on disk use: evenkeel models get {entry.name} --from FOLDER."


@contextmanager
def _told(name: str, endpoint: str | None) -> Iterator[None]:
    """Turn what the hub's library raises into one sentence with the remedy; errors of the disk pass."""
    import httpx2

    try:
        yield
    except (OSError, ValueError, TypeError, LookupError, httpx2.HTTPError, httpx2.InvalidURL) as error:
        text = _explained(error, name, endpoint or "the hub")
        if text is None:
            raise
        raise EnvironmentProblem(f"{text} With a copy on disk use: evenkeel models get {name} --from FOLDER.") from None


def _explained(error: Exception, name: str, where: str) -> str | None:
    """What went wrong between here and the hub; None when it was the disk."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    kept = "What came so far is kept: run the same command again to go on."
    broke = f"The model could not be fetched: the connection broke. {kept}"
    if isinstance(error, HfHubHTTPError):
        return _refusal(name, where, error.response.status_code)
    if isinstance(error, httpx2.ConnectError) and "CERTIFICATE" in str(error):
        return "The model could not be fetched: the connection's certificate is not trusted; set SSL_CERT_FILE."
    table: tuple[tuple[type[Exception], str], ...] = (
        (OfflineModeIsEnabled, f"HF_HUB_OFFLINE is set, so nothing is fetched; unset it to fetch {name}."),
        (httpx2.ProxyError, "The model could not be fetched: the proxy refused. Check HTTPS_PROXY."),
        (httpx2.TimeoutException, f"The model could not be fetched: {where} does not answer. {kept}"),
        (httpx2.ConnectError, "The model could not be fetched: no connection to the hub."),
        (httpx2.HTTPError, broke),
    )
    for kind, text in table:
        if isinstance(error, kind):
            return text
    if isinstance(error, OSError):
        # The library's own check of the size has no number; a real fault of the disk has.
        return broke if error.errno is None else None
    return f"{where} does not answer as a hub does; check --mirror, HF_ENDPOINT and your network's sign-in page."


def _refusal(name: str, where: str, status: int) -> str:
    """What an HTTP status means to the person who asked for a model."""
    if status in (401, 403):
        return f"{where} wants a sign-in for {name} ({status}): set HF_TOKEN, and HF_ENDPOINT rather than --mirror."
    if status == 404:
        return f"{where} does not have {name} (404); check --mirror and HF_ENDPOINT."
    if status == 429 or status >= 500:
        return f"{where} is busy or out of order ({status}); try again later."
    return f"{where} refused {name} ({status})."
