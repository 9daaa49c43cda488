"""``evenkeel models``, as it is typed, with a real small model, against a hub on this machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from models import store
from models.download import CHUNK_BYTES
from models.store import State, find_model, installed, models_folder
from monitor import cli
from tests.hub import REVISION, running_hub, wait_for

pytestmark = pytest.mark.timeout(300)
MODEL = Path(__file__).parents[1] / "data" / "whisper_tiny"


@pytest.fixture(autouse=True)
def own_machine(tmp_path, monkeypatch):
    """A folder for models, a cache and a hub's cache of the test's own, and no hub but those of the tests."""
    from huggingface_hub import constants

    monkeypatch.setenv("EVENKEEL_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 1)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _seconds: None)


@pytest.fixture
def hub(monkeypatch):
    with running_hub(MODEL) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def run(capfd):
    def runner(*arguments):
        code = cli.main(["models", *map(str, arguments)])
        out, err = capfd.readouterr()
        return code, out, err

    return runner


def same_files(folder):
    return all((folder / path.name).read_bytes() == path.read_bytes() for path in MODEL.iterdir())


def parts():
    return sorted(models_folder().glob(".partial/*/*.part"))


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


def test_nothing_else_fetches(run, hub):
    for arguments in (["list"], ["list", "--json"], ["verify"], ["verify", "tiny.en"], ["remove", "tiny.en", "--yes"]):
        run(*arguments)
    assert find_model("base.en") is None
    assert hub.asked == []


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


def test_what_an_earlier_run_left_is_not_fetched_again(run, hub, monkeypatch):
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


def test_a_spoilt_beginning_is_fetched_anew(run, hub):
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


def zipped(folder, path, prefix=""):
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, prefix + file.name)
    return path


def tarred(folder, path, mode="w"):
    with tarfile.open(path, mode) as archive:
        archive.add(folder, folder.name)
    return path


@pytest.mark.parametrize("kind", ["folder", "zip", "nested zip", "tar", "tar.gz"])
def test_a_copy_on_disk_becomes_a_model_without_network(run, tmp_path, kind):
    make = {
        "folder": lambda: MODEL,
        "zip": lambda: zipped(MODEL, tmp_path / "m.zip"),
        "nested zip": lambda: zipped(MODEL, tmp_path / "m.zip", "deep/model/"),
        "tar": lambda: tarred(MODEL, tmp_path / "m.tar"),
        "tar.gz": lambda: tarred(MODEL, tmp_path / "m.tar.gz", "w:gz"),
    }
    code, out, _ = run("get", "our-shop", "--from", make[kind]())
    assert code == 0
    assert "our-shop is ready" in out
    assert same_files(find_model("our-shop"))
    [ours] = [model for model in installed() if model.name == "our-shop"]
    assert (ours.state, ours.languages) == (State.COMPLETE, ("en",))


def test_only_the_files_of_a_model_are_taken(run, tmp_path):
    source = shutil.copytree(MODEL, tmp_path / "source")
    (source / "run-me.sh").write_text("rm -rf /")
    assert run("get", "mine", "--from", source)[0] == 0
    assert not (find_model("mine") / "run-me.sh").exists()


def link_in_tar(path):
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("model.bin")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)


def link_in_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo("model.bin")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, "/etc/passwd")


def named_in_zip(name):
    def make(path):
        zipped(MODEL, path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name, "x")

    return make


def named_in_tar(path):
    with tarfile.open(path, "w") as archive:
        archive.add(MODEL / "config.json", "../../config.json")


@pytest.mark.parametrize(
    "make",
    [link_in_tar, link_in_zip, named_in_tar, named_in_zip("../model.bin"), named_in_zip("/etc/model.bin"),
     named_in_zip("C:\\model.bin"), named_in_zip("..\\model.bin")],
)  # fmt: skip
def test_an_archive_that_leads_out_of_itself_is_refused(run, tmp_path, make):
    make(tmp_path / "bad.archive")
    code, _, err = run("get", "bad", "--from", tmp_path / "bad.archive")
    assert code == 1
    assert "is refused: it holds a link, or a path that leads out of it" in err
    assert find_model("bad") is None
    assert not list(models_folder().glob("**/*.bin"))


def test_an_archive_of_too_many_bytes_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr("models.local_copy.MOST_BYTES", 1000)
    code, _, err = run("get", "bad", "--from", zipped(MODEL, tmp_path / "m.zip"))
    assert code == 1
    assert "would unpack to more than" in err


def test_an_archive_of_too_many_files_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr("models.local_copy.MOST_MEMBERS", 3)
    code, _, err = run("get", "bad", "--from", tarred(MODEL, tmp_path / "m.tar"))
    assert code == 1
    assert "holds more than 3 files" in err


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.xz"])
@pytest.mark.parametrize("share", [0.3, 0.8, 0.999])
def test_a_cut_archive_is_refused_and_leaves_nothing(run, tmp_path, suffix, share):
    path = tmp_path / f"m.{suffix}"
    zipped(MODEL, path) if suffix == "zip" else tarred(MODEL, path, {"tar": "w"}.get(suffix, f"w:{suffix[4:]}"))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    code, _, err = run("get", "bad", "--from", path)
    if code == 0:  # only the padding at the end of a tar was cut
        assert suffix == "tar"
        assert same_files(find_model("bad"))
    else:
        assert code == 1
        assert str(path) in err
        assert err.count("\n") == 1 or "copying" in err
        assert find_model("bad") is None
        assert not (models_folder() / ".partial" / "bad").exists()


def test_a_spoilt_archive_is_refused(run, tmp_path):
    path = zipped(MODEL, tmp_path / "m.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    code, _, err = run("get", "bad", "--from", path)
    assert code == 1
    assert "cannot be read" in err
    assert find_model("bad") is None


@pytest.mark.parametrize("lost", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_folder_that_lacks_a_file_is_refused(run, tmp_path, lost):
    source = shutil.copytree(MODEL, tmp_path / "source")
    (source / lost).unlink()
    code, _, err = run("get", "bad", "--from", source)
    assert code == 1
    assert f"is no model for faster-whisper: {lost}" in err


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_a_folder_that_does_not_load_is_refused(run, tmp_path, name):
    source = shutil.copytree(MODEL, tmp_path / "source")
    (source / name).write_bytes(b"not this")
    code, _, err = run("get", "bad", "--from", source)
    assert code == 1
    assert "What came for bad is not a model that can be used. It cannot be loaded" in err
    assert find_model("bad") is None


def test_a_copy_takes_the_place_of_a_damaged_model(run):
    run("get", "tiny.en", "--from", MODEL)
    (find_model("tiny.en") / "model.bin").write_bytes(b"short")
    assert find_model("tiny.en") is None
    assert run("get", "tiny.en", "--from", MODEL)[0] == 0
    assert same_files(find_model("tiny.en"))


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
    assert run("get", "tiny.en")[0] == 0
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
