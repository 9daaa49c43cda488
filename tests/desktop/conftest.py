"""A sound system of our own for the tests of this folder."""

import pytest

from tests.desktop import rig as rigs


@pytest.fixture(scope="module")
def pulse(tmp_path_factory):
    """A running ``PulseRig`` that this process and the programs it starts take for the sound system."""
    reason = rigs.missing()
    if reason:
        pytest.skip(reason)
    from monitor.sources import microphone

    rig = rigs.PulseRig(tmp_path_factory.mktemp("pulse"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in rig.env.items():
            patch.setenv(name, value)
        try:
            rig.start()
            assert microphone.renew()  # PortAudio may have met another sound system before
            yield rig
        finally:
            rig.stop()
    microphone.renew()
