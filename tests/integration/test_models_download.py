"""``evenkeel models get`` against a hub on this machine that fails in the ways hubs and networks do."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from models import store
from models.download import CHUNK_BYTES
from models.store import find_model, models_folder
from tests.hub import REVISION, running_hub, wait_for
from tests.model_machine import MODEL, hub_fixture, own_machine, parts, run_fixture, same_files  # noqa: F401

pytestmark = pytest.mark.timeout(300)


def test_a_model_is_fetched_checked_measured_and_found(run, hub):
    code, out, _ = run("get", "tiny.en")
    assert code == 0
    assert f"MB from {hub.url} (Systran/faster-whisper-tiny.en, MIT)" in out.splitlines()[0]
    assert "tiny.en is ready" in out
    assert "One pass over 10 s of speech takes" in out
    folder = find_model("tiny.en")
    assert folder == models_folder() / "tiny.en"
    assert same_files(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {row["name"] for row in manifest["files"]} == {path.name for path in MODEL.iterdir()}
    assert run("verify", "tiny.en") == (0, "tiny.en: good, every file is as it came, and it loads.\n", "")
    assert not (models_folder() / ".partial" / "tiny.en").exists()


def test_only_the_hub_of_the_model_is_asked_and_only_for_it(run, hub):
    run("get", "tiny.en")
    paths = {path.partition("?")[0] for path, _ in hub.asked}
    assert all("Systran/faster-whisper-tiny.en" in path for path in paths)
    asked = len(hub.asked)
    code, out, _ = run("get", "tiny.en")
    assert (code, len(hub.asked)) == (0, asked)
    assert "is here already" in out


def test_files_are_not_open_to_others_for_writing(run, hub):
    run("get", "tiny.en")
    for path in [models_folder() / "tiny.en", *(models_folder() / "tiny.en").iterdir()]:
        assert path.stat().st_mode & 0o022 == 0 or os.name == "nt"


def test_a_cut_connection_is_taken_up_where_it_broke(run, hub):
    hub.cut_after = 100_000
    code, _, _ = run("get", "tiny.en")
    ranges = [wanted for path, wanted in hub.asked if path.endswith("model.bin")]
    assert code == 0
    assert ranges[0] is None
    assert [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges[1:]] == [CHUNK_BYTES]
    assert same_files(find_model("tiny.en"))


@pytest.fixture
def impatient(monkeypatch):
    """Wait less for a hub that has stopped to send."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 0.3)


def test_what_an_earlier_run_left_is_not_fetched_again(run, hub, impatient, monkeypatch):
    hub.stalls = True
    monkeypatch.setattr("models.download.MOST_BREAKS", 1)
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert "run the same command again" in err
    [part] = parts()
    assert 0 < part.stat().st_size < len(hub.files["model.bin"])
    _, out, _ = run("list")
    assert "incomplete, evenkeel: only a part of it has come; go on with: evenkeel models get tiny.en" in out
    hub.stalls, had = False, part.stat().st_size
    hub.asked.clear()
    assert run("get", "tiny.en")[0] == 0
    assert (f"/Systran/faster-whisper-tiny.en/resolve/{REVISION}/model.bin", f"bytes={had}-") in hub.asked
    assert same_files(find_model("tiny.en"))


def test_a_spoilt_beginning_is_fetched_anew(run, hub, impatient):
    hub.stalls = True
    run("get", "tiny.en")
    [part] = parts()
    part.write_bytes(bytes(part.stat().st_size))
    hub.stalls = False
    assert run("get", "tiny.en")[0] == 0
    assert same_files(find_model("tiny.en"))


def test_a_hub_that_knows_no_ranges_is_fetched_from_the_start(run, hub):
    hub.cut_after, hub.ignores_range = 100_000, True
    assert run("get", "tiny.en")[0] == 0
    assert same_files(find_model("tiny.en"))


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_content_with_another_hash_is_not_kept(run, hub, name):
    hub.spoilt = {name}
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert f"{name} of tiny.en did not arrive as the hub announced it (its hash differs)" in err
    assert find_model("tiny.en") is None
    assert parts() == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "wants a sign-in for tiny.en (401)"),
        (403, "wants a sign-in for tiny.en (403)"),
        (404, "does not have tiny.en (404); check --mirror and HF_ENDPOINT."),
        (410, "refused tiny.en (410)"),
        (503, "is busy or out of order (503); try again later."),
    ],
)
def test_refusals_are_one_sentence(run, hub, status, words):
    hub.status = status
    code, out, err = run("get", "tiny.en")
    assert (code, out) == (3, "")
    assert words in err
    assert "evenkeel models get tiny.en --from FOLDER." in err
    assert err.count("\n") == 1


def test_without_network_the_way_to_go_on_is_told(run):
    code, out, err = run("get", "tiny.en")
    assert (code, out) == (3, "")
    assert err == (
        "The model could not be fetched: no connection to the hub. With a copy on disk use: "
        "evenkeel models get tiny.en --from FOLDER.\n"
    )


def test_a_sign_in_page_is_no_hub(run, hub):
    hub.page = b"<html>Welcome to the hotel</html>"
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert "does not answer as a hub does" in err


def test_without_hashes_nothing_is_fetched(run, hub):
    hub.hides_hashes = True
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert "does not say sizes and hashes" in err
    assert len(hub.asked) == 1


def test_a_hub_with_half_a_model_is_told(run, hub):
    del hub.files["tokenizer.json"]
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert "does not have all of tiny.en: tokenizer.json is missing." in err


def test_how_far_it_is_can_be_read_by_a_program(run, hub):
    code, out, err = run("get", "tiny.en", "--json")
    assert code == 0
    told = [json.loads(line) for line in out.splitlines()]
    done = [line["done_bytes"] for line in told]
    assert done == sorted(set(done))
    assert done[-1] == told[-1]["size_bytes"] > 0
    assert "tiny.en is ready" in err


def test_a_mirror_is_asked_instead_and_sees_no_token(run, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_abc")
    with running_hub(MODEL) as mirror:
        assert run("get", "tiny.en", "--mirror", mirror.url + "/")[0] == 0
    assert mirror.tokens == {None}
    assert hub.asked == []
    store.remove("tiny.en")
    assert run("get", "tiny.en")[0] == 0
    assert hub.tokens == {"Bearer hf_abc"}


def test_large_files_that_lie_elsewhere_are_followed(run, hub):
    hub.moves_large, hub.cut_after = True, 100_000
    assert run("get", "tiny.en")[0] == 0
    assert ("/elsewhere/model.bin", f"bytes={CHUNK_BYTES}-") in hub.asked
    assert same_files(find_model("tiny.en"))


@pytest.mark.parametrize("address", ["hub.example.org", "ftp://hub.example.org", "http://"])
def test_a_mirror_needs_an_address(run, address):
    code, _, err = run("get", "tiny.en", "--mirror", address)
    assert code == 2
    assert "is no address of a hub; give one such as https://hub.example.org." in err


def test_a_full_disk_is_told_before_anything_comes(run, hub, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert "There is too little room for tiny.en" in err
    assert all(path.startswith("/api/") for path, _ in hub.asked)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a device that is always full")
def test_a_disk_that_fills_up_keeps_what_came(run, hub, monkeypatch):
    from models.download import RemoteFile

    monkeypatch.setattr(RemoteFile, "part", lambda _file, _folder: Path("/dev/full"))
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert err == (
        "The disk is full; what came so far is kept. Free some room, or set EVENKEEL_MODELS to a folder on another "
        "disk, and run the same command again.\n"
    )


def test_a_folder_that_cannot_be_made_is_told(run, hub, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("EVENKEEL_MODELS", str(tmp_path / "file" / "models"))
    code, _, err = run("get", "tiny.en")
    assert code == 3
    assert "cannot be written; set EVENKEEL_MODELS to a folder that you may write to." in err


def started(hub, child_environment, *arguments):
    environment = {**child_environment, "HF_ENDPOINT": hub.url, "HF_HUB_DOWNLOAD_TIMEOUT": "60"}
    command = [sys.executable, "-m", "monitor", "models", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_keeps_what_came_and_says_how_to_go_on(run, hub, child_environment):
    hub.stalls = True
    with started(hub, child_environment, "get", "tiny.en") as child:
        wait_for(lambda: any(path.endswith("model.bin") for path, _ in hub.asked) and parts())
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=120)
    assert child.returncode == 130
    assert "What came so far is kept. To go on: evenkeel models get tiny.en" in err
    assert "Traceback" not in err
    hub.stalls = False
    assert run("get", "tiny.en")[0] == 0
    assert same_files(find_model("tiny.en"))


def test_two_at_once_do_not_break_each_other(hub, child_environment):
    children = [started(hub, child_environment, "get", "tiny.en") for _ in range(2)]
    for child in children:
        out, err = child.communicate(timeout=200)
        assert child.returncode == 0, err
        assert "tiny.en is ready" in out or "is here already" in out
    assert same_files(find_model("tiny.en"))
    assert len([path for path, _ in hub.asked if path.endswith("model.bin")]) == 1
