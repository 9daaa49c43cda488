"""Speech models, looked up and fetched by another process: neither network nor model ever come into this one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QObject, QProcess, pyqtSignal

from monitor.own_program import own_command

KB = 1_000
_END_MS = 3_000


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A model that is here or could be: name, size in MB, what it is good for; ``speaks`` names its languages."""

    name: str
    size_mb: float
    advice: str
    is_here: bool
    speaks: tuple[str, ...]

    def knows(self, language: str) -> bool:
        """Whether it knows a language, such as ``en-GB``; of one of unknown languages that is hoped."""
        return not self.speaks or bool({language.split("-", maxsplit=1)[0].lower(), "*"} & set(self.speaks))


class SpeechModels(QObject):
    """``look`` and ``get`` return at once; signals tell what comes of them. One is fetched at a time.

    ``found`` has the models and the name of the one that suits this machine best, where that was measured.
    ``got`` has the name of a model that is here now, ``failed`` a sentence.
    """

    found = pyqtSignal(list, str)
    progressed = pyqtSignal(int, int)  # kilobytes that are here, and in all
    got = pyqtSignal(str)
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looking: QProcess | None = None
        self._getting: QProcess | None = None
        self._name = ""

    @property
    def is_getting(self) -> bool:
        """Whether a model is being fetched or copied."""
        return self._getting is not None

    def look(self) -> None:
        """Look what is here and what there is, unless that is under way."""
        if self._looking is not None:
            return
        process = self._looking = self._started("models", "list", "--json")
        process.finished.connect(lambda code, _status: self._tell_found(process, code))

    def get(self, name: str, source: str | None = None) -> None:
        """Fetch a model from the hub, or take it from a folder or archive."""
        if self._getting is not None:
            return
        self._name = name
        place = [] if source is None else ["--from", source]
        process = self._getting = self._started("models", "get", name, "--json", *place)
        process.readyReadStandardOutput.connect(lambda: self._tell_progress(process))
        process.finished.connect(lambda code, _status: self._tell_end(process, code))

    def stop(self) -> None:
        """Fetch no further; what has come is kept for the next time."""
        process, self._getting = self._getting, None
        _end(process)

    def close(self) -> None:
        """End whatever is under way."""
        process, self._looking = self._looking, None
        _end(process)
        self.stop()

    def _started(self, *arguments: str) -> QProcess:
        program, *rest = own_command(*arguments)
        process = QProcess(self)
        process.errorOccurred.connect(lambda error: self._tell_unstarted(process, error))
        process.start(program, rest)
        return process

    def _tell_unstarted(self, process: QProcess, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and process in (self._looking, self._getting):
            self._looking = None if process is self._looking else self._looking
            self._getting = None if process is self._getting else self._getting
            self.failed.emit("Evenkeel could not be started a second time for this; try again later.")

    def _tell_found(self, process: QProcess, code: int) -> None:
        if process is not self._looking:
            return
        self._looking = None
        if code:
            self.failed.emit(_last_line(process))
            return
        answer = json.loads(bytes(process.readAllStandardOutput().data()))
        models = [_model(row) for row in answer["models"] if row["name"] != "pocketsphinx"]
        self.found.emit(models, answer["recommended"] or "")

    def _tell_progress(self, process: QProcess) -> None:
        if process is not self._getting:
            return
        process.setReadChannel(QProcess.ProcessChannel.StandardOutput)
        while process.canReadLine():
            told = json.loads(process.readLine().data())
            self.progressed.emit(told["done_bytes"] // KB, told["size_bytes"] // KB)

    def _tell_end(self, process: QProcess, code: int) -> None:
        if process is not self._getting:
            return
        self._getting = None
        if code:
            self.failed.emit(_last_line(process))
        else:
            self.got.emit(self._name)


def _model(row: dict[str, Any]) -> SpeechModel:
    here = row["state"] == "complete"
    return SpeechModel(row["name"], row["size_mb"], row["advice"], here, tuple(row["languages"]))


def _last_line(process: QProcess) -> str:
    lines = bytes(process.readAllStandardError().data()).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "That did not work, and no reason was given; try again later."


def _end(process: QProcess | None) -> None:
    """What it fetched so far is kept by its files, so that it need not be asked politely."""
    if process is not None and process.state() is not QProcess.ProcessState.NotRunning:
        process.kill()
        process.waitForFinished(_END_MS)
