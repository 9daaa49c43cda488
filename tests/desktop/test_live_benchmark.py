"""The live benchmark's own measurements, once each and short, on the real rig."""

import pytest

from benchmarks import live
from benchmarks.rig import PulseRig, missing_screen, missing_sound

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    reason = missing_sound() or missing_screen()
    if reason:
        pytest.skip(reason)
    made = PulseRig(tmp_path_factory.mktemp("rig") / "sound").start()
    yield made
    made.stop()


def test_the_light_is_seen_soon_after_the_start(rig, tmp_path):
    [seen_s] = live.start_up(rig, tmp_path, 1)
    assert 0.05 < seen_s < 15


def test_a_sound_is_seen_on_the_meter(rig, tmp_path):
    waits_s = live.meter_delays(rig, tmp_path, 6)
    assert len(waits_s) >= 4
    assert all(0 <= wait_s < 0.3 for wait_s in waits_s)
