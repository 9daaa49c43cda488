"""Sound is kept only where a policy asks for it, sample for sample, and never in the way of the call."""

import os
import subprocess
import threading

import numpy as np
import pytest
import soundfile as sf

from monitor.policy.load import load_policy
from monitor.policy.problems import PolicyError
from monitor.sinks import recorder
from monitor.sinks.recorder import Recorder
from monitor.types import RATE_HZ
from tests.live_fakes import until
from tests.unit.test_store_journal import small_disk


@pytest.fixture
def path(tmp_path):
    return tmp_path / "recordings" / "call.flac"


def policy(tmp_path, text, name="p.toml"):
    path = tmp_path / name
    path.write_text(text)
    return load_policy(path)


def test_every_sample_of_16_bits_comes_back(path):
    y = (np.arange(-32768, 32768, dtype=np.float32) / 32768).reshape(2, -1)
    kept = Recorder(path, 2)
    for at in range(0, y.shape[1], 320):
        kept.write(y[:, at : at + 320])
    assert not path.exists()
    kept.close()
    back, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(back.T, y)
    assert not kept.warnings
    assert [p.name for p in path.parent.iterdir()] == ["call.flac"]


def test_the_loudest_samples(path):
    kept = Recorder(path, 1)
    kept.write(np.array([[1.0, -1.0, 1.5, -1.5]], np.float32))
    kept.close()
    back, _ = sf.read(path)
    np.testing.assert_allclose(back, [1, -1, 1, -1], atol=2e-7)


def test_a_disk_that_cannot_be_written(tmp_path):
    (tmp_path / "recordings").write_text("in the way")
    kept = Recorder(tmp_path / "recordings" / "call.flac", 1)
    kept.write(np.zeros((1, 320), np.float32))
    kept.close()
    assert len(kept.warnings) == 1
    assert kept.warnings[0].startswith("the recording of this call could not be kept: ")


def test_a_disk_that_fills_up_is_told_and_given_back(tmp_path, capfd):
    disk = small_disk(tmp_path / "disk")
    if disk is None:
        pytest.skip("no disk of our own can be mounted here")
    told = []
    try:
        kept = Recorder(disk / "recordings" / "call.flac", 1, on_problem=told.append)
        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 10 * RATE_HZ)).astype(np.float32)
        for _ in range(2):
            kept.write(noise)
        until(lambda: not kept._thread.is_alive())
        kept.write(noise)
        kept.close()
        assert kept.warnings == ["the recording of this call could not be kept: No space left on device"]
        assert told == ["The sound of this call cannot be kept: No space left on device."]
        assert not list((disk / "recordings").iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)
    assert "Traceback" not in capfd.readouterr().err


def test_a_disk_that_is_too_slow_loses_sound_and_says_so(path, monkeypatch):
    monkeypatch.setattr(recorder, "_MOST_WAITING", 16_000)
    slow = threading.Event()
    write_all = Recorder._write_all
    monkeypatch.setattr(Recorder, "_write_all", lambda self, part: (slow.wait(30), write_all(self, part)))
    kept = Recorder(path, 1)
    for _ in range(100):
        kept.write(np.zeros((1, 320), np.float32))
    slow.set()
    kept.close()
    assert kept.warnings == ["the recording lacks 1.0 s: the disk was too slow"]
    assert sf.info(path).frames == 16_000


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_only_the_owner_may_hear_it(path):
    kept = Recorder(path, 1)
    kept.close()
    assert path.stat().st_mode & 0o777 == 0o600


class TestPolicy:
    def test_nothing_is_kept_unless_asked_for(self, tmp_path):
        assert not load_policy().recording.keep_audio
        assert not policy(tmp_path, '[policy]\nname = "a"\n').recording.keep_audio

    def test_it_can_be_asked_for_and_taken_back(self, tmp_path):
        first = policy(tmp_path, '[policy]\nname = "a"\n[recording]\nkeep_audio = true\n', "a.toml")
        assert first.recording.keep_audio
        assert policy(tmp_path, '[policy]\nname = "b"\nextends = "a.toml"\n', "b.toml").recording.keep_audio
        off = '[policy]\nname = "c"\nextends = "b.toml"\n[recording]\nkeep_audio = false\n'
        assert not policy(tmp_path, off, "c.toml").recording.keep_audio

    def test_it_is_not_part_of_how_a_call_is_judged(self, tmp_path):
        without = policy(tmp_path, '[policy]\nname = "a"\n')
        asked = policy(tmp_path, '[policy]\nname = "a"\n[recording]\nkeep_audio = true\n', "b.toml")
        assert without.fingerprint == asked.fingerprint

    @pytest.mark.parametrize(
        ("line", "says"),
        [("keep_audio = 1", "keep_audio"), ("keep_video = true", "keep_audio")],
    )
    def test_mistakes_are_told_with_their_line(self, tmp_path, line, says):
        with pytest.raises(PolicyError) as caught:
            policy(tmp_path, f'[policy]\nname = "a"\n\n[recording]\n{line}\n')
        (problem,) = caught.value.problems
        assert problem.line == 5
        assert says in problem.text
