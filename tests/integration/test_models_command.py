"""``evenkeel models list``, ``verify`` and ``remove``, as they are typed, with a real small model."""

import json
import re
import shutil
import sys
import threading

import pytest

from models import store
from models.catalogue import catalogue
from models.store import find_model, installed, models_folder
from monitor.commands.models import models
from tests.model_machine import MODEL, hub_fixture, own_machine, run_fixture, same_files  # noqa: F401

pytestmark = pytest.mark.timeout(300)


def test_nothing_else_fetches(run, hub):
    for arguments in (["list"], ["list", "--json"], ["verify"], ["verify", "tiny.en"], ["remove", "tiny.en", "--yes"]):
        run(*arguments)
    assert find_model("base.en") is None
    assert hub.asked == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["get", "tinny.en"], "There is no model called 'tinny.en'. Did you mean tiny.en?"),
        (["get", "qqqq"], "There are: tiny.en, tiny, base.en"),
        (["get", "../x", "--from", "."], "letters, digits, '.', '_' and '-' only"),
        (["get", "x", "--from", "nowhere"], 'There is nothing at "nowhere"'),
        (["get", "tiny.en", "--from", ".", "--mirror", "http://x"], "either --from or --mirror"),
        (["verify", "base.en"], "base.en is not on this machine."),
        (["remove", "base.en"], "base.en is not on this machine."),
        (["remove", "pocketsphinx"], "Basic detection is part of the program"),
        (["remove", ".."], "letters, digits, '.', '_' and '-' only"),
    ],
)
def test_wrong_use_is_told(run, arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_basic_detection_needs_no_fetching(run):
    assert run("get", "pocketsphinx")[:2] == (0, "Basic detection comes with Evenkeel, so there is nothing to fetch.\n")
    assert run("verify", "pocketsphinx")[:2] == (0, "pocketsphinx: good, it loads.\n")


def test_what_is_being_fetched_is_not_removed(run):
    held, done = threading.Event(), threading.Event()

    def fetching():
        with store.being_written("tiny.en") as partial:
            partial.mkdir()
            held.set()
            done.wait(60)

    thread = threading.Thread(target=fetching)
    thread.start()
    try:
        assert held.wait(60)
        code, _, err = run("remove", "tiny.en", "--yes")
    finally:
        done.set()
        thread.join()
    assert code == 3
    assert "being fetched by another program" in err


def test_verify_names_the_damaged_file_and_get_mends_it(run, hub):
    run("get", "tiny.en")
    path = find_model("tiny.en") / "model.bin"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    code, out, err = run("verify")
    assert code == 1
    assert "tiny.en: damaged. model.bin is not as it was when it came." in out
    assert "To mend it: evenkeel models get tiny.en" in err
    assert json.loads(run("verify", "--json")[1])["ok"] is False
    hub.asked.clear()
    assert run("get", "tiny.en")[0] == 0
    assert [path.rpartition("/")[2] for path, _ in hub.asked if "/resolve/" in path] == ["model.bin"]
    assert run("verify", "tiny.en")[0] == 0


def test_verify_of_an_interrupted_one_says_so(run, hub):
    hub.spoilt = {"model.bin"}
    run("get", "tiny.en")
    code, out, _ = run("verify", "tiny.en")
    assert code == 1
    assert "only a part of it has come" in out


def test_remove_asks_and_frees(run, monkeypatch):
    run("get", "mine", "--from", MODEL)
    answers = iter(["n", "y"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _text="": next(answers))
    assert run("remove", "mine")[1].endswith("It stays.\n")
    assert find_model("mine") is not None
    assert "mine is deleted; 1.0 MB are free again." in run("remove", "mine")[1]
    assert find_model("mine") is None


def test_remove_takes_a_part_away_too(run, hub):
    hub.spoilt = {"model.bin"}
    run("get", "tiny.en")
    assert run("remove", "tiny.en", "--yes")[0] == 0
    assert [model.name for model in installed()] == ["pocketsphinx"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_remove_takes_a_link_away_and_not_what_it_leads_to(run, tmp_path):
    elsewhere = shutil.copytree(MODEL, tmp_path / "elsewhere")
    models_folder().mkdir()
    (models_folder() / "mine").symlink_to(elsewhere)
    assert find_model("mine") is not None
    assert run("remove", "mine", "--yes")[0] == 0
    assert same_files(elsewhere)
    assert find_model("mine") is None


def test_the_hub_s_cache_is_read_and_never_deleted(run, tmp_path):
    home = tmp_path / "hub-cache" / "models--Systran--faster-whisper-tiny.en"
    snapshot = home / "snapshots" / ("0" * 40)
    shutil.copytree(MODEL, snapshot)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("0" * 40)
    assert find_model("tiny.en") == snapshot
    assert "complete, hub cache" in run("list")[1]
    assert "is here already" in run("get", "tiny.en")[1]
    code, _, err = run("remove", "tiny.en", "--yes")
    assert code == 2
    assert "lies in the hub's shared cache" in err
    assert same_files(snapshot)
    (snapshot / "model.bin").unlink()
    assert find_model("tiny.en") is None
    assert "incomplete, hub cache: model.bin has not come" in run("list")[1]


def test_the_guide_names_real_commands_and_every_model(root):
    guide = (root / "docs" / "models.md").read_text(encoding="utf-8")
    typed = re.findall(r"^evenkeel models (\w+)(.*?)(?:  |$)", guide, re.MULTILINE)
    assert {name for name, _ in typed} == set(models.commands)
    for name, rest in typed:
        known = {option for parameter in models.commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z]+", rest)) <= known
    for entry in catalogue():
        assert f"| `{entry.name}` | {entry.size_mb} MB |" in guide


def test_list_tells_speed_only_when_measured_and_then_advises(run, monkeypatch):
    from models import speed
    from models.catalogue import find_entry

    code, out, _ = run("list")
    assert code == 0
    assert "basic detection" in out
    assert out.count("not measured") == 13
    assert "To measure them" in out
    assert json.loads(run("list", "--json")[1])["recommended"] is None
    # One shape is really built and measured; the others would take a minute.
    monkeypatch.setattr(speed, "catalogue", lambda: (find_entry("tiny.en"),))
    monkeypatch.setattr(speed, "PASS_LIMIT_S", 1e9)
    code, out, err = run("list", "--measure", "--json")
    rows = {row["name"]: row for row in json.loads(out)["models"]}
    assert code == 0
    assert err.splitlines()[1].startswith("tiny.en: ")
    assert json.loads(out)["recommended"] == "tiny.en"
    assert rows["tiny.en"]["measured_with"] == "a model of its size"
    assert rows["tiny"]["pass_s"] == rows["tiny.en"]["pass_s"] > 0
    assert rows["base.en"]["pass_s"] is None
    assert "To have it: evenkeel models get tiny.en" in run("list")[1]
    monkeypatch.setattr(speed, "PASS_LIMIT_S", 0.0)
    assert "None is quick enough to be recommended live here" in run("list")[1]
