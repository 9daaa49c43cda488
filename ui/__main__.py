"""``python -m ui``, and the program without a terminal: what menus and autostart run is ``evenkeel live``."""

from __future__ import annotations

import sys

from monitor.cli import main as command


def main() -> int:
    """Run ``evenkeel live`` with the arguments of the process, and return its exit code."""
    return command(["live", *sys.argv[1:]])


if __name__ == "__main__":
    raise SystemExit(main())
