"""What others compute on the same recording, each as a program of its own: ``python -m benchmarks.peers NAME FILE``."""

from __future__ import annotations

import sys
from collections.abc import Callable

FLOOR_HZ, CEILING_HZ = 60.0, 500.0


def praat(path: str) -> int:
    """F0 by autocorrelation and intensity, every 10 ms; returns the number of frames."""
    import parselmouth

    sound = parselmouth.Sound(path)
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=FLOOR_HZ, pitch_ceiling=CEILING_HZ)
    intensity = sound.to_intensity(minimum_pitch=FLOOR_HZ, time_step=0.01)
    return int(pitch.n_frames + intensity.n_frames)


def opensmile(path: str) -> int:
    """The low-level descriptors of eGeMAPSv02."""
    import opensmile as smile

    extractor = smile.Smile(
        feature_set=smile.FeatureSet.eGeMAPSv02, feature_level=smile.FeatureLevel.LowLevelDescriptors
    )
    return len(extractor.process_file(path))


def librosa(path: str) -> int:
    """F0 by YIN and RMS, every 10 ms."""
    import librosa as lib

    y, rate_hz = lib.load(path, sr=None)
    hop = int(rate_hz) // 100
    f0 = lib.yin(y, fmin=FLOOR_HZ, fmax=CEILING_HZ, sr=rate_hz, hop_length=hop)
    return int(len(f0) + lib.feature.rms(y=y, hop_length=hop).shape[1])


PEERS: dict[str, tuple[str, Callable[[str], int]]] = {
    "praat": ("Praat: F0 and intensity", praat),
    "opensmile": ("openSMILE: eGeMAPS low level", opensmile),
    "librosa": ("librosa: yin and rms", librosa),
}

if __name__ == "__main__":
    print(PEERS[sys.argv[1]][1](sys.argv[2]))
