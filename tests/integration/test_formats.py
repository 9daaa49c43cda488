"""Every format that call recorders, phones and video meetings leave behind, read back sample by sample."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from monitor.errors import InputProblem, ParameterError
from monitor.sources.file import open_recording
from monitor.types import RATE_HZ
from tests.media import write_libav, write_silent_film, write_sound
from tests.signals import buzz, level_of, noise, silence, tone

ONSET_S, LENGTH_S = 1.0, 2.0


def heard(path, **options):
    return np.concatenate(list(open_recording(path, **options).blocks()), axis=1)


def beep(rate_hz, channels=1):
    """Silence, then a tone from ``ONSET_S`` on, each channel 6 dB weaker than the one before."""
    y = np.concatenate([silence(ONSET_S, rate_hz), tone(440.0, LENGTH_S - ONSET_S, -12.0, rate_hz)])
    return np.stack([y * 0.5**channel for channel in range(channels)])


def assert_is_beep(y, *, late_s=0.002, level_db=0.5):
    """The tone is there at its level, and starts no more than ``late_s`` from where it was."""
    loud = np.flatnonzero(np.abs(y) > 0.05)
    assert loud[0] / RATE_HZ == pytest.approx(ONSET_S, abs=late_s + 0.001)
    steady = y[loud[0] + 800 : loud[0] + 12_000]
    assert level_of(steady) == pytest.approx(-12.0, abs=level_db)
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady))))
    assert np.argmax(spectrum) * RATE_HZ / len(steady) == pytest.approx(440.0, abs=2.0)


SOUNDFILE = [
    *(("call.wav", 8_000, subtype, {}) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")),
    *(("call.wav", 8_000, subtype, {}) for subtype in ("ULAW", "ALAW", "GSM610", "IMA_ADPCM", "MS_ADPCM", "G721_32")),
    *(("call.wav", 8_000, subtype, {}) for subtype in ("NMS_ADPCM_16", "NMS_ADPCM_32")),
    ("call.wav", 16_000, "PCM_16", {"format": "RF64"}),
    ("call.wav", 16_000, "PCM_16", {"format": "WAVEX"}),
    ("call.wav", 16_000, "PCM_16", {"endian": "BIG"}),
    ("call.w64", 44_100, "PCM_24", {}),
    ("call.aiff", 44_100, "PCM_16", {}),
    ("call.aiff", 8_000, "PCM_S8", {}),
    ("call.au", 8_000, "ULAW", {}),
    ("call.au", 8_000, "G723_24", {}),
    ("call.caf", 48_000, "PCM_16", {}),
    ("call.caf", 48_000, "ALAC_16", {}),
    ("call.voc", 8_000, "PCM_U8", {}),
    ("call.sph", 8_000, "ULAW", {"format": "NIST"}),
    ("call.vox", 8_000, "VOX_ADPCM", {"format": "RAW"}),
    ("call.gsm", 8_000, "GSM610", {"format": "RAW"}),
    ("call.flac", 8_000, "PCM_16", {}),
    ("call.flac", 96_000, "PCM_24", {}),
    ("call.mp3", 8_000, None, {}),
    ("call.mp3", 44_100, None, {}),
    ("call.ogg", 16_000, "VORBIS", {}),
    ("call.ogg", 44_100, "VORBIS", {}),
    ("call.opus", 16_000, "OPUS", {"format": "OGG"}),
]


@pytest.mark.parametrize("recording", SOUNDFILE, ids=str)
def test_what_libsndfile_writes_is_read_back(tmp_path, capfd, recording):
    name, rate_hz, subtype, options = recording
    path = write_sound(tmp_path / name, beep(rate_hz)[0], rate_hz, subtype, **options)
    y = heard(path)
    assert_is_beep(y[0], level_db=1.0 if subtype == "NMS_ADPCM_16" else 0.5)
    assert y.shape[1] / RATE_HZ == pytest.approx(LENGTH_S, abs=0.06)
    assert capfd.readouterr().err == ""


LIBAV = [
    ("call.m4a", "aac", 16_000, {}, 0.002),
    ("call.m4a", "aac", 44_100, {}, 0.002),
    ("call.m4a", "alac", 44_100, {}, 0.002),
    ("call.mp4", "aac", 48_000, {"video": True}, 0.002),
    ("call.mov", "pcm_s16le", 48_000, {"video": True}, 0.002),
    ("call.mkv", "libopus", 48_000, {"video": True}, 0.002),
    ("call.webm", "libopus", 48_000, {}, 0.002),
    ("call.opus", "libopus", 48_000, {}, 0.002),
    ("call.mp3", "libmp3lame", 44_100, {}, 0.002),
    ("call.wv", "wavpack", 44_100, {}, 0.002),
    ("call.tta", "tta", 44_100, {}, 0.002),
    ("call.wav", "g722", 16_000, {}, 0.002),
    ("call.wav", "g726", 8_000, {}, 0.002),
    # These have nowhere to tell the encoder's delay, or their encoder does not.
    ("call.aac", "aac", 44_100, {}, 0.03),
    ("call.ts", "aac", 48_000, {"video": True}, 0.03),
    ("call.avi", "libmp3lame", 44_100, {"video": True}, 0.03),
    ("call.flv", "libmp3lame", 44_100, {}, 0.03),
    ("call.amr", "libopencore_amrnb", 8_000, {}, 0.03),
    ("call.3gp", "libopencore_amrnb", 8_000, {}, 0.03),
    ("call.wma", "wmav2", 44_100, {}, 0.06),
    ("call.wma", "wmav1", 16_000, {}, 0.15),
    ("call.ac3", "ac3", 48_000, {}, 0.03),
    ("call.wav", "libmp3lame", 8_000, {}, 0.15),
]


@pytest.mark.parametrize("recording", LIBAV, ids=str)
def test_what_libav_writes_is_read_back(tmp_path, capfd, recording):
    name, codec, rate_hz, options, late_s = recording
    channels = 2 if codec.startswith("wma") else 1
    path = write_libav(tmp_path / name, beep(rate_hz, channels), rate_hz, codec, **options)
    source = open_recording(path)
    y = np.concatenate(list(source.blocks()), axis=1)
    assert_is_beep(y[0], late_s=late_s, level_db=2.0 if "amr" in codec else 1.0)  # AMR models voices, not tones
    assert y.shape[1] / RATE_HZ == pytest.approx(LENGTH_S, abs=0.07 + late_s)
    assert list(source.warnings) == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000])
def test_every_usual_rate_gives_the_same_sound(tmp_path, rate_hz):
    y = heard(write_sound(tmp_path / "call.wav", beep(rate_hz)[0], rate_hz))
    assert_is_beep(y[0], level_db=0.05)
    assert abs(y.shape[1] - LENGTH_S * RATE_HZ) <= 1


@pytest.mark.parametrize(("name", "subtype"), [("call.wav", "PCM_16"), ("call.flac", "PCM_24"), ("call.w64", "FLOAT")])
@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_all_channels_arrive_in_their_order(tmp_path, name, subtype, channels):
    path = write_sound(tmp_path / name, beep(16_000, channels), 16_000, subtype)
    source = open_recording(path)
    y = np.concatenate(list(source.blocks()), axis=1)
    assert source.info.channels == channels == len(y)
    np.testing.assert_allclose(y, beep(16_000, channels), atol=2**-15)


def test_surround_sound_keeps_its_six_channels(tmp_path):
    y = heard(write_libav(tmp_path / "call.m4a", beep(48_000, 6), 48_000, "aac"))
    assert len(y) == 6
    assert_is_beep(y[0], level_db=1.0)


@pytest.mark.parametrize("name", ["call.wav", "call.flac"])
@pytest.mark.parametrize("picked", [[0], [2], [2, 0]])
def test_only_the_wanted_channels_are_delivered(tmp_path, name, picked):
    path = write_sound(tmp_path / name, [noise(0.7, seed=seed, rate_hz=44_100) for seed in range(3)], 44_100)
    everything = heard(path)
    source = open_recording(path, channels=picked)
    np.testing.assert_array_equal(np.concatenate(list(source.blocks()), axis=1), everything[picked])
    assert source.channels == tuple(picked)
    assert source.info.channels == 3


@pytest.mark.parametrize("picked", [[2], [-1], []])
def test_a_channel_that_is_not_there_is_refused(tmp_path, picked):
    path = write_sound(tmp_path / "call.wav", beep(8_000, 2), 8_000)
    with pytest.raises(ParameterError, match=r"call\.wav has channels 0 to 1"):
        open_recording(path, channels=picked)


FAMILIES = [
    ("call.wav", 16_000, "PCM_16"),
    ("call.wav", 8_000, "ALAW"),
    ("call.flac", 44_100, None),
    ("call.mp3", 22_050, None),
    ("call.ogg", 48_000, None),
]


@pytest.mark.parametrize(("name", "rate_hz", "subtype"), FAMILIES)
def test_the_samples_do_not_depend_on_the_block(tmp_path, name, rate_hz, subtype):
    speech = [buzz(120, 2.3, rate_hz=rate_hz), buzz(200, 2.3, to_hz=300, rate_hz=rate_hz)]
    path = write_sound(tmp_path / name, speech, rate_hz, subtype)
    reference = heard(path)
    for block in (80, 320, 1600, 48_000):
        blocks = list(open_recording(path, block_s=block / RATE_HZ).blocks())
        assert {b.shape[1] for b in blocks[:-1]} <= {block}
        assert all(b.flags.c_contiguous and b.dtype == np.float32 for b in blocks)
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), reference)


def test_a_recording_can_be_heard_again(tmp_path):
    source = open_recording(write_sound(tmp_path / "call.flac", noise(1.0), 16_000))
    first, again = (np.concatenate(list(source.blocks()), axis=1) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    source.close()


def test_an_interrupted_hearing_lets_go_of_the_file(tmp_path):
    source = open_recording(write_sound(tmp_path / "call.wav", noise(1.0), 16_000), block_s=0.1)
    blocks = source.blocks()
    next(blocks)
    blocks.close()
    assert len(list(source.blocks())) == 10


def test_pace_is_real_time(tmp_path):
    import time

    path = write_sound(tmp_path / "call.wav", noise(0.2), 16_000)
    start_s = time.monotonic()
    blocks = list(open_recording(path, pace=True).blocks())
    assert 0.19 <= time.monotonic() - start_s < 2.0
    assert [block.shape[1] for block in blocks] == [320] * 10
    with pytest.raises(ParameterError, match="at least one sample"):
        open_recording(path, block_s=0.0)


def test_what_is_known_of_a_recording(tmp_path):
    path = write_sound(tmp_path / "Gespräch 1.wav", beep(8_000, 2), 8_000)
    info = open_recording(path).info
    assert (info.name, info.channels, info.rate_hz, info.duration_s) == ("Gespräch 1.wav", 2, 8_000, LENGTH_S)
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("name", "known"), [("call.m4a", True), ("call.mp3", True), ("call.aac", False)])
def test_a_duration_is_told_where_it_is_known_and_in_the_end_always(tmp_path, name, known):
    codec = "libmp3lame" if name.endswith("mp3") else "aac"
    source = open_recording(write_libav(tmp_path / name, beep(44_100), 44_100, codec))
    assert source.info.duration_s == (pytest.approx(LENGTH_S, abs=0.01) if known else None)
    samples = sum(block.shape[1] for block in source.blocks())
    assert source.info.duration_s == pytest.approx(samples / RATE_HZ, abs=1e-3)


def test_an_mp3_without_a_length_does_not_invent_one(tmp_path):
    path = write_libav(tmp_path / "call.mp3", beep(16_000), 16_000, "libmp3lame", write_xing="0")
    assert open_recording(path).info.duration_s is None


def test_of_several_tracks_the_first_is_heard_and_said(tmp_path):
    source = open_recording(write_libav(tmp_path / "meeting.mp4", beep(48_000), 48_000, "aac", tracks=2))
    assert_is_beep(np.concatenate(list(source.blocks()), axis=1)[0], level_db=1.0)
    assert list(source.warnings) == ["the file has 2 sound tracks: the first was used"]


def test_a_film_without_sound_is_refused(tmp_path):
    with pytest.raises(InputProblem, match=r"film\.mp4 has no sound track: give a file with sound in it"):
        open_recording(write_silent_film(tmp_path / "film.mp4"))


def test_the_ending_of_the_name_does_not_matter(tmp_path):
    write_sound(tmp_path / "call.flac", beep(16_000)[0], 16_000)
    for name in ("call.wav", "call.mp3", "call"):
        path = (tmp_path / "call.flac").rename(tmp_path / name)
        assert_is_beep(heard(path)[0])
        path.rename(tmp_path / "call.flac")


def test_memory_does_not_grow_with_length(tmp_path):
    peaks = []
    for minutes in (1, 10):
        path = tmp_path / f"{minutes}.wav"
        with soundfile.SoundFile(path, "w", 8_000, 2, "PCM_16") as file:
            for _ in range(minutes):
                file.write(np.zeros((8_000 * 60, 2), np.int16))
        source = open_recording(path)
        tracemalloc.start()
        for _ in source.blocks():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0] < 20e6


def test_a_wav_is_read_without_loading_what_it_does_not_need(tmp_path):
    """Start-up time: libav takes 0.1 s to load, scipy a second."""
    path = write_sound(tmp_path / "call.wav", noise(0.1), 16_000)
    script = (
        "import sys; from pathlib import Path; from monitor.sources.file import open_recording;"
        "list(open_recording(Path(sys.argv[1])).blocks());"
        "print(sorted({'av', 'scipy', 'librosa', 'soxr', 'sounddevice'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


# The kernel's own high-water mark: what getrusage tells includes the memory of the process that started this one.
HOUR = """
import json, re, sys
from pathlib import Path
from monitor.sources.file import open_recording
samples = sum(block.shape[1] for block in open_recording(Path(sys.argv[1])).blocks())
peak_kb = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(json.dumps([samples, int(peak_kb) / 1024]))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the high-water mark is Linux's")
@pytest.mark.parametrize(("rate_hz", "subtype"), [(16_000, "PCM_16"), (8_000, "ULAW")])
def test_an_hour_takes_little_memory(tmp_path, rate_hz, subtype):
    path = tmp_path / "hour.wav"
    minute = noise(60.0, rate_hz=rate_hz)
    with soundfile.SoundFile(path, "w", rate_hz, 1, subtype) as file:
        for _ in range(60):
            file.write(minute)
    answer = subprocess.run([sys.executable, "-c", HOUR, str(path)], capture_output=True, text=True, check=True)
    samples, peak_mb = json.loads(answer.stdout)
    assert samples == 3600 * RATE_HZ
    assert peak_mb < 150
