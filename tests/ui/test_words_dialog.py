"""Hearing more words: offered where basic detection listens, asked for, and fetched by another process."""

import json

import pytest

from monitor.live.events import WordsChanged, WordsState
from monitor.settings_file import read_settings
from tests.hub import running_hub
from tests.ui.desk import entry
from ui.words_dialog import USUAL, WordsDialog

PATIENCE_MS = 60_000
BASIC = WordsChanged(0.0, WordsState.HEARING, "Words are heard (basic detection).", "pocketsphinx")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A machine without any speech model."""
    monkeypatch.setenv("EVENKEEL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "models"


@pytest.fixture
def model(root):
    return root / "tests" / "data" / "whisper_tiny"


def opened(window, qtbot):
    """The dialog, when it knows the models."""
    entry(window.menu, "Hear more words").trigger()
    dialog = window._dialogs._open["words"]
    qtbot.waitUntil(lambda: dialog._combo.count() > 0, timeout=PATIENCE_MS)
    return dialog


def test_it_is_offered_where_a_model_would_hear_more_and_not_in_a_call(open_window, path, qtbot):
    window, session = open_window(path)
    offer = entry(window.menu, "Hear more words")
    assert not offer.isVisible()
    session.tell(BASIC)
    qtbot.waitUntil(offer.isVisible)
    assert window.card._words.isVisibleTo(window.card)
    session.call()
    qtbot.waitUntil(lambda: window.overlay.view.in_call)
    assert not window.card._words.isVisibleTo(window.card)
    session.tell(WordsChanged(1.0, WordsState.HEARING, "Words are heard (whisper base.en).", "whisper base.en"))
    qtbot.waitUntil(lambda: not offer.isVisible())


def test_nothing_is_fetched_before_the_button_is_pressed(open_window, path, qtbot, here, model, monkeypatch):
    with running_hub(model) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        window, session = open_window(path)
        session.tell(BASIC)
        qtbot.waitUntil(lambda: window.overlay.view.more_words)
        window.card._words.click()
        dialog = opened(window, qtbot)
        assert dialog._combo.currentData() == USUAL
        assert dialog._fetch.text() == "&Fetch 148 MB"
        letters = [b.text()[b.text().index("&") + 1] for b in (dialog._fetch, dialog._folder, dialog._stop)]
        assert len({letter.lower() for letter in letters}) == len(letters)
        assert not hub.asked
        with qtbot.waitSignal(window._dialogs._models.got, timeout=PATIENCE_MS):
            dialog._fetch.click()
            assert not dialog._fetch.isEnabled()
        assert hub.asked
    assert (here / USUAL / "manifest.json").is_file()
    assert session.asked[-1][1].model == USUAL
    assert (window.settings.recogniser, read_settings(path)[0].model) == ("auto", USUAL)
    again = opened(window, qtbot)
    qtbot.waitUntil(lambda: again._fetch.text() == "&Use it", timeout=PATIENCE_MS)


def test_a_folder_on_disk_will_do_and_a_wrong_one_is_told(open_window, path, qtbot, here, model, tmp_path):
    window, session = open_window(path)
    session.tell(BASIC)
    dialog = opened(window, qtbot)
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(window._dialogs._models.failed, timeout=PATIENCE_MS):
        dialog.take_folder(str(tmp_path / "empty"))
    assert "is no model for faster-whisper" in dialog._state.text()
    assert dialog._fetch.isEnabled()
    with qtbot.waitSignal(window._dialogs._models.got, timeout=PATIENCE_MS):
        dialog.take_folder(f"{model}/")
    assert json.loads((here / USUAL / "manifest.json").read_text())["source"] == str(model)
    assert window.settings.model == USUAL


def test_what_is_being_fetched_can_be_stopped_and_closing_ends_it(open_window, path, qtbot, here, model, monkeypatch):
    with running_hub(model, stalls=True) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        window, session = open_window(path)
        session.tell(BASIC)
        dialog = opened(window, qtbot)
        dialog._fetch.click()
        qtbot.waitUntil(lambda: any("model.bin" in asked for asked, _range in hub.asked), timeout=PATIENCE_MS)
        dialog._stop.click()
        assert not window._dialogs._models.is_getting
        assert dialog._state.text() == "Stopped. What has come is kept for the next time."
        dialog._fetch.click()
        process = window._dialogs._models._getting
        window.close()
        assert process.state() is process.ProcessState.NotRunning
    assert isinstance(dialog, WordsDialog)
    assert not (here / USUAL).exists()
