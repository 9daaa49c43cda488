"""Recordings as life leaves them, cut off, lied about, damaged, missing: one sentence each; what can be is saved."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from monitor.errors import InputProblem
from monitor.sources.file import open_recording
from monitor.types import RATE_HZ
from tests.media import heard, refusal, write_libav, write_sound
from tests.signals import buzz, level_of, noise, silence, tone


@pytest.fixture(autouse=True)
def _quiet_decoders(capfd):
    """Whatever is wrong with a file, no library says so on the user's terminal."""
    yield
    assert tuple(capfd.readouterr()) == ("", "")


def cut(path: Path, part: float) -> Path:
    """Keep only the first part of the file's bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * part)])
    return path


# --- nothing to hear


@pytest.mark.parametrize("name", ["call.wav", "call.mp3", "call.flac", "call.m4a", "call"])
def test_an_empty_file(tmp_path, name):
    path = tmp_path / name
    path.touch()
    assert refusal(path) == f"{name} is empty: record or copy it again."


@pytest.mark.parametrize("name", ["call.wav", "call.aiff", "call.w64", "call.au"])
def test_a_recording_of_no_samples(tmp_path, name):
    assert refusal(write_sound(tmp_path / name, np.zeros((1, 0)), 16_000)).startswith(f"{name} holds no sound")


@pytest.mark.parametrize("name", ["call.wav", "call.mp3", "call.flac", "call.ogg", "call.au", "call.m3u8", "call.txt"])
@pytest.mark.parametrize("text", [b"Dear customer,\n" * 999, b"x", b"#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/a.mp3\n"])
def test_a_text_that_calls_itself_a_recording(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text)
    assert refusal(path).startswith(f"{name} is not a recording that can be read: export it again")


@pytest.mark.parametrize("head", [b"RIFF", b"RIFF\x00\x00\x00\x00WAVE", b"fLaC", b"OggS", b"ID3\x04", b"\xff\xfb\x90d"])
def test_a_beginning_without_the_rest(tmp_path, head):
    path = tmp_path / "call.wav"
    path.write_bytes(head + bytes(200))
    assert refusal(path).startswith("call.wav ")


def test_random_bytes_never_become_a_crash(tmp_path):
    rng = np.random.default_rng(7)
    heads = (
        b"",
        b"RIFF\xff\xff\xff\xffWAVEfmt ",
        b"fLaC",
        b"OggS",
        b"ID3",
        b"\xff\xfb",
        b"\x00\x00\x00\x20ftypM4A ",
        b"FORM",
    )
    for head in heads:
        path = tmp_path / "call.wav"
        path.write_bytes(head + rng.bytes(20_000))
        try:
            y, _ = heard(path)
        except InputProblem:
            continue
        assert np.isfinite(y).all()


# --- sound that is unusual, and still sound


def test_fifty_milliseconds_are_a_recording(tmp_path):
    y, warnings = heard(write_sound(tmp_path / "call.wav", tone(300, 0.05, rate_hz=8_000), 8_000))
    assert y.shape == (1, 800)
    assert warnings == []


def test_silence_is_heard_and_said(tmp_path):
    y, warnings = heard(write_sound(tmp_path / "call.wav", silence(1.0), RATE_HZ))
    assert not y.any()
    assert warnings == ["the recording is silent from start to end"]


def test_a_constant_offset_is_kept(tmp_path):
    y, warnings = heard(write_sound(tmp_path / "call.wav", np.full(16_000, 0.25), 16_000))
    np.testing.assert_array_equal(y, 0.25)
    assert warnings == []


def test_clipped_sound_is_kept_at_full_scale(tmp_path):
    y, warnings = heard(write_sound(tmp_path / "call.wav", np.clip(tone(300, 1.0, 6.0), -1, 1), 16_000, "PCM_16"))
    assert y.max() == pytest.approx(1.0, abs=1e-4)
    assert y.min() == -1.0
    assert warnings == []


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
def test_samples_that_are_no_numbers_become_silence(tmp_path, subtype, rate_hz):
    y = tone(300, 1.0, rate_hz=rate_hz).astype(np.float64)
    y[100:110] = np.nan
    y[200] = np.inf
    y[201] = -np.inf
    y[300] = 1e30
    out, warnings = heard(write_sound(tmp_path / "call.wav", y, rate_hz, subtype))
    assert np.isfinite(out).all()
    assert np.abs(out).max() < 0.5
    assert warnings == ["13 samples were not numbers in range and count as silence"]


# --- cut off


@pytest.mark.parametrize(
    ("name", "subtype"),
    [
        ("call.wav", "PCM_16"),
        ("call.wav", "ALAW"),
        ("call.wav", "GSM610"),
        ("call.wav", "MS_ADPCM"),
        ("call.w64", "PCM_16"),
        ("call.aiff", "PCM_16"),
        ("call.au", "PCM_16"),
        ("call.flac", "PCM_16"),
        ("call.mp3", None),
    ],
)
def test_a_recording_that_was_cut_off(tmp_path, name, subtype):
    whole = noise(10.0, -20, rate_hz=8_000)
    y, warnings = heard(cut(write_sound(tmp_path / name, whole, 8_000, subtype), 0.2))
    assert y.shape[1] / RATE_HZ == pytest.approx(2.0, abs=0.55)  # FLAC comes in pieces of 0.5 s
    assert level_of(y[0, 2000:-2000]) == pytest.approx(-20, abs=1.5)
    assert len(warnings) == 1
    assert warnings[0].startswith(f"the file ends early: {y.shape[1] / RATE_HZ:.1f} of ")
    assert float(warnings[0].split(" of ")[1].split()[0]) == pytest.approx(10.0, abs=0.3)


def test_a_cut_rf64(tmp_path):
    y, warnings = heard(cut(write_sound(tmp_path / "call.wav", noise(10.0), 16_000, format="RF64"), 0.5))
    assert y.shape[1] == pytest.approx(5 * RATE_HZ, rel=0.01)
    assert warnings == ["the file ends early: 5.0 of 10.0 s could be read"]


def test_a_cut_ogg_gives_what_it_has(tmp_path):
    y, _ = heard(cut(write_sound(tmp_path / "call.ogg", noise(10.0, -20), 16_000), 0.5))
    assert y.shape[1] / RATE_HZ == pytest.approx(5.0, abs=1.0)


def test_a_cut_mp4_without_its_index_is_refused_and_with_it_is_read(tmp_path):
    y = noise(10.0, -20, rate_hz=16_000)
    assert refusal(cut(write_libav(tmp_path / "call.m4a", y, 16_000, "aac"), 0.5)).startswith("call.m4a ")
    path = write_libav(tmp_path / "fast.m4a", y, 16_000, "aac", movflags="faststart")
    out, warnings = heard(cut(path, 0.5))
    assert out.shape[1] / RATE_HZ == pytest.approx(5.0, abs=0.5)
    assert warnings == [f"the file ends early: {out.shape[1] / RATE_HZ:.1f} of 10.0 s could be read"]


def test_a_file_cut_inside_its_header_is_refused(tmp_path):
    for name in ("call.wav", "call.flac", "call.aiff"):
        path = write_sound(tmp_path / name, noise(1.0), 16_000)
        path.write_bytes(path.read_bytes()[:30])
        assert refusal(path).startswith(f"{name} ")


# --- damaged inside


@pytest.mark.parametrize(("name", "at_most_s"), [("call.flac", 1.0), ("call.ogg", 2.5)])
def test_damage_inside_becomes_silence_and_the_times_after_it_hold(tmp_path, name, at_most_s):
    y = np.concatenate([noise(9.0, -30), buzz(150, 1.0, -12)])
    path = write_sound(tmp_path / name, y, RATE_HZ)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 900] = np.random.default_rng(1).bytes(900)
    path.write_bytes(content)
    out, warnings = heard(path)
    assert out.shape[1] == pytest.approx(len(y), abs=0.05 * RATE_HZ)
    onset = np.flatnonzero(np.abs(out[0]) > 0.25)[0]
    assert onset / RATE_HZ == pytest.approx(9.0, abs=0.05)
    assert len(warnings) == 1
    missing_s = float(warnings[0].split()[0])
    assert 0.0 < missing_s <= at_most_s
    assert warnings[0] == f"{missing_s:.1f} s are missing inside the file and count as silence"


def test_a_damaged_mp3_gives_the_rest(tmp_path):
    path = write_sound(tmp_path / "call.mp3", noise(10.0, -20), RATE_HZ)
    content = bytearray(path.read_bytes())
    content[3000:6000] = np.random.default_rng(1).bytes(3000)
    path.write_bytes(content)
    out, warnings = heard(path)
    assert out.shape[1] / RATE_HZ == pytest.approx(10.0, abs=2.0)
    assert warnings


def test_a_pause_in_a_meeting_keeps_the_times(tmp_path):
    """The packets between 1 and 3 s are left out, as a recorder does that was paused or starved."""
    whole = np.concatenate([noise(4.0, -50, rate_hz=48_000), tone(440, 1.0, -12, 48_000)])
    full = write_libav(tmp_path / "full.mka", whole, 48_000, "libopus")
    path = tmp_path / "meeting.mka"
    with av.open(full) as source, av.open(path, "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.pts is not None and not 1.0 <= float(packet.pts * packet.time_base) < 3.0:
                packet.stream = stream
                target.mux(packet)
    y, warnings = heard(path)
    assert y.shape[1] / RATE_HZ == pytest.approx(5.0, abs=0.05)
    assert np.flatnonzero(np.abs(y[0]) > 0.15)[0] / RATE_HZ == pytest.approx(4.0, abs=0.05)
    assert not y[0, round(1.1 * RATE_HZ) : round(2.9 * RATE_HZ)].any()
    assert warnings == ["2.0 s are missing inside the file and count as silence"]


# --- what the system says


def test_a_file_that_is_not_there(tmp_path):
    assert refusal(tmp_path / "call.wav") == "call.wav is not there: check the name, or whether it was moved."


def test_a_folder(tmp_path):
    (tmp_path / "calls.wav").mkdir()
    assert refusal(tmp_path / "calls.wav") == "calls.wav is a folder: give a recording inside it."


def test_a_file_used_as_a_folder(tmp_path):
    path = write_sound(tmp_path / "call.wav", noise(0.1), RATE_HZ) / "inside.wav"
    with pytest.raises(InputProblem, match=r"inside\.wav .*: check"):
        open_recording(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
@pytest.mark.timeout(10)
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "call.wav")
    assert "is a pipe or device, not a file" in refusal(tmp_path / "call.wav")


@pytest.mark.skipif(sys.platform == "win32", reason="another name there")
def test_a_device(tmp_path):
    (tmp_path / "call.wav").symlink_to(os.devnull)
    assert "is a pipe or device, not a file" in refusal(tmp_path / "call.wav")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = write_sound(tmp_path / "call.wav", noise(0.1), RATE_HZ)

    def forbidden(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert refusal(path) == "call.wav may not be read: ask for permission to read it."


def test_a_disk_that_fails(tmp_path, monkeypatch):
    path = write_sound(tmp_path / "call.wav", noise(0.1), RATE_HZ)

    def failing(*_args, **_options):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "open", failing)
    assert refusal(path) == "call.wav cannot be read (Input/output error): check the disk, or copy it again."


def test_a_name_that_no_system_takes():
    with pytest.raises(InputProblem, match="not a usable name"):
        open_recording(Path("a\0b.wav"))


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be deleted there")
@pytest.mark.parametrize("name", ["call.wav", "call.mp3"])
def test_a_file_that_vanishes(tmp_path, name):
    path = write_sound(tmp_path / name, noise(1.0), RATE_HZ)
    source = open_recording(path)
    path.unlink()
    # What is open can still be heard, once.
    assert sum(block.shape[1] for block in source.blocks()) == 16_000
    with pytest.raises(InputProblem, match="is not there"):
        list(source.blocks())


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="such names are not possible there")
@pytest.mark.parametrize(
    "stem", [b"a\nb\x1b[2J", b"\xff\xfe", b"http:x", b"concat:a|b", b"%d", b"-", "呼\u202e".encode()]
)
@pytest.mark.parametrize("ending", [b".wav", b".mp3"])
def test_hostile_names(tmp_path, stem, ending):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + stem + ending))
    plain = write_sound(tmp_path / ("plain" + ending.decode()), noise(0.2), RATE_HZ)
    plain.rename(path)
    source = open_recording(path)
    assert sum(block.shape[1] for block in source.blocks()) == 3_200
    assert source.info.name.isprintable()
    source.info.name.encode()
    path.write_bytes(b"")
    assert refusal(path).isprintable()
