"""Run a command and print what it cost, as JSON: ``python -I -S launch.py COMMAND...``.

A process of its own, which imports next to nothing: the system counts the memory of whoever starts a program to that
program's peak, so the starter must be small.
"""

import json
import os
import subprocess
import sys
import time


def main(command: list[str]) -> int:
    """Start the command, wait, and tell its processor time, time on the clock, and peak memory."""
    start_s = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - start_s
    process.returncode = os.waitstatus_to_exitcode(status)
    per_mb = 1e6 if sys.platform == "darwin" else 1e6 / 1024  # macOS tells bytes, the others KiB
    cost = {
        "exit": process.returncode, "cpu_s": used.ru_utime + used.ru_stime, "wall_s": wall_s,
        "peak_mb": used.ru_maxrss / per_mb,
    }  # fmt: skip
    print(json.dumps(cost))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
