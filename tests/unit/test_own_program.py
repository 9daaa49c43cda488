"""Starting the program once more, from wherever this one was started."""

import subprocess
import sys
from pathlib import Path

from monitor.own_program import own_command


def test_it_is_this_program_wherever_it_is_started(tmp_path):
    done = subprocess.run(own_command("--version"), cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("evenkeel")
    assert done.stderr == ""


def test_a_packaged_program_starts_the_one_with_streams(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/evenkeel/evenkeel-live")
    program, *arguments = own_command("calls", "absorb")
    assert Path(program).name in ("evenkeel", "evenkeel.exe")
    assert Path(program).parent == Path("/opt/evenkeel")
    assert arguments == ["calls", "absorb"]
