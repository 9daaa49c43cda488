"""Memory: what is freed is kept, and what a live call does not need is never loaded. Seen in fresh processes."""

import hashlib
import hmac
import json
import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys
import numpy as np
from monitor.memory import keep_freed_memory
from monitor.features.extractor import FeatureExtractor
if sys.argv[1] == "kept":
    keep_freed_memory()
extractor = FeatureExtractor()
y = np.random.default_rng(1).standard_normal(80_000).astype(np.float32) * 0.1
def work():
    for _ in range(12):
        list(extractor.push(y))
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the GNU C library is asked")
def test_work_arrays_are_not_mapped_anew_each_time():
    faults = {
        how: int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True).stdout)
        for how in ("kept", "given back")
    }
    assert faults["kept"] < faults["given back"] / 4


LIVE = """
import json, sys
from monitor.memory import do_without_openssl
do_without_openssl()
import hashlib, hmac
import models.registry, monitor.commands.live, monitor.live.control, monitor.live.session, monitor.settings_file
import monitor.sources.live, ui.live_window, ui.view_model
from monitor.assemble import live_call
from monitor.listening import NO_WORDS
from monitor.policy.load import load_policy
from monitor.types import SourceInfo
live_call(load_policy(None), None, NO_WORDS, SourceInfo("x", 1, 16_000))
models.registry.choose("auto", ("calm down",))
known = hmac.new(b"key", b"", "md5").hexdigest(), hashlib.sha256(b"").hexdigest()
print(json.dumps([known, sorted(name for name, module in sys.modules.items() if module is not None)]))
"""
NOT_LIVE = {
    "_hashlib", "_ssl", "alembic", "faster_whisper", "huggingface_hub.file_download", "jinja2", "librosa",
    "onnxruntime", "pyarrow", "rapidfuzz", "rich", "scipy", "sounddevice", "soundfile", "sqlalchemy", "tomlkit",
}  # fmt: skip


def test_a_live_call_loads_nothing_that_it_does_without(child_environment, tmp_path):
    environment = {**child_environment, "HF_HUB_CACHE": str(tmp_path / "hub"), "EVENKEEL_MODELS": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", LIVE], env=environment, capture_output=True, text=True, check=True)
    known, loaded = json.loads(done.stdout)
    assert known == [hmac.new(b"key", b"", "md5").hexdigest(), hashlib.sha256(b"").hexdigest()]
    assert "numpy" in loaded
    assert not NOT_LIVE & set(loaded)


HEAPS = """
import ctypes, re, sys, tempfile, threading
if len(sys.argv) > 1:
    from monitor.memory import share_memory_among_threads
    share_memory_among_threads()
c = ctypes.CDLL(None)
c.malloc.restype = c.fopen.restype = ctypes.c_void_p
c.malloc.argtypes = [ctypes.c_size_t]
c.malloc_info.argtypes, c.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
barrier = threading.Barrier(4)
def work():
    barrier.wait()
    c.malloc(3000)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.NamedTemporaryFile() as told:
    file = c.fopen(told.name.encode(), b"w")
    c.malloc_info(0, file)
    c.fclose(file)
    print(len(re.findall(b"<heap nr", told.read())))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the heaps of the GNU C library")
def test_threads_share_one_heap(child_environment):
    def heaps(*words):
        done = subprocess.run(
            [sys.executable, "-c", HEAPS, *words], env=child_environment, check=True, capture_output=True
        )
        return int(done.stdout)

    assert heaps() > 1, "else nothing is shown"
    assert heaps("shared") == 1
