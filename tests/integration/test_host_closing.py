"""A recogniser's child process ends when it should: closed at any moment, or when its parent is gone."""

import gc
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from models.host import HostedTranscriber, HostState, HostTuning
from monitor.types import RATE_HZ
from tests.host_fakes import CALL, HANG, PATIENT_S, fake, is_gone, until

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("wait", [True, False])
def test_closing_leaves_nothing_behind(wait):
    before = threading.active_count()
    host = HostedTranscriber(fake(), wait=wait)
    assert host.wait_ready(PATIENT_S)
    pid = host.pid
    host.push(np.full(RATE_HZ, HANG, np.float32) if not wait else CALL)
    began_s = time.monotonic()
    host.close()
    host.close()
    assert time.monotonic() - began_s < 30
    assert is_gone(pid)
    assert host.pid is None
    assert threading.active_count() == before
    assert host.finish() == []
    del host
    gc.collect()


def test_closing_while_the_child_starts():
    host = HostedTranscriber(fake("start_slowly", seconds=600), wait=False)
    until(lambda: host.pid is not None)
    pid = host.pid
    host.close()
    assert is_gone(pid)
    assert not host.wait_ready(0.0)


def test_closing_between_two_starts():
    host = HostedTranscriber(fake("die_at_start"), wait=False, tuning=HostTuning(back_off_s=(600.0,)))
    until(lambda: host.state is HostState.RESTARTING)
    host.close()
    assert host.pid is None


PARENT = """
import sys, time
from models.host import HostedTranscriber, Recipe
host = HostedTranscriber(Recipe("tests.host_fakes:FakeTranscriber", {}), wait=False)
host.wait_ready()
print(host.pid, flush=True)
if sys.argv[1] == "stays":
    time.sleep(600)
"""


@pytest.mark.parametrize("how", ["stays", "forgets to close"])
def test_the_child_dies_with_its_parent(how, child_environment):
    command = [sys.executable, "-W", "error", "-c", PARENT, how]
    with subprocess.Popen(
        command, env=child_environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline())
        if how == "stays":
            assert not is_gone(pid)
            parent.kill()
        assert (parent.wait(PATIENT_S) == 0) == (how != "stays")
        until(lambda: is_gone(pid))
        assert parent.stderr.read() == ""


def test_the_child_ends_when_the_pipe_does(root):
    """What ends it where the kernel does not see to it."""
    code = "from models.host_child import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as child:
        child.stdin.close()
        assert child.wait(PATIENT_S) == 0


def test_importing_loads_nothing_heavy(root):
    code = "import sys, models.host; sys.exit('multiprocessing' in sys.modules or 'pocketsphinx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root).returncode == 0
