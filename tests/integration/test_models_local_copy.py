"""``evenkeel models get --from``: a model from a folder or an archive, good, broken or hostile."""

import shutil
import tarfile
import zipfile

import pytest

from models.store import State, find_model, installed, models_folder
from tests.model_machine import MODEL, own_machine, run_fixture, same_files  # noqa: F401

pytestmark = pytest.mark.timeout(300)


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
