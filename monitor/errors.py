"""What can go wrong, told apart by whose turn it is to act.

``ParameterError``: the caller gave something unusable. ``EnvironmentProblem``: the machine, a file or a device is not
as needed, and the text names the remedy. ``BugError``: our own mistake. The text of the first two is one plain sentence
that a user may read as it stands.
"""

from __future__ import annotations


class MonitorError(Exception):
    """Root of every error that Evenkeel raises on purpose."""


class ParameterError(MonitorError):
    """An argument, option, setting or policy is unusable; the text says what to give instead."""


class EnvironmentProblem(MonitorError):
    """A file, device, disk, model or package is not as needed; the text names the remedy."""


class InputProblem(EnvironmentProblem):
    """One recording cannot be judged; others may still be."""


class BugError(MonitorError):
    """A promise inside the program was broken; logged with its traceback."""
