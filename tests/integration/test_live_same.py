"""A live call and an analysis of the same samples give the same lights, flags and numbers; nothing leaves."""

import contextlib
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile as sf

from monitor.assemble import AnalysisOptions, analyse, analyse_source
from monitor.live.events import CallBegan, CallEnded, CaptureState, WordsChanged, WordsState
from monitor.profile import ProfileStore
from monitor.sources.array import ArraySource
from monitor.types import RATE_HZ, Light, SourceInfo
from tests.live_fakes import BLOCK, Desk, call_audio, silence, until


def judged(result):
    """A result without what names the recording."""
    found = result.to_dict()
    del found["source"]["name"]
    return found


def analysed(y, **options):
    return judged(analyse_source(ArraySource(y), AnalysisOptions(**{"recogniser": "none", **options})))


@pytest.fixture(scope="module")
def whole_call():
    return call_audio()


@pytest.mark.parametrize("sensitivity", ["normal", "keen"])
def test_without_words(tmp_path, whole_call, sensitivity):
    with Desk(tmp_path, sensitivity=sensitivity) as desk:
        desk.session.begin_call()
        desk.settle()
        desk.say(whole_call)
        desk.session.end_call()
        result = desk.result()
    assert {span.light for span in result.lights} >= {Light.GREY, Light.GREEN, Light.AMBER}
    assert judged(result) == analysed(whole_call, sensitivity=sensitivity)


def test_on_one_channel_with_a_stored_voice(tmp_path, whole_call):
    y = whole_call[:1]
    with Desk(tmp_path, channels=1, profile="Anna", learn_from_calls=True) as desk:
        for part in (y, y[:, : 30 * RATE_HZ]):
            copy = tmp_path / "before.json"
            stored = ProfileStore(tmp_path).path("Anna")
            if stored.exists():
                copy = tmp_path / "copy" / "Anna.json"
                copy.parent.mkdir()
                copy.write_bytes(stored.read_bytes())
            desk.session.begin_call()
            desk.settle()
            desk.say(part)
            desk.session.end_call()
            result = desk.result(len(desk.began()))
            until(stored.exists)
    assert judged(result) == analysed(y[:, : 30 * RATE_HZ], profile=copy)
    assert result.lights[0].light is Light.GREEN


def test_what_was_kept_is_what_was_judged(tmp_path):
    policy = tmp_path / "policy.toml"
    policy.write_text('[policy]\nname = "kept"\nextends = "upset-customer-en"\n[recording]\nkeep_audio = true\n')
    said = np.concatenate([silence(5), call_audio(0, 40), silence(6)], axis=1)
    with Desk(tmp_path, calls="automatic", end_after_s=5, policy=str(policy)) as desk:
        desk.say(said)
        result = desk.result()
    assert desk.told(CallBegan)[0].keeps_audio
    path = tmp_path / "recordings" / f"{result.source.name}.flac"
    assert path.stat().st_mode & 0o777 == 0o600
    info = sf.info(path)
    assert (info.subtype, info.samplerate, info.channels) == ("PCM_24", RATE_HZ, 2)
    kept, _ = sf.read(path, dtype="float32", always_2d=True)
    began = round(desk.told(CallBegan)[0].at_s * RATE_HZ)
    np.testing.assert_allclose(kept.T, said[:, began : began + len(kept)], atol=2**-23)
    again = judged(analyse(path, AnalysisOptions(recogniser="none", policy=str(policy))))
    again["source"]["sha256"] = None
    again["unknown"]["source.sha256"] = "not a file"
    assert again == judged(result)


class Patient:
    """A device that hears a recording from when a call begins, never faster than the recogniser follows."""

    def __init__(self, y, call):
        self.info = SourceInfo("patient", 2, RATE_HZ)
        self._y, self._call, self._closed = y, call, False

    def blocks(self):
        quiet = np.zeros((2, BLOCK), np.float32)
        while self._call() is None and not self._closed:
            time.sleep(0.01)
            yield quiet
        heard_by = self._call().words.transcriber
        for block in ArraySource(self._y, block=BLOCK).blocks():
            end = time.monotonic() + 1.0
            while heard_by.status.lag_s > 0.1 and time.monotonic() < end:
                time.sleep(0.001)
            if self._closed:
                return
            yield block

    def close(self):
        self._closed = True


def of_all(look):
    """What this process and its children have, by a method of psutil."""
    found = set()
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found |= set(look(process))
    return found


def connections():
    return of_all(lambda process: process.net_connections("inet"))


def written():
    return of_all(lambda process: [file.path for file in process.open_files() if file.mode != "r"])


def patient_call(folder, y):
    """A call with words, and the connections and files that were open meanwhile."""
    links, files = set(), set()

    def open_source(_settings, on_change):
        on_change(0, CaptureState.HEARING, "recording", "Hearing a recording.")
        return Patient(y, lambda: desk.session._engine.calls.current)

    desk = Desk(folder, source_factory=open_source, recogniser="pocketsphinx", start=False)
    desk.session.start()
    with desk:
        until(lambda: WordsState.HEARING in [event.state for event in desk.told(WordsChanged)])
        desk.session.begin_call()
        while not desk.told(CallEnded):
            links |= connections()
            files |= written()
            time.sleep(0.2)
        return desk.result(), links, files


@pytest.mark.slow
def test_with_words_as_long_as_the_recogniser_keeps_up(tmp_path):
    pytest.importorskip("pocketsphinx")
    y = call_audio(60, 73)  # a raised voice, and a phrase that does not help
    expected = analysed(y, recogniser="pocketsphinx")
    assert expected["flags"]
    assert expected["words"]
    links_before, files_before = connections(), written()
    for attempt in range(3):  # a machine that is too busy may starve the recogniser, which the result then says
        result, links, files = patient_call(tmp_path / str(attempt), y)
        if not result.warnings:
            break
    assert judged(result) == expected
    assert links <= links_before
    new = {Path(path) for path in files - files_before}
    assert all(tmp_path not in path.parents or path.suffix == ".jsonl" for path in new)
    assert not [path for path in new if path.suffix.lower() in (".wav", ".flac", ".ogg", ".raw", ".mp3")]
    left = [path.relative_to(tmp_path).parts[1:] for path in tmp_path.rglob("*") if path.is_file()]
    assert {parts[0] for parts in left} == {"days"}
