"""Freed memory is kept: seen in the page faults of a fresh process that measures a minute of sound."""

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
        how: int(
            subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True).stdout
        )
        for how in ("kept", "given back")
    }
    assert faults["kept"] < faults["given back"] / 4
