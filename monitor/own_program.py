"""Starting this program once more, for work that a running one should not do itself."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

# The same places are looked at for packages, wherever the other process is started.
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from monitor.cli import main; "
    "sys.exit(main(sys.argv[1:]))"
)


def own_command(*arguments: str) -> list[str]:
    """What starts ``evenkeel`` with these arguments; a packaged program is beside this one."""
    if getattr(sys, "frozen", False):
        program = "evenkeel.exe" if sys.platform == "win32" else "evenkeel"  # the window's program has no streams
        return [str(Path(sys.executable).with_name(program)), *arguments]
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])  # noqa: PTH100  "" is the folder we are in
    return [sys.executable, "-c", _BOOT, path, *arguments]
