"""Headers that recorders never finished, or that claim what the file cannot hold: the sound is read all the same."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from monitor.sources.file import open_recording
from tests.media import heard, refusal, write_sound
from tests.signals import silence, tone


@pytest.fixture(autouse=True)
def _quiet_decoders(capfd):
    """Whatever is wrong with a file, no library says so on the user's terminal."""
    yield
    assert tuple(capfd.readouterr()) == ("", "")


def wav_with(tmp_path, *, riff=None, data=None, y=None, tail=b""):
    """A WAV of 10 s whose header claims other sizes."""
    path = write_sound(tmp_path / "call.wav", tone(300, 10.0) if y is None else y, 16_000, "PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    if riff is not None:
        content[4:8] = struct.pack("<I", riff)
    if data is not None:
        content[at + 4 : at + 8] = struct.pack("<I", data)
    path.write_bytes(bytes(content) + tail)
    return path


@pytest.mark.parametrize(
    ("riff", "data"),
    [
        (0xFFFF_FFFF, 0xFFFF_FFFF),
        (0x7FFF_F024, 0x7FFF_F000),
        (0xF000_0000, 0xF000_0000),
        (0, 0),
        (8, 0),
        (None, 0),
        (100, None),
        (None, 1000),
        (0xFFFF_FFFF, None),
        (0xFFFF_FFFF, 0),
    ],
)
@pytest.mark.parametrize("quiet_s", [0.0, 2.0])  # silence does not look like a chunk, nor like a lost one
def test_sizes_that_a_recorder_never_filled_in_do_not_matter(tmp_path, riff, data, quiet_s):
    whole = np.concatenate([silence(quiet_s), tone(300, 10.0)])
    y, warnings = heard(wav_with(tmp_path, riff=riff, data=data, y=whole))
    np.testing.assert_allclose(y[0], whole, atol=2**-15)
    assert warnings == []


def test_an_rf64_whose_sizes_were_never_filled_in(tmp_path):
    path = write_sound(tmp_path / "call.wav", tone(300, 5.0), 16_000, "PCM_16", format="RF64")
    content = bytearray(path.read_bytes())
    at = content.index(b"ds64") + 8
    content[at : at + 24] = bytes(24)
    path.write_bytes(content)
    y, warnings = heard(path)
    assert y.shape == (1, 80_000)
    assert warnings == []


def test_a_size_a_little_too_large_is_a_file_that_ends_early(tmp_path):
    y, warnings = heard(wav_with(tmp_path, data=640_000))
    assert y.shape == (1, 160_000)
    assert warnings == ["the file ends early: 10.0 of 20.0 s could be read"]


def test_what_follows_the_sound_is_not_heard(tmp_path):
    picture = b"LIST" + struct.pack("<I", 900_000) + b"INFO" + bytes(899_996)
    for tail in (b"ID3\x04" + bytes(200), b"TAG" + bytes(125), picture):
        y, warnings = heard(wav_with(tmp_path, tail=tail))
        assert y.shape == (1, 160_000)
        assert warnings == []


def flac_claiming(path, samples):
    """Put another total into STREAMINFO: 36 bits that start in the middle of byte 21."""
    content = bytearray(path.read_bytes())
    content[21] = content[21] & 0xF0 | samples >> 32
    content[22:26] = struct.pack(">I", samples & 0xFFFF_FFFF)
    path.write_bytes(content)
    return path


def test_a_flac_that_claims_eight_hours_and_has_a_second(tmp_path):
    path = flac_claiming(write_sound(tmp_path / "call.flac", tone(300, 1.0), 16_000), 8 * 3600 * 16_000)
    source = open_recording(path)
    assert source.info.duration_s is None
    assert sum(block.shape[1] for block in source.blocks()) == 16_000
    assert source.info.duration_s == 1.0
    assert list(source.warnings) == ["the file ends early: 1.0 of 28800.0 s could be read"]


def test_a_flac_that_does_not_know_its_length(tmp_path):
    path = flac_claiming(write_sound(tmp_path / "call.flac", tone(300, 1.0), 16_000), 0)
    y, warnings = heard(path)
    assert y.shape == (1, 16_000)
    assert warnings == []


@pytest.mark.parametrize("rate_hz", [1, 100, 2_000_000_000])
def test_an_impossible_sample_rate(tmp_path, rate_hz):
    path = write_sound(tmp_path / "call.wav", tone(300, 0.1), 16_000)
    content = bytearray(path.read_bytes())
    content[24:28] = struct.pack("<I", rate_hz)
    path.write_bytes(content)
    assert refusal(path).startswith(f"call.wav has an impossible sample rate of {rate_hz:,} Hz: ")


def test_an_encoding_that_nobody_knows(tmp_path):
    path = write_sound(tmp_path / "call.wav", tone(300, 0.1), 16_000)
    content = bytearray(path.read_bytes())
    content[20:22] = b"\xce\xfa"
    path.write_bytes(content)
    assert refusal(path) == "call.wav is encoded in a way that cannot be read: export it again as WAV."


def test_too_many_channels(tmp_path):
    path = write_sound(tmp_path / "call.wav", np.zeros((100, 10)), 16_000)
    assert (
        refusal(path) == "call.wav has 100 channels where at most 64 can be read: export it again as WAV at 16,000 Hz."
    )
