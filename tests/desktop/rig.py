"""The sound system of these tests is that of the live benchmark: PulseAudio with null sinks as microphones."""

from benchmarks.rig import PulseRig, until
from benchmarks.rig import missing_sound as missing

__all__ = ["PulseRig", "missing", "until"]
